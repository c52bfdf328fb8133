//! The first line of a pull request's body, which identifies it even if the store is lost.

pub use crate::lines::hash;
use crate::page::format::MARKER;
use rules::model::ids::ClusterId;

/// The trailers by which a commit of this program is recognised.
pub(crate) const CLUSTER: &str = "Answer-Cluster";
pub(crate) const DIGEST: &str = "Answer-Digest";

/// The message of a commit, with the cluster and the digest of the draft as trailers.
pub(crate) fn commit_message(title: &str, cluster: &ClusterId, digest: &str) -> String {
    format!("{title}\n\n{CLUSTER}: {cluster}\n{DIGEST}: {digest}\n")
}

/// The first line of a body that no pull request holds.
pub(crate) fn first_line(cluster: &ClusterId, digest: &str) -> String {
    format!("<!-- {MARKER} id={cluster} digest={digest} -->\n")
}

/// The fields of a marker. Hashes are the first 16 hexadecimal digits of SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyMarker {
    pub cluster: ClusterId,
    /// Of the draft on the branch.
    pub digest: String,
    /// The commit that was pushed.
    pub head: String,
    pub revision: u32,
    /// Hash of the generated title; a title with another hash was edited by someone.
    pub title: String,
    /// Hash of the generated body, without this line.
    pub body: String,
    /// This program closed it: the evidence was deleted.
    pub withdrawn: bool,
}

impl BodyMarker {
    /// Reads the first line of a body. Fields that are missing are empty, unknown ones are ignored.
    pub fn read(body: &str) -> Option<Self> {
        let line = body.lines().next()?.trim();
        let fields = line.strip_prefix("<!-- ")?.strip_prefix(MARKER)?.strip_suffix(" -->")?;
        let value = |name: &str| {
            let mut pairs = fields.split_whitespace().filter_map(|field| field.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        Some(Self {
            cluster: value("id")?.parse().ok()?,
            digest: value("digest").unwrap_or_default(),
            head: value("head").unwrap_or_default(),
            revision: value("rev").and_then(|rev| rev.parse().ok()).unwrap_or_default(),
            title: value("title").unwrap_or_default(),
            body: value("body").unwrap_or_default(),
            withdrawn: value("withdrawn").is_some(),
        })
    }

    /// The body that begins with this marker.
    pub fn on(&self, rest: &str) -> String {
        let Self { cluster, digest, head, revision, title, body, withdrawn } = self;
        let withdrawn = if *withdrawn { " withdrawn=yes" } else { "" };
        format!(
            "<!-- {MARKER} id={cluster} digest={digest} head={head} rev={revision} \
             title={title} body={body}{withdrawn} -->\n{rest}"
        )
    }
}

/// A body without its marker, with normalised line ends.
pub fn without(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    match body.split_once('\n') {
        Some((first, rest)) if first.contains(MARKER) => rest.to_owned(),
        None if body.contains(MARKER) => String::new(),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    fn marker() -> BodyMarker {
        BodyMarker {
            cluster: ClusterId::of_question(MessageId(36)),
            digest: "d1".into(),
            head: "c0ffee".into(),
            revision: 3,
            title: hash("T"),
            body: hash("B"),
            withdrawn: false,
        }
    }

    #[test]
    fn a_marker_is_found_again() {
        for withdrawn in [false, true] {
            let marker = BodyMarker { withdrawn, ..marker() };
            let body = marker.on("words\nmore");
            assert_eq!(BodyMarker::read(&body), Some(marker.clone()));
            assert_eq!(BodyMarker::read(&body.replace('\n', "\r\n")), Some(marker));
            assert_eq!(without(&body.replace('\n', "\r\n")), "words\nmore");
        }
        let sparse =
            BodyMarker::read("<!-- answer-harvester:v1 id=q10 digest=x later=1 -->").unwrap();
        assert_eq!((sparse.digest.as_str(), sparse.head.as_str(), sparse.revision), ("x", "", 0));
    }

    #[test]
    fn only_a_first_line_of_ours_is_a_marker() {
        for body in [
            "",
            "words",
            "words\n<!-- answer-harvester:v1 id=q10 digest=x -->",
            "<!-- answer-harvester:v1 digest=x -->",
            "<!-- answer-harvester:v1 id=../x digest=x -->",
            "<!-- answer-harvester:v2 id=q10 -->",
            "`<!-- answer-harvester:v1 id=q10 -->`",
        ] {
            assert_eq!(BodyMarker::read(body), None, "{body}");
        }
        assert_eq!(without("words\nmore"), "words\nmore");
        assert_eq!(hash("a\r\nb\n"), hash("a\nb"));
    }
}
