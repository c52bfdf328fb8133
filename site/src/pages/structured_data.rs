//! JSON-LD of reviewed answers, which search engines show as question and answer.

use serde_json::{Value, json};

use crate::pages::view::AnswerView;
use crate::presentation::page_meta::PageFrame;

/// `QAPage` of schema.org for a reviewed answer; `None` for any other. The text is safe inside a script
/// element.
pub(crate) fn structured_data(view: &AnswerView, frame: &PageFrame) -> Option<String> {
    let best = view.answer.as_ref().filter(|option| option.strength == "reviewed")?;
    let url = frame.absolute(&view.url);
    let question = view.question.as_ref().map_or(&view.title, |question| &question.line);
    let mut question = json!({
        "@type": "Question",
        "name": view.title,
        "text": question,
        "answerCount": 1 + view.others.len(),
        "acceptedAnswer": {
            "@type": "Answer",
            "text": best.quote.line,
            "url": format!("{url}#answer"),
            "dateCreated": best.quote.at.exact,
            "author": { "@type": "Organization", "name": frame.name() },
        },
    });
    if let Some(language) = view.language {
        question["inLanguage"] = json!(language);
    }
    let page = json!({
        "@context": "https://schema.org",
        "@type": "QAPage",
        "url": url,
        "mainEntity": question,
    });
    Some(inside_script(&page))
}

/// JSON that cannot end the script element that it stands in, or open a comment there.
fn inside_script(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_words_are_read_back_and_stay_inside(words in prop_oneof![
            Just("</script><script>alert(1)</script>".to_owned()),
            Just("<!-- <script> --> ]]>\u{2028}&amp;\"\\".to_owned()),
            "\\PC{0,40}",
        ]) {
            let value = json!({ "text": words });
            let text = inside_script(&value);
            let is_inside = !text.contains(['<', '>', '&', '\u{2028}']);
            prop_assert!(is_inside, "{}", text);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
