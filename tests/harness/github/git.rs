//! Git's objects in memory, under their true ids.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::diff;

/// Forty hexadecimal digits.
pub type Sha = String;

/// Every file below a tree, by its path.
pub type Files = BTreeMap<String, Entry>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As the API writes it: `100644`, `100755`, `120000`, `160000` or `040000`.
    pub mode: String,
    pub sha: Sha,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub email: String,
    /// Since 1970.
    pub seconds: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub sha: Sha,
    pub tree: Sha,
    pub parents: Vec<Sha>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
    /// The account that made it.
    pub by: String,
    /// The service signed it.
    pub verified: bool,
}

#[derive(Debug)]
enum Object {
    Blob(Vec<u8>),
    Tree(BTreeMap<String, Entry>),
    Commit(Box<Commit>),
}

/// The objects of all repositories.
#[derive(Debug, Default)]
pub struct Git {
    objects: BTreeMap<Sha, Object>,
}

impl Git {
    pub fn add_blob(&mut self, bytes: &[u8]) -> Sha {
        let sha = id("blob", bytes);
        self.objects.insert(sha.clone(), Object::Blob(bytes.to_vec()));
        sha
    }

    /// Writes the trees of these files, the innermost first.
    pub fn add_tree(&mut self, files: &Files) -> Sha {
        let mut entries = BTreeMap::new();
        let mut folders = BTreeMap::<&str, Files>::new();
        for (path, entry) in files {
            match path.split_once('/') {
                None => drop(entries.insert(path.clone(), entry.clone())),
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().insert(rest.to_owned(), entry.clone());
                }
            }
        }
        for (name, files) in folders {
            let entry = Entry { mode: "040000".to_owned(), sha: self.add_tree(&files) };
            entries.insert(name.to_owned(), entry);
        }
        let sha = id("tree", &tree_bytes(&entries));
        self.objects.insert(sha.clone(), Object::Tree(entries));
        sha
    }

    /// Writes the commit; its `sha` is filled in.
    pub fn add_commit(&mut self, mut commit: Commit) -> Sha {
        commit.sha = id("commit", commit_text(&commit).as_bytes());
        let sha = commit.sha.clone();
        self.objects.insert(sha.clone(), Object::Commit(Box::new(commit)));
        sha
    }

    pub fn blob(&self, sha: &str) -> Option<&[u8]> {
        match self.objects.get(sha)? {
            Object::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn tree(&self, sha: &str) -> Option<&BTreeMap<String, Entry>> {
        match self.objects.get(sha)? {
            Object::Tree(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn commit(&self, sha: &str) -> Option<&Commit> {
        match self.objects.get(sha)? {
            Object::Commit(commit) => Some(commit),
            _ => None,
        }
    }

    /// The tree that a tree or a commit stands for.
    pub fn tree_of(&self, sha: &str) -> Option<Sha> {
        match self.objects.get(sha)? {
            Object::Tree(_) => Some(sha.to_owned()),
            Object::Commit(commit) => Some(commit.tree.clone()),
            Object::Blob(_) => None,
        }
    }

    /// Whether some commit's id begins like this.
    pub fn has_commit(&self, prefix: &str) -> bool {
        let mut after = self.objects.range(prefix.to_owned()..);
        after
            .by_ref()
            .take_while(|(sha, _)| sha.starts_with(prefix))
            .any(|(_, object)| matches!(object, Object::Commit(_)))
    }

    /// Every file of a tree or commit.
    pub fn files(&self, sha: &str) -> Files {
        let mut files = Files::new();
        if let Some(tree) = self.tree_of(sha) {
            self.collect(&tree, "", &mut files);
        }
        files
    }

    fn collect(&self, tree: &str, above: &str, files: &mut Files) {
        for (name, entry) in self.tree(tree).into_iter().flatten() {
            let path = format!("{above}{name}");
            match entry.mode.as_str() {
                "040000" => self.collect(&entry.sha, &format!("{path}/"), files),
                _ => drop(files.insert(path, entry.clone())),
            }
        }
    }

    /// The text of a file at a commit.
    pub fn text(&self, commit: &str, path: &str) -> Option<String> {
        let files = self.files(commit);
        Some(String::from_utf8_lossy(self.blob(&files.get(path)?.sha)?).into_owned())
    }

    /// The commit and everything before it.
    pub fn ancestors(&self, sha: &str) -> BTreeSet<Sha> {
        let mut found = BTreeSet::new();
        let mut open = vec![sha.to_owned()];
        while let Some(sha) = open.pop() {
            if let Some(commit) = self.commit(&sha)
                && found.insert(sha)
            {
                open.extend(commit.parents.iter().cloned());
            }
        }
        found
    }

    pub fn is_ancestor(&self, earlier: &str, later: &str) -> bool {
        self.ancestors(later).contains(earlier)
    }

    pub fn merge_base(&self, one: &str, other: &str) -> Option<Sha> {
        let known = self.ancestors(one);
        let mut open = VecDeque::from([other.to_owned()]);
        while let Some(sha) = open.pop_front() {
            if known.contains(&sha) {
                return Some(sha);
            }
            open.extend(self.commit(&sha)?.parents.iter().cloned());
        }
        None
    }

    /// The commits that `head` has and `base` has not, the oldest first.
    pub fn between(&self, base: &str, head: &str) -> Vec<Commit> {
        let mut seen = self.ancestors(base);
        let mut ordered = Vec::new();
        self.visit(head, &mut seen, &mut ordered);
        ordered
    }

    /// The commits that lead to this one, the oldest first.
    pub fn history(&self, head: &str) -> Vec<Commit> {
        self.between("", head)
    }

    fn visit(&self, sha: &str, seen: &mut BTreeSet<Sha>, ordered: &mut Vec<Commit>) {
        // A stack of its own: histories may be longer than the thread's stack is deep.
        let mut open = vec![(sha.to_owned(), false)];
        while let Some((sha, done)) = open.pop() {
            let Some(commit) = self.commit(&sha) else { continue };
            if done {
                ordered.push(commit.clone());
            } else if seen.insert(sha.clone()) {
                open.push((sha, true));
                open.extend(commit.parents.iter().rev().map(|parent| (parent.clone(), false)));
            }
        }
    }

    /// The files after both sides' changes; `None` if both changed the same lines.
    pub fn merged(&mut self, base: &str, head: &str) -> Option<Files> {
        let before = self.merge_base(base, head).map(|sha| self.files(&sha)).unwrap_or_default();
        let (ours, theirs) = (self.files(base), self.files(head));
        let paths = before.keys().chain(ours.keys()).chain(theirs.keys());
        let mut all = Files::new();
        for path in paths.cloned().collect::<BTreeSet<_>>() {
            let [was, our, their] =
                [&before, &ours, &theirs].map(|files| files.get(&path).cloned());
            let entry = if our == their || their == was {
                our
            } else if our == was {
                their
            } else {
                Some(self.merged_file(was?, our?, their?)?)
            };
            if let Some(entry) = entry {
                all.insert(path, entry);
            }
        }
        Some(all)
    }

    fn merged_file(&mut self, was: Entry, our: Entry, their: Entry) -> Option<Entry> {
        let text =
            |entry: &Entry| Some(std::str::from_utf8(self.blob(&entry.sha)?).ok()?.to_owned());
        let merged = diff::merge(&text(&was)?, &text(&our)?, &text(&their)?)?;
        Some(Entry { mode: our.mode, sha: self.add_blob(merged.as_bytes()) })
    }
}

/// An object's name: the SHA-1 of its kind, length and bytes.
fn id(kind: &str, bytes: &[u8]) -> Sha {
    let mut sha1 = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(format!("{kind} {}\0", bytes.len()).as_bytes());
    sha1.update(bytes);
    hex(sha1.finish().as_ref())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tree_bytes(entries: &BTreeMap<String, Entry>) -> Vec<u8> {
    let mut sorted = entries.iter().collect::<Vec<_>>();
    // Git sorts a folder as if its name ended in a slash.
    sorted.sort_by_key(|(name, entry)| match entry.mode.as_str() {
        "040000" => format!("{name}/"),
        _ => (*name).clone(),
    });
    let mut bytes = Vec::new();
    for (name, entry) in sorted {
        let mode = entry.mode.trim_start_matches('0');
        bytes.extend(format!("{mode} {name}\0").into_bytes());
        let digits = entry.sha.as_bytes().chunks(2);
        bytes.extend(
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()),
        );
    }
    bytes
}

fn commit_text(commit: &Commit) -> String {
    let mut text = format!("tree {}\n", commit.tree);
    for parent in &commit.parents {
        text.push_str(&format!("parent {parent}\n"));
    }
    for (role, who) in [("author", &commit.author), ("committer", &commit.committer)] {
        text.push_str(&format!("{role} {} <{}> {} +0000\n", who.name, who.email, who.seconds));
    }
    text.push('\n');
    text.push_str(&commit.message);
    text
}
