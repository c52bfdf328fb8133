//! The commands of the bot, and whether a server has them already.

use serde_json::{Map, Value, json};

use super::interaction::items;

/// Command names as Discord sends them. Localized names are only displayed.
pub(crate) mod name {
    pub(in crate::discord) const ANSWERS: &str = "answers";
    pub(in crate::discord) const QUERY: &str = "query";
    pub(in crate::discord) const FACT: &str = "fact";
    pub(in crate::discord) const FACT_NAME: &str = "name";
    pub(in crate::discord) const HARVESTER: &str = "harvester";
    pub(in crate::discord) const STATUS: &str = "status";
    pub(in crate::discord) const PAUSE: &str = "pause";
    pub(in crate::discord) const RESUME: &str = "resume";
    pub(in crate::discord) const FORGET_ME: &str = "forget-me";
    pub(in crate::discord) const EXPORT_ME: &str = "export-me";
    pub(in crate::discord) const MARK: &str = "Mark as answer";
    pub(in crate::discord) const NOT_AN_ANSWER: &str = "Not an answer";
    pub(in crate::discord) const SAME_QUESTION: &str = "Same question as…";
}

const SLASH: u8 = 1;
const MESSAGE_MENU: u8 = 3;
const SUBCOMMAND: u8 = 1;
const TEXT: u8 = 3;
/// Characters of a query, at most.
const LONGEST_QUERY: u16 = 200;

/// Every command, as Discord registers it for a server.
pub(crate) fn command_definitions() -> Vec<Value> {
    vec![
        described(
            named(SLASH, name::ANSWERS, "답변"),
            "Search the answers that this community has given",
            "이 커뮤니티에서 나온 답변을 검색합니다",
            vec![query()],
        ),
        described(
            named(SLASH, name::FACT, "공식정보"),
            "Look up an official value: an address, a link, a version, a status",
            "공식 주소, 링크, 버전, 상태를 찾습니다",
            vec![fact_name()],
        ),
        described(
            named(SLASH, name::HARVESTER, "하베스터"),
            "Answer Harvester and the data it stores about you",
            "답변 수집기와 나에 대해 저장된 데이터",
            subcommands(),
        ),
        named(MESSAGE_MENU, name::MARK, "답변으로 표시"),
        named(MESSAGE_MENU, name::NOT_AN_ANSWER, "답변 아님"),
        named(MESSAGE_MENU, name::SAME_QUESTION, "같은 질문…"),
    ]
}

fn query() -> Value {
    let mut option = described(
        named(TEXT, name::QUERY, "검색어"),
        "What you want to know, in your own words",
        "알고 싶은 것을 편하게 적어 주세요",
        Vec::new(),
    );
    option["required"] = true.into();
    option["autocomplete"] = true.into();
    option["max_length"] = LONGEST_QUERY.into();
    option
}

fn fact_name() -> Value {
    let mut option = described(
        named(TEXT, name::FACT_NAME, "이름"),
        "Its name, or what you would ask",
        "이름이나 질문을 적어 주세요",
        Vec::new(),
    );
    option["required"] = true.into();
    option["max_length"] = LONGEST_QUERY.into();
    option
}

fn subcommands() -> Vec<Value> {
    let subcommand = |name, korean, description, korean_description| {
        described(named(SUBCOMMAND, name, korean), description, korean_description, Vec::new())
    };
    vec![
        subcommand(
            name::STATUS,
            "상태",
            "Show the status of Answer Harvester (moderators)",
            "수집기의 상태를 봅니다 (운영진)",
        ),
        subcommand(
            name::PAUSE,
            "일시정지",
            "Pause suggestions and proposals (server managers)",
            "답변 추천과 문서 제안을 일시정지합니다 (서버 관리자)",
        ),
        subcommand(
            name::RESUME,
            "다시시작",
            "Resume suggestions and proposals (server managers)",
            "답변 추천과 문서 제안을 다시 시작합니다 (서버 관리자)",
        ),
        subcommand(
            name::FORGET_ME,
            "내기록삭제",
            "Delete all data stored about you and never store it again",
            "나에 대해 저장된 모든 데이터를 지우고 다시는 저장하지 않습니다",
        ),
        subcommand(
            name::EXPORT_ME,
            "내기록받기",
            "Get a file with all data stored about you",
            "나에 대해 저장된 모든 데이터를 파일로 받습니다",
        ),
    ]
}

fn named(kind: u8, name: &str, korean: &str) -> Value {
    json!({"type": kind, "name": name, "name_localizations": {"ko": korean}})
}

fn described(mut named: Value, description: &str, korean: &str, options: Vec<Value>) -> Value {
    named["description"] = description.into();
    named["description_localizations"] = json!({"ko": korean});
    if !options.is_empty() {
        named["options"] = options.into();
    }
    named
}

/// Whether a server has exactly the commands defined here. Fields that Discord adds and the order
/// of commands do not count.
pub(crate) fn is_registered(present: &[Value]) -> bool {
    let wanted = command_definitions();
    let has = |one: &Value| {
        let alike = |other: &&Value| other["name"] == one["name"] && kind(other) == kind(one);
        present.iter().find(alike).is_some_and(|found| essence(found) == essence(one))
    };
    present.len() == wanted.len() && wanted.iter().all(has)
}

fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(SLASH.into())
}

/// The fields defined here, without those that Discord adds and without empty ones.
fn essence(command: &Value) -> Value {
    const SET: [&str; 10] = [
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "required",
        "autocomplete",
        "max_length",
        "choices",
        "default_member_permissions",
    ];
    let mut kept = Map::new();
    for key in SET {
        if !means_nothing(&command[key]) {
            kept.insert(key.to_owned(), command[key].clone());
        }
    }
    let options = items(&command["options"]).map(essence).collect::<Vec<_>>();
    if !options.is_empty() {
        kept.insert("options".to_owned(), options.into());
    }
    kept.into()
}

fn means_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Discord returns for a command: more fields, and every default spelt out.
    fn as_returned(mut command: Value) -> Value {
        command["id"] = "1".into();
        command["version"] = "2".into();
        command["application_id"] = "3".into();
        command["default_member_permissions"] = Value::Null;
        command["nsfw"] = false.into();
        if command["description"].is_null() {
            command["description"] = "".into();
            command["description_localizations"] = Value::Null;
        }
        for option in command["options"].as_array_mut().into_iter().flatten() {
            option["required"] = (option["required"] == Value::Bool(true)).into();
        }
        command
    }

    #[test]
    fn what_discord_returns_counts_as_registered_in_any_order() {
        let mut present = command_definitions().into_iter().map(as_returned).collect::<Vec<_>>();
        assert!(is_registered(&present));
        present.reverse();
        assert!(is_registered(&present));
    }

    #[test]
    fn any_difference_is_seen() {
        let present = || command_definitions().into_iter().map(as_returned).collect::<Vec<_>>();
        let check = |change: &dyn Fn(&mut Vec<Value>)| {
            let mut present = present();
            change(&mut present);
            assert!(!is_registered(&present), "{present:?}");
        };
        check(&|present| present.clear());
        check(&|present| present[0]["description"] = "Old words".into());
        check(&|present| present[1]["name_localizations"] = Value::Null);
        check(&|present| present[1]["default_member_permissions"] = "32".into());
        check(&|present| present[0]["options"][0]["autocomplete"] = false.into());
        check(&|present| drop(present.pop()));
        check(&|present| {
            present.push(json!({"type": 1, "name": "stray", "description": "of another version"}))
        });
    }

    #[test]
    fn names_and_descriptions_are_as_discord_allows() {
        fn check(command: &Value, is_slash: bool) {
            for name in [&command["name"], &command["name_localizations"]["ko"]] {
                let name = name.as_str().unwrap();
                assert!((1..=32).contains(&name.chars().count()), "{name}");
                let plain = |c: char| c == '-' || c == '_' || c.is_alphanumeric();
                let slash = name.chars().all(plain) && name.to_lowercase() == name;
                assert!(slash || !is_slash, "{name}");
            }
            if is_slash {
                for said in [&command["description"], &command["description_localizations"]["ko"]] {
                    assert!((1..=100).contains(&said.as_str().unwrap().chars().count()));
                }
            }
            items(&command["options"]).for_each(|option| check(option, is_slash));
        }
        for command in command_definitions() {
            check(&command, command["type"] == SLASH);
        }
    }
}
