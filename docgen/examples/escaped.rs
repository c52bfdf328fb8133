//! Prints escaped chat, one JSON object a line, for the check with the real MDX compiler:
//! `escaped CASES.json COUNT`. The cases are texts known to break builds; the rest is random but the
//! same at every run.

use std::io::{BufWriter, Write};

use rules::markdown::{MarkdownDialect, code_block, code_span, escape, parse, render, visible};
use serde_json::{Value, json};

/// What Markdown, MDX, HTML, Discord and template engines act upon.
const PIECES: [&str; 72] = [
    "*",
    "**",
    "***",
    "_",
    "__",
    "`",
    "``",
    "```",
    "~~",
    "~",
    "||",
    "|",
    ">",
    "> ",
    ">>> ",
    "# ",
    "## ",
    "-# ",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "1) ",
    "---",
    "===",
    "\n",
    "\n\n",
    "\n  ",
    "\n    ",
    "\t",
    " ",
    "<",
    "</",
    "<b>",
    "<B/>",
    "<>",
    "<!--",
    "-->",
    "{",
    "}",
    "{{",
    "}}",
    "{/*",
    "*/}",
    "$",
    "$$",
    "[",
    "]",
    "](",
    ")",
    "!",
    "![",
    "https://x.example/a_b?c={d}",
    "http://",
    "www.",
    "javascript:",
    "a",
    "b c",
    "import ",
    "export const a = 1",
    "import x from \"y\"",
    "@amy",
    "a@b.co",
    "<@12>",
    "<#1>",
    "<:e:1>",
    "&lt;",
    "\\",
    ":::",
    "[^1]",
    "모델",
    "\u{202e}",
];

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (cases, count) = (arguments.next(), arguments.next());
    let (Some(cases), Some(count)) = (cases, count.and_then(|count| count.parse::<u64>().ok()))
    else {
        return Err(std::io::Error::other("expected a file of cases and a count"));
    };
    let cases: Value = serde_json::from_slice(&std::fs::read(cases)?)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for text in
        cases.as_object().into_iter().flat_map(|cases| cases.values()).filter_map(Value::as_str)
    {
        write_all(&mut out, text, true)?;
    }
    let mut random = Random(1);
    for number in 0..count {
        let text = (0..random.below(14)).map(|_| random.piece()).collect::<String>();
        write_all(&mut out, &text, number % 10 == 0)?;
    }
    out.flush()
}

/// Prose always; spans, fences and whole messages as well if `every`.
fn write_all(out: &mut impl Write, text: &str, every: bool) -> std::io::Result<()> {
    let seen = visible(text);
    writeln!(out, "{}", json!({ "text": seen, "mdx": escape(text, MarkdownDialect::Mdx) }))?;
    if every {
        let page = render(&parse(text, &[]), MarkdownDialect::Mdx);
        for (kind, mdx) in
            [("span", code_span(text)), ("block", code_block(text, Some("{x}"))), ("block", page)]
        {
            writeln!(out, "{}", json!({ "text": seen, "kind": kind, "mdx": mdx }))?;
        }
    }
    Ok(())
}

/// SplitMix64: enough to mix pieces, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn piece(&mut self) -> String {
        match self.below(6) {
            0 => char::from_u32(self.below(0x2_0000) as u32).unwrap_or(' ').to_string(),
            _ => PIECES[self.below(PIECES.len() as u64) as usize].to_owned(),
        }
    }
}
