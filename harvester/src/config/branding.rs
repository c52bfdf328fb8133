//! `[site]`: how the site presents itself.

use rules::config::toml_reader::TomlReader;
use site::presentation::branding::{LogoImage, SiteBranding};
use site::presentation::language::InterfaceLanguage;

use super::secrets::SecretFiles;
use super::{address, parsed};

/// Reads everything that visitors see of the operator's choices.
pub(super) fn read(table: &mut TomlReader, files: &SecretFiles) -> SiteBranding {
    let languages = [
        ("auto", None),
        ("en", Some(InterfaceLanguage::English)),
        ("ko", Some(InterfaceLanguage::Korean)),
    ];
    SiteBranding {
        url: parsed(table, "url"),
        name: name(table),
        logo: logo(table, files),
        accent: parsed(table, "accent"),
        docs: address(table, "docs"),
        ask: address(table, "ask"),
        source: address(table, "source"),
        privacy: address(table, "privacy"),
        language: table.choice("language", None, &languages),
    }
}

fn name(table: &mut TomlReader) -> Option<String> {
    let name = table.optional_text("name")?;
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 60 {
        table.wrong("name", "expected 1 to 60 characters");
        return None;
    }
    Some(name)
}

fn logo(table: &mut TomlReader, files: &SecretFiles) -> Option<LogoImage> {
    let file = table.optional_text("logo")?;
    let bytes = std::fs::read(files.base().join(&file))
        .map_err(|error| format!("cannot read {file}: {error}"));
    bytes.and_then(LogoImage::new).map_err(|problem| table.wrong("logo", problem)).ok()
}
