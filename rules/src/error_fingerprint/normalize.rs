//! One line of an error without what differs between machines.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization as _;

/// A message needs so many words and letters of its own, or it names no error.
const FEWEST_WORDS: usize = 2;
const FEWEST_LETTERS: usize = 12;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("built-in patterns")
}

/// Words that messages of failures have in common, and the names of error codes.
static ERROR_CUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        (?i: error | exception | panic | fatal | failed | failure | denied | refused | rejected | aborted
           | crashed | cannot | can't | can\ not | could\ not | couldn't | unable\ to | invalid | illegal
           | not\ found | no\ such | missing | unexpected | undefined | unsupported | unknown | unhandled
           | timed\ out | timeout | out\ of\ memory | overflow | not\ permitted | not\ allowed
           | does\ not\ exist | 오류 | 에러 | 실패 )
        | \bE[A-Z]{3,} \b | \b[A-Z]+_[A-Z_]+ \b",
    )
});

static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x) ^\s* (?:
            at\ \S.* [(:] .* [:)] \d* \)? \s* $        # JavaScript, Java
          | at\ \S+ : \d+ (?: :\d+ )? \s* $
          | at\ (?: async\ )? [\w$.<>]+ \s* \( .* \) \s* $
          | from\ \S+ : \d+ .*                         # Ruby
          | \#? \d+ :? \s+ (?: 0x[0-9a-fA-F]+ .* | [\w$<>]+ (?: :: [\w$<>{}]+ )+ .* )   # gdb, Rust
          | --> \s+ \S+ : \d+ .*                       # rustc
          | \.{3}\ \d+ \ more \s* $                    # Java
          | goroutine\ \d+ .*                          # Go
          | Traceback\ \(most\ recent\ call\ last\): \s*
          | stack\ (?: backtrace | trace ) :? \s*
          | note:\ run\ with\ .*
          | [~^\s]+                                    # marks below a source line
        ) $",
    )
});

static PYTHON_FRAME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^\s*File "[^"]*", line \d+(?:, in .*)?\s*$"#));

/// `thread 'main' panicked at src/main.rs:4:5:`, whose message is on the next line.
static PANIC_HEADER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*thread '[^']*'(?: \(\d+\))? panicked at \S+:\d+:\d+:\s*$"));

/// What programs and logs put before a message.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix) ^\s* (?:
            [>$\#|•*-]+ \s+
          | \d{4}-\d\d-\d\d [t\ ] \d\d:\d\d (?: :\d\d (?: [.,]\d+ )? )? (?: z | [+-]\d\d:?\d\d )? [\s:|,-]*
          | \d\d:\d\d:\d\d (?: [.,]\d+ )? [\s:|,-]*
          | \[ [^\]]{1,60} \] [\s:|-]*
          | npm\ (?: err! | error ) \s*
          | thread\ '[^']*' (?: \ \(\d+\) )? \ panicked\ at \s*
          | (?: uncaught | unhandled ) \s+ (?: \(in\ promise\) \s* )? (?: exception: \s* )?
          | exception\ in\ thread\ \S+ \s+
          | caused\ by: \s*
          | (?: error | err | fatal | fatal\ error | critical | warn | warning | info | debug | severe )
            (?: \s* [:|!] \s* | \s+ - \s+ )
        )",
    )
});

/// The level of a log line in capitals: `ERROR app::server: …`.
static LEVEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:ERROR|ERR|FATAL|CRITICAL|WARN|WARNING|SEVERE)\s+"));

static ANSI: LazyLock<Regex> = LazyLock::new(|| pattern("\u{1b}\\[[0-9;]*[A-Za-z]"));
static SPACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s+"));

/// What is replaced, in this order, in lower case.
static REPLACED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\b[a-z][a-z0-9+.-]*://[^\s'<>()]+", "<url>"),
        (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", "<email>"),
        (r"'(?:[a-z]:[\\/]|\\\\|~?/|\.{1,2}[\\/])[^']*'", "'<path>'"),
        (r"\b[a-z]:[\\/][^\s'<>|*?:,;()]*", "<path>"),
        (r"(^|[\s(=:,\[])(?:~?/|\.{1,2}[\\/])[^\s':,;()\]]+", "$1<path>"),
        (r"(^|[\s'(=:,\[])(?:[\w.-]+[\\/])+[\w.-]+\.[a-z]{1,5}\b", "$1<path>"),
        (r"(^|[\s'(=:,\[])[\w-]+\.[a-z]{1,5}:\d+(?::\d+)?", "$1<path>"),
        (r"<path>(?:(?::\d+)+|\(\d+(?:,\s*\d+)?\)|, line \d+)", "<path>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (
            r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?\b",
            "<time>",
        ),
        (r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (r"(?:\blocalhost|\b\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\])(?::\d+)?\b", "<address>"),
        (r"(^|[\s(])::1(?::\d+)?\b", "$1<address>"),
        (r"\b0x[0-9a-f]+\b", "<hex>"),
        (r"\bv\d+(?:\.\d+)*(?:[-+][0-9a-z.-]*[0-9a-z])?\b", "<version>"),
        (r"\b\d+(?:\.\d+){2,}(?:[-+][0-9a-z.-]*[0-9a-z])?\b", "<version>"),
    ]
    .map(|(matched, by)| (pattern(matched), by))
    .to_vec()
});

/// A run that may be an id: letters with digits.
static RUN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[a-z0-9_-]{8,}\b"));
/// A number, with the word before it where that makes it a code, and its unit.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        (?<code> \b (?: status\ code | exit\ code | error\ code | exit\ status | code | status | http
            | errno | error | signal ) [\s:=\#(]* )?
        \b (?<number> \d+ (?: [.,]\d+ )* ) (?<unit> [a-z]{1,2}\b )? \b",
    )
});
static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"<(?:url|email|path|id|time|address|hex|version|n)>"));

pub(super) fn reads_as_error(line: &str) -> bool {
    ERROR_CUE.is_match(line)
}

pub(super) fn is_frame(line: &str) -> bool {
    FRAME.is_match(line)
}

pub(super) fn is_python_frame(line: &str) -> bool {
    PYTHON_FRAME.is_match(line)
}

pub(super) fn is_panic_header(line: &str) -> bool {
    PANIC_HEADER.is_match(line)
}

/// The message of a line; `None` where too little of it is left to name an error.
pub(super) fn normalized_line(line: &str) -> Option<String> {
    let plain = ANSI.replace_all(line, "");
    let composed = plain.nfkc().map(plain_quote).collect::<String>();
    let mut text = without_prefixes(&composed).to_lowercase();
    for (matched, by) in REPLACED.iter() {
        if let Cow::Owned(replaced) = matched.replace_all(&text, *by) {
            text = replaced;
        }
    }
    let text = RUN.replace_all(&text, id_or_itself);
    let text = NUMBER.replace_all(&text, number_or_code);
    let text = SPACE.replace_all(&text, " ");
    let text = text.trim_matches(|c: char| c.is_whitespace() || ".:;,!-|".contains(c));
    is_informative(text).then(|| text.to_owned())
}

/// Every quotation mark as the same one.
fn plain_quote(c: char) -> char {
    match c {
        '"' | '`' | '‘' | '’' | '‚' | '“' | '”' | '„' | '«' | '»' | '´' => '\'',
        c => c,
    }
}

fn without_prefixes(line: &str) -> &str {
    let mut rest = line;
    while let Some(found) = PREFIX.find(rest).or_else(|| LEVEL.find(rest)) {
        if found.end() == 0 {
            break;
        }
        rest = &rest[found.end()..];
    }
    rest.trim()
}

fn id_or_itself(found: &Captures<'_>) -> String {
    let run = &found[0];
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.bytes().filter(u8::is_ascii_lowercase).count();
    let is_hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    if letters == 0 || digits == 0 {
        run.to_owned()
    } else if is_hex {
        "<hex>".to_owned()
    } else if run.len() >= 20 && digits >= 3 {
        "<id>".to_owned()
    } else {
        run.to_owned()
    }
}

fn number_or_code(found: &Captures<'_>) -> String {
    let unit = found.name("unit").map_or("", |unit| unit.as_str());
    match found.name("code") {
        // An error code names the error, so it stays.
        Some(_) if unit.is_empty() => found[0].to_owned(),
        Some(code) => format!("{}<n>{unit}", code.as_str()),
        None => format!("<n>{unit}"),
    }
}

fn is_informative(text: &str) -> bool {
    let own = PLACEHOLDER.replace_all(text, " ");
    let words = own.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= 2);
    let (mut count, mut letters) = (0, 0);
    for word in words {
        count += 1;
        letters += word.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    }
    count >= FEWEST_WORDS && letters >= FEWEST_LETTERS
}
