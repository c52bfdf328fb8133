//! Figures on the labelled sets, computed as their publishers do.

pub mod clusters;
pub mod conversations;
pub mod faq;
pub mod resolution;
pub mod search;
