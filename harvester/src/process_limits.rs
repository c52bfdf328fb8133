//! What the operating system lets this process do.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use site::http::settings::HttpSettings;

use crate::logging::error_chain;

/// File descriptors that connections to the site leave to the store, the index, Discord and GitHub.
const RESERVED_DESCRIPTORS: u64 = 256;

/// Makes every file that this process creates private to its user, whatever the shell allows.
pub fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Raises the number of file descriptors to what the system allows, and lowers the number of
/// connections to what that leaves.
pub fn within_limits(settings: &HttpSettings) -> HttpSettings {
    let max_connections = connection_limit(settings.max_connections);
    HttpSettings { max_connections, ..settings.clone() }
}

fn connection_limit(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    if let Err(error) = raised {
        tracing::warn!(error = %error_chain(&error), "cannot raise the number of file descriptors");
    }
    let available = if raised.is_ok() { maximum } else { current };
    // No limit at all is written as `None`.
    available.map_or(wanted, |available| connections_for(available, wanted))
}

fn connections_for(descriptors: u64, wanted: usize) -> usize {
    let reserved = RESERVED_DESCRIPTORS.min(descriptors / 2);
    usize::try_from(descriptors - reserved).map_or(wanted, |free| free.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_keeps_its_descriptors() {
        assert_eq!(connections_for(1_024, 1_000), 768);
        assert_eq!(connections_for(100_000, 1_000), 1_000);
        assert_eq!(connections_for(100, 1_000), 50);
    }
}
