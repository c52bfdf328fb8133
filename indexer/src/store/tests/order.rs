//! Whatever the order, the cuts and the repetitions, what can be read in the end is the same.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use rules::model::ids::RoleId;
use rules::model::message::{Reaction, ReactionChange, ReactionOp, Role};
use rules::time;
use sqlx::AssertSqlSafe;

use super::*;

#[derive(Debug, Clone)]
enum Event {
    Seen { id: u64, name: &'static str, topic: bool, at: i64 },
    Hidden(u64, i64),
    ChannelGone(u64, i64),
    Message { place: (u64, u64), said: Said, coverage: ReactionsCoverage, at: i64 },
    Deleted((u64, u64), i64),
    Reacted { place: (u64, u64), emoji: &'static str, what: ReactionOp, at: i64 },
    Joined { guild: u64, user: u64, at: i64 },
    Named { guild: u64, name: &'static str, at: i64 },
}

#[derive(Debug, Clone)]
struct Said {
    author: u64,
    name: &'static str,
    text: String,
    edited: i64,
    reactions: Vec<(&'static str, u32, Vec<u64>)>,
    role: Option<u64>,
    bot: bool,
}

fn place() -> impl Strategy<Value = (u64, u64)> {
    (1_u64..4, 10_u64..13)
}

fn emoji() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["+", "-"])
}

fn said() -> impl Strategy<Value = Said> {
    let users = proptest::collection::btree_set(1_u64..4, 0..3);
    let reactions = proptest::collection::btree_map(emoji(), (0_u32..2, users), 0..3);
    let role = proptest::option::of(1_u64..3);
    let person = (1_u64..3, proptest::sample::select(vec!["Ada", "Bo"]), role, any::<bool>());
    (person, "[ab]{0,1}", 0_i64..3, reactions).prop_map(|(person, text, edited, counts)| {
        let (author, name, role, bot) = person;
        let reaction = |(emoji, (unnamed, users)): (_, (u32, std::collections::BTreeSet<u64>))| {
            (emoji, unnamed + users.len() as u32, users.into_iter().collect::<Vec<_>>())
        };
        let reactions = counts.into_iter().map(reaction).filter(|one| one.1 > 0).collect();
        Said { author, name, text, edited, reactions, role, bot }
    })
}

fn event() -> impl Strategy<Value = Event> {
    let at = 1_i64..7;
    let what = prop_oneof![
        4 => (1_u64..4).prop_map(|user| ReactionOp::Added(UserId(user))),
        3 => (1_u64..4).prop_map(|user| ReactionOp::Removed(UserId(user))),
        1 => Just(ReactionOp::ClearedEmoji),
        1 => Just(ReactionOp::Cleared),
    ];
    let coverage =
        proptest::sample::select(vec![ReactionsCoverage::Whole, ReactionsCoverage::ButReactions]);
    let names = proptest::sample::select(vec!["help", "talk", "staff"]);
    prop_oneof![
        6 => (1_u64..4, names, any::<bool>(), at.clone())
            .prop_map(|(id, name, topic, at)| Event::Seen { id, name, topic, at }),
        2 => (1_u64..4, at.clone()).prop_map(|(id, at)| Event::Hidden(id, at)),
        1 => (1_u64..4, at.clone()).prop_map(|(id, at)| Event::ChannelGone(id, at)),
        12 => (place(), said(), coverage, at.clone())
            .prop_map(|(place, said, coverage, at)| Event::Message { place, said, coverage, at }),
        2 => (place(), at.clone()).prop_map(|(place, at)| Event::Deleted(place, at)),
        8 => (place(), emoji(), what, at.clone())
            .prop_map(|(place, emoji, what, at)| Event::Reacted { place, emoji, what, at }),
        2 => (1_u64..3, proptest::sample::select(vec!["Harbor", "Tower"]), at.clone())
            .prop_map(|(guild, name, at)| Event::Named { guild, name, at }),
        3 => (1_u64..3, 1_u64..3, at)
            .prop_map(|(guild, user, at)| Event::Joined { guild, user, at }),
    ]
}

impl Event {
    fn put_into(&self, batch: &mut WriteBatch) {
        match self {
            Self::Seen { id, name, topic, at } => {
                let topic = topic.then(|| "all about it".to_owned());
                // Channel 2 is a thread of channel 1; staff's is out of scope.
                let (kind, parent) = match id {
                    2 => (ChannelKind::Thread, Some(ChannelId(1))),
                    _ => (ChannelKind::Text, None),
                };
                let seen = Channel { name: (*name).into(), topic, kind, parent, ..channel(*id) };
                let list = if *name == "staff" { &mut batch.outside } else { &mut batch.channels };
                list.push((seen, time::at_millisecond(*at)));
            }
            Self::Hidden(id, at) => batch.hidden.push((ChannelId(*id), time::at_millisecond(*at))),
            Self::ChannelGone(id, at) => {
                batch.gone.push((ChannelId(*id), time::at_millisecond(*at)))
            }
            Self::Message { place, said, coverage, at } => {
                let whole = *coverage == ReactionsCoverage::Whole;
                batch.messages.push((said.at(*place, whole), *coverage, time::at_millisecond(*at)));
            }
            Self::Deleted((channel, id), at) => {
                batch.deleted.push((
                    ChannelId(*channel),
                    MessageId(*id),
                    time::at_millisecond(*at),
                ));
            }
            Self::Reacted { place: (channel, message), emoji, what, at } => {
                let change = ReactionChange {
                    channel: ChannelId(*channel),
                    message: MessageId(*message),
                    emoji: (*emoji).into(),
                    what: *what,
                };
                batch.reactions.push((change, time::at_millisecond(*at)));
            }
            Self::Named { guild, name, at } => {
                batch.servers.push((
                    GuildId(*guild),
                    (*name).to_owned(),
                    time::at_millisecond(*at),
                ));
            }
            Self::Joined { guild, user, at } => batch.joins.push(MemberJoin {
                guild: GuildId(*guild),
                user: UserId(*user),
                joined: MessageId(0).created_at() - SignedDuration::from_millis(*at),
                counts_from: MessageId(0).created_at() + SignedDuration::from_millis(1),
            }),
        }
    }
}

impl Said {
    fn at(&self, (channel, id): (u64, u64), whole: bool) -> Message {
        let reaction = |(emoji, count, users): &(&str, u32, Vec<u64>)| Reaction {
            emoji: (*emoji).into(),
            count: *count,
            users: users.iter().map(|user| UserId(*user)).collect(),
        };
        let author = Author {
            id: UserId(self.author),
            name: self.name.into(),
            bot: self.bot,
            roles: Vec::from_iter(
                self.role.map(|id| Role { id: RoleId(id), name: "helper".into() }),
            ),
        };
        Message {
            author: Arc::new(author),
            edited: (self.edited > 0).then_some(time::at_millisecond(self.edited)),
            reactions: self.reactions.iter().filter(|_| whole).map(reaction).collect(),
            ..message(channel, id, self.author, &self.text)
        }
    }
}

/// Everything that events leave, table by table, but the notes of what is to be judged.
const LEFT: [(&str, &str); 8] = [
    (
        "channels",
        "id, guild, kind, name, topic, parent, parent_name, tags, observed, outside, hidden, gone",
    ),
    ("hidden_channels", "channel, at"),
    ("tombstones", "channel, message, at"),
    (
        "messages",
        "channel, id, author, author_name, bot, edited, observed, digest, text, extra, reactions, \
         reactions_as_of",
    ),
    ("reaction_changes", "channel, message, emoji, \"user\", added, observed"),
    ("users", "id, name, bot, roles, as_of, observed"),
    ("members", "guild, \"user\", joined"),
    ("servers", "id, name, observed"),
];

/// What judging would see of a channel, message by message.
type Sight = (String, bool, BTreeMap<MessageId, String>);

/// Judges what is pending, as far as that means to look at it.
async fn look(store: &Store, judged: &mut BTreeMap<ChannelId, Sight>) {
    for one in store.pending_channels().await.unwrap() {
        let sight = sight(store, &one.channel, one.hidden).await;
        let before = judged.remove(&one.channel.id).unwrap_or_default();
        let mut messages = before.2;
        let touched = |id: &MessageId| one.ranges.iter().any(|range| range.holds(*id));
        messages.retain(|id, _| !touched(id));
        messages.extend(sight.2.into_iter().filter(|(id, _)| touched(id)));
        judged.insert(one.channel.id, (sight.0, sight.1, messages));
        store.clear_pending(&one).await.unwrap();
    }
}

async fn sight(store: &Store, channel: &Channel, hidden: bool) -> Sight {
    let messages = all(store, channel.id.0).await;
    let authors = messages.iter().map(|one| one.author.id).collect::<Vec<_>>();
    let joined = store.join_dates(channel.guild, &authors).await.unwrap();
    let text_of = |one: &Message| {
        let Message { author, text, reactions, .. } = one;
        format!("{:?} {:?} {text} {reactions:?}", (author.id, &author.name), joined.get(&author.id))
    };
    let messages = messages.iter().map(|one| (one.id, text_of(one))).collect();
    (format!("{channel:?}"), hidden, messages)
}

/// Applies batches of events, looking at what is pending after every second one.
async fn left_by(batches: &[Vec<Event>]) -> Result<Vec<String>, TestCaseError> {
    let (store, _folder) = empty().await;
    let mut judged = BTreeMap::new();
    for (at, events) in batches.iter().enumerate() {
        let mut batch = WriteBatch::default();
        events.iter().for_each(|event| event.put_into(&mut batch));
        store.apply_batch(&batch).await.unwrap();
        if at % 2 == 1 {
            look(&store, &mut judged).await;
        }
    }
    look(&store, &mut judged).await;
    for StoredChannel { channel, hidden, gone, .. } in store.channels().await.unwrap() {
        let now = sight(&store, &channel, hidden || gone).await;
        if let Some(judged) = judged.get(&channel.id) {
            prop_assert_eq!(judged, &now, "judged before it changed for the last time");
        } else {
            prop_assert!(now.2.is_empty() && !now.1, "never judged: {:?}", now);
        }
    }
    let mut left = Vec::new();
    for (table, columns) in LEFT {
        let cells = columns.split(", ").map(|name| format!("COALESCE(CAST({name} AS TEXT), '-')"));
        let row = cells.collect::<Vec<_>>().join(" || ' ' || ");
        let sql = format!("SELECT {row} FROM {table} ORDER BY 1");
        let rows = engine::query_scalar::<String>(AssertSqlSafe(sql));
        left.extend(rows.fetch_all(&store.read).await.unwrap());
    }
    for id in 1..4 {
        left.extend(all(&store, id).await.iter().map(|one| format!("{:?}", one.reactions)));
    }
    let mut counts = store.counts().await.unwrap();
    counts.channels_pending = 0;
    left.push(format!("{counts:?}"));
    left.push(format!("{:?}", store.live_counts().await.unwrap()));
    store.close().await;
    Ok(left)
}

/// Events in some order, and the same ones in another, some of them twice.
fn two_orders() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    proptest::collection::vec(event(), 1..24).prop_flat_map(|events| {
        let twice = events.iter().chain(events.iter().step_by(2)).cloned().collect::<Vec<_>>();
        (Just(events), Just(twice).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_events_does_not_show((events, mixed) in two_orders(), size in 1_usize..6) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let expected = runtime.block_on(left_by(std::slice::from_ref(&events)))?;
        let batches = mixed.chunks(size).map(<[Event]>::to_vec).collect::<Vec<_>>();
        prop_assert_eq!(runtime.block_on(left_by(&batches))?, expected);
    }
}
