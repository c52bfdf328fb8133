//! Guides: pages that are made of answers in an order that people choose, `guides/*.toml`.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::toml_reader::{ConfigError, TomlReader};
use crate::language::phrase::{NormalizedWords, Phrase};
use crate::model::ids::ClusterId;

/// The folder of the rules directory that holds them.
pub const FOLDER: &str = "guides";
/// The guides that the binary carries.
pub const BUILT_IN: [(&str, &str); 2] = [
    ("guides/first-30-minutes.toml", include_str!("../guides/first-30-minutes.toml")),
    ("guides/where-is.toml", include_str!("../guides/where-is.toml")),
];

/// What a guide is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideOutline {
    /// Of its file, without folder and ending.
    pub name: String,
    /// Whether the page is proposed to the documentation.
    pub proposed: bool,
    pub title: String,
    pub intro: Option<String>,
    pub steps: Vec<GuideStep>,
}

/// One heading of a guide, and what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideStep {
    pub title: String,
    pub intro: Option<String>,
    /// The tables of `facts.toml` whose facts stand below it.
    pub facts: Vec<String>,
    answers: Vec<ClusterId>,
    topics: Vec<String>,
    words: Vec<Phrase>,
    most: usize,
}

/// The guides by file.
#[derive(Debug, Clone, Default)]
pub struct GuideRules(Vec<GuideOutline>);

/// An answer that may stand in a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideCandidate<'c> {
    pub cluster: &'c ClusterId,
    pub reviewed: bool,
    pub occurrences: usize,
    /// The name of its topic.
    pub topic: Option<&'c str>,
    /// How it was asked.
    pub questions: Vec<&'c str>,
}

impl GuideRules {
    /// Reads the built-in guides, or those of `files` in their place, and further ones.
    pub(crate) fn from_files(files: &BTreeMap<String, String>) -> (Self, Vec<ConfigError>) {
        let mut texts = BUILT_IN.into_iter().collect::<BTreeMap<_, _>>();
        let own = files.iter().filter(|(name, _)| name.starts_with("guides/"));
        texts.extend(own.map(|(name, text)| (name.as_str(), text.as_str())));
        let (mut guides, mut mistakes) = (Vec::<GuideOutline>::new(), Vec::new());
        for (name, text) in texts {
            let mut reader = TomlReader::parse(name, text);
            let guide = GuideOutline::read(file_stem(name), &mut reader);
            if guides.iter().any(|known| known.title == guide.title) {
                reader.wrong("title", "another guide has this title");
            }
            guides.push(guide);
            mistakes.extend(reader.finish());
        }
        (Self(guides), mistakes)
    }

    pub fn all(&self) -> &[GuideOutline] {
        &self.0
    }

    /// Those that are proposed to the documentation.
    pub fn proposed(&self) -> impl Iterator<Item = &GuideOutline> {
        self.0.iter().filter(|guide| guide.proposed)
    }

    /// The guide with a title, in any case.
    pub fn titled(&self, title: &str) -> Option<&GuideOutline> {
        self.0.iter().find(|guide| guide.title.to_lowercase() == title.trim().to_lowercase())
    }
}

impl GuideOutline {
    fn read(name: &str, file: &mut TomlReader) -> Self {
        let title = file.text("title", "");
        if title.trim().is_empty() {
            file.wrong("title", "a guide needs a title");
        }
        let proposed = file.bool("propose", false);
        if proposed && !is_page_name(name) {
            let advice = "the file of a guide that is proposed is named by small letters, digits and hyphens, \
                          at most 60";
            file.wrong("propose", advice);
        }
        let steps = file.sections("step", GuideStep::read);
        if steps.is_empty() {
            file.wrong("step", "a guide needs at least one [[step]]");
        }
        let (name, intro) = (name.to_owned(), file.optional_text("intro"));
        Self { name, proposed, title, intro, steps }
    }

    /// The indices of the candidates below each step: the answers that it names first, then reviewed ones, then
    /// those that were asked most. Each stands once, below the first step that takes it.
    pub fn arrange(&self, candidates: &[GuideCandidate<'_>]) -> Vec<Vec<usize>> {
        let named = self.steps.iter().flat_map(|step| &step.answers).collect::<BTreeSet<_>>();
        let mut order = (0..candidates.len()).collect::<Vec<_>>();
        order.sort_by_key(|at| {
            let one = &candidates[*at];
            (!one.reviewed, std::cmp::Reverse(one.occurrences), one.cluster)
        });
        let mut left = order;
        let mut steps = Vec::new();
        for step in &self.steps {
            let at = |id: &ClusterId| candidates.iter().position(|one| one.cluster == id);
            let chosen = step.answers.iter().filter_map(at).collect::<Vec<_>>();
            let fitting = left.iter().copied().filter(|at| {
                let one = &candidates[*at];
                !named.contains(one.cluster) && step.fits(one.topic, &one.questions)
            });
            let mut below = chosen.into_iter().chain(fitting).collect::<Vec<_>>();
            below.truncate(step.most);
            left.retain(|at| !below.contains(at));
            steps.push(below);
        }
        steps
    }
}

impl GuideStep {
    fn read(table: &mut TomlReader) -> Self {
        let title = table.text("title", "");
        if title.trim().is_empty() {
            table.wrong("title", "a step needs a title");
        }
        let mut answers = Vec::new();
        for text in table.texts("answers") {
            match text.parse() {
                Ok(id) => answers.push(id),
                Err(_) => table.wrong("answers", format!("{text:?} is no id of a cluster")),
            }
        }
        let (topics, words) = (table.texts("topics"), Phrase::read(table, "words"));
        let facts = table.texts("facts");
        if answers.is_empty() && topics.is_empty() && words.is_empty() && facts.is_empty() {
            let advice = "without answers, topics, words and facts nothing stands below the step";
            table.wrong("words", advice);
        }
        let most = table.integer("most", 8, 1, 200) as usize;
        Self { title, intro: table.optional_text("intro"), facts, answers, topics, words, most }
    }

    /// Whether a question of a topic belongs here.
    pub fn fits(&self, topic: Option<&str>, questions: &[&str]) -> bool {
        let of_topic = topic.is_some_and(|topic| self.topics.iter().any(|own| own == topic));
        let says = |text: &&str| {
            let words = NormalizedWords::of(text);
            self.words.iter().any(|phrase| phrase.is_in(&words))
        };
        of_topic || questions.iter().any(says)
    }
}

/// "guides/where-is.toml" as `where-is`.
fn file_stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

/// Whether a page and a branch may have this name.
fn is_page_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = name.starts_with('-') || name.ends_with('-');
    !name.is_empty() && name.len() <= 60 && name.chars().all(plain) && !ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (GuideRules, Vec<String>) {
        let files = BTreeMap::from([("guides/own.toml".to_owned(), text.to_owned())]);
        let (guides, mistakes) = GuideRules::from_files(&files);
        (guides, mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn answers_stand_once_in_the_order_that_people_chose() {
        let (guides, mistakes) = read(
            "title = 'Begin'\n[[step]]\ntitle = 'Install'\nwords = ['install*']\n\
             [[step]]\ntitle = 'Run'\nanswers = ['q9']\ntopics = ['Running']\nwords = ['run']\nmost = 2\n",
        );
        assert_eq!(mistakes, [""; 0]);
        let ids = [1, 2, 3, 4, 9].map(|n| format!("q{n}").parse::<ClusterId>().unwrap());
        let candidate = |at: usize, reviewed, occurrences, topic, question| GuideCandidate {
            cluster: &ids[at],
            reviewed,
            occurrences,
            topic,
            questions: vec![question],
        };
        let candidates = [
            candidate(0, false, 9, None, "How do I install it?"),
            candidate(1, true, 3, None, "Installing it and how to run it?"),
            candidate(2, false, 5, Some("Running"), "Why does it stop?"),
            candidate(3, false, 4, None, "How do I run two?"),
            candidate(4, false, 3, None, "How do I install the service?"),
        ];
        let guide = guides.titled(" begin ").unwrap();
        assert_eq!(guide.arrange(&candidates), [vec![1, 0], vec![4, 2]]);
        assert!(guides.titled("First 30 Minutes").is_some() && guides.titled("none").is_none());
    }

    #[test]
    fn every_mistake_of_a_guide_is_reported() {
        let (_, mistakes) = read("[[step]]\nanswers = ['x y']\n");
        let keys = mistakes.iter().map(|one| one.split(": ").nth(1).unwrap()).collect::<Vec<_>>();
        assert_eq!(keys, ["title", "step[0].title", "step[0].answers", "step[0].words"]);
        let (_, mistakes) = read("title = 'Where is X?'\n");
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    }

    #[test]
    fn a_guide_is_proposed_only_where_its_file_says_so() {
        let step = "[[step]]\ntitle = 'A'\nwords = ['a']\n";
        let (guides, mistakes) = read(&format!("title = 'Begin'\npropose = true\n{step}"));
        assert_eq!(mistakes, [""; 0]);
        let names = guides.proposed().map(|guide| guide.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names, ["own"], "no built-in one is");
        let text = format!("title = 'Begin'\npropose = true\n{step}");
        let files = BTreeMap::from([("guides/Our Guide.toml".to_owned(), text)]);
        let (_, mistakes) = GuideRules::from_files(&files);
        assert!(mistakes.len() == 1 && mistakes[0].to_string().contains("propose"), "{mistakes:?}");
    }
}
