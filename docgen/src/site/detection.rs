//! Where pages go in a repository, by the list of its files and the text of its settings.
//!
//! A place is named only where the site is known to build what is put there. Everything else is an answer
//! in words, for the operator and the maintainers.

mod docusaurus;
mod generators;
mod glob;
mod yaml;

use crate::paths::{is_copied, is_page};
use crate::site::generator::{SiteGenerator, UnknownPlace};
use crate::site::layout::SiteLayout;

/// Settings that are read at most; further ones are deeper in the repository.
const MOST_SETTINGS: usize = 24;
/// A longer file is no settings file.
const LONGEST_SETTINGS: usize = 1_000_000;

/// The files of a repository, and the text of those that may be settings.
struct SiteFiles<'f> {
    paths: Vec<&'f str>,
    text: &'f dyn Fn(&str) -> Option<String>,
}

/// What one file of settings says; `None` if it is not the settings of a site.
type SettingsReading = Option<Result<SiteLayout, UnknownPlace>>;

impl SiteFiles<'_> {
    fn text(&self, path: &str) -> Option<String> {
        (self.text)(path).filter(|text| text.len() <= LONGEST_SETTINGS)
    }

    fn has(&self, path: &str) -> bool {
        self.paths.contains(&path)
    }

    /// The first of these files that is there.
    fn first_of(&self, folder: &str, names: &[&str]) -> Option<String> {
        names.iter().map(|name| format!("{folder}{name}")).find(|path| self.has(path))
    }

    /// Pages below a folder, which is empty or ends in `/`.
    fn pages(&self, folder: &str) -> usize {
        self.paths.iter().filter(|path| path.starts_with(folder) && is_page(path)).count()
    }
}

/// The files whose text [`detect`] asks for.
pub fn settings_files<'p>(paths: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let paths = paths.into_iter().collect::<Vec<_>>();
    let mut found = Vec::new();
    for (_, path) in candidates(&paths) {
        found.push(path.to_owned());
        if let Some(folder) = path.strip_suffix("_config.yml") {
            let gems = format!("{folder}Gemfile");
            found.extend(paths.contains(&gems.as_str()).then_some(gems));
        }
    }
    found
}

/// Tells a site by the settings of its generator. Of several sites the one counts whose settings are nearest
/// to the root; a repository without any gets plain Markdown. `text` gives a file of [`settings_files`].
pub fn detect<'p>(
    paths: impl IntoIterator<Item = &'p str>,
    text: impl Fn(&str) -> Option<String>,
) -> Result<SiteLayout, UnknownPlace> {
    let site = SiteFiles { paths: paths.into_iter().collect(), text: &text };
    let mut found = Vec::new();
    for (generator, path) in candidates(&site.paths) {
        let Some(read) = generators::read(&site, generator, path) else { continue };
        let empty = read.as_ref().is_ok_and(|layout| site.pages(&layout.root) == 0);
        found.push(((generator.is_weak(), empty, depth(path)), read));
    }
    // The first of equals is the first by generator and path.
    found.sort_by_key(|(rank, _)| *rank);
    match found.into_iter().next() {
        Some((_, read)) => read,
        None => Ok(SiteLayout::of_files(site.pages("docs/") > 0)),
    }
}

/// The files that may be settings of the repository's own site, nearest to the root first.
fn candidates<'p>(paths: &[&'p str]) -> Vec<(SiteGenerator, &'p str)> {
    let named = paths.iter().filter_map(|path| Some((SiteGenerator::of_settings(path)?, *path)));
    let mut found = named.filter(|(_, path)| !is_elsewhere(path)).collect::<Vec<_>>();
    found.sort_by_key(|(generator, path)| (generator.is_weak(), depth(path), *generator, *path));
    found.truncate(MOST_SETTINGS);
    found
}

fn depth(path: &str) -> usize {
    path.trim_end_matches("/_default").matches('/').count()
}

/// Whether a file is below a folder of tests, examples, copies or older versions: a site there is not the
/// project's own.
fn is_elsewhere(path: &str) -> bool {
    let mut folders = path.split('/').rev().skip(1);
    folders.any(|folder| {
        let own = matches!(folder, ".vitepress" | "_default");
        let name = folder.to_ascii_lowercase();
        let mut parts = name.split(['-', '_', '.']);
        !own && (is_copied(folder) || parts.any(|part| OTHER_SITES.contains(&part)))
    })
}

const OTHER_SITES: [&str; 23] = [
    "archive",
    "archived",
    "bench",
    "benchmarks",
    "boilerplate",
    "demo",
    "demos",
    "e2e",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "playground",
    "sample",
    "samples",
    "sandbox",
    "starter",
    "starters",
    "template",
    "templates",
    "test",
    "testdata",
    "tests",
];

/// Joins a folder, empty or ending in `/`, with a relative path of a settings file; `None` where that leads
/// out of the repository.
fn joined(folder: &str, path: &str) -> Option<String> {
    let rooted = path.starts_with('/') || path.contains('\\') || path.contains(':');
    let mut parts = folder.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    (!rooted).then(|| if path.is_empty() { path } else { format!("{path}/") })
}

fn unknown(generator: SiteGenerator, settings: &str, why: String) -> SettingsReading {
    Some(Err(UnknownPlace { generator, settings: settings.to_owned(), why }))
}

/// The folder of a file: empty, or ending in `/`.
fn folder_of(path: &str) -> &str {
    crate::paths::folder(path)
}
