//! The arguments of tools, under the names that models give them.

use serde_json::Value;

/// Names for the words to search for; the first is documented.
const QUERY: [&str; 7] = ["query", "q", "question", "userQuery", "user_query", "text", "search"];
const ERROR: [&str; 6] = ["text", "error", "message", "errorMessage", "error_message", "query"];
const ANSWER: [&str; 5] = ["id", "answer_id", "answerId", "url", "cluster"];

const VERDICT: [&str; 4] = ["verdict", "kind", "feedback", "status"];

pub(super) fn query(arguments: &Value) -> Option<&str> {
    text(arguments, &QUERY)
}

pub(super) fn error(arguments: &Value) -> Option<&str> {
    text(arguments, &ERROR)
}

/// What an agent says of an answer.
pub(super) fn verdict(arguments: &Value) -> Option<&str> {
    text(arguments, &VERDICT)
}

/// The id of an answer, also from its URL in any form.
pub(super) fn answer_id(arguments: &Value) -> Option<&str> {
    let given = text(arguments, &ANSWER)?;
    let segment = given.rsplit('/').next()?.split(['?', '#']).next()?;
    let bare = segment.strip_suffix(".md").or_else(|| segment.strip_suffix(".json"));
    bare.unwrap_or(segment).rsplit('-').next()
}

/// A whole number, also as text; `default` where it is missing or outside `1..=most`.
pub(super) fn limit(arguments: &Value, default: usize, most: usize) -> usize {
    let given = &arguments["limit"];
    let number = given.as_u64().or_else(|| given.as_str()?.parse().ok());
    number.map_or(default, |number| (number as usize).clamp(1, most))
}

fn text<'v>(arguments: &'v Value, names: &[&str]) -> Option<&'v str> {
    let given = names.iter().find_map(|name| arguments[*name].as_str());
    given.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_models_invent_are_understood() {
        for name in ["query", "q", "question", "userQuery"] {
            assert_eq!(query(&json!({ name: " set port " })), Some("set port"), "{name}");
        }
        assert_eq!(query(&json!({ "query": "" })), None);
        assert_eq!(query(&json!("port")), None);
        for id in ["q1a", "https://a.example/answers/set-the-port-q1a.md", "/answers/q1a?x#answer"]
        {
            assert_eq!(answer_id(&json!({ "id": id })), Some("q1a"), "{id}");
        }
        assert_eq!(limit(&json!({ "limit": "3" }), 5, 10), 3);
        assert_eq!(limit(&json!({ "limit": 99 }), 5, 10), 10);
        assert_eq!(limit(&json!({}), 5, 10), 5);
    }
}
