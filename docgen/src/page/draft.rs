//! Building the page of a cluster, or the reason why there is none.

use rules::language::page_words::PageWords;
use rules::markdown::{links, plain_text};
use rules::model::cluster::Cluster;
use rules::occurrence_ranking::asks_why;
use rules::page_questions::UnsuitableQuestion;
use rules::publish::anonymize::Participants;
use rules::publish::presentation::facts_of;
use rules::safety::{FactRules, SafetyFinding, judge_text, redact};
use rules::versions::versions;

use crate::page::evidence::EvidenceItem;
use crate::page::lint;
use crate::page::lint::LintError;
pub use crate::page::model::{Draft, DraftContext};
use crate::page::render::PageInput;

/// Why a cluster has no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftRefusal {
    #[error("no consent mode is set; set consent.mode in scope.toml")]
    NoConsent,
    #[error("none of its messages may be quoted")]
    NothingQuotable,
    #[error("the messages that its page stood on are gone")]
    SourcesGone,
    #[error("none of its questions can be a title")]
    NoTitle,
    #[error("{0}")]
    Unsuitable(UnsuitableQuestion),
    /// People who stand behind it say what cannot be true beside the answer that leads.
    #[error("its answers contradict each other; a maintainer may ask for it")]
    Contradicted,
    #[error("no answer is self-contained: {0}")]
    Thin(&'static str),
    #[error("it contains values that facts.toml does not list: {}", listed(.0))]
    Unlisted(Vec<SafetyFinding>),
    /// It could have one, and waits for the reason that this names.
    #[error("{0}")]
    Held(&'static str),
    #[error("the page failed its checks: {}", faults(.0))]
    Faulty(Vec<LintError>),
}

fn listed(values: &[SafetyFinding]) -> String {
    values.iter().map(|one| format!("{} {}", one.kind, one.value)).collect::<Vec<_>>().join(", ")
}

fn faults(faults: &[LintError]) -> String {
    faults.iter().map(LintError::to_string).collect::<Vec<_>>().join(", ")
}

/// Builds the page of a question that has none yet: some questions never get one.
pub fn build_new_draft(
    cluster: &Cluster,
    context: &DraftContext<'_>,
) -> Result<Draft, DraftRefusal> {
    let draft = build_draft(cluster, context)?;
    if draft.contradiction.is_some() {
        return Err(DraftRefusal::Contradicted);
    }
    // A reviewer who wrote the title has decided that it is one.
    if context.edit.is_some() {
        return Ok(draft);
    }
    match context.rules.pages.questions.why_unsuitable(&draft.title, draft.shows_error) {
        Some(why) => Err(DraftRefusal::Unsuitable(why)),
        None => Ok(draft),
    }
}

/// Builds the page of a cluster. Only quotable occurrences are quoted; the others are listed in the
/// evidence by link and date.
pub fn build_draft(cluster: &Cluster, context: &DraftContext<'_>) -> Result<Draft, DraftRefusal> {
    if context.rules.scope.consent.is_none() {
        return Err(DraftRefusal::NoConsent);
    }
    if crate::page::selection::quotable(cluster).next().is_none() {
        return Err(DraftRefusal::NothingQuotable);
    }
    let people = Participants::of(cluster, context.naming);
    let (asked, title) = people.headline(cluster).ok_or(DraftRefusal::NoTitle)?;
    let facts = facts_of(cluster, &context.rules.facts);
    let symptom = crate::page::selection::symptom(cluster, context, &facts, &people);
    let title = match context.edit {
        Some(edit) => edit.title.clone(),
        None => with_subject(title, symptom.as_ref().map(|shown| shown.text.as_str()), context),
    };
    let mut answers = crate::page::selection::answers(cluster, &title, context, &facts, &people)
        .map_err(DraftRefusal::Thin)?;
    let lead = context.edit.map_or(answers[0].quote.text.as_str(), |edit| edit.answer.as_str());
    refuse_unlisted([&asked.question.text, lead, &title], context, &facts)?;
    if let Some(edit) = context.edit {
        answers[0].blocks = people.read(&redact(&edit.answer, &context.rules.safety));
    }

    let safety = (&context.rules.safety, facts.as_ref());
    let of_one = |one| EvidenceItem::of(one, context.naming, safety, &people);
    let mut evidence = cluster.occurrences.iter().map(of_one).collect::<Vec<_>>();
    evidence
        .sort_by(|a, b| b.resolved.cmp(&a.resolved).then(a.question_link.cmp(&b.question_link)));
    let shows_error = symptom.is_some();
    let main = &answers[0];
    let cause = (shows_error || asks_why(&title))
        .then(|| crate::page::selection::cause(cluster, main, &title, context, &facts, &people))
        .flatten();
    let main = main.quote.message;
    // The sentence stands before the answer: it is no option of its own.
    answers.retain(|answer| {
        let only_cause =
            cause.as_ref().is_some_and(|cause| answer.blocks == [cause.sentence.clone()]);
        answer.quote.message == main || !only_cause
    });
    let texts = answers.iter().map(|answer| plain_text(&answer.blocks)).collect::<Vec<_>>();
    let versions = versions(texts.iter().map(String::as_str));
    let page = PageInput {
        cluster: &cluster.id,
        title: &title,
        asked,
        symptom,
        cause,
        answers: &answers,
        versions: &versions,
        variants: crate::page::selection::variants(
            cluster,
            (&title, &answers),
            context,
            &facts,
            &people,
        ),
    };
    let path = match context.path {
        Some(path) => path.to_owned(),
        None => crate::target::path(context.folder, context.target, &title, &cluster.id),
    };
    let written = page.render_page(&path, context.target);
    let links =
        answers.iter().flat_map(|answer| links(&answer.blocks)).map(str::to_owned).collect();
    let draft = Draft {
        cluster: cluster.id.clone(),
        target: context.target,
        title,
        path,
        page: written.text,
        answer_text: written.answer,
        shows_error,
        digest: written.digest,
        evidence,
        answer: answers[0].quote.message,
        contradiction: crate::page::selection::contradiction(cluster, &answers[0], context),
        links,
        versions,
    };
    lint::lint_page(&draft, &written.headings, &people, cluster, context, &facts)
        .map_err(DraftRefusal::Faulty)?;
    Ok(draft)
}

/// The title that a page of the cluster gets; `None` if none of its questions can be one.
pub fn page_title(cluster: &Cluster, context: &DraftContext<'_>) -> Option<String> {
    let people = Participants::of(cluster, context.naming);
    let (_, title) = people.headline(cluster)?;
    let facts = facts_of(cluster, &context.rules.facts);
    let symptom = crate::page::selection::symptom(cluster, context, &facts, &people);
    Some(with_subject(title, symptom.as_ref().map(|shown| shown.text.as_str()), context))
}

/// A question that says nothing but "how do I fix this?" takes its title from the error that it shows.
fn with_subject(title: String, symptom: Option<&str>, context: &DraftContext<'_>) -> String {
    let error = symptom.filter(|_| context.rules.pages.questions.is_general(&title));
    match error.and_then(crate::page::selection::error_message) {
        Some(error) => PageWords::for_text(&title).error_title.replace("{error}", &error),
        None => title,
    }
}

/// Checks the original text, not what is left of it on the page: it also covers the addresses of
/// links and the parts that were dropped.
fn refuse_unlisted(
    texts: [&str; 3],
    context: &DraftContext<'_>,
    facts: &FactRules,
) -> Result<(), DraftRefusal> {
    let mut found: Vec<SafetyFinding> = Vec::new();
    for text in texts {
        let text = redact(text, &context.rules.safety);
        for finding in judge_text(&text, &context.rules.safety, facts).findings {
            if found.iter().all(|known| known.value != finding.value) {
                found.push(finding);
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(DraftRefusal::Unlisted(found)) }
}
