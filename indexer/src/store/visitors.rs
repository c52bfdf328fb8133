pub(crate) mod answer_feedback;
pub(crate) mod api_tokens;
pub(crate) mod search_demand;
