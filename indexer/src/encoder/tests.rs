//! The two small models and what a reference implementation computes with them: `tests/data/make_encoders.py`.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::embedding::dot;
use super::{Embedding, SentenceEncoder};

#[derive(Deserialize)]
struct ReferenceRow {
    text: String,
    pieces: Vec<u32>,
    vector: Vec<f32>,
}

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../tests/data/encoders", name].iter().collect()
}

fn reference(name: &str) -> Vec<ReferenceRow> {
    let text = fs::read_to_string(folder(name).join("reference.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn pieces_and_vectors_are_those_of_the_reference() {
    for name in ["bert", "unigram"] {
        let encoder = SentenceEncoder::load(&folder(name), "").unwrap();
        for row in reference(name) {
            let pieces = encoder.framed(&row.text);
            assert_eq!(pieces, row.pieces, "{name}: {:?}", row.text);
            let [vector] =
                encoder.model.vectors(&[&pieces], encoder.files.pooling).try_into().unwrap();
            let length = dot(&vector, &vector).sqrt();
            let cosine = dot(&vector, &row.vector) / length;
            assert!(cosine > 0.99999, "{name}: {:?} {cosine}", row.text);
        }
    }
}

#[test]
fn a_text_among_others_has_the_vector_that_it_has_alone() {
    for name in ["bert", "unigram"] {
        let encoder = SentenceEncoder::load(&folder(name), "").unwrap();
        let rows = reference(name);
        let texts = rows.iter().map(|row| row.text.as_str()).cycle().take(45).collect::<Vec<_>>();
        let alone = texts.iter().map(|text| encoder.encode(&[text]).remove(0));
        assert_eq!(encoder.encode(&texts), alone.collect::<Vec<_>>());
    }
}

#[test]
fn a_script_that_the_model_does_not_know_has_no_vector() {
    let bert = SentenceEncoder::load(&folder("bert"), "").unwrap();
    let korean = "포트는 어디에서 설정하나요?";
    let known = |encoder: &SentenceEncoder, text| encoder.encode(&[text])[0].is_some();
    assert!(known(&bert, "where is the port"));
    assert!(!known(&bert, korean));
    assert!(!known(&bert, "12345 ???"), "no letters");
    assert!(!known(&bert, ""));
    let unigram = SentenceEncoder::load(&folder("unigram"), "").unwrap();
    assert!(known(&unigram, korean));
    assert!(!known(&unigram, "Привет"));
}

#[test]
fn a_prefix_changes_vectors_and_digest() {
    let [plain, prefixed] =
        ["", "port: "].map(|prefix| SentenceEncoder::load(&folder("bert"), prefix).unwrap());
    assert_ne!(plain.description().digest, prefixed.description().digest);
    let of = |encoder: &SentenceEncoder, text| encoder.encode(&[text]).remove(0);
    assert_eq!(of(&prefixed, "where is the file"), of(&plain, "port: where is the file"));
}

/// The folder of a model with one file changed.
fn changed(name: &str, file: &str, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> String {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("1_Pooling")).unwrap();
    let files = [
        "config.json",
        "tokenizer.json",
        "modules.json",
        "sentence_bert_config.json",
        "1_Pooling/config.json",
        "model.safetensors",
    ];
    for each in files {
        let content = fs::read(folder(name).join(each)).unwrap();
        let content = if each == file { change(content) } else { Some(content) };
        if let Some(content) = content {
            fs::write(copy.path().join(each), content).unwrap();
        }
    }
    let error = SentenceEncoder::load(copy.path(), "").err().expect("the model must be refused");
    let path = copy.path().display().to_string();
    error.to_string().replace(&path, "DIR")
}

fn replaced(from: &str, to: &str) -> impl Fn(Vec<u8>) -> Option<Vec<u8>> {
    move |content| {
        let text = String::from_utf8(content).unwrap();
        assert!(text.contains(from), "{from}");
        Some(text.replace(from, to).into_bytes())
    }
}

#[test]
fn a_model_that_cannot_be_used_says_where_and_what_to_do() {
    let cases = [
        (
            changed("bert", "config.json", |_| None),
            "no config.json; a folder of a sentence encoder holds",
        ),
        (
            changed("bert", "config.json", replaced("\"gelu\"", "\"relu\"")),
            "DIR/config.json: hidden_act is \"relu\", and only \"gelu\" is known; choose another model",
        ),
        (changed("bert", "config.json", replaced("\"bert\"", "\"t5\"")), "model_type is \"t5\""),
        (
            changed(
                "bert",
                "config.json",
                replaced("\"intermediate_size\": 24", "\"intermediate_size\": 25"),
            ),
            "DIR/model.safetensors is not what it should be: the tensor \
             encoder.layer.0.intermediate.dense.weight has the shape [24, 16], not [25, 16] as config.json says; \
             fetch the file again",
        ),
        (
            changed("bert", "model.safetensors", |content| {
                Some(content[..content.len() - 8].to_vec())
            }),
            "it is cut short",
        ),
        (
            changed("bert", "model.safetensors", |_| Some(vec![255; 100])),
            "its header is longer than the file",
        ),
        (
            changed(
                "bert",
                "1_Pooling/config.json",
                replaced("\"pooling_mode_max_tokens\": false", "\"pooling_mode_max_tokens\": true"),
            ),
            "DIR/1_Pooling/config.json: only mean or cls pooling is known, one of them",
        ),
        (
            changed("bert", "modules.json", replaced("models.Pooling", "models.Dense")),
            "DIR/modules.json: the module \"Dense\" is not known",
        ),
        (
            changed("bert", "tokenizer.json", replaced("\"##3\": ", "\"##4\": 9")),
            "config.json names",
        ),
        (
            changed("unigram", "tokenizer.json", replaced("\"Metaspace\"", "\"ByteLevel\"")),
            "the pre_tokenizer",
        ),
        (
            changed("unigram", "tokenizer.json", replaced("\"Unigram\"", "\"BPE\"")),
            "a tokenizer of the type \"BPE\" is not known",
        ),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected), "{message}\ndoes not contain\n{expected}");
    }
}

#[test]
fn a_description_names_what_vectors_depend_on() {
    let description = SentenceEncoder::load(&folder("unigram"), "").unwrap().description();
    assert_eq!((description.kind.as_str(), description.pooling), ("xlm-roberta", "cls"));
    assert_eq!((description.dimensions, description.longest, description.layers), (16, 24, 1));
    assert_eq!(description.tokenizer, "Unigram");
    assert_eq!(description.digest.len(), 24);
}

#[test]
fn vectors_have_length_one() {
    let encoder = SentenceEncoder::load(&folder("bert"), "").unwrap();
    let vectors = encoder.encode(&["where is the port", "the port, the file"]);
    for vector in vectors.into_iter().map(Option::unwrap) {
        assert!((vector.cosine(&vector) - 1.0).abs() < 2e-3);
        assert_eq!(Embedding::from_bytes(&vector.to_bytes()), Some(vector));
    }
}
