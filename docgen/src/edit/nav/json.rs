//! A page's name goes into `docs.json` as text: nothing else of the file may change its form.

use serde_json::Value;

use crate::edit::error::EditError;
use crate::paths::folder;

/// Inserts a page into the group that holds its neighbours, or into one for answers, or into the last
/// one of the first list of groups.
pub(super) fn listed(text: &str, page: &str) -> Result<String, EditError> {
    let scan = JsonScanner::of(text)?;
    if scan.lists.iter().any(|list| list.pages.iter().any(|one| one.name == page)) {
        return Ok(text.to_owned());
    }
    let near = |list: &PagesArray| {
        list.pages.iter().filter(|one| folder(&one.name) == folder(page)).count()
    };
    let neighbours = scan.lists.iter().rev().max_by_key(|list| near(list));
    let named = scan.lists.iter().find(|list| {
        let group = list.group.to_ascii_lowercase();
        ["faq", "answers", "questions", "troubleshooting"].iter().any(|word| group.contains(word))
    });
    let last = scan.lists.iter().rev().find(|list| list.groups <= 1);
    let list = neighbours
        .filter(|list| near(list) > 0 && !folder(page).is_empty())
        .or(named)
        .or(last)
        .ok_or(EditError::NoList)?;
    let beside = list.pages.iter().rev().find(|one| folder(&one.name) == folder(page));
    Ok(list.insert(text, beside.or(list.pages.last()).map(|one| one.end), page))
}

/// Takes a page's name out, with the comma that goes with it.
pub(super) fn unlisted(text: &str, page: &str) -> Result<String, EditError> {
    let scan = JsonScanner::of(text)?;
    let pages = scan.lists.iter().flat_map(|list| list.pages.iter().map(move |one| (list, one)));
    let Some((list, one)) = pages.into_iter().find(|(_, one)| one.name == page) else {
        return Ok(text.to_owned());
    };
    let before = text[list.opens..one.begins].trim_end();
    if before.ends_with(',') {
        let from = list.opens + before.len() - 1;
        return Ok(format!("{}{}", &text[..from], &text[one.end..]));
    }
    // The first of several takes the comma behind it, a single one only itself.
    let rest = text[one.end..].trim_start();
    let Some(rest) = rest.strip_prefix(',') else {
        return Ok(format!("{}{}", &text[..one.begins], &text[one.end..]));
    };
    Ok(format!("{}{}", &text[..one.begins], rest.trim_start()))
}

/// A `pages` array of the navigation.
struct PagesArray {
    /// Behind the opening bracket.
    opens: usize,
    /// Behind the last element of whatever kind.
    last: Option<usize>,
    pages: Vec<PagesItem>,
    group: String,
    /// How many arrays of groups have begun before it.
    groups: usize,
}

struct PagesItem {
    name: String,
    begins: usize,
    end: usize,
}

impl PagesArray {
    fn insert(&self, text: &str, behind: Option<usize>, page: &str) -> String {
        let name = Value::from(page).to_string();
        let Some(at) = behind.or(self.last) else {
            return format!("{}{name}{}", &text[..self.opens], &text[self.opens..]);
        };
        let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let gap = if line > self.opens {
            let indent = text[line..].bytes().take_while(|byte| b" \t".contains(byte)).count();
            let end = if text[..line].ends_with("\r\n") { "\r\n" } else { "\n" };
            format!("{end}{}", &text[line..line + indent])
        } else {
            " ".to_owned()
        };
        format!("{},{gap}{name}{}", &text[..at], &text[at..])
    }
}

/// Walks through JSON that is known to be valid.
struct JsonScanner<'t> {
    text: &'t str,
    at: usize,
    lists: Vec<PagesArray>,
    groups: usize,
    path: Vec<String>,
}

impl<'t> JsonScanner<'t> {
    fn of(text: &'t str) -> Result<Self, EditError> {
        serde_json::from_str::<Value>(text).map_err(|_| EditError::Unreadable)?;
        let mut scan = Self { text, at: 0, lists: Vec::new(), groups: 0, path: Vec::new() };
        scan.value(None);
        Ok(scan)
    }

    fn value(&mut self, list: Option<usize>) {
        self.space();
        match self.next() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => {
                let begins = self.at;
                let name = self.string();
                if let Some(list) = list {
                    self.lists[list].pages.push(PagesItem { name, begins, end: self.at });
                }
            }
            _ => {
                let rest = &self.text.as_bytes()[self.at..];
                self.at += rest.iter().take_while(|byte| !b",]} \t\r\n".contains(byte)).count();
            }
        }
    }

    fn object(&mut self) {
        self.at += 1;
        let (first, mut group) = (self.lists.len(), String::new());
        while self.more(b'}') {
            let key = self.string();
            self.space();
            self.at += 1;
            self.space();
            if key == "group" && self.next() == b'"' {
                let begins = self.at;
                group = self.string();
                self.at = begins;
            }
            self.path.push(key);
            self.value(None);
            self.path.pop();
        }
        for list in self.lists[first..].iter_mut().filter(|list| list.group.is_empty()) {
            list.group.clone_from(&group);
        }
    }

    fn array(&mut self) {
        self.at += 1;
        let is = |at: usize, name: &str| self.path.get(at).is_some_and(|key| key == name);
        let key = self.path.last().map(String::as_str);
        let listing = is(0, "navigation") && key == Some("pages");
        if is(0, "navigation") && matches!(key, Some("groups" | "navigation")) {
            self.groups += 1;
        }
        let list = listing.then(|| {
            let (opens, groups) = (self.at, self.groups);
            let (pages, group) = (Vec::new(), String::new());
            self.lists.push(PagesArray { opens, last: None, pages, group, groups });
            self.lists.len() - 1
        });
        while self.more(b']') {
            self.value(list);
            if let Some(list) = list {
                self.lists[list].last = Some(self.at);
            }
        }
    }

    /// Goes to the next element, or behind the closing bracket.
    fn more(&mut self, close: u8) -> bool {
        self.space();
        if self.next() == b',' {
            self.at += 1;
            self.space();
        }
        let ended = self.next() == close;
        self.at += usize::from(ended);
        !ended
    }

    fn string(&mut self) -> String {
        let begins = self.at;
        self.at += 1;
        while self.next() != b'"' {
            self.at += if self.next() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        serde_json::from_str(&self.text[begins..self.at]).expect("the text is valid JSON")
    }

    fn space(&mut self) {
        while b" \t\r\n".contains(&self.next()) {
            self.at += 1;
        }
    }

    /// The byte here; a quote behind the end, which ends every loop.
    fn next(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(b'"')
    }
}
