pub(crate) mod answer_json;
pub(crate) mod search_json;
