//! Guides that the operator's rules propose: which there are, and what each is made of now.

use std::collections::{BTreeMap, BTreeSet};

use docgen::page::draft::DraftContext;
use docgen::page::guide::{
    AnswerPlace, GuideAnswer, GuideDraft, GuideInput, GuideQuestion, GuideStepInput, build_guide,
};
use docgen::pull_request::subject::Subject;
use indexer::store::{Store, StoreError};
use jiff::Timestamp;
use rules::guide::GuideOutline;
use rules::model::ids::{ClusterId, MessageId};
use site::reports::ReportSource;
use site::reports::guide::{GuideEntry, GuideGap, GuidePage};
use site::reports::guide_gaps::GuideGaps;

/// A guide with the page that it would get, or why it gets none.
pub(crate) struct PlannedGuide {
    pub(crate) name: String,
    pub(crate) page: Result<GuideDraft, String>,
    /// A merged page of it whose answers are others now.
    pub(crate) outdated: Option<OutdatedGuide>,
}

/// The page of a guide on the default branch.
pub(crate) struct OutdatedGuide {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Plans every guide that the rules propose, by the id of its proposal. `proposable` are the questions whose
/// answers may get a page, by the ids of their proposals; the answers of others stand in no guide until they
/// are merged. `gaps` are the open questions that an earlier call found. `root` is as [`build_guide`] takes it.
/// Changes nothing stored.
pub(crate) async fn plan_guides(
    store: &Store,
    context: &DraftContext<'_>,
    root: &str,
    proposable: &BTreeSet<ClusterId>,
    gaps: &mut Option<GuideGaps>,
    now: Timestamp,
) -> Result<BTreeMap<ClusterId, PlannedGuide>, StoreError> {
    let outlines = context.rules.guides.proposed().collect::<Vec<_>>();
    if outlines.is_empty() {
        return Ok(BTreeMap::new());
    }
    let source = ReportSource { store, rules: context.rules, naming: context.naming };
    let found = source.guide_gaps(&outlines, gaps.take(), now).await?;
    let pages = source.guides(&outlines, gaps.insert(found)).await?;
    let mut planned = BTreeMap::new();
    for (outline, page) in outlines.into_iter().zip(pages) {
        let input = guide_input(store, outline, page, proposable).await?;
        let page = build_guide(&input, context, root).map_err(|refusal| refusal.to_string());
        let key = Subject::Guide(outline.name.clone()).key();
        planned.insert(key, PlannedGuide { name: outline.name.clone(), page, outdated: None });
    }
    Ok(planned)
}

/// The name of the guide that has a branch.
pub(crate) fn guide_name(branch: &str) -> Option<String> {
    match Subject::parse(branch)? {
        Subject::Guide(name) => Some(name),
        Subject::Settings | Subject::Batch(_) | Subject::Answer(_) => None,
    }
}

async fn guide_input(
    store: &Store,
    outline: &GuideOutline,
    page: GuidePage,
    proposable: &BTreeSet<ClusterId>,
) -> Result<GuideInput, StoreError> {
    let mut steps = Vec::new();
    for step in page.steps {
        let mut answers = Vec::new();
        for entry in step.answers {
            answers.extend(guide_answer(store, entry, proposable).await?);
        }
        let open = step.open.into_iter().filter_map(guide_question).collect();
        let (title, intro, facts) = (step.title, step.intro, step.facts);
        steps.push(GuideStepInput { title, intro, facts, answers, open });
    }
    let (name, title) = (outline.name.clone(), page.title);
    Ok(GuideInput { name, title, intro: page.intro, steps })
}

/// An answer as it stands in a guide; `None` if it may not.
async fn guide_answer(
    store: &Store,
    entry: GuideEntry,
    proposable: &BTreeSet<ClusterId>,
) -> Result<Option<GuideAnswer>, StoreError> {
    let (id, title) = (entry.question.id, entry.question.title);
    if entry.reviewed
        && let Some(merged) = store.merged_answer(&id).await?
    {
        let place = AnswerPlace::Page { cluster: merged.cluster, path: merged.path };
        return Ok(Some(GuideAnswer { title, place, evidence: merged.evidence }));
    }
    let bearer = store.proposal(&id).await?.map_or(id, |row| row.cluster);
    let place = AnswerPlace::Message(entry.address);
    let answer = GuideAnswer { title, place, evidence: entry.evidence };
    Ok(proposable.contains(&bearer).then_some(answer))
}

fn guide_question(gap: GuideGap) -> Option<GuideQuestion> {
    let GuideGap { title, questions, evidence, .. } = gap;
    title.map(|title| GuideQuestion { title, links: questions, evidence })
}

/// Those of the messages that may not be shown any more.
pub(crate) async fn gone_messages(
    store: &Store,
    messages: &[MessageId],
) -> Result<Vec<MessageId>, StoreError> {
    let places = store.channels_of_messages(messages).await?;
    let channels = store.channels_with(&places.iter().map(|(_, place)| *place).collect()).await?;
    let shown = channels.iter().filter(|one| !one.hidden && !one.gone);
    let shown = shown.map(|one| one.channel.id).collect::<BTreeSet<_>>();
    let there =
        places.iter().filter(|(_, place)| shown.contains(place)).map(|(message, _)| message);
    let there = there.collect::<BTreeSet<_>>();
    Ok(messages.iter().filter(|message| !there.contains(message)).copied().collect())
}
