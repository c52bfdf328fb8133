//! History served page by page ends as files do.

use tests::harness::discord::FakeDiscord;

use crate::same_state::{talk, whole};
use crate::sandbox::{Sandbox, State};

/// The state without what only a live server has.
pub(crate) fn state(sandbox: &Sandbox) -> State {
    let mut state = sandbox.state();
    let mut status = serde_json::from_str::<serde_json::Value>(&state.status).unwrap();
    for live in ["live", "daemons"] {
        status.as_object_mut().unwrap().remove(live);
    }
    state.status = serde_json::to_string_pretty(&status).unwrap();
    state
}

#[test]
fn history_read_from_discord_gives_the_same_state_as_files() {
    let (files, _) = whole();
    files.settle_in();
    let discord = FakeDiscord::start();
    for (_, export) in talk() {
        discord.load_export(&export);
    }
    let sandbox = Sandbox::new();
    sandbox.point_at(&discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(2);
    daemon.stop();
    assert_eq!(state(&sandbox), state(&files));
    discord.assert_no_surprises();
}
