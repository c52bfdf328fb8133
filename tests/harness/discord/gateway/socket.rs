//! One connection to the gateway.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::Service;
use super::{Contact, Event, Frame, Line, Rebuff};

/// How a connection ended, seen from here.
enum End {
    Disconnected(Option<u16>),
    Closed(u16),
}

/// Serves a connection until either side ends it.
pub(in super::super) async fn serve(service: Arc<Service>, mut socket: WebSocket) {
    let (out, frames) = unbounded_channel();
    let (number, interval) = service.with(|state| {
        let number = state.hub.draw();
        state.hub.lines.insert(number, out.clone());
        state.hub.note(Contact::Connected);
        (number, state.hub.heartbeat.as_millis() as u64)
    });
    let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": interval } });
    if socket.send(Message::Text(hello.to_string().into())).await.is_err() {
        service.with(|state| state.hub.line_ended(number, None));
        return;
    }
    let end = converse(&service, &mut socket, &Line { number, out }, frames).await;
    if let End::Closed(code) = end {
        let frame = CloseFrame { code, reason: "".into() };
        let _ = socket.send(Message::Close(Some(frame))).await;
    }
    let code = match end {
        End::Disconnected(code) => code,
        End::Closed(_) => None,
    };
    service.with(|state| state.hub.line_ended(number, code));
}

async fn converse(
    service: &Arc<Service>,
    socket: &mut WebSocket,
    line: &Line,
    mut frames: UnboundedReceiver<Frame>,
) -> End {
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(Frame::Text(text)) => {
                    if socket.send(Message::Text(text.as_ref().into())).await.is_err() {
                        return End::Disconnected(None);
                    }
                }
                Some(Frame::Close(code)) => return End::Closed(code),
                Some(Frame::Drop) | None => return End::Disconnected(None),
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => handle_frame(service, line, text.as_str()),
                Some(Ok(Message::Close(frame))) => return End::Disconnected(frame.map(|frame| frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return End::Disconnected(None),
            },
        }
    }
}

/// Takes in what the client sent.
fn handle_frame(service: &Service, line: &Line, text: &str) {
    let Ok(said) = serde_json::from_str::<Value>(text) else {
        let _ = line.out.send(Frame::Close(4002));
        return;
    };
    match said["op"].as_u64() {
        Some(1) => heartbeat(service, line),
        Some(2) => identify(service, line, &said["d"]),
        Some(6) => resume(service, line, &said["d"]),
        // Presence, voice and member lists are of no use to the bot, and change nothing.
        Some(3 | 4 | 8) => {}
        _ => {
            let _ = line.out.send(Frame::Close(4001));
        }
    }
}

fn heartbeat(service: &Service, line: &Line) {
    service.with(|state| {
        state.hub.note(Contact::Heartbeat);
        if !state.hub.zombie {
            send(&line.out, &json!({ "op": 11, "s": null, "t": null, "d": null }));
        }
    });
}

fn identify(service: &Service, line: &Line, d: &Value) {
    let number = |at: usize| d["shard"][at].as_u64();
    let shard = (number(0).unwrap_or(0), number(1).unwrap_or(1));
    let intents = d["intents"].as_u64().unwrap_or(0);
    service.with(|state| {
        state.hub.note(Contact::Identified { shard, intents });
        state.hub.starts_left = state.hub.starts_left.saturating_sub(1);
        if d["token"].as_str().map(|token| token.trim_start_matches("Bot ")) != Some(&service.token)
        {
            let _ = line.out.send(Frame::Close(4004));
        } else if let Some(rebuff) = use_up(&mut state.hub.at_identify) {
            turn_away(line, rebuff);
        } else if state.hub.too_soon(shard.0) {
            turn_away(line, Rebuff::Invalid(false));
        } else {
            state.start_session(shard, intents, line.clone());
        }
    });
}

fn resume(service: &Service, line: &Line, d: &Value) {
    let seq = d["seq"].as_u64().unwrap_or(0);
    let id = d["session_id"].as_str().and_then(|id| id.strip_prefix("session-")?.parse().ok());
    let id = id.unwrap_or(0);
    service.with(|state| {
        state.hub.note(Contact::Resumed { seq });
        if let Some(rebuff) = use_up(&mut state.hub.at_resume) {
            if matches!(rebuff, Rebuff::Invalid(false)) {
                state.hub.sessions.remove(&id);
            }
            turn_away(line, rebuff);
            return;
        }
        let session = state.hub.sessions.get_mut(&id);
        let taken_up = session.is_some_and(|session| {
            let taken_up = session.resume(seq, line.clone());
            if taken_up {
                session.push(&Event::of_session("RESUMED", json!({})), 1);
            }
            taken_up
        });
        if !taken_up {
            state.hub.sessions.remove(&id);
            turn_away(line, Rebuff::Invalid(false));
        }
    });
}

/// What is scripted for this time.
fn use_up(script: &mut Option<(Rebuff, u32)>) -> Option<Rebuff> {
    let (rebuff, left) = script.as_mut()?;
    let rebuff = *rebuff;
    *left = left.saturating_sub(u32::from(*left != u32::MAX));
    if *left == 0 {
        *script = None;
    }
    Some(rebuff)
}

fn turn_away(line: &Line, rebuff: Rebuff) {
    match rebuff {
        Rebuff::Close(code) => {
            let _ = line.out.send(Frame::Close(code));
        }
        Rebuff::Invalid(d) => send(&line.out, &json!({ "op": 9, "s": null, "t": null, "d": d })),
        Rebuff::Reconnect => send(&line.out, &json!({ "op": 7, "s": null, "t": null, "d": null })),
        Rebuff::Drop => {
            let _ = line.out.send(Frame::Drop);
        }
    }
}

pub(in super::super) fn send(out: &UnboundedSender<Frame>, payload: &Value) {
    let _ = out.send(Frame::Text(payload.to_string().into()));
}
