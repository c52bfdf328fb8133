//! A repository of documentation, its maintainers, and the harvester that proposes to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use docgen::forge::Forge;
use docgen::github::auth::{Auth, Credential};
use docgen::github::client::GitHubClient;
use harvester::config::load_rules;
use harvester::discord::interactions::handler::PAUSED;
use harvester::proposals::{ProposalReconciler, ProposingError, RoundOutcome, RoundReport};
use indexer::store::{Store, WriteBatch};
use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use rules::publish::pseudonym::AuthorNaming;
use rules::time;
use tests::harness::github::{Act, Acting, FakeGitHub, How, Issue, Role};
use tests::recurring_questions::QUESTIONS;
use tests::service_clock::ServiceClock;
use tokio::runtime::Runtime;

use super::SITE;
use crate::exports::{Talk, write};
use crate::sandbox::{Sandbox, store_of};

pub(crate) const DOCS: &str = "harbor/docs";
const SETTINGS: &str = ".github/answer-harvester.yml";
/// Who proposes.
const BOT: &str = "harvester-app";

/// Where a story of proposals happens.
pub(crate) struct ProposalFixture {
    pub(crate) sandbox: Sandbox,
    pub(crate) github: Arc<FakeGitHub>,
    pub(crate) talk: Talk,
    /// The repositories whose releases are read.
    pub(crate) releases: Vec<String>,
    runtime: Runtime,
    token: String,
    imports: usize,
}

impl ProposalFixture {
    /// A repository with these files, and talk that was not imported yet.
    pub(crate) fn new(files: &[(&str, &str)], talk: Talk) -> Self {
        let sandbox = Sandbox::new();
        sandbox.settle_in();
        let github = FakeGitHub::start();
        github.repo(DOCS, files);
        github.member(DOCS, "mina", Role::Write);
        github.member(DOCS, "sol", Role::Read);
        github.member(DOCS, BOT, Role::Write);
        let token = github.personal_token(BOT, &[]);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let github = Arc::new(github);
        let releases = Vec::new();
        let mut fixture = Self { sandbox, github, talk, releases, runtime, token, imports: 0 };
        fixture.import();
        fixture
    }

    /// As `new`, with the settings merged already.
    pub(crate) fn switched_on(files: &[(&str, &str)], talk: Talk) -> Self {
        let fixture = Self::new(files, talk);
        fixture.round();
        let number = fixture.pulls()[0].number;
        fixture.mina().merge(number, How::Squash);
        fixture
    }

    /// With the talk that the program carries, under the demo's rules.
    pub(crate) fn on_the_demo(files: &[(&str, &str)]) -> Self {
        let fixture = Self::new(files, Talk::in_channel(5));
        let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
        let scope = std::fs::read_to_string(ours.join("../harvester/demo/scope.toml")).unwrap();
        fixture.sandbox.write("data/rules/scope.toml", &scope);
        for community in ["demo-eliza", "demo-ubuntu"] {
            let exports = ours.join("../harvester/demo/exports").join(community);
            assert_eq!(fixture.sandbox.import(&exports).code, 0);
        }
        fixture
    }

    /// As `switched_on` from the beginning, where maintainers are in a hurry.
    pub(crate) fn eager(talk: Talk) -> Self {
        let mut files = SITE.to_vec();
        files.push((SETTINGS, "limits:\n  open: 50\n  per_day: 50\n  per_hour: 50\n"));
        Self::new(&files, talk)
    }

    /// The data directory is lost, and all of the talk is read again.
    pub(crate) fn lose_data(&mut self) {
        std::fs::remove_dir_all(self.sandbox.data()).unwrap();
        self.sandbox.settle_in();
        self.import();
    }

    /// Reads all of the talk again.
    pub(crate) fn import(&mut self) {
        self.imports += 1;
        let name = format!("talk-{}.json", self.imports);
        let export = write(&self.sandbox.path(&name), &self.talk.export());
        assert_eq!(self.sandbox.import(&export).code, 0);
    }

    /// A maintainer.
    pub(crate) fn mina(&self) -> Acting<'_> {
        self.github.acting("mina", DOCS)
    }

    /// One round of the harvester that must come to an end.
    #[track_caller]
    pub(crate) fn round(&self) -> RoundReport {
        match self.try_round("one") {
            Ok(RoundOutcome::Done(report)) => report,
            other => panic!("{other:?}"),
        }
    }

    /// One round of a harvester of this name.
    pub(crate) fn try_round(&self, owner: &str) -> Result<RoundOutcome, ProposingError> {
        // What was said last is judged, grouped and indexed first.
        self.sandbox.stdout_of(&["status"]);
        self.runtime.block_on(async {
            let proposer = self.proposer(owner).await;
            let round = proposer.round().await;
            proposer.store.close().await;
            round
        })
    }

    async fn proposer(&self, owner: &str) -> ProposalReconciler {
        let store = Store::open_shared(store_of(&self.sandbox.data())).await.unwrap();
        let rules: PathBuf = self.sandbox.path("data/rules");
        let auth = Auth::Token(Credential::new(self.token.clone()));
        let clock = Arc::new(ServiceClock(self.github.clone()));
        let naming = AuthorNaming::Pseudonyms(store.salt().await.unwrap().unwrap());
        ProposalReconciler {
            forge: Arc::new(Forge::GitHub(Box::new(
                GitHubClient::new(&self.github.url(), DOCS, auth, clock, None).unwrap(),
            ))),
            limits: Default::default(),
            rules: Arc::new(load_rules(Some(&rules)).unwrap()),
            target: None,
            folder: None,
            owner: owner.to_owned(),
            documents: Default::default(),
            guide_gaps: Default::default(),
            needing_work: Default::default(),
            releases: self.releases.clone(),
            naming,
            store,
        }
    }

    /// Somebody deletes messages of the channel.
    pub(crate) fn delete(&self, messages: &[&str]) {
        let channel = ChannelId(self.talk.channel());
        let at = time::whole_millisecond(Timestamp::now());
        let deleted = messages.iter().map(|id| (channel, MessageId(id.parse().unwrap()), at));
        self.apply_batch(&WriteBatch { deleted: deleted.collect(), ..WriteBatch::default() });
    }

    /// Writes the settings by which commands reach the repository.
    pub(crate) fn configure_forge(&self) {
        let settings = format!(
            "[rules]\ndirectory = 'rules'\n[forge]\ngithub = '{DOCS}'\napi_url = '{}'\ntoken = '{}'\n",
            self.github.url(),
            self.token
        );
        self.sandbox.write("data/harvester.toml", &settings);
    }

    /// The day of the last message.
    pub(crate) fn last_day(&self) -> String {
        self.said_last().strftime("%Y-%m-%d").to_string()
    }

    /// When the last message was sent.
    pub(crate) fn said_last(&self) -> Timestamp {
        let last = self.talk.ids().pop().expect("something was said");
        last.parse::<MessageId>().unwrap().created_at()
    }

    /// An operator holds new proposals back, or lets them go.
    pub(crate) fn pause(&self, pause: bool) {
        self.runtime.block_on(async {
            let store = Store::open_shared(store_of(&self.sandbox.data())).await.unwrap();
            match pause {
                true => store.set(PAUSED, "1").await.unwrap(),
                false => store.unset(PAUSED).await.unwrap(),
            }
            store.close().await;
        });
    }

    /// Stores what Discord sent.
    pub(crate) fn apply_batch(&self, batch: &WriteBatch) {
        self.runtime.block_on(async {
            let store = Store::open_shared(store_of(&self.sandbox.data())).await.unwrap();
            store.apply_batch(batch).await.unwrap();
            store.close().await;
        });
    }

    /// The newest pull request that is about these words.
    #[track_caller]
    pub(crate) fn about(&self, words: &str) -> Issue {
        let mut pulls = self.pulls();
        pulls.retain(|pull| pull.title.contains(words) || pull.body.contains(words));
        pulls.pop().unwrap_or_else(|| panic!("no pull request is about {words:?}"))
    }

    /// The page that a branch adds, with its path.
    #[track_caller]
    pub(crate) fn page_on(&self, branch: &str) -> (String, String) {
        let files = self.github.files(DOCS, branch).into_iter();
        let mut pages = files.filter(|(path, _)| is_page(path));
        pages.next().unwrap_or_else(|| panic!("no page on {branch}"))
    }

    /// What the harvester said on a pull request: one comment, edited in place.
    #[track_caller]
    pub(crate) fn status_of(&self, number: u64) -> String {
        let comments = self.github.comments(DOCS, number).into_iter();
        let mut ours = comments.filter(|comment| comment.author == BOT).collect::<Vec<_>>();
        assert!(ours.len() < 2, "{ours:#?}");
        ours.pop().map(|comment| comment.body).unwrap_or_default()
    }

    pub(crate) fn pulls(&self) -> Vec<Issue> {
        self.github.pulls(DOCS)
    }

    /// The pull request with this number.
    pub(crate) fn pull(&self, number: u64) -> Issue {
        self.github.numbered_one(DOCS, number)
    }

    /// The text of the dashboard.
    pub(crate) fn dashboard(&self) -> String {
        let issues = self.github.issues(DOCS);
        let found = issues.into_iter().find(|one| one.title.contains("dashboard"));
        found.expect("there is a dashboard").body
    }

    pub(crate) fn days(&self, days: i64) {
        self.github.advance(time::days(days));
    }

    /// Nothing called anybody, nothing of people's was overwritten, and the service was not surprised.
    #[track_caller]
    pub(crate) fn assert_polite(&self) {
        self.github.assert_no_surprises();
        assert!(self.github.overwritten().is_empty(), "{:?}", self.github.overwritten());
        // The dashboard names our own pull requests, and that is what it is for.
        let mut mentions = self.github.mentions();
        let board = self.github.issues(DOCS).first().map_or(0, |board| board.number);
        let board = format!("{DOCS}#{board} ");
        mentions.retain(|one| one.act != Act::Refer || !one.place.starts_with(&board));
        assert!(mentions.is_empty(), "{mentions:?}");
    }
}

/// Whether a file is the page of an answer, and not the first page of the section.
pub(crate) fn is_page(path: &str) -> bool {
    path.starts_with("answers/") && path != "answers/index.mdx"
}

/// So many of the questions, asked and answered three times each.
pub(crate) fn asked(questions: usize) -> Talk {
    let mut talk = Talk::in_channel(5);
    for (asker, (wordings, answer)) in QUESTIONS.iter().take(questions).enumerate() {
        for (at, wording) in wordings[..3].iter().enumerate() {
            talk.resolved(11 + 10 * asker as u64 + at as u64, wording, answer);
        }
    }
    talk
}

/// One more person asks a question and gets its answer.
pub(crate) fn ask_again(talk: &mut Talk, question: usize, asker: u64) {
    let (wordings, answer) = QUESTIONS[question];
    talk.resolved(asker, wordings[3], answer);
}
