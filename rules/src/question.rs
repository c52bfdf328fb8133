//! What asks.

/// How well a text would stand as the title of a page: higher is better.
pub fn phrasing(text: &str) -> f32 {
    if text.trim_end().ends_with('?') { 1.0 } else { 0.0 }
}
