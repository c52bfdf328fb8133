//! Proposals through kills, faults, lost data and busy maintainers: in the end, one of each.

mod maintainer_actions;
mod rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use docgen::pull_request::marker::BodyMarker;
use harvester::config::load_rules;
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::model::ids::MessageId;
use rules::time;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::github::{Act, FakeGitHub, Issue, Role};
use crate::recurring_questions::{self, RecurringQuestion};
use crate::seeded_rng::SeededRng;

const DOCS: &str = "harbor/docs";
const BOT: &str = "harvester-app";
const CHANNEL: u64 = 5;
/// Steps of a run before everything comes to rest.
const STEPS: usize = 14;
/// Rounds that coming to rest may take.
const MOST_ROUNDS: usize = 16;
const FILES: [(&str, &str); 3] = [
    ("README.md", "# Harbor\n"),
    (
        "docs.json",
        "{\n  \"navigation\": {\n    \"groups\": [\n      { \"group\": \"Guide\", \"pages\": [\"start\"] }\n    ]\n  }\n}\n",
    ),
    (".github/answer-harvester.yml", "limits:\n  open: 50\n  per_day: 50\n  per_hour: 50\n"),
];
/// A guide made of the answers, which changes whenever one of them is merged or goes.
const GUIDE: &str = "answers/guide-first-week";
const GUIDE_PAGE: &str = "answers/first-week.mdx";
const OUTLINE: &str = "title = 'First week'\npropose = true\n\
    [[step]]\ntitle = 'The index'\nwords = ['vector index']\n\
    [[step]]\ntitle = 'The gateway'\nwords = ['certificate']\n";
const QUESTIONS: &[RecurringQuestion] = recurring_questions::QUESTIONS.split_at(2).0;

/// What happened in runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ran {
    pub rounds: usize,
    pub requests: usize,
    pub faults: usize,
    pub kills: usize,
    pub acts: usize,
    pub lost: usize,
    pub deleted: usize,
}

impl AddAssign for Ran {
    fn add_assign(&mut self, more: Self) {
        self.rounds += more.rounds;
        self.requests += more.requests;
        self.faults += more.faults;
        self.kills += more.kills;
        self.acts += more.acts;
        self.lost += more.lost;
        self.deleted += more.deleted;
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, requests, faults, kills, acts, lost, deleted } = self;
        write!(
            f,
            "{rounds} rounds, {requests} requests, {faults} faults, {kills} kills, {acts} acts of \
             people, {lost} lost data directories, {deleted} deleted messages"
        )
    }
}

/// A data directory with two questions that are due, and one from whose first a message was deleted.
pub struct Prepared {
    folder: TempDir,
    rules: Arc<Ruleset>,
    now: Timestamp,
    /// Branch to path and page, as long as nobody else has a hand in it.
    before: BTreeMap<String, (String, String)>,
    after: BTreeMap<String, (String, String)>,
    gone: MessageId,
}

impl Prepared {
    /// Imports with `program`, the product's executable.
    pub fn new(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("before");
        std::fs::create_dir_all(data.join("rules/guides"))?;
        std::fs::write(data.join("rules/guides/first-week.toml"), OUTLINE)?;
        let scope = "[trust]\nroles = ['Helper']\n[consent]\nmode = 'server-public'\n";
        std::fs::write(data.join("rules/scope.toml"), scope)?;
        std::fs::write(data.join("harvester.toml"), "[rules]\ndirectory = 'rules'\n")?;
        let (export, gone) = talk();
        let file = folder.path().join("talk.json");
        std::fs::write(&file, export.to_string())?;
        let mut command = Command::new(program);
        command.env_clear().arg("--data").arg(&data).arg("import").arg(&file);
        let ran = command.output()?;
        ensure!(ran.status.success(), "import: {}", String::from_utf8_lossy(&ran.stderr));
        let rules = Arc::new(load_rules(Some(&data.join("rules")))?);
        let now = time::whole_millisecond(Timestamp::now());
        let none = BTreeMap::new();
        let mut prepared = Self { folder, rules, now, before: none.clone(), after: none, gone };
        prepared.before = prepared.undisturbed("before")?;
        let after = prepared.folder.path().join("after");
        copy(&data, &after)?;
        let runtime = runtime()?;
        runtime.block_on(rounds::delete(&after, &prepared.rules, gone, now))?;
        prepared.after = prepared.undisturbed("after")?;
        Ok(prepared)
    }

    /// The pages that come of a data directory where nothing goes wrong.
    fn undisturbed(&self, data: &str) -> anyhow::Result<BTreeMap<String, (String, String)>> {
        let mut run = Run::begin(self, 0, data)?;
        run.round("one", None)?;
        let pulls = run.pulls();
        let answers = pulls.iter().filter(|pull| pull.branch() != GUIDE);
        let pages = answers.map(|pull| Ok((pull.branch().to_owned(), run.page(pull)?)));
        let pages = pages.collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        ensure!(pages.len() == QUESTIONS.len(), "not every question was proposed: {pages:?}");
        ensure!(pulls.len() == pages.len() + 1, "the guide was not proposed: {}", describe(&pulls));
        Ok(pages)
    }

    /// Plays the run of a seed; fails where anything is doubled, lost or wrong in the end.
    pub fn run(&self, seed: u64) -> anyhow::Result<Ran> {
        let mut run = Run::begin(self, seed, "before")?;
        for _ in 0..STEPS {
            run.step()?;
        }
        run.rest()?;
        run.check()?;
        run.ran.requests = run.github.requests().len();
        Ok(run.ran)
    }
}

/// One run: a repository, two harvesters with one data directory, and a maintainer.
struct Run<'p> {
    prepared: &'p Prepared,
    dice: SeededRng,
    folder: TempDir,
    runtime: Arc<Runtime>,
    github: Arc<FakeGitHub>,
    token: String,
    /// The first question lost a message.
    changed: bool,
    /// The data were lost after that.
    forgot: bool,
    /// How often somebody asked for a closed one again, by branch.
    asked: BTreeMap<String, usize>,
    /// Branches that people committed to, with their commits.
    committed: BTreeMap<String, String>,
    /// Pull requests whose title or body people edited.
    edited: BTreeSet<u64>,
    ran: Ran,
}

impl<'p> Run<'p> {
    fn begin(prepared: &'p Prepared, seed: u64, data: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(&prepared.folder.path().join(data), folder.path())?;
        let github = FakeGitHub::start();
        github.set_now(prepared.now);
        github.repo(DOCS, &FILES);
        github.member(DOCS, "mina", Role::Write);
        github.member(DOCS, BOT, Role::Write);
        let token = github.personal_token(BOT, &[]);
        Ok(Self {
            prepared,
            dice: SeededRng::new(seed),
            folder,
            runtime: Arc::new(runtime()?),
            github: Arc::new(github),
            token,
            changed: false,
            forgot: false,
            asked: BTreeMap::new(),
            committed: BTreeMap::new(),
            edited: BTreeSet::new(),
            ran: Ran::default(),
        })
    }

    fn pulls(&self) -> Vec<Issue> {
        self.github.pulls(DOCS)
    }

    /// Path and text of the page on a pull request's branch.
    fn page(&self, pull: &Issue) -> anyhow::Result<(String, String)> {
        let mut files = self.github.files(DOCS, pull.branch()).into_iter();
        if pull.branch() == GUIDE {
            return files.find(|(path, _)| path == GUIDE_PAGE).context("the guide has no page");
        }
        let main = self.github.files(DOCS, "main");
        let mark = format!("id={} ", pull.branch().trim_start_matches("answers/"));
        let mut pages = files.filter(|(path, text)| {
            path.starts_with("answers/") && (text.contains(&mark) || !main.contains_key(path))
        });
        pages.next().with_context(|| format!("#{} has no page", pull.number))
    }

    /// All that must be true when everything has come to rest.
    fn check(&self) -> anyhow::Result<()> {
        let expected = if self.changed { &self.prepared.after } else { &self.prepared.before };
        for (branch, page) in expected {
            let pulls = self.pulls().into_iter().filter(|pull| pull.branch() == branch);
            let pulls = pulls.collect::<Vec<_>>();
            let merged = |pull: &Issue| pull.pull.as_ref().is_some_and(|one| one.merged.is_some());
            let merged = pulls.iter().any(merged);
            // A page that lost a source after its merge gets a pull request that mends it.
            let mended = usize::from(merged && self.changed);
            let most = 1 + mended + self.asked.get(branch).copied().unwrap_or_default();
            let open = pulls.iter().filter(|pull| pull.open).count();
            ensure!(
                !pulls.is_empty() && pulls.len() <= most && open <= 1,
                "{branch}: {} pull requests, {open} open, {most} expected: {}",
                pulls.len(),
                describe(&pulls)
            );
            for pull in pulls.iter().filter(|pull| pull.open && !merged) {
                self.check_open(pull, page).with_context(|| format!("#{}", pull.number))?;
            }
        }
        self.check_guide()?;
        let known = |branch: &str| branch == GUIDE || expected.contains_key(branch);
        ensure!(self.pulls().iter().all(|pull| known(pull.branch())), "another");
        let overwritten = self.github.overwritten();
        ensure!(overwritten.is_empty(), "overwritten: {overwritten:?}");
        let board = self.github.issues(DOCS);
        ensure!(board.len() <= 1, "{} dashboards", board.len());
        let board = format!("{DOCS}#{} ", board.first().map_or(0, |board| board.number));
        let mut mentions = self.github.mentions();
        mentions.retain(|one| one.act != Act::Refer || !one.place.starts_with(&board));
        ensure!(mentions.is_empty(), "{mentions:?}");
        let surprises = self.github.surprises();
        ensure!(surprises.is_empty(), "{surprises:?}");
        let requests = self.github.requests();
        let writes = requests.iter().filter(|request| request.is_write()).collect::<Vec<_>>();
        let close = writes
            .windows(2)
            .find(|two| two[1].time.duration_since(two[0].time) < SignedDuration::from_secs(1));
        ensure!(close.is_none(), "two writes within a second: {close:?}");
        Ok(())
    }

    /// A guide gets one pull request at a time, and no more than its answers have changes.
    fn check_guide(&self) -> anyhow::Result<()> {
        let pulls = self.pulls().into_iter().filter(|pull| pull.branch() == GUIDE);
        let pulls = pulls.collect::<Vec<_>>();
        let open = pulls.iter().filter(|pull| pull.open).count();
        // Each answer may be merged and then mended.
        let most = 1 + 2 * QUESTIONS.len() + self.asked.get(GUIDE).copied().unwrap_or_default();
        ensure!(
            !pulls.is_empty() && pulls.len() <= most && open <= 1,
            "the guide: {} pull requests, {open} open: {}",
            pulls.len(),
            describe(&pulls)
        );
        let touched = |pull: &Issue| {
            self.edited.contains(&pull.number) || self.committed.contains_key(pull.branch())
        };
        for pull in pulls.iter().filter(|pull| pull.open && !touched(pull)) {
            let (_, page) = self.page(pull)?;
            let titles = ["## 1. The index", "## 2. The gateway"];
            ensure!(titles.iter().all(|title| page.contains(title)), "a step is missing: {page}");
            let gone = self.prepared.gone.to_string();
            ensure!(!self.changed || !page.contains(&gone), "the guide leads to what is gone");
        }
        Ok(())
    }

    fn check_open(&self, pull: &Issue, page: &(String, String)) -> anyhow::Result<()> {
        let head = self.github.branches(DOCS).get(pull.branch()).cloned().unwrap_or_default();
        let gone = self.prepared.gone.to_string();
        if let Some(commit) = self.committed.get(pull.branch()) {
            ensure!(head == *commit, "the branch is not at the commit of people");
            let still_quoted = self.changed && !self.forgot && pull.body.contains(&gone);
            ensure!(!still_quoted, "the body holds words that are gone");
            return Ok(());
        }
        let found = self.page(pull)?;
        // What lost its source is known by what stood there; a lost directory does not know it.
        if self.edited.contains(&pull.number) && (!self.changed || self.forgot) {
            return Ok(());
        }
        ensure!(found == *page, "expected {page:?}, found {found:?}");
        let nav = self.github.file(DOCS, pull.branch(), "docs.json").unwrap_or_default();
        let name = page.0.trim_end_matches(".mdx");
        ensure!(nav.contains(name), "no way leads to the page: {nav}");
        if self.edited.contains(&pull.number) {
            return Ok(());
        }
        let marker = BodyMarker::read(&pull.body).context("no marker")?;
        ensure!(marker.head == head, "the marker names {}, the head is {head}", marker.head);
        ensure!(!pull.is_draft(), "it is a draft");
        ensure!(pull.labels.contains("answer-harvester"), "labels: {:?}", pull.labels);
        ensure!(!self.changed || !pull.body.contains(&gone), "the body holds words that are gone");
        Ok(())
    }
}

fn describe(pulls: &[Issue]) -> String {
    let describe_one = |pull: &Issue| {
        format!(
            "#{} {} {}",
            pull.number,
            pull.title,
            if pull.pull.as_ref().is_some_and(|one| one.merged.is_some()) {
                "merged"
            } else if pull.open {
                "open"
            } else {
                "closed"
            }
        )
    };
    pulls.iter().map(describe_one).collect::<Vec<_>>().join("; ")
}

fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Each question asked four times, and the message that is deleted later.
fn talk() -> (Value, MessageId) {
    const MINUTE: u64 = 60_000 << 22;
    let mut id = 1_300_000_000_000_000_000_u64;
    let (mut messages, mut gone) = (Vec::new(), MessageId(0));
    for (question, (wordings, answer)) in QUESTIONS.iter().enumerate() {
        for (at, wording) in wordings.iter().enumerate() {
            id += 600 * MINUTE;
            let asker = (11 + 10 * question + at).to_string();
            let first = id;
            for (text, author, to) in [
                (*wording, asker.as_str(), None),
                (*answer, "900", Some(first)),
                ("that worked, thank you!", asker.as_str(), Some(first + MINUTE)),
            ] {
                messages.push(message(id, author, text, to));
                id += MINUTE;
            }
            if (question, at) == (0, 3) {
                gone = MessageId(first + MINUTE);
            }
        }
    }
    let export = json!({
        "guild": { "id": "1", "name": "A server" },
        "channel": {
            "id": CHANNEL.to_string(), "type": "GuildTextChat", "categoryId": null,
            "category": null, "name": "help", "topic": null,
        },
        "dateRange": { "after": null, "before": null },
        "exportedAt": "2025-03-01T00:00:00+00:00",
        "messageCount": messages.len(),
        "messages": messages,
    });
    (export, gone)
}

fn message(id: u64, author: &str, text: &str, to: Option<u64>) -> Value {
    let sent = MessageId(id).created_at();
    let roles = if author == "900" { json!([{ "id": "77", "name": "Helper" }]) } else { json!([]) };
    let reference = to.map(|to| {
        json!({ "messageId": to.to_string(), "channelId": CHANNEL.to_string(), "guildId": "1" })
    });
    json!({
        "id": id.to_string(),
        "type": if to.is_some() { "Reply" } else { "Default" },
        "timestamp": sent.to_string(),
        "timestampEdited": null,
        "content": text,
        "author": { "id": author, "name": format!("person_{author}"), "isBot": false, "roles": roles },
        "reactions": [],
        "mentions": [],
        "reference": reference,
    })
}
