//! Labels of pull requests, and the handle that commands begin with.

/// On every pull request of this program.
pub const LABEL: &str = "answer-harvester";
/// On a pull request that was replaced by a better one.
pub const SUPERSEDED: &str = "canon:superseded";
/// What a comment begins with to be a command.
pub const HANDLE: &str = "@answer-harvester";
