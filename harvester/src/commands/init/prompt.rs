//! Questions on the terminal. Where nobody is asked, each has its default for an answer.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;

use crate::commands::UsageError;

/// Asks on standard error, reads standard input.
pub(super) struct SetupPrompt {
    /// Whether questions are asked; else defaults hold.
    interactive: bool,
}

impl SetupPrompt {
    pub(super) fn new(interactive: bool) -> Self {
        Self { interactive }
    }

    /// One line; an empty one is the default.
    pub(super) fn line(&self, question: &str, default: &str) -> anyhow::Result<String> {
        if !self.interactive {
            return Ok(default.to_owned());
        }
        let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        write_question(&format!("{question}{shown}: "))?;
        let line = read_line()?;
        Ok(if line.is_empty() { default.to_owned() } else { line })
    }

    /// One of several options, each with what it means, by number or name.
    pub(super) fn choice(
        &self,
        question: &str,
        options: &[(&str, &str)],
        default: usize,
    ) -> anyhow::Result<usize> {
        if !self.interactive {
            return Ok(default);
        }
        let mut text = format!("{question}\n");
        for (number, (name, meaning)) in (1..).zip(options) {
            text.push_str(&format!("  {number}  {name}: {meaning}\n"));
        }
        write_question(&text)?;
        loop {
            let answer = self.line("Number or name", options[default].0)?;
            let by_name = options.iter().position(|(name, _)| *name == answer);
            let by_number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let chosen = by_name.or(by_number).filter(|at| *at < options.len());
            if let Some(chosen) = chosen {
                return Ok(chosen);
            }
            write_question(&format!("{answer:?} is none of them.\n"))?;
        }
    }

    /// Any number of names, separated by commas; each must be one of `known`, if there are any.
    pub(super) fn names(
        &self,
        question: &str,
        known: &[String],
        default: &[String],
    ) -> anyhow::Result<Vec<String>> {
        loop {
            let answer = self.line(question, &default.join(", "))?;
            let names = answer.split(',').map(str::trim).filter(|name| !name.is_empty());
            let names = names.map(str::to_owned).collect::<Vec<_>>();
            match names.iter().find(|name| !known.is_empty() && !known.contains(name)) {
                Some(unknown) if self.interactive => {
                    write_question(&format!("{unknown:?} is not one of: {}\n", known.join(", ")))?;
                }
                _ => return Ok(names),
            }
        }
    }

    /// A secret, which a terminal does not show while it is typed.
    pub(super) fn secret(&self, question: &str) -> anyhow::Result<String> {
        write_question(&format!("{question}: "))?;
        if io::stdin().is_terminal() {
            let secret = console::Term::stderr().read_secure_line();
            return Ok(secret.context("cannot read from the terminal")?.trim().to_owned());
        }
        read_line()
    }
}

fn write_question(text: &str) -> anyhow::Result<()> {
    let mut terminal = io::stderr().lock();
    terminal
        .write_all(text.as_bytes())
        .and_then(|()| terminal.flush())
        .context("cannot write to the terminal")
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).context("cannot read the answer")?;
    if read == 0 {
        let says = "the answers ended; give them as flags, and --yes for the defaults of the rest";
        return Err(UsageError(says.to_owned()).into());
    }
    Ok(line.trim().to_owned())
}
