//! A site to ask.

use axum::body::to_bytes;
use axum::http::{HeaderMap, HeaderValue};
use indexer::search::document::ClusterDocument;
use indexer::search::writer::IndexWriter;
use indexer::store::{ClusterSummary, Store, WriteLock};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::workspace::Workspaces;
use rules::publish::pseudonym::{AuthorNaming, Salt};
use rules::publish::topics::TopicRules;
use tempfile::TempDir;

use super::*;
use crate::access::settings::VisitorSettings;
use crate::test_support::verdict;
use crate::{SiteWorkspaces, router};

/// What the clock of a site says.
pub(super) const NOW: Timestamp = Timestamp::constant(1_760_000_000, 0);

/// A site with its data, and what can be asked of it.
pub(super) struct TestSite {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    /// One for each workspace.
    indexes: Vec<IndexWriter>,
    pub(super) router: Router,
    _lock: WriteLock,
    _data: TempDir,
}

/// What came back.
pub(super) struct TestResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// What a site is made of besides its answers.
#[derive(Default)]
pub(super) struct TestSiteParts {
    pub(super) settings: HttpSettings,
    pub(super) branding: SiteBranding,
    pub(super) workspaces: Workspaces,
    pub(super) visitors: VisitorSettings,
    pub(super) topics: TopicRules,
}

/// The topics of a `topics.toml`.
pub(super) fn topics(file: &str) -> TopicRules {
    let files = [("topics.toml".to_owned(), file.to_owned())];
    Ruleset::from_files(&files.into()).unwrap().topics
}

impl TestSite {
    pub(super) async fn with(clusters: &[Cluster]) -> Self {
        Self::with_settings(clusters, &HttpSettings::default()).await
    }

    pub(super) async fn with_settings(clusters: &[Cluster], settings: &HttpSettings) -> Self {
        Self::with_branding(clusters, settings, SiteBranding::default()).await
    }

    pub(super) async fn with_branding(
        clusters: &[Cluster],
        settings: &HttpSettings,
        branding: SiteBranding,
    ) -> Self {
        let settings = settings.clone();
        Self::made_of(clusters, TestSiteParts { settings, branding, ..TestSiteParts::default() })
            .await
    }

    pub(super) async fn made_of(clusters: &[Cluster], parts: TestSiteParts) -> Self {
        let data = tempfile::tempdir().unwrap();
        let lock = WriteLock::take(data.path()).unwrap();
        let store = Store::open(data.path(), &lock).await.unwrap();
        let mut rules = Ruleset::embedded();
        rules.workspaces = parts.workspaces;
        rules.topics = parts.topics;
        let rules = Arc::new(rules);
        let open = |(_, name)| IndexWriter::open(&data.path().join(name)).unwrap();
        let indexes = rules.workspaces.all().into_iter().map(open).collect::<Vec<_>>();
        let workspaces = SiteWorkspaces::new(
            store.clone(),
            indexes.iter().map(IndexWriter::searcher).collect(),
            AuthorNaming::Pseudonyms(Salt([3; 16])),
            Arc::clone(&rules),
            parts.branding,
            parts.visitors,
            || NOW,
        );
        let router = router(workspaces, &parts.settings, None);
        let mut site = Self { store, rules, indexes, router, _lock: lock, _data: data };
        site.keep(clusters).await;
        site.index(clusters).await;
        site
    }

    /// Stores clusters without telling the index.
    pub(super) async fn keep(&self, clusters: &[Cluster]) {
        let mut regrouped = RegroupPlan::default();
        let mut judged = Vec::new();
        for cluster in clusters {
            for occurrence in &cluster.occurrences {
                judged.push(ConversationRow {
                    id: occurrence.conversation,
                    channel: occurrence.channel,
                    last: occurrence.best_answer().message,
                    links: "[]".to_owned(),
                    exchanges: vec![ExchangeRow {
                        id: occurrence.question.message,
                        status: ExchangeStatus::Resolved,
                        asked: None,
                        verdict: verdict(occurrence),
                        occurrence: Some(occurrence.clone()),
                    }],
                });
                regrouped.moved.push((occurrence.question.message, cluster.id.clone()));
            }
            regrouped.clusters.push(summary(cluster));
            regrouped.changed.push(cluster.id.clone());
        }
        self.store.save_conversations(&judged).await.unwrap();
        self.store.save_regroup(&regrouped).await.unwrap();
    }

    pub(super) async fn index(&mut self, clusters: &[Cluster]) {
        let newest = self.store.newest_change().await.unwrap();
        for ((id, _), index) in self.rules.workspaces.all().into_iter().zip(&mut self.indexes) {
            let own =
                self.store.within(clusters.to_vec(), &self.rules.workspaces, id).await.unwrap();
            let documents = own.iter().flat_map(ClusterDocument::for_audiences);
            index.replace(&documents.collect::<Vec<_>>()).unwrap();
            index.commit(newest).unwrap();
        }
    }

    pub(super) async fn get(&self, address: &str) -> TestResponse {
        self.ask("GET", address).await
    }

    /// Gets an address with more headers.
    pub(super) async fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> TestResponse {
        let mut request = Request::builder().uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        reply(self.router.clone(), request.body(Body::empty()).unwrap()).await
    }

    /// Has maintainers merge an answer, which the index follows.
    pub(super) async fn merge(&mut self, merged: &MergedAnswerRow) {
        self.store.upsert_merged_answer(merged).await.unwrap();
        let id = std::slice::from_ref(&merged.cluster);
        let clusters = self.store.clusters_with(id).await.unwrap();
        self.index(&clusters).await;
    }

    pub(super) async fn ask(&self, method: &str, address: &str) -> TestResponse {
        let request = Request::builder().method(method).uri(address).body(Body::empty()).unwrap();
        reply(self.router.clone(), request).await
    }
}

impl TestResponse {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request from this machine, unless it says otherwise.
pub(super) async fn reply(router: Router, mut request: Request<Body>) -> TestResponse {
    let local = PeerAddress("127.0.0.1".parse().unwrap());
    request.extensions_mut().get_or_insert(local);
    request.headers_mut().entry(header::HOST).or_insert(HeaderValue::from_static("localhost"));
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 22).await.unwrap();
    TestResponse {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(super) fn summary(cluster: &Cluster) -> ClusterSummary {
    ClusterSummary {
        id: cluster.id.clone(),
        state: cluster.state,
        size: cluster.occurrences.len(),
        outside_core: cluster.outside_core.clone(),
        times: cluster.times_answered(),
        askers: cluster.asker_count(),
        representative: cluster.representative,
        due_since: None,
    }
}
