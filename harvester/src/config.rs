//! The operator's settings.

mod branding;
pub mod effective;
mod forge;
mod meaning;
mod network;
pub mod reference;
mod secrets;
mod workspaces;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use docgen::target::{DocsFolder, DocsTarget};
pub(crate) use forge::is_repository;
pub use forge::{ForgeConfig, GitHubConfig, GitHubIdentity};
use indexer::store::{RetentionDays, ServerUrl, StoreLocation};
use jiff::SignedDuration;
pub use meaning::MeaningConfig;
pub use network::is_loopback;
use rules::config::ruleset::Ruleset;
use rules::config::toml_reader::{ConfigError, TomlReader};
use rules::model::ids::GuildId;
use rules::model::workspace::Workspaces;
use rules::report::period::ReportSpan;
use secrets::SecretFiles;
pub use secrets::SecretString;
use site::access::settings::VisitorSettings;
use site::http::settings::HttpSettings;
use site::presentation::branding::SiteBranding;
use toml::{Table, Value};

/// The settings file looked for in the data directory when `--config` names none.
pub const FILE: &str = "harvester.toml";
/// `HARVESTER__DOCS__TARGET=mintlify` stands for `target = "mintlify"` in `[docs]`.
const ENVIRONMENT_PREFIX: &str = "HARVESTER__";

/// All settings, with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[rules] directory`: files there replace the embedded ones of the same name. Default: none.
    pub rules: Option<PathBuf>,
    /// `[docs] target`: `markdown`, `mintlify`, `docusaurus`, `mkdocs`, `mdbook` or `faq`. Default: on
    /// GitHub what the repository's files tell, else `markdown`.
    pub target: Option<DocsTarget>,
    /// `[docs] folder`: where pages go inside the repository. Default: on GitHub what the repository's
    /// files tell, else `answers`.
    pub folder: Option<DocsFolder>,
    pub forge: ForgeConfig,
    /// `[site] listen`: address and port. Default: `127.0.0.1:8080`.
    pub listen: String,
    /// `[site]`: who may reach the site, and how often.
    pub http: HttpSettings,
    /// `[site] url`, `name`, `logo`, `accent`, `docs`, `ask`, `source`, `privacy` and `language`.
    pub branding: SiteBranding,
    /// `[site] anonymous`, `workspace` and `count_searches`: what visitors without a token see.
    pub visitors: VisitorSettings,
    /// `[[workspace]]`: how the installation is divided. Default: not at all.
    pub workspaces: Workspaces,
    /// `[store] url` or `url_file`: the PostgreSQL database that keeps the store. Default: none, which is a file of
    /// SQLite in the data directory.
    pub store_server: Option<ServerUrl>,
    /// `[store] keep_unresolved_days`: how long conversations without an answer are kept. Default: 0, for ever.
    pub retention: RetentionDays,
    /// `[meaning] model` and `prefix`: the sentence encoder. Default: none.
    pub meaning: Option<MeaningConfig>,
    /// `[publish] names`: `pseudonyms` (default) or `display-names`.
    pub display_names: bool,
    pub discord: DiscordConfig,
    /// The files that secrets were read from.
    pub secret_files: Vec<PathBuf>,
}

/// `[discord]`: the server that `run` listens to.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscordConfig {
    /// `token`, or the first line of the file `token_file`. Default: none, and `run` needs one.
    pub token: Option<SecretString>,
    /// `guilds`: ids of the servers to harvest. Default: every server that the bot is in.
    pub guilds: Vec<GuildId>,
    /// `api_url`: where Discord's API is reached instead of discord.com. Default: none.
    pub api_url: Option<String>,
    /// `history_days`: how far back channels are read at first; 0 (default) reads all.
    pub history_days: u32,
    /// `reconcile_days`: the newest days that are compared with Discord after every gap. Default: 7.
    pub reconcile_days: u32,
    /// `rate_share`: the share of Discord's rate limit that reading history may use. Default: 0.5.
    pub rate_share: f64,
    /// `everybody`: names or ids of roles that count as everybody, where people must pass a gate
    /// before they can read. Default: none but Discord's own `@everyone`.
    pub everybody: Vec<String>,
    /// `suggest_in`: names or ids of channels where a known answer is suggested. Default: none.
    pub suggest_in: Vec<String>,
    /// `briefing_in`: name or id of the channel that gets the briefing. Default: none.
    pub briefing_in: Option<String>,
    /// `briefing`: `day` or `week`, which ends on Sunday. Default: `week`.
    pub briefing: ReportSpan,
    /// `warn_in`: name or id of the channel where moderators are warned of messages that contradict a fact.
    /// Default: none.
    pub warn_in: Option<String>,
    pub notices: NoticeConfig,
}

/// `[discord]`: where askers are written to, each once for each question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeConfig {
    /// `nudge_in`: names, patterns or ids of channels where the asker of an answered question that nobody
    /// confirmed is asked whether the answer helped. Default: none.
    pub nudge_in: Vec<String>,
    /// `nudge_after_hours`: how long nobody has written there by then. Default: 24.
    pub nudge_after: SignedDuration,
    /// `announce_in`: names, patterns or ids of channels whose askers get a notice of where the page of their
    /// question is once it is merged. Default: none.
    pub announce_in: Vec<String>,
}

/// The mistakes of all files, one per line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ConfigError::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl Default for Config {
    fn default() -> Self {
        Self::read(&mut TomlReader::new(FILE, Table::new()), Path::new(""))
    }
}

impl Config {
    /// Reads a settings file and what the environment sets above it. Paths in the file are meant
    /// from the file's own directory.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let (name, text) = match file {
            Some(path) => (path.display().to_string(), read_text(path)?),
            None => (FILE.to_owned(), String::new()),
        };
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let mut reader = TomlReader::parse(&name, &text);
        for (key, value) in environment {
            if let Some(path) = key.strip_prefix(ENVIRONMENT_PREFIX) {
                let path = path.to_lowercase().replace("__", ".");
                reader.overlay(&path.split('.').collect::<Vec<_>>(), plain(&path, &value));
            }
        }
        let config = Self::read(&mut reader, base);
        let mistakes = reader.finish();
        if mistakes.is_empty() { Ok(config) } else { Err(ConfigErrors(mistakes).into()) }
    }

    /// What answers may link to without being listed in `facts.toml`: the repositories of the account that
    /// gets the proposals, and its pages.
    pub fn own_links(&self) -> Vec<String> {
        let github = self.forge.github.as_ref();
        let owner = github.and_then(|github| github.repository.split('/').next());
        owner.map_or_else(Vec::new, |owner| {
            vec![format!("github.com/{owner}"), format!("{}.github.io", owner.to_lowercase())]
        })
    }

    /// Where the store of a data directory is.
    pub fn store_location(&self, data: &Path) -> StoreLocation {
        StoreLocation { data: data.to_owned(), server: self.store_server.clone() }
    }

    fn read(file: &mut TomlReader, base: &Path) -> Self {
        let path = |text: String| base.join(text);
        let rules = file.section("rules", |table| table.optional_text("directory"));
        let (target, folder) =
            file.section("docs", |table| (docs_target(table), parsed(table, "folder")));
        let mut secrets = SecretFiles::new(base);
        let forge = file.section("forge", |table| ForgeConfig::read(table, &mut secrets));
        let workspaces = workspaces::read(file);
        let (listen, http, branding, visitors) = file.section("site", |table| {
            let branding = branding::read(table, &secrets);
            let (listen, http) = network::read(table, &mut secrets, branding.url.as_ref());
            (listen, http, branding, workspaces::read_visitors(table, &workspaces))
        });
        let names = [("pseudonyms", false), ("display-names", true)];
        let display_names = file.section("publish", |table| table.choice("names", false, &names));
        let (store_server, retention) =
            file.section("store", |table| (store_server(table, &mut secrets), retention(table)));
        Self {
            rules: rules.map(path),
            target,
            folder,
            forge,
            listen,
            http,
            branding,
            visitors,
            workspaces,
            display_names,
            store_server,
            retention,
            meaning: file.section("meaning", |table| MeaningConfig::read(table, base)),
            discord: file.section("discord", |table| DiscordConfig::read(table, &mut secrets)),
            secret_files: secrets.into_paths(),
        }
    }
}

impl DiscordConfig {
    /// Whether the settings select a server.
    pub fn selects(&self, guild: GuildId) -> bool {
        self.guilds.is_empty() || self.guilds.contains(&guild)
    }

    fn read(table: &mut TomlReader, secrets: &mut SecretFiles) -> Self {
        Self {
            token: secrets.secret(table, ["token", "token_file"]),
            guilds: guilds(table),
            api_url: address(table, "api_url"),
            history_days: table.integer("history_days", 0, 0, 36_500) as u32,
            reconcile_days: table.integer("reconcile_days", 7, 0, 36_500) as u32,
            rate_share: table.number("rate_share", 0.5, 0.05, 1.0),
            everybody: table.texts("everybody"),
            suggest_in: table.texts("suggest_in"),
            briefing_in: table.optional_text("briefing_in"),
            briefing: table.choice(
                "briefing",
                ReportSpan::Week,
                &[("day", ReportSpan::Day), ("week", ReportSpan::Week)],
            ),
            warn_in: table.optional_text("warn_in"),
            notices: NoticeConfig {
                nudge_in: table.texts("nudge_in"),
                nudge_after: SignedDuration::from_hours(table.integer(
                    "nudge_after_hours",
                    24,
                    1,
                    720,
                )),
                announce_in: table.texts("announce_in"),
            },
        }
    }
}

/// The address is a secret: it may hold a password, and no mistake quotes it.
fn store_server(table: &mut TomlReader, secrets: &mut SecretFiles) -> Option<ServerUrl> {
    let url = secrets.secret(table, ["url", "url_file"])?;
    url.0.parse().map_err(|error| table.wrong("url", format!("{error}"))).ok()
}

/// Reports compare a month with the one before it, and judging an edit reads the days around it.
const LEAST_RETENTION: u32 = 90;

fn retention(table: &mut TomlReader) -> RetentionDays {
    let days = table.integer("keep_unresolved_days", 0, 0, 36_500) as u32;
    if (1..LEAST_RETENTION).contains(&days) {
        table.wrong(
            "keep_unresolved_days",
            format!("expected 0 (for ever) or at least {LEAST_RETENTION}"),
        );
    }
    RetentionDays(days)
}

/// The target that `[docs] style` and `[docs] target` name together: many answers in one file are a target of
/// their own.
fn docs_target(table: &mut TomlReader) -> Option<DocsTarget> {
    let many = table.choice("style", false, &[("page", false), ("faq", true)]);
    let target = parsed(table, "target");
    match (many, target) {
        (true, Some(other)) if other != DocsTarget::Faq => {
            table.wrong("style", "\"faq\" writes plain Markdown files; remove target");
            target
        }
        (true, _) => Some(DocsTarget::Faq),
        (false, target) => target,
    }
}

fn guilds(table: &mut TomlReader) -> Vec<GuildId> {
    let mut ids = Vec::new();
    for text in table.texts("guilds") {
        match text.parse() {
            Ok(id) => ids.push(id),
            Err(_) => {
                table.wrong("guilds", format!("{text:?} is not a server id; expected digits"))
            }
        }
    }
    ids
}

fn address(table: &mut TomlReader, key: &'static str) -> Option<String> {
    let url = table.optional_text(key)?;
    if url.starts_with("http://") || url.starts_with("https://") {
        return Some(url.trim_end_matches('/').to_owned());
    }
    table.wrong(key, format!("{url:?} is not an address; expected http://… or https://…"));
    None
}

/// Whether what is sent to an address can be read on the way: `http://` to another machine.
pub fn is_unencrypted(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    !is_loopback(host)
}

/// Loads the rules: the embedded ones, with files of `directory` in place of those of their name. Its
/// folder `languages` may add languages too.
pub fn load_rules(directory: Option<&Path>) -> anyhow::Result<Ruleset> {
    let Some(directory) = directory else { return Ok(Ruleset::embedded()) };
    if !directory.is_dir() {
        return Err(unusable(directory, "the rules directory does not exist").into());
    }
    let mut mistakes = Vec::new();
    let mut texts = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        if rules::config::ruleset::EMBEDDED.iter().any(|(known, _)| *known == name) {
            texts.insert(name, read_text(&path)?);
        } else {
            let known = rules::config::ruleset::EMBEDDED.map(|(known, _)| known).join(", ");
            let problem = format!(
                "no rules file has this name; known: {known}, languages/<code>.toml and guides/<name>.toml"
            );
            mistakes.push(ConfigError {
                file: path.display().to_string(),
                key: String::new(),
                problem,
            });
        }
    }
    load_folder(directory, rules::language::FOLDER, &mut texts)?;
    load_folder(directory, rules::guide::FOLDER, &mut texts)?;
    match Ruleset::from_files(&texts) {
        Ok(rules) if mistakes.is_empty() => Ok(rules),
        Ok(_) => Err(ConfigErrors(mistakes).into()),
        Err(more) => Err(ConfigErrors(mistakes.into_iter().chain(more).collect()).into()),
    }
}

/// Adds the files of a folder of the rules directory, which may be missing.
fn load_folder(
    directory: &Path,
    name: &str,
    texts: &mut std::collections::BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let folder = directory.join(name);
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            texts.insert(format!("{name}/{file}"), read_text(&path)?);
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, ConfigErrors> {
    std::fs::read_to_string(path).map_err(|error| unusable(path, &format!("cannot read: {error}")))
}

/// A file or directory of settings that cannot be used at all.
fn unusable(path: &Path, problem: &str) -> ConfigErrors {
    let (file, problem) = (path.display().to_string(), problem.to_owned());
    ConfigErrors(vec![ConfigError { file, key: String::new(), problem }])
}

/// A value from the environment for the setting at this path: text where the setting is one, else a
/// number or a truth value if it reads as one, else text.
fn plain(path: &str, text: &str) -> Value {
    if reference::SETTINGS.iter().any(|setting| setting.path() == path && setting.is_text()) {
        return Value::String(text.to_owned());
    }
    match text.parse::<i64>() {
        Ok(number) => Value::Integer(number),
        Err(_) => match text {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ => Value::String(text.to_owned()),
        },
    }
}

fn parsed<T: FromStr<Err = String>>(table: &mut TomlReader, key: &'static str) -> Option<T> {
    let text = table.optional_text(key)?;
    text.parse().map_err(|problem| table.wrong(key, problem)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("own.toml");
        std::fs::write(&file, text)?;
        let pairs = environment.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        Config::load(Some(&file), pairs)
    }

    #[test]
    fn the_environment_stands_above_the_file() {
        let text = "[docs]\ntarget = 'markdown'\nfolder = 'faq'\n[site]\nlisten = '127.0.0.1:1'";
        let config =
            load(text, &[("HARVESTER__DOCS__TARGET", "mintlify"), ("OTHER", "x")]).unwrap();
        assert_eq!(config.target, Some(DocsTarget::Mintlify));
        assert_eq!(config.folder.unwrap().to_string(), "faq");
        assert_eq!(config.listen, "127.0.0.1:1");
    }

    #[test]
    fn text_from_the_environment_stays_text() {
        let environment = [
            ("HARVESTER__DISCORD__TOKEN", "0123"),
            ("HARVESTER__DOCS__FOLDER", "true"),
            ("HARVESTER__DISCORD__HISTORY_DAYS", "30"),
        ];
        let config = load("", &environment).unwrap();
        assert_eq!(config.discord.token, Some(SecretString("0123".into())));
        assert_eq!(config.folder.unwrap().to_string(), "true");
        assert_eq!(config.discord.history_days, 30);
    }

    #[test]
    fn the_host_of_the_sites_own_address_is_answered() {
        let text = "[site]\nurl = 'https://Answers.example.org/'\nhosts = ['other.example']\n\
                    accent = '#123456'\ncors = ['https://docs.example.org']";
        let config = load(text, &[]).unwrap();
        assert_eq!(config.branding.url.unwrap().as_str(), "https://answers.example.org");
        assert_eq!(config.http.hosts, ["other.example", "answers.example.org"]);
        assert_eq!(config.http.allowed_origins[0].as_str(), "https://docs.example.org");
        for (text, part) in [
            ("url = 'https://a.example/x'", "without a path"),
            ("accent = 'green'", "six hexadecimal digits"),
            ("ask = 'discord.gg/x'", "not an address"),
            ("logo = 'nothing.png'", "cannot read nothing.png"),
            ("language = 'de'", "\"auto\", \"en\", \"ko\""),
            ("cors = ['*']", "scheme and host"),
        ] {
            let said = load(&format!("[site]\n{text}"), &[]).unwrap_err().to_string();
            assert!(said.contains(part), "{part} is not in:\n{said}");
        }
    }

    #[test]
    fn paths_are_meant_from_the_files_directory() {
        let config = load("[forge]\nrepository = 'docs.git'", &[]).unwrap();
        let repository = config.forge.repository.unwrap();
        assert!(repository.is_absolute() && repository.ends_with("docs.git"));
    }

    #[test]
    fn mistakes_come_together_with_what_is_allowed() {
        let said = load("[docs]\ntarget = 'wiki'\nfolder = '../x'\n[sight]\n", &[])
            .unwrap_err()
            .to_string();
        for part in ["docs.target", "markdown, mintlify", "docs.folder", "sight: unknown key"] {
            assert!(said.contains(part), "{part} is not in:\n{said}");
        }
    }

    #[test]
    fn a_forge_is_one_place_and_one_account() {
        let github =
            load("[forge]\ngithub = 'harbor/docs'\ntoken = 't'", &[]).unwrap().forge.github;
        let github = github.unwrap();
        assert_eq!((github.repository.as_str(), github.poll_minutes), ("harbor/docs", 10));
        assert_eq!(github.api_url, "https://api.github.com");
        assert_eq!(github.who, GitHubIdentity::Person(SecretString("t".into())));
        for (text, part) in [
            ("github = 'docs'", "OWNER/NAME"),
            ("github = 'a/b'\nrepository = 'x'", "one place"),
            ("github = 'a/b'\ntoken = 't'\napp_id = 3", "only one"),
            ("github = 'a/b'\napp_id = 3", "private_key_file"),
            ("github = 'a/b'\napi_url = 'ghe.example'", "not an address"),
            ("github = 'a/b'\ntoken = 't'\napi_url = 'http://ghe.example'", "unencrypted"),
        ] {
            let said = load(&format!("[forge]\n{text}"), &[]).unwrap_err().to_string();
            assert!(said.contains(part), "{part} is not in:\n{said}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_encryption() {
        for url in
            ["https://ghe.example", "http://localhost:1", "http://127.0.0.2/x", "http://[::1]:3"]
        {
            assert!(!is_unencrypted(url), "{url}");
        }
        for url in
            ["http://ghe.example", "http://10.0.0.1:80", "http://127.0.0.1@ghe.example/", "http://"]
        {
            assert!(is_unencrypted(url), "{url}");
        }
    }

    #[test]
    fn files_of_secrets_are_known() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["token", "hook", "scrape"] {
            std::fs::write(folder.path().join(name), "words\n").unwrap();
        }
        let file = folder.path().join("own.toml");
        let text = "[discord]\ntoken_file = 'token'\n[site]\nmetrics_token_file = 'scrape'\n\
                    [forge]\ngithub = 'a/b'\nwebhook_secret_file = 'hook'";
        std::fs::write(&file, text).unwrap();
        let config = Config::load(Some(&file), std::iter::empty()).unwrap();
        let expected = ["hook", "scrape", "token"].map(|name| folder.path().join(name));
        assert_eq!(config.secret_files, expected);
    }

    #[test]
    fn the_site_is_set_up_in_one_section() {
        let text = "[site]\nhosts = ['Answers.Example.org']\ntrusted_proxies = ['127.0.0.1', '10.0.0.0/8']\n\
                    requests_per_second = 2\nburst = 9\nmax_connections = 40";
        let http = load(text, &[]).unwrap().http;
        assert_eq!(http.hosts, ["answers.example.org"]);
        assert_eq!(http.trusted_proxies.len(), 2);
        let rate = http.rate.unwrap();
        assert_eq!((rate.per_second.get(), rate.burst.get(), http.max_connections), (2, 9, 40));
        assert_eq!(load("[site]\nrequests_per_second = 0", &[]).unwrap().http.rate, None);
        let said =
            load("[site]\ntrusted_proxies = ['caddy']\nhosts = ['https://x']", &[]).unwrap_err();
        for part in ["site.trusted_proxies", "10.0.0.0/8", "site.hosts", "without"] {
            assert!(said.to_string().contains(part), "{part} is not in:\n{said}");
        }
    }

    #[test]
    fn a_rules_directory_may_replace_some_files_and_hold_no_others() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pages.toml"), "[due]\nmore_than = 4").unwrap();
        load_rules(Some(folder.path())).unwrap();
        std::fs::write(folder.path().join("pagse.toml"), "").unwrap();
        std::fs::write(folder.path().join("scope.toml"), "[consent]\nmode = 'x'").unwrap();
        let said = load_rules(Some(folder.path())).unwrap_err().to_string();
        assert!(said.contains("pagse.toml") && said.contains("consent.mode"), "{said}");
    }
}
