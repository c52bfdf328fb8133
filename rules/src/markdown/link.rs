//! Addresses that a page may link to.

use super::MarkdownInline;

/// The longest address that is linked; a longer one stays text.
const LONGEST: usize = 2_000;

/// An http(s) address with an ASCII host, made safe for `<…>` and `(…)`; `None` for anything else.
pub(super) fn safe(address: &str) -> Option<String> {
    let host = host(address)?;
    let authority_end = address.find("://")? + 3 + host.len();
    let rest = &address[authority_end..];
    if address.len() > LONGEST || !(rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
        return None;
    }
    let scheme = if address[..5].eq_ignore_ascii_case("https") { "https" } else { "http" };
    let mut url = format!("{scheme}://{}", host.to_ascii_lowercase());
    for c in rest.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || "-._~:/?#!'*+,;=%@".contains(c) => url.push(c),
            // An entity would be decoded; `&x;` means the same to a server with its `;` encoded.
            '&' => url.push('&'),
            c => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    url.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    Some(break_entities(url))
}

/// The host of an http(s) address, with its port. An address with a user name in front of the host,
/// or with a host that is not plain ASCII, has none: both are ways to look like another site.
pub(super) fn host(address: &str) -> Option<&str> {
    let scheme = address.find("://")?;
    if !["http", "https"].iter().any(|known| address[..scheme].eq_ignore_ascii_case(known)) {
        return None;
    }
    let rest = &address[scheme + 3..];
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    (host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.chars().all(plain))
        .then_some(host)
}

/// As much of a text as is searched for the end of an address: hostile chat is long.
pub(super) fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST + 400)]
}

/// How much of `text`, which starts with an address, belongs to it.
pub(super) fn bare_length(text: &str) -> usize {
    let text = head(text);
    let stop = |c: char| c.is_whitespace() || "<>`\"".contains(c);
    let mut url = &text[..text.find(stop).unwrap_or(text.len())];
    loop {
        let unbalanced = url.ends_with(')') && url.matches(')').count() > url.matches('(').count();
        if unbalanced
            || url.ends_with(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '|', ']', '}'])
        {
            url = &url[..url.len() - 1];
        } else {
            return url.len();
        }
    }
}

/// A link whose label cannot pretend to lead elsewhere: a label that looks like another address is
/// followed by the true host, which alone is the link.
pub(super) fn masked(label: Vec<MarkdownInline>, url: String) -> Vec<MarkdownInline> {
    let said = super::plain_text(&[super::MarkdownBlock::Paragraph(label.clone())]);
    let host = host(&url).unwrap_or_default().to_owned();
    if names_another_host(&said, &host) {
        let link = MarkdownInline::Link { text: vec![MarkdownInline::Text(host)], url };
        return vec![
            MarkdownInline::Text(format!("{said} (")),
            link,
            MarkdownInline::Text(")".to_owned()),
        ];
    }
    vec![MarkdownInline::Link { text: label, url }]
}

fn names_another_host(label: &str, host: &str) -> bool {
    let folded = crate::safety::deobfuscate(label).to_lowercase();
    let bare = host.strip_prefix("www.").unwrap_or(host);
    folded.split(|c: char| c.is_whitespace() || "/()<>\"'".contains(c)).any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let looks_like_host = word.rsplit_once('.').is_some_and(|(name, end)| {
            !name.is_empty() && end.len() >= 2 && end.chars().all(char::is_alphabetic)
        });
        let word = word.strip_prefix("www.").unwrap_or(word);
        looks_like_host && word != bare && !is_file_name(word)
    })
}

/// Names of files end like hosts do; these endings are no top-level domains that anybody mimics.
fn is_file_name(word: &str) -> bool {
    [
        ".js", ".json", ".toml", ".yaml", ".yml", ".html", ".txt", ".conf", ".cfg", ".ts", ".tsx",
        ".jsx", ".env",
    ]
    .iter()
    .any(|ending| word.ends_with(ending))
}

fn break_entities(url: String) -> String {
    let Some(first) = url.find('&') else { return url };
    let (head, tail) = url.split_at(first);
    let mut out = head.to_owned();
    for part in tail.split_inclusive('&') {
        match part.find(';') {
            Some(end) if part[..end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#') => {
                out.push_str(&part[..end]);
                out.push_str("%3B");
                out.push_str(&part[end + 1..]);
            }
            _ => out.push_str(part),
        }
    }
    out
}
