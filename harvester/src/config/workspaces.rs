//! `[[workspace]]`: how the installation is divided, and what visitors without a token see.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use rules::config::toml_reader::TomlReader;
use rules::model::workspace::{WHOLE, Workspace, Workspaces};
use site::access::settings::VisitorSettings;

/// A name stands in the names of directories.
const MAX_NAME: usize = 40;

/// Reads every `[[workspace]]`. A name, server or channel stands in one of them.
pub(super) fn read(file: &mut TomlReader) -> Workspaces {
    let (mut names, mut listed) = (BTreeSet::new(), BTreeSet::new());
    let workspaces = file.sections("workspace", |table| {
        let name = table.text("name", "");
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_plain) {
            let problem =
                format!("expected 1 to {MAX_NAME} lower-case letters, digits and hyphens");
            table.wrong("name", problem);
        } else if !names.insert(name.clone()) {
            table.wrong("name", format!("{name:?} is the name of an earlier workspace"));
        }
        let (servers, channels) = (ids(table, "servers"), ids(table, "channels"));
        if servers.is_empty() && channels.is_empty() {
            table.wrong("servers", "expected an id here or in channels");
        }
        for (key, id) in
            servers.iter().map(|id: &rules::model::ids::GuildId| ("servers", id.to_string())).chain(
                channels
                    .iter()
                    .map(|id: &rules::model::ids::ChannelId| ("channels", id.to_string())),
            )
        {
            if !listed.insert((key, id.clone())) {
                table.wrong(key, format!("{id} is listed in another workspace, or twice"));
            }
        }
        Workspace { name, servers, channels }
    });
    Workspaces::new(workspaces)
}

/// `anonymous`, `workspace` and `count_searches` of `[site]`.
pub(super) fn read_visitors(table: &mut TomlReader, workspaces: &Workspaces) -> VisitorSettings {
    let may_read = table.bool("anonymous", true);
    let named = table.optional_text("workspace");
    let counts_searches = table.bool("count_searches", true);
    let known = workspaces.all().into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ");
    let workspace = match &named {
        Some(name) if workspaces.named(name).is_none() => {
            table.wrong("workspace", format!("{name:?} is no workspace; expected one of {known}"));
            None
        }
        None if may_read && workspaces.is_divided() => {
            let problem = "visitors without a token see one workspace: name it here, or set \
                           anonymous = false";
            table.wrong("workspace", problem);
            None
        }
        _ => Some(named.unwrap_or_else(|| WHOLE.to_owned())),
    };
    VisitorSettings { anonymous: workspace.filter(|_| may_read), counts_searches }
}

fn ids<T: FromStr<Err: Display>>(table: &mut TomlReader, key: &'static str) -> Vec<T> {
    let mut ids = Vec::new();
    for text in table.texts(key) {
        match text.parse() {
            Ok(id) => ids.push(id),
            Err(_) => table.wrong(key, format!("{text:?} is not an id; expected digits")),
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Workspaces, VisitorSettings, Vec<String>) {
        let mut file = TomlReader::parse("harvester.toml", text);
        let workspaces = read(&mut file);
        let visitors = file.section("site", |table| read_visitors(table, &workspaces));
        let mistakes = file.finish().iter().map(ToString::to_string).collect();
        (workspaces, visitors, mistakes)
    }

    #[test]
    fn an_undivided_installation_is_open_as_before() {
        let (workspaces, visitors, mistakes) = read_text("");
        assert_eq!((visitors, mistakes), (VisitorSettings::default(), Vec::new()));
        assert!(!workspaces.is_divided());
        let (_, closed, _) = read_text("[site]\nanonymous = false\ncount_searches = false");
        assert_eq!(closed, VisitorSettings { anonymous: None, counts_searches: false });
    }

    #[test]
    fn a_divided_installation_says_what_visitors_see() {
        let two = "[[workspace]]\nname = 'a'\nservers = ['1']\n[[workspace]]\nname = 'b'\nchannels = ['2']\n";
        let (_, visitors, mistakes) = read_text(&format!("{two}[site]\nworkspace = 'b'"));
        assert_eq!((visitors.anonymous.as_deref(), mistakes.len()), (Some("b"), 0));
        let (_, visitors, mistakes) = read_text(&format!("{two}[site]\nanonymous = false"));
        assert_eq!((visitors.anonymous, mistakes.len()), (None, 0));
        let (_, visitors, mistakes) = read_text(two);
        assert_eq!(visitors.anonymous, None, "without a name nothing is shown");
        assert!(mistakes[0].contains("site.workspace"), "{mistakes:?}");
    }

    #[test]
    fn mistakes_of_workspaces_come_together() {
        let (.., mistakes) = read_text(
            "[[workspace]]\nname = 'a b'\n[[workspace]]\nname = 'c'\nservers = ['1', '1', 'x']\n\
             [[workspace]]\nname = 'c'\nservers = ['1']\n[site]\nworkspace = 'nobody'",
        );
        let said = mistakes.join("\n");
        for part in [
            "workspace[0].name: expected 1 to 40",
            "workspace[0].servers: expected an id",
            "workspace[1].servers: \"x\" is not an id",
            "workspace[1].servers: 1 is listed",
            "workspace[2].name: \"c\" is the name",
            "site.workspace: \"nobody\" is no workspace",
        ] {
            assert!(said.contains(part), "{part} is not in:\n{said}");
        }
    }
}
