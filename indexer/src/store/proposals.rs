pub(crate) mod proposal_rows;
pub(crate) mod proposal_steps;
