//! The modules of a crate and the `use` paths between them.
//!
//! One node per file. An edge leads to the file that defines the imported name: a name that a module
//! re-exports with `pub use` counts for the module it comes from, so that a parent may re-export what its
//! children define and import it nowhere. Declaring a child with `mod` is no edge, and tests do not count.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::{is_test, product, sources};

type ModulePath = Vec<String>;

pub(super) struct ImportGraph {
    modules: BTreeMap<ModulePath, Vec<ImportedPath>>,
}

struct ImportedPath {
    segments: ModulePath,
    public: bool,
}

impl ImportGraph {
    pub(super) fn of_crate(name: &str) -> Self {
        let files = sources(name).into_iter().filter(|(path, _)| !is_test(path));
        let modules = files
            .filter_map(|(path, text)| Some((module_path(name, &path)?, imported_paths(&text))))
            .collect();
        Self { modules }
    }

    /// The groups of modules that import each other, directly or through others.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let edges = self.edges();
        let reached =
            edges.keys().map(|from| (*from, reachable(from, &edges))).collect::<BTreeMap<_, _>>();
        let mut grouped = BTreeSet::new();
        let mut circles = Vec::new();
        for (from, targets) in &reached {
            if targets.contains(*from) && grouped.insert(*from) {
                let others = targets.iter().filter(|to| reached[*to].contains(*from));
                let circle = others.inspect(|to| {
                    grouped.insert(**to);
                });
                circles.push(circle.map(|module| module.join("::")).collect());
            }
        }
        circles
    }

    fn edges(&self) -> BTreeMap<&ModulePath, BTreeSet<&ModulePath>> {
        let targets = |from: &ModulePath, paths: &[ImportedPath]| {
            let private = paths.iter().filter(|path| !path.public);
            let found = private.filter_map(|path| self.definition(from, &path.segments, 0));
            found.filter(|to| *to != from).collect()
        };
        let mut edges: BTreeMap<_, _> =
            self.modules.iter().map(|(from, paths)| (from, targets(from, paths))).collect();
        for module in self.modules.keys() {
            edges.entry(module).or_default();
        }
        edges
    }

    /// The module that defines what `path` names in the module `from`.
    fn definition(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<&ModulePath> {
        let absolute = self.absolute(from, path)?;
        let length =
            (0..=absolute.len()).rev().find(|end| self.modules.contains_key(&absolute[..*end]))?;
        let (module, paths) = self.modules.get_key_value(&absolute[..length])?;
        let Some(item) = absolute.get(length).filter(|_| depth < 8) else {
            return Some(module);
        };
        let source = paths.iter().find(|path| path.public && path.segments.last() == Some(item));
        let source = source.and_then(|path| self.definition(module, &path.segments, depth + 1));
        Some(source.unwrap_or(module))
    }

    fn absolute(&self, from: &ModulePath, path: &[String]) -> Option<ModulePath> {
        let up = path.iter().take_while(|segment| *segment == "super").count();
        let child = || [&from[..], &path[..1]].concat();
        let (base, rest) = match path.first()?.as_str() {
            "crate" => (&from[..0], &path[1..]),
            "self" => (&from[..], &path[1..]),
            "super" => (&from[..from.len().checked_sub(up)?], &path[up..]),
            _ if self.modules.contains_key(&child()) => (&from[..], path),
            _ => return None,
        };
        Some([base, rest].concat())
    }
}

fn reachable<'a>(
    from: &'a ModulePath,
    edges: &BTreeMap<&'a ModulePath, BTreeSet<&'a ModulePath>>,
) -> BTreeSet<&'a ModulePath> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(edges[next].iter().filter(|to| found.insert(**to)));
    }
    found
}

/// `crate/src/a/b.rs` is the module `a::b`; the crate's root is the empty path.
fn module_path(name: &str, file: &str) -> Option<ModulePath> {
    let path = file.strip_prefix(&format!("{name}/src/"))?.strip_suffix(".rs")?;
    match path {
        "lib" => Some(Vec::new()),
        "main" => None,
        _ => Some(path.split('/').map(str::to_owned).collect()),
    }
}

fn imported_paths(text: &str) -> Vec<ImportedPath> {
    let statement = Regex::new(r"(?m)^\s*(pub(?:\([^)]*\))? )?use ([^;]+);").unwrap();
    let paths = statement.captures_iter(product(text)).flat_map(|found| {
        let public = found.get(1).is_some();
        expand(&found[2]).into_iter().map(move |segments| ImportedPath { segments, public })
    });
    paths.collect()
}

/// Every path of a `use` tree: `a::{b, c as d}` gives `a::b` and `a::c`.
fn expand(tree: &str) -> Vec<ModulePath> {
    let tree = tree.trim();
    let Some((prefix, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        let segments = path.split("::").map(|segment| segment.trim().to_owned());
        return vec![segments.filter(|segment| segment != "self" || path == "self").collect()]
            .into_iter()
            .map(|path: ModulePath| restore_self(path, tree))
            .collect();
    };
    let prefix = prefix.trim().trim_end_matches("::");
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let branches = split_branches(inner).into_iter().filter(|branch| !branch.trim().is_empty());
    branches
        .flat_map(|branch| match (prefix, branch.trim()) {
            ("", branch) => expand(branch),
            (prefix, "self") => expand(prefix),
            (prefix, branch) => expand(&format!("{prefix}::{branch}")),
        })
        .collect()
}

/// A leading `self` is a place, a trailing one names the module before it.
fn restore_self(mut path: ModulePath, tree: &str) -> ModulePath {
    if tree.starts_with("self::") {
        path.insert(0, "self".to_owned());
    }
    path
}

/// Splits at the commas that stand in no inner braces.
fn split_branches(inner: &str) -> Vec<&str> {
    let mut depth = 0;
    inner
        .split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        })
        .collect()
}

#[test]
fn a_circle_is_found_and_a_re_export_is_none() {
    let module = |text: &str| imported_paths(text);
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<ModulePath>();
    let graph = |child: &str| ImportGraph {
        modules: BTreeMap::from([
            (Vec::new(), module("pub use a::b::Thing;\n")),
            (path("a"), module("pub mod b;\n")),
            (path("a::b"), module(child)),
            (path("c"), module("use crate::{Thing, a::{b as other}};\n")),
        ]),
    };
    assert_eq!(graph("use std::fmt;\n").circles(), Vec::<Vec<String>>::new());
    assert_eq!(graph("use super::super::c::Other;\n").circles(), [["a::b", "c"]]);
}
