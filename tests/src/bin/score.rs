//! Prints the quality figures on the bundled labelled sets; with `--model DIR` those of a sentence encoder too.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::bail;
use tests::predict::load_encoder;
use tests::score;

fn main() -> anyhow::Result<()> {
    let eval = Path::new(env!("CARGO_MANIFEST_DIR")).join("eval");
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let encoder = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => None,
        ["--model", directory] => Some(load_encoder(directory)?),
        _ => bail!("usage: score [--model DIR]"),
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    score::conversations::run(&eval.join("conversations"), &mut out)?;
    score::resolution::run(&eval.join("resolution"), &mut out)?;
    score::clusters::run(&eval.join("clusters"), encoder.as_deref(), &mut out)?;
    score::search::run(&eval.join("search"), encoder.as_ref(), &mut out)?;
    score::faq::run(&eval.join("faq"), &mut out)?;
    Ok(out.flush()?)
}
