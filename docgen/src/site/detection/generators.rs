//! What the settings of each generator say.

use serde_json::Value;

use super::{SettingsReading, SiteFiles, docusaurus, folder_of, joined, unknown, yaml};
use crate::edit::nav::NavFormat;
use crate::edit::section_list::SectionFormat;
use crate::literal::ScriptLiteral;
use crate::site::generator::SiteGenerator;
use crate::site::layout::{NavFile, SectionFile, SiteLayout};

/// Reads one file of settings.
pub(super) fn read(
    site: &SiteFiles<'_>,
    generator: SiteGenerator,
    settings: &str,
) -> SettingsReading {
    match generator {
        SiteGenerator::Mintlify => mintlify(site, settings),
        SiteGenerator::Docusaurus => docusaurus::read(site, settings),
        SiteGenerator::MkDocs => mkdocs(site, settings),
        SiteGenerator::MdBook => mdbook(site, settings),
        SiteGenerator::Starlight => starlight(site, settings),
        SiteGenerator::VitePress => vitepress(site, settings),
        SiteGenerator::Nextra => nextra(site, settings),
        SiteGenerator::Sphinx => sphinx(site, settings),
        SiteGenerator::Hugo => hugo(site, settings),
        SiteGenerator::GitBook => gitbook(site, settings),
        SiteGenerator::Jekyll => jekyll(site, settings),
        SiteGenerator::Files => None,
    }
}

fn nav(path: &str, kind: NavFormat, root: &str) -> Option<NavFile> {
    Some(NavFile { path: path.to_owned(), kind, root: root.to_owned() })
}

/// Another program's `docs.json` has no navigation.
fn mintlify(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let all = serde_json::from_str::<Value>(&site.text(settings)?).ok()?;
    let navigation = all.get("navigation")?;
    if !navigation.is_object() && !navigation.is_array() {
        return None;
    }
    let root = folder_of(settings);
    let languages = navigation.get("languages").and_then(Value::as_array);
    let main = |one: &&Value| one.get("default").and_then(Value::as_bool) == Some(true);
    let language = languages.and_then(|all| all.iter().find(main).or(all.first()));
    let language = language.and_then(|one| one.get("language")?.as_str()).map(str::to_owned);
    let nav = nav(settings, NavFormat::Mintlify, root);
    let layout = SiteLayout::new(SiteGenerator::Mintlify, settings, root, "answers");
    Some(layout.map(|layout| SiteLayout { nav, language, ..layout }))
}

fn mkdocs(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let text = site.text(settings)?;
    let values = yaml::scalars(&text);
    let written = text.lines().any(|line| line.starts_with("docs_dir:"));
    let (Some(folder), true) = (values.get("docs_dir"), written) else {
        let root = format!("{}docs/", folder_of(settings));
        let inherits = text.lines().any(|line| line.starts_with("INHERIT:"));
        if written || inherits && site.pages(&root) == 0 {
            let why = "does not say as text what `docs_dir` is".to_owned();
            return unknown(SiteGenerator::MkDocs, settings, why);
        }
        return mkdocs_of(settings, &root, values.get("theme.language").cloned());
    };
    match joined(folder_of(settings), folder) {
        Some(root) => mkdocs_of(settings, &root, values.get("theme.language").cloned()),
        None => {
            let why = "has a `docs_dir` outside of the repository".to_owned();
            unknown(SiteGenerator::MkDocs, settings, why)
        }
    }
}

fn mkdocs_of(settings: &str, root: &str, language: Option<String>) -> SettingsReading {
    let layout = SiteLayout::new(SiteGenerator::MkDocs, settings, root, "answers");
    let nav = nav(settings, NavFormat::MkDocs, root);
    Some(layout.map(|layout| SiteLayout { nav, language, ..layout }))
}

fn mdbook(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let unknown = |why: &str| unknown(SiteGenerator::MdBook, settings, why.to_owned());
    let Ok(book) = site.text(settings)?.parse::<toml::Table>() else {
        return unknown("cannot be read");
    };
    let text = |key: &str| Some(book.get("book")?.get(key)?.as_str()?.to_owned());
    let src = text("src").unwrap_or_else(|| "src".to_owned());
    let Some(root) = joined(folder_of(settings), &src) else {
        return unknown("has a `src` outside of the repository");
    };
    let layout = SiteLayout::new(SiteGenerator::MdBook, settings, &root, "answers");
    let nav = nav(&format!("{root}SUMMARY.md"), NavFormat::MdBook, &root);
    Some(layout.map(|layout| SiteLayout { nav, language: text("language"), ..layout }))
}

/// An Astro site without Starlight has pages of another kind.
fn starlight(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let text = site.text(settings)?;
    if !text.contains("@astrojs/starlight") {
        return None;
    }
    let unknown = |why: String| unknown(SiteGenerator::Starlight, settings, why);
    let Some(config) = ScriptLiteral::of_file(&text) else {
        return unknown("cannot be read".to_owned());
    };
    let source = config.find("srcDir").map_or(Some("src"), ScriptLiteral::text);
    let root = source.and_then(|source| joined(folder_of(settings), source));
    let Some(root) = root.map(|root| format!("{root}content/docs/")) else {
        return unknown("computes `srcDir`".to_owned());
    };
    if site.pages(&root) == 0 {
        return unknown(format!("has no pages in {root}"));
    }
    let main = config.find("root").and_then(|main| main.get("lang"));
    let language = main.and_then(ScriptLiteral::text).map(str::to_owned);
    let path = settings.to_owned();
    let section = config.find("sidebar");
    let section = section.map(|_| SectionFile { path, kind: SectionFormat::Starlight });
    let layout = SiteLayout::new(SiteGenerator::Starlight, settings, &root, "answers");
    Some(layout.map(|layout| SiteLayout { section, language, ..layout }))
}

fn vitepress(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let (base, _) = settings.split_once(".vitepress/")?;
    let unknown = |why: &str| unknown(SiteGenerator::VitePress, settings, why.to_owned());
    let Some(config) = ScriptLiteral::of_file(&site.text(settings)?) else {
        return unknown("cannot be read");
    };
    let source = config.find("srcDir").map_or(Some("."), ScriptLiteral::text);
    let Some(root) = source.and_then(|source| joined(base, source)) else {
        return unknown("computes `srcDir`");
    };
    let language = config.find("lang").and_then(ScriptLiteral::text).map(str::to_owned);
    let listed = config.find("sidebar");
    let nav = listed.and_then(|_| nav(settings, NavFormat::VitePress, &root));
    let layout = SiteLayout::new(SiteGenerator::VitePress, settings, &root, "answers");
    Some(layout.map(|layout| SiteLayout { nav, language, ..layout }))
}

/// A site of Next.js without Nextra builds no pages of Markdown.
fn nextra(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    if !site.text(settings)?.contains("nextra") {
        return None;
    }
    let base = folder_of(settings);
    let folders = ["content/", "src/content/", "pages/", "src/pages/"];
    let roots = folders.iter().map(|folder| format!("{base}{folder}"));
    let Some(root) = roots.into_iter().find(|root| site.pages(root) > 0) else {
        let why = "has no pages in `content` or `pages`".to_owned();
        return unknown(SiteGenerator::Nextra, settings, why);
    };
    let names = ["_meta.js", "_meta.ts", "_meta.json", "_meta.jsx", "_meta.tsx", "_meta.mjs"];
    let meta = site.first_of(&root, &names);
    let section = meta.map(|path| SectionFile { path, kind: SectionFormat::Nextra });
    let layout = SiteLayout::new(SiteGenerator::Nextra, settings, &root, "answers");
    Some(layout.map(|layout| SiteLayout { section, ..layout }))
}

fn sphinx(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let text = site.text(settings)?;
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let value = |key: &str| {
        let rest =
            lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
        let rest = rest.trim();
        let quoted = |quote: char| rest.strip_prefix(quote)?.split(quote).next();
        quoted('"').or_else(|| quoted('\'')).map(str::to_owned)
    };
    if !lines().any(|line| line.starts_with("extensions") || line.starts_with("html_theme")) {
        return None;
    }
    if !lines().any(|line| line.contains("myst_parser") || line.contains("myst_nb")) {
        let why = "does not load `myst_parser`, so that no Markdown is built".to_owned();
        return unknown(SiteGenerator::Sphinx, settings, why);
    }
    let root = folder_of(settings);
    let page = value("root_doc").or_else(|| value("master_doc"));
    let page = page.unwrap_or_else(|| "index".to_owned());
    let index = site.first_of(root, &[&format!("{page}.md"), &format!("{page}.rst")]);
    let section = index.map(|path| SectionFile { path, kind: SectionFormat::Toctree });
    let inside = format!("{root}answers/");
    let nav = nav(&format!("{inside}index.md"), NavFormat::Toctree, &inside);
    let layout = SiteLayout::new(SiteGenerator::Sphinx, settings, root, "answers");
    Some(layout.map(|layout| SiteLayout { nav, section, language: value("language"), ..layout }))
}

/// `config.toml` and its relatives are Hugo's only where they say what a site of Hugo says.
fn hugo(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let text = site.text(settings)?;
    let name = settings.rsplit('/').next().unwrap_or(settings);
    let address = text.to_ascii_lowercase().contains("baseurl");
    if !address && !name.starts_with("hugo.") {
        return None;
    }
    let base = folder_of(settings);
    let base = base.strip_suffix("config/_default/").unwrap_or(base);
    let value = |key: &str| {
        let rest = text.lines().find_map(|line| line.trim().strip_prefix(key))?.trim_start();
        let rest = rest.strip_prefix(['=', ':'])?.trim();
        Some(rest.trim_matches(['"', '\'', ',']).to_owned())
    };
    let unknown = |why: String| unknown(SiteGenerator::Hugo, settings, why);
    let content = value("contentDir").unwrap_or_else(|| "content".to_owned());
    let language = value("defaultContentLanguage").or_else(|| value("languageCode"));
    let Some(root) = joined(base, &content) else {
        return unknown("has a `contentDir` outside of the repository".to_owned());
    };
    let short = language.as_deref().map_or("en", |code| code.split('-').next().unwrap_or(code));
    let folders =
        ["docs/".to_owned(), format!("{short}/docs/"), format!("{short}/"), String::new()];
    let roots = folders.iter().map(|folder| format!("{root}{folder}"));
    let Some(root) = roots.into_iter().find(|root| site.pages(root) > 0) else {
        return unknown(format!("has no pages in {root}"));
    };
    let layout = SiteLayout::new(SiteGenerator::Hugo, settings, &root, "answers");
    Some(layout.map(|layout| SiteLayout { language, ..layout }))
}

/// The summary of a book is another generator's.
fn gitbook(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let base = folder_of(settings);
    let (root, summary) = if settings.ends_with("SUMMARY.md") {
        let is_book = site.paths.iter().any(|path| {
            let above = path.strip_suffix("book.toml");
            above.is_some_and(|above| base.starts_with(above))
        });
        let above = base.trim_end_matches('/').rfind('/').map_or("", |at| &base[..=at]);
        let configured = [base, above]
            .iter()
            .any(|folder| site.first_of(folder, &[".gitbook.yaml", ".gitbook.yml"]).is_some());
        if is_book || configured || site.first_of(base, &["README.md", "book.json"]).is_none() {
            return None;
        }
        (base.to_owned(), settings.to_owned())
    } else {
        let values = yaml::scalars(&site.text(settings)?);
        let root = values
            .get("root")
            .map_or(Some(base.to_owned()), |root| joined(base, root.trim_start_matches('/')));
        let Some(root) = root else {
            let why = "has a `root` outside of the repository".to_owned();
            return unknown(SiteGenerator::GitBook, settings, why);
        };
        let summary = values
            .get("structure.summary")
            .map_or("SUMMARY.md", |path| path.trim_start_matches("./"));
        let summary = format!("{root}{summary}");
        (root, summary)
    };
    if !site.has(&summary) {
        let why = format!("has no {summary} that lists its pages");
        return unknown(SiteGenerator::GitBook, settings, why);
    }
    let nav = nav(&summary, NavFormat::MdBook, &root);
    let layout = SiteLayout::new(SiteGenerator::GitBook, settings, &root, "answers");
    Some(layout.map(|layout| SiteLayout { nav, ..layout }))
}

/// Jekyll copies a page without front matter as it is, unless a plugin builds it, which the pages of a host
/// without a Gemfile have.
fn jekyll(site: &SiteFiles<'_>, settings: &str) -> SettingsReading {
    let text = site.text(settings)?;
    let values = yaml::scalars(&text);
    let base = folder_of(settings);
    let gems = site.has(&format!("{base}Gemfile")).then(|| site.text(&format!("{base}Gemfile")));
    let gems = gems.map(Option::unwrap_or_default);
    let plugin = "jekyll-optional-front-matter";
    let hosted = gems.as_ref().is_none_or(|gems| gems.contains("github-pages"));
    if !hosted && !text.contains(plugin) {
        let why = format!("builds only pages with front matter; add the plugin `{plugin}`");
        return unknown(SiteGenerator::Jekyll, settings, why);
    }
    let source = values.get("source").map_or(".", String::as_str);
    let Some(root) = joined(base, source) else {
        let why = "has a `source` outside of the repository".to_owned();
        return unknown(SiteGenerator::Jekyll, settings, why);
    };
    let layout = SiteLayout::new(SiteGenerator::Jekyll, settings, &root, "answers");
    Some(layout.map(|layout| SiteLayout { language: values.get("lang").cloned(), ..layout }))
}
