//! An answer as a Markdown document.

use crate::view::{AnswerView, Evidence, Said};

/// The whole answer with its evidence. Text of people stands in quotes, so that it ends where it should.
pub(crate) fn markdown(view: &AnswerView) -> String {
    let mut text = format!("# {}\n\n", escaped(&view.title));
    text.push_str(&format!(
        "*{}* · settled {} for {} · last confirmed {}\n",
        view.status.as_str(),
        view.times,
        view.people,
        view.last_confirmed.shown
    ));
    section(&mut text, "The question in full", view.question.iter().map(said));
    section(&mut text, "Answer", view.answer.iter().map(said));
    section(&mut text, "Other answers", view.others.iter().map(said));
    let versions = view.versions.iter().map(|version| format!("- {}\n", escaped(version)));
    section(&mut text, "Versions that were named", versions);
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

fn said(said: &Said) -> String {
    let quoted = said.markdown.lines().map(|line| format!("> {line}\n")).collect::<String>();
    format!("{quoted}\n{}, {}: <{}>\n", escaped(&said.by), said.at.shown, said.url)
}

fn evidence(evidence: &Evidence) -> String {
    let Evidence { at, question_url, answer_url, testimony } = evidence;
    let told = testimony.as_ref().map_or_else(String::new, |testimony| {
        let signals = testimony.signals.iter().map(|signal| signal.what).collect::<Vec<_>>();
        let signals =
            if signals.is_empty() { testimony.grade.to_owned() } else { signals.join(", ") };
        let (asker, answerer) = (escaped(&testimony.asker), escaped(&testimony.answerer));
        format!(", {asker} asked, {answerer} answered; {signals}")
    });
    format!("- {}{told}: [question](<{question_url}>), [answer](<{answer_url}>)\n", at.shown)
}

/// A line of text as Markdown that shows it as it is.
fn escaped(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_ascii_punctuation() {
            safe.push('\\');
        }
        safe.push(if c.is_control() { ' ' } else { c });
    }
    safe
}
