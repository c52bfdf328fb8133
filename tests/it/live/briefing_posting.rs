//! The briefing in a channel: once for each period, whoever posts it and whatever ends in between.

use indexer::store::Store;
use tests::harness::discord::{ChannelId, Message};

use super::discord_fixture::DiscordFixture;
use crate::sandbox::{Sandbox, store_of};

const POSTED: &str = "briefing/posted";

/// What the bot has said in a channel.
fn said(fixture: &DiscordFixture, channel: ChannelId) -> Vec<Message> {
    fixture.discord.look(|state| {
        let said = state.messages.get(&channel).into_iter().flat_map(|said| said.values());
        said.filter(|message| message.author == state.bot).cloned().collect()
    })
}

/// Looks at the store, beside whoever runs.
fn in_store<T>(sandbox: &Sandbox, act: impl AsyncFnOnce(&Store) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open_shared(store_of(&sandbox.data())).await.unwrap();
        let done = act(&store).await;
        store.close().await;
        done
    })
}

fn is_noted(sandbox: &Sandbox) -> bool {
    in_store(sandbox, async |store| store.setting(POSTED).await.unwrap().is_some())
}

#[test]
fn two_daemons_and_a_crash_post_the_briefing_of_a_day_once() {
    let fixture = DiscordFixture::new();
    let staff = fixture.discord.channel(fixture.guild, "staff");
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "briefing_in = 'staff'\nbriefing = 'day'");
    fixture.solve(fixture.help, fixture.asker, "How do I glaze a jug?", "Dip it twice.");
    let mut first = sandbox.start();
    let second = sandbox.start();
    first.wait_until("the briefing is posted", |_| is_noted(&sandbox));
    let [briefing] = &said(&fixture, staff)[..] else { panic!("{:?}", said(&fixture, staff)) };
    assert!(briefing.content.starts_with("**Briefing, 2"), "{briefing:?}");
    assert!(briefing.content.contains("Questions: "), "{briefing:?}");
    first.stop();
    second.stop();

    // It was posted, and the process ended before it could note that.
    in_store(&sandbox, async |store| store.unset(POSTED).await.unwrap());
    let mut third = sandbox.start();
    third.wait_until("it finds what was posted", |_| is_noted(&sandbox));
    third.stop();
    assert_eq!(said(&fixture, staff).len(), 1);
    assert_eq!(fixture.discord.count("POST", "/channels/*/messages"), 1, "nothing is doubled");
    fixture.discord.assert_bot_mentions_nobody();
    fixture.discord.assert_no_surprises();
}
