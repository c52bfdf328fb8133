//! Merged pages: learnt as people made them, watched, mended when the truth changes, removed when
//! nothing is left of it.

use docgen::amend::{Amended, Anew, part, rewritten, with_later, without};
use docgen::canon::{ReadPage, read};
use docgen::change::{Change, Edit};
use docgen::docs_tree;
use docgen::draft::{Draft, draft};
use docgen::github::ensure::{Outcome, Purpose, Wanted, merged_text};
use docgen::github::marker::{self, Marker};
use docgen::github::models::Pull;
use docgen::github::transport::GitHubError;
use docgen::github::wanted::{Mend, Standing};
use docgen::redirect;
use docgen::target::Target;
use indexer::store::{Fence, Merged, ProposalState};
use rules::cluster::{Cluster, ClusterState};
use rules::ids::{ClusterId, MessageId};
use rules::same::Epoch;
use rules::truth::{Truth, truth};

use super::batch::is_batch;
use super::case::{Case, purpose};
use super::docket::{Docket, Entry};
use super::ground::Ground;
use super::opening::said;
use super::report::Report;
use super::{Proposer, Result};

/// Files that are looked into for a page that moved.
const MOST_SEARCHED: usize = 300;

impl Proposer {
    /// Makes a merged page the known answer, with the edits of people; false if it is nowhere.
    pub(super) async fn learn(
        &self,
        case: &Case,
        (number, commit): (u64, Option<&str>),
        ground: &Ground,
    ) -> Result<bool> {
        let (cluster, path) = (&case.row.cluster, &case.row.path);
        if let Some(text) = merged_text(&self.github, commit, &ground.base, path).await?
            && is_there(&text, cluster, ground.layout.target)
        {
            self.keep(case, path, Some(number), &text, ground).await?;
            return Ok(true);
        }
        // People may have moved it on its way in, or its title was another one then.
        let Some((path, text)) = self.moved(cluster, path, ground).await? else { return Ok(false) };
        self.keep(case, &path, Some(number), &text, ground).await?;
        Ok(true)
    }

    /// A page that is not at its path any more, by our mark; first among those of its name.
    async fn moved(
        &self,
        cluster: &ClusterId,
        path: &str,
        ground: &Ground,
    ) -> Result<Option<(String, String)>> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_named = |other: &str| other.rsplit('/').next() == Some(name);
        let is_page = |other: &str| other.ends_with(".md") || other.ends_with(".mdx");
        let mut pages = ground.files.paths().filter(|other| is_page(other)).collect::<Vec<_>>();
        let folder = format!("{}/", ground.layout.folder);
        pages.sort_by_key(|other| (!is_named(other), !other.starts_with(&folder)));
        for other in pages.into_iter().take(MOST_SEARCHED) {
            if let Some(text) = self.github.text(&ground.files, other).await?
                && bears(&text, cluster)
            {
                return Ok(Some((other.to_owned(), text)));
            }
        }
        Ok(None)
    }

    async fn keep(
        &self,
        case: &Case,
        path: &str,
        number: Option<u64>,
        text: &str,
        ground: &Ground,
    ) -> Result<()> {
        // Around an answer in a page of other people's nothing is ours to learn.
        let cluster = &case.row.cluster;
        let own = part(text, cluster).filter(|_| case.wishes.extends).unwrap_or(text);
        let Some(page) = read(cluster, own, ground.layout.target) else { return Ok(()) };
        let ReadPage { mut title, answer, evidence, digest } = page;
        if title.is_empty() {
            title.clone_from(&case.row.title);
        }
        let before = self.store.merged_of(cluster).await?;
        let same = before.as_ref().filter(|one| one.digest == digest && !one.answer.is_empty());
        let merged = Merged {
            cluster: cluster.clone(),
            number: number.or(before.as_ref().and_then(|one| one.number)),
            path: path.to_owned(),
            link: self.github.link(&ground.base, path),
            title,
            answer,
            merged: same.map_or(self.github.now(), |one| one.merged),
            digest,
            evidence,
        };
        Ok(self.store.keep_merged(&merged).await?)
    }

    /// Looks at every merged page: what people changed is learnt, what lost its source or its truth
    /// gets a pull request.
    pub(super) async fn mend_known(
        &self,
        docket: &mut Docket,
        ground: &Ground,
        fence: Fence,
        report: &mut Report,
    ) -> Result<()> {
        let Docket { entries, epoch, .. } = docket;
        for merged in self.store.merged().await? {
            let Some(entry) = entries.get_mut(&merged.cluster) else { continue };
            if entry.case.as_ref().is_some_and(|case| case.is_snoozed(self.github.now())) {
                continue;
            }
            let done = self.mend(entry, &merged, (ground, epoch), fence).await;
            match done {
                Ok(None) => {}
                Ok(Some(told)) => {
                    let number = entry.case.as_ref().and_then(|case| case.ledger.number);
                    report.tell(&merged.cluster, told, number, &merged.title);
                }
                Err(error) if error.ends_the_round() => return Err(error),
                Err(error) => report.tell(&merged.cluster, format!("failed: {error}"), None, ""),
            }
        }
        Ok(())
    }

    async fn mend(
        &self,
        entry: &mut Entry,
        merged: &Merged,
        (ground, epoch): (&Ground, &Epoch),
        fence: Fence,
    ) -> Result<Option<String>> {
        let mut merged = merged.clone();
        // Where it was moved to on a maintainer's word, readers find only the way at its old place.
        if let Some(to) = entry.case.as_ref().and_then(|case| case.wishes.page.as_ref())
            && let Some(text) = self.github.text(&ground.files, to).await?
            && is_there(&text, &merged.cluster, ground.layout.target)
        {
            merged.path.clone_from(to);
        }
        let text = match self.github.text(&ground.files, &merged.path).await? {
            Some(text) if is_there(&text, &merged.cluster, ground.layout.target) => text,
            _ => match self.moved(&merged.cluster, &merged.path, ground).await? {
                Some((path, text)) => {
                    merged.path = path;
                    text
                }
                None => return self.retire(entry, &merged).await.map(Some),
            },
        };
        let merged = &merged;
        let page = read(&merged.cluster, &text, ground.layout.target);
        let mut gone = self.store.gone_evidence(&merged.cluster).await?;
        gone.retain(|one| page.as_ref().is_none_or(|page| page.evidence.contains(one)));
        let is_about_sources = !gone.is_empty();
        if let Some(case) = entry.case.as_ref().filter(|_| gone.is_empty()) {
            self.keep(case, &merged.path, None, &text, ground).await?;
        }
        // What was judged is the page as it stood before.
        let is_new = !is_about_sources && page.is_some_and(|page| page.digest != merged.digest);
        let mending = match is_new {
            true => None,
            false => self.mending(entry, merged, (&text, gone), (ground, epoch)).await?,
        };
        let case = entry.case.as_mut().expect("what was merged was proposed");
        let pending = case.is_open() && case.row.purpose != purpose(Purpose::Answer);
        let wanted = match mending {
            Some(wanted) => wanted,
            // It was merged, or nobody needs it any more.
            None if pending => Wanted::withdrawal(&merged.cluster, &case.row.branch, &ground.base),
            None => return Ok(None),
        };
        let closed = case.row.state == ProposalState::Rejected && !case.wishes.asked_again;
        if closed && !is_about_sources {
            return Ok(None);
        }
        if wanted.purpose != Purpose::Withdrawal {
            case.row.purpose = purpose(wanted.purpose).to_owned();
        }
        if is_batch(case) {
            // From here on the page goes its own way.
            *case = Case {
                row: case.row.clone(),
                ..Case::fresh(&merged.cluster, wanted.branch.clone(), case.row.opened)
            };
            case.row.branch.clone_from(&wanted.branch);
        }
        let outcome = self.drive(case, &wanted, fence).await?;
        self.note_mending(case, &outcome, (ground, &merged.path)).await?;
        Ok(Some(format!("{}: {}", purpose(wanted.purpose), said(&outcome))))
    }

    /// The pull request that a merged page needs, if any.
    async fn mending(
        &self,
        entry: &Entry,
        merged: &Merged,
        (text, gone): (&str, Vec<MessageId>),
        (ground, epoch): (&Ground, &Epoch),
    ) -> Result<Option<Wanted>> {
        let page = Standing {
            cluster: &merged.cluster,
            path: &merged.path,
            layout: &ground.layout,
            base: &ground.base,
        };
        let Some(cluster) = &entry.cluster else {
            return Ok(match gone.len() {
                0 => None,
                messages => self.removal(entry, &page, text, messages),
            });
        };
        let core = (0..cluster.occurrences.len()).collect::<Vec<_>>();
        let (why, mended) = match truth(cluster, &core, &gone, epoch, &self.rules) {
            Truth::Stands => return self.moving(entry, (merged, text), &page, ground).await,
            Truth::Gone { evidence } => {
                let Some(draft) = self.anew(cluster, merged, ground) else {
                    return Ok(self.removal(entry, &page, text, evidence.len()));
                };
                let ours = self.ours(entry, merged).await?;
                let Some(after) = put(entry, &draft, text) else { return Ok(None) };
                let before =
                    ours.as_deref().zip(ours.as_deref().and_then(|ours| put(entry, &draft, ours)));
                let before = before.as_ref().map(|(before, after)| Anew { before, after });
                let mended = rewritten(before, Anew { before: text, after: &after }, &evidence);
                (Mend::Gone { messages: evidence.len() }, Some(mended))
            }
            Truth::Newer { version, by } => {
                let (known, later) = (&merged.answer, &cluster.occurrences[by]);
                let mended = self.with_later(cluster, by, text, ground);
                (Mend::Newer { version, known, later }, mended)
            }
            Truth::Contradicted { by } => {
                let (known, later) = (&merged.answer, &cluster.occurrences[by]);
                let mended = self.with_later(cluster, by, text, ground);
                (Mend::Contradicted { known, later }, mended)
            }
        };
        Ok(mended.map(|Amended { text: mended, lossy }| {
            Wanted::correction(&page, (text, &mended), &why, lossy)
        }))
    }

    /// The page at the place where a maintainer wants it, with a way there from its old place.
    async fn moving(
        &self,
        entry: &Entry,
        (merged, text): (&Merged, &str),
        page: &Standing<'_>,
        ground: &Ground,
    ) -> Result<Option<Wanted>> {
        let to = entry.case.as_ref().and_then(|case| case.wishes.page.as_deref());
        let stays = is_part(entry) || ground.layout.target == Target::Faq;
        let Some(to) = to.filter(|to| *to != merged.path && !stays) else { return Ok(None) };
        let settings = match redirect::settings(&ground.layout) {
            Some(path) => self.github.text(&ground.files, &path).await?,
            None => None,
        };
        Ok(Some(Wanted::moved(page, (to, &merged.title), text, settings.as_deref())))
    }

    /// A page is deleted; an answer in a page of other people's is taken out of it.
    fn removal(
        &self,
        entry: &Entry,
        page: &Standing<'_>,
        text: &str,
        messages: usize,
    ) -> Option<Wanted> {
        let mut wanted = Wanted::removal(page, messages);
        if is_part(entry) {
            let rest = without(text, page.cluster)?;
            let edit = Edit::Replace { seen: marker::hash(text), text: rest };
            wanted.changes = vec![Change::Edit { path: page.path.to_owned(), edit }];
        }
        Some(wanted)
    }

    /// The page as it would be written today, where it stands; `None` if nothing is left to say.
    fn anew(&self, cluster: &Cluster, merged: &Merged, ground: &Ground) -> Option<Draft> {
        let folder = &ground.layout.folder;
        let context = self.context(ground.layout.target, folder, Some(&merged.path));
        draft(cluster, &context).ok()
    }

    /// The page with a later answer added; `None` if that answer cannot stand on a page.
    fn with_later(
        &self,
        cluster: &Cluster,
        by: usize,
        text: &str,
        ground: &Ground,
    ) -> Option<Amended> {
        let mut alone = cluster.clone();
        alone.occurrences = vec![cluster.occurrences[by].clone()];
        alone.centre = alone.occurrences[0].question.message;
        let context = self.context(ground.layout.target, &ground.layout.folder, None);
        let later = draft(&alone, &context).ok()?;
        let text = with_later(text, &cluster.id, &later)?;
        Some(Amended { text, lossy: false })
    }

    /// The page as we wrote it before people changed and merged it: the marks of merged pull requests
    /// name our last commits, and the host keeps those.
    async fn ours(&self, entry: &Entry, merged: &Merged) -> Result<Option<String>> {
        let Some(case) = &entry.case else { return Ok(None) };
        let pulls = self.github.pulls_of(&case.row.branch).await?;
        // One that mended the page holds words of people.
        let answers = |pull: &Pull| pull.is_merged() && !pull.has_label(MENDS);
        let pull = match (pulls.into_iter().find(answers), merged.number) {
            (Some(pull), _) => Some(pull),
            (None, Some(number)) => self.github.pull(number).await?,
            (None, None) => None,
        };
        let marker = pull.and_then(|pull| Marker::read(pull.body()));
        let Some(head) = marker.map(|marker| marker.head).filter(|head| !head.is_empty()) else {
            return Ok(None);
        };
        let files = match self.github.files(&head).await {
            Err(GitHubError::Refused { .. }) => return Ok(None),
            files => files?,
        };
        for path in [&merged.path, &case.row.path] {
            if let Some(text) = self.github.text(&files, path).await? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    async fn note_mending(
        &self,
        case: &mut Case,
        outcome: &Outcome,
        (ground, path): (&Ground, &str),
    ) -> Result<()> {
        case.row.state = match outcome {
            Outcome::Open { .. } => ProposalState::Open,
            Outcome::HandsOff { .. } => ProposalState::HandsOff,
            Outcome::Rejected { .. } | Outcome::Superseded { .. } => ProposalState::Rejected,
            // The page stands as it is.
            Outcome::Withdrawn | Outcome::Known { .. } | Outcome::Nothing => ProposalState::Merged,
        };
        case.wishes.asked_again &= matches!(outcome, Outcome::Rejected { .. });
        case.row.note = match outcome {
            Outcome::HandsOff { why, .. } => Some(why.to_string()),
            Outcome::Rejected { .. } => Some("maintainers left the page as it is".to_owned()),
            _ => None,
        };
        if let (Outcome::Known { .. }, "correction") = (outcome, case.row.purpose.as_str())
            && let Some(head) = self.github.head(&ground.base).await?
        {
            let files = self.github.files(&head).await?;
            if let Some(text) = self.github.text(&files, path).await? {
                self.keep(case, path, None, &text, ground).await?;
            }
        }
        Ok(self.store.keep_proposal(&case.kept(self.github.now())).await?)
    }

    /// The page is not there any more: people took it away, or merged our asking for it.
    async fn retire(&self, entry: &mut Entry, merged: &Merged) -> Result<String> {
        self.store.drop_merged(&merged.cluster).await?;
        if let Some(case) = &mut entry.case {
            self.retire_case(case).await?;
        }
        Ok(PAGE_GONE.to_owned())
    }

    /// What was merged and is on no page any more.
    pub(super) async fn retire_case(&self, case: &mut Case) -> Result<()> {
        case.row.state = ProposalState::Superseded;
        case.row.purpose = purpose(Purpose::Removal).to_owned();
        case.row.title.clear();
        case.row.note = Some(PAGE_GONE.to_owned());
        self.store.keep_proposal(&case.kept(self.github.now())).await?;
        if self.store.cluster(&case.row.cluster).await?.is_some() {
            self.store.set_state(&case.row.cluster, ClusterState::Retired).await?;
        }
        Ok(())
    }
}

/// The label of pull requests that mend a merged page.
pub(super) const MENDS: &str = "canon:fix";
const PAGE_GONE: &str = "the page is gone from the repository";

/// Whether a text holds the page of a cluster.
fn bears(text: &str, cluster: &ClusterId) -> bool {
    [format!("id={cluster} "), format!("id=\"answer-{cluster}\"")]
        .iter()
        .any(|mark| text.contains(mark))
}

/// Whether the file of a page still holds it: a file of its own does even where people took our marks.
fn is_there(text: &str, cluster: &ClusterId, target: Target) -> bool {
    target != Target::Faq || bears(text, cluster)
}

/// Whether the answer is a part of a page that other people wrote.
fn is_part(entry: &Entry) -> bool {
    entry.case.as_ref().is_some_and(|case| case.wishes.extends)
}

/// A file with the answer written anew where it stands.
fn put(entry: &Entry, draft: &Draft, file: &str) -> Option<String> {
    if !is_part(entry) {
        return draft.file(Some(file)).ok();
    }
    let mended = docs_tree::anew(draft).apply(Some(file)).ok()?;
    Some(mended.unwrap_or_else(|| file.to_owned()))
}
