//! What maintainers do in between.

use super::{DOCS, QUESTIONS, Run};
use crate::harness::github::{How, Issue, Verdict};

const MORE: &str = "\nOne more sentence of Mina's.\n";

impl Run<'_> {
    /// A maintainer does something with one of the pull requests, if there is any.
    pub(super) fn act(&mut self) -> anyhow::Result<()> {
        let pulls = self.pulls();
        if pulls.is_empty() {
            return Ok(());
        }
        self.ran.acts += 1;
        let pull = &pulls[self.dice.roll(pulls.len())];
        let what = self.dice.roll(18);
        match what {
            0 | 1 if pull.open => self.commit(pull)?,
            2 if pull.open => {
                self.mina(|mina| _ = mina.review(pull.number, Verdict::Comment, "Hm."))
            }
            3 if pull.open => {
                let words = "Please say for which version.";
                self.mina(|mina| _ = mina.review(pull.number, Verdict::RequestChanges, words));
            }
            4 | 5 => self.mina(|mina| _ = mina.comment(pull.number, "Is that still so?")),
            6 if pull.open => {
                let body = format!("{}{MORE}", pull.body);
                self.mina(|mina| mina.edit_body(pull.number, &body));
                self.edited.insert(pull.number);
            }
            7 if pull.open => {
                let title = format!("{} (Mina)", pull.title);
                self.mina(|mina| mina.edit_title(pull.number, &title));
                self.edited.insert(pull.number);
            }
            8 if pull.open => self.mina(|mina| mina.close(pull.number)),
            9 | 10 if pull.open && !pull.is_draft() => {
                let number = pull.number;
                self.mina(|mina| {
                    drop(mina.may_merge(number).then(|| mina.merge(number, How::Squash)))
                });
            }
            11 | 12 => self.tick(),
            13 => self.say(pull, "propose"),
            14 => self.say(pull, "rebase"),
            15 => self.say(pull, "refresh"),
            16 => self.say(pull, "show evidence"),
            _ => {
                let text = format!("# Harbor\n\nEdition {}\n", self.dice.roll(1_000));
                self.mina(|mina| drop(mina.push("main", &[("README.md", Some(&text))], "Edit")));
            }
        }
        Ok(())
    }

    fn mina(&self, act: impl FnOnce(&crate::harness::github::Acting<'_>)) {
        act(&self.github.acting("mina", DOCS));
    }

    fn commit(&mut self, pull: &Issue) -> anyhow::Result<()> {
        let (path, page) = self.page(pull)?;
        let page = format!("{page}{MORE}");
        let change = [(path.as_str(), Some(page.as_str()))];
        let commit = self.github.acting("mina", DOCS).push(pull.branch(), &change, "Say more");
        self.committed.insert(pull.branch().to_owned(), commit);
        Ok(())
    }

    fn say(&mut self, pull: &Issue, command: &str) {
        if command == "propose" {
            *self.asked.entry(pull.branch().to_owned()).or_default() += 1;
        }
        self.mina(|mina| _ = mina.comment(pull.number, &format!("@answer-harvester {command}")));
    }

    /// Ticks every box of the dashboard.
    fn tick(&mut self) {
        let Some(board) = self.github.issues(DOCS).into_iter().next() else { return };
        for (wordings, _) in QUESTIONS {
            let words = wordings[0].split(' ').skip(4).take(2).collect::<Vec<_>>().join(" ");
            let is_box = |line: &&str| line.starts_with("- [ ]") && line.contains(&words);
            let Some(line) = board.body.lines().find(is_box) else { continue };
            let line = line.to_owned();
            let id = line.split("id=").nth(1).and_then(|rest| rest.split(' ').next());
            let branch = format!("answers/{}", id.unwrap_or_default());
            *self.asked.entry(branch).or_default() += 1;
            self.mina(|mina| mina.tick(board.number, &line[6..]));
        }
    }
}
