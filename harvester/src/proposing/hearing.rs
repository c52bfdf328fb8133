//! What people say to us: comments, ticks on the dashboard, reviews that ask for changes.

use std::collections::BTreeMap;

use docgen::github::commands::{self, Command, Said};
use docgen::github::dashboard::{Found, ticked};
use docgen::github::models::{Account, Comment};
use docgen::github::say::Reaction;
use docgen::github::status;
use indexer::store::ProposalState;
use rules::cluster::ClusterState;
use rules::ids::{ClusterId, Millis};

use super::case::Case;
use super::docket::{Docket, Entry};
use super::{Proposer, Result};

/// Comments were heard up to here.
const HEARD: &str = "forge/heard";
/// GitHub tells whole seconds, and its clock is not ours.
const OVERLAP: i64 = 60 * Millis::SECOND;

/// How a command was taken.
enum Taken {
    Done,
    /// With words for the status comment.
    Told(String),
    Impossible(String),
}

impl Proposer {
    /// Hears what was said since the last round and writes down what people wish; tells whether a
    /// command was obeyed, so that pages may be others than before.
    pub(super) async fn hear(
        &self,
        docket: &mut Docket,
        dashboard: Option<&Found>,
    ) -> Result<bool> {
        self.hear_ticks(docket, dashboard).await?;
        let obeyed = self.hear_comments(docket).await?;
        self.hear_reviews(docket).await?;
        Ok(obeyed)
    }

    async fn hear_ticks(&self, docket: &mut Docket, dashboard: Option<&Found>) -> Result<()> {
        let Some(found) = dashboard else { return Ok(()) };
        for id in ticked(&found.body) {
            let entry = docket.entries.get_mut(&id);
            let Some(case) = entry.and_then(|entry| entry.case.as_mut()) else { continue };
            match case.row.state {
                ProposalState::Held | ProposalState::Planned => case.wishes.asked = true,
                ProposalState::Rejected | ProposalState::Superseded => {
                    case.wishes.asked_again = true;
                }
                _ => continue,
            }
            self.store.keep_proposal(&case.kept(self.github.now())).await?;
        }
        Ok(())
    }

    /// What was said before the first round ever is not for us.
    async fn hear_comments(&self, docket: &mut Docket) -> Result<bool> {
        let now = self.github.now();
        let told = self.store.setting(HEARD).await?;
        let Some(since) = told.and_then(|at| at.parse().ok()).map(Millis) else {
            self.store.set(HEARD, &now.0.to_string()).await?;
            return Ok(false);
        };
        let mut obeyed = false;
        let numbers = numbers(docket);
        for comment in self.github.comments_since(Millis(since.0 - OVERLAP)).await? {
            let Some(id) = number_of(&comment).and_then(|number| numbers.get(&number)) else {
                continue;
            };
            let entry = docket.entries.get_mut(id).expect("the numbers are of entries");
            obeyed |= self.hear_comment(entry, &comment).await?;
        }
        self.store.set(HEARD, &now.0.to_string()).await?;
        Ok(obeyed)
    }

    /// A command is taken once: an edited comment is not read again. Tells whether one was obeyed.
    async fn hear_comment(&self, entry: &mut Entry, comment: &Comment) -> Result<bool> {
        let Some(login) = self.person(comment.user.as_ref()).await? else { return Ok(false) };
        let said = commands::read(comment.body.as_deref().unwrap_or_default());
        if said == Said::Nothing {
            return Ok(false);
        }
        let case = entry.case.as_mut().expect("a number is a case's");
        if case.wishes.heard.contains(&comment.id) {
            return Ok(false);
        }
        let taken = match said {
            Said::Command(command) if self.github.may_command(&login).await? => {
                self.github.react(comment.id, Reaction::Seen).await?;
                Some(self.obey(entry, command).await?)
            }
            _ => None,
        };
        let case = entry.case.as_mut().expect("a number is a case's");
        let (reaction, words) = match taken {
            Some(Taken::Done) => (Reaction::Done, None),
            Some(Taken::Told(words)) => (Reaction::Done, Some(words)),
            Some(Taken::Impossible(why)) => (Reaction::Confused, Some(status::impossible(&why))),
            None => (Reaction::Confused, None),
        };
        if let (Some(words), Some(number)) = (words, case.ledger.number) {
            self.github.tell_status(number, &case.row.cluster, &words).await?;
        }
        self.github.react(comment.id, reaction).await?;
        case.hears(comment.id);
        self.store.keep_proposal(&case.kept(self.github.now())).await?;
        Ok(reaction == Reaction::Done)
    }

    async fn obey(&self, entry: &mut Entry, command: Command) -> Result<Taken> {
        let draft = entry.page.as_ref().ok().map(|page| &page.draft);
        let case = entry.case.as_mut().expect("a number is a case's");
        let now = self.github.now();
        Ok(match command {
            Command::Help => Taken::Told(status::help()),
            Command::Rebase => {
                case.wishes.rebase = true;
                Taken::Done
            }
            Command::Recreate => match self.github.head(&case.row.branch).await? {
                Some(head) => {
                    let words = status::recreated(&head);
                    case.wishes.recreate = Some(head);
                    case.wishes.anew = true;
                    Taken::Told(words)
                }
                None => Taken::Impossible("the branch is gone".to_owned()),
            },
            Command::Refresh => {
                case.hurry();
                match draft {
                    Some(draft) => Taken::Told(status::refreshed(draft)),
                    None => Taken::Done,
                }
            }
            Command::Reject { .. } => {
                self.close(case).await?;
                Taken::Told(status::rejected())
            }
            Command::Snooze { days } => {
                let until = Millis(now.0 + i64::from(days) * Millis::DAY);
                case.wishes.snoozed_until = Some(until);
                Taken::Told(status::snoozed(until))
            }
            Command::Split => {
                let Some(cluster) = self.store.cluster(&case.row.cluster).await? else {
                    return Ok(Taken::Impossible("nothing is left of the question".to_owned()));
                };
                let questions = cluster.occurrences.iter().map(|one| one.question.message);
                self.store.split(&questions.collect::<Vec<_>>(), now).await?;
                case.hurry();
                Taken::Told(status::split())
            }
            Command::Batch => {
                case.wishes.batch = true;
                Taken::Told(status::batched())
            }
            Command::Ready => {
                case.ledger.checked = case.ledger.faulty.take().or(case.ledger.checked.take());
                case.ledger.readied = false;
                Taken::Done
            }
            Command::ShowEvidence => match draft {
                Some(draft) => Taken::Told(status::evidence(draft)),
                None => Taken::Impossible("nothing is left that could be shown".to_owned()),
            },
            Command::Page(path) => {
                case.wishes.page = Some(path);
                case.hurry();
                Taken::Done
            }
            Command::Lang(code) => {
                case.wishes.lang = Some(code);
                case.hurry();
                Taken::Done
            }
            Command::Propose => {
                case.wishes.asked_again = true;
                Taken::Done
            }
        })
    }

    /// Closes a pull request because a person told us to.
    async fn close(&self, case: &mut Case) -> Result<()> {
        if let Some(number) = case.ledger.number {
            self.github.close_pull(number).await?;
        }
        case.row.state = ProposalState::Rejected;
        if self.store.cluster(&case.row.cluster).await?.is_some() {
            self.store.set_state(&case.row.cluster, ClusterState::Rejected).await?;
        }
        Ok(())
    }

    /// A review that asks for changes gets a visible answer, once.
    async fn hear_reviews(&self, docket: &mut Docket) -> Result<()> {
        for entry in docket.entries.values_mut() {
            let Some(case) = entry.case.as_mut().filter(|case| case.is_open()) else { continue };
            let Some(number) = case.ledger.number else { continue };
            let mut news = false;
            for review in self.github.reviews(number).await? {
                let asks = review.state.eq_ignore_ascii_case("CHANGES_REQUESTED");
                if asks && self.person(review.user.as_ref()).await?.is_some() {
                    news |= case.hears(review.id);
                }
            }
            if news {
                let words = status::changes_requested();
                self.github.tell_status(number, &case.row.cluster, &words).await?;
                self.store.keep_proposal(&case.kept(self.github.now())).await?;
            }
        }
        Ok(())
    }

    /// The login, unless it is ours or a program's.
    async fn person(&self, account: Option<&Account>) -> Result<Option<String>> {
        let me = self.github.me().await?;
        let person = account.filter(|one| one.kind != "Bot" && !one.login.eq_ignore_ascii_case(me));
        Ok(person.map(|one| one.login.clone()))
    }
}

/// Whose each pull request is.
fn numbers(docket: &Docket) -> BTreeMap<u64, ClusterId> {
    let cases = docket.entries.iter().filter_map(|(id, entry)| {
        let number = entry.case.as_ref()?.ledger.number?;
        Some((number, id.clone()))
    });
    cases.collect()
}

/// The issue or pull request that a comment belongs to.
fn number_of(comment: &Comment) -> Option<u64> {
    comment.issue_url.rsplit('/').next()?.parse().ok()
}
