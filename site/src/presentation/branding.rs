//! What the operator says about the site: name, logo, colour, and where its links lead.

use std::fmt;
use std::str::FromStr;

use super::accent::AccentColor;
use super::language::InterfaceLanguage;

/// The name where the operator gives none.
const DEFAULT_NAME: &str = "Answer Harvester";

/// How the site presents itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SiteBranding {
    /// Where visitors reach the site. Without it, absolute URLs begin with the host of each request.
    pub url: Option<SiteUrl>,
    /// Default: `Answer Harvester`.
    pub name: Option<String>,
    pub logo: Option<LogoImage>,
    pub accent: Option<AccentColor>,
    /// The documentation.
    pub docs: Option<String>,
    /// Where a question can be asked, such as an invite to the Discord server.
    pub ask: Option<String>,
    /// The source code of what the community is about.
    pub source: Option<String>,
    /// The privacy notice.
    pub privacy: Option<String>,
    /// `None` chooses by the visitor's browser.
    pub language: Option<InterfaceLanguage>,
}

impl SiteBranding {
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(DEFAULT_NAME)
    }
}

/// `https://answers.example.org`: scheme and authority, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteUrl(String);

impl SiteUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host name without the port, in lower case.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((literal, _)) => literal,
            None => authority.split(':').next().unwrap_or_default(),
        }
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SiteUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!("{text:?} is not the address of a site; expected https://HOST, without a path")
        };
        let trimmed = text.trim_end_matches('/').to_ascii_lowercase();
        let uri = trimmed.parse::<axum::http::Uri>().map_err(|_| wrong())?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let plain =
            uri.path() == "/" && uri.query().is_none() && !trimmed.contains(['@', '#', '?']);
        let url = Self(trimmed.clone());
        if is_web && plain && !url.host().is_empty() { Ok(url) } else { Err(wrong()) }
    }
}

/// An image file that stands for the community.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoImage {
    kind: &'static str,
    extension: &'static str,
    bytes: Vec<u8>,
}

/// A logo is small; a larger file is a photograph by mistake.
const MAX_LOGO_BYTES: usize = 512 * 1024;

impl LogoImage {
    /// Takes the bytes of an image file. The content decides the kind, not the name.
    pub fn new(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() > MAX_LOGO_BYTES {
            return Err(format!("the image is larger than {} KiB", MAX_LOGO_BYTES / 1024));
        }
        let is_svg = || {
            let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).into_owned();
            head.contains("<svg")
        };
        let (kind, extension) = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => ("image/png", "png"),
            [0xff, 0xd8, 0xff, ..] => ("image/jpeg", "jpg"),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
                ("image/webp", "webp")
            }
            _ if is_svg() => ("image/svg+xml", "svg"),
            _ => return Err("the file is no image; expected PNG, JPEG, WebP or SVG".to_owned()),
        };
        Ok(Self { kind, extension, bytes })
    }

    /// Its media type.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(crate) fn extension(&self) -> &'static str {
        self.extension
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for LogoImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogoImage({}, {} bytes)", self.kind, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_scheme_a_host_and_no_path() {
        for (text, host) in [
            ("https://Answers.example.org/", "answers.example.org"),
            ("http://localhost:8080", "localhost"),
            ("https://[2001:db8::1]:8443", "2001:db8::1"),
        ] {
            assert_eq!(text.parse::<SiteUrl>().unwrap().host(), host);
        }
        for wrong in [
            "answers.example.org",
            "ftp://a.example",
            "https://a.example/answers",
            "https://a.example?x",
            "https://user@a.example",
            "https://",
            "https://a b",
        ] {
            assert!(wrong.parse::<SiteUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_logo_is_recognised_by_its_content() {
        let svg = LogoImage::new(b"<?xml version='1.0'?><svg xmlns='x'/>".to_vec()).unwrap();
        assert_eq!((svg.kind(), svg.extension()), ("image/svg+xml", "svg"));
        assert_eq!(LogoImage::new(b"\x89PNG\r\n".to_vec()).unwrap().kind(), "image/png");
        assert!(LogoImage::new(b"hello".to_vec()).is_err());
        assert!(LogoImage::new(vec![0x89; MAX_LOGO_BYTES + 1]).is_err());
    }
}
