//! What a page says of itself in its head, and what every page needs of the site.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use serde::Serialize;

use super::brand_assets::BrandAssets;
use super::branding::SiteBranding;
use super::language::InterfaceLanguage;
use super::words::{InterfaceText, filled};
use crate::http::host;

/// The operator's branding with the files that it adds.
#[derive(Debug, Default)]
pub(crate) struct SiteIdentity {
    pub(crate) branding: SiteBranding,
    pub(crate) assets: BrandAssets,
}

impl SiteIdentity {
    pub(crate) fn new(branding: SiteBranding) -> Self {
        Self { assets: BrandAssets::of(&branding), branding }
    }
}

/// What a request needs to know of the site: its identity, its words in the visitor's language, and the
/// origin of its absolute URLs.
#[derive(Clone)]
pub(crate) struct PageFrame {
    pub(crate) identity: Arc<SiteIdentity>,
    pub(crate) language: InterfaceLanguage,
    pub(crate) text: &'static InterfaceText,
    /// `https://answers.example.org`.
    pub(crate) origin: String,
}

impl PageFrame {
    /// Without `[site] url`, the origin is the host of the request, which was checked before.
    pub(crate) fn of(identity: &Arc<SiteIdentity>, uri: &Uri, headers: &HeaderMap) -> Self {
        let branding = &identity.branding;
        let language = branding.language.unwrap_or_else(|| InterfaceLanguage::accepted(headers));
        let origin = match &branding.url {
            Some(url) => url.to_string(),
            None => host::authority(uri, headers)
                .map_or_else(String::new, |authority| format!("http://{authority}")),
        };
        Self { identity: Arc::clone(identity), language, text: InterfaceText::of(language), origin }
    }

    pub(crate) fn name(&self) -> &str {
        self.identity.branding.name()
    }

    /// A text of the site with its name filled in.
    pub(crate) fn named(&self, text: &str) -> String {
        filled(text, &[("name", self.name())])
    }

    /// The absolute URL of a root-relative one.
    pub(crate) fn absolute(&self, address: &str) -> String {
        format!("{}{address}", self.origin)
    }

    /// The head of a page that is about nothing in particular.
    pub(crate) fn meta(&self, heading: &str, address: Option<&str>) -> PageMeta {
        let title = if heading.is_empty() {
            self.name().to_owned()
        } else {
            format!("{heading} · {}", self.name())
        };
        PageMeta {
            title,
            heading: if heading.is_empty() { self.name() } else { heading }.to_owned(),
            description: self.named(&self.text.home_description),
            canonical: address.map(|address| self.absolute(address)),
            kind: "website",
            indexed: false,
            structured_data: None,
        }
    }

    pub(crate) fn view(&self) -> SiteView<'_> {
        let SiteBranding {
            name: _,
            url: _,
            logo: _,
            accent: _,
            docs,
            ask,
            source,
            privacy,
            language: _,
        } = &self.identity.branding;
        let BrandAssets { logo, accent } = &self.identity.assets;
        let picture = logo.as_ref().filter(|logo| logo.kind != "image/svg+xml");
        SiteView {
            name: self.name(),
            language: self.language.tag(),
            logo: logo.as_ref().map(|logo| logo.address()),
            image: picture.map(|logo| self.absolute(&logo.address())),
            accent: accent.as_ref().map(|accent| accent.address()),
            docs: docs.as_deref(),
            ask: ask.as_deref(),
            source: source.as_deref(),
            privacy: privacy.as_deref(),
            feed_title: self.named(&self.text.feed_title),
        }
    }
}

/// The head of a page.
#[derive(Debug, Serialize)]
pub(crate) struct PageMeta {
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) description: String,
    /// Absolute.
    pub(crate) canonical: Option<String>,
    /// `og:type`.
    pub(crate) kind: &'static str,
    /// Whether search engines may list it.
    pub(crate) indexed: bool,
    /// JSON-LD, safe to insert in a script element unescaped.
    pub(crate) structured_data: Option<String>,
}

/// The site as templates see it.
#[derive(Debug, Serialize)]
pub(crate) struct SiteView<'a> {
    name: &'a str,
    language: &'static str,
    logo: Option<String>,
    /// The logo as an absolute URL, where it is a picture that previews of links can show.
    image: Option<String>,
    accent: Option<String>,
    docs: Option<&'a str>,
    ask: Option<&'a str>,
    source: Option<&'a str>,
    privacy: Option<&'a str>,
    feed_title: String,
}
