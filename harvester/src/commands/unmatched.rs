//! Settings that match nothing of what is stored.

use indexer::store::{Store, StoreError};
use rules::config::scope::ScopeRules;

/// The channel patterns and trusted roles that match no stored channel or person, as sentences; none
/// while nothing is stored.
pub(super) async fn unmatched_settings(
    store: &Store,
    scope: &ScopeRules,
) -> Result<Vec<String>, StoreError> {
    let channels = store.channels().await?;
    if channels.is_empty() {
        return Ok(Vec::new());
    }
    let people = store.people_with_roles().await?;
    Ok(scope.unmatched(channels.iter().map(|stored| &stored.channel), people.iter()))
}
