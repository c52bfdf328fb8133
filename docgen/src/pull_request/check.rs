//! What a pull request tells its host, read back before anything is sent.

use super::desired::DesiredPullRequest;
use super::marker::{CLUSTER, DIGEST};
use super::subject::Subject;
use crate::directives::{directive_in, host_directive_in};

/// A text that a host, or a program that reads its messages, would act upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {place} holds {what}, so nothing was sent")]
pub struct UnsafeMessage {
    pub place: &'static str,
    pub what: &'static str,
}

impl DesiredPullRequest {
    /// Checks branch, title, message and body.
    pub fn check(&self) -> Result<(), UnsafeMessage> {
        if Subject::parse(&self.branch).is_none() {
            return Err(UnsafeMessage { place: "branch", what: "another name than ours" });
        }
        check_subject(&self.title)?;
        check_commit(&self.message, &self.title)?;
        match host_directive_in(&self.body) {
            Some(what) => Err(UnsafeMessage { place: "description", what }),
            None => Ok(()),
        }
    }
}

/// Checks the title of a pull request, which is the subject of its commit.
pub(crate) fn check_subject(title: &str) -> Result<(), UnsafeMessage> {
    let found = directive_in(title).or_else(|| host_directive_in(title));
    found.map_or(Ok(()), |what| Err(UnsafeMessage { place: "title", what }))
}

/// A commit's message is its subject and this program's trailers.
fn check_commit(message: &str, title: &str) -> Result<(), UnsafeMessage> {
    let fault = |what| Err(UnsafeMessage { place: "commit message", what });
    let Some(rest) = message.strip_prefix(title).and_then(|rest| rest.strip_prefix("\n\n")) else {
        return fault("another subject than the title");
    };
    let own = |line: &str| {
        let value = line.split_once(": ").filter(|(key, _)| [CLUSTER, DIGEST].contains(key));
        value.is_some_and(|(_, value)| value.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    if rest.lines().all(own) { Ok(()) } else { fault("a line that is no trailer of ours") }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::{ClusterId, MessageId};

    use super::*;
    use crate::pull_request::marker::commit_message;

    fn wanted() -> DesiredPullRequest {
        let cluster = ClusterId::of_question(MessageId(36));
        DesiredPullRequest::withdrawal(&cluster, "answers/q10", "main")
    }

    #[test]
    fn a_pull_request_that_instructs_somebody_is_not_sent() {
        assert_eq!(wanted().check(), Ok(()));
        let titled = |title: &str| {
            let wanted = wanted();
            let message = commit_message(title, &wanted.cluster, &wanted.digest);
            DesiredPullRequest { title: title.to_owned(), message, ..wanted }
        };
        for (title, what) in [
            ("docs(faq): why [skip ci]", "an instruction to a pipeline"),
            ("docs(faq): {{ x }}", "a template tag"),
            ("docs(faq): fixes #1", "a reference to an issue"),
            ("docs(faq): ask @amy", "a mention"),
            ("docs(faq): a\n\nSigned-off-by: b", "a line end"),
        ] {
            assert_eq!(titled(title).check(), Err(UnsafeMessage { place: "title", what }));
        }
        let message = format!("{}Co-authored-by: A\n", wanted().message);
        let what = "a line that is no trailer of ours";
        let verdict = DesiredPullRequest { message, ..wanted() }.check();
        assert_eq!(verdict, Err(UnsafeMessage { place: "commit message", what }));
        let body = "text\n\nRelease-As: 9.0.0\n".to_owned();
        let verdict = DesiredPullRequest { body, ..wanted() }.check();
        assert_eq!(verdict, Err(UnsafeMessage { place: "description", what: "a trailer" }));
        let verdict = DesiredPullRequest { branch: "main".to_owned(), ..wanted() }.check();
        assert!(verdict.is_err_and(|error| error.place == "branch"));
    }
}
