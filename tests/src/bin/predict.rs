//! Writes predictions for a labelled set, one JSON object a line.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::bail;
use tests::predict;

const USAGE: &str =
    "usage: predict conversations|resolution|clusters|search|faq INPUT [--model DIR]";

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let (task, input, encoder) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..]
    {
        [task, input] => (task, input, None),
        [task, input, "--model", model] => (task, input, Some(predict::load_encoder(model)?)),
        _ => bail!(USAGE),
    };
    let input = Path::new(input);
    let mut out = BufWriter::new(std::io::stdout().lock());
    match task {
        "conversations" => predict::conversations::run(input, &mut out)?,
        "resolution" => predict::resolution::run(input, &mut out)?,
        "clusters" => predict::clusters::run(input, &mut out)?,
        "search" => predict::search::run(input, encoder.as_ref(), &mut out)?,
        "faq" => predict::faq::run(input, &mut out)?,
        other => bail!("unknown task {other:?}; {USAGE}"),
    }
    Ok(out.flush()?)
}
