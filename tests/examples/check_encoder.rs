//! Compares the encoder with another implementation of the same model:
//!
//! ```text
//! check_encoder MODEL tests/eval/meaning/reference.jsonl
//! ```

#![expect(clippy::print_stdout, reason = "an example prints its figures")]

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indexer::encoder::{Embedding, SentenceEncoder};
use serde::Deserialize;

/// How near each vector must be to that of the reference.
const LEAST_COSINE: f32 = 0.999_99;

#[derive(Deserialize)]
struct ReferenceRow {
    text: String,
    /// In half precision, base64.
    vector: String,
}

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let [model, reference] = arguments.as_slice() else {
        bail!("usage: check_encoder MODEL REFERENCE")
    };
    let started = Instant::now();
    let encoder = SentenceEncoder::load(Path::new(model), "")?;
    println!("{:?}, read in {:.1?}", encoder.description(), started.elapsed());
    let text =
        std::fs::read_to_string(reference).with_context(|| format!("reading {reference}"))?;
    let rows = text.lines().map(serde_json::from_str).collect::<Result<Vec<ReferenceRow>, _>>()?;
    let texts = rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>();
    let started = Instant::now();
    let vectors = encoder.encode(&texts);
    println!("{} sentences in {:.1?}", texts.len(), started.elapsed());
    let mut least = f32::INFINITY;
    for (row, vector) in rows.iter().zip(vectors) {
        let vector = vector.with_context(|| format!("no vector for {:?}", row.text))?;
        let expected = Embedding::from_bytes(&STANDARD.decode(&row.vector)?)
            .with_context(|| format!("{reference}: the vector of {:?}", row.text))?;
        let (length, expected_length) = (vector.cosine(&vector), expected.cosine(&expected));
        let cosine = vector.cosine(&expected) / (length * expected_length).sqrt();
        ensure!(cosine >= LEAST_COSINE, "{cosine} for {:?}", row.text);
        least = least.min(cosine);
    }
    println!(
        "{} vectors are as the reference has them, the least cosine is {least:.6}",
        rows.len()
    );
    Ok(())
}
