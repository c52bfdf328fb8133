//! Whom the daemon speaks to, and what it tells of itself.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tests::harness::discord::{Malformed, Post};

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

/// Between two looks at a process's sockets: shorter than any name is looked up.
const LOOK: Duration = Duration::from_millis(2);

/// Looks at the sockets of a process until it is asked what it saw.
struct Lookout {
    over: Arc<AtomicBool>,
    watch: JoinHandle<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Connections to this machine itself.
    loopback: usize,
    /// Every other peer, and every socket that asks for names.
    others: BTreeSet<String>,
}

impl Lookout {
    fn on(process: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let watch = std::thread::spawn(move || {
            let mut seen = Seen::default();
            while !stop.load(Ordering::Relaxed) {
                look(process, &mut seen);
                std::thread::park_timeout(LOOK);
            }
            seen
        });
        Self { over, watch }
    }

    fn seen(self) -> Seen {
        self.over.store(true, Ordering::Relaxed);
        self.watch.thread().unpark();
        self.watch.join().unwrap()
    }
}

fn look(process: u32, seen: &mut Seen) {
    let own = sockets(process);
    for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
        let path = format!("/proc/{process}/net/{table}");
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        for line in text.lines().skip(1) {
            let fields = line.split_whitespace().collect::<Vec<_>>();
            let [_, _, peer, _, _, _, _, _, _, socket, ..] = fields[..] else { continue };
            if !own.contains(socket) {
                continue;
            }
            let (address, port) = peer.split_once(':').unwrap();
            let address = address_of(address);
            match table {
                "tcp" | "tcp6" if address.is_loopback() => seen.loopback += 1,
                // It listens, or is not connected yet.
                "tcp" | "tcp6" if address.is_unspecified() => {}
                _ => _ = seen.others.insert(format!("{table} {address} port {port} (in hex)")),
            }
        }
    }
}

/// The numbers of the sockets that a process has open.
fn sockets(process: u32) -> BTreeSet<String> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let targets = open.filter_map(|file| std::fs::read_link(file.path()).ok());
    let sockets = targets.filter_map(|target| {
        let name = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(name.to_owned())
    });
    sockets.collect()
}

/// An address as the kernel writes it: words of four bytes, each in the machine's order.
fn address_of(hex: &str) -> IpAddr {
    let words = hex.as_bytes().chunks(8).map(|word| {
        u32::from_str_radix(std::str::from_utf8(word).unwrap(), 16).unwrap().to_ne_bytes()
    });
    let bytes = words.flatten().collect::<Vec<_>>();
    match <[u8; 4]>::try_from(&bytes[..]) {
        Ok(four) => Ipv4Addr::from(four).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(&bytes[..]).unwrap()).to_canonical(),
    }
}

#[test]
fn an_address_of_the_kernels_reads_back() {
    let local = u32::from_ne_bytes([127, 0, 0, 1]);
    let one = u32::from_ne_bytes([0, 0, 0, 1]);
    let mapped = u32::from_ne_bytes([0, 0, 0xFF, 0xFF]);
    for (hex, address, loopback) in [
        (format!("{local:08X}"), "127.0.0.1", true),
        (format!("{:032X}", 0), "::", false),
        (format!("{:024X}{one:08X}", 0), "::1", true),
        (format!("{:016X}{mapped:08X}{local:08X}", 0), "127.0.0.1", true),
        (format!("{:08X}", u32::from_ne_bytes([162, 159, 128, 233])), "162.159.128.233", false),
    ] {
        let read = address_of(&hex);
        assert_eq!((read, read.is_loopback()), (address.parse().unwrap(), loopback), "{hex}");
    }
}

/// The sum of the samples of a metric over all labels.
fn metric(text: &str, name: &str) -> f64 {
    let lines = text.lines().filter(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ') || rest.starts_with('{'))
    });
    let values = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
    let values = values.collect::<Vec<_>>();
    assert!(!values.is_empty(), "{name} is missing in:\n{text}");
    values.iter().sum()
}

#[test]
fn the_daemon_speaks_to_the_service_it_is_shown_alone_and_tells_how_it_is() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, asker, helper } = &fixture;
    let linked = "Why does my vellichor kiln squeak? See https://brimtang.example/kiln";
    let solved = fixture.solve(*help, *asker, linked, "Oil the zanthorpe spindle.");
    discord.send(Post::new(*help, *asker, "It looks so:").attach("kiln.png", 1_000));
    discord.preview(*help, solved.question, "https://brimtang.example/kiln");
    discord.react(*help, solved.answer, *helper, "✅");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    let lookout = Lookout::on(daemon.process());
    fixture.at_hand(&mut daemon);

    let asked = discord.slash(*asker, *help, "answers", &[("query", json!("kiln"))]);
    assert!(discord.reply(asked).text.contains("zanthorpe"));
    discord.malform_next(Malformed::UnknownEvent);
    discord.post(*help, *asker, "Nobody hears this.");
    let words = "Who is quorvexina?";
    let odd = json!({ "id": null, "channel_id": help, "guild_id": guild, "content": words });
    discord.emit_raw(*guild, "MESSAGE_CREATE", odd);
    discord.break_connections();
    discord.wait_until("it goes on", |state| state.hub.resumes() == 1);
    discord.post(*help, *helper, "It is quiet now.");
    let status = daemon.wait_until("the pulse tells of all that", |status| {
        let gateway = &super::discord_fixture::pulse(status)["discord"]["gateway"];
        status["messages"] == 5
            && status["live"]["quarantined_by_kind"]["MESSAGE_CREATE"] == 1
            && gateway["resumed_total"] == 1
            && status["behind"] == false
    });

    let metrics = sandbox.get("/metrics");
    let now = jiff::Timestamp::now().as_millisecond() as f64 / 1_000.0;
    let metric = |name: &str| metric(&metrics, &format!("harvester_{name}"));
    assert_eq!(metric("gateway_sessions_started_total"), 1.0);
    assert_eq!(metric("gateway_sessions_resumed_total"), 1.0);
    assert!(metric("gateway_unparsed_events_total") >= 1.0, "{metrics}");
    assert_eq!(metric("ingest_queue_rejected_total"), 0.0);
    assert_eq!(metric("leader"), 1.0);
    assert_eq!(metric("ingest_queue_length"), 0.0);
    for event in ["gateway_last_event", "last_event_stored", "last_index_pass"] {
        let at = metric(&format!("{event}_timestamp_seconds"));
        assert!((0.0..60.0).contains(&(now - at)), "{event} at {at}, now {now}");
    }
    assert_eq!(metric("channels_gapped"), 0.0);
    assert_eq!(metric("channels_pending"), 0.0);
    assert_eq!(metric("quarantined_payloads"), 1.0);
    assert_eq!(metric("messages"), 5.0, "{status}");
    let tidy = metrics.to_lowercase();
    for planted in ["vellichor", "brimtang", "zanthorpe", "quorvexina", "askel", "hela", "pottery"]
    {
        assert!(!tidy.contains(planted), "{planted} is in\n{metrics}");
    }

    daemon.stop();
    let Seen { loopback, others } = lookout.seen();
    assert!(loopback > 0, "its connections were seen");
    assert_eq!(others, BTreeSet::new());
    discord.assert_no_surprises();
}
