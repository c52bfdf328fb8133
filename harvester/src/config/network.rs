//! `[site]`: where the site listens, and for whom.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use ipnet::IpNet;
use rules::config::toml_reader::TomlReader;
use site::http::settings::{HttpSettings, HttpTimeouts, MetricsToken, RequestRate};
use site::presentation::branding::SiteUrl;

use super::secrets::SecretFiles;

/// Reads the address to listen on and everything else of the section.
pub(super) fn read(
    table: &mut TomlReader,
    secrets: &mut SecretFiles,
    url: Option<&SiteUrl>,
) -> (String, HttpSettings) {
    let defaults = HttpSettings::default();
    let listen = table.text("listen", "127.0.0.1:8080");
    let metrics_token = secrets.secret(table, ["metrics_token", "metrics_token_file"]);
    let connections = defaults.max_connections as i64;
    let http = HttpSettings {
        hosts: hosts(table, url),
        trusted_proxies: proxies(table),
        allowed_origins: origins(table),
        rate: rate(table),
        metrics_token: metrics_token.map(|token| MetricsToken::new(&token.0)),
        max_connections: table.integer("max_connections", connections, 8, 100_000) as usize,
        timeouts: HttpTimeouts::default(),
    };
    (listen, http)
}

/// `requests_per_second` and `burst`; 0 per second means no limit.
fn rate(table: &mut TomlReader) -> Option<RequestRate> {
    let defaults = RequestRate::default();
    let mut number = |key, default: NonZeroU32, min| {
        let number = table.integer(key, i64::from(default.get()), min, 100_000);
        NonZeroU32::new(number as u32)
    };
    let per_second = number("requests_per_second", defaults.per_second, 0);
    let burst = number("burst", defaults.burst, 1);
    Some(RequestRate { per_second: per_second?, burst: burst? })
}

/// The listed hosts, and that of the site's own address.
fn hosts(table: &mut TomlReader, url: Option<&SiteUrl>) -> Vec<String> {
    let mut hosts = Vec::new();
    for host in table.texts("hosts") {
        if host.is_empty() || host.contains(['/', ':', ' ']) {
            let problem = format!("{host:?} is not a host name; write it without scheme and port");
            table.wrong("hosts", problem);
        } else {
            hosts.push(host.to_ascii_lowercase());
        }
    }
    let own = url.map(|url| url.host().to_owned());
    hosts.extend(own.filter(|own| !hosts.contains(own)));
    hosts
}

fn origins(table: &mut TomlReader) -> Vec<SiteUrl> {
    let mut origins = Vec::new();
    for text in table.texts("cors") {
        match text.parse() {
            Ok(origin) => origins.push(origin),
            Err(_) => {
                let problem =
                    format!("{text:?} is no origin; expected scheme and host, https://HOST");
                table.wrong("cors", problem);
            }
        }
    }
    origins
}

fn proxies(table: &mut TomlReader) -> Vec<IpNet> {
    let mut proxies = Vec::new();
    for text in table.texts("trusted_proxies") {
        match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => proxies.push(network),
            Err(_) => {
                let problem = format!("{text:?} is no address; expected 127.0.0.1 or 10.0.0.0/8");
                table.wrong("trusted_proxies", problem);
            }
        }
    }
    proxies
}

/// Whether a host, with or without a port, is this machine itself.
pub fn is_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        return address.is_loopback();
    }
    host.split(':').next() == Some("localhost")
}
