//! Requests that carry files: `multipart/form-data` with `payload_json` and `files[n]`.

use axum::http::{HeaderMap, header};

/// A body, taken apart.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// JSON, unless it is broken.
    pub(super) payload: Vec<u8>,
    pub(super) files: Vec<Upload>,
}

/// A file that came with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Upload {
    /// By which `attachments` of the payload speak of it.
    pub(in super::super) number: u64,
    pub(in super::super) name: String,
    pub(in super::super) bytes: Vec<u8>,
}

impl Form {
    /// Any other body is all payload.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let boundary = kind.and_then(|kind| kind.strip_prefix("multipart/form-data; boundary="));
        let Some(boundary) = boundary else {
            return Self { payload: body.to_vec(), files: Vec::new() };
        };
        let mut form = Self::default();
        // The line that ends before each boundary belongs to it; there is none before the first.
        let body = [b"\r\n", body].concat();
        for part in split(&body, format!("\r\n--{boundary}").as_bytes()).skip(1) {
            let head_and_rest = split_once(part, b"\r\n\r\n");
            if let Some((head, bytes)) = head_and_rest.filter(|_| part.starts_with(b"\r\n")) {
                form.take(&String::from_utf8_lossy(head), bytes);
            }
        }
        form
    }

    fn take(&mut self, head: &str, bytes: &[u8]) {
        let parameter = |what: &str| {
            let (_, after) = head.split_once(&format!("{what}=\""))?;
            after.split('"').next()
        };
        let Some(name) = parameter(" name") else { return };
        if name == "payload_json" {
            self.payload = bytes.to_vec();
        } else if let Some(number) = name.strip_prefix("files[").and_then(|it| it.strip_suffix(']'))
        {
            let name = parameter("filename").unwrap_or_default().to_owned();
            let number = number.parse().expect("files are numbered");
            self.files.push(Upload { number, name, bytes: bytes.to_vec() });
        }
    }
}

fn split<'b>(mut left: &'b [u8], by: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut ended = false;
    std::iter::from_fn(move || match split_once(left, by) {
        Some((part, rest)) => {
            left = rest;
            Some(part)
        }
        None if ended => None,
        None => {
            ended = true;
            Some(left)
        }
    })
}

fn split_once<'b>(bytes: &'b [u8], by: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}
