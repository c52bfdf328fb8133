//! What a cluster is about: where its page goes and who is asked to review it.

use std::cmp::Reverse;

use crate::config::toml_reader::TomlReader;
use crate::language::phrase::{NormalizedWords, Phrase};
use crate::model::cluster::Cluster;

/// One subject of the documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// Where its pages go, relative to the docs folder; `None` for the docs folder itself.
    pub folder: Option<String>,
    /// GitHub logins of those who review its pages.
    pub reviewers: Vec<String>,
    /// What reports balance it against, such as `product` or `market`.
    pub area: Option<String>,
    words: Vec<Phrase>,
}

/// The subjects of `topics.toml`, in its order.
#[derive(Debug, Clone, Default)]
pub struct TopicRules(Vec<Topic>);

impl TopicRules {
    pub(crate) fn read(file: &mut TomlReader) -> Self {
        let mut names = Vec::new();
        let topics = file.sections("topic", |table| {
            let topic = read_one(table);
            if names.contains(&topic.name) {
                table.wrong(
                    "name",
                    format!("an earlier topic is named {:?}; choose another name", topic.name),
                );
            }
            names.push(topic.name.clone());
            topic
        });
        Self(topics)
    }

    /// The topic whose words most questions and best answers of a cluster use: each text counts each
    /// word once. Of several, the first; `None` where no word of any topic is used.
    pub fn of(&self, cluster: &Cluster) -> Option<&Topic> {
        let texts = cluster.occurrences.iter();
        let texts =
            texts.flat_map(|one| [one.question.text.as_str(), one.best_answer().text.as_str()]);
        self.index_of(texts).map(|at| &self.0[at])
    }

    /// The index of the topic whose words some texts use most, as for a cluster.
    pub fn index_of<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        let texts = texts.into_iter().map(NormalizedWords::of).collect::<Vec<_>>();
        let hits = |topic: &Topic| {
            let of_text = |text| topic.words.iter().filter(|word| word.is_in(text)).count();
            texts.iter().map(of_text).sum::<usize>()
        };
        let ranked = self.0.iter().enumerate().map(|(at, topic)| (hits(topic), Reverse(at)));
        let used = ranked.filter(|(hits, _)| *hits > 0);
        used.max().map(|(_, Reverse(at))| at)
    }

    /// Every topic, in the order of the file.
    pub fn all(&self) -> &[Topic] {
        &self.0
    }
}

fn read_one(table: &mut TomlReader) -> Topic {
    let name = table.text("name", "");
    if name.trim().is_empty() {
        table.wrong("name", "a topic needs a name");
    }
    let words = Phrase::read(table, "words");
    if words.is_empty() {
        table.wrong("words", "without words nothing is ever of this topic");
    }
    let folder = table.optional_text("folder");
    if let Some(folder) = folder.as_deref().filter(|folder| !is_folder(folder)) {
        table.wrong(
            "folder",
            format!("{folder:?} is no folder; expected names of letters, digits, - _ and . joined by /, none of which starts with . or _"),
        );
    }
    let area = table.optional_text("area").map(|area| area.trim().to_owned());
    if area.as_deref() == Some("") {
        table.wrong("area", "empty; write a word, as in area = \"product\", or remove it");
    }
    let reviewers = table.texts("reviewers");
    for login in reviewers.iter().filter(|login| !is_login(login)) {
        table.wrong(
            "reviewers",
            format!(
                "{login:?} is no GitHub login; expected letters, digits and single -, without @"
            ),
        );
    }
    Topic { name, folder, reviewers, area, words }
}

fn is_folder(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.split('/')
        .all(|name| !name.is_empty() && !name.starts_with(['.', '_']) && name.chars().all(plain))
}

/// GitHub's rule for logins: at most 39 letters and digits with single hyphens between them.
fn is_login(text: &str) -> bool {
    (1..=39).contains(&text.len())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::cluster;

    fn topics(text: &str) -> Result<TopicRules, Vec<String>> {
        let mut reader = TomlReader::parse("topics.toml", text);
        let topics = TopicRules::read(&mut reader);
        let mistakes = reader.finish().iter().map(ToString::to_string).collect::<Vec<_>>();
        if mistakes.is_empty() { Ok(topics) } else { Err(mistakes) }
    }

    const TWO: &str = "
        [[topic]]
        name = 'Wallets'
        words = ['wallet', 'seed phrase', '지갑']
        folder = 'money/wallets'
        reviewers = ['ada-l']
        [[topic]]
        name = 'Servers'
        words = ['deploy*', 'port']
    ";

    #[test]
    fn the_topic_whose_words_are_used_most_is_chosen() {
        let topics = topics(TWO).unwrap();
        for (exchanges, expected) in [
            (vec![("Where is my wallet?", "In the drawer.")], Some("Wallets")),
            (vec![("Deploying fails", "Open the port of the wallet")], Some("Servers")),
            (vec![("My wallet has no port", "True")], Some("Wallets")),
            (vec![("지갑을 어떻게 만드나요?", "설정에서요")], Some("Wallets")),
            (vec![("What are wallets and ports?", "Things")], None),
            (
                vec![("A wallet?", "Yes"), ("Which port?", "80"), ("And deployments?", "No")],
                Some("Servers"),
            ),
        ] {
            let found = topics.of(&cluster(&exchanges));
            assert_eq!(found.map(|topic| topic.name.as_str()), expected, "{exchanges:?}");
        }
        let wallets = topics.of(&cluster(&[("wallet", "")])).unwrap();
        assert_eq!(wallets.folder.as_deref(), Some("money/wallets"));
        assert_eq!(wallets.reviewers, ["ada-l"]);
    }

    #[test]
    fn every_mistake_is_reported() {
        let said = topics(
            "[[topic]]\nname = ''\nwords = []\nfolder = '../x'\nreviewers = ['@ada', 'a--b']\n\
             [[topic]]\nname = 'A'\nwords = ['*']\n[[topic]]\nname = 'A'\nwords = ['a']\n",
        )
        .unwrap_err();
        let keys = said.iter().map(|one| one.split(": ").nth(1).unwrap()).collect::<Vec<_>>();
        assert_eq!(
            keys,
            [
                "topic[0].name",
                "topic[0].words",
                "topic[0].folder",
                "topic[0].reviewers",
                "topic[0].reviewers",
                "topic[1].words",
                "topic[1].words",
                "topic[2].name",
            ]
        );
    }
}
