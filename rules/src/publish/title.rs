//! What a question looks like as the title of a page.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::title_weights::WEIGHTS;
use crate::language::{Languages, Script};
use crate::text::is_question_mark;

/// A title is cut at a word before it passes so many characters.
const TITLE_CHARS: usize = 120;
/// A question keeps at least so many words.
const LEAST_WORDS: usize = 3;

/// The word lists of titles, of all built-in languages.
struct TitleWords {
    openers: HashSet<&'static str>,
    lead_ins: HashSet<&'static str>,
    addressees: HashSet<&'static str>,
    trailers: Vec<String>,
    empty: HashSet<&'static str>,
    leaning: HashSet<&'static str>,
    question_words: HashSet<&'static str>,
    endings: Vec<&'static str>,
    wanting: Regex,
}

static WORDS: LazyLock<TitleWords> = LazyLock::new(|| {
    let words = |key| Languages::built_in().words("title", key);
    TitleWords {
        openers: words("openers").collect(),
        lead_ins: words("lead_ins").collect(),
        addressees: words("addressees").collect(),
        trailers: words("trailers")
            .map(|word| format!(" {word}"))
            .chain(words("set_off").map(|word| format!(", {word}")))
            .collect(),
        empty: words("empty").collect(),
        leaning: words("leaning").collect(),
        question_words: words("question_words").collect(),
        endings: words("endings").collect(),
        wanting: {
            let patterns = words("wanting").collect::<Vec<_>>().join("|");
            Regex::new(&format!("(?i)(?:{patterns})")).expect("built-in patterns")
        },
    }
});

/// How well a text reads as the title of a page: higher is better, about -3 to 3.
///
/// Counts for it: a question mark at the end, a question word at the start, four to twenty words.
/// Counts against it: a greeting or an address at the start, pronouns instead of a subject, code, links.
pub fn title_score(text: &str) -> f32 {
    let text = text.trim();
    let words = words(text);
    let matter = words.iter().filter(|word| !WORDS.empty.contains(word.as_str())).count();
    let few = match Script::of(text) {
        Script::Hangul => 2,
        Script::Other => 4,
    };
    let mut score = 0.0;
    let weights = &*WEIGHTS;
    let mut weigh = |fact: bool, weight: f32| score += if fact { weight } else { 0.0 };
    weigh(text.ends_with(is_question_mark) || has_question_ending(text), weights.asks);
    weigh(words.first().is_some_and(|word| WORDS.openers.contains(word.as_str())), weights.opener);
    weigh((few..=20).contains(&words.len()), weights.good_length);
    weigh(words.len() > 40, weights.too_long);
    weigh(words.len() < few, weights.too_short);
    weigh(words.first().is_some_and(|word| is_lead_in(word, true)), weights.lead_in);
    weigh(text.starts_with(['@', '<']) || nick_opening(text).is_some(), weights.address);
    weigh(matter == 0, weights.empty);
    weigh(matter == 1, weights.one_word);
    weigh(text.contains("```") || text.lines().count() > 3 || odd_share(text) > 0.3, weights.signs);
    weigh(text.contains("http://") || text.contains("https://"), weights.link);
    weigh(text.contains("[redacted"), weights.redacted);
    score
}

/// Whether a title asks, or says what its writer wants: it does not only tell something.
pub(crate) fn asks(title: &str) -> bool {
    let marked = || title.ends_with(is_question_mark);
    opens_like_question(title)
        || marked() && words(title).iter().any(|word| is_question_word(word))
        || WORDS.wanting.is_match(title)
}

/// Whether a title is a question from its first word on, not a report that ends in one.
pub(crate) fn opens_like_question(title: &str) -> bool {
    // Where words take endings or are not set apart, a question word stands anywhere or nowhere; the mark
    // alone says it in every language that is not written in plain letters.
    let is_plain = |c: char| c.is_ascii() || !c.is_alphabetic();
    let marked = || title.ends_with(is_question_mark) && !title.chars().all(is_plain);
    let opens = |word: &String| WORDS.openers.contains(word.as_str());
    words(title).first().is_some_and(opens) || marked() || has_question_ending(title)
}

/// Whether a line is somebody's question, of which a part may look like the output of a program.
pub fn asks_something(line: &str) -> bool {
    let first = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    line.trim_end().ends_with('?') || is_question_word(&first.to_lowercase())
}

fn is_question_word(word: &str) -> bool {
    WORDS.question_words.contains(word)
}

/// The question as one plain line: without address, greeting, mentions, links and Markdown, its first
/// letter upper-case, at most 120 characters, cut at a word. Of several sentences the one that asks
/// with the most content words is used. Empty only if the text has no word.
pub fn clean_title(text: &str) -> String {
    let prose = prose(text);
    let line = without_lead_in(&prose);
    let title = asking_sentence(line).map(without_lead_in).unwrap_or(line);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = without_trailers(title.trim_end_matches([',', ';', ':', '-', ' ']));
    let title = cut(&title, TITLE_CHARS);
    with_question_mark(capitalised(&with_apostrophe(&title)))
}

/// A question without the words at its end that belong to the talk around it: "as well", "please".
fn without_trailers(title: &str) -> String {
    let bare = title.trim_end_matches(is_question_mark).trim_end();
    let mark = if bare.len() < title.len() { "?" } else { "" };
    let lower = bare.to_ascii_lowercase();
    let rest = WORDS.trailers.iter().find_map(|end| lower.strip_suffix(end.as_str()));
    match rest.filter(|rest| words(rest).len() >= LEAST_WORDS) {
        Some(rest) => format!("{}{mark}", &bare[..rest.len()]),
        None => title.to_owned(),
    }
}

/// "whats the port" is "what's the port" where it opens a title.
fn with_apostrophe(title: &str) -> String {
    let (first, rest) = title.split_once(' ').unwrap_or((title, ""));
    let lower = first.to_lowercase();
    let asked = lower.strip_suffix('s').filter(|word| is_question_word(word));
    match asked {
        Some(word) if first.is_ascii() && !rest.is_empty() => {
            format!("{}'{} {rest}", &first[..word.len()], &first[word.len()..])
        }
        _ => title.to_owned(),
    }
}

/// A question that opens with a question word and has no mark at its end gets one, right behind its last word; none if
/// it was cut off there.
fn with_question_mark(title: String) -> String {
    let bare = title.trim_end_matches(is_question_mark).trim_end();
    let words = words(bare);
    let opens = words.first().is_some_and(|word| is_question_word(word));
    let leans = words.last().is_some_and(|word| WORDS.leaning.contains(word.as_str()));
    let ends_in_word = bare.ends_with(|c: char| c.is_alphanumeric() || ")]}".contains(c));
    let asks = bare.len() < title.len() || opens && !leans && !has_question_ending(bare);
    match asks && ends_in_word && title.is_ascii() {
        true => format!("{bare}?"),
        false => title,
    }
}

/// The text without fenced code, quotes, mentions, links and Markdown's marks, a line for each line.
/// Code alone stays.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    let lines = outside.lines().filter(|line| !line.trim_start().starts_with('>'));
    let plain = lines.map(visible_tokens).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    if plain.is_empty() { visible_tokens(text) } else { plain.join("\n") }
}

fn visible_tokens(line: &str) -> String {
    let mut plain = String::new();
    for token in line.split_whitespace() {
        push_token(&mut plain, token);
    }
    plain
}

fn push_token(plain: &mut String, token: &str) {
    let linked = ["http://", "https://", "<http", "(http", "www."]
        .iter()
        .any(|start| token.starts_with(start));
    // A package may have a scope, `@scope/name`.
    let mentions = token.starts_with('@') && token.len() > 1 && !token.contains('/');
    let custom = token.starts_with('<') && token.ends_with('>') && token.contains([':', '@', '#']);
    if linked || mentions || custom {
        // What a mention at the end of a sentence leaves.
        if let Some(mark) = token.chars().next_back().filter(|c| mentions && "?!.".contains(*c)) {
            plain.push(mark);
        }
        return;
    }
    let visible = without_marks(token);
    if visible.is_empty() {
        return;
    }
    if !plain.is_empty() {
        plain.push(' ');
    }
    plain.push_str(&visible);
}

/// A word without the marks around it that make it bold, struck, hidden or code, and without
/// characters that are not seen. Signs that are part of a name or a command stay: `F#`, `a && b`,
/// `Vec<T>`, `__init__`, `C:\Users`.
fn without_marks(token: &str) -> String {
    let token = token.chars().filter(|c| !is_unseen(*c) && *c != '`').collect::<String>();
    if token.chars().all(|c| "*~_#".contains(c)) {
        return String::new();
    }
    let mut word = token.as_str();
    for mark in ["***", "**", "*", "~~", "||"] {
        let bare = word.trim_end_matches([',', '.', '?', '!', ':', ';']);
        let end = &word[bare.len()..];
        let inner =
            bare.strip_prefix(mark).or(bare.strip_suffix(mark)).filter(|rest| !rest.is_empty());
        if inner.is_some() && bare.chars().any(char::is_alphanumeric) {
            let inner = bare.strip_prefix(mark).unwrap_or(bare);
            let inner = inner.strip_suffix(mark).unwrap_or(inner);
            return format!("{}{end}", unescaped(inner));
        }
    }
    let inner = word.strip_prefix('_').and_then(|rest| rest.strip_suffix('_'));
    if let Some(inner) = inner.filter(|inner| !inner.contains('_')) {
        word = inner;
    }
    unescaped(word)
}

/// Without the backslashes that Markdown drops: those before punctuation. In a word where one stands
/// before a letter or digit, they separate folders and stay.
fn unescaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let is_path = word.split('\\').skip(1).any(|part| part.starts_with(char::is_alphanumeric));
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' && chars.peek().is_some_and(|next| "*_~|`>#<".contains(*next));
        if is_path || !escapes {
            out.push(c);
        }
    }
    out
}

/// Controls, and characters that have no width or turn the direction of a line.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The text behind greetings and an address; the whole where nothing would be left.
fn without_lead_in(text: &str) -> &str {
    let mut rest = nick_opening(text).unwrap_or(text).trim_start();
    let mut greeted = false;
    while let Some((token, behind)) = rest.split_once(char::is_whitespace) {
        let word = token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let addressed = greeted || token.ends_with([',', ':', '!']);
        if !word.is_empty() && !is_lead_in(&word, addressed) {
            break;
        }
        greeted = token.ends_with(char::is_alphanumeric);
        rest = behind.trim_start();
    }
    if words(rest).is_empty() { text } else { rest }
}

/// Whether a word greets or leads in, however long it is drawn: "hmmm", "sooo". "There" and "all" do where
/// somebody is `addressed`.
fn is_lead_in(word: &str, addressed: bool) -> bool {
    let is_listed =
        |word: &str| WORDS.lead_ins.contains(word) || addressed && WORDS.addressees.contains(word);
    is_listed(word) || is_listed(&undrawn(word, 2)) || is_listed(&undrawn(word, 1))
}

/// A word in which no letter that comes more than twice in a row is repeated more often than so.
fn undrawn(word: &str, most: usize) -> String {
    let letters = word.chars().collect::<Vec<_>>();
    let runs = letters.chunk_by(|one, other| one == other);
    runs.flat_map(|run| &run[..if run.len() > 2 { most } else { run.len() }]).collect()
}

/// The text after `nick_1:` or `nick_1,`; an ordinary word before a colon is part of the text.
pub(crate) fn nick_opening(text: &str) -> Option<&str> {
    let (token, rest) = text.split_once(' ')?;
    let nick = token.strip_suffix([':', ','])?.trim_start_matches('@');
    let mut inner = nick.chars();
    let named = inner.next().is_some_and(char::is_alphabetic)
        && nick.contains(|c: char| c.is_ascii_digit() || "_|[]^".contains(c))
        && nick.chars().all(|c| c.is_alphanumeric() || "_|[]^-`".contains(c));
    (named || token.starts_with('@')).then_some(rest)
}

/// Of several sentences the one that asks: with a question mark and the most content words, the first
/// of equals; without any question mark, the last one that says what the asker wants to know or do.
fn asking_sentence(text: &str) -> Option<&str> {
    let mut best = None;
    let mut wanting = None;
    let mut sentences = 0;
    for line in text.lines() {
        let mut start = 0;
        for (at, end) in sentence_ends(line) {
            let sentence = line[start..end].trim();
            start = end;
            sentences += 1;
            let matter =
                words(sentence).iter().filter(|word| !WORDS.empty.contains(word.as_str())).count();
            let asks = line[at..end].starts_with(is_question_mark) && matter >= 2;
            if asks && best.is_none_or(|(most, _)| matter > most) {
                best = Some((matter, sentence));
            }
            if matter >= 2 && WORDS.wanting.is_match(sentence) {
                wanting = Some(without_wish(sentence));
            }
        }
    }
    let asked = best.map(|(_, sentence)| sentence).or(wanting);
    (sentences > 1).then_some(asked)?
}

/// "I would like to know how to …" is "how to …" as a title.
fn without_wish(sentence: &str) -> &str {
    let found = WORDS.wanting.captures(sentence).and_then(|found| found.name("what"));
    found.map_or(sentence, |what| &sentence[what.start()..])
}

/// The positions of each sentence's closing mark and of its end.
fn sentence_ends(line: &str) -> Vec<(usize, usize)> {
    let mut ends = Vec::new();
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let closes = is_question_mark(c) || matches!(c, '.' | '!' | '。');
        if closes && next.is_none_or(char::is_whitespace) {
            ends.push((at, at + c.len_utf8()));
        }
    }
    if ends.last().is_none_or(|(_, end)| *end < line.len()) {
        let last = line.char_indices().next_back().map_or(0, |(at, _)| at);
        ends.push((last, line.len()));
    }
    ends
}

/// At most `most` characters, whole words where there are any.
fn cut(line: &str, most: usize) -> String {
    let Some((end, _)) = line.char_indices().nth(most) else { return line.to_owned() };
    let head = &line[..end];
    let whole = head.rfind(' ').filter(|at| *at > end / 2).map_or(head, |at| &head[..at]);
    let short = whole.char_indices().nth(most - 1).map_or(whole, |(at, _)| &whole[..at]);
    format!("{}…", short.trim_end_matches(|c: char| !c.is_alphanumeric()))
}

/// Raises the first letter unless the first word is spelt by a rule of its own: `iOS`, `app.ts`.
fn capitalised(line: &str) -> String {
    let first = line.split(' ').next().unwrap_or_default();
    let own_rule = first.chars().any(char::is_uppercase)
        || first.trim_end_matches(['.', '?']).contains(['.', '_', '/', '=']);
    let mut chars = line.chars();
    match chars.next() {
        Some(c) if !own_rule => c.to_uppercase().chain(chars).collect(),
        _ => line.to_owned(),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '_' | '.' | '-'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace(['\'', '’'], ""))
        .collect()
}

/// Whether the last word ends as questions without a question mark do.
fn has_question_ending(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    WORDS.endings.iter().any(|end| text.ends_with(end))
}

/// The share of characters that neither words nor sentences are made of.
fn odd_share(text: &str) -> f32 {
    let all = text.chars().count().max(1);
    let odd = text
        .chars()
        .filter(|c| !c.is_alphanumeric() && !c.is_whitespace() && !".,?!'\"-’".contains(*c));
    odd.count() as f32 / all as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_the_question_alone() {
        for (text, expected) in [
            ("hi all, how do I rotate the signing key?", "How do I rotate the signing key?"),
            ("<@123> **where** is `app.config.ts`?", "Where is app.config.ts?"),
            ("@mia_2 can the relay run behind nginx?", "Can the relay run behind nginx?"),
            ("mia_2: can the relay run behind nginx?", "Can the relay run behind nginx?"),
            (
                "I set it up yesterday. Why does the relay drop my webhooks? Thanks!",
                "Why does the relay drop my webhooks?",
            ),
            ("Error: relay not found", "Error: relay not found"),
            ("what does `npm ERR! code 1` mean", "What does npm ERR! code 1 mean?"),
            ("how can I add a second relay", "How can I add a second relay?"),
            ("where is the key of the relay ??", "Where is the key of the relay?"),
            ("which relay is it:", "Which relay is it?"),
            ("how relays work: a summary.", "How relays work: a summary."),
            ("see https://example.org/a how to install\n\n> quoted", "See how to install"),
            ("안녕하세요 릴레이는 어떻게 설치하나요?", "릴레이는 어떻게 설치하나요?"),
            ("iOS builds fail?", "iOS builds fail?"),
            ("```\nlet x = 1;\n```", "Let x = 1"),
            ("hmmm, what is the root key of the relay?", "What is the root key of the relay?"),
            ("there is no file /etc/relay/key", "There is no file /etc/relay/key"),
            ("hi there, all my webhooks are gone", "All my webhooks are gone"),
            ("how can I install the relay as well", "How can I install the relay?"),
            ("how do I open port 80 on the relay, anyone?", "How do I open port 80 on the relay?"),
            ("how do I invite everyone?", "How do I invite everyone?"),
            ("hi", "Hi"),
            ("", ""),
            ("👍", "👍"),
            (
                "how do I use a && b || c > /dev/null 2>&1?",
                "How do I use a && b || c > /dev/null 2>&1?",
            ),
            ("Is there an F# binding?", "Is there an F# binding?"),
            ("whats the port of the relay?", "What's the port of the relay?"),
            ("whose relay is down at 7?", "Whose relay is down at 7?"),
            ("where does #include <relay.h> go?", "Where does #include <relay.h> go?"),
            ("why is Vec<T> not **Send**?", "Why is Vec<T> not Send?"),
            ("where is C:\\Users\\me\\conf.d\\*.toml?", "Where is C:\\Users\\me\\conf.d\\*.toml?"),
            ("what calls \\_\\_init\\_\\_ or `__main__`?", "What calls __init__ or __main__?"),
            (
                "how do I add @acme/relay to _all_ agents?",
                "How do I add @acme/relay to all agents?",
            ),
            ("can I post with the relay @mia_2?", "Can I post with the relay?"),
            (
                "Good day to all of you! I am new here. I would like to know how to pin a relay to a port. Cheers",
                "How to pin a relay to a port.",
            ),
            (
                "we run three relays at home, all on one box\nhow do i move one of them to another box?",
                "How do i move one of them to another box?",
            ),
            (
                "지갑을 연결했는데 잔액이 비어 있어요. 어떻게 해결하나요?",
                "지갑을 연결했는데 잔액이 비어 있어요. 어떻게 해결하나요?",
            ),
        ] {
            assert_eq!(clean_title(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_question_is_cut_at_a_word() {
        let title = clean_title(&"relays ".repeat(60));
        assert!(title.ends_with("relays…") && title.chars().count() <= 120, "{title}");
        assert!(clean_title(&"릴".repeat(500)).chars().count() <= 120);
    }

    #[test]
    fn a_title_asks_or_only_tells() {
        for title in [
            "How do I rotate the key?",
            "Good evening, which key signs a release ?",
            "릴레이는 어떻게 설치하나요",
            "릴레이 설치 방법?",
            "¿Dónde se guarda la clave?",
            "Como conecto el relay con mi cuenta?",
            "怎么轮换签名密钥？",
        ] {
            assert!(asks(title), "{title}");
        }
        for title in ["Now it only signed four releases", "./etc/relay yes?", "Sign -k relay ?"] {
            assert!(!asks(title), "{title}");
        }
    }

    #[test]
    fn better_titles_score_higher() {
        for (better, worse) in [
            ("How do I rotate the signing key?", "rotate key"),
            ("How do I rotate the signing key?", "hi all, how do I rotate the signing key?"),
            ("How do I rotate the signing key?", "and how do you do it?"),
            ("How do I rotate the signing key?", "mia_2: how do I rotate the signing key?"),
            ("Why does the relay drop webhooks?", "why? ```panic at {}[]()```"),
            ("릴레이는 어떻게 설치하나요?", "그거 어떻게?"),
        ] {
            assert!(title_score(better) > title_score(worse), "{better} | {worse}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_one_short_line(text in "(?s).{0,400}") {
            let title = clean_title(&text);
            prop_assert!(title.chars().count() <= TITLE_CHARS + 2, "{}", title);
            prop_assert!(!title.contains(['\n', '\r', '`']));
            prop_assert!(title_score(&text).is_finite());
        }
    }
}
