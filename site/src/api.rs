pub(crate) mod answer_json;
