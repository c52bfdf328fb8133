//! Following changes one by one comes to the same as grouping everything.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::{ClusterId, ConversationId};
use rules::resolution::ResolutionGrade;
use rules::similarity::{QaMeaning, QaText};
use rules::time;

use super::*;
use crate::cluster::grouping::{GroupingItem, group_items, qa_text};
use crate::cluster::recluster::recluster;
use crate::encoder::{Embedding, TextEmbedding};
use crate::store::UnencodedText;

/// Numbers that look random and are the same each time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// One of few words; the first ones are common.
    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 8] = ["ba", "ke", "li", "mo", "nu", "ra", "se", "to"];
        let most = 1 + self.below(60);
        let word = self.below(most) as usize;
        [word % 8, word / 8 % 8, 3].map(|at| SYLLABLES[at]).concat() + "wort"
    }

    fn text(&mut self) -> (String, String) {
        let words = |draws: &mut Self, count| {
            (0..count).map(|_| draws.word()).collect::<Vec<_>>().join(" ")
        };
        let length = 2 + self.below(4);
        let question = words(self, length);
        (format!("{question}?"), words(self, 3))
    }
}

/// The true occurrences, by question.
type Truth = BTreeMap<u64, (String, String)>;

pub(super) fn judged(id: u64, (question, answer): &(String, String)) -> ConversationRow {
    let id = MessageId(id << 30);
    let quote = |message, text: &str| Quote {
        message,
        author: UserId(message.0),
        author_name: "Ada".into(),
        trusted: false,
        text: text.into(),
        sent: Timestamp::UNIX_EPOCH,
        has_attachment: false,
    };
    let occurrence = Occurrence {
        conversation: ConversationId(id),
        guild: GuildId(1),
        channel: ChannelId(1),
        channel_name: "help".into(),
        question: quote(id, question),
        answers: vec![quote(MessageId(id.0 + 1), answer)],
        grade: ResolutionGrade::Certain,
        confidence: 1.0,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    };
    let exchange = ExchangeRow {
        id,
        status: ExchangeStatus::Resolved,
        asked: None,
        verdict: String::new(),
        occurrence: Some(occurrence),
    };
    ConversationRow {
        id: ConversationId(id),
        channel: ChannelId(1),
        last: id,
        links: format!("{question} {answer}"),
        exchanges: vec![exchange],
    }
}

/// Makes one change: most often a new question, sometimes an edit or a deletion.
async fn change(store: &Store, truth: &mut Truth, draws: &mut Draws) {
    let known = truth.keys().copied().collect::<Vec<_>>();
    let one = |draws: &mut Draws| known[draws.below(known.len() as u64) as usize];
    let (id, text) = match draws.below(10) {
        0..=2 if known.len() > 60 => {
            let id = one(draws);
            truth.remove(&id);
            let gone = ConversationId(MessageId(id << 30));
            return store.remove_conversations(&[gone]).await.unwrap();
        }
        3 if !known.is_empty() => (one(draws), draws.text()),
        // The words of another question again.
        4 if !known.is_empty() => (1 + draws.below(900), truth[&one(draws)].clone()),
        _ => (1 + draws.below(900), draws.text()),
    };
    store.save_conversations(&[judged(id, &text)]).await.unwrap();
    truth.insert(id, text);
}

/// The clusters, by id: their questions, how many askers, and the question in the middle.
async fn clusters(store: &Store) -> BTreeMap<ClusterId, (Vec<u64>, usize, u64)> {
    let mut found = BTreeMap::new();
    for one in store.cluster_summaries().await.unwrap() {
        let cluster = store.cluster(&one.id).await.unwrap().unwrap();
        let questions = cluster.occurrences.iter().map(|one| one.question.message.0 >> 30);
        let questions = questions.collect::<Vec<_>>();
        assert_eq!(one.size, questions.len());
        found.insert(one.id, (questions, one.askers, one.representative.0 >> 30));
    }
    found
}

/// The groups of all occurrences, from scratch.
fn groups(truth: &Truth, rules: &Ruleset, encoder: Option<WordEncoder>) -> Vec<Vec<u64>> {
    let rows = truth.iter().map(|(id, text)| judged(*id, text)).collect::<Vec<_>>();
    let occurrences = rows.iter().filter_map(|row| row.exchanges[0].occurrence.as_ref());
    let occurrences = occurrences.collect::<Vec<_>>();
    let meaning =
        |one: &&Occurrence| encoder.map(|encoder| encoder.read(&qa_text(one)).to_meaning());
    let meanings = occurrences.iter().map(meaning).collect::<Vec<_>>();
    let item = |(one, meaning)| {
        let one: &Occurrence = one;
        let meaning: &Option<QaMeaning> = meaning;
        GroupingItem { id: one.question.message, asked: qa_text(one), meaning: meaning.as_ref() }
    };
    let items = occurrences.into_iter().zip(&meanings).map(item).collect::<Vec<_>>();
    let groups = group_items(&items, &rules.same);
    groups.iter().map(|group| group.iter().map(|at| items[*at].id.0 >> 30).collect()).collect()
}

/// Reads texts as an encoder does: what they mean is a sum of what their words mean. Another one sees other meanings.
#[derive(Debug, Clone, Copy)]
struct WordEncoder(u64);

impl WordEncoder {
    /// `None` for a text with a certain word, as where the script is unknown.
    fn vector(self, text: &str) -> Option<Embedding> {
        let mut sum = [0.0_f32; 12];
        for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|w| !w.is_empty()) {
            // Words that begin alike mean the same.
            let stem = &word[..4];
            let mut draws = Draws(stem.bytes().fold(self.0, |sum, b| sum * 31 + u64::from(b)));
            sum.iter_mut().for_each(|one| *one += draws.below(2_000) as f32 / 1_000.0 - 1.0);
        }
        if text.contains("bake") { None } else { Embedding::from_f32(&sum) }
    }

    fn read(self, asked: &QaText<'_>) -> TextEmbedding {
        TextEmbedding { question: self.vector(asked.question), answer: self.vector(asked.answer) }
    }

    /// Reads at most so many of the texts that wait; tells how many it read.
    async fn read_some(self, store: &Store, limit: u32) -> usize {
        let texts = store.unencoded_texts(limit).await.unwrap();
        let read = |text: UnencodedText| {
            let embedding = self.read(&QaText { question: &text.question, answer: &text.answer });
            (text, embedding)
        };
        let encoded = texts.into_iter().map(read).collect::<Vec<_>>();
        store.save_embeddings(&encoded).await.unwrap();
        encoded.len()
    }

    async fn read_all(self, store: &Store) {
        while self.read_some(store, 32).await > 0 {}
    }
}

/// The clusters of what is stored, all of it read, against those from scratch.
async fn compare(store: &Store, truth: &Truth, encoder: Option<WordEncoder>, when: &str) {
    let rules = Arc::new(Ruleset::embedded());
    if let Some(encoder) = encoder {
        encoder.read_all(store).await;
        recluster(store, &rules, time::at_millisecond(1), false).await.unwrap();
    }
    assert!(!store.needs_recluster().await.unwrap());
    let mut stored = clusters(store).await.into_values().map(|one| one.0).collect::<Vec<_>>();
    stored.sort();
    assert_eq!(stored, groups(truth, &rules, encoder), "{when}");
}

/// Follows changes in small steps, and compares after every so many of them.
async fn follow(seed: u64, changes: u64, compared: usize, encoder: Option<WordEncoder>) {
    let (store, _folder) = empty().await;
    follow_by(&[store], seed, changes, compared, encoder).await;
}

/// The same by several processes, of which any makes a change and any groups.
async fn follow_by(
    stores: &[Store],
    seed: u64,
    changes: u64,
    compared: usize,
    encoder: Option<WordEncoder>,
) {
    stores[0].use_encoder("one").await.unwrap();
    let rules = Arc::new(Ruleset::embedded());
    let (mut truth, mut draws) = (Truth::new(), Draws(seed));
    let (mut left, mut steps) = (changes, 0);
    while left > 0 {
        let some = (1 + draws.below(16)).min(left);
        for _ in 0..some {
            change(&stores[0], &mut truth, &mut draws).await;
        }
        left -= some;
        let store = &stores[steps * steps % 7 % stores.len()];
        recluster(store, &rules, time::at_millisecond(1), false).await.unwrap();
        assert!(!store.needs_recluster().await.unwrap());
        if let Some(encoder) = encoder {
            // Some stay unread, and are changed or deleted before their turn.
            encoder.read_some(store, draws.below(8) as u32).await;
        }
        steps += 1;
        if steps % compared != 0 && left > 0 {
            continue;
        }
        let when = format!("seed {seed}, {left} changes left");
        compare(store, &truth, encoder, &when).await;
    }
    let store = &stores[0];
    let (again, _folder) = empty().await;
    let all = truth.iter().rev().map(|(id, text)| judged(*id, text)).collect::<Vec<_>>();
    again.save_conversations(&all).await.unwrap();
    recluster(&again, &rules, time::at_millisecond(1), false).await.unwrap();
    compare(&again, &truth, encoder, "all at once").await;
    assert_eq!(clusters(&again).await, clusters(store).await, "seed {seed}");
    let largest = clusters(store).await.into_values().map(|one| one.0.len()).max();
    assert!(largest.is_some_and(|largest| largest > 2), "questions come together: {largest:?}");
}

#[tokio::test]
async fn a_thousand_changes_come_to_what_grouping_everything_comes_to() {
    follow(1, 1_000, 20, None).await;
}

#[tokio::test]
async fn whatever_the_changes_are() {
    for seed in 2..10 {
        follow(seed, 80, 1, None).await;
    }
}

#[tokio::test]
async fn processes_that_take_turns_come_to_what_grouping_everything_comes_to() {
    let (store, folder) = empty().await;
    let mut stores = vec![store];
    for _ in 0..2 {
        stores.push(Store::open_shared(location(folder.path())).await.unwrap());
    }
    follow_by(&stores, 16, 400, 5, None).await;
}

#[tokio::test]
async fn vectors_that_come_late_come_to_what_grouping_everything_comes_to() {
    follow(10, 300, 5, Some(WordEncoder(1))).await;
    for seed in 11..15 {
        follow(seed, 80, 1, Some(WordEncoder(1))).await;
    }
}

#[tokio::test]
async fn vectors_that_go_leave_no_trace() {
    let (store, _folder) = empty().await;
    let rules = Arc::new(Ruleset::embedded());
    let (mut truth, mut draws) = (Truth::new(), Draws(3));
    for _ in 0..120 {
        change(&store, &mut truth, &mut draws).await;
    }
    recluster(&store, &rules, time::at_millisecond(1), false).await.unwrap();
    let by_words = clusters(&store).await;
    store.use_encoder("one").await.unwrap();
    compare(&store, &truth, Some(WordEncoder(1)), "read by one model").await;
    let by_one = clusters(&store).await;
    assert_ne!(by_one, by_words, "meaning joins and parts");
    store.use_encoder("another").await.unwrap();
    compare(&store, &truth, Some(WordEncoder(77)), "read by another").await;
    assert_ne!(clusters(&store).await, by_one);
    store.use_encoder("").await.unwrap();
    recluster(&store, &rules, time::at_millisecond(1), false).await.unwrap();
    assert_eq!(clusters(&store).await, by_words);
}
