use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::encoder::Embedding;
use crate::search::document::ClusterDocument;
use crate::search::writer::IndexWriter;
use crate::search::writer::tests::{document, id};

/// What the searcher finds among documents numbered from 1.
struct Shelf {
    _directory: tempfile::TempDir,
    searcher: Searcher,
}

impl Shelf {
    fn of(documents: &[ClusterDocument]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        writer.replace(documents).unwrap();
        writer.commit(1).unwrap();
        Self { searcher: writer.searcher(), _directory: directory }
    }

    fn find(&self, text: &str) -> SearchHits {
        self.ask(SearchQuery { text: text.to_owned(), limit: 10, ..SearchQuery::default() })
    }

    fn ask(&self, query: SearchQuery) -> SearchHits {
        self.searcher.search(&query).unwrap()
    }
}

fn clusters(hits: &SearchHits) -> Vec<ClusterId> {
    hits.hits.iter().map(|hit| hit.cluster.clone()).collect()
}

fn support() -> Shelf {
    Shelf::of(&[
        document(
            1,
            "How do I reset the agent's memory?",
            "Delete the sqlite file and start again.",
        ),
        document(
            2,
            "Where do I set the Discord token?",
            "Put DISCORD_API_TOKEN into the .env file.",
        ),
        document(
            3,
            "Why does posting to twitter fail?",
            "Set `ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS` once.",
        ),
        document(
            4,
            "Allow destructive eliza migrations?",
            "Destructive migrations are asked for by eliza, allow them.",
        ),
        document(5, "지갑을 어떻게 연결하나요?", "설정에서 지갑 주소를 넣으세요."),
    ])
}

#[test]
fn plain_words_find_the_question_in_another_form() {
    let shelf = support();
    let hits = shelf.find("resetting memories of agents");
    assert_eq!(clusters(&hits)[0], id(1));
    assert!(!hits.nearest_only);
    assert_eq!(clusters(&shelf.find("지갑 연결"))[0], id(5));
}

#[test]
fn a_whole_identifier_outranks_all_its_parts() {
    let shelf = support();
    let hits = shelf.find("ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS");
    assert_eq!(clusters(&hits)[..2], [id(3), id(4)]);
    assert_eq!(clusters(&shelf.find("destructive migrations"))[0], id(4));
}

#[test]
fn a_word_is_found_while_it_is_typed_and_when_it_is_misspelt() {
    let shelf = support();
    assert_eq!(clusters(&shelf.find("reset mem")), [id(1)]);
    assert_eq!(clusters(&shelf.find("twiter posting?"))[0], id(3));
}

#[test]
fn what_matches_badly_is_offered_as_nearest_only() {
    let shelf = support();
    let hits = shelf.find("does the restaurant reset its noodles daily?");
    assert!(hits.nearest_only);
    assert_eq!(clusters(&hits), [id(1)]);
    assert_eq!(shelf.find("quantum entanglement"), SearchHits::default());
}

#[test]
fn no_text_is_a_mistake() {
    let shelf = support();
    for text in ["", "   ", "\"", "a AND (", "title:^2 OR", "[x TO", "\u{0}", "-- +- !", "\\"] {
        shelf.find(text);
    }
    assert!(clusters(&shelf.find(&format!("memory {}", "x".repeat(100_000)))).contains(&id(1)));
}

#[test]
fn filters_keep_known_answers_and_channels_apart() {
    let mut known = document(1, "How do I back up the wallet?", "Export it.");
    known.state = rules::model::cluster::ClusterState::Merged;
    known.channels = vec![(ChannelId(7), "help".to_owned()), (ChannelId(8), "dev".to_owned())];
    let shelf = Shelf::of(&[known, document(2, "How do I back up the wallet file?", "Copy it.")]);
    let ask = |known, channel| {
        let text = "wallet back up".to_owned();
        clusters(&shelf.ask(SearchQuery {
            text,
            known,
            channel,
            limit: 5,
            ..SearchQuery::default()
        }))
    };
    assert_eq!(ask(Some(true), None), [id(1)]);
    assert_eq!(ask(Some(false), None), [id(2)]);
    assert_eq!(ask(None, Some(ChannelId(8))), [id(1)]);
    assert_eq!(ask(None, Some(ChannelId(9))), []);
}

#[test]
fn equal_documents_come_known_first_then_by_id_page_by_page() {
    let mut documents = (1..=60)
        .map(|number| document(number, "How to export a wallet?", "So."))
        .collect::<Vec<_>>();
    documents[40].state = rules::model::cluster::ClusterState::Merged;
    let shelf = Shelf::of(&documents);
    let page = |offset, limit| {
        shelf.ask(SearchQuery {
            text: "export wallet".to_owned(),
            offset,
            limit,
            ..SearchQuery::default()
        })
    };
    let all = [page(0, 25), page(25, 25), page(50, 25)];
    assert!(all.iter().all(|hits| hits.total == 60));
    let listed = all.iter().flat_map(clusters).collect::<Vec<_>>();
    let mut expected = (1..=60).map(id).collect::<Vec<_>>();
    expected.sort_by_key(|cluster| (*cluster != id(41), cluster.clone()));
    assert_eq!(listed, expected);
    assert_eq!(page(0, 1_000).hits.len(), MAX_LIMIT);
    assert_eq!(page(usize::MAX, usize::MAX).hits, []);
}

#[test]
fn how_the_index_is_laid_out_does_not_show() {
    let documents = (1..=30)
        .map(|number| {
            document(
                number,
                &format!("How to mend part {} of engine {}?", number % 7, number % 3),
                "Turn it.",
            )
        })
        .collect::<Vec<_>>();
    let whole = Shelf::of(&documents);
    let directory = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::open(directory.path()).unwrap();
    for part in documents.rchunks(4) {
        writer.replace(part).unwrap();
        writer.replace(&part[..1]).unwrap();
        writer.commit(1).unwrap();
    }
    for text in ["mend part 3", "engine 2", "turn part 1 of engine 0"] {
        let query = SearchQuery { text: text.to_owned(), limit: 50, ..SearchQuery::default() };
        assert_eq!(writer.searcher().search(&query).unwrap(), whole.ask(query), "{text}");
    }
}

#[test]
fn hidden_words_match_for_the_operator_alone() {
    let hidden = |number, question: &str, answer: &str| {
        let audiences = vec![SearchAudience::Operator];
        ClusterDocument { audiences, ..document(number, question, answer) }
    };
    let public = ClusterDocument {
        audiences: vec![SearchAudience::Public],
        ..document(1, "How do I open the gate?", "Turn the wheel.")
    };
    let whole = hidden(1, "How do I open the vellichor gate?", "Turn the brimtang wheel.");
    let other = hidden(2, "Where is the quorvex kept?", "Below the vellichor.");
    let shown = document(3, "How do I paint the gate?", "Use a wide brush.");
    let shelf = Shelf::of(&[whole, public.clone(), other, shown.clone()]);
    let ask = |text: &str, audience| {
        let text = text.to_owned();
        shelf.ask(SearchQuery { text, audience, limit: 5, ..SearchQuery::default() })
    };
    for word in ["vellichor", "vellich", "velichor", "brimtang", "quorvex"] {
        let found = ask(word, SearchAudience::Public);
        assert_eq!(found, SearchHits::default(), "{word}");
        assert!(ask(word, SearchAudience::Operator).total > 0, "{word}");
    }
    let without = Shelf::of(&[public, shown]);
    for text in ["open the vellichor gate", "paint gate", "gate vellich"] {
        let query = SearchQuery { text: text.into(), limit: 5, ..SearchQuery::default() };
        assert_eq!(ask(text, SearchAudience::Public), without.ask(query), "{text}");
    }
    assert_eq!((shelf.searcher.count(), shelf.searcher.ids().unwrap().len()), (3, 3));
}

#[test]
fn what_was_hidden_since_leaves_no_trace() {
    let documents = many(300);
    let secret = ClusterDocument {
        questions: vec!["Where is the brimtang kept?".to_owned(), documents[6].title.clone()],
        ..documents[6].clone()
    };
    let mut others = documents.clone();
    others.remove(6);
    let without = Shelf::of(&others);
    let directory = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::open(directory.path()).unwrap();
    writer.replace(&others).unwrap();
    writer.replace(std::slice::from_ref(&secret)).unwrap();
    writer.commit(1).unwrap();
    let query =
        |text: &str| SearchQuery { text: text.to_owned(), limit: 50, ..SearchQuery::default() };
    assert_eq!(writer.searcher().search(&query("brimtang")).unwrap().total, 1);
    let hidden = ClusterDocument { audiences: vec![SearchAudience::Operator], ..secret.clone() };
    writer.replace(&[hidden]).unwrap();
    writer.commit(2).unwrap();
    for text in ["brimtang", "brimt", "brimtagn ", &secret.title, &secret.answers[0], "w30"] {
        let found = writer.searcher().search(&query(text)).unwrap();
        assert_eq!(found, without.ask(query(text)), "{text}");
    }
}

#[test]
fn guilds_are_kept_apart() {
    let mut here = document(1, "How do I back up the wallet?", "Export it.");
    here.guilds = vec![GuildId(5)];
    let shelf = Shelf::of(&[here, document(2, "How do I back up the wallet?", "Copy it.")]);
    let text = "wallet back up".to_owned();
    let guild = Some(GuildId(5));
    let hits = shelf.ask(SearchQuery { text, guild, limit: 5, ..SearchQuery::default() });
    assert_eq!(clusters(&hits), [id(1)]);
}

#[test]
fn a_flag_differs_from_the_word_and_a_path_is_found_by_its_file() {
    let shelf = Shelf::of(&[
        document(1, "Which characters may a name have?", "Characters of any script."),
        document(2, "How do I start my own agent?", "Pass --characters=own.json to it."),
        document(3, "Where is the timer?", "In packages/core/src/timer.ts:12, look there."),
    ]);
    assert_eq!(clusters(&shelf.find("--characters"))[0], id(2));
    assert_eq!(clusters(&shelf.find("characters"))[0], id(1));
    assert_eq!(clusters(&shelf.find("timer.ts"))[0], id(3));
}

#[test]
fn a_pasted_error_is_cut_down_to_what_is_known_of_it() {
    let shelf = support();
    let frames = "    at step (/srv/app/dist/step.js:10:2)\n".repeat(300);
    let pasted =
        format!("{frames}Error: posting failed, ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS\n{frames}");
    let hits = shelf.find(&pasted);
    assert_eq!(clusters(&hits)[0], id(3));
    let words = hits.searched_for.unwrap();
    assert!(words.contains("ELIZA_ALLOW_DESTRUCTIVE_MIGRATIONS"), "{words}");
    assert!(!words.contains("step"), "{words}");
    assert_eq!(shelf.find("posting failed").searched_for, None);
}

#[test]
fn what_matches_far_worse_than_the_one_before_is_left_out() {
    let shelf = Shelf::of(&[
        document(1, "How do I rotate the webhook signing secret?", "Rotate the secret twice."),
        document(
            2,
            "What is a good name for a hen?",
            "No secret: Clementine is a good one for her.",
        ),
    ]);
    assert_eq!(clusters(&shelf.find("rotate webhook signing secret")), [id(1)]);
}

/// Questions of words some of which are frequent and some rare, always the same.
fn many(count: u64) -> Vec<ClusterDocument> {
    let word = |seed: u64| {
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let rank = (1_000 * 1_000) / (1 + mixed % 1_000_000);
        format!("w{}", if rank < 4 { mixed % 3_000 } else { 3_000 + rank % 40 })
    };
    let words = |seed: u64, length: u64| {
        (0..length).map(|at| word(seed * 64 + at)).collect::<Vec<_>>().join(" ")
    };
    (1..=count)
        .map(|number| document(number, &words(number * 2, 8), &words(number * 2 + 1, 30)))
        .collect()
}

/// What people wrote in the bundled exports, each message answered by the next.
fn conversations() -> Vec<ClusterDocument> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports");
    let mut said = Vec::new();
    for name in ["demo-eliza/coders.json", "demo-ubuntu/support.json"] {
        let export = std::fs::read(folder.join(name)).unwrap();
        let export: serde_json::Value = serde_json::from_slice(&export).unwrap();
        let messages = export["messages"].as_array().unwrap().iter();
        said.extend(messages.map(|message| message["content"].as_str().unwrap().to_owned()));
    }
    (1..).zip(said.windows(2)).map(|(number, pair)| document(number, &pair[0], &pair[1])).collect()
}

#[test]
fn the_first_result_is_that_of_scoring_every_document() {
    let documents = conversations();
    let shelf = Shelf::of(&documents);
    let snapshot = shelf.searcher.snapshot(SearchAudience::Public);
    let every = candidates::all(&snapshot);
    let (mut asked, mut same) = (0, 0);
    for (number, about) in documents.iter().enumerate().step_by(11) {
        // Words of an answer, or of a question and its answer.
        let said = about.answers[0].split(' ').skip(number % 3);
        let whole = (number % 2 == 0).then(|| about.title.split(' ')).into_iter().flatten();
        let text = whole.chain(said).step_by(1 + number % 2).take(2 + number % 12);
        let text = text.collect::<Vec<_>>().join(" ");
        let terms = query_terms::read(&text, &snapshot).unwrap().terms;
        let exact = scorer::score(&terms, &every, None, &snapshot).unwrap();
        let Some(first) = exact.hits(0..1, &snapshot).unwrap().pop() else { continue };
        asked += 1;
        same += usize::from(shelf.find(&text).hits.first() == Some(&first));
    }
    assert!(documents.len() > 3_000 && asked > 250, "{asked} of {}", documents.len());
    assert!(same * 100 >= asked * 99, "{same} of {asked}");
}

#[test]
fn a_word_that_nobody_wrote_is_not_taken_for_one_that_everybody_writes() {
    let mut documents = many(1_200);
    for (number, document) in documents.iter_mut().enumerate() {
        document.answers.push("there was a problem".to_owned());
        if number.is_multiple_of(100) {
            document.answers.push("deploy it to the staging cluster".to_owned());
        }
    }
    let shelf = Shelf::of(&documents);
    assert_eq!(shelf.find("probelm ").hits, []);
    assert_eq!(shelf.find("clsuter ").total, 12);
}

#[test]
fn a_reload_opens_only_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = IndexWriter::open(directory.path()).unwrap();
    for (cursor, documents) in [(1, 1..6), (2, 6..9)] {
        let documents = documents.map(|number| document(number, "Where is it?", "Here."));
        writer.replace(&documents.collect::<Vec<_>>()).unwrap();
        writer.commit(cursor).unwrap();
    }
    let searcher = writer.searcher();
    let before = searcher.snapshot(SearchAudience::Public);
    writer.replace(&[document(7, "Where is the other?", "There.")]).unwrap();
    writer.commit(3).unwrap();
    let after = searcher.snapshot(SearchAudience::Public);
    let kept = after
        .segments
        .iter()
        .filter(|segment| before.segments.iter().any(|earlier| Arc::ptr_eq(earlier, segment)));
    assert_eq!((before.segments.len(), after.segments.len(), kept.count()), (2, 3, 1));
    let again = AudienceSnapshots::take(&searcher.reader, None).unwrap();
    let again = again.of(SearchAudience::Public);
    assert_eq!([0, 1].map(|field| after.average(field)), [0, 1].map(|field| again.average(field)));
}

#[track_caller]
fn check_highlights(query: &str, text: &str, expected: &[&str]) {
    let found = highlights(query, text).into_iter().map(|range| &text[range]).collect::<Vec<_>>();
    assert_eq!(found, expected, "{query} in {text}");
}

#[test]
fn highlights_follow_the_words_of_the_query() {
    check_highlights("posting tweets?", "It posted a tweet.", &["posted", "tweet"]);
    check_highlights("how do I res", "How do I reset it?", &["reset"]);
    check_highlights("runtime.hasElizaOS", "call runtime.hasElizaOS()", &["runtime.hasElizaOS"]);
    check_highlights("지갑을", "이 지갑을 여세요", &["지갑을"]);
    check_highlights("how", "How so?", &["How"]);
    check_highlights("", "How so?", &[]);
}

proptest! {
    #[test]
    fn highlights_are_ordered_ranges_of_the_text(query in "\\PC{0,40}|[a-c가-다 ]{0,12}", text in "\\PC{0,80}|[a-c가-다 ]{0,40}") {
        let mut end = 0;
        for (number, range) in highlights(&query, &text).into_iter().enumerate() {
            prop_assert!(range.start < range.end && (number == 0 || range.start > end));
            prop_assert!(text.get(range.clone()).is_some());
            end = range.end;
        }
    }
}

/// The small model with random weights, and a document that says other words but means what `text` means to it.
fn meant(number: u64, text: &str) -> (Arc<SentenceEncoder>, ClusterDocument) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/encoders/bert");
    let encoder = SentenceEncoder::load(Path::new(folder), "").unwrap();
    let vector = encoder.encode(&[text]).remove(0).unwrap();
    let meanings = vec![vector.to_tagged_bytes(encoder.tag())];
    let other = document(number, "How do I paint the gate?", "Use a wide brush.");
    (Arc::new(encoder), ClusterDocument { meanings, ..other })
}

const MEANT: &str = "where is the port set";

#[test]
fn a_document_that_means_the_same_is_found_in_other_words() {
    let (encoder, gate) = meant(1, MEANT);
    let opposite = encoder.encode(&[MEANT]).remove(0).unwrap().to_f32().into_iter().map(|one| -one);
    let opposite = Embedding::from_f32(&opposite.collect::<Vec<_>>()).unwrap();
    let meanings = vec![opposite.to_tagged_bytes(encoder.tag())];
    let harbour = document(2, "Is there a harbour set?", "No.");
    let shelf = Shelf::of(&[gate, ClusterDocument { meanings, ..harbour }]);
    let query = SearchQuery { text: MEANT.into(), limit: 5, ..SearchQuery::default() };
    let by_words = shelf.ask(query.clone());
    let first = |found: &SearchHits| found.hits[0].cluster.clone();
    let [one, two] = [1, 2].map(id);
    assert_eq!(first(&by_words), two);
    let searcher = shelf.searcher.clone().with_encoder(Some(encoder));
    let found = searcher.search(&query).unwrap();
    assert_eq!((first(&found), found.nearest_only), (one, false));
    assert_eq!(searcher.search(&query).unwrap(), found, "each time the same");
    let cosine = |found: SearchHits| found.hits[0].explanation.as_ref().unwrap().cosine;
    let query = SearchQuery { explain: true, ..query };
    assert!(cosine(searcher.search(&query).unwrap()).is_some_and(|one| one > 0.99));
    assert_eq!(cosine(shelf.ask(query)), None);
}

#[test]
fn without_vectors_of_the_model_words_decide_as_before() {
    let (encoder, gate) = meant(1, MEANT);
    let stale = ClusterDocument {
        meanings: gate
            .meanings
            .iter()
            .map(|bytes| [b"othertag".as_slice(), &bytes[8..]].concat())
            .collect(),
        ..gate
    };
    let shelf = Shelf::of(&[stale, document(2, "Is there a harbour set?", "No.")]);
    let searcher = shelf.searcher.clone().with_encoder(Some(encoder));
    for text in [MEANT, "paint gate", "harbour", "페인트"] {
        let query = SearchQuery { text: text.into(), limit: 5, ..SearchQuery::default() };
        assert_eq!(searcher.search(&query).unwrap(), shelf.ask(query), "{text}");
    }
}

#[test]
fn what_only_the_operator_finds_is_not_found_by_its_meaning_either() {
    let (encoder, gate) = meant(1, MEANT);
    let hidden = ClusterDocument { audiences: vec![SearchAudience::Operator], ..gate };
    let shelf = Shelf::of(&[hidden, document(2, "Is there a harbour set?", "No.")]);
    let searcher = shelf.searcher.clone().with_encoder(Some(encoder));
    let ask = |audience| {
        let query =
            SearchQuery { text: MEANT.into(), audience, limit: 5, ..SearchQuery::default() };
        searcher.search(&query).unwrap()
    };
    assert_eq!(ask(SearchAudience::Operator).total, 2);
    let query = SearchQuery { text: MEANT.into(), limit: 5, ..SearchQuery::default() };
    let without = Shelf::of(&[document(2, "Is there a harbour set?", "No.")]);
    assert_eq!(ask(SearchAudience::Public), without.ask(query));
}
