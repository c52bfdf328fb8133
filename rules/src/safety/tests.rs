use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::config::ruleset::Ruleset;

fn rules() -> &'static Ruleset {
    static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::embedded);
    &RULES
}

/// Real keys must not stand in a source file, so they are put together here.
fn key(head: &str, length: usize) -> String {
    head.chars().chain("a1B2c3D4e5F6g7H8i9".chars().cycle()).take(head.len() + length).collect()
}

#[test]
fn secrets_are_replaced_by_their_kind() {
    let rules = rules();
    let discord = format!("{}.{}.{}", key("MT", 22), key("G", 5), key("x", 30));
    let hex = "0123456789abcdef".repeat(4);
    let words =
        "apple banana cherry damage eagle fabric garden hammer island jacket kitchen ladder";
    for (text, expected) in [
        (format!("token is {discord} ok"), "token is [redacted: bot token] ok".to_owned()),
        (format!("{}!", key("sk-", 40)), "[redacted: API key]!".into()),
        (key("ghp_", 36), "[redacted: access token]".into()),
        (key("github_pat_", 60), "[redacted: access token]".into()),
        (format!("AKIA{}", "ABCD1234".repeat(2)), "[redacted: API key]".into()),
        (key("xoxb-", 30), "[redacted: API key]".into()),
        (key("AIza", 35), "[redacted: API key]".into()),
        (
            format!("{}.{}.{}", key("eyJ", 20), key("eyJ", 30), key("s", 30)),
            "[redacted: access token]".into(),
        ),
        (format!("my private key: 0x{hex}"), "my private key: [redacted: private key]".into()),
        (format!("block {hex}"), format!("block {hex}")),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nso".into(),
            "[redacted: private key]\nso".into(),
        ),
        (
            "mail jo.doe@mail.example.org please".into(),
            "mail [redacted: e-mail address] please".into(),
        ),
        ("git clone git@github.com:a/b".into(), "git clone git@github.com:a/b".into()),
        ("API_SECRET=hunter2hunter2".into(), "API_SECRET=[redacted: credential]".into()),
        ("API_KEY=your-key-here".into(), "API_KEY=your-key-here".into()),
        ("the key: restarting everything".into(), "the key: restarting everything".into()),
        (format!("seed phrase: {words}"), "[redacted: seed phrase]".into()),
        (format!("시드 구문 {words}"), "시드 구문 [redacted: seed phrase]".into()),
        (words.into(), "[redacted: seed phrase]".into()),
        (words.replace(' ', "\n"), "[redacted: seed phrase]".into()),
        (
            "postgres://admin:s3cretpw@db.local/x".into(),
            "postgres://admin:[redacted: password]@db.local/x".into(),
        ),
    ] {
        assert_eq!(redact(&text, &rules.safety), expected);
    }
}

#[test]
fn ordinary_talk_is_borrowed() {
    let rules = rules();
    for text in [
        "have you tried npm i @scope/core@1.2.3 and then bun start?",
        "my seed phrase import does not work, what am I doing wrong with the wallet and the rest of it",
        "Set OPENAI_API_KEY in .env, the token is on the settings page",
        "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 broke it",
        "키는 설정 페이지에 있어요",
    ] {
        assert!(matches!(redact(text, &rules.safety), Cow::Borrowed(_)), "{text}");
    }
}

fn refused(text: &str) -> Vec<String> {
    let rules = rules();
    unlisted(text, &rules.safety, &rules.facts)
        .into_iter()
        .map(|one| format!("{}: {}", one.kind, one.value))
        .collect()
}

#[test]
fn addresses_invites_and_payment_links_are_found_in_disguise() {
    let evm = format!("0x{}", "aB12".repeat(10));
    let solana = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
    for (text, expected) in [
        (format!("ca is {evm}"), format!("a contract address: {evm}")),
        (format!("ca: {solana}."), format!("a contract address: {solana}")),
        (
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq".into(),
            "a wallet address: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq".into(),
        ),
        ("join DISCORD.GG/Abc".into(), "an invite: DISCORD.GG/Abc".into()),
        ("hxxps://discord[.]gg/abc".into(), "an invite: discord.gg/abc".into()),
        ("disc\u{200b}ord . gg / abc".into(), "an invite: discord.gg/abc".into()),
        ("ｄｉｓｃｏｒｄ．ｇｇ/abc".into(), "an invite: discord.gg/abc".into()),
        ("diѕсоrd.gg/abc".into(), "an invite: discord.gg/abc".into()),
        ("discord (dot) gg/abc".into(), "an invite: discord.gg/abc".into()),
        ("https://discord.com/invite/abc".into(), "an invite: discord.com/invite/abc".into()),
        ("t.me/+Qx1".into(), "an invite: t.me/+Qx1".into()),
        ("see bit.ly/3xYz".into(), "a shortened link: bit.ly/3xYz".into()),
        ("pay at https://buy.stripe.com/x1".into(), "a payment link: buy.stripe.com/x1".into()),
        ("paypal.me/someone".into(), "a payment link: paypal.me/someone".into()),
    ] {
        assert_eq!(refused(&text), [expected], "{text}");
    }
}

#[test]
fn ordinary_values_are_no_addresses() {
    for text in [
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "https://github.com/some-org/some-repo/blob/main/packages/core/src/index.ts#L10",
        "01234567-89ab-cdef-0123-456789abcdef",
        "ThisIsAVeryLongCamelCaseIdentifierNameIndeed",
        "rabbit.ly/3x is not a shortener, nor is about.me/x",
        "https://discord.com/channels/1/2/3",
    ] {
        assert_eq!(refused(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_people_listed_may_stand() {
    let rules = rules();
    let evm = format!("0x{}", "aB12".repeat(10));
    let facts = FactRules {
        addresses: vec![evm.clone()],
        invites: vec!["discord.gg/Good".into()],
        links: vec!["ko-fi.com/project".into()],
    };
    let text = format!(
        "{} https://Discord.gg/Good https://ko-fi.com/project/ discord.gg/good",
        evm.to_lowercase()
    );
    let found = unlisted(&text, &rules.safety, &facts);
    assert_eq!(found.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["discord.gg/good"]);
}

#[test]
fn an_answer_must_stand_alone() {
    let rules = rules();
    for (text, code, expected) in [
        ("Restart the service after changing the port.", false, None),
        ("sudo service restart", true, None),
        ("서비스를 다시 시작하세요", false, None),
        ("", false, Some("it has no words")),
        ("👍", false, Some("it has no words")),
        ("yes, thanks!", false, Some("it only says yes, no or thanks")),
        ("https://docs.example.org/a", false, Some("it is only a link")),
        ("restart it", false, Some("it is too short")),
        ("did you restart it after that?", false, Some("it asks back")),
        (
            "as I said, change the port",
            false,
            Some("it refers to something that the reader does not see"),
        ),
        (
            "Check my message above for the port.",
            false,
            Some("it refers to something that the reader does not see"),
        ),
    ] {
        assert_eq!(why_not_alone(text, code, &rules.safety), expected, "{text}");
    }
}

#[test]
fn a_bad_pattern_is_a_mistake_with_its_key() {
    let text = "[[secret]]\nkind = 'x'\npattern = '('\n[[unlisted]]\nlisted = 'nowhere'\npattern = 'a'\n[answer]\nelsewhere = ['[']\n";
    let mistakes =
        Ruleset::parse(|name| (name == "safety.toml").then(|| text.to_owned())).unwrap_err();
    let keys = mistakes.iter().map(|mistake| mistake.key.as_str()).collect::<Vec<_>>();
    assert_eq!(keys, ["secret[0].pattern", "unlisted[0].listed", "answer.elsewhere"]);
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing(
        parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..12),
        noise in "\\PC{0,20}",
    ) {
        let rules = rules();
        let text = parts.concat() + &noise;
        let once = redact(&text, &rules.safety).into_owned();
        prop_assert!(matches!(redact(&once, &rules.safety), Cow::Borrowed(_)), "{once}");
    }

}

const PARTS: [&str; 16] = [
    "key: ",
    "secret=",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    " ",
    "a@b.example.org",
    "seed phrase ",
    "apple banana cherry damage eagle fabric garden hammer island jacket kitchen ladder ",
    "[redacted: API key]",
    "[redacted: ",
    "]",
    "sk-aaaaaaaaaaaaaaaaaaaa1111",
    "\n",
    "bearer ",
    "eyJhbGciOiJIUzI1.eyJzdWIiOiIx",
    "-----BEGIN PRIVATE KEY-----",
    "://u:p4ssw0rd@",
];
