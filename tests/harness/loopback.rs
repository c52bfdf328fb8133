//! A service on a free port of the loopback, on a thread of its own.

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

/// A listener on a free port, ready for the runtime, and its address.
pub(super) fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Runs `serve` until it ends, on one worker thread; what it spawned ends with it.
pub(super) fn run_on_thread(serve: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(serve);
        runtime.shutdown_background();
    })
}
