//! From an operator's answers to the files of a new data directory. Pure: the caller asks and writes.

use std::collections::BTreeMap;

use rules::config::scope::Consent;
use rules::model::ids::GuildId;
use toml::Value;

use crate::config::reference::{commented, render_settings};

/// The directory of the rules, beside the settings file.
const RULES: &str = "rules";
/// The file that gets a Discord token that was typed in, beside the settings file.
pub const TOKEN_FILE: &str = "token";
/// The sentence that the topic of a channel holds where consent is given by topic.
const TOPIC_SENTENCE: &str = "Messages here may be published in our documentation.";

/// What an operator decided.
#[derive(Debug, Clone, PartialEq)]
pub struct SetupAnswers {
    pub source: MessageSource,
    /// `None`: chosen later, and nothing is quoted until then.
    pub consent: Option<Consent>,
    /// Names of roles whose members' word counts.
    pub trusted_roles: Vec<String>,
    pub docs: DocsRepository,
    /// Address and port of the site.
    pub listen: String,
}

/// Where messages come from.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageSource {
    Exports,
    Live {
        /// The file of the token, relative to the settings file or absolute.
        token_file: String,
        /// None: every server that the bot is in.
        guilds: Vec<GuildId>,
        /// Names of channels. None: every channel that everybody can read.
        channels: Vec<String>,
        /// Where Discord's API is reached, if not at discord.com.
        api_url: Option<String>,
    },
}

/// Where proposals go.
#[derive(Debug, Clone, PartialEq)]
pub enum DocsRepository {
    None,
    /// A git repository on this machine, with the kind of site and the folder that its files tell.
    Local {
        path: String,
        target: String,
        folder: String,
    },
    GitHub {
        repository: String,
        identity: GitHubCredential,
    },
}

/// The account that proposes on GitHub.
#[derive(Debug, Clone, PartialEq)]
pub enum GitHubCredential {
    /// Set later.
    None,
    TokenFile(String),
    App {
        id: u64,
        private_key_file: String,
    },
}

/// A file to write, readable by its owner alone. The path is relative to the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFile {
    pub path: &'static str,
    pub text: String,
}

/// The names and consequences of the consent modes, in the order in which they are offered.
pub const CONSENT_MODES: [(&str, Option<Consent>, &str); 4] = [
    (
        "server-public",
        Some(Consent::ServerPublic),
        "the owner declares every channel in scope public: anybody's answer may be quoted",
    ),
    (
        "topic-sentence",
        Some(Consent::TopicSentence),
        "only channels whose topic holds an agreed sentence are quoted",
    ),
    ("ask", Some(Consent::Ask), "only people who agree when the bot asks them are quoted"),
    ("later", None, "nothing is quoted or drafted, and the site shows no words, until you choose"),
];

/// The settings file and the rules. Both load without a mistake, whatever names the answers hold.
pub fn setup_files(answers: &SetupAnswers) -> [SetupFile; 2] {
    [
        SetupFile { path: "harvester.toml", text: render_settings(&settings(answers)) },
        SetupFile { path: "rules/scope.toml", text: scope(answers) },
    ]
}

/// The command to run next, with what it does.
pub fn next_steps(answers: &SetupAnswers) -> Vec<(&'static str, &'static str)> {
    let mut steps = match answers.source {
        MessageSource::Exports => vec![
            ("import PATH", "imports DiscordChatExporter JSON files or folders of them"),
            ("search WORDS", "searches the answers"),
        ],
        MessageSource::Live { .. } => {
            vec![("run", "reads the history, stays connected and serves the site")]
        }
    };
    if answers.docs != DocsRepository::None {
        steps.push(("propose --dry-run", "prints what would be proposed"));
    }
    steps.push(("doctor", "checks settings, data and access"));
    steps
}

fn settings(answers: &SetupAnswers) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::from([("rules.directory", text(RULES))]);
    values.insert("site.listen", text(&answers.listen));
    if let MessageSource::Live { token_file, guilds, api_url, .. } = &answers.source {
        values.insert("discord.token_file", text(token_file));
        if !guilds.is_empty() {
            let ids = guilds.iter().map(ToString::to_string).collect::<Vec<_>>();
            values.insert("discord.guilds", texts(&ids));
        }
        if let Some(url) = api_url {
            values.insert("discord.api_url", text(url));
        }
    }
    match &answers.docs {
        DocsRepository::None => {}
        DocsRepository::Local { path, target, folder } => {
            values.insert("forge.repository", text(path));
            values.insert("docs.target", text(target));
            values.insert("docs.folder", text(folder));
        }
        DocsRepository::GitHub { repository, identity } => {
            values.insert("forge.github", text(repository));
            match identity {
                GitHubCredential::None => {}
                GitHubCredential::TokenFile(file) => {
                    values.insert("forge.token_file", text(file));
                }
                GitHubCredential::App { id, private_key_file } => {
                    values.insert("forge.app_id", Value::Integer(*id as i64));
                    values.insert("forge.private_key_file", text(private_key_file));
                }
            }
        }
    }
    values.into_iter().map(|(path, value)| (path.to_owned(), value)).collect()
}

fn scope(answers: &SetupAnswers) -> String {
    let channels = match &answers.source {
        MessageSource::Live { channels, .. } => channels.as_slice(),
        MessageSource::Exports => &[],
    };
    let mut modes = String::new();
    for (name, consent, consequence) in CONSENT_MODES {
        if consent.is_some() {
            modes.push_str(&commented(&format!("\"{name}\": {consequence}.")));
        }
    }
    let chosen = CONSENT_MODES.iter().find(|(_, consent, _)| *consent == answers.consent);
    let mode = match chosen {
        Some((name, Some(_), _)) => format!("mode = \"{name}\"\n"),
        _ => "# mode = \"server-public\"\n".to_owned(),
    };
    format!(
        "# Which channels are read, whose word counts, and what may be quoted. This file replaces the\n\
         # built-in one; harvester/docs/SETTINGS.md describes the other rules.\n\
         \n\
         [channels]\n\
         # Names, ids, or names with `*`. Empty: every channel that everybody can read.\n\
         include = {include}\n\
         # Wins over `include`.\n\
         exclude = []\n\
         \n\
         [trust]\n\
         # Names or ids of roles whose members' answers and reactions count as confirmation.\n\
         roles = {roles}\n\
         # Ids of people whose word counts likewise.\n\
         people = []\n\
         \n\
         [consent]\n\
         # What lets a person's words be quoted in public. Nothing is drafted until one is chosen.\n\
         {modes}{mode}topic_sentence = {sentence}\n",
        include = texts(channels),
        roles = texts(&answers.trusted_roles),
        sentence = text(TOPIC_SENTENCE),
    )
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn texts(texts: &[String]) -> Value {
    Value::Array(texts.iter().cloned().map(Value::String).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rules::config::ruleset::Ruleset;

    use super::*;
    use crate::config::Config;

    fn answers(source: MessageSource, docs: DocsRepository) -> SetupAnswers {
        SetupAnswers {
            source,
            consent: Some(Consent::ServerPublic),
            trusted_roles: vec!["Helper".into()],
            docs,
            listen: "127.0.0.1:8080".into(),
        }
    }

    fn live(channels: &[&str]) -> MessageSource {
        MessageSource::Live {
            token_file: TOKEN_FILE.into(),
            guilds: vec![GuildId(5)],
            channels: channels.iter().map(|&name| name.to_owned()).collect(),
            api_url: None,
        }
    }

    /// What the files mean when they are loaded, as the commands do.
    fn load(answers: &SetupAnswers) -> (Config, Ruleset) {
        let folder = tempfile::tempdir().unwrap();
        for file in setup_files(answers) {
            let path = folder.path().join(file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.text).unwrap();
        }
        for name in [TOKEN_FILE, "app.pem"] {
            std::fs::write(folder.path().join(name), "x\n").unwrap();
        }
        let file = folder.path().join("harvester.toml");
        let config = Config::load(Some(&file), std::iter::empty()).unwrap();
        let rules = crate::config::load_rules(config.rules.as_deref()).unwrap();
        (config, rules)
    }

    #[test]
    fn what_was_answered_holds_after_loading() {
        let local = DocsRepository::Local {
            path: "../docs".into(),
            target: "mkdocs".into(),
            folder: "docs/answers".into(),
        };
        let (config, rules) = load(&answers(MessageSource::Exports, local));
        assert!(config.discord.token.is_none());
        assert!(config.forge.repository.is_some_and(|path| path.ends_with("../docs")));
        assert_eq!(config.target.map(|target| target.as_str()), Some("mkdocs"));
        assert_eq!(rules.scope.consent, Some(Consent::ServerPublic));

        let identity = GitHubCredential::App { id: 7, private_key_file: "app.pem".into() };
        let github = DocsRepository::GitHub { repository: "harbor/docs".into(), identity };
        let (config, _) = load(&answers(live(&["help"]), github));
        assert_eq!(config.discord.guilds, [GuildId(5)]);
        assert!(config.discord.token.is_some());
        assert_eq!(config.forge.github.unwrap().repository, "harbor/docs");
    }

    #[test]
    fn without_a_choice_no_consent_is_given() {
        let undecided =
            SetupAnswers { consent: None, ..answers(MessageSource::Exports, DocsRepository::None) };
        assert_eq!(load(&undecided).1.scope.consent, None);
    }

    #[test]
    fn the_files_explain_every_choice() {
        let [settings, scope] = setup_files(&answers(live(&[]), DocsRepository::None));
        for part in ["token_file = \"token\"", "# target = \"markdown\"", "# Address and port."] {
            assert!(settings.text.contains(part), "{part} is not in\n{}", settings.text);
        }
        for part in ["roles = [\"Helper\"]", "# \"ask\": only people", "mode = \"server-public\""] {
            assert!(scope.text.contains(part), "{part} is not in\n{}", scope.text);
        }
    }

    proptest! {
        #[test]
        fn any_name_is_written_so_that_it_reads_back(name in "\\PC{1,20}", role in ".{1,20}") {
            let mut answers = answers(live(&[&name]), DocsRepository::None);
            answers.trusted_roles = vec![role.clone()];
            let [_, scope] = setup_files(&answers);
            let table = scope.text.parse::<toml::Table>().unwrap();
            prop_assert_eq!(table["trust"]["roles"][0].as_str(), Some(role.as_str()));
            prop_assert_eq!(table["channels"]["include"][0].as_str(), Some(name.as_str()));
        }
    }
}
