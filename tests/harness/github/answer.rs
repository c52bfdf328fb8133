//! An answer on its way out, and the refusals that GitHub words.

use serde_json::{Value, json};

/// What a request gets; a refusal has a status of 400 or more.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
}

pub(super) type Outcome<T = Answer> = Result<T, Answer>;

const JSON: &str = "application/json; charset=utf-8";

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { status, headers: Vec::new(), kind: JSON, body }
    }

    pub(super) fn ok(body: &Value) -> Outcome {
        Ok(Self::json(200, body))
    }

    pub(super) fn created(body: &Value) -> Outcome {
        Ok(Self::json(201, body))
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), kind: JSON, body: Vec::new() }
    }

    pub(super) fn raw(kind: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), kind, body }
    }

    pub(super) fn refusal(status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self::json(status, &body)
    }

    pub(super) fn not_found() -> Self {
        Self::refusal(404, "Not Found")
    }

    /// 422 of a field with a code, as `missing_field`, `invalid` or `already_exists`.
    pub(super) fn invalid(resource: &str, field: &str, code: &str) -> Self {
        Self::validation(&json!({ "resource": resource, "field": field, "code": code }))
    }

    /// 422 in words.
    pub(super) fn invalid_because(resource: &str, message: &str) -> Self {
        Self::validation(&json!({ "resource": resource, "code": "custom", "message": message }))
    }

    fn validation(error: &Value) -> Self {
        let body = json!({
            "message": "Validation Failed",
            "errors": [error],
            "documentation_url": "https://docs.github.com/rest",
            "status": "422",
        });
        Self::json(422, &body)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
