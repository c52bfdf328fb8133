//! The docs of a Docusaurus site: of the preset, or of an instance of the plugin.

use super::glob::matches_any;
use super::{SettingsReading, SiteFiles, folder_of, joined, unknown};
use crate::edit::section_list::SectionFormat;
use crate::literal::{LiteralKind, ScriptLiteral};
use crate::site::generator::SiteGenerator;
use crate::site::layout::{SectionFile, SiteLayout};

/// Folders below which a maintainer would look for answers, where the site names the folders that it builds.
const FITTING: [&str; 8] =
    ["faq", "help", "troubleshooting", "guides", "guide", "usage", "tutorials", "docs"];

/// The options of one set of docs.
enum DocsOptions<'l> {
    /// The generator's defaults.
    Default,
    Written(&'l ScriptLiteral),
    Computed,
    /// The preset builds no docs.
    Off,
}

pub(super) fn read(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let text = site.text(settings)?;
    let unknown = |why: String| unknown(SiteGenerator::Docusaurus, settings, why);
    let Some(config) = ScriptLiteral::of_file(&text) else {
        return unknown("cannot be read".to_owned());
    };
    let options = match chosen(options(&config, &text)) {
        Some(DocsOptions::Written(options)) => Some(options),
        Some(DocsOptions::Default) => None,
        Some(DocsOptions::Computed) => {
            return unknown("computes the options of its docs".to_owned());
        }
        Some(DocsOptions::Off) | None => return unknown("names no docs to build".to_owned()),
    };
    let base = folder_of(settings);
    let path = match options.and_then(|options| options.get("path")) {
        None => Some("docs".to_owned()),
        Some(path) => written_path(path, &text),
    };
    let Some(root) = path.and_then(|path| joined(base, &path)) else {
        return unknown("computes the `path` of its docs".to_owned());
    };
    if site.pages(&root) == 0 {
        return unknown(format!("builds {root}, where there are no pages"));
    }
    let Some(folder) = built_folder(site, &root, options) else {
        return unknown("builds only the folders that `include` names".to_owned());
    };
    let language = config.find("defaultLocale").and_then(ScriptLiteral::text).map(str::to_owned);
    let section = sidebar(site, base, options);
    let layout = SiteLayout::new(SiteGenerator::Docusaurus, settings, &root, &folder);
    Some(layout.map(|layout| SiteLayout { section, language, ..layout }))
}

/// Every set of docs that the settings name, those of presets first.
fn options<'l>(config: &'l ScriptLiteral, text: &str) -> Vec<DocsOptions<'l>> {
    let (mut presets, mut plugins) = (Vec::new(), Vec::new());
    for one in config.all() {
        let [name, rest @ ..] = one.items() else { continue };
        let Some(name) = name.only_text() else { continue };
        let docs = rest.first().and_then(|options| options.get("docs"));
        if name.ends_with("content-docs") {
            plugins.push(match rest.first() {
                Some(options) if options.is_object() => DocsOptions::Written(options),
                Some(_) => DocsOptions::Computed,
                None => DocsOptions::Default,
            });
        } else if let Some(docs) = docs {
            presets.push(of_docs(docs, text));
        } else if name == "classic" || name.contains("preset-classic") {
            let written = rest.first().is_none_or(ScriptLiteral::is_object);
            presets.push(if written { DocsOptions::Default } else { DocsOptions::Computed });
        }
    }
    presets.append(&mut plugins);
    presets
}

fn of_docs<'l>(docs: &'l ScriptLiteral, text: &str) -> DocsOptions<'l> {
    match docs.kind {
        LiteralKind::Object(_) => DocsOptions::Written(docs),
        _ if &text[docs.range.clone()] == "false" => DocsOptions::Off,
        _ => DocsOptions::Computed,
    }
}

/// The preset's docs, then the plugin's instance that has no id of its own, then its first.
fn chosen(mut found: Vec<DocsOptions<'_>>) -> Option<DocsOptions<'_>> {
    let main = |one: &DocsOptions<'_>| match one {
        DocsOptions::Written(options) => {
            options.get("id").is_none_or(|id| id.text() == Some("default"))
        }
        DocsOptions::Default | DocsOptions::Computed => true,
        DocsOptions::Off => false,
    };
    let on = |one: &DocsOptions<'_>| !matches!(one, DocsOptions::Off);
    let at = found.iter().position(main).or_else(|| found.iter().position(on))?;
    Some(found.swap_remove(at))
}

/// A path as text, or as `path.join(__dirname, '../docs')`.
fn written_path(path: &ScriptLiteral, text: &str) -> Option<String> {
    if let Some(path) = path.text() {
        return Some(path.to_owned());
    }
    let LiteralKind::Code(parts) = &path.kind else { return None };
    let call = text[path.range.clone()].trim_start_matches("path.");
    let rest = ["join", "resolve"].iter().find_map(|name| call.strip_prefix(name))?;
    let rest = rest.trim_start().strip_prefix('(')?.trim_start().strip_prefix("__dirname")?;
    let parts = parts.iter().map(ScriptLiteral::text).collect::<Option<Vec<_>>>()?;
    // Between the texts there is nothing but commas.
    let mut left = rest.to_owned();
    for part in &parts {
        left = left.replacen(part, "", 1);
    }
    let plain = left.chars().all(|c| c.is_whitespace() || ",'\"`)".contains(c));
    plain.then(|| parts.join("/"))
}

/// The folder below the docs in which a page is built.
fn built_folder(
    site: &SiteFiles<'_>,
    root: &str,
    options: Option<&ScriptLiteral>,
) -> Option<String> {
    let patterns = |key: &str| {
        let list = options.and_then(|options| options.get(key))?;
        Some(list.items().iter().filter_map(ScriptLiteral::text).collect::<Vec<_>>())
    };
    let (include, exclude) = (patterns("include"), patterns("exclude"));
    let built = |folder: &String| {
        let page = format!("{folder}/page.mdx");
        include.as_ref().is_none_or(|all| matches_any(all.iter().copied(), &page))
            && !exclude.as_ref().is_some_and(|all| matches_any(all.iter().copied(), &page))
    };
    let inside = |name: &&str| site.pages(&format!("{root}{name}/")) > 0;
    let fitting = FITTING.iter().copied().filter(inside).map(|name| format!("{name}/answers"));
    std::iter::once("answers".to_owned()).chain(fitting).find(built)
}

/// The file of a written sidebar. Without one the site lists what is there.
fn sidebar(
    site: &SiteFiles<'_>,
    base: &str,
    options: Option<&ScriptLiteral>,
) -> Option<SectionFile> {
    let path = joined(base, options?.get("sidebarPath")?.only_text()?)?;
    let path = path.trim_end_matches('/').to_owned();
    site.has(&path).then_some(SectionFile { path, kind: SectionFormat::Docusaurus })
}
