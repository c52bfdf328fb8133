//! Prints the quality figures on the bundled labelled sets.

use std::io::{BufWriter, Write};
use std::path::Path;

use tests::score;

fn main() -> anyhow::Result<()> {
    let eval = Path::new(env!("CARGO_MANIFEST_DIR")).join("eval");
    let mut out = BufWriter::new(std::io::stdout().lock());
    score::conversations::run(&eval.join("conversations"), &mut out)?;
    score::resolution::run(&eval.join("resolution"), &mut out)?;
    score::clusters::run(&eval.join("clusters"), &mut out)?;
    score::search::run(&eval.join("search"), &mut out)?;
    score::faq::run(&eval.join("faq"), &mut out)?;
    Ok(out.flush()?)
}
