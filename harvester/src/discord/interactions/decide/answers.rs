//! `/answers`: the best three answers, and titles as autocompletion.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::cluster::{Cluster, Occurrence};
use rules::model::ids::ClusterId;
use rules::publish::anonymize::Participants;
use rules::publish::pseudonym::AuthorNaming;
use rules::publish::strength::{AnswerStrength, answer_options, is_weak};
use serde_json::{Value, json};

use crate::discord::interactions::text::escape::{inert, label};
use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::{LABEL, MOST_CHOICES, Reply};

/// Answers shown.
pub(crate) const SHOWN: usize = 3;
/// UTF-16 units of a title and of an answer's beginning: three of each, with links, fit a message.
const TITLE: usize = 140;
const BEGINNING: usize = 260;

/// What was found for a query, best first.
pub(crate) struct AnswerMatches {
    pub(crate) clusters: Vec<Cluster>,
    /// Whether nothing matched well.
    pub(crate) nearest_only: bool,
}

/// Renders the best three answers; what is probably no answer comes last, as on the site. Text that may
/// not be quoted is not shown.
pub(crate) fn render_answers(
    found: &AnswerMatches,
    naming: &AuthorNaming,
    language: BotLanguage,
) -> Reply {
    if found.clusters.is_empty() {
        return Reply::new(messages::nothing_found(language));
    }
    let head = if found.nearest_only { messages::nearest } else { messages::found };
    let (weak, strong): (Vec<_>, Vec<_>) =
        found.clusters.iter().partition(|one| is_weak(one, strength(one)));
    let shown = strong.into_iter().chain(weak).take(SHOWN).enumerate();
    let entries = shown.map(|(at, cluster)| entry(at + 1, cluster, naming, language));
    let parts = std::iter::once(head(language).to_owned()).chain(entries).collect::<Vec<_>>();
    Reply::new(parts.join("\n\n"))
}

fn entry(place: usize, cluster: &Cluster, naming: &AuthorNaming, language: BotLanguage) -> String {
    let AnswerCard { title, beginning, source } = AnswerCard::of(cluster, naming);
    let title = title.map_or_else(|| messages::not_public(language).into(), |it| inert(&it, TITLE));
    let beginning = match beginning {
        Some(text) => inert(&text, BEGINNING),
        None => messages::read_there(language).to_owned(),
    };
    format!("**{place}. {title}**\n> {beginning}\n{}", footing(cluster, source, language))
}

/// What a cluster's first answer rests on.
fn strength(cluster: &Cluster) -> AnswerStrength {
    AnswerStrength::of(cluster, &answer_options(cluster))
}

/// Badge, counts and links.
pub(crate) fn footing(cluster: &Cluster, source: &Occurrence, language: BotLanguage) -> String {
    let badge = messages::badge(language, strength(cluster));
    let times = messages::times(language, cluster.times_answered(), cluster.last_confirmed());
    let page = cluster.merged_answer.as_ref().and_then(|answer| answer.page_url());
    let page = page.map(|page| format!("[{}]({page}) · ", messages::the_page(language)));
    format!(
        "{badge} · {times} · {}[{}]({}) · [{}]({})",
        page.unwrap_or_default(),
        messages::the_answer(language),
        source.answer_link(source.best_answer()),
        messages::the_question(language),
        source.question_link(),
    )
}

/// What may be shown of a cluster.
pub(crate) struct AnswerCard<'c> {
    /// `None` where no question may be quoted.
    pub(crate) title: Option<String>,
    /// The best answer on one line; `None` where none may be quoted.
    pub(crate) beginning: Option<String>,
    /// Where the answer was given.
    pub(crate) source: &'c Occurrence,
}

impl<'c> AnswerCard<'c> {
    pub(crate) fn of(cluster: &'c Cluster, naming: &AuthorNaming) -> Self {
        let people = Participants::of(cluster, naming);
        let best = rules::occurrence_ranking::rank_occurrences(cluster).into_iter().next();
        let source = best.map_or_else(|| latest(cluster), |ranked| ranked.occurrence);
        let beginning = match &cluster.merged_answer {
            Some(merged_answer) => Some(merged_answer.leading_line()),
            None => source.quotable.then(|| people.line(&source.best_answer().text)),
        };
        Self {
            title: title(cluster, &people),
            beginning: beginning.filter(|line| !line.is_empty()),
            source,
        }
    }
}

/// The merged title, or the question that names the cluster, if it may be quoted.
pub(crate) fn title(cluster: &Cluster, people: &Participants<'_>) -> Option<String> {
    let merged = cluster.merged_answer.as_ref().map(|answer| answer.title.clone());
    merged.or_else(|| people.headline(cluster).map(|(_, title)| title))
}

fn latest(cluster: &Cluster) -> &Occurrence {
    let by_time = |one: &&Occurrence| -> (Timestamp, _) { (one.resolved(), one.conversation) };
    cluster.occurrences.iter().max_by_key(by_time).expect("a cluster has an occurrence")
}

/// Titles as autocompletion choices, without what is probably no answer. Choosing one sends the cluster's id as the query.
pub(crate) fn choices(clusters: &[Cluster], naming: &AuthorNaming) -> Value {
    let mut seen = BTreeSet::new();
    let strong = clusters.iter().filter(|cluster| !is_weak(cluster, strength(cluster)));
    let named = strong.filter_map(|cluster| {
        let title = title(cluster, &Participants::of(cluster, naming))?;
        Some((label(&title, LABEL), &cluster.id))
    });
    let fresh = named.filter(|(title, _)| seen.insert(title.clone()));
    let choices = fresh.take(MOST_CHOICES);
    choices.map(|(name, id)| json!({"name": name, "value": id})).collect()
}

/// The cluster id in a query, if it has the form of one. An ordinary word may have it too.
pub(crate) fn named(query: &str) -> Option<ClusterId> {
    query.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::{ClusterState, MergedAnswer};
    use rules::resolution::ResolutionGrade;
    use rules::time;

    use super::*;
    use crate::discord::interactions::test_support::{cluster, naming, occurrence};

    fn answer_text(clusters: Vec<Cluster>, language: BotLanguage) -> String {
        render_answers(&AnswerMatches { clusters, nearest_only: false }, &naming(), language).text
    }

    #[test]
    fn an_answer_is_shown_with_status_count_and_links() {
        let clusters = vec![cluster(vec![
            occurrence(10, "How do I reset the wallet?", "Run `wallet reset` twice."),
            occurrence(20, "How to reset my wallet?", "Run wallet reset."),
        ])];
        let said = answer_text(clusters.clone(), BotLanguage::English);
        assert!(said.contains("reset"), "{said}");
        assert!(said.contains("2 people agree · answered 2 times, last <t:"), "{said}");
        assert!(said.contains("[answer](https://discord.com/channels/"), "{said}");
        let korean = answer_text(clusters, BotLanguage::Korean);
        assert!(korean.contains("2번 해결됨") && korean.contains("[답변](https://"), "{korean}");
    }

    #[test]
    fn what_is_probably_no_answer_comes_last_and_is_not_offered() {
        let mut unsure = cluster(vec![occurrence(10, "How do I reset the wallet?", "No idea.")]);
        unsure.occurrences[0].grade = ResolutionGrade::Unconfirmed;
        unsure.occurrences[0].confidence = 0.3;
        let sure = cluster(vec![occurrence(20, "How to reset my wallet?", "Run wallet reset.")]);
        let clusters = vec![unsure, sure];
        let offered = choices(&clusters, &naming());
        assert_eq!(offered.as_array().unwrap().len(), 1, "{offered}");
        let said = answer_text(clusters, BotLanguage::English);
        assert!(said.find("Run wallet reset").unwrap() < said.find("No idea").unwrap(), "{said}");
        assert!(said.contains("One person said · "), "{said}");
    }

    #[test]
    fn a_reviewed_answer_is_called_so() {
        let mut known = cluster(vec![occurrence(10, "Where is the port set?", "In the file.")]);
        known.state = ClusterState::Merged;
        assert!(answer_text(vec![known], BotLanguage::English).contains("✅ Reviewed · "));
    }

    #[test]
    fn a_merged_answer_is_shown_in_its_own_words_with_its_page() {
        let mut known = cluster(vec![occurrence(10, "where port?", "in some file")]);
        let mut merged_answer = MergedAnswer {
            title: "Choosing a **port**".into(),
            answer: "Set `PORT`, see [all](https://docs.example/all). @everyone".into(),
            link: "https://docs.example/port".into(),
            merged: time::at_millisecond(5),
        };
        known.merged_answer = Some(merged_answer.clone());
        let said = answer_text(vec![known.clone()], BotLanguage::English);
        assert!(
            said.contains("Choosing a \\*\\*port\\*\\*") && said.contains("Set PORT, see all."),
            "{said}"
        );
        assert!(
            said.contains("✅ Reviewed · ")
                && said.contains("[page](https://docs.example/port) · ")
        );
        assert!(!said.contains("some file") && !said.contains(" @everyone"), "{said}");
        merged_answer.link = "javascript:alert(1)".into();
        known.merged_answer = Some(merged_answer);
        assert!(!answer_text(vec![known], BotLanguage::Korean).contains("alert"));
    }

    #[test]
    fn words_that_may_not_be_quoted_are_not_shown() {
        let mut hidden = occurrence(10, "Where is the secret port set?", "In the drawer.");
        hidden.quotable = false;
        let said = answer_text(vec![cluster(vec![hidden.clone()])], BotLanguage::English);
        assert!(!said.contains("port") && !said.contains("drawer"), "{said}");
        assert!(said.contains("https://discord.com/channels/"), "{said}");
        assert_eq!(choices(&[cluster(vec![hidden])], &naming()), json!([]));
    }

    #[test]
    fn hostile_words_are_inert_and_three_long_answers_fit() {
        let hostile =
            "@everyone <@1> [free](https://bad.example) **x** ||y|| `z` discord.gg/q ".repeat(60);
        let one = |id| cluster(vec![occurrence(id, &format!("Why {hostile}?"), &hostile)]);
        let clusters = vec![one(10), one(20), one(30), one(40)];
        for language in [BotLanguage::English, BotLanguage::Korean] {
            let said = answer_text(clusters.clone(), language);
            assert!(said.encode_utf16().count() <= 2_000, "{}", said.encode_utf16().count());
            assert!(said.contains("**3. ") && !said.contains("**4. "));
            for active in [" @everyone", "<@1>", "(https://bad", "||y", "discord.gg/q"] {
                assert!(!said.contains(active), "{active} in {said}");
            }
        }
    }

    #[test]
    fn nothing_found_tells_how_to_ask() {
        assert!(answer_text(Vec::new(), BotLanguage::English).contains("what you tried"));
        assert!(answer_text(Vec::new(), BotLanguage::Korean).contains("오류 메시지"));
    }

    #[test]
    fn choices_are_few_short_and_different() {
        let ask = |id: u64, text: &str| cluster(vec![occurrence(id, text, "So.")]);
        let mut clusters = (1..40)
            .map(|id| ask(id * 10, &format!("How do I mend part {id}?")))
            .collect::<Vec<_>>();
        clusters.insert(0, ask(1_000, "How do I mend part 1?"));
        clusters.insert(0, ask(2_000, &format!("Why does {} fail?", "it ".repeat(90))));
        let offered = choices(&clusters, &naming());
        let offered = offered.as_array().unwrap();
        assert_eq!(offered.len(), 25);
        let names = offered.iter().map(|one| one["name"].as_str().unwrap());
        assert_eq!(names.clone().collect::<BTreeSet<_>>().len(), 25);
        assert!(names.clone().all(|name| (1..=100).contains(&name.encode_utf16().count())));
        assert!(offered.iter().all(|one| named(one["value"].as_str().unwrap()).is_some()));
    }
}
