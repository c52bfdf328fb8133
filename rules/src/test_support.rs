//! Clusters to test with.

use jiff::{SignedDuration, Timestamp};

use crate::model::cluster::{Cluster, ClusterState, Occurrence, Quote};
use crate::model::ids::{ChannelId, ClusterId, ConversationId, GuildId, MessageId, UserId};
use crate::resolution::ResolutionGrade;

/// One occurrence for each `(question, answer)`, everybody another person.
pub(crate) fn cluster(exchanges: &[(&str, &str)]) -> Cluster {
    let exchanges = (1_u64..).zip(exchanges);
    let occurrences = exchanges.map(|(at, (question, answer))| Occurrence {
        conversation: ConversationId(MessageId(at * 10)),
        guild: GuildId(1),
        channel: ChannelId(2),
        channel_name: "help".to_owned(),
        question: quote(at * 10, question),
        answers: vec![quote(at * 10 + 1, answer)],
        grade: ResolutionGrade::Confirmed,
        confidence: 0.8,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    });
    let occurrences = occurrences.collect::<Vec<_>>();
    Cluster {
        id: ClusterId::of_question(MessageId(10)),
        state: ClusterState::Due,
        representative: occurrences[0].question.message,
        occurrences,
        outside_core: Default::default(),
        due_since: None,
        merged_answer: None,
    }
}

pub(crate) fn quote(message: u64, text: &str) -> Quote {
    Quote {
        message: MessageId(message),
        author: UserId(message),
        author_name: format!("Person {message}"),
        trusted: false,
        text: text.to_owned(),
        sent: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(message as i64),
        has_attachment: false,
    }
}
