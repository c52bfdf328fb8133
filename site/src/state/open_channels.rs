//! The channels that everybody may know of, cached for a minute because reading them reads every thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rules::config::scope::ScopeRules;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::workspace_store::{OpenChannel, OpenChannels, WorkspaceStore};
use crate::http::error::HttpError;

const MAX_AGE: Duration = Duration::from_secs(60);

/// The latest list. One request reads while others wait for it.
#[derive(Default)]
pub(crate) struct CachedChannels(Mutex<Option<(Instant, OpenChannels)>>);

impl CachedChannels {
    pub(crate) async fn open(
        &self,
        store: &WorkspaceStore,
        scope: &ScopeRules,
    ) -> Result<OpenChannels, HttpError> {
        let mut cached = self.0.lock().await;
        if let Some((read, channels)) = &*cached
            && read.elapsed() < MAX_AGE
        {
            return Ok(Arc::clone(channels));
        }
        let stored = store.channels().await;
        let stored = stored.map_err(|cause| HttpError::internal("list the channels", &cause))?;
        let open = stored
            .into_iter()
            .filter(|one| !one.hidden && !one.gone && scope.covers(&one.channel).is_ok());
        let named = open.map(|one| {
            let channel = one.channel;
            (channel.id, OpenChannel { name: channel.name, server: channel.guild })
        });
        let channels = Arc::new(named.collect::<BTreeMap<_, _>>());
        *cached = Some((Instant::now(), Arc::clone(&channels)));
        Ok(channels)
    }
}
