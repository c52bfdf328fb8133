//! The weights of the answer ranking, from `weights/answers.toml`.

use std::sync::LazyLock;

use crate::config::toml_reader::TomlReader;

/// One weight for each feature of an answer.
#[derive(Debug)]
pub(super) struct AnswerWeights {
    pub(super) certain: f32,
    pub(super) confirmed: f32,
    pub(super) thanked: f32,
    pub(super) unconfirmed: f32,
    pub(super) trust: f32,
    pub(super) agreement: f32,
    pub(super) substance: f32,
    pub(super) nearness: f32,
    pub(super) matter: f32,
    pub(super) aside: f32,
    pub(super) tells: f32,
    pub(super) shows: f32,
    pub(super) points: f32,
    pub(super) doubts: f32,
    pub(super) asks_back: f32,
    pub(super) garbled: f32,
    pub(super) passing: f32,
    pub(super) hearsay: f32,
    pub(super) personal: f32,
    pub(super) continues: f32,
}

/// The weights that the program carries.
pub(super) static WEIGHTS: LazyLock<AnswerWeights> = LazyLock::new(|| {
    let mut file = answers_file();
    parse(&mut file)
});

fn answers_file() -> TomlReader {
    TomlReader::parse("weights/answers.toml", include_str!("../../weights/answers.toml"))
}

fn parse(file: &mut TomlReader) -> AnswerWeights {
    let mut weight = |key| file.number(key, 0.0, -20.0, 20.0) as f32;
    AnswerWeights {
        certain: weight("certain"),
        confirmed: weight("confirmed"),
        thanked: weight("thanked"),
        unconfirmed: weight("unconfirmed"),
        trust: weight("trust"),
        agreement: weight("agreement"),
        substance: weight("substance"),
        nearness: weight("nearness"),
        matter: weight("matter"),
        aside: weight("aside"),
        tells: weight("tells"),
        shows: weight("shows"),
        points: weight("points"),
        doubts: weight("doubts"),
        asks_back: weight("asks_back"),
        garbled: weight("garbled"),
        passing: weight("passing"),
        hearsay: weight("hearsay"),
        personal: weight("personal"),
        continues: weight("continues"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_no_errors() {
        let mut file = answers_file();
        parse(&mut file);
        assert_eq!(file.finish(), []);
    }
}
