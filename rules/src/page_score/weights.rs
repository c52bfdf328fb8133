//! The weights of the page score, from `weights/pages.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::measures::MEASURES;
use crate::config::toml_reader::TomlReader;

/// One weight for each measure.
#[derive(Debug)]
pub(super) struct PageWeights(BTreeMap<&'static str, f32>);

impl PageWeights {
    pub(super) fn of(&self, key: &str) -> f32 {
        self.0[key]
    }
}

/// The weights that the program carries.
pub(super) static WEIGHTS: LazyLock<PageWeights> = LazyLock::new(|| {
    let mut file = pages_file();
    parse(&mut file)
});

fn pages_file() -> TomlReader {
    TomlReader::parse("weights/pages.toml", include_str!("../../weights/pages.toml"))
}

fn parse(file: &mut TomlReader) -> PageWeights {
    let weights = MEASURES.map(|(key, _)| (key, file.number(key, 0.0, -20.0, 20.0) as f32));
    PageWeights(weights.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_no_errors() {
        let mut file = pages_file();
        parse(&mut file);
        assert_eq!(file.finish(), []);
    }
}
