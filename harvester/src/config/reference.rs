//! Every setting with its default and its meaning: what `config example` prints, what `config show`
//! lists, and what `init` fills in.

use std::collections::BTreeMap;

use toml::Value;

/// One setting.
#[derive(Debug)]
pub struct SettingReference {
    pub section: &'static str,
    pub key: &'static str,
    /// The default as TOML; `None` where there is none.
    pub default: Option<&'static str>,
    /// A value as TOML, for settings without a default.
    pub example: &'static str,
    pub help: &'static str,
}

impl SettingReference {
    /// `docs.target`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// Whether the value is text.
    pub fn is_text(&self) -> bool {
        self.example.starts_with('"')
    }

    /// Whether the value itself is a secret, not only the name of its file.
    pub fn is_secret(&self) -> bool {
        ["token", "webhook_secret", "metrics_token"].contains(&self.key)
            || self.path() == "store.url"
    }
}

/// What each section is about.
const SECTIONS: [(&str, &str); 8] = [
    ("rules", "The rules: which channels are read, whose word counts, what may be quoted."),
    ("docs", "Where pages go inside the docs repository."),
    ("forge", "The docs repository: a git repository on this machine, or one on GitHub."),
    ("site", "The search page, the HTTP API and /metrics."),
    ("store", "What is kept on disk, and for how long."),
    (
        "meaning",
        "A sentence encoder, which finds what is said in other words. Optional: see MEANING.md.",
    ),
    ("publish", "How people appear on pages."),
    ("discord", "The live connection. An installation that only imports exports needs none of it."),
];

const fn with_default(
    section: &'static str,
    key: &'static str,
    default: &'static str,
    help: &'static str,
) -> SettingReference {
    SettingReference { section, key, default: Some(default), example: default, help }
}

const fn without_default(
    section: &'static str,
    key: &'static str,
    example: &'static str,
    help: &'static str,
) -> SettingReference {
    SettingReference { section, key, default: None, example, help }
}

/// All settings in the order of the example file.
pub const SETTINGS: [SettingReference; 58] = [
    without_default(
        "rules",
        "directory",
        "\"rules\"",
        "Directory whose *.toml files replace the built-in rules of the same name.",
    ),
    without_default(
        "docs",
        "target",
        "\"markdown\"",
        "markdown, mintlify, docusaurus, mkdocs, mdbook, or faq (one file). Without it: what the files \
         of the repository on GitHub tell, else markdown.",
    ),
    with_default(
        "docs",
        "style",
        "\"page\"",
        "page: a page for each question. faq: many short answers in one Markdown file, and one for each topic \
         that has a folder in topics.toml.",
    ),
    without_default(
        "docs",
        "folder",
        "\"answers\"",
        "Folder for pages. Without it: what the files of the repository on GitHub tell, else answers.",
    ),
    without_default(
        "forge",
        "repository",
        "\"../docs\"",
        "A git repository on this machine, bare or not, which gets branches; created if missing.",
    ),
    without_default(
        "forge",
        "github",
        "\"OWNER/NAME\"",
        "Or a repository on GitHub, which gets pull requests. Needs app_id with private_key_file, or a \
         token.",
    ),
    without_default("forge", "app_id", "12345", "The id of the GitHub App that proposes."),
    without_default("forge", "private_key_file", "\"app.pem\"", "The App's private key."),
    without_default(
        "forge",
        "token_file",
        "\"github-token\"",
        "Or a file whose first line is a fine-grained token.",
    ),
    without_default("forge", "token", "\"TOKEN\"", "Or the token itself; prefer token_file."),
    with_default(
        "forge",
        "api_url",
        "\"https://api.github.com\"",
        "https://HOST/api/v3 of GitHub Enterprise.",
    ),
    with_default(
        "forge",
        "poll_minutes",
        "10",
        "Minutes between two rounds of the daemon, 1 to 1440.",
    ),
    without_default(
        "forge",
        "releases",
        "[\"OWNER/NAME\"]",
        "Repositories on GitHub after whose releases reviewed answers are checked again.",
    ),
    with_default(
        "forge",
        "open",
        "20",
        "Branches of a local repository that wait for review at once.",
    ),
    without_default(
        "forge",
        "webhook_secret_file",
        "\"hook\"",
        "A file whose first line is the secret of the webhook that calls /webhooks/github.",
    ),
    without_default(
        "forge",
        "webhook_secret",
        "\"SECRET\"",
        "Or the secret itself; prefer webhook_secret_file.",
    ),
    with_default(
        "site",
        "listen",
        "\"127.0.0.1:8080\"",
        "Address and port. 0.0.0.0:8080 serves every network of the machine: put a proxy with TLS in \
         front.",
    ),
    without_default(
        "site",
        "url",
        "\"https://answers.example.org\"",
        "Where visitors reach the site: the beginning of links in feeds, previews and search engines. Its host \
         need not be in hosts.",
    ),
    without_default(
        "site",
        "name",
        "\"Our community\"",
        "The name of the community, on every page.",
    ),
    without_default(
        "site",
        "logo",
        "\"logo.svg\"",
        "An image file, PNG, JPEG, WebP or SVG, at most 512 KiB; also the icon of the browser's tab.",
    ),
    without_default(
        "site",
        "accent",
        "\"#2c5a3a\"",
        "The colour of links and buttons. It is darkened or lightened until it can be read.",
    ),
    without_default(
        "site",
        "docs",
        "\"https://docs.example.org\"",
        "The address of the documentation.",
    ),
    without_default(
        "site",
        "ask",
        "\"https://discord.gg/INVITE\"",
        "Where somebody can ask who found nothing, such as an invite to the server.",
    ),
    without_default(
        "site",
        "source",
        "\"https://github.com/OWNER/NAME\"",
        "The address of the source code.",
    ),
    without_default(
        "site",
        "privacy",
        "\"https://example.org/privacy\"",
        "The address of the privacy notice.",
    ),
    with_default(
        "site",
        "language",
        "\"auto\"",
        "The language of the site's own words: en, ko, or auto, which follows the visitor's browser.",
    ),
    without_default(
        "site",
        "cors",
        "[\"https://docs.example.org\"]",
        "Origins whose pages may read the API from a script.",
    ),
    with_default(
        "site",
        "anonymous",
        "true",
        "Whether visitors without a token may read; `harvester token create` makes tokens.",
    ),
    without_default(
        "site",
        "workspace",
        "\"default\"",
        "The workspace that visitors without a token see, where there are several.",
    ),
    with_default(
        "site",
        "count_searches",
        "true",
        "Whether searches that find nothing are counted, by their words, for `harvester backlog`. Neither \
         addresses nor pasted texts are kept.",
    ),
    without_default(
        "site",
        "hosts",
        "[\"answers.example.org\"]",
        "Host names under which visitors reach the site, besides loopback names and IP addresses; \"*\" allows all.",
    ),
    without_default(
        "site",
        "trusted_proxies",
        "[\"127.0.0.1\"]",
        "Addresses or networks of proxies whose X-Forwarded-For is believed.",
    ),
    with_default(
        "site",
        "requests_per_second",
        "50",
        "How often one address may ask; 0 is no limit.",
    ),
    with_default("site", "burst", "500", "How many requests one address may make at once."),
    with_default(
        "site",
        "max_connections",
        "1000",
        "Connections at once, at most what the file descriptors allow.",
    ),
    without_default(
        "site",
        "metrics_token_file",
        "\"scrape\"",
        "A file whose first line is the bearer token that opens /metrics to other machines.",
    ),
    without_default(
        "site",
        "metrics_token",
        "\"TOKEN\"",
        "Or the token itself; prefer metrics_token_file.",
    ),
    without_default(
        "store",
        "url_file",
        "\"store-url\"",
        "A file whose first line is the address of a PostgreSQL database that keeps the store. Without it: a file in \
         the data directory.",
    ),
    without_default(
        "store",
        "url",
        "\"postgres://USER:PASSWORD@HOST/DATABASE\"",
        "Or the address itself; prefer url_file, as it holds a password.",
    ),
    with_default(
        "store",
        "keep_unresolved_days",
        "0",
        "How long a conversation without an answer is kept; 0 for ever, else at least 90.",
    ),
    without_default(
        "meaning",
        "model",
        "\"all-MiniLM-L6-v2\"",
        "Folder with a BERT-type sentence encoder: config.json, tokenizer.json, model.safetensors, modules.json, \
         1_Pooling/config.json.",
    ),
    without_default(
        "meaning",
        "prefix",
        "\"query: \"",
        "What the model wants before each text, such as multilingual-e5 does.",
    ),
    with_default(
        "publish",
        "names",
        "\"pseudonyms\"",
        "pseudonyms, or display-names: people appear on pages as on Discord.",
    ),
    without_default(
        "discord",
        "token_file",
        "\"token\"",
        "A file whose first line is the bot's token.",
    ),
    without_default("discord", "token", "\"TOKEN\"", "Or the token itself; prefer token_file."),
    without_default(
        "discord",
        "guilds",
        "[\"123456789012345678\"]",
        "Ids of the servers to read. Without it: every server that the bot is in.",
    ),
    with_default(
        "discord",
        "history_days",
        "0",
        "How many days of history are read at first; 0 reads all.",
    ),
    with_default(
        "discord",
        "reconcile_days",
        "7",
        "The newest days that are compared with Discord after every gap.",
    ),
    with_default(
        "discord",
        "rate_share",
        "0.5",
        "The share of Discord's rate limit that reading history may use, 0.05 to 1.",
    ),
    without_default(
        "discord",
        "everybody",
        "[\"Verified\"]",
        "Names or ids of roles that count as everybody, where members pass a gate before they can read.",
    ),
    without_default(
        "discord",
        "suggest_in",
        "[\"help\"]",
        "Names or ids of channels where a reviewed answer is suggested to a new question.",
    ),
    without_default(
        "discord",
        "briefing_in",
        "\"staff\"",
        "Name or id of a channel where the bot posts the briefing, once for each day or week.",
    ),
    with_default(
        "discord",
        "briefing",
        "\"week\"",
        "day, or week, which ends on Sunday; the days are UTC.",
    ),
    without_default(
        "discord",
        "warn_in",
        "\"moderators\"",
        "Name or id of a channel where moderators are warned of each message that contradicts a fact.",
    ),
    without_default(
        "discord",
        "nudge_in",
        "[\"help\", \"support-*\"]",
        "Channels where the asker of an answered question is asked once whether the answer helped.",
    ),
    with_default(
        "discord",
        "nudge_after_hours",
        "24",
        "How long nobody has written there by then, 1 to 720.",
    ),
    without_default(
        "discord",
        "announce_in",
        "[\"help\"]",
        "Channels whose askers are told once where the page of their question is.",
    ),
    without_default(
        "discord",
        "api_url",
        "\"http://127.0.0.1:8081\"",
        "Where Discord's API is reached instead of discord.com, such as a proxy.",
    ),
];

/// The widest line of a comment.
const WIDTH: usize = 100;

/// A settings file with a comment on every setting. Those in `values`, by path, are set; the others are
/// commented out and show their default or an example.
pub fn render_settings(values: &BTreeMap<String, Value>) -> String {
    let mut text = String::from(
        "# Settings of Answer Harvester. Paths are relative to this file's directory. A setting that is\n\
         # commented out shows its default, or an example where there is none. The environment variable\n\
         # HARVESTER__SECTION__KEY overrides a setting; `harvester config show` prints what holds.\n",
    );
    for (section, about) in SECTIONS {
        text.push_str(&format!("\n# {about}\n[{section}]\n"));
        for setting in SETTINGS.iter().filter(|setting| setting.section == section) {
            text.push_str(&commented(setting.help));
            text.push_str(&match values.get(&setting.path()) {
                Some(value) => format!("{} = {value}\n", setting.key),
                None => format!("# {} = {}\n", setting.key, setting.example),
            });
        }
    }
    text.push_str(WORKSPACES);
    text
}

/// Tables that there may be several of.
const WORKSPACES: &str = "
# Communities that share this installation and see nothing of each other. Each [[workspace]] is a
# set of servers and channels; threads belong to their channel, and a listed channel leaves the
# workspace of its server. What no workspace lists, nobody sees. Without any, all is one workspace.
# [[workspace]]
# name = \"community\"
# servers = [\"123456789012345678\"]
# channels = []
";

/// A text as comment lines.
pub(crate) fn commented(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + 1 + word.len() > WIDTH) {
            lines.push(String::from("#"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn load(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir()?;
        for name in ["token", "github-token", "hook", "app.pem", "scrape"] {
            std::fs::write(folder.path().join(name), "x\n")?;
        }
        std::fs::write(folder.path().join("store-url"), "postgres://db.example/answers\n")?;
        std::fs::write(folder.path().join("logo.svg"), "<svg/>")?;
        let file = folder.path().join("harvester.toml");
        std::fs::write(&file, text)?;
        Config::load(Some(&file), std::iter::empty())
    }

    #[test]
    fn the_example_file_loads_and_changes_nothing() {
        assert_eq!(load(&render_settings(&BTreeMap::new())).unwrap(), Config::default());
    }

    #[test]
    fn every_default_is_the_one_that_holds() {
        let defaults = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting.path(), toml_value(setting.default?))));
        let text = render_settings(&defaults.collect());
        assert_eq!(load(&text).unwrap(), Config::default(), "{text}");
    }

    #[test]
    fn every_setting_stands_in_the_document_of_settings() {
        let document = include_str!("../../docs/SETTINGS.md");
        for SettingReference { section, key, .. } in &SETTINGS {
            let mut rows =
                document.lines().filter(|line| line.starts_with(&format!("| `[{section}]")));
            let named = [format!("] {key}`"), format!("`{key}`")];
            assert!(
                rows.any(|row| named.iter().any(|name| row.contains(name))),
                "harvester/docs/SETTINGS.md lacks [{section}] {key}"
            );
        }
    }

    #[test]
    fn every_setting_of_the_table_is_known_and_no_other_is() {
        for setting in &SETTINGS {
            let mut values = BTreeMap::from([(setting.path(), toml_value(setting.example))]);
            // Some are worth nothing alone.
            if ["app_id", "private_key_file"].contains(&setting.key) {
                values.insert("forge.app_id".into(), Value::Integer(12345));
                values.insert("forge.private_key_file".into(), Value::String("app.pem".into()));
            }
            if setting.path() == "meaning.prefix" {
                values.insert("meaning.model".into(), Value::String("a-model".into()));
            }
            load(&render_settings(&values)).unwrap();
        }
        for (section, _) in SECTIONS {
            let said = load(&format!("[{section}]\nno_such_key = 1\n")).unwrap_err().to_string();
            let (_, known) = said.split_once("known here: ").unwrap();
            let mut known = known.split(", ").map(str::to_owned).collect::<Vec<_>>();
            let of_section = SETTINGS.iter().filter(|setting| setting.section == section);
            let mut listed = of_section.map(|setting| setting.key.to_owned()).collect::<Vec<_>>();
            known.sort();
            known.dedup();
            listed.sort();
            assert_eq!(listed, known, "[{section}] in config/reference.rs");
        }
    }

    #[test]
    fn comments_are_wrapped() {
        let text = render_settings(&BTreeMap::new());
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    fn toml_value(text: &str) -> Value {
        let table = format!("x = {text}").parse::<toml::Table>().unwrap();
        table["x"].clone()
    }
}
