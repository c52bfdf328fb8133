//! Files under names that contain the hash of their content, and those that a site's branding adds.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::branding::SiteBranding;

/// One file under its hashed name.
#[derive(Debug)]
pub(crate) struct HashedAsset {
    /// The name without the hash.
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) body: Cow<'static, [u8]>,
    pub(crate) hash: String,
}

impl HashedAsset {
    pub(crate) fn new(name: String, kind: &'static str, body: Cow<'static, [u8]>) -> Self {
        let digest = Sha256::digest(&body);
        let hash = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name, kind, body, hash }
    }

    /// Its URL. It contains the hash of the content, so it may be cached for ever.
    pub(crate) fn address(&self) -> String {
        let (stem, extension) = self.name.rsplit_once('.').expect("every asset has an extension");
        format!("/assets/{stem}-{}.{extension}", self.hash)
    }
}

/// The files of one site's branding.
#[derive(Debug, Default)]
pub(crate) struct BrandAssets {
    pub(crate) logo: Option<HashedAsset>,
    /// A style sheet that sets the accent.
    pub(crate) accent: Option<HashedAsset>,
}

impl BrandAssets {
    pub(crate) fn of(branding: &SiteBranding) -> Self {
        let logo = branding.logo.as_ref().map(|logo| {
            let name = format!("logo.{}", logo.extension());
            HashedAsset::new(name, logo.kind(), Cow::Owned(logo.bytes().to_vec()))
        });
        let accent = branding.accent.map(|accent| {
            let sheet = accent.style_sheet().into_bytes();
            HashedAsset::new("accent.css".to_owned(), "text/css; charset=utf-8", Cow::Owned(sheet))
        });
        Self { logo, accent }
    }
}
