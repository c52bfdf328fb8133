//! Which channels are read, whose word counts, and what may be quoted.

use crate::config::toml_reader::TomlReader;
use crate::model::ids::{RoleId, UserId};
use crate::model::message::{Author, Channel, ChannelKind};

#[derive(Debug, Clone)]
pub struct ScopeRules {
    include: Vec<String>,
    exclude: Vec<String>,
    trusted_roles: Vec<String>,
    trusted_people: Vec<UserId>,
    pub consent: Option<Consent>,
    topic_sentence: String,
}

/// What lets a person's words be quoted in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The server's owner has declared every channel in scope public.
    ServerPublic,
    /// The channel's topic holds the agreed sentence.
    TopicSentence,
    /// Only people who agreed when asked.
    Ask,
}

/// Why a channel is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfScope {
    /// A direct message or a private thread: never read, whatever the lists say.
    Private,
    Excluded,
    NotIncluded,
}

impl ScopeRules {
    pub(crate) fn read(file: &mut TomlReader) -> Self {
        let (include, exclude) =
            file.section("channels", |table| (table.texts("include"), table.texts("exclude")));
        let (trusted_roles, trusted_people) =
            file.section("trust", |table| (table.texts("roles"), people(table)));
        let (consent, topic_sentence) = file.section("consent", |table| {
            let choices = [
                ("server-public", Some(Consent::ServerPublic)),
                ("topic-sentence", Some(Consent::TopicSentence)),
                ("ask", Some(Consent::Ask)),
            ];
            (table.choice("mode", None, &choices), table.text("topic_sentence", ""))
        });
        if consent == Some(Consent::TopicSentence) && topic_sentence.trim().is_empty() {
            file.wrong("consent.topic_sentence", "empty, but consent.mode is \"topic-sentence\"");
        }
        Self { include, exclude, trusted_roles, trusted_people, consent, topic_sentence }
    }

    /// Whether a channel is read at all.
    pub fn covers(&self, channel: &Channel) -> Result<(), OutOfScope> {
        if matches!(channel.kind, ChannelKind::Direct | ChannelKind::PrivateThread) {
            return Err(OutOfScope::Private);
        }
        if self.exclude.iter().any(|pattern| names(pattern, channel)) {
            return Err(OutOfScope::Excluded);
        }
        if self.include.is_empty() || self.include.iter().any(|pattern| names(pattern, channel)) {
            return Ok(());
        }
        Err(OutOfScope::NotIncluded)
    }

    /// Whether this person's answers and reactions count as confirmation.
    pub fn trusts(&self, author: &Author) -> bool {
        self.trusted_people.contains(&author.id)
            || self.trusted_roles.iter().any(|trusted| has_role(author, trusted))
    }

    /// The roles whose holders are trusted, by name or id.
    pub fn trusted_roles(&self) -> &[String] {
        &self.trusted_roles
    }

    /// The people trusted by name, whatever their roles.
    pub fn trusted_people(&self) -> &[UserId] {
        &self.trusted_people
    }

    /// The settings that match none of these channels and people, as sentences. A typing mistake in a
    /// name changes what is read and whose word counts, and nothing else shows it.
    pub fn unmatched<'a>(
        &self,
        channels: impl Iterator<Item = &'a Channel> + Clone,
        people: impl Iterator<Item = &'a Author> + Clone,
    ) -> Vec<String> {
        let mut sentences = Vec::new();
        for (key, patterns) in [("include", &self.include), ("exclude", &self.exclude)] {
            let nameless =
                |pattern: &&String| !channels.clone().any(|channel| names(pattern, channel));
            sentences.extend(patterns.iter().filter(nameless).map(|pattern| {
                format!("channels.{key} in scope.toml has {pattern:?}, which matches no channel")
            }));
        }
        let unheld = |role: &&String| !people.clone().any(|person| has_role(person, role));
        sentences.extend(
            self.trusted_roles
                .iter()
                .filter(unheld)
                .map(|role| format!("trust.roles in scope.toml has {role:?}, which nobody has")),
        );
        sentences
    }

    /// Whether words said in this channel may be quoted in public without asking their author.
    pub fn may_quote(&self, channel: &Channel) -> bool {
        match self.consent {
            Some(Consent::ServerPublic) => true,
            Some(Consent::TopicSentence) => {
                channel.topic.as_deref().is_some_and(|topic| topic.contains(&self.topic_sentence))
            }
            Some(Consent::Ask) | None => false,
        }
    }
}

/// Whether a person has a role of this name or id.
fn has_role(person: &Author, role: &str) -> bool {
    let id = role.parse::<RoleId>().ok();
    person.roles.iter().any(|held| held.name == role || id == Some(held.id))
}

fn people(table: &mut TomlReader) -> Vec<UserId> {
    let mut ids = Vec::new();
    for text in table.texts("people") {
        match text.parse() {
            Ok(id) => ids.push(id),
            Err(_) => table.wrong("people", format!("{text:?} is not a user id; expected digits")),
        }
    }
    ids
}

/// Whether a pattern of the settings names a channel: its id, or its name, where `*` stands for any run of
/// characters. A thread is named by its own name or id, or by those of the channel it hangs under.
pub fn names(pattern: &str, channel: &Channel) -> bool {
    let ids = [Some(channel.id), channel.parent.filter(|_| channel.kind.is_thread())];
    let parent = channel.parent_name.as_deref().filter(|_| channel.kind.is_thread());
    ids.into_iter().flatten().any(|id| id.to_string() == pattern)
        || [Some(channel.name.as_str()), parent]
            .into_iter()
            .flatten()
            .any(|name| like(pattern, name))
}

/// Matches `*` with any run of characters, everything else with itself.
fn like(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ChannelId, GuildId};
    use crate::model::message::Role;

    fn rules(text: &str) -> ScopeRules {
        let mut reader = TomlReader::parse("scope.toml", text);
        let rules = ScopeRules::read(&mut reader);
        assert_eq!(reader.finish(), []);
        rules
    }

    fn channel(kind: ChannelKind, name: &str, parent: &str) -> Channel {
        Channel {
            id: ChannelId(5),
            guild: GuildId(1),
            kind,
            name: name.to_owned(),
            topic: Some("Help. We may publish.".to_owned()),
            parent: Some(ChannelId(4)),
            parent_name: Some(parent.to_owned()),
            tags: Vec::new(),
            closed: false,
        }
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("help", "help", true),
            ("help", "help-me", false),
            ("help*", "help-me", true),
            ("*-dev", "core-dev", true),
            ("*-dev", "core-dev-2", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(like(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn private_talk_is_never_read_and_exclusion_wins() {
        let rules = rules("[channels]\ninclude = ['help', '4']\nexclude = ['secret*']");
        let covers = |kind, name, parent| rules.covers(&channel(kind, name, parent));
        assert_eq!(covers(ChannelKind::Text, "help", "Talk"), Ok(()));
        assert_eq!(covers(ChannelKind::Text, "other", "help"), Err(OutOfScope::NotIncluded));
        assert_eq!(covers(ChannelKind::Thread, "my question", "help"), Ok(()));
        assert_eq!(
            covers(ChannelKind::Thread, "my question", "secrets"),
            Err(OutOfScope::Excluded)
        );
        assert_eq!(covers(ChannelKind::PrivateThread, "help", "help"), Err(OutOfScope::Private));
        assert_eq!(covers(ChannelKind::Direct, "help", ""), Err(OutOfScope::Private));
    }

    #[test]
    fn trust_goes_by_role_name_role_id_or_person() {
        let rules = rules("[trust]\nroles = ['Helper', '77']\npeople = ['9']");
        let author = |id, role: Option<(u64, &str)>| Author {
            id: UserId(id),
            name: String::new(),
            bot: false,
            roles: role
                .map(|(id, name)| Role { id: RoleId(id), name: name.into() })
                .into_iter()
                .collect(),
        };
        assert!(rules.trusts(&author(1, Some((1, "Helper")))));
        assert!(rules.trusts(&author(1, Some((77, "Mod")))));
        assert!(rules.trusts(&author(9, None)));
        assert!(!rules.trusts(&author(1, Some((78, "helper")))));
    }

    #[test]
    fn settings_that_match_nothing_are_listed() {
        let rules = rules(
            "[channels]\ninclude = ['help', 'hlep']\nexclude = ['4']\n[trust]\nroles = ['Helper', 'Hepler', '77']",
        );
        let channels =
            [channel(ChannelKind::Text, "help", ""), channel(ChannelKind::Thread, "x", "y")];
        let held = Role { id: RoleId(77), name: "Helper".into() };
        let people = [Author { id: UserId(1), name: String::new(), bot: false, roles: vec![held] }];
        let unmatched = rules.unmatched(channels.iter(), people.iter());
        assert_eq!(unmatched.len(), 2, "{unmatched:?}");
        assert!(
            unmatched[0].contains("\"hlep\"") && unmatched[1].contains("\"Hepler\""),
            "{unmatched:?}"
        );
    }

    #[test]
    fn nothing_is_quoted_until_consent_is_chosen() {
        let talk = channel(ChannelKind::Text, "help", "");
        assert!(!rules("").may_quote(&talk));
        assert!(rules("[consent]\nmode = 'server-public'").may_quote(&talk));
        let sentence =
            |text| format!("[consent]\nmode = 'topic-sentence'\ntopic_sentence = '{text}'");
        assert!(rules(&sentence("We may publish.")).may_quote(&talk));
        assert!(!rules(&sentence("We publish.")).may_quote(&talk));
    }
}
