//! Single values of a YAML file.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};

/// The scalars below mappings, by their keys joined with dots; elements of a list have the key `-`, of which
/// the last counts. What follows a mistake is not read.
pub(super) fn scalars(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // The open collections: a mapping with its key, or a list.
    let mut open: Vec<(bool, Option<String>)> = Vec::new();
    for (event, _) in Parser::new_from_str(text).map_while(Result::ok) {
        match event {
            Event::MappingStart(..) => open.push((true, None)),
            Event::SequenceStart(..) => open.push((false, Some("-".to_owned()))),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                close(&mut open);
            }
            Event::Scalar(value, _, _, tag) => match open.last_mut() {
                Some((true, key @ None)) => *key = Some(value.into_owned()),
                Some(_) => {
                    let path = open.iter().filter_map(|(_, key)| key.as_deref());
                    let path = path.collect::<Vec<_>>().join(".");
                    if tag.is_none() {
                        found.insert(path, value.into_owned());
                    }
                    close(&mut open);
                }
                None => {}
            },
            Event::Alias(_) => close(&mut open),
            _ => {}
        }
    }
    found
}

/// A value of a mapping has ended: a key comes next.
fn close(open: &mut [(bool, Option<String>)]) {
    if let Some((true, key)) = open.last_mut() {
        *key = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_named_by_their_keys() {
        let text = "site_name: X\ntheme:\n  name: material\n  language: ko\nnav:\n- A: a.md\n- b.md\n\
            docs_dir: 'content'\nx: !ENV [A, b]\ny: !!python/name:a.b\nz: {a: 1}\n";
        let found = scalars(text);
        for (key, value) in [
            ("site_name", Some("X")),
            ("theme.language", Some("ko")),
            ("nav.-.A", Some("a.md")),
            ("nav.-", Some("b.md")),
            ("docs_dir", Some("content")),
            ("y", None),
            ("z.a", Some("1")),
        ] {
            assert_eq!(found.get(key).map(String::as_str), value, "{key}");
        }
        assert_eq!(scalars("a: [").get("a"), None);
    }
}
