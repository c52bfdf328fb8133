//! Maintainers' requests: comments, ticks on the dashboard, reviews that ask for changes.

use std::collections::BTreeMap;

use docgen::github::comment_commands;
use docgen::github::comment_commands::{CommentCommand, CommentRequest};
use docgen::github::dashboard::{DashboardIssue, ticked_clusters};
use docgen::github::issue_api::CommandReaction;
use docgen::github::models::{Account, Comment};
use docgen::github::status_comment;
use docgen::target::DocsTarget;
use indexer::store::ProposalState;
use jiff::SignedDuration;
use rules::model::cluster::{ClusterState, Occurrence};
use rules::model::ids::ClusterId;
use rules::time;

use super::command_check::{CommandFacts, refusal};
use super::error::Result;
use super::guides::guide_name;
use super::reconciler::ProposalReconciler;
use super::repository::RepositoryState;
use super::tracked::TrackedProposal;
use super::worklist::{WorkItem, Worklist, is_korean};

/// The setting that holds the time up to which comments were processed.
const PROCESSED_UNTIL: &str = "forge/heard";
/// GitHub's times are whole seconds of another clock.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);

/// The outcome of a command.
enum CommandOutcome {
    Done,
    /// Done, with a text for the status comment.
    Reply(String),
    Impossible(String),
}

impl ProposalReconciler {
    /// Processes the comments, ticks and reviews since the last round; returns whether a command was
    /// carried out, so that pages may have changed.
    pub(crate) async fn process_feedback(
        &self,
        worklist: &mut Worklist,
        dashboard: Option<&DashboardIssue>,
        repository: &RepositoryState,
    ) -> Result<bool> {
        self.process_ticks(worklist, dashboard).await?;
        let decided = self.process_review_decisions(worklist).await?;
        if !self.forge.capabilities().pull_requests {
            return Ok(decided);
        }
        let applied = self.process_comments(worklist, repository).await?;
        self.process_reviews(worklist).await?;
        Ok(decided || applied)
    }

    async fn process_ticks(
        &self,
        worklist: &mut Worklist,
        dashboard: Option<&DashboardIssue>,
    ) -> Result<()> {
        let Some(found) = dashboard else { return Ok(()) };
        for id in ticked_clusters(&found.body) {
            let Some(entry) = worklist.entries.get_mut(&id) else { continue };
            if entry.case.is_some() || entry.is_candidate() {
                self.request_page(&id, entry).await?;
            }
        }
        Ok(())
    }

    /// Does what a person asks for who wants the page of a question: it is proposed, proposed again, or
    /// noted as checked.
    pub(crate) async fn request_page(&self, id: &ClusterId, entry: &mut WorkItem) -> Result<()> {
        let now = self.now();
        let case = entry.planned_case(id, now);
        match case.row.state {
            ProposalState::Held | ProposalState::Planned => case.requests.requested = true,
            ProposalState::Rejected | ProposalState::Superseded => {
                case.requests.requested_again = true;
            }
            ProposalState::Merged => self.store.mark_checked(id, now).await?,
            _ => return Ok(()),
        }
        Ok(self.store.upsert_proposal(&case.to_row(now)).await?)
    }

    /// Comments from before the first round are ignored.
    async fn process_comments(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
    ) -> Result<bool> {
        let now = self.now();
        let Some(since) = self.store.setting_time(PROCESSED_UNTIL).await? else {
            self.store.set_time(PROCESSED_UNTIL, now).await?;
            return Ok(false);
        };
        let mut applied = false;
        let numbers = numbers(worklist);
        let mut by_question = BTreeMap::<_, Vec<Comment>>::new();
        for comment in self.github()?.comments_since(time::minus(since, OVERLAP)).await? {
            if let Some(id) = number_of(&comment).and_then(|number| numbers.get(&number)) {
                by_question.entry(id).or_default().push(comment);
            }
        }
        for (id, comments) in by_question {
            let entry = worklist.entries.get_mut(id).expect("the numbers are of entries");
            applied |= self.process_comments_of(entry, &comments, repository).await?;
        }
        self.store.set_time(PROCESSED_UNTIL, now).await?;
        Ok(applied)
    }

    /// A command is processed once: an edited comment is not read again. What is said to all commands of a
    /// round stands in one status comment. Returns whether one was carried out.
    async fn process_comments_of(
        &self,
        entry: &mut WorkItem,
        comments: &[Comment],
        repository: &RepositoryState,
    ) -> Result<bool> {
        let (mut replies, mut reactions) = (Vec::new(), Vec::new());
        for comment in comments {
            let Some(request) = self.request_in(entry, comment).await? else { continue };
            let taken = match request {
                Some(command) => {
                    self.github()?.react(comment.id, CommandReaction::Seen).await?;
                    let said = command.usage();
                    Some((said, self.apply_command(entry, command, repository).await?))
                }
                None => None,
            };
            let reaction = match taken {
                Some((_, CommandOutcome::Done)) => CommandReaction::Done,
                Some((said, CommandOutcome::Reply(words))) => {
                    replies.push((said, words));
                    CommandReaction::Done
                }
                Some((said, CommandOutcome::Impossible(why))) => {
                    replies.push((said, status_comment::command_failed(&why)));
                    CommandReaction::Confused
                }
                None => CommandReaction::Confused,
            };
            reactions.push((comment.id, reaction));
        }
        let case = entry.case.as_mut().expect("a number is a case's");
        if let (Some(number), false) = (case.progress.number, replies.is_empty()) {
            let words = status_comment::replies(&replies);
            self.github()?.upsert_status_comment(number, &case.row.cluster, &words).await?;
        }
        for (comment, reaction) in &reactions {
            self.github()?.react(*comment, *reaction).await?;
            case.mark_processed(*comment);
        }
        if !reactions.is_empty() {
            self.store.upsert_proposal(&case.to_row(self.now())).await?;
        }
        Ok(reactions.iter().any(|(_, reaction)| *reaction == CommandReaction::Done))
    }

    /// The command of a comment, or nothing where a person asks for what is no command or may not command;
    /// `None` if the comment asks for nothing new.
    async fn request_in(
        &self,
        entry: &WorkItem,
        comment: &Comment,
    ) -> Result<Option<Option<CommentCommand>>> {
        let Some(login) = self.person(comment.user.as_ref()).await? else { return Ok(None) };
        let said = comment_commands::parse_comment(comment.body.as_deref().unwrap_or_default());
        let case = entry.case.as_ref().expect("a number is a case's");
        if said == CommentRequest::Nothing || case.requests.processed.contains(&comment.id) {
            return Ok(None);
        }
        Ok(Some(match said {
            CommentRequest::Command(command) if self.github()?.may_command(&login).await? => {
                Some(command)
            }
            _ => None,
        }))
    }

    /// What a command to a proposal depends on.
    async fn command_facts(
        &self,
        entry: &WorkItem,
        repository: &RepositoryState,
    ) -> Result<CommandFacts> {
        let case = entry.case.as_ref().expect("a number is a case's");
        let cluster = self.store.cluster(&case.row.cluster).await?;
        let asked = cluster.map(|cluster| cluster.occurrences).unwrap_or_default();
        let korean = |one: &&Occurrence| is_korean(&one.question.text);
        let hands_off = (case.row.state == ProposalState::HandsOff)
            .then(|| case.row.note.clone().unwrap_or_else(|| "people changed it".to_owned()));
        let base = case.progress.pushed.as_ref().and_then(|pushed| pushed.base.as_ref());
        Ok(CommandFacts {
            hands_off,
            is_open: case.is_open(),
            on_base: base == Some(&repository.files.commit),
            is_batched: case.requests.batch || case.is_batch(),
            is_guide: guide_name(&case.row.branch).is_some(),
            occurrences: asked.len(),
            languages: (
                asked.iter().any(|one| korean(&one)),
                asked.iter().any(|one| !korean(&one)),
            ),
            path: case.row.path.clone(),
            mdx: matches!(repository.layout.target, DocsTarget::Mintlify | DocsTarget::Docusaurus),
        })
    }

    async fn apply_command(
        &self,
        entry: &mut WorkItem,
        command: CommentCommand,
        repository: &RepositoryState,
    ) -> Result<CommandOutcome> {
        if let Some(why) = refusal(&command, &self.command_facts(entry, repository).await?) {
            return Ok(CommandOutcome::Impossible(why));
        }
        let draft = entry.page.as_ref().ok().map(|page| &page.draft);
        let case = entry.case.as_mut().expect("a number is a case's");
        let now = self.now();
        Ok(match command {
            CommentCommand::Help => CommandOutcome::Reply(status_comment::help()),
            CommentCommand::Rebase => {
                case.requests.rebase = true;
                CommandOutcome::Done
            }
            CommentCommand::Recreate => match self.forge.head(&case.row.branch).await? {
                Some(head) => {
                    let words = status_comment::recreated(&head);
                    case.requests.recreate = Some(head);
                    case.requests.anew = true;
                    CommandOutcome::Reply(words)
                }
                None => CommandOutcome::Impossible("the branch is gone".to_owned()),
            },
            CommentCommand::Refresh => {
                case.allow_replace();
                match draft {
                    Some(draft) => CommandOutcome::Reply(status_comment::refreshed(draft)),
                    None => CommandOutcome::Reply("Nothing is left of the evidence.\n".to_owned()),
                }
            }
            CommentCommand::Reject { .. } => {
                self.close(case).await?;
                CommandOutcome::Reply(status_comment::rejected())
            }
            CommentCommand::Snooze { days } => {
                let until = time::plus(now, time::days(i64::from(days)));
                case.snooze(until);
                CommandOutcome::Reply(status_comment::snoozed(until))
            }
            CommentCommand::Split => {
                let Some(cluster) = self.store.cluster(&case.row.cluster).await? else {
                    return Ok(CommandOutcome::Impossible(
                        "nothing is left of the question".to_owned(),
                    ));
                };
                let questions = cluster.occurrences.iter().map(|one| one.question.message);
                self.store.mark_split(&questions.collect::<Vec<_>>(), now).await?;
                case.allow_replace();
                CommandOutcome::Reply(status_comment::split())
            }
            CommentCommand::Batch => {
                case.requests.batch = true;
                CommandOutcome::Reply(status_comment::batched())
            }
            CommentCommand::Ready => {
                case.progress.checked =
                    case.progress.faulty.take().or(case.progress.checked.take());
                case.progress.readied = false;
                CommandOutcome::Done
            }
            CommentCommand::ShowEvidence => match draft {
                Some(draft) => CommandOutcome::Reply(status_comment::evidence(draft)),
                None => {
                    CommandOutcome::Impossible("nothing is left that could be shown".to_owned())
                }
            },
            CommentCommand::Page(path) => {
                case.requests.page = Some(path);
                case.allow_replace();
                CommandOutcome::Done
            }
            CommentCommand::Lang(code) => {
                case.requests.lang = Some(code);
                case.allow_replace();
                CommandOutcome::Done
            }
            CommentCommand::Propose => {
                case.requests.requested_again = true;
                CommandOutcome::Done
            }
        })
    }

    /// Closes a pull request at a maintainer's request.
    pub(crate) async fn close(&self, case: &mut TrackedProposal) -> Result<()> {
        if let Some(number) = case.progress.number {
            self.github()?.close_pull(number).await?;
        }
        case.row.state = ProposalState::Rejected;
        if self.store.cluster(&case.row.cluster).await?.is_some() {
            self.store.set_state(&case.row.cluster, ClusterState::Rejected).await?;
        }
        Ok(())
    }

    /// A review that asks for changes gets a visible answer, once.
    async fn process_reviews(&self, worklist: &mut Worklist) -> Result<()> {
        for entry in worklist.entries.values_mut() {
            let Some(case) = entry.case.as_mut().filter(|case| case.is_open()) else { continue };
            let Some(number) = case.progress.number else { continue };
            let mut news = false;
            for review in self.github()?.reviews(number).await? {
                let asks = review.state.eq_ignore_ascii_case("CHANGES_REQUESTED");
                if asks && self.person(review.user.as_ref()).await?.is_some() {
                    news |= case.mark_processed(review.id);
                }
            }
            if news {
                let words = status_comment::changes_requested();
                self.github()?.upsert_status_comment(number, &case.row.cluster, &words).await?;
                self.store.upsert_proposal(&case.to_row(self.now())).await?;
            }
        }
        Ok(())
    }

    /// The login, unless it is the bot's own or another bot's.
    async fn person(&self, account: Option<&Account>) -> Result<Option<String>> {
        let me = self.github()?.login().await?;
        let person = account.filter(|one| one.kind != "Bot" && !one.login.eq_ignore_ascii_case(me));
        Ok(person.map(|one| one.login.clone()))
    }
}

/// The cluster of each pull request.
fn numbers(worklist: &Worklist) -> BTreeMap<u64, ClusterId> {
    let cases = worklist.entries.iter().filter_map(|(id, entry)| {
        let number = entry.case.as_ref()?.progress.number?;
        Some((number, id.clone()))
    });
    cases.collect()
}

/// The issue or pull request that a comment belongs to.
fn number_of(comment: &Comment) -> Option<u64> {
    comment.issue_url.rsplit('/').next()?.parse().ok()
}
