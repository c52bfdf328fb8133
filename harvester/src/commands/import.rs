mod deletions;

use std::path::PathBuf;

use indexer::store::{DroppedConversations, RetentionDays};
use serde::Serialize;

use super::table::grouped;
use super::unmatched::unmatched_settings;
use super::{CommandResult, GlobalArgs, print_json};
use crate::clock;
use crate::import::files::find_exports;
use crate::pipeline::{CaughtUp, FileOutcome, IntakeReport};
use crate::progress::{ProgressReporter, Unit};
use deletions::{DeletionArgs, DeletionOutcome};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester import general.json
  harvester import exports/ \"more exports/help [part 2].json\"

Export with DiscordChatExporter as JSON, best with `--markdown false --utc`. Importing the same
file again changes nothing; a newer export of the same channel adds new and edited messages. One of
the whole channel, without a range of dates, also shows what was deleted since: you are asked first.")]
pub(super) struct ImportArgs {
    /// Export files, or folders that are searched for them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    deletions: DeletionArgs,
}

#[derive(Serialize)]
struct ImportSummary<'r> {
    files: usize,
    passed_over: usize,
    added: u64,
    updated: u64,
    unchanged: u64,
    skipped: u64,
    /// Messages that newer exports of their whole channel lack: deleted, and kept.
    deleted: u64,
    missing: u64,
    out_of_scope: usize,
    problems: Vec<String>,
    /// What is no failure, and still probably not meant.
    notes: Vec<String>,
    unknown_types: std::collections::BTreeMap<&'r str, u64>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ImportArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let found = find_exports(&arguments.paths)?;
    let encoder = settings.encoder().await?;
    let mut pipeline = options.pipeline(&settings).await?;
    pipeline.use_encoder(encoder).await?;
    let bytes = found.exports.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len());
    let progress = ProgressReporter::start("reading exports", Unit::Bytes, bytes.sum());
    let taken = pipeline.intake().files(found.exports, &progress).await?;
    progress.finish();
    let deletions = arguments.deletions.delete_missing(&pipeline.store, &taken.files).await?;
    let caught_up = pipeline.catch_up(clock::now()).await?;
    let mut notes = taken.files.iter().filter_map(without_content).collect::<Vec<_>>();
    notes.extend(unmatched_settings(&pipeline.store, &settings.rules.scope).await?);
    let dropped = pipeline.store.drop_unresolved(settings.config.retention, clock::now()).await?;
    pipeline.encode_all(clock::now()).await?;
    pipeline.close().await;
    let report = report(&taken, &deletions, found.passed_over.len(), notes);
    if options.json {
        print_json(&report)?;
    } else {
        print_summary(&report, &caught_up);
        if dropped.conversations > 0 {
            out!("{}", dropped_line(dropped, settings.config.retention));
        }
        for (path, why) in &found.passed_over {
            out!("  skipped {}: {why}", path.display());
        }
    }
    for note in &report.notes {
        eprintln!("warning: {note}");
    }
    for problem in &report.problems {
        eprintln!("error: {problem}");
    }
    Ok(if report.problems.is_empty() { CommandResult::Success } else { CommandResult::Failure })
}

fn report<'r>(
    taken: &'r IntakeReport,
    deletions: &DeletionOutcome,
    passed_over: usize,
    notes: Vec<String>,
) -> ImportSummary<'r> {
    let mut unknown_types = std::collections::BTreeMap::new();
    for (name, count) in taken.files.iter().flat_map(|file| &file.report.other_types) {
        *unknown_types.entry(name.as_str()).or_default() += count;
    }
    ImportSummary {
        files: taken.files.len(),
        passed_over,
        added: taken.applied.added,
        updated: taken.applied.updated,
        unchanged: taken.applied.unchanged,
        skipped: taken.files.iter().map(|file| file.report.skipped).sum(),
        deleted: deletions.deleted,
        missing: deletions.kept,
        out_of_scope: taken.files.iter().filter(|file| file.out_of_scope.is_some()).count(),
        problems: taken
            .files
            .iter()
            .flat_map(problems)
            .chain(deletions.refused.iter().cloned())
            .collect(),
        notes,
        unknown_types,
    }
}

fn dropped_line(dropped: DroppedConversations, kept: RetentionDays) -> String {
    format!(
        "Dropped {} conversation(s) without an answer that ended more than {} days ago: {} message(s).",
        grouped(dropped.conversations),
        kept.0,
        grouped(dropped.messages),
    )
}

/// A bot that may not read message content exports messages without any.
fn without_content(file: &FileOutcome) -> Option<String> {
    let report = &file.report;
    (report.blank > 0 && report.blank == report.messages - report.system).then(|| {
        format!(
            "{}: every message is empty; allow the bot that exports the message content intent and export again",
            file.path.display()
        )
    })
}

/// All problems of a file, as sentences.
fn problems(file: &FileOutcome) -> Vec<String> {
    let path = file.path.display();
    let mut problems = file.error.iter().map(ToString::to_string).collect::<Vec<_>>();
    let report = &file.report;
    for skipped in &report.skipped_listed {
        problems.push(format!(
            "{path}: the message at byte {} was skipped: {}",
            skipped.offset, skipped.why
        ));
    }
    let unlisted = report.skipped.saturating_sub(report.skipped_listed.len() as u64);
    if unlisted > 0 {
        problems.push(format!("{path}: {unlisted} more messages were skipped"));
    }
    if let Some(stated) = report.miscounted().filter(|_| file.error.is_none()) {
        problems.push(format!(
            "{path} states {stated} messages, but {} were found; export the channel again",
            report.messages + report.skipped
        ));
    }
    problems
}

fn print_summary(report: &ImportSummary<'_>, caught_up: &CaughtUp) {
    let ImportSummary { files, added, updated, unchanged, deleted, .. } = report;
    if *added == 0 && *updated == 0 && *deleted == 0 {
        out!(
            "Nothing new: all {} messages in {files} file(s) were already stored.",
            grouped(*unchanged)
        );
    } else {
        out!(
            "Imported {files} file(s): {} messages added, {} updated, {} already stored.",
            grouped(*added),
            grouped(*updated),
            grouped(*unchanged)
        );
        if *deleted > 0 {
            out!("Deleted {} message(s) that a newer export no longer has.", grouped(*deleted));
        }
        out!(
            "Analysed {} conversation(s) in {} channel(s); {} answer(s) updated in the index.",
            grouped(caught_up.conversations),
            caught_up.channels,
            grouped(caught_up.documents as u64)
        );
    }
    for (name, count) in &report.unknown_types {
        out!("  {count} message(s) of the unknown type {name:?} are stored but not analysed");
    }
    if report.out_of_scope > 0 {
        out!(
            "  {} file(s) belong to channels that are out of scope (scope.toml)",
            report.out_of_scope
        );
    }
}
