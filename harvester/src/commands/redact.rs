use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rules::safety::{SecretMatch, find_secrets, redact};
use serde::Serialize;

use super::{CommandResult, GlobalArgs, print_json};

/// Characters of a secret that are shown, so that its owner can find it.
const SHOWN: usize = 4;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester redact --check messages.txt
  harvester redact - < messages.txt")]
pub(super) struct RedactArgs {
    /// List what would be cut, by line and kind, instead of printing the redacted text
    #[arg(long)]
    check: bool,
    /// Text file; `-` reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct RedactedItem<'k> {
    /// From 1.
    line: usize,
    kind: &'k str,
    begins: String,
    characters: usize,
}

pub(super) fn run(options: &GlobalArgs, arguments: &RedactArgs) -> anyhow::Result<CommandResult> {
    let rules = options.settings()?.rules;
    let text = read(&arguments.file)?;
    if !arguments.check {
        out!("{}", redact(&text, &rules.safety).trim_end_matches('\n'));
        return Ok(CommandResult::Success);
    }
    let found = find_secrets(&text, &rules.safety);
    let items = found.iter().map(|found| item(&text, found)).collect::<Vec<_>>();
    if options.json {
        print_json(&items)?;
    } else if items.is_empty() {
        out!("Nothing would be cut.");
    }
    for RedactedItem { line, kind, begins, characters } in items.iter().filter(|_| !options.json) {
        out!("line {line}: {kind}, {begins}… ({characters} characters)");
    }
    Ok(CommandResult::Success)
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn item<'k>(text: &str, found: &SecretMatch<'k>) -> RedactedItem<'k> {
    let secret = &text[found.range.clone()];
    let line = text[..found.range.start].matches('\n').count() + 1;
    let begins = secret.chars().take(SHOWN).map(|c| if c == '\n' { ' ' } else { c }).collect();
    RedactedItem { line, kind: found.kind, begins, characters: secret.chars().count() }
}
