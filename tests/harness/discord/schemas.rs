//! Discord's published OpenAPI description, as a judge of what is sent in either direction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

/// A violation names at most this many of the places that are wrong.
const SHOWN: usize = 4;

/// What is wrong with the answer to a route, a path as the description writes it.
pub(super) fn check_answer(method: &str, route: &str, status: u16, body: &Value) -> Vec<String> {
    let responses = &operation(method, route)["responses"];
    let exact = status.to_string();
    let rough = format!("{}XX", status / 100);
    let Some(found) = responses.get(&exact).or_else(|| responses.get(&rough)) else {
        return vec![format!("{status} is no status of {method} {route}")];
    };
    let found = resolve(found);
    let schema = &found["content"]["application/json"]["schema"];
    if schema.is_null() {
        return if body.is_null() { Vec::new() } else { vec!["there should be no body".into()] };
    }
    check(&format!("answer {exact} {method} {route}"), schema, body)
}

/// What is wrong with the body of a request to a route.
pub(super) fn check_request(method: &str, route: &str, body: &Value) -> Vec<String> {
    let schema = &operation(method, route)["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return if body.is_null() { Vec::new() } else { vec!["there should be no body".into()] };
    }
    check(&format!("request {method} {route}"), schema, body)
}

/// What is wrong with a message of MESSAGE_CREATE, beyond what only the gateway adds.
pub(super) fn check_message(d: &Value) -> Vec<String> {
    check("MessageResponse", &json!({ "$ref": "#/components/schemas/MessageResponse" }), d)
}

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let text = include_str!("../../data/discord-openapi/openapi.json");
        let mut document: Value =
            serde_json::from_str(text).expect("the vendored description is JSON");
        // Forwards are documented, but the description does not know them yet.
        let kinds = &mut document["components"]["schemas"]["MessageReferenceType"]["oneOf"];
        let kinds = kinds.as_array_mut().expect("it lists kinds of references");
        kinds.push(json!({ "title": "FORWARD", "const": 1 }));
        document
    })
}

fn operation(method: &str, route: &str) -> &'static Value {
    &document()["paths"][route][method.to_ascii_lowercase()]
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(at) => document().pointer(at.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => value,
    }
}

fn check(name: &str, schema: &Value, body: &Value) -> Vec<String> {
    let validator = validator(name, schema);
    if validator.is_valid(body) {
        return Vec::new();
    }
    let wrong = validator.iter_errors(body).take(SHOWN);
    wrong.map(|wrong| format!("{name}: {wrong} at {}", wrong.instance_path())).collect()
}

/// Compiled once in a process, when first needed: the description is large.
fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    static COMPILED: OnceLock<Mutex<BTreeMap<String, Arc<Validator>>>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(Mutex::default);
    let mut compiled = compiled.lock().expect("no holder panics");
    let made = compiled.entry(name.to_owned()).or_insert_with(|| {
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": document()["components"],
            "allOf": [schema],
        });
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        Arc::new(options.build(&whole).expect("the vendored schemas compile"))
    });
    made.clone()
}
