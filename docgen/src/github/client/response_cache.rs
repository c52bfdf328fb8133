//! Responses that are read again and again, so that the host need not send what did not change.
//!
//! octocrab has such a cache too. It keeps every response, of writes and refusals as well, and grows without end.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;

/// All kept bodies together, in bytes.
const MOST: usize = 8 << 20;
/// A longer body is not kept.
const LONGEST: usize = 1 << 20;

/// The last response of each path, with the tag by which the host knows it.
#[derive(Default)]
pub(super) struct ResponseCache {
    by_path: BTreeMap<String, CachedResponse>,
    bytes: usize,
}

#[derive(Clone)]
pub(super) struct CachedResponse {
    pub(super) etag: HeaderValue,
    pub(super) text: Arc<str>,
}

impl ResponseCache {
    pub(super) fn get(&self, path: &str) -> Option<CachedResponse> {
        self.by_path.get(path).cloned()
    }

    /// Keeps a response in place of the one that was there. A full cache is emptied first: what is dropped is sent
    /// once more.
    pub(super) fn keep(&mut self, path: &str, etag: Option<HeaderValue>, text: &str) {
        if let Some(old) = self.by_path.remove(path) {
            self.bytes -= size(path, &old.text);
        }
        let Some(etag) = etag.filter(|_| text.len() <= LONGEST) else { return };
        let more = size(path, text);
        if self.bytes + more > MOST {
            (self.by_path, self.bytes) = (BTreeMap::new(), 0);
        }
        self.bytes += more;
        self.by_path.insert(path.to_owned(), CachedResponse { etag, text: text.into() });
    }
}

fn size(path: &str, text: &str) -> usize {
    path.len() + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut cache = ResponseCache::default();
        let tag = || Some(HeaderValue::from_static("\"a\""));
        let text = "x".repeat(LONGEST);
        for at in 0..100 {
            cache.keep(&format!("/{at}"), tag(), &text);
            assert!(cache.by_path.values().map(|one| one.text.len()).sum::<usize>() <= MOST);
            assert!(cache.get(&format!("/{at}")).is_some());
        }
        cache.keep("/99", tag(), &format!("{text}x"));
        assert!(cache.get("/99").is_none(), "an older body would be taken for this one");
        cache.keep("/98", None, "y");
        assert!(cache.get("/98").is_none());
        assert_eq!(
            cache.bytes,
            cache.by_path.iter().map(|(path, one)| size(path, &one.text)).sum::<usize>()
        );
    }
}
