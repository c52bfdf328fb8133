//! The weights of titles, from `weights/titles.toml`.

use std::sync::LazyLock;

use crate::config::toml_reader::TomlReader;

/// One weight for each feature of a title.
#[derive(Debug)]
pub(super) struct TitleWeights {
    pub(super) asks: f32,
    pub(super) opener: f32,
    pub(super) good_length: f32,
    pub(super) too_long: f32,
    pub(super) too_short: f32,
    pub(super) lead_in: f32,
    pub(super) address: f32,
    pub(super) empty: f32,
    pub(super) one_word: f32,
    pub(super) signs: f32,
    pub(super) link: f32,
    pub(super) redacted: f32,
}

/// The weights that the program carries.
pub(super) static WEIGHTS: LazyLock<TitleWeights> = LazyLock::new(|| {
    let mut file = titles_file();
    parse(&mut file)
});

fn titles_file() -> TomlReader {
    TomlReader::parse("weights/titles.toml", include_str!("../../weights/titles.toml"))
}

fn parse(file: &mut TomlReader) -> TitleWeights {
    let mut weight = |key| file.number(key, 0.0, -20.0, 20.0) as f32;
    TitleWeights {
        asks: weight("asks"),
        opener: weight("opener"),
        good_length: weight("good_length"),
        too_long: weight("too_long"),
        too_short: weight("too_short"),
        lead_in: weight("lead_in"),
        address: weight("address"),
        empty: weight("empty"),
        one_word: weight("one_word"),
        signs: weight("signs"),
        link: weight("link"),
        redacted: weight("redacted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_no_errors() {
        let mut file = titles_file();
        parse(&mut file);
        assert_eq!(file.finish(), []);
    }
}
