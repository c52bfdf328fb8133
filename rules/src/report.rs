//! What reports count: pure functions of plain rows and of the time, one definition for each count.

pub mod alarms;
pub mod contradictions;
pub mod deflection;
pub mod helpers;
pub mod period;
pub mod questions;
pub mod service_level;
#[cfg(test)]
mod test_chance;
pub mod topic_balance;
pub mod trends;
pub mod triage;
