//! Reading what people said without telling who they are.

use std::collections::BTreeMap;

use rules::cluster::{Cluster, Quote};
use rules::markdown::{Block, Inline, parse, plain_text};
use rules::pseudonym::Naming;

/// Everybody in a cluster, by the name they have on Discord, with the name that is published.
pub(crate) struct People<'a> {
    naming: &'a Naming,
    published: BTreeMap<&'a str, String>,
}

impl<'a> People<'a> {
    pub(crate) fn of(cluster: &'a Cluster, naming: &'a Naming) -> Self {
        let quotes =
            cluster.occurrences.iter().flat_map(|one| one.answers.iter().chain([&one.question]));
        let published =
            quotes.map(|quote| (quote.author_name.trim(), naming.name(quote))).collect();
        Self { naming, published }
    }

    pub(crate) fn name(&self, quote: &Quote) -> String {
        self.naming.name(quote)
    }

    /// The tree of a message, in which nobody is called by a name that is not published.
    pub(crate) fn read(&self, text: &str) -> Vec<Block> {
        let names =
            self.published.keys().copied().filter(|name| !name.is_empty()).collect::<Vec<_>>();
        let mut blocks = parse(text, &names);
        self.rename_blocks(&mut blocks);
        blocks
    }

    /// The words of a message on one line, without markup.
    pub(crate) fn line(&self, text: &str) -> String {
        plain_text(&self.read(text)).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn rename_blocks(&self, blocks: &mut [Block]) {
        for block in blocks {
            match block {
                Block::Paragraph(inlines) => self.rename_inlines(inlines),
                Block::Quote(inner) => self.rename_blocks(inner),
                Block::List(list) => {
                    list.items.iter_mut().for_each(|item| self.rename_blocks(item))
                }
                Block::Code { .. } => {}
            }
        }
    }

    fn rename_inlines(&self, inlines: &mut [Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => *text = self.renamed(text),
                Inline::Strong(inner)
                | Inline::Emphasis(inner)
                | Inline::Strike(inner)
                | Inline::Link { text: inner, .. } => self.rename_inlines(inner),
                // In code, what looks like a name is more likely a path.
                Inline::Code(_) | Inline::Break => {}
            }
        }
    }

    fn renamed(&self, text: &str) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let inside = renamed.ends_with(is_name_part);
            let called = self.published.iter().rev().find(|(name, _)| {
                is_distinctive(name)
                    && !inside
                    && rest
                        .strip_prefix(**name)
                        .is_some_and(|after| !after.starts_with(is_name_part))
            });
            let (step, told) = match called {
                Some((name, published)) => (name.len(), published.as_str()),
                None => (c.len_utf8(), &rest[..c.len_utf8()]),
            };
            renamed.push_str(told);
            rest = &rest[step..];
        }
        renamed
    }
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a name can be told from a word of the language wherever it stands.
fn is_distinctive(name: &str) -> bool {
    let inner_capital =
        name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    name.chars().count() >= 3
        && name.chars().any(char::is_alphabetic)
        && (inner_capital || name.chars().any(|c| c == '_' || c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cluster, occurrence};
    use rules::pseudonym::Salt;

    #[test]
    fn names_in_the_text_become_the_published_ones() {
        let mut asked = occurrence(1, "Where is the port?", "x");
        asked.question.author_name = "moss_7".to_owned();
        asked.answers[0].author_name = "help".to_owned();
        let cluster = cluster(vec![asked]);
        let naming = Naming::Pseudonyms(Salt([7; 16]));
        let people = People::of(&cluster, &naming);
        let shown = naming.name(&cluster.occurrences[0].question);
        for (text, expected) in [
            ("a pita, **moss_7**, help me", format!("a pita, {shown}, help me")),
            ("see `/home/moss_7` or moss_71", "see /home/moss_7 or moss_71".to_owned()),
            ("moss_7: try that", format!("{shown}: try that")),
        ] {
            assert_eq!(people.line(text), expected, "{text}");
        }
        assert!(!people.line("thanks @moss_7, done").contains("moss_7"));
        assert!(
            People::of(&cluster, &Naming::DisplayNames).line("so moss_7 said").contains("moss_7")
        );
    }
}
