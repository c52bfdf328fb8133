//! `/fact`: what maintainers wrote down, in one step.

use rules::safety::{CanonicalFact, FactKind, FactRules};

use crate::discord::interactions::text::escape::inert;
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::Reply;

/// Facts in one reply, and names that are listed where there is none.
const SHOWN: usize = 5;
const NAMES: usize = 25;
/// UTF-16 units of a value; five of them with their remarks fit a message.
const VALUE: usize = 200;
const REMARK: usize = 80;

/// The facts of a name or a question; the names of all where none is meant.
pub(crate) fn render_facts(facts: &FactRules, name: &str, language: BotLanguage) -> Reply {
    let found = facts.asked_for(name);
    if found.is_empty() {
        let names = facts.canonical.iter().take(NAMES).map(|fact| inert(&fact.key, REMARK));
        let names = names.collect::<Vec<_>>().join(", ");
        let known = match names.is_empty() {
            true => String::new(),
            false => format!("\n{} {names}", messages::known_facts(language)),
        };
        return Reply::new(format!("{}{known}", messages::no_such_fact(language)));
    }
    let entries = found.into_iter().take(SHOWN).map(|fact| entry(fact, language));
    let head = messages::official(language).to_owned();
    Reply::new(std::iter::once(head).chain(entries).collect::<Vec<_>>().join("\n\n"))
}

fn entry(fact: &CanonicalFact, language: BotLanguage) -> String {
    let name = inert(&fact.key.replace('-', " "), REMARK);
    let scope = fact.scope.as_ref().map(|scope| format!(" ({})", inert(scope, REMARK)));
    let since = fact.since.clone();
    let note = fact.note.as_ref().map(|note| inert(note, REMARK));
    let verify = fact.verify_address().and_then(link);
    let verify = verify.map(|link| format!("{} {link}", messages::verify_at(language)));
    let remarks = [since, note, verify].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    format!("**{name}**{}\n{}\n{remarks}", scope.unwrap_or_default(), value(fact))
        .trim_end()
        .to_owned()
}

/// A link can be followed, an address can be copied.
fn value(fact: &CanonicalFact) -> String {
    let linked = matches!(fact.kind, FactKind::Link | FactKind::Invite);
    let address = match fact.value.contains("://") {
        true => fact.value.clone(),
        false => format!("https://{}", fact.value),
    };
    match fact.kind {
        _ if linked => link(&address).unwrap_or_else(|| inert(&fact.value, VALUE)),
        FactKind::Address if !fact.value.contains('`') => format!("`{}`", fact.value),
        _ => inert(&fact.value, VALUE),
    }
}

/// An address in angle brackets, which Discord links without a preview.
fn link(address: &str) -> Option<String> {
    let plain = address.chars().all(|c| c.is_ascii_graphic() && c != '<' && c != '>');
    (plain && address.starts_with("https://")).then(|| format!("<{address}>"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rules::config::ruleset::Ruleset;

    use super::*;

    fn facts() -> FactRules {
        let text = r#"
            [[fact]]
            key = "token-address"
            kind = "address"
            value = "0x00000000000000000000000000000000000000AA"
            scope = "Ethereum"
            since = "2025-01-31"
            verify_at = "https://docs.example.org/token"
            aliases = ["contract address"]
            [[fact]]
            key = "invite"
            kind = "invite"
            value = "discord.gg/example"
            note = "*never* a DM"
        "#;
        let files = BTreeMap::from([("facts.toml".to_owned(), text.to_owned())]);
        Ruleset::from_files(&files).unwrap().facts
    }

    #[test]
    fn a_fact_is_shown_in_one_step_with_its_mark_and_where_to_check() {
        let facts = facts();
        let said = render_facts(&facts, "what is the contract address?", BotLanguage::English).text;
        assert_eq!(
            said,
            "✅ Official, from the maintainers\n\n**token address** (Ethereum)\n\
             `0x00000000000000000000000000000000000000AA`\n\
             2025-01-31 · verify at <https://docs.example.org/token>"
        );
        let invite = render_facts(&facts, "invite", BotLanguage::Korean).text;
        assert!(invite.ends_with("<https://discord.gg/example>\n\\*never\\* a DM"), "{invite}");
    }

    #[test]
    fn where_there_is_none_the_names_are_listed() {
        let said = render_facts(&facts(), "the price", BotLanguage::English).text;
        assert!(
            said.contains("no official fact") && said.contains("token\\-address, invite"),
            "{said}"
        );
    }
}
