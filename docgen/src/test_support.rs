//! A cluster to test with.

use jiff::Timestamp;
use rules::model::cluster::{Cluster, ClusterState, Occurrence, Quote};
use rules::model::ids::{ChannelId, ClusterId, ConversationId, GuildId, MessageId, UserId};
use rules::resolution::ResolutionGrade;

/// One question of `some_body5` with an answer of `some_body6`, without text.
pub(crate) fn cluster() -> Cluster {
    let quote = |id| Quote {
        message: MessageId(id),
        author: UserId(id),
        author_name: format!("some_body{id}"),
        trusted: false,
        text: String::new(),
        sent: Timestamp::UNIX_EPOCH,
        has_attachment: false,
    };
    let occurrence = Occurrence {
        conversation: ConversationId(MessageId(5)),
        guild: GuildId(1),
        channel: ChannelId(2),
        channel_name: String::new(),
        question: quote(5),
        answers: vec![quote(6)],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    };
    Cluster {
        id: ClusterId::of_question(MessageId(5)),
        state: ClusterState::Due,
        occurrences: vec![occurrence],
        representative: MessageId(5),
        outside_core: Default::default(),
        due_since: None,
        merged_answer: None,
    }
}
