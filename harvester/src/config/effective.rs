//! Which value of each setting holds, and where it comes from.

use std::fmt;

use rules::config::toml_reader::ConfigError;
use serde::{Serialize, Serializer};
use toml::{Table, Value};

use super::ENVIRONMENT_PREFIX;
use super::reference::{SETTINGS, SettingReference};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    Default,
    /// The settings file.
    File,
    /// This environment variable.
    Environment(String),
}

/// A setting with the value that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EffectiveSetting {
    /// `docs.target`.
    pub setting: String,
    /// As TOML; `None` where nothing is set and there is no default. A secret shows as `(set)`.
    pub value: Option<String>,
    pub origin: SettingOrigin,
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("settings file"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

impl Serialize for SettingOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Every setting, from the text of a settings file and an environment that were loaded without a
/// mistake.
pub fn effective_settings(
    file: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Vec<EffectiveSetting>, ConfigError> {
    let table = file.parse::<Table>().map_err(|error| ConfigError {
        file: super::FILE.to_owned(),
        key: String::new(),
        problem: error.message().to_owned(),
    })?;
    let environment = environment.collect::<Vec<_>>();
    Ok(SETTINGS.iter().map(|setting| effective_setting(setting, &table, &environment)).collect())
}

fn effective_setting(
    setting: &SettingReference,
    table: &Table,
    environment: &[(String, String)],
) -> EffectiveSetting {
    let variable = format!("{ENVIRONMENT_PREFIX}{}__{}", setting.section, setting.key);
    let outside = environment.iter().find(|(name, _)| {
        name.starts_with(ENVIRONMENT_PREFIX) && name.eq_ignore_ascii_case(&variable)
    });
    let inside = table.get(setting.section).and_then(|section| section.get(setting.key));
    let (value, origin) = match (outside, inside) {
        (Some((name, text)), _) => {
            let value = super::plain(&setting.path(), text).to_string();
            (Some(value), SettingOrigin::Environment(name.clone()))
        }
        (None, Some(value)) => (Some(Value::to_string(value)), SettingOrigin::File),
        (None, None) => (setting.default.map(str::to_owned), SettingOrigin::Default),
    };
    let value = if setting.is_secret() { value.map(|_| "(set)".to_owned()) } else { value };
    EffectiveSetting { setting: setting.path(), value, origin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_place_wins_and_secrets_stay_hidden() {
        let secret = ["a", "b", "c"].join(".");
        let file = format!("[docs]\ntarget = 'faq'\nfolder = 'x'\n[discord]\ntoken = '{secret}'\n");
        let environment =
            [("HARVESTER__DOCS__TARGET", "mkdocs"), ("HARVESTER__SITE__LISTEN", "[::1]:80")];
        let environment =
            environment.map(|(name, text)| (name.to_owned(), text.to_owned())).into_iter();
        let all = effective_settings(&file, environment).unwrap();
        let shown = |name: &str| {
            let one = all.iter().find(|one| one.setting == name).unwrap();
            format!("{} from {}", one.value.as_deref().unwrap_or("nothing"), one.origin)
        };
        assert_eq!(
            shown("docs.target"),
            "\"mkdocs\" from environment variable HARVESTER__DOCS__TARGET"
        );
        assert_eq!(shown("docs.folder"), "\"x\" from settings file");
        assert_eq!(
            shown("site.listen"),
            "\"[::1]:80\" from environment variable HARVESTER__SITE__LISTEN"
        );
        assert_eq!(shown("discord.rate_share"), "0.5 from default");
        assert_eq!(shown("discord.guilds"), "nothing from default");
        assert_eq!(shown("discord.token"), "(set) from settings file");
        assert_eq!(all.len(), SETTINGS.len());
    }
}
