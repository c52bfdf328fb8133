//! What changed between two texts, line by line, and both sides' changes together.

use std::ops::Range;

/// Lines of the old text and the lines of the new text that stand in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

/// The text after both sides' changes; `None` if they touch the same or neighbouring lines.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let [base, ours, theirs] = [base, ours, theirs].map(lines);
    let left = changes(&base, &ours);
    let right = changes(&base, &theirs);
    let mut all = Vec::new();
    for change in &left {
        let same = |other: &Change| {
            other.old == change.old && theirs[other.new.clone()] == ours[change.new.clone()]
        };
        let meets = |other: &&Change| {
            change.old.start <= other.old.end && other.old.start <= change.old.end
        };
        if right.iter().filter(meets).any(|other| !same(other)) {
            return None;
        }
        all.push((change.old.clone(), &ours[change.new.clone()]));
    }
    for change in right {
        if !all.iter().any(|(old, _)| *old == change.old) {
            all.push((change.old.clone(), &theirs[change.new.clone()]));
        }
    }
    all.sort_by_key(|(old, _)| (old.start, old.end));
    let mut merged = String::new();
    let mut at = 0;
    for (old, new) in all {
        merged.extend(base[at..old.start].iter().chain(new).copied());
        at = old.end;
    }
    merged.extend(base[at..].iter().copied());
    Some(merged)
}

/// A unified diff without file names, with its added and removed lines counted.
pub(super) fn unified(old: &str, new: &str) -> (String, usize, usize) {
    const CONTEXT: usize = 3;
    let (old, new) = (lines(old), lines(new));
    let changes = changes(&old, &new);
    let mut text = String::new();
    let mut groups = Vec::<Vec<Change>>::new();
    for change in changes.iter().cloned() {
        match groups.last_mut() {
            Some(group) if change.old.start <= group.last().unwrap().old.end + 2 * CONTEXT => {
                group.push(change);
            }
            _ => groups.push(vec![change]),
        }
    }
    for group in groups {
        let (first, last) = (&group[0], group.last().unwrap());
        let before = CONTEXT.min(first.old.start);
        let after = CONTEXT.min(old.len() - last.old.end);
        let (from, to) = (first.old.start - before, last.old.end + after);
        let (new_from, new_to) = (first.new.start - before, last.new.end + after);
        let (count, new_count) = (to - from, new_to - new_from);
        let start = |at: usize, count: usize| at + usize::from(count > 0);
        text.push_str(&format!(
            "@@ -{},{count} +{},{new_count} @@\n",
            start(from, count),
            start(new_from, new_count)
        ));
        let mut at = from;
        for change in &group {
            write(&mut text, ' ', &old[at..change.old.start]);
            write(&mut text, '-', &old[change.old.clone()]);
            write(&mut text, '+', &new[change.new.clone()]);
            at = change.old.end;
        }
        write(&mut text, ' ', &old[at..to]);
    }
    let added = changes.iter().map(|change| change.new.len()).sum();
    let removed = changes.iter().map(|change| change.old.len()).sum();
    (text.trim_end_matches('\n').to_owned(), added, removed)
}

fn write(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The changes of a longest common subsequence, in order.
fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tails = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tails.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let width = b.len() + 1;
    let mut longest = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if a[i] == b[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::<Change>::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let removes = j == b.len()
            || (i < a.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1]);
        let (next_i, next_j) = if removes { (i + 1, j) } else { (i, j + 1) };
        match found.last_mut() {
            Some(last) if last.old.end == head + i && last.new.end == head + j => {
                (last.old.end, last.new.end) = (head + next_i, head + next_j);
            }
            _ => found.push(Change { old: head + i..head + next_i, new: head + j..head + next_j }),
        }
        (i, j) = (next_i, next_j);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_changes_come_together_unless_they_meet() {
        let base = "one\ntwo\nthree\nfour\nfive\n";
        for (ours, theirs, expected) in [
            (
                "one\ntwo\nthree\nfour\n5\n",
                "1\ntwo\nthree\nfour\nfive\n",
                Some("1\ntwo\nthree\nfour\n5\n"),
            ),
            ("one\nTWO\nthree\nfour\nfive\n", "one\nZWEI\nthree\nfour\nfive\n", None),
            (
                "one\nTWO\nthree\nfour\nfive\n",
                "one\nTWO\nthree\nfour\nfive\n",
                Some("one\nTWO\nthree\nfour\nfive\n"),
            ),
            (
                "zero\none\ntwo\nthree\nfour\nfive\n",
                "one\ntwo\nthree\nfour\nfive\nsix\n",
                Some("zero\none\ntwo\nthree\nfour\nfive\nsix\n"),
            ),
            (
                "one\nfour\nfive\n",
                "one\ntwo\nthree\nfour\nfive\nsix\n",
                Some("one\nfour\nfive\nsix\n"),
            ),
        ] {
            assert_eq!(merge(base, ours, theirs).as_deref(), expected, "{ours:?} and {theirs:?}");
        }
    }

    #[test]
    fn a_diff_tells_lines_and_counts() {
        let (text, added, removed) = unified("a\nb\nc\n", "a\nB\nc\nd\n");
        assert_eq!(text, "@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d");
        assert_eq!((added, removed), (2, 1));
        assert_eq!(unified("", "x\n").0, "@@ -0,0 +1,1 @@\n+x");
    }
}
