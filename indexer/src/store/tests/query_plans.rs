//! What runs for a message, a search or a round of proposals reads no whole table: SQLite's plans say so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::AssertSqlSafe;

use super::*;

/// Where statements read a whole table, and why they may: the start of the file's path, the tables, the reason.
const REVIEWED: [(&str, &[&str], &str); 24] = [
    ("operations/counts.rs", &[], "counts for an operator, or once a minute for the site"),
    ("operations/live_counts.rs", &[], "the same"),
    ("privacy/erasure.rs", &[], "one person is erased: what may name them is read"),
    ("privacy/personal_data.rs", &[], "the same"),
    ("privacy/opt_outs.rs", &["opt_outs"], "few, and found by their digests alone"),
    ("reports/", &[], "a report on everything of a time"),
    ("visitors/api_tokens.rs", &["api_tokens"], "made one by one by the operator"),
    ("clusters/cluster_rows.rs", &["clusters"], "every id, to build an index or a catalogue again"),
    (
        "clusters/merged_answers.rs",
        &["merged_answers", "channels"],
        "as many as pages; a look in each channel",
    ),
    ("clusters/likeness.rs", &["corpus_epoch"], "one row"),
    (
        "clusters/embeddings.rs",
        &["sentence_encoder", "text_embeddings", "asked_texts"],
        "one row, and another model, by which everything is read again",
    ),
    ("ingest/servers.rs", &["servers"], "as many as servers; once a minute for the site"),
    (
        "proposals/review_decisions.rs",
        &["review_decisions"],
        "the last decisions, by the order of the table",
    ),
    ("clusters/cluster_rows.rs", &["corpus_epoch"], "one row"),
    (
        "proposals/",
        &["proposals", "proposal_steps"],
        "as many as pull requests; ended steps are removed",
    ),
    (
        "ingest/channels.rs",
        &["channels"],
        "the start, where all are compared with Discord's list, and new rules",
    ),
    ("ingest/channels.rs", &["pending"], "what waits to be judged"),
    ("ingest/channel_progress.rs", &["channel_progress"], "the start of catching up"),
    (
        "ingest/members.rs",
        &["channels"],
        "a look in each channel, for one who spoke before the join was known",
    ),
    ("ingest/users.rs", &["users"], "a check of the settings"),
    (
        "ingest/reactions.rs",
        &["messages", "reaction_changes"],
        "a fingerprint, and whether there are any",
    ),
    (
        "ingest/quarantine.rs",
        &["quarantine"],
        "payloads that await another version; by channel where that goes",
    ),
    ("ingest/tombstones.rs", &["tombstones"], "whether there are any"),
    (
        "operations/",
        &["audit", "settings", "leases"],
        "the last entries by their order; a few dozen rows each",
    ),
];

#[tokio::test]
async fn no_statement_reads_a_whole_table_but_for_a_reason() {
    let (store, _folder) = empty_file().await;
    let tables = names(&store, "type = 'table'").await;
    // A partial index has only the rows that wait for something.
    let partial = names(&store, "type = 'index' AND sql LIKE '% WHERE %'").await;
    let (mut statements, mut used) = (0, BTreeSet::new());
    let mut unreviewed = BTreeMap::<String, Vec<String>>::new();
    for (file, text) in sources() {
        for sql in literals(&text).into_iter().map(|literal| filled(&literal)) {
            if is_for_postgres(&sql) {
                continue;
            }
            statements += 1;
            for step in plan(&store, &sql).await {
                let words = step.split(' ').collect::<Vec<_>>();
                let ["SCAN", table, rest @ ..] = words.as_slice() else { continue };
                let is_partial = rest.last().is_some_and(|index| partial.contains(*index));
                if is_partial || rest.contains(&"VIRTUAL") || !tables.contains(*table) {
                    continue;
                }
                let reason = REVIEWED.iter().position(|(start, reviewed, _)| {
                    file.starts_with(start) && (reviewed.is_empty() || reviewed.contains(table))
                });
                match reason {
                    Some(at) => drop(used.insert(at)),
                    None => {
                        unreviewed.entry(file.clone()).or_default().push(format!("{step}: {sql}"))
                    }
                }
            }
        }
    }
    assert_eq!(unreviewed, BTreeMap::new());
    assert_eq!(used.len(), REVIEWED.len(), "a reason without a statement: only {used:?} are used");
    assert!(statements > 200, "only {statements} statements are found");
}

async fn names(store: &Store, which: &str) -> BTreeSet<String> {
    let sql = format!("SELECT name FROM sqlite_schema WHERE {which}");
    let names = engine::query_scalar::<String>(AssertSqlSafe(sql));
    names.fetch_all(&store.read).await.unwrap().into_iter().collect()
}

/// A list that a statement is given is JSON, which is parsed again for each row that comes before it in a join, or that
/// a subquery is asked for.
#[tokio::test]
async fn a_given_list_is_read_before_the_rows_that_it_selects() {
    let (store, _folder) = empty_file().await;
    let (mut lists, mut late) = (0, Vec::new());
    for text in sources().into_values() {
        for sql in literals(&text).into_iter().map(|literal| filled(&literal)) {
            if is_for_postgres(&sql) {
                continue;
            }
            let given = given_lists(&sql);
            lists += given.len();
            let (mut outer, mut for_each_row) = (BTreeSet::new(), BTreeSet::new());
            for step in plan_steps(&store, &sql).await {
                if step.detail.starts_with("CORRELATED") || for_each_row.contains(&step.parent) {
                    for_each_row.insert(step.id);
                }
                let words = step.detail.split(' ').collect::<Vec<_>>();
                let ["SCAN" | "SEARCH", name, ..] = words.as_slice() else { continue };
                let is_given = given.contains(*name);
                if is_given && (outer.contains(&step.parent) || for_each_row.contains(&step.id)) {
                    late.push(format!("{}: {sql}", step.detail));
                }
                if !is_given {
                    outer.insert(step.parent);
                }
            }
        }
    }
    assert_eq!(late, Vec::<String>::new());
    assert!(lists > 30, "only {lists} lists are found");
}

/// The names of lists that are given as a parameter.
fn given_lists(sql: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for list in sql.split("json_each($").skip(1) {
        let after = list.split_once(')').map_or("", |(_, after)| after.trim_start());
        let name = after.strip_prefix("AS ").unwrap_or("json_each");
        names.extend(name.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next());
    }
    names
}

/// The steps that SQLite would take.
async fn plan(store: &Store, sql: &str) -> Vec<String> {
    plan_steps(store, sql).await.into_iter().map(|step| step.detail).collect()
}

/// A step of a plan. Those with the same parent that read rows are loops, each within the one before.
struct PlanStep {
    id: i64,
    parent: i64,
    detail: String,
}

async fn plan_steps(store: &Store, sql: &str) -> Vec<PlanStep> {
    let explained = format!("EXPLAIN QUERY PLAN {sql}");
    let steps = engine::query_as::<(i64, i64, i64, String)>(AssertSqlSafe(explained));
    let steps = steps.fetch_all(&store.write).await;
    let steps = steps.unwrap_or_else(|error| panic!("{error}: {sql}"));
    steps.into_iter().map(|(id, parent, _, detail)| PlanStep { id, parent, detail }).collect()
}

/// Whether a statement asks PostgreSQL about itself.
fn is_for_postgres(sql: &str) -> bool {
    ["pg_", "current_schema()"].iter().any(|name| sql.contains(name))
}

/// The files of the store, by path, without tests.
pub(super) fn sources() -> BTreeMap<String, String> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let (mut folders, mut found) = (vec![store.clone()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                // Its statements are made of the names of tables.
                && !path.ends_with("transfer.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                let name = path.strip_prefix(&store).unwrap().display().to_string();
                found.insert(name.replace('\\', "/"), product);
            }
        }
    }
    found
}

/// The statements of a file.
pub(super) fn literals(text: &str) -> Vec<String> {
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    let mut found = Vec::new();
    let text = text.replace("'\"'", "'_'");
    let mut pieces = text.split('"').skip(1);
    while let Some(literal) = pieces.next() {
        let mut literal = literal.to_owned();
        // A quotation mark that belongs to the text.
        while literal.ends_with('\\') {
            literal.pop();
            literal.push('"');
            literal.push_str(pieces.next().unwrap_or_default());
        }
        if verbs.iter().any(|verb| literal.starts_with(verb)) {
            found.push(literal);
        }
        pieces.next();
    }
    found
}

/// A statement with something in every place that the program fills.
fn filled(literal: &str) -> String {
    let mut sql = with_parts(literal).replace("{list}", "(1, 2)");
    while let Some(at) = sql.find("VALUES {") {
        let row = format!("({})", vec!["1"; columns(&sql[..at]).len().max(1)].join(", "));
        let end = at + sql[at..].find('}').unwrap() + 1;
        sql.replace_range(at..end, &format!("VALUES {row}, {row}"));
    }
    sql.replace("{}", "(1, 2)")
}

/// The names in the last parentheses.
pub(super) fn columns(sql: &str) -> Vec<String> {
    let names = sql.rsplit_once(')').and_then(|(before, _)| before.rsplit_once('('));
    let names = names.map(|(_, names)| names.split(',')).into_iter().flatten();
    names.map(|name| name.trim().to_owned()).collect()
}

/// A statement on one line, with the parts that several share.
pub(super) fn with_parts(literal: &str) -> String {
    let lost = "conversation IN (SELECT value FROM json_each($1)) \
                AND question NOT IN (SELECT value FROM json_each($2))";
    let withdrawn = "question IN (SELECT CAST(json_extract(verdict, '$.q[0]') AS INTEGER) \
                     FROM json_each($1) AS one JOIN exchanges \
                     ON exchanges.conversation = CAST(one.value ->> 0 AS INTEGER) \
                     AND exchanges.id = CAST(one.value ->> 1 AS INTEGER))";
    let lines = literal.split("\\\n").map(str::trim_start).collect::<String>();
    lines
        .replace("{withdrawn}", withdrawn)
        .replace("{lost}", lost)
        .replace("{GONE}", "TRUE")
        .replace("{COLUMNS}", "*")
        .replace("{table}", "split_marks")
}
