//! Commands that people type without a mark, set as code.

use rules::publish::anonymize::Participants;
use rules::similarity::is_sentence_word;

/// Programs with the words that may follow them. A program's name alone, or with another word behind it, may be
/// prose: "npm is slow".
const PROGRAMS: [(&str, &[&str]); 19] = [
    ("apt", APT),
    ("apt-get", APT),
    ("aptitude", APT),
    ("brew", &["install", "update", "upgrade", "uninstall"]),
    ("bun", &["add", "create", "install", "remove", "run", "update", "x"]),
    ("bunx", ANY),
    ("cargo", &["add", "build", "clean", "install", "run", "test", "update"]),
    ("docker", &["build", "compose", "exec", "logs", "ps", "pull", "rm", "run", "stop", "system"]),
    ("dpkg-reconfigure", ANY),
    (
        "git",
        &[
            "checkout", "clone", "commit", "fetch", "pull", "push", "rebase", "reset", "stash",
            "status",
        ],
    ),
    ("npm", NPM),
    ("npx", ANY),
    ("pip", &["freeze", "install", "list", "uninstall"]),
    ("pip3", &["freeze", "install", "list", "uninstall"]),
    ("pnpm", NPM),
    ("snap", &["install", "list", "refresh", "remove"]),
    ("sudo", ANY),
    ("systemctl", &["daemon-reload", "disable", "enable", "restart", "start", "status", "stop"]),
    ("yarn", &["add", "build", "dev", "install", "remove", "start", "upgrade"]),
];
const APT: &[&str] = &[
    "autoremove",
    "build-dep",
    "dist-upgrade",
    "full-upgrade",
    "install",
    "purge",
    "remove",
    "search",
    "source",
    "update",
    "upgrade",
];
const NPM: &[&str] = &[
    "add",
    "build",
    "cache",
    "ci",
    "dev",
    "i",
    "install",
    "link",
    "remove",
    "run",
    "start",
    "uninstall",
    "update",
];
/// Whatever is written as a command, a package or an option may follow.
const ANY: &[&str] = &[];

/// Plain words behind a command are taken for its arguments up to so many, where it ends behind them.
const MOST_PLAIN: usize = 3;
/// Between two commands on one line.
const OPERATORS: [&str; 4] = ["&&", "||", "|", ";"];

/// The text with its commands as code spans. What stands in code or quotes stays, and so does a command with
/// somebody's name, which is hidden in prose.
pub(crate) fn with_commands(text: &str, people: &Participants<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence && line.matches("```").count() == 1;
        if fenced || fence || line.contains('`') || line.trim_start().starts_with('>') {
            out.push_str(line);
        } else {
            mark_commands(line, people, &mut out);
        }
    }
    out
}

fn mark_commands(line: &str, people: &Participants<'_>, out: &mut String) {
    let words = words_with_positions(line);
    if is_command_line(&words) && !people.names_left_in(line) {
        let command = line.trim();
        out.push_str(&line.replacen(command, &format!("`{command}`"), 1));
        return;
    }
    let (mut at, mut done) = (0, 0);
    while at < words.len() {
        let count = command_at(&words[at..]).filter(|_| !is_in_quotes(line, &words[..at]));
        let Some(count) = count else {
            at += 1;
            continue;
        };
        let (first, last) = (&words[at], &words[at + count - 1]);
        let command = &line[first.start..last.start + bare(last.text).len()];
        if !people.names_left_in(command) {
            out.push_str(&line[done..first.start]);
            out.push_str(&format!("`{command}`"));
            done = first.start + command.len();
            // A comma that was typed apart from the command.
            let rest = &line[done..];
            if rest.trim_start_matches(' ').starts_with([',', '.']) {
                done += rest.len() - rest.trim_start_matches(' ').len();
            }
        }
        at += count;
    }
    out.push_str(&line[done..]);
}

/// Whether a line is nothing but a program with options, whatever its name: `uname -r`.
fn is_command_line(words: &[PlacedWord<'_>]) -> bool {
    let Some((program, options)) = words.split_first() else { return false };
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)
            })
    };
    let is_option = |word: &PlacedWord<'_>| {
        let name = word.text.trim_start_matches('-');
        let dashes = word.text.len() - name.len();
        (1..=2).contains(&dashes)
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    is_name(program.text)
        && !is_sentence_word(program.text)
        && !options.is_empty()
        && options.iter().all(is_option)
}

/// Whether a quote is open behind some words of a line.
fn is_in_quotes(line: &str, words: &[PlacedWord<'_>]) -> bool {
    let Some(last) = words.last() else { return false };
    let said = &line[..last.start + last.text.len()];
    said.matches('"').count() % 2 == 1 || last.text.starts_with(['\'', '\u{2018}', '\u{201c}'])
}

/// A word of a line with the byte at which it begins.
struct PlacedWord<'l> {
    start: usize,
    text: &'l str,
}

fn words_with_positions(line: &str) -> Vec<PlacedWord<'_>> {
    let start = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize;
    line.split_whitespace().map(|text| PlacedWord { start: start(text), text }).collect()
}

/// How many words the command has that begins here, with those that an operator joins to it.
fn command_at(words: &[PlacedWord<'_>]) -> Option<usize> {
    let mut count = single_command(words)?;
    while words.get(count).is_some_and(|word| OPERATORS.contains(&word.text)) {
        let Some(more) = single_command(&words[count + 1..]) else { break };
        count += 1 + more;
    }
    Some(count)
}

fn single_command(words: &[PlacedWord<'_>]) -> Option<usize> {
    let settings = words.iter().take_while(|word| is_assignment(word.text)).count();
    let mut count = settings + opening(&words[settings..])?;
    // What is plainly an argument counts at once, other words only where the command ends behind them.
    let mut end = count;
    while !is_closed(words[end - 1].text) && end - count <= MOST_PLAIN {
        let Some(word) = words.get(end).map(|word| word.text) else { break };
        if is_technical(bare(word)) {
            count = end + 1;
        } else if !is_plain_argument(bare(word)) {
            break;
        }
        end += 1;
    }
    let ends_there = words.get(end).is_none() || is_closed(words[end - 1].text);
    Some(if ends_there && end - count <= MOST_PLAIN { end } else { count })
}

/// How many words the program and what it is told have.
fn opening(words: &[PlacedWord<'_>]) -> Option<usize> {
    let (name, second) = (words.first()?.text, words.get(1)?.text);
    let (_, known) = PROGRAMS.iter().find(|(program, _)| *program == name)?;
    if name == "sudo" {
        let rest = opening(&words[1..]).map(|count| 1 + count);
        return rest.or_else(|| is_command_name(bare(second)).then_some(2));
    }
    let follows = match known {
        [] => is_technical(bare(second)) || is_command_name(bare(second)) && !is_closed(name),
        known => known.contains(&bare(second)),
    };
    (follows && !is_closed(name)).then_some(2)
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_command_name(word: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._+".contains(&byte);
    word.len() > 1
        && word.bytes().all(plain)
        && word.as_bytes()[0].is_ascii_lowercase()
        && !is_sentence_word(word)
}

/// Whether a word is an option, a path, a version or another argument that is no word of the language.
fn is_technical(word: &str) -> bool {
    word.is_ascii()
        && !is_open_quoted(word)
        && (word.starts_with('-')
            || word.bytes().any(|byte| byte.is_ascii_digit() || b"/._=@:~+-".contains(&byte)))
}

fn is_plain_argument(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_lowercase())
        && !is_sentence_word(word)
}

/// A word without the marks of a sentence behind it. A quote stays where another one in the word opens it.
fn bare(word: &str) -> &str {
    let word = word.trim_end_matches([',', '.', ';', ':', '!', '?', ')']);
    match word.strip_suffix(['"', '\'']) {
        Some(rest) if is_open_quoted(word) => rest,
        _ => word,
    }
}

/// Whether a quote in a word has no other one that it belongs to.
fn is_open_quoted(word: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| word.matches(quote).count() % 2 == 1)
}

fn is_closed(word: &str) -> bool {
    bare(word).len() < word.len()
}

#[cfg(test)]
mod tests {
    use rules::publish::pseudonym::AuthorNaming;

    use super::*;
    use crate::test_support;

    #[test]
    fn commands_become_code_to_their_last_word_and_prose_stays() {
        let cluster = test_support::cluster();
        let people = Participants::of(&cluster, &AuthorNaming::DisplayNames);
        for (text, expected) in [
            (
                "sudo apt-get install cmake-data , I would think",
                "`sudo apt-get install cmake-data`, I would think",
            ),
            (
                "finish it with sudo apt-get dist-upgrade",
                "finish it with `sudo apt-get dist-upgrade`",
            ),
            (
                "run git pull origin main, then npm run build.",
                "run `git pull origin main`, then `npm run build`.",
            ),
            ("try npm install if it is missing", "try `npm install` if it is missing"),
            ("pip install fails for me", "`pip install` fails for me"),
            ("apt-get update && apt-get upgrade", "`apt-get update && apt-get upgrade`"),
            ("sudo su -, and then passwd", "`sudo su -`, and then passwd"),
            ("use LOG=debug pnpm start", "use `LOG=debug pnpm start`"),
            ("bun run start --port=80 again", "`bun run start --port=80` again"),
            ("sudo rm /run/lock; sudo reboot", "`sudo rm /run/lock`; `sudo reboot`"),
            (
                "Use pnpm start --files=\"a.json,b.json\"",
                "Use `pnpm start --files=\"a.json,b.json\"`",
            ),
            ("type 'sudo apt-get install cmake' there", "type 'sudo apt-get install cmake' there"),
            ("type \"sudo apt-get install cmake\"", "type \"sudo apt-get install cmake\""),
            ("use `git pull` or git pull", "use `git pull` or git pull"),
            (
                "npm is slow, git is fine, sudo is needed",
                "npm is slow, git is fine, sudo is needed",
            ),
            ("you need sudo for it", "you need sudo for it"),
            ("```\ngit pull\n```", "```\ngit pull\n```"),
            ("docker works, so does yarn", "docker works, so does yarn"),
            ("relayctl -r", "`relayctl -r`"),
            ("relayctl --short -v\n", "`relayctl --short -v`\n"),
            ("relay - fine", "relay - fine"),
        ] {
            assert_eq!(with_commands(text, &people), expected);
        }
    }
}
