//! Finds the exports among the given paths.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Bytes;

use super::decoded;
use super::error::ImportError;
use super::reader::ExportReader;

/// How much of a file is looked at: the part before the messages is far shorter.
const LOOKED_AT: u64 = 64 << 10;

/// Files of a folder whose faults an error names.
const MOST_REASONS: usize = 3;

/// What was found below the named paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FoundExports {
    /// Every export once: the paths in the order they were named, each folder's files by name.
    pub exports: Vec<PathBuf>,
    /// What was passed over in folders, and why.
    pub passed_over: Vec<(PathBuf, String)>,
}

/// The given paths that cannot be imported, with the reasons.
#[derive(Debug, thiserror::Error)]
pub struct UselessPaths(pub Vec<ImportError>);

impl fmt::Display for UselessPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Finds the exports among `paths`: files as named, folders searched to any depth for `*.json`.
///
/// # Errors
/// A path that is missing or unreadable, a named file that is no export, a folder without any: all
/// of them at once.
pub fn find_exports(paths: &[PathBuf]) -> Result<FoundExports, UselessPaths> {
    let mut found = FoundExports::default();
    let mut seen = BTreeSet::new();
    let mut useless = Vec::new();
    for path in paths {
        let outcome = if path.is_dir() {
            folder(path, &mut found.passed_over)
        } else {
            file(path).map(|()| vec![path.clone()])
        };
        match outcome {
            Ok(exports) => {
                for export in exports {
                    if seen.insert(fs::canonicalize(&export).unwrap_or_else(|_| export.clone())) {
                        found.exports.push(export);
                    }
                }
            }
            Err(error) => useless.push(error),
        }
    }
    if useless.is_empty() { Ok(found) } else { Err(UselessPaths(useless)) }
}

fn folder(
    path: &Path,
    passed_over: &mut Vec<(PathBuf, String)>,
) -> Result<Vec<PathBuf>, ImportError> {
    let mut files = Vec::new();
    collect_json(path, &mut files, passed_over)
        .map_err(|(path, source)| ImportError::CannotOpen { path, source })?;
    files.sort_by(|a, b| by_name(a, b));
    let mut exports = Vec::new();
    let mut reasons = Vec::new();
    for path in files {
        match file(&path) {
            Ok(()) => exports.push(path),
            Err(ImportError::NotAnExport { why, .. }) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                reasons.push(format!("{name}: {why}"));
                passed_over.push((path, why));
            }
            Err(error) => return Err(error),
        }
    }
    if exports.is_empty() {
        let why = no_export_reason(&reasons);
        return Err(ImportError::NotAnExport { path: path.to_owned(), why });
    }
    Ok(exports)
}

/// Why a folder holds no export, with what is wrong with its first files.
fn no_export_reason(reasons: &[String]) -> String {
    let mut why = "the folder holds no `.json` file that is one".to_owned();
    for (at, reason) in reasons.iter().take(MOST_REASONS).enumerate() {
        why.push_str(if at == 0 { " (" } else { "; " });
        why.push_str(reason);
    }
    if reasons.len() > MOST_REASONS {
        why.push_str(&format!("; and {} more", reasons.len() - MOST_REASONS));
    }
    if !reasons.is_empty() {
        why.push(')');
    }
    why
}

/// Lists the `*.json` files below a folder. Links to folders are not followed. Nor are the
/// exporter's media folders entered: what somebody once attached is not an export to import.
fn collect_json(
    folder: &Path,
    files: &mut Vec<PathBuf>,
    passed_over: &mut Vec<(PathBuf, String)>,
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |source| (folder.to_owned(), source);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        if is_folder && entry.file_name().to_string_lossy().ends_with("_Files") {
            passed_over.push((path, "the exporter's folder of attached files".to_owned()));
        } else if is_folder {
            collect_json(&path, files, passed_over)?;
        } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"))
            && path.is_file()
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Looks whether a file begins as an export does. One that breaks off or goes on beyond what is
/// looked at passes: the import itself will say what is wrong with it.
fn file(path: &Path) -> Result<(), ImportError> {
    let cannot_open = |source| ImportError::cannot_open(path.to_owned(), source);
    // A pipe can be read only once.
    if !fs::metadata(path).map_err(cannot_open)?.is_file() {
        return Ok(());
    }
    let start = File::open(path).map_err(cannot_open)?.take(LOOKED_AT);
    match ExportReader::new(path, decoded(start)).next_event() {
        Err(error @ ImportError::NotAnExport { .. }) => Err(error),
        Err(ImportError::Unreadable { source, .. }) => Err(cannot_open(source)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Orders paths folder by folder as people count: `name`, `name [part 2]`, `name [part 10]`.
fn by_name(a: &Path, b: &Path) -> Ordering {
    let parts = |path: &Path| -> Vec<String> {
        let bare = path.with_extension("");
        bare.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (parts_of_a, parts_of_b) = (parts(a), parts(b));
    let different = parts_of_a.iter().zip(&parts_of_b).map(|(a, b)| natural(a, b));
    different
        .into_iter()
        .find(|order| order.is_ne())
        .unwrap_or_else(|| parts_of_a.len().cmp(&parts_of_b.len()))
        .then_with(|| a.cmp(b))
}

/// Compares texts with their runs of digits as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.bytes().peekable(), b.bytes().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, y) = (number(&mut a), number(&mut b));
                x.len().cmp(&y.len()).then_with(|| x.cmp(&y))
            }
            (None, None) => return Ordering::Equal,
            _ => a.next().cmp(&b.next()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits in front, without leading zeros.
fn number(bytes: &mut Peekable<Bytes<'_>>) -> Vec<u8> {
    let mut digits = Vec::new();
    while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
        if digit != b'0' || !digits.is_empty() {
            digits.push(digit);
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = r#"{"guild":{"id":"1"},"channel":{"id":"2"},"messages":[]}"#;
    const LABELS: &str = r#"{"file":"a.json","messages":[{"id":"7"}]}"#;

    /// Writes files, names some paths, and expects the exports found, in order, with the number
    /// of paths passed over; or the number of useless paths.
    fn check(files: &[(&str, &str)], named: &[&str], expected: Result<(&[&str], usize), usize>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let named: Vec<PathBuf> = named.iter().map(|name| folder.path().join(name)).collect();
        let found = find_exports(&named).map_err(|useless| useless.0.len()).map(|found| {
            let name = |path: &PathBuf| {
                path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned()
            };
            let names: Vec<String> = found.exports.iter().map(name).collect();
            (names, found.passed_over.len())
        });
        let expected = expected.map(|(names, passed_over)| {
            (names.iter().map(|name| (*name).to_owned()).collect(), passed_over)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn parts_come_in_the_order_of_their_numbers() {
        let files = [
            ("c/help [part 10].json", EXPORT),
            ("c/help [part 2].json", EXPORT),
            ("c/help.json", EXPORT),
            ("b/z.JSON", EXPORT),
            ("c 2/a.json", EXPORT),
        ];
        let in_order = [
            "b/z.JSON",
            "c/help.json",
            "c/help [part 2].json",
            "c/help [part 10].json",
            "c 2/a.json",
        ];
        check(&files, &[""], Ok((&in_order, 0)));
    }

    #[test]
    fn what_is_no_export_is_passed_over_in_a_folder_and_refused_by_name() {
        let files = [
            ("a.json", EXPORT),
            ("a.gold.json", LABELS),
            ("list.json", "[1, 2]"),
            ("notes.txt", "hello"),
            ("a.json_Files/attached.json", EXPORT),
        ];
        check(&files, &["."], Ok((&["a.json"], 3)));
        check(&files, &["a.gold.json", "list.json", "notes.txt", "missing.json"], Err(4));
        check(&[("notes.txt", "hello")], &["."], Err(1));
    }

    #[test]
    fn a_damaged_export_is_left_to_the_import_to_judge() {
        let files = [("cut.json", &EXPORT[..20]), ("empty.json", "")];
        check(&files, &["."], Ok((&["cut.json", "empty.json"], 0)));
    }

    #[test]
    fn an_export_named_twice_is_found_once() {
        let files = [("a.json", EXPORT), ("b.json", EXPORT)];
        check(&files, &["b.json", "."], Ok((&["b.json", "a.json"], 0)));
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = find_exports(&[PathBuf::from("nowhere/at-all.json")]).unwrap_err().to_string();
        assert!(error.starts_with("cannot open nowhere/at-all.json: "), "{error}");
    }

    #[test]
    fn numbers_in_names_are_compared_as_numbers() {
        let check = |a: &str, b: &str| assert_eq!(natural(a, b), Ordering::Less, "{a} {b}");
        check("part 2", "part 10");
        check("part 9", "part 0010");
        check("a", "a 1");
        check("1", "a");
        check("", "0");
    }
}
