//! Where a request comes from.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;

use crate::http::error::HttpError;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of the connection; the server adds it to each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// Who sent a request, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientOrigin {
    pub(crate) address: IpAddr,
    /// Whether a proxy says that it passed the request on.
    forwarded: bool,
}

impl ClientOrigin {
    /// Whether a program on this machine sent the request itself.
    pub(crate) fn is_this_machine(&self) -> bool {
        self.address.is_loopback() && !self.forwarded
    }
}

/// Adds the [`ClientOrigin`] to a request.
pub(crate) async fn identified(
    State(trusted): State<Arc<[IpNet]>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(PeerAddress(peer)) = request.extensions().get().copied() else {
        return HttpError::without_peer().into_response();
    };
    let origin = origin(peer, request.headers(), &trusted);
    request.extensions_mut().insert(origin);
    next.run(request).await
}

/// The last address that no trusted proxy vouches for. What stands left of it, anybody can write.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> ClientOrigin {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|proxies| proxies.contains(address));
    let mut address = peer.to_canonical();
    let hops = headers.get_all(X_FORWARDED_FOR).iter();
    let hops = hops.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    for hop in hops.collect::<Vec<_>>().into_iter().rev() {
        let named = hop.trim().parse::<IpAddr>();
        match named {
            Ok(named) if is_trusted(&address) => address = named.to_canonical(),
            _ => break,
        }
    }
    let forwarded =
        headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED);
    ClientOrigin { address, forwarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(peer: &str, forwarded_for: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded_for {
            headers.append(X_FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted = ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"].map(|one| one.parse().unwrap());
        origin(peer.parse().unwrap(), &headers, &trusted).address.to_string()
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        for (peer, forwarded_for, client) in [
            ("203.0.113.9", &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("127.0.0.1", &["198.51.100.1"][..], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"][..], "198.51.100.1"),
            ("127.0.0.1", &["192.0.2.7, 198.51.100.1"][..], "198.51.100.1"),
            ("127.0.0.1", &["192.0.2.7", "198.51.100.1, 10.1.2.3"][..], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, nonsense"][..], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.1, 10.1.2.3:80"][..], "127.0.0.1"),
            ("fd00::1", &["2001:db8::5"][..], "2001:db8::5"),
            ("127.0.0.1", &[""][..], "127.0.0.1"),
        ] {
            assert_eq!(address_of(peer, forwarded_for), client, "{peer} {forwarded_for:?}");
        }
    }

    #[test]
    fn what_a_proxy_passes_on_does_not_come_from_this_machine() {
        let local = "127.0.0.1".parse().unwrap();
        assert!(origin(local, &HeaderMap::new(), &[]).is_this_machine());
        assert!(!origin("192.0.2.7".parse().unwrap(), &HeaderMap::new(), &[]).is_this_machine());
        for name in [X_FORWARDED_FOR, header::FORWARDED] {
            let headers = HeaderMap::from_iter([(name, "for=127.0.0.1".parse().unwrap())]);
            assert!(!origin(local, &headers, &[]).is_this_machine());
        }
    }
}
