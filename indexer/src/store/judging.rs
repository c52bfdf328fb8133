pub(crate) mod answer_marks;
pub(crate) mod conversations;
pub(crate) mod duplicate_marks;
pub(crate) mod exchanges;
pub(crate) mod pending;
mod returning_askers;
pub(crate) mod split_marks;
