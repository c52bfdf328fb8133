//! Literals in JSON and JavaScript: objects, arrays and strings with their places in the text, whatever code
//! stands around them.
//!
//! Settings of a site are read without running them. What is computed is no literal, and a caller has to say
//! that it cannot tell.

use std::ops::Range;

/// Deeper nesting is no settings file.
const DEEPEST: usize = 120;
/// A brace that opens no object is read twice; more of them than this are no settings file.
const MOST_RETRIES: usize = 500;

/// A value in a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptLiteral {
    pub(crate) kind: LiteralKind,
    /// The bytes from its first to behind its last.
    pub(crate) range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LiteralKind {
    /// Properties in order; what is spread or computed has an empty key.
    Object(Vec<(String, ScriptLiteral)>),
    Array(Vec<ScriptLiteral>),
    Text(String),
    /// Numbers, names, calls and everything else, with the literals inside.
    Code(Vec<ScriptLiteral>),
}

impl ScriptLiteral {
    /// Reads a whole file, as code; `None` where brackets or quotes do not match.
    pub(crate) fn of_file(text: &str) -> Option<Self> {
        let mut parser = LiteralParser { text, at: 0, depth: 0, retries: 0 };
        let kind = LiteralKind::Code(parser.code(None)?);
        Some(Self { kind, range: 0..text.len() })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.properties().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn properties(&self) -> &[(String, Self)] {
        match &self.kind {
            LiteralKind::Object(properties) => properties,
            _ => &[],
        }
    }

    /// The elements of an array.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            LiteralKind::Array(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            LiteralKind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.kind, LiteralKind::Object(_))
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self.kind, LiteralKind::Array(_))
    }

    /// The values inside, not those inside of them.
    fn inner(&self) -> Vec<&Self> {
        match &self.kind {
            LiteralKind::Object(properties) => properties.iter().map(|(_, value)| value).collect(),
            LiteralKind::Array(items) | LiteralKind::Code(items) => items.iter().collect(),
            LiteralKind::Text(_) => Vec::new(),
        }
    }

    /// It and everything inside, in the order of the text.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        found.extend(self.inner().into_iter().flat_map(Self::all));
        found
    }

    /// The first value of a property with this name, wherever it is.
    pub(crate) fn find(&self, key: &str) -> Option<&Self> {
        self.all().into_iter().find_map(|one| one.get(key))
    }

    /// The one text that a value is or that a call has as its only literal, as in `require.resolve('./a.js')`.
    pub(crate) fn only_text(&self) -> Option<&str> {
        match &self.kind {
            LiteralKind::Text(text) => Some(text),
            LiteralKind::Code(inner) => match inner.as_slice() {
                [one] => one.text(),
                _ => None,
            },
            _ => None,
        }
    }
}

struct LiteralParser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    retries: usize,
}

impl LiteralParser<'_> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn starts_with(&self, what: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(what.as_bytes())
    }

    /// Goes past space and comments.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let bare = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - bare.len();
            if bare.starts_with("//") {
                self.at += bare.find('\n').unwrap_or(bare.len());
            } else if bare.starts_with("/*") {
                self.at += bare.find("*/").map_or(bare.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    /// The literals in code up to a closing bracket, which is passed, or to the end of the text.
    fn code(&mut self, close: Option<u8>) -> Option<Vec<ScriptLiteral>> {
        let mut found = Vec::new();
        loop {
            self.space();
            match self.next() {
                next if next == close => {
                    self.at += usize::from(next.is_some());
                    return Some(found);
                }
                None => return None,
                Some(b',' | b';') => self.at += 1,
                Some(_) => self.piece(&mut found)?,
            }
        }
    }

    /// One value that ends before a comma or a closing bracket.
    fn value(&mut self) -> Option<ScriptLiteral> {
        self.space();
        let (from, mut found, mut words) = (self.at, Vec::new(), Vec::new());
        let mut end = from;
        loop {
            self.space();
            match self.next()? {
                b',' | b'}' | b']' | b')' | b';' => break,
                _ => {
                    let (begins, known) = (self.at, found.len());
                    self.piece(&mut found)?;
                    if found.len() == known {
                        words.push((known, &self.text[begins..self.at]));
                    }
                    end = self.at;
                }
            }
        }
        // `{…} satisfies Options` and `[…] as const` are the literal that they begin with.
        let typed = words
            .first()
            .is_none_or(|(before, word)| *before == 1 && matches!(*word, "satisfies" | "as"));
        let plain = typed && found.first().is_some_and(|one| one.range.start == from);
        if plain && (found.len() == 1 || !words.is_empty()) {
            return Some(found.swap_remove(0));
        }
        Some(ScriptLiteral { kind: LiteralKind::Code(found), range: from..end })
    }

    /// A literal, what is in parentheses, a word or a sign.
    fn piece(&mut self, found: &mut Vec<ScriptLiteral>) -> Option<()> {
        match self.next()? {
            b'{' => found.push(self.nested(Self::braces)?),
            b'[' => found.push(self.nested(Self::array)?),
            b'(' => {
                self.at += 1;
                let inner = self.nested(|parser| parser.code(Some(b')')))?;
                found.extend(inner);
            }
            b'"' | b'\'' => found.push(self.string()?),
            b'`' => found.push(self.nested(Self::template)?),
            b'}' | b']' | b')' => return None,
            b'/' if self.begins_pattern() => self.pattern()?,
            _ => self.word(),
        }
        Some(())
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        let parsed = if self.depth > DEEPEST { None } else { parse(self) };
        self.depth -= 1;
        parsed
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let inside = |c: char| c.is_alphanumeric() || "_$".contains(c);
        let length = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        self.at += length.max(first);
    }

    fn array(&mut self) -> Option<ScriptLiteral> {
        let from = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            match self.next()? {
                b']' => break self.at += 1,
                b',' => self.at += 1,
                b'}' | b')' | b';' => return None,
                _ => items.push(self.value()?),
            }
        }
        Some(ScriptLiteral { kind: LiteralKind::Array(items), range: from..self.at })
    }

    /// An object, or a block of code.
    fn braces(&mut self) -> Option<ScriptLiteral> {
        let from = self.at;
        self.at += 1;
        let kind = match self.properties() {
            Some(properties) => LiteralKind::Object(properties),
            None => {
                self.retries += 1;
                if self.retries > MOST_RETRIES {
                    return None;
                }
                self.at = from + 1;
                LiteralKind::Code(self.code(Some(b'}'))?)
            }
        };
        Some(ScriptLiteral { kind, range: from..self.at })
    }

    fn properties(&mut self) -> Option<Vec<(String, ScriptLiteral)>> {
        let mut properties = Vec::new();
        loop {
            self.space();
            match self.next()? {
                b'}' => {
                    self.at += 1;
                    return Some(properties);
                }
                b',' => self.at += 1,
                b'.' if self.starts_with("...") => {
                    self.at += 3;
                    properties.push((String::new(), self.value()?));
                }
                _ => {
                    let key = self.key()?;
                    let value = self.property()?;
                    properties.push((key, value));
                }
            }
        }
    }

    fn key(&mut self) -> Option<String> {
        match self.next()? {
            b'"' | b'\'' => self.string()?.text().map(str::to_owned),
            b'[' => self.nested(Self::array).map(|_| String::new()),
            c if c.is_ascii_alphanumeric() || c == b'_' || c == b'$' || !c.is_ascii() => {
                let from = self.at;
                self.word();
                let key = &self.text[from..self.at];
                let kind = matches!(key, "async" | "get" | "set");
                self.space();
                let next = self.next()?;
                let named = next.is_ascii_alphabetic() || next == b'_';
                if kind && named { self.key() } else { Some(key.to_owned()) }
            }
            _ => None,
        }
    }

    /// What follows a key: a value, the body of a method, or nothing.
    fn property(&mut self) -> Option<ScriptLiteral> {
        self.space();
        let from = self.at;
        match self.next()? {
            b':' => {
                self.at += 1;
                self.value()
            }
            b'(' => {
                let mut found = Vec::new();
                while !matches!(self.next()?, b'{') {
                    self.piece(&mut found)?;
                    self.space();
                }
                self.piece(&mut found)?;
                Some(ScriptLiteral { kind: LiteralKind::Code(found), range: from..self.at })
            }
            b',' | b'}' => {
                Some(ScriptLiteral { kind: LiteralKind::Code(Vec::new()), range: from..from })
            }
            _ => None,
        }
    }

    fn string(&mut self) -> Option<ScriptLiteral> {
        let from = self.at;
        let quote = self.next()?;
        let mut text = String::new();
        self.at += 1;
        loop {
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '\n' => return None,
                '\\' => text.push_str(&self.escape()?),
                c if u32::from(c) == u32::from(quote) => break,
                c => text.push(c),
            }
        }
        Some(ScriptLiteral { kind: LiteralKind::Text(text), range: from..self.at })
    }

    /// What an escape behind its backslash stands for.
    fn escape(&mut self) -> Option<String> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(match c {
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            'r' => "\r".to_owned(),
            '\n' => String::new(),
            'u' => {
                let from = self.at;
                while self.next().is_some_and(|next| next.is_ascii_hexdigit()) && self.at < from + 4
                {
                    self.at += 1;
                }
                let code = u32::from_str_radix(&self.text[from..self.at], 16).ok();
                code.and_then(char::from_u32).unwrap_or('\u{fffd}').to_string()
            }
            other => other.to_string(),
        })
    }

    /// A template: text if nothing is computed in it.
    fn template(&mut self) -> Option<ScriptLiteral> {
        let from = self.at;
        self.at += 1;
        let (mut text, mut found, mut computed) = (String::new(), Vec::new(), false);
        loop {
            if self.starts_with("${") {
                self.at += 2;
                computed = true;
                found.extend(self.nested(|parser| parser.code(Some(b'}')))?);
                continue;
            }
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '`' => break,
                '\\' => text.push_str(&self.escape()?),
                c => text.push(c),
            }
        }
        let kind = if computed { LiteralKind::Code(found) } else { LiteralKind::Text(text) };
        Some(ScriptLiteral { kind, range: from..self.at })
    }

    /// Whether a slash begins a regular expression: nothing stands before it that could be divided.
    fn begins_pattern(&self) -> bool {
        let before = self.text[..self.at].trim_end();
        before.ends_with("return")
            || before.is_empty()
            || before.ends_with(|c| "(,=:[!&|?{};+".contains(c))
    }

    fn pattern(&mut self) -> Option<()> {
        self.at += 1;
        let mut class = false;
        loop {
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '\n' => return None,
                '\\' => self.at += self.text[self.at..].chars().next()?.len_utf8(),
                '[' => class = true,
                ']' => class = false,
                '/' if !class => return Some(()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find<'l>(file: &'l ScriptLiteral, key: &str) -> &'l ScriptLiteral {
        file.find(key).unwrap_or_else(|| panic!("no {key} in {file:?}"))
    }

    #[test]
    fn literals_are_found_in_code() {
        let text = r#"
            // path: 'comment'
            import { resolve } from 'path';
            const pattern = /['"]\/[/}]/g, half = 4 / 2;
            function build() { if (half) { return { docs: `a ${half} {` }; } }
            const config: Config = defineConfig({
              title: 'It\'s "here"', /* } */
              "quoted-key": ["a", 'b', `c`,],
              async load() { return [1, { x: "}" }]; },
              nested: { path: '../docs', sidebarPath: require.resolve('./sidebars.json'), ...rest } satisfies Options,
              computed: path.join(__dirname, 'a', name),
              shorthand,
              list: [{ a: 1 }] as const,
            });
            export default config;"#;
        let file = ScriptLiteral::of_file(text).unwrap();
        assert_eq!(find(&file, "title").text(), Some("It's \"here\""));
        let quoted = find(&file, "quoted-key").items().iter().filter_map(ScriptLiteral::text);
        assert_eq!(quoted.collect::<Vec<_>>(), ["a", "b", "c"]);
        let nested = find(&file, "nested");
        assert!(nested.is_object());
        assert_eq!(nested.get("path").and_then(ScriptLiteral::text), Some("../docs"));
        assert_eq!(
            nested.get("sidebarPath").and_then(ScriptLiteral::only_text),
            Some("./sidebars.json")
        );
        assert_eq!(nested.get("sidebarPath").and_then(ScriptLiteral::text), None);
        assert!(
            matches!(&find(&file, "computed").kind, LiteralKind::Code(inner) if inner.len() == 1)
        );
        assert!(find(&file, "list").is_array());
        let range = &find(&file, "list").range;
        assert_eq!(&text[range.clone()], "[{ a: 1 }]");
    }

    #[test]
    fn what_does_not_match_is_not_read() {
        for text in ["{", "a)", "'x", "{ a: 'b }", "`x", "[1", "/* x"] {
            let read = ScriptLiteral::of_file(text);
            assert!(read.is_none() || text == "/* x", "{text}: {read:?}");
        }
        assert!(ScriptLiteral::of_file(&"{".repeat(50_000)).is_none());
        assert!(ScriptLiteral::of_file(&"{a:".repeat(50_000)).is_none());
        assert!(ScriptLiteral::of_file(&"({x y".repeat(100)).is_none());
    }

    proptest! {
        #[test]
        fn any_text_makes_no_panic(text in "[a-z{}\\[\\]()'\"`$:,/\\\\\n é.]{0,80}") {
            if let Some(file) = ScriptLiteral::of_file(&text) {
                for one in file.all() {
                    prop_assert!(text.get(one.range.clone()).is_some());
                }
            }
        }

        #[test]
        fn a_json_string_is_read_as_what_it_is(text in "\\PC{0,20}") {
            let quoted = serde_json::Value::from(text.as_str()).to_string();
            let file = ScriptLiteral::of_file(&format!("{{\"a\": {quoted}}}")).unwrap();
            prop_assert_eq!(file.find("a").and_then(ScriptLiteral::text), Some(text.as_str()));
        }
    }
}
