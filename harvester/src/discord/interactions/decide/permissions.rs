//! Which permissions an action needs.

use std::collections::BTreeSet;

use rules::model::ids::UserId;

/// Discord's permission bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PermissionBits(pub(crate) u64);

impl PermissionBits {
    const ADMINISTRATOR: u64 = 1 << 3;
    const MANAGE_GUILD: u64 = 1 << 5;
    const MANAGE_MESSAGES: u64 = 1 << 13;
    const MANAGE_THREADS: u64 = 1 << 34;

    fn any(self, wanted: u64) -> bool {
        self.0 & (wanted | Self::ADMINISTRATOR) != 0
    }

    /// Whether these are the permissions of a moderator.
    pub(crate) fn moderates(self) -> bool {
        self.any(Self::MANAGE_MESSAGES | Self::MANAGE_THREADS | Self::MANAGE_GUILD)
    }

    /// Whether the whole server may be managed.
    pub(crate) fn manages_server(self) -> bool {
        self.any(Self::MANAGE_GUILD)
    }

    /// Whether tags that only moderators set may be set.
    pub(crate) fn manages_threads(self) -> bool {
        self.any(Self::MANAGE_THREADS)
    }
}

/// The rights of a member in a conversation.
#[derive(Debug, Clone)]
pub(crate) struct MemberAuthority<'a> {
    pub(crate) user: UserId,
    pub(crate) permissions: PermissionBits,
    /// Whether the scope rules trust this person.
    pub(crate) trusted: bool,
    /// Who asked there.
    pub(crate) askers: &'a BTreeSet<UserId>,
}

impl MemberAuthority<'_> {
    /// Whether this member may mark answers.
    pub(crate) fn may_mark(&self) -> bool {
        self.permissions.moderates() || self.trusted || self.askers.contains(&self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moderators_trusted_people_and_the_asker_may_judge() {
        let askers = BTreeSet::from([UserId(7)]);
        let may = |user, permissions, trusted| {
            let permissions = PermissionBits(permissions);
            MemberAuthority { user: UserId(user), permissions, trusted, askers: &askers }.may_mark()
        };
        for (user, permissions, trusted, expected) in [
            (7, 0, false, true),
            (8, 0, false, false),
            (8, 0, true, true),
            (8, 1 << 13, false, true),
            (8, 1 << 34, false, true),
            (8, 1 << 5, false, true),
            (8, 1 << 3, false, true),
            // Sending messages, adding reactions, kicking people: not that.
            (8, 1 << 11 | 1 << 6 | 1 << 1, false, false),
        ] {
            assert_eq!(may(user, permissions, trusted), expected, "{user} {permissions} {trusted}");
        }
    }

    #[test]
    fn only_who_manages_the_server_may_pause_it() {
        assert!(!PermissionBits(1 << 13 | 1 << 34).manages_server());
        assert!(PermissionBits(1 << 5).manages_server() && PermissionBits(1 << 3).manages_server());
    }
}
