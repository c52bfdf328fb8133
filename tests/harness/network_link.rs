//! A network between processes and a server on this machine, which may lose all that is sent without telling anybody.

use std::net::{SocketAddr, TcpListener};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::loopback;

/// Connections to its address are carried to the server until it is dropped.
pub struct NetworkLink {
    address: SocketAddr,
    state: watch::Sender<LinkState>,
}

#[derive(Clone, Copy, Default)]
struct LinkState {
    is_down: bool,
    restarts: u32,
}

impl NetworkLink {
    /// A link to this port.
    pub fn to(server: u16) -> Self {
        let (listener, address) = loopback::bind();
        let state = watch::Sender::new(LinkState::default());
        // The thread ends with the sender.
        loopback::run_on_thread(carry(listener, server, state.subscribe()));
        Self { address, state }
    }

    /// The port at this end.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Nothing arrives any more, and no connection is closed.
    pub fn go_down(&self) {
        self.state.send_modify(|state| state.is_down = true);
    }

    /// What was sent meanwhile arrives, as TCP sends it again.
    pub fn come_back(&self) {
        self.state.send_modify(|state| state.is_down = false);
    }

    /// New connections work; of those before nothing ever arrives again, as behind a router that has forgotten them.
    pub fn restart(&self) {
        self.state.send_modify(|state| {
            *state = LinkState { is_down: false, restarts: state.restarts + 1 };
        });
    }
}

async fn carry(listener: TcpListener, server: u16, mut state: watch::Receiver<LinkState>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (near, _) = accepted.unwrap();
                connections.spawn(carry_one(near, server, state.clone()));
            }
            changed = state.changed() => if changed.is_err() { return },
        }
    }
}

async fn carry_one(near: TcpStream, server: u16, state: watch::Receiver<LinkState>) {
    let Ok(far) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let restarts = state.borrow().restarts;
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = far.into_split();
    tokio::select! {
        () = forward(from_near, to_far, state.clone(), restarts) => {}
        () = forward(from_far, to_near, state.clone(), restarts) => {}
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<LinkState>,
    restarts: u32,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count) = from.read(&mut bytes).await {
        let arrives = |now: &LinkState| !now.is_down && now.restarts == restarts;
        let arrived = state.wait_for(arrives).await.is_ok();
        if !arrived || count == 0 || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
