//! `facts`: what maintainers wrote down in `facts.toml`.

use rules::markdown::{MarkdownDialect, escape};
use rules::publish::fact_matrix::fact_matrix;
use rules::safety::CanonicalFact;

use super::table::one_line;
use super::{CommandResult, GlobalArgs, print_json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester facts                       every fact
  harvester facts contract address      the facts that a question asks for
  harvester facts --page > facts.md     a page with a matrix for each table")]
pub(super) struct FactsArgs {
    /// A name, or a question
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
    /// Print a Markdown page
    #[arg(long)]
    page: bool,
}

pub(super) fn run(options: &GlobalArgs, arguments: &FactsArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let facts = &settings.rules.facts;
    let found = match arguments.words.is_empty() {
        true => facts.canonical.iter().collect::<Vec<_>>(),
        false => facts.asked_for(&arguments.words.join(" ")),
    };
    if options.json {
        print_json(&found)?;
    } else if arguments.page {
        out!("{}", facts_page(&found).trim_end());
    } else {
        found.iter().for_each(|fact| print_fact(fact));
        if found.is_empty() {
            out!("No fact; `[[fact]]` in facts.toml writes one down.");
        }
    }
    Ok(CommandResult::Success)
}

fn print_fact(fact: &CanonicalFact) {
    let dim = anstyle::Style::new().dimmed();
    let scope = fact.scope.as_ref().map(|scope| format!(" ({scope})")).unwrap_or_default();
    out!("{}{scope}: {}", fact.key, one_line(&fact.value, 200));
    let since = fact.since.as_ref().map(|since| format!("since {since}"));
    let verify = fact.verify_address().map(|address| format!("verify at {address}"));
    let remarks = [since, fact.note.clone(), verify].into_iter().flatten().collect::<Vec<_>>();
    if !remarks.is_empty() {
        out!("{dim}  {}{dim:#}", one_line(&remarks.join(" · "), 200));
    }
}

/// The facts as a page: a matrix for each table in the order of the file, and one for those of none.
fn facts_page(facts: &[&CanonicalFact]) -> String {
    let mut page =
        "# Official facts\n\nWritten by the maintainers; nothing here comes from chat.\n"
            .to_owned();
    let mut tables = Vec::<Option<&str>>::new();
    for fact in facts {
        let table = fact.table.as_deref();
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    for table in tables {
        let heading = table.map_or_else(|| "Facts".to_owned(), heading_text);
        let rows = facts.iter().copied().filter(|fact| fact.table.as_deref() == table);
        let matrix = fact_matrix(&rows.collect::<Vec<_>>(), MarkdownDialect::CommonMark);
        page.push_str(&format!("\n## {heading}\n\n{matrix}"));
    }
    page
}

/// Text of a heading, on one line.
fn heading_text(text: &str) -> String {
    escape(&text.split_whitespace().collect::<Vec<_>>().join(" "), MarkdownDialect::CommonMark)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rules::config::ruleset::Ruleset;

    use super::*;

    #[test]
    fn a_page_has_a_matrix_for_each_table() {
        let text = r#"
            [[fact]]
            key = "exchange-one"
            kind = "status"
            value = "open | partly"
            since = "2025-01-31"
            source = "https://example.org/one"
            table = "Exchange status"
            [[fact]]
            key = "token-address"
            kind = "address"
            value = "0xAA"
            [[fact]]
            key = "exchange-two"
            kind = "status"
            value = "closed"
            table = "Exchange status"
        "#;
        let files = BTreeMap::from([("facts.toml".to_owned(), text.to_owned())]);
        let rules = Ruleset::from_files(&files).unwrap();
        let page = facts_page(&rules.facts.canonical.iter().collect::<Vec<_>>());
        let expected = "# Official facts\n\nWritten by the maintainers; nothing here comes from chat.\n\n\
            ## Exchange status\n\n\
            | name | value | holds for | since | note | verify |\n|---|---|---|---|---|---|\n\
            | exchange one | open &#124; partly |  | 2025-01-31 |  | [here](<https://example.org/one>) |\n\
            | exchange two | closed |  |  |  |  |\n\n\
            ## Facts\n\n\
            | name | value | holds for | since | note | verify |\n|---|---|---|---|---|---|\n\
            | token address | `0xAA` |  |  |  |  |\n";
        assert_eq!(page, expected);
    }
}
