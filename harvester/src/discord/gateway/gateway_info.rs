//! The response to `GET /gateway/bot`: where to connect, in how many shards, how often.

use jiff::SignedDuration;
use serde_json::Value;

/// With fewer sessions than this left of a day's 1,000, new ones wait for the daily reset.
const FLOOR: u64 = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GatewayInfo {
    pub(super) url: String,
    /// The number of shards that Discord recommends.
    pub(super) shards: u32,
    /// Shards whose numbers differ modulo this may start sessions at the same time.
    pub(super) buckets: u32,
    remaining: u64,
    reset_after: SignedDuration,
}

/// Whether a new session may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionAdmission {
    Go,
    /// Not for so long: few sessions are left.
    Wait(SignedDuration),
    /// None is left; the limit resets after this time.
    Refuse(SignedDuration),
}

impl GatewayInfo {
    /// Parses the response; the error describes what is wrong with it. Without `api_url` only a
    /// gateway on Discord's own domain is accepted.
    pub(super) fn parse(answer: &Value, api_url: Option<&str>) -> Result<Self, String> {
        let url = answer["url"].as_str().ok_or("the response has no `url`")?;
        let parsed = reqwest::Url::parse(url).map_err(|error| format!("{url:?}: {error}"))?;
        let host = parsed.host_str().unwrap_or_default();
        let fits = match api_url {
            Some(_) => ["ws", "wss"].contains(&parsed.scheme()) && !host.is_empty(),
            None => parsed.scheme() == "wss" && host.ends_with(".discord.gg"),
        };
        if !fits {
            return Err(format!("{url:?} is not a Discord gateway"));
        }
        let limit = &answer["session_start_limit"];
        let at_least_one = |value: &Value| value.as_u64().unwrap_or(1).clamp(1, 10_000) as u32;
        let reset_after = limit["reset_after"].as_i64().unwrap_or(0);
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            shards: at_least_one(&answer["shards"]),
            buckets: at_least_one(&limit["max_concurrency"]),
            remaining: limit["remaining"].as_u64().unwrap_or(u64::MAX),
            reset_after: SignedDuration::from_millis(reset_after.max(0)),
        })
    }

    pub(super) fn admission(&self) -> SessionAdmission {
        match self.remaining {
            0 => SessionAdmission::Refuse(self.reset_after),
            few if few < FLOOR => SessionAdmission::Wait(self.reset_after),
            _ => SessionAdmission::Go,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(url: &str, remaining: u64) -> Value {
        json!({
            "url": url,
            "shards": 2,
            "session_start_limit": {
                "total": 1000, "remaining": remaining, "reset_after": 7000, "max_concurrency": 16,
            },
        })
    }

    #[test]
    fn connects_only_where_it_should() {
        let check = |url: &str, api_url: Option<&str>, fits: bool| {
            assert_eq!(GatewayInfo::parse(&answer(url, 9), api_url).is_ok(), fits, "{url}");
        };
        let elsewhere = Some("http://127.0.0.1:9");
        check("wss://gateway.discord.gg", None, true);
        check("wss://gateway-us-east1-b.discord.gg/", None, true);
        check("ws://gateway.discord.gg", None, false);
        check("wss://gateway.discord.gg.example.test", None, false);
        check("wss://notdiscord.gg", None, false);
        check("ws://127.0.0.1:9", None, false);
        check("ws://127.0.0.1:9", elsewhere, true);
        check("http://127.0.0.1:9", elsewhere, false);
        check("", elsewhere, false);
        assert!(GatewayInfo::parse(&json!({}), None).is_err());
    }

    #[test]
    fn keeps_the_last_sessions_of_a_day() {
        let check = |remaining: u64, expected: SessionAdmission| {
            let read = GatewayInfo::parse(&answer("wss://gateway.discord.gg", remaining), None);
            assert_eq!(read.unwrap().admission(), expected, "{remaining}");
        };
        let reset = SignedDuration::from_secs(7);
        check(0, SessionAdmission::Refuse(reset));
        check(1, SessionAdmission::Wait(reset));
        check(49, SessionAdmission::Wait(reset));
        check(50, SessionAdmission::Go);
    }

    #[test]
    fn an_answer_without_limits_is_read_with_care() {
        let read = GatewayInfo::parse(&json!({ "url": "wss://gateway.discord.gg" }), None).unwrap();
        assert_eq!((read.shards, read.buckets, read.admission()), (1, 1, SessionAdmission::Go));
    }
}
