pub(crate) mod proposal_rows;
pub(crate) mod proposal_steps;
pub(crate) mod review_decisions;
