//! The tags of a forum post: which one means solved, and whether the bot may set it.

use rules::model::ids::UserId;
use serde_json::Value;

use super::permissions::PermissionBits;
use crate::discord::interactions::payload::custom_id::TagId;
use crate::discord::interactions::payload::interaction::{items, number};

/// A thread or forum post.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ForumPost {
    pub(crate) owner: Option<UserId>,
    pub(crate) archived: bool,
    pub(crate) applied: Vec<TagId>,
    /// The tags that its forum offers. Empty outside forums.
    pub(crate) available: Vec<ForumTag>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForumTag {
    pub(crate) id: TagId,
    pub(crate) name: String,
    /// Whether only people who manage threads may set it.
    pub(crate) moderated: bool,
}

/// What to do about the solved tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagAction {
    /// Nothing: no forum, no such tag, or it is already set.
    Leave,
    /// The post already has the maximum number of tags.
    Full,
    /// The bot lacks the permission.
    Refused,
    /// All tags that the post gets, and the one that is added.
    Set { applied: Vec<TagId>, added: ForumTag },
}

/// Discord's limit on the tags of a post.
const MOST_TAGS: usize = 5;

impl ForumPost {
    /// Parses a thread and its parent channel leniently.
    pub(crate) fn read(thread: &Value, parent: &Value) -> Self {
        let tag = |json: &Value| {
            Some(ForumTag {
                id: TagId(number(&json["id"])?),
                name: json["name"].as_str()?.to_owned(),
                moderated: json["moderated"] == Value::Bool(true),
            })
        };
        Self {
            owner: number(&thread["owner_id"]).map(UserId),
            archived: thread["thread_metadata"]["archived"] == Value::Bool(true),
            applied: items(&thread["applied_tags"]).filter_map(number).map(TagId).collect(),
            available: items(&parent["available_tags"]).filter_map(tag).collect(),
        }
    }

    /// How to tag the post as solved. Other tags stay.
    pub(crate) fn solving(
        &self,
        solved: impl Fn(&str) -> bool,
        bot_permissions: PermissionBits,
    ) -> TagAction {
        let solving = self.available.iter().filter(|tag| solved(&tag.name)).collect::<Vec<_>>();
        if solving.is_empty() || solving.iter().any(|tag| self.applied.contains(&tag.id)) {
            return TagAction::Leave;
        }
        let may_set = |tag: &&&ForumTag| !tag.moderated || bot_permissions.manages_threads();
        let Some(added) = solving.iter().find(may_set) else { return TagAction::Refused };
        if self.applied.len() >= MOST_TAGS {
            return TagAction::Full;
        }
        let applied = self.applied.iter().copied().chain([added.id]).collect();
        TagAction::Set { applied, added: (*added).clone() }
    }

    /// The tags that stay when `tag` is removed; `None` if there is nothing to remove. Only a
    /// solved tag is removed: the bot never sets another one.
    pub(crate) fn without(&self, tag: TagId, solved: impl Fn(&str) -> bool) -> Option<Vec<TagId>> {
        let is_solved = self.available.iter().any(|known| known.id == tag && solved(&known.name));
        (is_solved && self.applied.contains(&tag))
            .then(|| self.applied.iter().copied().filter(|other| *other != tag).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NONE: PermissionBits = PermissionBits(0);
    const THREADS: PermissionBits = PermissionBits(1 << 34);

    fn solved(name: &str) -> bool {
        ["Solved", "해결"].contains(&name)
    }

    fn post(applied: &[u64], tags: &[(u64, &str, bool)]) -> ForumPost {
        let applied = applied.iter().map(u64::to_string).collect::<Vec<_>>();
        let tags = tags.iter().map(|(id, name, moderated)| {
            json!({"id": id.to_string(), "name": name, "moderated": moderated, "emoji_id": null})
        });
        let thread = json!({
            "owner_id": "7", "applied_tags": applied, "thread_metadata": {"archived": true},
        });
        ForumPost::read(&thread, &json!({"available_tags": tags.collect::<Vec<_>>()}))
    }

    #[track_caller]
    fn check(thread: &ForumPost, bot_permissions: PermissionBits, expected: Option<&[u64]>) {
        let applied = match thread.solving(solved, bot_permissions) {
            TagAction::Set { applied, .. } => Some(applied.iter().map(|tag| tag.0).collect()),
            _ => None::<Vec<_>>,
        };
        assert_eq!(applied.as_deref(), expected);
    }

    #[test]
    fn the_solved_tag_joins_the_others() {
        check(&post(&[1, 2], &[(1, "Bug", false), (3, "Solved", false)]), NONE, Some(&[1, 2, 3]));
        check(&post(&[3], &[(3, "Solved", false)]), NONE, None);
        check(&post(&[], &[(1, "Bug", false)]), NONE, None);
        check(&post(&[], &[]), NONE, None);
    }

    #[test]
    fn a_moderated_tag_needs_the_permission_and_another_may_stand_in() {
        let moderated = post(&[], &[(3, "Solved", true)]);
        assert_eq!(moderated.solving(solved, NONE), TagAction::Refused);
        check(&moderated, THREADS, Some(&[3]));
        check(&post(&[], &[(3, "Solved", true), (4, "해결", false)]), NONE, Some(&[4]));
    }

    #[test]
    fn a_post_never_gets_a_sixth_tag() {
        let full = post(&[1, 2, 4, 5, 6], &[(3, "Solved", false)]);
        assert_eq!(full.solving(solved, THREADS), TagAction::Full);
    }

    #[test]
    fn only_a_solved_tag_is_taken_back() {
        let thread = post(&[1, 3], &[(1, "Bug", false), (3, "Solved", false)]);
        assert_eq!(thread.without(TagId(3), solved), Some(vec![TagId(1)]));
        assert_eq!(thread.without(TagId(1), solved), None);
        assert_eq!(thread.without(TagId(9), solved), None);
        assert_eq!((thread.owner, thread.archived), (Some(UserId(7)), true));
    }

    #[test]
    fn odd_threads_are_read_as_far_as_they_go() {
        assert_eq!(ForumPost::read(&Value::Null, &json!([1])), ForumPost::default());
        let odd = json!({"applied_tags": null, "thread_metadata": 5, "owner_id": {}});
        assert_eq!(
            ForumPost::read(&odd, &json!({"available_tags": [{"id": "1"}]})),
            ForumPost::default()
        );
    }
}
