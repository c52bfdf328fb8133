//! The briefing in a channel: once for each period, whoever posts it and whatever ends in between.

use indexer::store::Store;
use tests::harness::discord::{ChannelId, Message};

use super::discord_fixture::Scene;
use crate::world::World;

const POSTED: &str = "briefing/posted";

/// What the bot has said in a channel.
fn said(scene: &Scene, channel: ChannelId) -> Vec<Message> {
    scene.discord.look(|world| {
        let said = world.messages.get(&channel).into_iter().flat_map(|said| said.values());
        said.filter(|message| message.author == world.bot).cloned().collect()
    })
}

/// Looks at the store, beside whoever runs.
fn in_store<T>(world: &World, act: impl AsyncFnOnce(&Store) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open_shared(&world.data()).await.unwrap();
        let done = act(&store).await;
        store.close().await;
        done
    })
}

fn is_noted(world: &World) -> bool {
    in_store(world, async |store| store.setting(POSTED).await.unwrap().is_some())
}

#[test]
fn two_daemons_and_a_crash_post_the_briefing_of_a_day_once() {
    let scene = Scene::new();
    let staff = scene.discord.channel(scene.guild, "staff");
    let world = World::new();
    world.point_at(&scene.discord, "briefing_in = 'staff'\nbriefing = 'day'");
    scene.solve(scene.help, scene.asker, "How do I glaze a jug?", "Dip it twice.");
    let mut first = world.start();
    let second = world.start();
    first.wait_until("the briefing is posted", |_| is_noted(&world));
    let [briefing] = &said(&scene, staff)[..] else { panic!("{:?}", said(&scene, staff)) };
    assert!(briefing.content.starts_with("**Briefing, 2"), "{briefing:?}");
    assert!(briefing.content.contains("Questions: "), "{briefing:?}");
    first.stop();
    second.stop();

    // It was posted, and the process ended before it could note that.
    in_store(&world, async |store| store.unset(POSTED).await.unwrap());
    let mut third = world.start();
    third.wait_until("it finds what was posted", |_| is_noted(&world));
    third.stop();
    assert_eq!(said(&scene, staff).len(), 1);
    assert_eq!(scene.discord.count("POST", "/channels/*/messages"), 1, "nothing is doubled");
    scene.discord.assert_bot_mentions_nobody();
    scene.discord.assert_no_surprises();
}
