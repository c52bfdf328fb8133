//! Text in columns for terminals.

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
pub(super) fn day(time: rules::model::ids::Millis) -> String {
    jiff::Timestamp::from_millisecond(time.0)
        .map_or_else(|_| "unknown".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

/// The first line of a text, at most `width` characters of it; control characters become spaces, so
/// that chat cannot steer the terminal.
pub(super) fn one_line(text: &str, width: usize) -> String {
    let clean = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean = clean.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line = clean.clone().take(width).collect::<String>();
    if clean.count() > width {
        line.pop();
        line.push('…');
    }
    line
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
    fn chat_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31mb\r\nc", 80), "a [31mb c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(indented("a\u{7}\nb", "> "), "> a\n> b");
    }
}
