//! A repository of documentation, its maintainers, and the harvester that proposes to it.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use docgen::github::auth::{Auth, Secret};
use docgen::github::transport::{Clock, GitHub};
use harvester::config::load_rules;
use harvester::proposing::{Proposer, ProposingError, Report, Round};
use indexer::store::{Batch, Store};
use rules::ids::{ChannelId, MessageId, Millis};
use rules::pseudonym::Naming;
use tests::harness::github::{Acting, FakeGitHub, How, Issue, Role};
use tokio::runtime::Runtime;

use crate::exports::{Talk, write};
use crate::world::World;

pub(crate) const DOCS: &str = "harbor/docs";
/// Who proposes.
const BOT: &str = "harvester-app";

/// The service's clock as ours: waiting moves it.
struct ServiceClock(Arc<FakeGitHub>);

impl Clock for ServiceClock {
    fn now(&self) -> Millis {
        self.0.now()
    }

    fn sleep(&self, millis: i64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.advance(millis);
        Box::pin(std::future::ready(()))
    }
}

/// Where a story of proposals happens.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) github: Arc<FakeGitHub>,
    pub(crate) talk: Talk,
    runtime: Runtime,
    token: String,
    imports: usize,
}

impl Office {
    /// A repository with these files, and talk that was not imported yet.
    pub(crate) fn new(files: &[(&str, &str)], talk: Talk) -> Self {
        let world = World::new();
        world.settle_in();
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
        let mut office = Self { world, github, talk, runtime, token, imports: 0 };
        office.import();
        office
    }

    /// As `new`, with the settings merged already.
    pub(crate) fn switched_on(files: &[(&str, &str)], talk: Talk) -> Self {
        let office = Self::new(files, talk);
        office.round();
        let number = office.pulls()[0].number;
        office.mina().merge(number, How::Squash);
        office
    }

    /// Reads all of the talk again.
    pub(crate) fn import(&mut self) {
        self.imports += 1;
        let name = format!("talk-{}.json", self.imports);
        let export = write(&self.world.path(&name), &self.talk.export());
        assert_eq!(self.world.import(&export).code, 0);
    }

    /// A maintainer.
    pub(crate) fn mina(&self) -> Acting<'_> {
        self.github.acting("mina", DOCS)
    }

    /// One round of the harvester that must come to an end.
    #[track_caller]
    pub(crate) fn round(&self) -> Report {
        match self.try_round("one") {
            Ok(Round::Done(report)) => report,
            other => panic!("{other:?}"),
        }
    }

    /// One round of a harvester of this name.
    pub(crate) fn try_round(&self, owner: &str) -> Result<Round, ProposingError> {
        // What was said last is judged, grouped and indexed first.
        self.world.well(&["status"]);
        self.runtime.block_on(async {
            let proposer = self.proposer(owner).await;
            let round = proposer.round().await;
            proposer.store.close().await;
            round
        })
    }

    async fn proposer(&self, owner: &str) -> Proposer {
        let store = Store::open_shared(&self.world.data()).await.unwrap();
        let rules: PathBuf = self.world.path("data/rules");
        let auth = Auth::Token(Secret::new(self.token.clone()));
        let clock = Arc::new(ServiceClock(self.github.clone()));
        let naming = Naming::Pseudonyms(store.salt().await.unwrap().unwrap());
        Proposer {
            github: GitHub::new(&self.github.url(), DOCS, auth, clock, None).unwrap(),
            rules: Arc::new(load_rules(Some(&rules)).unwrap()),
            target: None,
            folder: None,
            owner: owner.to_owned(),
            naming,
            store,
        }
    }

    /// Somebody deletes messages of the channel.
    pub(crate) fn delete(&self, messages: &[&str]) {
        self.runtime.block_on(async {
            let store = Store::open_shared(&self.world.data()).await.unwrap();
            let channel = ChannelId(self.talk.channel());
            let at = Millis(jiff::Timestamp::now().as_millisecond());
            let deleted = messages
                .iter()
                .map(|id| (channel, MessageId(id.parse().unwrap()), at))
                .collect();
            store.apply(&Batch { deleted, ..Batch::default() }).await.unwrap();
            store.close().await;
        });
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
        self.github.advance(days * Millis::DAY);
    }

    /// Nothing called anybody, nothing of people's was overwritten, and the service was not surprised.
    #[track_caller]
    pub(crate) fn assert_polite(&self) {
        self.github.assert_no_surprises();
        assert!(self.github.overwritten().is_empty(), "{:?}", self.github.overwritten());
        assert!(self.github.mentions().is_empty(), "{:?}", self.github.mentions());
    }
}
