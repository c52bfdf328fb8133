//! Undoes the disguises in which addresses and links are posted.

use unicode_normalization::UnicodeNormalization;

use crate::text::visible;

/// The text as a person would read it: compatibility forms become plain letters, look-alikes of
/// other scripts become Latin, invisible characters go, `hxxp`, `[.]` and `(dot)` become what they
/// stand for. Case is kept.
pub fn deobfuscate(text: &str) -> String {
    let plain = visible(text).nfkc().map(latin).collect::<String>();
    let plain = visible(&plain).into_owned();
    undo_defanging(&plain)
}

fn undo_defanging(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let dot = [
            "[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", " [.] ", " [dot] ", " (dot) ", " dot ",
        ]
        .into_iter()
        .find(|dot| starts_with(rest, dot));
        if let Some(dot) = dot {
            out.push('.');
            rest = &rest[dot.len()..];
        } else if starts_with(rest, "hxxp") {
            out.push_str("http");
            rest = &rest[4..];
        } else if starts_with(rest, "[:]") || starts_with(rest, "[/]") {
            out.push_str(&rest[1..2]);
            rest = &rest[3..];
        } else {
            // What is read further needs one of these characters at its start.
            let after = &rest[c.len_utf8()..];
            let end = after.find(['[', '(', '{', ' ', 'h', 'H']).unwrap_or(after.len());
            let (taken, left) = rest.split_at(c.len_utf8() + end);
            out.push_str(taken);
            rest = left;
        }
    }
    out
}

fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes()
        .get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

/// Cyrillic and Greek letters that look like a Latin one, and slashes and dots that look plain.
fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'е' | 'ε' => 'e',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'с' | 'ϲ' => 'c',
        'у' | 'γ' => 'y',
        'х' | 'χ' => 'x',
        'і' | 'ι' => 'i',
        'ѕ' => 's',
        'ј' => 'j',
        'ԁ' => 'd',
        'ɡ' | 'ց' => 'g',
        'һ' => 'h',
        'ո' => 'n',
        'ѵ' | 'ν' => 'v',
        'ԝ' | 'ω' => 'w',
        'т' | 'τ' => 't',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' => '/',
        '\u{3002}' | '\u{ff61}' | '\u{2024}' | '\u{fe52}' | '\u{ff0e}' => '.',
        '\u{2010}'..='\u{2013}' | '\u{2212}' => '-',
        other => other,
    }
}
