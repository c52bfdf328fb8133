//! What an older version wrote at length reads as if this one had written it.

use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::ConversationId;
use rules::model::reason::WeightedReason;
use rules::resolution::{
    Answer, ConversationVerdict, Question, Resolution, ResolutionGrade, ResolutionSignal,
    SignalKind,
};
use rules::time;

use super::migration::migrated_from;
use super::*;
use crate::store::judging::stored_occurrence::write_occurrence;

const FIRST: u64 = 278_139_544_535_040_271;

fn reasons() -> Vec<WeightedReason> {
    vec![
        WeightedReason::new("the asker thanks at the end", 0.27),
        WeightedReason::new("what only an older version says: \"it\"", -0.396_000_03),
        WeightedReason::at("it is long", -0.062_333_334, MessageId(FIRST + 2_000)),
        WeightedReason::at("it says what to do", 1.0, MessageId(FIRST + 2_000)),
    ]
}

fn question() -> Question {
    Question {
        messages: vec![MessageId(FIRST), MessageId(FIRST + 1_000)],
        asker: UserId(77),
        asked: time::at_millisecond(1_486_384_035_000),
        reasons: vec![WeightedReason::at("ends with a question mark", 1.2, MessageId(FIRST))],
    }
}

fn answers() -> Vec<Answer> {
    let messages = vec![MessageId(FIRST + 1_500), MessageId(FIRST + 2_000)];
    vec![Answer { message: messages[1], messages, author: UserId(78), score: -0.609_606 }]
}

fn verdicts() -> [ConversationVerdict; 4] {
    let message = MessageId(FIRST + 3_000);
    let resolution = Resolution {
        question: question(),
        answers: answers(),
        grade: ResolutionGrade::Thanked,
        confidence: 0.790_032_9,
        signals: vec![ResolutionSignal { kind: SignalKind::Thanks, message, by: UserId(77) }],
        reasons: reasons(),
    };
    [
        ConversationVerdict::Resolved(resolution),
        ConversationVerdict::Open { question: question(), answers: answers(), reasons: reasons() },
        ConversationVerdict::Open {
            question: question(),
            answers: Vec::new(),
            reasons: Vec::new(),
        },
        ConversationVerdict::NotAQuestion { reasons: reasons() },
    ]
}

fn occurrences() -> [Occurrence; 2] {
    let quote = |id: u64, trusted: bool| Quote {
        message: MessageId(id),
        author: UserId(77),
        author_name: "amy \"a\"".into(),
        trusted,
        text: "zwei\nZeilen — \u{1F600} \\n".into(),
        sent: time::at_millisecond(1_486_384_035_000),
        has_attachment: !trusted,
    };
    let message = MessageId(FIRST + 3_000);
    let full = Occurrence {
        conversation: ConversationId(MessageId(FIRST - 5)),
        guild: GuildId(2_406_765_371_250_509_213),
        channel: ChannelId(944_530_858_137_918_950),
        channel_name: "help".into(),
        question: quote(FIRST, false),
        answers: vec![quote(FIRST + 1_500, true), quote(FIRST + 2_500, false)],
        grade: ResolutionGrade::Thanked,
        confidence: 0.790_032_9,
        signals: vec![ResolutionSignal { kind: SignalKind::Thanks, message, by: UserId(77) }],
        reasons: reasons(),
        quotable: true,
        people: vec!["amy".into(), "bob".into()],
        newcomers: [UserId(77), UserId(1_000)].into(),
    };
    let plain = Occurrence {
        conversation: ConversationId(MessageId(FIRST)),
        question: quote(FIRST, true),
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: false,
        people: Vec::new(),
        newcomers: Default::default(),
        ..full.clone()
    };
    [full, plain]
}

#[tokio::test]
async fn rows_of_an_older_version_are_what_this_one_writes() {
    let mut rows = Vec::new();
    let quoted = |text: &str| text.replace('\'', "''");
    for (number, verdict) in verdicts().iter().enumerate() {
        rows.push(format!(
            "INSERT INTO exchanges (conversation, id, channel, status, verdict) VALUES \
             ({number}, {number}, 1, 'open', '{}')",
            quoted(&to_json(verdict))
        ));
    }
    for (number, occurrence) in occurrences().iter().enumerate() {
        rows.push(format!(
            "INSERT INTO occurrences (question, conversation, channel, grade, body) VALUES \
             ({number}, {number}, 1, 'thanked', '{}')",
            quoted(&to_json(occurrence))
        ));
    }
    rows.push(
        "INSERT INTO conversations (id, channel, last, links) VALUES (10, 1, 16, \
         '[[10,0,[\"first-words\",\"after-silence\"]],[12,10,[\"names\"]],[15,7,[]],[16,10,[\"reply\"]]]'), \
         (20, 1, 20, '[[20,0,[]]]')"
            .to_owned(),
    );
    let (store, _folder) = migrated_from(20, &rows).await;
    let read = |sql: &'static str| engine::query_scalar::<String>(sql).fetch_all(&store.read);
    let stored = read("SELECT verdict FROM exchanges ORDER BY id").await.unwrap();
    assert_eq!(stored, verdicts().each_ref().map(write_verdict));
    let stored = read("SELECT body FROM occurrences ORDER BY question").await.unwrap();
    assert_eq!(stored, occurrences().each_ref().map(write_occurrence));
    let stored = read("SELECT links FROM conversations ORDER BY id").await.unwrap();
    assert_eq!(stored, [r#"[[10,0,"fl"],[12,-1,"n"],[15,7,""],[16,-3,"r"]]"#, r#"[[20,0,""]]"#]);
}
