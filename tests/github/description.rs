//! GitHub's OpenAPI description, as far as we need it.

use std::path::Path;

use serde_json::{Map, Value};

pub(crate) struct Description {
    paths: Map<String, Value>,
}

/// One method of one path.
pub(crate) struct Operation<'d>(&'d Value);

impl Description {
    pub(crate) fn vendored() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/github-openapi/openapi.json");
        let mut all: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let Value::Object(paths) = all["paths"].take() else { panic!("it has no paths") };
        Self { paths }
    }

    /// What a path is called, with the most words of its own, and what may be asked there.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<(String, Operation<'_>)> {
        let method = method.to_lowercase();
        let fits = self.paths.iter().filter(|(pattern, _)| fits(pattern, path));
        let fits = fits.filter_map(|(pattern, item)| Some((pattern, item.get(&method)?)));
        let (pattern, found) = fits.max_by_key(|(pattern, _)| {
            pattern.split('/').filter(|part| !part.starts_with('{')).count()
        })?;
        Some((joined(pattern), Operation(found)))
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.split('/'), path.split('/'));
    let same =
        |(want, part): (&str, &str)| want == part || want.starts_with('{') && !part.is_empty();
    pattern.clone().count() == path.clone().count() && pattern.zip(path).all(same)
}

/// The name of a path before its last parameter was spread over several parts.
fn joined(pattern: &str) -> String {
    match pattern.split_once("_0}") {
        Some((whole, _)) => format!("{whole}}}"),
        None => pattern.to_owned(),
    }
}

impl Operation<'_> {
    /// Names in a query or a body that GitHub would ignore in silence.
    pub(crate) fn unknown_names(&self, query: &str, body: Option<&Value>) -> Vec<String> {
        let parameters = self.0["parameters"].as_array().into_iter().flatten();
        let parameters =
            parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str());
        let parameters = parameters.collect::<Vec<_>>();
        let asked = query.split('&').filter(|pair| !pair.is_empty());
        let asked = asked.map(|pair| pair.split('=').next().unwrap_or(pair));
        let mut unknown =
            asked.filter(|name| !parameters.contains(name)).map(str::to_owned).collect::<Vec<_>>();
        let schema = &self.0["requestBody"]["content"]["application/json"]["schema"];
        if let Some(body) = body {
            strange(schema, body, "", &mut unknown);
        }
        unknown
    }
}

/// The keys of a body, however deep, of which its schema says nothing.
fn strange(schema: &Value, body: &Value, at: &str, unknown: &mut Vec<String>) {
    match body {
        Value::Object(fields) => {
            for (name, value) in fields {
                match property(schema, name) {
                    Some(inner) => strange(inner, value, &format!("{at}/{name}"), unknown),
                    None => unknown.push(format!("{at}/{name}")),
                }
            }
        }
        Value::Array(items) => {
            let choices = choices(schema);
            let inner = std::iter::once(schema).chain(choices).find_map(|one| one.get("items"));
            for item in items {
                strange(inner.unwrap_or(&Value::Null), item, at, unknown);
            }
        }
        _ => {}
    }
}

fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema[key].as_array());
    lists.flatten()
}

fn property<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    let own = schema.get("properties").and_then(|all| all.get(name));
    own.or_else(|| choices(schema).find_map(|one| property(one, name)))
}
