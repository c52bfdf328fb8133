//! The HTTP server: every part of a connection has a time-out, and connections are few enough that the
//! store and the index keep their file descriptors.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::http::client::PeerAddress;
use crate::http::error::error_chain;
use crate::http::settings::{HttpSettings, HttpTimeouts};
use crate::state::feed_watch::FeedWatch;

/// How long running requests may take to finish after the stop.
const GRACE: Duration = Duration::from_secs(5);
/// Bytes that are buffered of a connection: the longest URL and headers fit several times.
const BUFFER_BYTES: usize = 64 * 1024;
/// After a failure to accept that is not the client's fault, as when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Does what [`serve`] does, and meanwhile looks how far the indexes are behind.
pub async fn serve_watched(
    listener: TcpListener,
    router: Router,
    settings: &HttpSettings,
    watch: &FeedWatch,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    tokio::select! {
        served = serve(listener, router, settings, shutdown) => served,
        never = watch.keep_observing() => match never {},
    }
}

/// Serves until `shutdown` completes, then lets running requests finish for at most five seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &HttpSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let server = HttpServer {
        router,
        timeouts: settings.timeouts,
        slots: Arc::new(Semaphore::new(settings.max_connections)),
        idle: Arc::default(),
        graceful: GracefulShutdown::new(),
    };
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut shutdown => break,
        };
        let slot = tokio::select! {
            slot = server.slot() => slot,
            () = &mut shutdown => break,
        };
        connections.spawn(server.serve_connection(stream, peer, slot));
    }
    drop(listener);
    // What has not ended by then is aborted with the set.
    let _ = tokio::time::timeout(GRACE, server.graceful.shutdown()).await;
    Ok(())
}

struct HttpServer {
    router: Router,
    timeouts: HttpTimeouts,
    slots: Arc<Semaphore>,
    idle: Arc<IdleConnections>,
    graceful: GracefulShutdown,
}

impl HttpServer {
    /// Waits for a slot. While all are taken, the connection that has waited longest for a request is
    /// closed.
    async fn slot(&self) -> OwnedSemaphorePermit {
        if self.slots.available_permits() == 0 {
            self.idle.close_longest();
        }
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        slot.expect("the semaphore is never closed")
    }

    fn serve_connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        slot: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + Send + use<> {
        // Without it, a short response may wait for the acknowledgement of an earlier one.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = error_chain(&error), "cannot send short responses at once");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.timeouts.write));
        let close = Arc::new(Notify::new());
        let connection = Arc::new(Connection {
            router: self.router.clone(),
            peer: PeerAddress(peer.ip()),
            slots: Arc::clone(&self.slots),
            waiting: Mutex::new(Some(self.idle.enter(&close))),
            idle: Arc::clone(&self.idle),
            close: Arc::clone(&close),
        });
        let service = service_fn(move |request| Arc::clone(&connection).respond(request));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.timeouts.head)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
        let served = self.graceful.watch(served);
        async move {
            tokio::select! {
                ended = served => {
                    if let Err(error) = ended {
                        tracing::debug!(error = error_chain(&error), "a connection failed");
                    }
                }
                () = close.notified() => {}
            }
            drop(slot);
        }
    }
}

/// Accepts a connection, however long that takes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether the client ended the connection before it was accepted.
fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection and its place among those that wait for a request.
struct Connection {
    router: Router,
    peer: PeerAddress,
    slots: Arc<Semaphore>,
    /// `None` while a request is handled.
    waiting: Mutex<Option<IdlePlace>>,
    idle: Arc<IdleConnections>,
    close: Arc<Notify>,
}

impl Connection {
    async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        self.wait_in(None);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        let mut response = self.router.clone().oneshot(request).await?;
        if self.slots.available_permits() == 0 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        self.wait_in(Some(self.idle.enter(&self.close)));
        Ok(response)
    }

    fn wait_in(&self, place: Option<IdlePlace>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

/// The connections that wait for a request, by how long.
#[derive(Default)]
struct IdleConnections(Mutex<IdleQueue>);

#[derive(Default)]
struct IdleQueue {
    next: u64,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

/// A place in the queue; leaves it when dropped.
struct IdlePlace {
    idle: Arc<IdleConnections>,
    number: u64,
}

impl IdleConnections {
    /// Enters at the end; `close` is notified when the connection has to make room.
    fn enter(self: &Arc<Self>, close: &Arc<Notify>) -> IdlePlace {
        let number = self.with(|queue| {
            queue.next += 1;
            queue.waiting.insert(queue.next, Arc::clone(close));
            queue.next
        });
        IdlePlace { idle: Arc::clone(self), number }
    }

    fn close_longest(&self) {
        if let Some((_, close)) = self.with(|queue| queue.waiting.pop_first()) {
            close.notify_one();
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut IdleQueue) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for IdlePlace {
    fn drop(&mut self) {
        self.idle.with(|queue| queue.waiting.remove(&self.number));
    }
}
