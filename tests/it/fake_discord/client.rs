//! The least that speaks HTTP and WebSocket to the loopback.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use tests::harness::discord::FakeDiscord;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().filter_map(|line| line.split_once(": "));
        line.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The ids of a list.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let body = self.json();
        let ids = body.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap());
        ids.map(|id| id.parse().unwrap()).collect()
    }
}

fn connect(discord: &FakeDiscord) -> TcpStream {
    TcpStream::connect(discord.url().trim_start_matches("http://")).unwrap()
}

pub(crate) fn ask(discord: &FakeDiscord, method: &str, path: &str, body: Option<Value>) -> Answer {
    let token = format!("Bot {}", discord.token());
    ask_as(discord, &token, method, path, body)
}

pub(crate) fn ask_as(
    discord: &FakeDiscord,
    token: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let mut stream = connect(discord);
    write!(
        stream,
        "{method} /api/v10{path} HTTP/1.1\r\nhost: fake\r\nconnection: close\r\n\
         user-agent: DiscordBot (a story)\r\nauthorization: {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len(),
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A connection to the gateway.
pub(crate) struct Gateway {
    stream: TcpStream,
    token: String,
    pub(crate) session: String,
    pub(crate) seq: u64,
}

/// What comes from the gateway.
#[derive(Debug)]
pub(crate) enum Received {
    Payload(Value),
    Closed(u16),
    Disconnected,
}

impl Received {
    #[track_caller]
    pub(crate) fn payload(self) -> Value {
        match self {
            Self::Payload(value) => value,
            other => panic!("the gateway ended: {other:?}"),
        }
    }
}

impl Gateway {
    /// Shakes hands and receives HELLO; `None` when turned away.
    pub(crate) fn open(discord: &FakeDiscord) -> Option<Self> {
        let mut stream = connect(discord);
        write!(
            stream,
            "GET /?v=10 HTTP/1.1\r\nhost: fake\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let token = discord.token().to_owned();
        let mut gateway = Self { stream, token, session: String::new(), seq: 0 };
        let accepted = String::from_utf8(head).unwrap().starts_with("HTTP/1.1 101");
        accepted.then(|| assert_eq!(gateway.receive().payload()["op"], 10)).map(|()| gateway)
    }

    /// Connects, and receives READY and one GUILD_CREATE for each guild.
    pub(crate) fn identified(discord: &FakeDiscord) -> Self {
        let mut gateway = Self::open(discord).unwrap();
        gateway.identify(34_305);
        let ready = gateway.event("READY");
        gateway.session = ready["session_id"].as_str().unwrap().to_owned();
        for _ in ready["guilds"].as_array().unwrap() {
            gateway.event("GUILD_CREATE");
        }
        gateway
    }

    pub(crate) fn identify(&mut self, intents: u64) {
        let d =
            json!({ "token": self.token, "intents": intents, "properties": {}, "shard": [0, 1] });
        self.say(&json!({ "op": 2, "d": d }));
    }

    /// A second connection that takes up the session of this one.
    pub(crate) fn resumed(&self, discord: &FakeDiscord) -> Self {
        let mut next = Self::open(discord).unwrap();
        next.session.clone_from(&self.session);
        next.seq = self.seq;
        let d = json!({ "token": self.token, "session_id": self.session, "seq": self.seq });
        next.say(&json!({ "op": 6, "d": d }));
        next
    }

    pub(crate) fn say(&mut self, payload: &Value) {
        let text = payload.to_string();
        let mut frame = vec![0x81];
        match text.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend((long as u16).to_be_bytes());
            }
        }
        // A mask of zeros leaves the text as it is.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).unwrap();
    }

    pub(crate) fn receive(&mut self) -> Received {
        let mut head = [0; 2];
        if self.stream.read_exact(&mut head).is_err() {
            return Received::Disconnected;
        }
        let mut length = u64::from(head[1] & 0x7F);
        if length >= 126 {
            let mut wide = [0; 8];
            let bytes = if length == 126 { 2 } else { 8 };
            self.stream.read_exact(&mut wide[8 - bytes..]).unwrap();
            length = u64::from_be_bytes(wide);
        }
        let mut body = vec![0; length as usize];
        self.stream.read_exact(&mut body).unwrap();
        match head[0] & 0x0F {
            1 => Received::Payload(serde_json::from_slice(&body).unwrap()),
            8 => Received::Closed(u16::from_be_bytes([body[0], body[1]])),
            other => panic!("opcode {other}"),
        }
    }

    /// The next dispatch, which has to be of this name.
    #[track_caller]
    pub(crate) fn event(&mut self, name: &str) -> Value {
        let mut payload = self.receive().payload();
        assert_eq!(payload["t"], name, "{payload}");
        self.seq = payload["s"].as_u64().unwrap();
        payload["d"].take()
    }
}
