//! An answer as a Markdown document.

use rules::markdown::{MarkdownDialect, escape};

use crate::pages::view::{AnswerView, EvidenceView, OptionView, QuotedMessage};

/// The whole answer with its evidence. Messages are block quotes, so that they cannot break the page.
pub(crate) fn markdown(view: &AnswerView) -> String {
    let mut text = format!("# {}\n\n", escaped(&view.title));
    text.push_str(&format!(
        "*{}* · {} · last on {}\n",
        view.status.as_str(),
        lower_first(&view.answered),
        view.last_confirmed.shown
    ));
    if let Some(note) = &view.validity.note {
        text.push_str(&format!("\n{}\n", escaped(note)));
    }
    section(&mut text, "Answer", view.answer.iter().map(option));
    let reviewed = view.answer.as_ref().is_some_and(|answer| answer.quote.merged);
    let others = if reviewed { "Other answers from chat (unreviewed)" } else { "Other answers" };
    section(&mut text, others, view.others.iter().map(option));
    section(&mut text, "Full question", view.question.iter().map(quoted_message));
    let versions = view.versions.iter().map(|version| format!("- {}\n", escaped(version)));
    section(&mut text, "Versions mentioned", versions);
    let variants = view.variants.iter().map(|variant| format!("- {}\n", escaped(&variant.text)));
    section(&mut text, "Also asked as", variants);
    section(&mut text, "Evidence", view.evidence.iter().map(evidence));
    text
}

fn section(text: &mut String, heading: &str, items: impl Iterator<Item = String>) {
    let items = items.collect::<Vec<_>>();
    if !items.is_empty() {
        text.push_str(&format!("\n## {heading}\n\n{}", items.join("")));
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

fn option(option: &OptionView) -> String {
    let behind = option.behind.as_ref().map_or_else(String::new, |behind| format!("; {behind}"));
    format!("{}\n*{}{behind}*\n\n", quoted_message(&option.quote), option.badge)
}

fn quoted_message(said: &QuotedMessage) -> String {
    let quoted = said.markdown.lines().map(|line| format!("> {line}\n")).collect::<String>();
    let link = if said.url.is_empty() { String::new() } else { format!(": <{}>", said.url) };
    format!("{quoted}\n{}, {}{link}\n", escaped(&said.by), said.at.shown)
}

fn evidence(evidence: &EvidenceView) -> String {
    let EvidenceView { at, question_url, answer_url, counted: _, details } = evidence;
    let details = details.as_ref().map_or_else(String::new, |details| {
        let signals = details.signals.iter().map(|signal| signal.what.as_str()).collect::<Vec<_>>();
        let signals = if signals.is_empty() { details.grade.clone() } else { signals.join(", ") };
        let (asker, answerer) = (escaped(&details.asker), escaped(&details.answerer));
        format!(", {asker} asked, {answerer} answered; {signals}")
    });
    format!("- {}{details}: [question](<{question_url}>), [answer](<{answer_url}>)\n", at.shown)
}

/// Escapes a line of text.
fn escaped(line: &str) -> String {
    escape(line, MarkdownDialect::CommonMark)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::presentation::words::InterfaceText;
    use crate::test_support::{cluster, occurrence};
    use rules::publish::pseudonym::{AuthorNaming, Salt};

    #[test]
    fn an_answer_is_shown_with_its_evidence() {
        let mut hidden = occurrence(2, "my quixotic port?", "in the zanzibar drawer");
        hidden.quotable = false;
        let asked =
            occurrence(1, "Where do I set the port?", "Set `PORT`:\n```sh\n# export PORT=1\n```");
        let naming = AuthorNaming::Pseudonyms(Salt([7; 16]));
        let cluster = cluster(vec![asked, hidden]);
        let text = markdown(&AnswerView::of(
            &cluster,
            &naming,
            InterfaceText::english(),
            Timestamp::UNIX_EPOCH,
        ));
        assert!(
            text.starts_with("# Where do I set the port?\n\n*unreviewed* · answered twice"),
            "{text}"
        );
        for part in
            ["\n## Answer\n\n> Set `PORT`:\n", "\n> # export PORT=1\n", "the asker says it works:"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(
            text.matches("\n- 7 Oct 2025").count() + text.matches("\n- 8 Oct 2025").count(),
            2
        );
        assert!(!text.contains("quixotic") && !text.contains("zanzibar"));
    }

    #[test]
    fn words_cannot_leave_their_quote() {
        let hostile = "# big\n---\n<script>x</script>\n\n[a]: javascript:x";
        let asked = occurrence(1, "Where do I set the port?", hostile);
        let cluster = cluster(vec![asked]);
        let text = InterfaceText::english();
        let view =
            AnswerView::of(&cluster, &AuthorNaming::DisplayNames, text, Timestamp::UNIX_EPOCH);
        let text = markdown(&view);
        let answer = text.split("## ").find(|part| part.starts_with("Answer")).unwrap();
        let quoted = answer.lines().filter(|line| line.starts_with("> ")).count();
        assert!(quoted >= 3, "{answer}");
        assert!(!answer.contains("<script") && !answer.contains("\n# big"), "{answer}");
    }
}
