//! How the site presents itself: its name and look, the language of its words, and its absolute URLs.

pub mod accent;
pub(crate) mod brand_assets;
pub mod branding;
pub mod language;
pub(crate) mod page_meta;
pub mod report_words;
pub mod words;
