//! The content of an answer page, its Markdown and its JSON: a pure function of the cluster.

use jiff::{SignedDuration, Timestamp};
use rules::markdown::{MarkdownDialect, render};
use rules::model::cluster::{Cluster, MergedAnswer, Occurrence, Quote};
use rules::model::ids::permalink;
use rules::model::reason::WeightedReason;
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;
use rules::publish::strength::{AnswerStrength, answer_options};
use rules::time;
use serde::Serialize;

use crate::pages::prose::{beginning, html_of, language};
use crate::pages::review_status::ReviewStatus;
use crate::pages::slug::{address, slug};
use crate::pages::title::title;
use crate::pages::version_validity::VersionValidity;
use crate::presentation::words::{DisplayDate, InterfaceText, filled};

const MAX_OTHERS: usize = 4;
/// Characters of an answer in its description, which search engines cut at about that.
const DESCRIPTION_CHARS: usize = 160;
/// An answer that nobody confirmed for so long tells its year.
const OLD_AFTER: SignedDuration = time::days(365);

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
    /// "Answered twice for 2 people".
    pub(crate) answered: String,
    pub(crate) last_confirmed: DisplayDate,
    /// "from 2017", if it is old.
    pub(crate) age: Option<String>,
    pub(crate) channels: Vec<String>,
    /// The beginning of the answer on one line; empty if it may not be quoted.
    pub(crate) description: String,
    /// The full question, if it says more than the title.
    pub(crate) question: Option<QuotedMessage>,
    pub(crate) answer: Option<OptionView>,
    pub(crate) others: Vec<OptionView>,
    pub(crate) variants: Vec<WordingView>,
    pub(crate) versions: Vec<String>,
    /// Known once the releases are.
    pub(crate) validity: VersionValidity,
    /// "Based on 3 conversations".
    pub(crate) based_on: String,
    pub(crate) evidence: Vec<EvidenceView>,
}

/// One of the answers, with those who stand behind it.
#[derive(Debug, Serialize)]
pub(crate) struct OptionView {
    pub(crate) quote: QuotedMessage,
    /// `AnswerStrength::as_str`.
    pub(crate) strength: &'static str,
    pub(crate) badge: String,
    /// The strength in a sentence.
    pub(crate) about: String,
    /// Independent people who gave or confirmed it; 0 for a merged answer.
    pub(crate) people: usize,
    /// "3 people stand behind it", if more than one do.
    pub(crate) behind: Option<String>,
}

/// A quotable message with its source, or the merged answer with its page.
#[derive(Debug, Serialize)]
pub(crate) struct QuotedMessage {
    /// Whether it is the merged answer.
    pub(crate) merged: bool,
    pub(crate) markdown: String,
    /// Safe to insert in a page unescaped.
    pub(crate) html: String,
    /// Its words on one line.
    #[serde(skip)]
    pub(crate) line: String,
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
    /// Whether it is in the core of the cluster.
    pub(crate) counted: bool,
    pub(crate) details: Option<EvidenceDetails>,
}

#[derive(Debug, Serialize)]
pub(crate) struct EvidenceDetails {
    pub(crate) channel: String,
    pub(crate) asker: String,
    pub(crate) answerer: String,
    /// "A user asked in #help, another user answered".
    pub(crate) summary: String,
    pub(crate) grade: String,
    /// 0 to 100.
    pub(crate) confidence: u8,
    pub(crate) signals: Vec<SignalView>,
    pub(crate) reasons: Vec<ReasonView>,
}

/// A signal and its message.
#[derive(Debug, Serialize)]
pub(crate) struct SignalView {
    pub(crate) what: String,
    pub(crate) url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReasonView {
    pub(crate) what: String,
    pub(crate) weight: f32,
    pub(crate) url: Option<String>,
}

impl AnswerView {
    /// The answer in the words of `text`, as of `now`.
    pub(crate) fn of(
        cluster: &Cluster,
        naming: &AuthorNaming,
        text: &InterfaceText,
        now: Timestamp,
    ) -> Self {
        let people = Participants::of(cluster, naming);
        let (asked, title) = title(cluster, &people, text);
        let slug = slug(&title, &cluster.id);
        let quoting = QuotingContext { naming, people: &people, text };
        let mut options = quoting.options(cluster).into_iter();
        let answer = options.next();
        let line = answer.as_ref().map_or("", |option| option.quote.line.as_str());
        let (times, askers) = (cluster.times_answered(), cluster.asker_count());
        Self {
            id: cluster.id.to_string(),
            url: address(&slug),
            slug,
            language: language(&title),
            status: ReviewStatus::from(cluster),
            state: cluster.state.as_str(),
            occurrences: times,
            askers,
            answered: filled(
                &text.answered_for,
                &[("times", &text.times(times)), ("people", &text.people.of(askers))],
            ),
            last_confirmed: text.date(cluster.last_confirmed()),
            age: age(cluster, now, text),
            channels: channels(cluster),
            description: beginning(line, DESCRIPTION_CHARS),
            question: asked.and_then(|asked| quoting.question_in_full(asked, &title)),
            answer,
            others: options.take(MAX_OTHERS).collect(),
            variants: variants(cluster, &title, &people),
            versions: versions(cluster, &people),
            validity: VersionValidity::default(),
            based_on: text.conversations.of(times),
            evidence: cluster
                .occurrences
                .iter()
                .map(|one| quoting.evidence(cluster, one))
                .collect(),
            title,
        }
    }
}

/// "from 2017" for a chat answer that was last given long ago. A merged answer is kept up to date.
fn age(cluster: &Cluster, now: Timestamp, text: &InterfaceText) -> Option<String> {
    let last = cluster.last_confirmed();
    let is_old = cluster.merged_answer.is_none() && now.duration_since(last) > OLD_AFTER;
    let year = text.date(last).exact.get(..4).map(str::to_owned)?;
    is_old.then(|| filled(&text.from_year, &[("year", &year)]))
}

/// How the messages of a cluster are quoted.
struct QuotingContext<'q> {
    naming: &'q AuthorNaming,
    people: &'q Participants<'q>,
    text: &'q InterfaceText,
}

impl QuotingContext<'_> {
    /// The merged answer, then one option for each solution, then the other answers of the best
    /// occurrence; each text once.
    fn options(&self, cluster: &Cluster) -> Vec<OptionView> {
        let solutions = answer_options(cluster);
        let first = solutions.first().map(|solution| solution.best);
        let mut options = Vec::new();
        options.extend(cluster.merged_answer.as_ref().map(|merged_answer| {
            OptionView::of(merged(merged_answer, self.text), AnswerStrength::Reviewed, 0, self.text)
        }));
        // Where a person marked the cluster as known, its best answer is the reviewed one.
        let mut reviewed = cluster.merged_answer.is_none() && cluster.has_merged_answer();
        let mut lines = Vec::new();
        for solution in &solutions {
            let strength = if std::mem::take(&mut reviewed) {
                AnswerStrength::Reviewed
            } else {
                solution.strength
            };
            let best = solution.best;
            lines.push(self.people.line(&best.best_answer().text).to_lowercase());
            let quote = self.quoted_message(best, best.best_answer());
            options.push(OptionView::of(quote, strength, solution.support.people, self.text));
        }
        for (one, answer) in first
            .into_iter()
            .flat_map(|one| one.answers.iter().skip(1).map(move |answer| (one, answer)))
        {
            let line = self.people.line(&answer.text).to_lowercase();
            if !lines.contains(&line) {
                lines.push(line);
                let strength = match answer.trusted {
                    true => AnswerStrength::Trusted,
                    false => AnswerStrength::OnePerson,
                };
                options.push(OptionView::of(
                    self.quoted_message(one, answer),
                    strength,
                    1,
                    self.text,
                ));
            }
        }
        options
    }

    fn quoted_message(&self, occurrence: &Occurrence, quote: &Quote) -> QuotedMessage {
        let blocks = self.people.read(&quote.text);
        QuotedMessage {
            merged: false,
            markdown: render(&blocks, MarkdownDialect::CommonMark),
            html: html_of(&blocks),
            line: self.people.line(&quote.text),
            language: language(&quote.text),
            by: self.naming.name(quote),
            trusted: quote.trusted,
            at: self.text.date(quote.sent),
            url: occurrence.answer_link(quote),
        }
    }

    fn question_in_full(&self, asked: &Occurrence, title: &str) -> Option<QuotedMessage> {
        let line = self.people.line(&asked.question.text);
        let says_more = line.to_lowercase() != title.to_lowercase();
        says_more.then(|| self.quoted_message(asked, &asked.question))
    }

    fn evidence(&self, cluster: &Cluster, occurrence: &Occurrence) -> EvidenceView {
        EvidenceView {
            at: self.text.date(occurrence.resolved()),
            question_url: occurrence.question_link(),
            answer_url: occurrence.answer_link(occurrence.best_answer()),
            counted: cluster.is_in_core(occurrence),
            details: occurrence.quotable.then(|| self.details(occurrence)),
        }
    }

    fn details(&self, occurrence: &Occurrence) -> EvidenceDetails {
        let link = |message| permalink(occurrence.guild, occurrence.channel, message);
        let asker = self.naming.name(&occurrence.question);
        let answerer = self.naming.name(occurrence.best_answer());
        let channel = occurrence.channel_name.clone();
        let values = [("asker", &*asker), ("answerer", &*answerer), ("channel", &*channel)];
        EvidenceDetails {
            summary: filled(&self.text.evidence_of, &values),
            grade: self.text.grade(occurrence.grade).to_owned(),
            confidence: (occurrence.confidence.clamp(0.0, 1.0) * 100.0).round() as u8,
            signals: occurrence
                .signals
                .iter()
                .map(|signal| SignalView {
                    what: self.text.signal(signal.kind).to_owned(),
                    url: link(signal.message),
                })
                .collect(),
            reasons: occurrence
                .reasons
                .iter()
                .map(|WeightedReason { what, weight, message }| ReasonView {
                    what: what.clone(),
                    weight: *weight,
                    url: message.map(link),
                })
                .collect(),
            channel,
            asker,
            answerer,
        }
    }
}

impl OptionView {
    fn of(
        quote: QuotedMessage,
        strength: AnswerStrength,
        people: usize,
        text: &InterfaceText,
    ) -> Self {
        Self {
            quote,
            strength: strength.as_str(),
            badge: text.badge(strength),
            about: text.about(strength).to_owned(),
            people,
            behind: (people > 1).then(|| text.behind.of(people)),
        }
    }
}

/// The answer as maintainers merged it.
fn merged(merged_answer: &MergedAnswer, text: &InterfaceText) -> QuotedMessage {
    let blocks = merged_answer.blocks();
    QuotedMessage {
        merged: true,
        markdown: render(&blocks, MarkdownDialect::CommonMark),
        html: html_of(&blocks),
        line: merged_answer.leading_line(),
        language: language(&merged_answer.one_line_text()),
        by: "Maintainers".to_owned(),
        trusted: true,
        at: text.date(merged_answer.merged),
        url: merged_answer.page_url().unwrap_or_default().to_owned(),
    }
}

/// The other ways the question was asked.
fn variants(cluster: &Cluster, title: &str, people: &Participants<'_>) -> Vec<WordingView> {
    let lines = people.variants(cluster, title).into_iter().map(|(_, line)| line);
    lines.map(|text| WordingView { language: language(&text), text }).collect()
}

/// The versions that the merged answer names, otherwise those that the messages name.
fn versions(cluster: &Cluster, people: &Participants<'_>) -> Vec<String> {
    if let Some(merged_answer) = &cluster.merged_answer {
        return rules::versions::versions([merged_answer.one_line_text().as_str()]);
    }
    let quotable = cluster.occurrences.iter().filter(|one| one.quotable);
    let quotes = quotable.flat_map(|one| [&one.question, one.best_answer()]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{cluster, occurrence, quote};
    use rules::publish::pseudonym::Salt;
    use rules::resolution::ResolutionGrade;

    fn view(cluster: &Cluster) -> AnswerView {
        let naming = AuthorNaming::Pseudonyms(Salt([7; 16]));
        AnswerView::of(cluster, &naming, InterfaceText::english(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_best_confirmed_answer_stands_first() {
        let mut certain = occurrence(3, "How is the port of it set?", "Set `PORT` in the file.");
        certain.grade = ResolutionGrade::Certain;
        let early = occurrence(1, "Where do I set the port?", "It is in v1.4.0 of the settings.");
        let mut duplicate = occurrence(5, "where do i set the port?", "set `PORT` in the file.");
        duplicate.answers.push(quote(7, 1, "Or on the command line."));
        let view = view(&cluster(vec![early, certain, duplicate]));
        assert_eq!(view.answer.as_ref().unwrap().quote.markdown, "Set `PORT` in the file.");
        let others =
            view.others.iter().map(|said| said.quote.markdown.as_str()).collect::<Vec<_>>();
        assert_eq!(others, ["It is in v1.4.0 of the settings."]);
        let variants = view.variants.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
        assert_eq!(variants, ["How is the port of it set?"]);
        assert_eq!(view.versions, ["v1.4.0"]);
        assert_eq!(
            (view.occurrences, view.answered.as_str()),
            (3, "Answered 3 times for 3 people")
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
        let json = serde_json::to_string(&view).unwrap();
        for word in ["quixotic", "zanzibar", "9.9.9", "backroom", "Display Name", "says it works"] {
            assert!(!json.contains(word), "{word} in {json}");
        }
        assert!(json.contains("https://discord.com/channels/11/22/"));
    }

    #[test]
    fn nobody_is_named_unless_the_operator_chose_so() {
        let asked = cluster(vec![occurrence(1, "Where do I set the port?", "In the file.")]);
        assert!(!serde_json::to_string(&view(&asked)).unwrap().contains("Display Name"));
        let text = InterfaceText::english();
        let named =
            AnswerView::of(&asked, &AuthorNaming::DisplayNames, text, Timestamp::UNIX_EPOCH);
        assert_eq!(named.answer.unwrap().quote.by, "Display Name 201");
    }

    #[test]
    fn evidence_is_described_and_an_old_answer_shows_its_year() {
        let cluster = cluster(vec![occurrence(1, "Where do I set the port?", "In the file.")]);
        let view = view(&cluster);
        let details = view.evidence[0].details.as_ref().unwrap();
        assert_eq!(details.confidence, 90);
        assert_eq!(details.signals[0].what, "the asker says it works");
        assert!(details.summary.contains(" asked in #help, "), "{}", details.summary);
        assert_eq!((view.based_on.as_str(), view.age), ("Based on 1 conversation", None));
        let later = cluster.last_confirmed() + 2 * OLD_AFTER;
        let text = InterfaceText::english();
        let old = AnswerView::of(&cluster, &AuthorNaming::DisplayNames, text, later);
        assert_eq!(old.age.as_deref(), Some("from 2025"));
    }

    #[test]
    fn options_say_how_many_people_stand_behind_each() {
        let cluster = cluster(vec![
            occurrence(1, "Why is the port closed?", "The firewall of the host blocks it."),
            occurrence(2, "Why is the port closed?", "Restart the relay after every change."),
            occurrence(3, "Why is the port closed?", "You must restart the relay after a change."),
        ]);
        let view = view(&cluster);
        let best = view.answer.as_ref().unwrap();
        assert!(best.quote.markdown.contains("estart the relay"));
        assert_eq!(best.behind.as_deref(), Some("4 people stand behind it"));
        assert_eq!(view.others.len(), 1);
        assert_eq!(view.others[0].people, 2);
    }
}
