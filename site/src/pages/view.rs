//! The content of an answer page, its Markdown and its JSON: a pure function of the cluster.

use rules::markdown::{MarkdownDialect, render};
use rules::model::cluster::{Cluster, MergedAnswer, Occurrence, Quote};
use rules::model::ids::permalink;
use rules::model::reason::WeightedReason;
use rules::occurrence_ranking::rank_occurrences;
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;
use serde::Serialize;

use crate::pages::prose::{html_of, language};
use crate::pages::slug::{address, slug};
use crate::pages::title::title;
use crate::pages::words;
use crate::pages::words::{DisplayDate, ReviewStatus};

const MAX_OTHERS: usize = 4;

/// An answer as it is published. Contains no text that may not be quoted, and no Discord name unless the
/// operator chose display names.
#[derive(Debug, Serialize)]
pub(crate) struct AnswerView {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) language: Option<&'static str>,
    pub(crate) status: ReviewStatus,
    pub(crate) state: &'static str,
    pub(crate) occurrences: usize,
    pub(crate) askers: usize,
    pub(crate) times: String,
    pub(crate) people: String,
    pub(crate) last_confirmed: DisplayDate,
    pub(crate) channels: Vec<String>,
    /// The full question, if it says more than the title.
    pub(crate) question: Option<QuotedMessage>,
    pub(crate) answer: Option<QuotedMessage>,
    pub(crate) others: Vec<QuotedMessage>,
    pub(crate) variants: Vec<WordingView>,
    pub(crate) versions: Vec<String>,
    pub(crate) evidence: Vec<EvidenceView>,
}

/// A quotable message with its source, or the merged answer with its page.
#[derive(Debug, Serialize)]
pub(crate) struct QuotedMessage {
    /// Whether it is the merged answer.
    pub(crate) merged: bool,
    pub(crate) markdown: String,
    /// Safe to insert in a page unescaped.
    pub(crate) html: String,
    pub(crate) language: Option<&'static str>,
    pub(crate) by: String,
    pub(crate) trusted: bool,
    pub(crate) at: DisplayDate,
    /// Empty if the page has no public URL.
    pub(crate) url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct WordingView {
    pub(crate) text: String,
    pub(crate) language: Option<&'static str>,
}

/// One occurrence. Without consent it is a date and two links.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceView {
    pub(crate) at: DisplayDate,
    pub(crate) question_url: String,
    pub(crate) answer_url: String,
    pub(crate) testimony: Option<EvidenceDetails>,
}

#[derive(Debug, Serialize)]
pub(crate) struct EvidenceDetails {
    pub(crate) channel: String,
    pub(crate) asker: String,
    pub(crate) answerer: String,
    pub(crate) grade: &'static str,
    /// 0 to 100.
    pub(crate) confidence: u8,
    pub(crate) signals: Vec<SignalView>,
    pub(crate) reasons: Vec<ReasonView>,
}

/// A signal and its message.
#[derive(Debug, Serialize)]
pub(crate) struct SignalView {
    pub(crate) what: &'static str,
    pub(crate) url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReasonView {
    pub(crate) what: String,
    pub(crate) weight: f32,
    /// The weight with its sign, to two digits; empty if the weight is 0.
    pub(crate) share: String,
    pub(crate) url: Option<String>,
}

impl AnswerView {
    pub(crate) fn of(cluster: &Cluster, naming: &AuthorNaming) -> Self {
        let people = Participants::of(cluster, naming);
        let (asked, title) = title(cluster, &people);
        let slug = slug(&title, &cluster.id);
        let ranked = ranked(cluster);
        let merged = cluster.canon.as_ref().map(merged);
        let mut answers = merged.into_iter().chain(answers(&ranked, naming, &people));
        Self {
            id: cluster.id.to_string(),
            url: address(&slug),
            slug,
            language: language(&title),
            status: ReviewStatus::from(cluster),
            state: cluster.state.as_str(),
            occurrences: cluster.occurrences.len(),
            askers: cluster.asker_count(),
            times: times(cluster.occurrences.len()),
            people: words::counted(cluster.asker_count(), "person", "people"),
            last_confirmed: cluster.last_confirmed().into(),
            channels: channels(cluster),
            question: asked.and_then(|asked| question_in_full(asked, &title, naming, &people)),
            answer: answers.next(),
            others: answers.take(MAX_OTHERS).collect(),
            variants: variants(cluster, &title, &people),
            versions: versions(cluster, &ranked, &people),
            evidence: cluster
                .occurrences
                .iter()
                .map(|occurrence| evidence(occurrence, naming))
                .collect(),
            title,
        }
    }
}

/// "once", "twice", "7 times".
pub(crate) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{} times", words::grouped(count)),
    }
}

/// The quotable occurrences, the one with the best answer first.
pub(crate) fn ranked(cluster: &Cluster) -> Vec<&Occurrence> {
    rank_occurrences(cluster).into_iter().map(|standing| standing.occurrence).collect()
}

/// The best answer of each occurrence, then the other answers of the best occurrence, each text once.
fn answers(
    ranked: &[&Occurrence],
    naming: &AuthorNaming,
    people: &Participants<'_>,
) -> Vec<QuotedMessage> {
    let best = ranked.iter().map(|occurrence| (*occurrence, occurrence.best_answer()));
    let rest = ranked.iter().take(1).flat_map(|occurrence| {
        occurrence.answers.iter().skip(1).map(move |answer| (*occurrence, answer))
    });
    let mut lines = Vec::new();
    let mut answers = Vec::new();
    for (occurrence, answer) in best.chain(rest) {
        let line = people.line(&answer.text).to_lowercase();
        if !lines.contains(&line) {
            lines.push(line);
            answers.push(said(occurrence, answer, naming, people));
        }
    }
    answers
}

fn said(
    occurrence: &Occurrence,
    quote: &Quote,
    naming: &AuthorNaming,
    people: &Participants<'_>,
) -> QuotedMessage {
    let blocks = people.read(&quote.text);
    QuotedMessage {
        merged: false,
        markdown: render(&blocks, MarkdownDialect::CommonMark),
        html: html_of(&blocks),
        language: language(&quote.text),
        by: naming.name(quote),
        trusted: quote.trusted,
        at: quote.sent.into(),
        url: occurrence.answer_link(quote),
    }
}

/// The answer as maintainers merged it.
fn merged(canon: &MergedAnswer) -> QuotedMessage {
    let blocks = canon.blocks();
    QuotedMessage {
        merged: true,
        markdown: render(&blocks, MarkdownDialect::CommonMark),
        html: html_of(&blocks),
        language: language(&canon.one_line_text()),
        by: "Maintainers".to_owned(),
        trusted: true,
        at: canon.merged.into(),
        url: canon.page_url().unwrap_or_default().to_owned(),
    }
}

fn question_in_full(
    asked: &Occurrence,
    title: &str,
    naming: &AuthorNaming,
    people: &Participants<'_>,
) -> Option<QuotedMessage> {
    let says_more = people.line(&asked.question.text).to_lowercase() != title.to_lowercase();
    says_more.then(|| said(asked, &asked.question, naming, people))
}

/// The other ways the question was asked.
fn variants(cluster: &Cluster, title: &str, people: &Participants<'_>) -> Vec<WordingView> {
    let lines = people.variants(cluster, title).into_iter().map(|(_, line)| line);
    lines.map(|text| WordingView { language: language(&text), text }).collect()
}

/// The versions that the merged answer names, otherwise those that the messages name.
fn versions(cluster: &Cluster, ranked: &[&Occurrence], people: &Participants<'_>) -> Vec<String> {
    if let Some(canon) = &cluster.canon {
        return rules::versions::versions([canon.one_line_text().as_str()]);
    }
    let quotes = ranked.iter().flat_map(|one| [&one.question, one.best_answer()]);
    let texts = quotes.map(|quote| people.line(&quote.text)).collect::<Vec<_>>();
    rules::versions::versions(texts.iter().map(String::as_str))
}

fn channels(cluster: &Cluster) -> Vec<String> {
    let mut names = Vec::<String>::new();
    for occurrence in cluster.occurrences.iter().filter(|occurrence| occurrence.quotable) {
        if !names.contains(&occurrence.channel_name) {
            names.push(occurrence.channel_name.clone());
        }
    }
    names
}

fn evidence(occurrence: &Occurrence, naming: &AuthorNaming) -> EvidenceView {
    EvidenceView {
        at: occurrence.resolved().into(),
        question_url: occurrence.question_link(),
        answer_url: occurrence.answer_link(occurrence.best_answer()),
        testimony: occurrence.quotable.then(|| testimony(occurrence, naming)),
    }
}

fn testimony(occurrence: &Occurrence, naming: &AuthorNaming) -> EvidenceDetails {
    let link = |message| permalink(occurrence.guild, occurrence.channel, message);
    EvidenceDetails {
        channel: occurrence.channel_name.clone(),
        asker: naming.name(&occurrence.question),
        answerer: naming.name(occurrence.best_answer()),
        grade: words::grade(occurrence.grade),
        confidence: (occurrence.confidence.clamp(0.0, 1.0) * 100.0).round() as u8,
        signals: occurrence
            .signals
            .iter()
            .map(|signal| SignalView {
                what: words::signal(signal.kind),
                url: link(signal.message),
            })
            .collect(),
        reasons: occurrence
            .reasons
            .iter()
            .map(|WeightedReason { what, weight, message }| ReasonView {
                what: what.clone(),
                weight: *weight,
                share: if *weight == 0.0 { String::new() } else { format!("{weight:+.2}") },
                url: message.map(link),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{cluster, occurrence, quote};
    use rules::publish::pseudonym::Salt;
    use rules::resolution::ResolutionGrade;

    fn view(cluster: &Cluster) -> AnswerView {
        AnswerView::of(cluster, &AuthorNaming::Pseudonyms(Salt([7; 16])))
    }

    #[test]
    fn the_best_confirmed_answer_stands_first() {
        let mut certain = occurrence(3, "How is the port of it set?", "Set `PORT` in the file.");
        certain.grade = ResolutionGrade::Certain;
        let early = occurrence(1, "Where do I set the port?", "It is in v1.4.0 of the settings.");
        let mut twin = occurrence(5, "where do i set the port?", "set `PORT` in the file.");
        twin.answers.push(quote(7, 1, "Or on the command line."));
        let view = view(&cluster(vec![early, certain, twin]));
        assert_eq!(view.answer.unwrap().markdown, "Set `PORT` in the file.");
        let others = view.others.iter().map(|said| said.markdown.as_str()).collect::<Vec<_>>();
        assert_eq!(others, ["It is in v1.4.0 of the settings."]);
        let variants = view.variants.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
        assert_eq!(variants, ["How is the port of it set?"]);
        assert_eq!(view.versions, ["v1.4.0"]);
        assert_eq!(
            (view.occurrences, view.times.as_str(), view.people.as_str()),
            (3, "3 times", "3 people")
        );
    }

    #[test]
    fn what_may_not_be_quoted_is_a_date_and_links() {
        let mut hidden =
            occurrence(1, "Where is my quixotic wallet?", "In the zanzibar drawer, v9.9.9.");
        hidden.quotable = false;
        hidden.channel_name = "backroom".to_owned();
        let view = view(&cluster(vec![hidden]));
        assert!(view.answer.is_none() && view.question.is_none());
        assert_eq!(view.evidence.len(), 1);
        let told = serde_json::to_string(&view).unwrap();
        for word in ["quixotic", "zanzibar", "9.9.9", "backroom", "Display Name", "says it works"] {
            assert!(!told.contains(word), "{word} in {told}");
        }
        assert!(told.contains("https://discord.com/channels/11/22/"));
    }

    #[test]
    fn nobody_is_named_unless_the_operator_chose_so() {
        let asked = cluster(vec![occurrence(1, "Where do I set the port?", "In the file.")]);
        assert!(!serde_json::to_string(&view(&asked)).unwrap().contains("Display Name"));
        let named = AnswerView::of(&asked, &AuthorNaming::DisplayNames);
        assert_eq!(named.answer.unwrap().by, "Display Name 201");
    }

    #[test]
    fn reasons_are_told_with_their_weights() {
        let view = view(&cluster(vec![occurrence(1, "Where do I set the port?", "In the file.")]));
        let testimony = view.evidence[0].testimony.as_ref().unwrap();
        let told = testimony.reasons.iter().map(|reason| reason.share.as_str()).collect::<Vec<_>>();
        assert_eq!(told, ["+1.50", "-0.56"]);
        assert_eq!(testimony.confidence, 90);
        assert_eq!(testimony.signals[0].what, "the asker says it works");
    }
}
