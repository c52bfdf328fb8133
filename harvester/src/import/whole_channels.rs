//! Which exports hold a whole channel, so that what they lack was deleted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rules::model::ids::ChannelId;

use super::file_report::FileReport;

/// The channels that were exported as a whole, and when: without a range of dates, read to the end, and
/// with every part if the exporter wrote several. The newest export of each channel counts.
pub fn whole_channels<'f>(
    files: impl IntoIterator<Item = (&'f Path, &'f FileReport)>,
) -> BTreeMap<ChannelId, Timestamp> {
    let mut exports = BTreeMap::<(ChannelId, PathBuf), BTreeMap<u32, &FileReport>>::new();
    for (path, report) in files {
        let Some(channel) = report.channel else { continue };
        let (first, part) = part_of(path);
        exports.entry((channel, first)).or_default().insert(part, report);
    }
    let mut whole = BTreeMap::new();
    for ((channel, _), parts) in exports {
        let last = *parts.keys().next_back().expect("an export has a part");
        let complete = parts.len() == last as usize && parts.values().all(|part| is_whole(part));
        let oldest = parts.values().map(|part| part.exported_at).min().unwrap_or_default();
        if complete {
            let newest = whole.entry(channel).or_insert(oldest);
            *newest = oldest.max(*newest);
        }
    }
    whole
}

fn is_whole(report: &FileReport) -> bool {
    report.is_clean() && report.unlimited && report.exported_at > Timestamp::UNIX_EPOCH
}

/// The path of an export's first part, and which part this is: the exporter writes `help.json`,
/// `help [part 2].json`, `help [part 3].json`.
fn part_of(path: &Path) -> (PathBuf, u32) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let parted = stem.strip_suffix(']').and_then(|stem| stem.rsplit_once(" [part "));
    match parted.and_then(|(first, number)| Some((first, number.parse::<u32>().ok()?))) {
        Some((first, number)) if number > 0 => (path.with_file_name(first), number),
        _ => (path.with_file_name(stem.as_ref()), 1),
    }
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;

    fn report(exported_at: i64) -> FileReport {
        FileReport {
            channel: Some(ChannelId(5)),
            exported_at: time::at_millisecond(exported_at),
            complete: true,
            unlimited: true,
            ..FileReport::default()
        }
    }

    fn check(files: &[(&str, FileReport)], expected: Option<i64>) {
        let files = files.iter().map(|(path, report)| (Path::new(*path), report));
        let found = whole_channels(files).get(&ChannelId(5)).map(|at| at.as_millisecond());
        assert_eq!(found, expected);
    }

    #[test]
    fn a_whole_export_has_no_range_no_damage_and_says_when_it_was_made() {
        check(&[("help.json", report(7))], Some(7));
        check(&[("old.json", report(7)), ("new.json", report(9))], Some(9));
        check(&[("help.json", FileReport { unlimited: false, ..report(7) })], None);
        check(&[("help.json", FileReport { complete: false, ..report(7) })], None);
        check(&[("help.json", FileReport { skipped: 1, ..report(7) })], None);
        check(&[("help.json", report(0))], None);
    }

    #[test]
    fn parts_are_whole_together_and_as_old_as_the_oldest() {
        let parts = [("a/help.json", report(7)), ("a/help [part 2].json", report(9))];
        check(&parts, Some(7));
        check(&parts[1..], None);
        check(&[parts[0].clone(), ("a/help [part 3].json", report(9))], None);
        check(&[parts[0].clone(), ("b/help [part 2].json", report(9))], Some(7));
    }
}
