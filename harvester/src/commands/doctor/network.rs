//! Who can reach the site, and what is sent unencrypted.

use super::{DoctorFinding, good, todo};
use crate::config::{Config, is_loopback, is_unencrypted};

pub(super) fn check(config: &Config) -> Vec<DoctorFinding> {
    let mut findings = vec![site(config)];
    if let Some(url) = config.branding.url.as_ref().filter(|url| is_unencrypted(url.as_str())) {
        let says = format!(
            "[site] url is {url}: tokens and searches go unencrypted; put Caddy or nginx before it \
             for TLS, and write https://"
        );
        findings.push(todo("site address", says));
    }
    if config.discord.api_url.as_deref().is_some_and(is_unencrypted) {
        let says = "[discord] api_url sends the bot's token unencrypted to another machine";
        findings.push(todo("Discord", says));
    }
    findings
}

fn site(config: &Config) -> DoctorFinding {
    let listen = &config.listen;
    if is_loopback(listen) {
        return good("site", format!("listens on {listen}, on this machine only"));
    }
    let mut says = format!("listens on {listen}, for other machines too");
    if config.http.trusted_proxies.is_empty() {
        says.push_str(
            "\nno proxy is set: put Caddy or nginx before it for TLS, and its address into\n\
             [site] trusted_proxies, so that the request limit counts visitors",
        );
    }
    if config.http.hosts.is_empty() {
        says.push_str("\nrequests by name are refused until [site] hosts lists the name");
    }
    if config.http.metrics_token.is_none() {
        says.push_str("\n/metrics answers this machine only, as [site] metrics_token is not set");
    }
    if says.contains('\n') { todo("site", says) } else { good("site", says) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_text(settings: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("harvester.toml");
        std::fs::write(&file, settings).unwrap();
        let config = Config::load(Some(&file), std::iter::empty()).unwrap();
        let findings = check(&config).into_iter();
        findings.map(|one| format!("{:?} {}\n", one.level, one.message)).collect()
    }

    #[test]
    fn a_site_for_others_is_warned_of_what_it_lacks() {
        assert!(findings_text("").starts_with("Ok listens on 127.0.0.1:8080"));
        let open = findings_text("[site]\nlisten = '0.0.0.0:80'");
        for part in ["Todo", "Caddy or nginx", "[site] hosts", "metrics_token"] {
            assert!(open.contains(part), "{part} is not in {open}");
        }
        let complete = findings_text(
            "[site]\nlisten = '[::]:80'\nhosts = ['a.example']\ntrusted_proxies = ['10.0.0.2']\n\
             metrics_token = 'words'",
        );
        assert!(complete.starts_with("Ok"), "{complete}");
    }

    #[test]
    fn an_address_without_tls_is_reported() {
        assert!(
            findings_text("[site]\nurl = 'http://answers.example.org'").contains("write https://")
        );
        assert!(
            !findings_text("[site]\nurl = 'https://answers.example.org'")
                .contains("write https://")
        );
        assert!(!findings_text("[site]\nurl = 'http://localhost:8080'").contains("write https://"));
    }

    #[test]
    fn a_token_in_the_open_is_reported() {
        assert!(
            findings_text("[discord]\napi_url = 'http://proxy.example'").contains("unencrypted")
        );
        assert!(
            !findings_text("[discord]\napi_url = 'http://127.0.0.1:3000'").contains("unencrypted")
        );
    }
}
