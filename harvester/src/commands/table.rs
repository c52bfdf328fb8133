//! Text in columns for terminals.

use jiff::Timestamp;

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The calendar day of a time, UTC.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// "answered 5 times for 4 askers", "answered once for 1 asker".
pub(super) fn answered(times: usize, askers: usize) -> String {
    let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let plural = if askers == 1 { "" } else { "s" };
    format!("answered {times} for {askers} asker{plural}")
}

/// The columns of a line on standard output: those of the terminal, at least 40; 80 elsewhere.
pub(super) fn line_width() -> usize {
    let terminal = console::Term::stdout();
    match terminal.size_checked() {
        Some((_, columns)) => usize::from(columns).max(40),
        None => 80,
    }
}

/// The columns for a text that follows `before` columns on a terminal, at least 20; elsewhere, where no
/// line is too long, `widest`.
pub(super) fn room(before: usize, widest: usize) -> usize {
    let terminal = console::Term::stdout().size_checked();
    terminal.map_or(widest, |(_, columns)| {
        usize::from(columns).saturating_sub(before).clamp(20, widest)
    })
}

/// A text on one line of at most `width` columns; control characters become spaces, so that chat cannot
/// steer the terminal. Wide characters, such as Korean ones, take two columns.
pub(super) fn one_line(text: &str, width: usize) -> String {
    let clean = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = clean.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let short = console::truncate_str(&clean, width, "…");
    match short.strip_suffix('…').filter(|_| short != clean) {
        Some(head) => format!("{}…", head.trim_end()),
        None => short.into_owned(),
    }
}

/// A text in lines of at most `width` columns, broken between words; a longer word has its own line.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = word.chars().filter(|c| !c.is_control()).collect::<String>();
        match lines.last_mut() {
            Some(line)
                if console::measure_text_width(line) + 1 + console::measure_text_width(&word)
                    <= width =>
            {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A text whose lines are kept, without other control characters, each line after an indent.
pub(super) fn indented(text: &str, indent: &str) -> String {
    text.lines()
        .map(|line| {
            let line = line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>();
            format!("{indent}{line}")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn lines_fit_their_columns_in_any_script() {
        assert_eq!(one_line("메모리 부족 오류", 8), "메모리…");
        assert_eq!(one_line("메모리", 6), "메모리");
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("메모리 부족", 8), ["메모리", "부족"]);
        assert_eq!(wrapped("unbreakable a", 4), ["unbreakable", "a"]);
    }

    #[test]
    fn chat_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31mb\r\nc", 80), "a [31mb c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(indented("a\u{7}\nb", "> "), "> a\n> b");
    }
}
