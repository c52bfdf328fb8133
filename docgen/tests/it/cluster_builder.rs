//! Clusters made from a few words.

use docgen::page::draft::{Draft, DraftContext, DraftRefusal, build_draft};
use docgen::pull_request::answer::PullRequestText;
use docgen::target::{DocsFolder, DocsTarget};
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::model::cluster::{Cluster, ClusterState, Occurrence, Quote};
use rules::model::ids::{ChannelId, ClusterId, ConversationId, GuildId, MessageId, UserId};
use rules::model::reason::WeightedReason;
use rules::publish::pseudonym::{AuthorNaming, Salt};
use rules::resolution::{ResolutionGrade, ResolutionSignal, SignalKind};
use rules::time;

/// 2025-03-01T12:00:00Z.
pub(crate) const START: Timestamp = Timestamp::constant(1_740_830_400, 0);

/// Hosts that hostile answers link to are listed here, so that what else is wrong with them shows.
const FACTS: &str = "domains = ['docs.lantern.example', 'evil.example', 'github.com']";

pub(crate) struct DraftFixture {
    pub rules: Ruleset,
    pub naming: AuthorNaming,
    pub folder: DocsFolder,
    pub target: DocsTarget,
}

impl DraftFixture {
    pub(crate) fn new(target: DocsTarget) -> Self {
        Self::with_scope(target, "[consent]\nmode = 'server-public'")
    }

    pub(crate) fn with_scope(target: DocsTarget, scope: &str) -> Self {
        let rules = Ruleset::parse(|name| match name {
            "scope.toml" => Some(scope.to_owned()),
            "facts.toml" => Some(FACTS.to_owned()),
            _ => None,
        });
        let rules = rules.unwrap();
        Self {
            rules,
            naming: AuthorNaming::Pseudonyms(Salt([7; 16])),
            folder: DocsFolder::default(),
            target,
        }
    }

    pub(crate) fn context(&self) -> DraftContext<'_> {
        DraftContext {
            target: self.target,
            folder: &self.folder,
            path: None,
            edit: None,
            rules: &self.rules,
            naming: &self.naming,
            version: "1.2.3",
        }
    }

    pub(crate) fn draft(&self, cluster: &Cluster) -> Result<Draft, DraftRefusal> {
        build_draft(cluster, &self.context())
    }

    pub(crate) fn proposal(&self, cluster: &Cluster) -> (Draft, PullRequestText) {
        let draft = self.draft(cluster).unwrap();
        let proposal = PullRequestText::new(cluster, &draft, &self.context());
        (draft, proposal)
    }
}

/// One occurrence a day, each `(question, answer)`, each by another asker.
pub(crate) fn cluster(exchanges: &[(&str, &str)]) -> Cluster {
    let occurrences = exchanges
        .iter()
        .enumerate()
        .map(|(at, (question, answer))| occurrence(at as u64, question, answer))
        .collect::<Vec<_>>();
    Cluster {
        id: ClusterId::of_question(MessageId(1_000)),
        state: ClusterState::Due,
        representative: occurrences[0].question.message,
        occurrences,
        outside_core: Default::default(),
        due_since: Some(START + time::days(5)),
        merged_answer: None,
    }
}

pub(crate) fn occurrence(at: u64, question: &str, answer: &str) -> Occurrence {
    let sent = START + time::days(at as i64);
    let first = 1_000 + at * 10;
    let worked = ResolutionSignal {
        kind: SignalKind::Worked,
        message: MessageId(first + 2),
        by: UserId(100 + at),
    };
    Occurrence {
        conversation: ConversationId(MessageId(first)),
        guild: GuildId(1),
        channel: ChannelId(2),
        channel_name: "help".into(),
        question: quote(first, 100 + at, &format!("Asker{at}"), question, sent),
        answers: vec![quote(
            first + 1,
            200 + at % 2,
            &format!("helper_{}", at % 2),
            answer,
            sent + SignedDuration::from_hours(1),
        )],
        grade: ResolutionGrade::Confirmed,
        confidence: 0.8 - at as f32 * 0.05,
        signals: vec![worked],
        reasons: vec![
            WeightedReason::new("the asker says it works", 0.6),
            WeightedReason::new("the answer is short", -0.2),
        ],
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    }
}

fn quote(message: u64, author: u64, name: &str, text: &str, sent: Timestamp) -> Quote {
    Quote {
        message: MessageId(message),
        author: UserId(author),
        author_name: name.into(),
        trusted: author == 201,
        text: text.into(),
        sent,
        has_attachment: false,
    }
}
