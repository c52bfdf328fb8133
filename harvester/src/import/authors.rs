//! One shared `Author` for all messages of a person, as long as name and roles stay the same.

use std::collections::HashMap;
use std::sync::Arc;

use rules::model::ids::{RoleId, UserId};
use rules::model::message::{Author, Role};

use super::schema::ExportAuthor;

/// How many people are remembered, so that memory stays flat in a channel of a million people.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct AuthorInterner {
    known: HashMap<UserId, Arc<Author>>,
}

impl AuthorInterner {
    /// The author of a message; `None` without a usable id.
    pub(super) fn author(&mut self, raw: ExportAuthor<'_>) -> Option<Arc<Author>> {
        let ExportAuthor { id, name, nickname, is_bot, roles } = raw;
        let id = UserId(id.id()?);
        let name = nickname.words().or_else(|| name.words()).unwrap_or_default();
        let bot = is_bot.flag();
        let roles = roles.0.into_iter().filter_map(|role| Some((RoleId(role.id.id()?), role.name)));
        let roles: Vec<Role> = roles
            .map(|(id, name)| Role { id, name: name.words().unwrap_or_default().into_owned() })
            .collect();
        match self.known.get(&id) {
            Some(known) if known.name == name && known.bot == bot && known.roles == roles => {
                Some(Arc::clone(known))
            }
            _ => {
                let author = Arc::new(Author { id, name: name.into_owned(), bot, roles });
                if self.known.len() >= REMEMBERED {
                    self.known.clear();
                }
                self.known.insert(id, Arc::clone(&author));
                Some(author)
            }
        }
    }
}
