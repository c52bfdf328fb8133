//! `/harvester`: the status, and the data stored about a user.

use indexer::store::DaemonStatus;
use jiff::Timestamp;
use serde::Serialize;

use crate::discord::interactions::text::language::BotLanguage;
use crate::discord::interactions::text::messages;
use crate::discord::interactions::text::reply::Reply;

/// The setting that pauses suggestions and proposals while it exists.
pub const PAUSED: &str = "paused";

/// The status that moderators see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServerStatus {
    pub(crate) paused: bool,
    pub(crate) messages: u64,
    pub(crate) channels: u64,
    pub(crate) hidden: u64,
    /// Channels still being read for the first time, or again after a gap.
    pub(crate) reading: u64,
    pub(crate) answers: u64,
    pub(crate) recurring: u64,
    /// Questions that are not resolved.
    pub(crate) open: u64,
    pub(crate) proposals: u64,
    /// Payloads that could not be parsed and wait for another attempt.
    pub(crate) quarantined: u64,
    /// When the last event was stored, by any daemon.
    pub(crate) last_stored: Option<Timestamp>,
}

/// When any daemon last stored an event.
pub(crate) fn last_stored(daemons: &[(String, DaemonStatus)]) -> Option<Timestamp> {
    daemons.iter().filter_map(|(_, status)| status.last_event_stored).max()
}

pub(crate) fn render_status(state: &ServerStatus, language: BotLanguage) -> Reply {
    let ServerStatus { messages, channels, hidden, reading, answers, recurring, open, .. } = state;
    let ServerStatus { paused, proposals, quarantined, last_stored, .. } = state;
    let running = match paused {
        true => language.pick(
            "**Paused**: no suggestions, no proposals",
            "**일시정지 중**: 답변 추천과 문서 제안 없음",
        ),
        false => language.pick("**Running**", "**작동 중**"),
    };
    let last = last_stored.map_or_else(
        || language.pick("none since the start", "시작한 뒤 아직 없음").to_owned(),
        messages::ago,
    );
    let lines = language.pick(
        [
            format!("Last event: {last}"),
            format!("Messages: {messages} in {channels} channels ({hidden} hidden, {reading} still being read)"),
            format!("Answers: {answers} ({recurring} to recurring questions)"),
            format!("Open questions: {open}"),
            format!("Proposals: {proposals}"),
            format!("Payloads that could not be parsed: {quarantined}"),
        ],
        [
            format!("마지막 이벤트: {last}"),
            format!("메시지: 채널 {channels}개에서 {messages}개 (숨김 {hidden}개, 읽는 중 {reading}개)"),
            format!("답변: {answers}개 (반복되는 질문의 답변 {recurring}개)"),
            format!("열린 질문: {open}개"),
            format!("문서 제안: {proposals}개"),
            format!("처리하지 못한 데이터: {quarantined}개"),
        ],
    );
    Reply::new(format!("{running}\n{}", lines.join("\n")))
}

/// Bytes of one attachment: Discord accepts ten MiB from a bot.
const PART: usize = 8 << 20;

/// All data stored about a user, as messages with files. More than one only if it is large.
pub(crate) fn export(data: &impl Serialize, language: BotLanguage) -> Vec<Reply> {
    let json = serde_json::to_vec_pretty(data).expect("stored data has only text keys");
    let several = json.len() > PART;
    let parts = json.chunks(PART).enumerate().map(|(at, bytes)| {
        let (name, text) = match (several, at) {
            (false, _) => ("stored-about-you.json".to_owned(), messages::exported(language)),
            (true, at) => {
                let text = if at == 0 { messages::exported } else { messages::exported_part };
                (format!("stored-about-you.part{}.json", at + 1), text(language))
            }
        };
        Reply { file: Some((name, bytes.to_vec())), ..Reply::new(text) }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_state_is_shown_in_both_languages() {
        let state = ServerStatus {
            paused: true,
            messages: 1_200,
            open: 17,
            last_stored: Some(time::at_millisecond(1_700_000_000_000)),
            ..ServerStatus::default()
        };
        let english = render_status(&state, BotLanguage::English).text;
        assert!(english.starts_with("**Paused**") && english.contains("Open questions: 17"));
        assert!(english.contains("Last event: <t:1700000000:R>"), "{english}");
        let korean = render_status(&ServerStatus::default(), BotLanguage::Korean).text;
        assert!(korean.starts_with("**작동 중**") && korean.contains("아직 없음"), "{korean}");
    }

    #[test]
    fn the_newest_status_tells_the_last_event() {
        let status = |name: &str, last: Option<i64>| {
            let last_event_stored = last.map(time::at_millisecond);
            (name.to_owned(), DaemonStatus { last_event_stored, ..DaemonStatus::default() })
        };
        let daemons =
            [status("one", Some(8_000)), status("two", Some(6_500)), status("three", None)];
        assert_eq!(last_stored(&daemons), Some(time::at_millisecond(8_000)));
        assert_eq!(last_stored(&[]), None);
    }

    #[test]
    fn what_is_kept_comes_as_one_file_or_as_parts_that_join() {
        let small = export(&json!({"messages": ["hi"]}), BotLanguage::English);
        assert_eq!(small.len(), 1);
        assert_eq!(small[0].file.as_ref().unwrap().0, "stored-about-you.json");
        let large = json!({"messages": vec!["a word"; 1_000_000]});
        let parts = export(&large, BotLanguage::Korean);
        assert!(parts.len() > 1);
        let joined = parts.into_iter().flat_map(|part| part.file.unwrap().1).collect::<Vec<_>>();
        assert_eq!(serde_json::from_slice::<Value>(&joined).unwrap(), large);
    }
}
