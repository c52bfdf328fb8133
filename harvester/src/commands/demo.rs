use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use docgen::forge::local::LocalForge;
use indexer::store::{Store, StoreCounts};
use rules::model::cluster::Cluster;
use rules::publish::title::clean_title;
use serde::Serialize;

use super::draft;
use super::propose::{ProposeSummary, ProposedPage, propose};
use super::serve::{bind, stop_signal};
use super::table::{answered, grouped, line_width, one_line, wrapped};
use super::{CommandResult, GlobalArgs, LoadedSettings, print_json};
use crate::clock::{self, SystemClock};
use crate::config;
use crate::pipeline::PROPOSALS;
use crate::process_limits::within_limits;
use crate::progress::{ProgressReporter, Unit};
use crate::proposals::PageOutcome;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester demo
  harvester demo --no-serve
  harvester demo --listen 127.0.0.1:8081

All files are written to the data directory; delete it to start over.")]
pub(super) struct DemoArgs {
    /// Stop after the summary
    #[arg(long)]
    no_serve: bool,
    /// Address and port of the search page
    #[arg(
        long,
        env = "HARVESTER_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    listen: String,
}

/// The bundled exports: public talk, with licences beside it.
const EXPORTS: [(&str, &str); 4] = [
    ("eliza/coders.json", include_str!("../../demo/exports/demo-eliza/coders.json")),
    ("eliza/discussion.json", include_str!("../../demo/exports/demo-eliza/discussion.json")),
    ("ubuntu/support.json", include_str!("../../demo/exports/demo-ubuntu/support.json")),
    ("korean/help.json", include_str!("../../demo/exports/demo-korean/help.json")),
];
/// What a reader has to know about the exports before judging what was found in them.
const ABOUT_EXPORTS: [&str; 3] = [
    "eliza: an agent framework's community; its words are summaries, not quotes",
    "ubuntu: an archive of Linux support, as people wrote it",
    "korean: a small channel, written for this demo",
];
const SETTINGS: &str = include_str!("../../demo/harvester.toml");
const SCOPE: &str = include_str!("../../demo/scope.toml");

/// How many recurring questions the summary lists.
const TOP: usize = 10;

#[derive(Serialize)]
struct DemoSummary {
    counts: StoreCounts,
    exports: [&'static str; 3],
    recurring: Vec<DemoQuestion>,
    reviewed: Vec<DemoReviewed>,
    proposed: Vec<DemoProposal>,
    refused: Vec<DemoRefusal>,
    seconds: f64,
}

/// A page that was brought to the docs repository.
#[derive(Serialize)]
struct DemoProposal {
    id: String,
    title: String,
    branch: String,
    outcome: String,
}

/// An answer that was merged, as a maintainer would.
#[derive(Serialize)]
struct DemoReviewed {
    id: String,
    title: String,
    path: String,
}

/// A due question that gets no page, with the reason.
#[derive(Serialize)]
struct DemoRefusal {
    id: String,
    question: String,
    reason: String,
}

#[derive(Serialize)]
struct DemoQuestion {
    id: String,
    times: usize,
    askers: usize,
    question: String,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &DemoArgs,
) -> anyhow::Result<CommandResult> {
    let listener = if arguments.no_serve { None } else { Some(bind(&arguments.listen).await?) };
    let started = clock::now();
    anyhow::ensure!(
        options.store_location()?.server.is_none(),
        "the demo keeps its store in its own directory; run it without `url` in [store]"
    );
    let exports = lay_out(&options.data)?;
    let settings = options.settings()?;
    let mut pipeline = options.pipeline(&settings).await?;
    let total = EXPORTS.iter().map(|(_, text)| text.len() as u64).sum();
    let progress = ProgressReporter::start("reading exports", Unit::Bytes, total);
    let taken = pipeline.intake().files(exports, &progress).await?;
    progress.finish();
    anyhow::ensure!(
        taken.is_clean(),
        "the bundled exports were modified on disk; delete {}",
        options.data.display()
    );
    pipeline.catch_up(clock::now()).await?;
    let mut round = propose(options, &settings, &pipeline.store).await?;
    let merged = merge_first(options, &settings, &pipeline.store, &mut round).await?;
    pipeline.catch_up(clock::now()).await?;
    let pages = round.proposed.iter().map(|one| &one.draft);
    draft::write_pages(&options.data, pages)?;
    let counts = pipeline.store.counts().await?;
    let recurring = pipeline.store.clusters(2, usize::MAX).await?;
    pipeline.close().await;
    let seconds = clock::now().duration_since(started).as_secs_f64();
    if options.json {
        print_json(&summary(counts, &recurring, &round, merged, seconds))?;
    } else {
        print_summary(options, &counts, &recurring, (&round, &merged), seconds);
    }
    if let Some(listener) = listener {
        let stop = stop_signal()?;
        out!("Search page: http://{}  (Ctrl-C stops)", listener.local_addr()?);
        let http = within_limits(&settings.config.http);
        let (site, watch) = options.site(settings).await?;
        let router = site::router(site, &http, None);
        site::serve_watched(listener, router, &http, &watch, stop).await?;
    }
    Ok(CommandResult::Success)
}

/// Merges the first page, once, so that the demo also has an answer that maintainers reviewed.
async fn merge_first(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
    round: &mut ProposeSummary,
) -> anyhow::Result<Vec<DemoReviewed>> {
    let opened = round.proposed.iter().position(|one| one.outcome == PageOutcome::Opened);
    if let Some(at) = opened
        && store.merged_answers().await?.is_empty()
        && let Some(repository) = settings.config.forge.repository.as_deref()
    {
        let first = round.proposed.remove(at);
        let forge =
            LocalForge::new(repository, &options.data.join(PROPOSALS), Arc::new(SystemClock));
        forge.merge_unchanged(&first.proposal.branch)?;
        propose(options, settings, store).await?;
    }
    let merged = store.merged_answers().await?;
    let reviewed = merged.into_iter().map(|one| DemoReviewed {
        id: one.cluster.to_string(),
        title: one.title,
        path: one.path,
    });
    Ok(reviewed.collect())
}

/// Writes the exports, settings and rules of the demo into the data directory, so that every other
/// command works there afterwards. Fails for a directory with other data.
fn lay_out(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let settings = data.join(config::FILE);
    let ours = std::fs::read_to_string(&settings).is_ok_and(|text| text == SETTINGS);
    if Store::exists(data) && !ours {
        bail!("{} contains other data; choose another directory with --data DIR", data.display());
    }
    let written = [(config::FILE, SETTINGS), ("rules/scope.toml", SCOPE)];
    for (name, text) in written {
        write(&data.join(name), text)?;
    }
    EXPORTS
        .iter()
        .map(|(name, text)| {
            let path = data.join("exports").join(name);
            write(&path, text)?;
            Ok(path)
        })
        .collect()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().expect("every file of the demo is in a folder");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn summary(
    counts: StoreCounts,
    recurring: &[Cluster],
    round: &ProposeSummary,
    reviewed: Vec<DemoReviewed>,
    seconds: f64,
) -> DemoSummary {
    DemoSummary {
        counts,
        reviewed,
        exports: ABOUT_EXPORTS,
        recurring: recurring
            .iter()
            .map(|cluster| DemoQuestion {
                id: cluster.id.to_string(),
                times: cluster.times_answered(),
                askers: cluster.asker_count(),
                question: clean_title(&cluster.representative_question().text),
            })
            .collect(),
        proposed: round.proposed.iter().map(proposal).collect(),
        refused: round
            .refused
            .iter()
            .map(|(cluster, refusal)| DemoRefusal {
                id: cluster.id.to_string(),
                question: clean_title(&cluster.representative_question().text),
                reason: refusal.clone(),
            })
            .collect(),
        seconds,
    }
}

fn proposal(one: &ProposedPage) -> DemoProposal {
    DemoProposal {
        id: one.cluster.id.to_string(),
        title: one.proposal.title.clone(),
        branch: one.proposal.branch.clone(),
        outcome: one.outcome.to_string(),
    }
}

fn print_summary(
    options: &GlobalArgs,
    counts: &StoreCounts,
    recurring: &[Cluster],
    (round, reviewed): (&ProposeSummary, &[DemoReviewed]),
    seconds: f64,
) {
    let bold = anstyle::Style::new().bold();
    let dim = anstyle::Style::new().dimmed();
    let resolved = counts.conversations_by_status.get("resolved").copied().unwrap_or_default();
    out!("\n{bold}Processed three communities in {seconds:.1} s{bold:#}\n");
    ABOUT_EXPORTS.iter().for_each(|about| out!("  {about}"));
    // The same figures as on the search page.
    out!(
        "\n  {} messages, {} conversations, {} answered questions,\n  {} asked more than once\n",
        grouped(counts.messages),
        grouped(counts.conversations),
        grouped(resolved),
        grouped(counts.recurring)
    );
    let width = line_width();
    out!("{bold}Recurring questions{bold:#}");
    for cluster in recurring.iter().take(TOP) {
        let after = format!("{} askers · {}", cluster.asker_count(), cluster.id);
        let room = width.saturating_sub(9 + after.chars().count()).max(20);
        out!(
            "  {:>2}×  {}  {dim}{after}{dim:#}",
            cluster.times_answered(),
            one_line(&clean_title(&cluster.representative_question().text), room),
        );
    }
    out!("\n{bold}Reviewed answers{bold:#}  {dim}merged here, as a maintainer would{dim:#}");
    for one in reviewed {
        out!("  ✓ {}", one_line(&one.title, width - 4));
        out!("    {dim}{}{dim:#}", one_line(&one.path, width - 4));
    }
    print_proposals(round, width);
    print_next_steps(options, recurring);
}

fn print_proposals(round: &ProposeSummary, width: usize) {
    let bold = anstyle::Style::new().bold();
    let dim = anstyle::Style::new().dimmed();
    out!("\n{bold}Proposed pages{bold:#}");
    for one in &round.proposed {
        let mark = if matches!(one.outcome, PageOutcome::HandsOff(_) | PageOutcome::Failed(_)) {
            "–"
        } else {
            "✓"
        };
        out!("  {mark} {}", one_line(&one.proposal.title, width - 4));
        let about = format!(
            "{} · {} · {}",
            one.proposal.branch,
            one.outcome,
            answered(one.cluster.times_answered(), one.cluster.asker_count())
        );
        out!("    {dim}{}{dim:#}", one_line(&about, width - 4));
    }
    if round.proposed.is_empty() {
        out!("  none");
    }
    if !round.refused.is_empty() {
        out!("\n{bold}Due, but rejected by checks{bold:#}");
    }
    for (cluster, refusal) in &round.refused {
        let question = clean_title(&cluster.representative_question().text);
        out!("  ✗ {}", one_line(&question, width - 4));
        for line in wrapped(refusal, width - 4) {
            out!("    {dim}{line}{dim:#}");
        }
    }
}

/// Prints where the pages are, and three commands to try next.
fn print_next_steps(options: &GlobalArgs, recurring: &[Cluster]) {
    let bold = anstyle::Style::new().bold();
    let data = options.data.display();
    let program = std::env::args().next().unwrap_or_else(|| "harvester".to_owned());
    let command = match options.data.as_os_str() == super::DEFAULT_DATA {
        true => program,
        false => format!("{program} --data {data}"),
    };
    let example = recurring.first().map_or("ID", |cluster| cluster.id.as_str());
    out!("\nPages are in {data}/drafts, and on branches of {data}/docs.git.");
    out!("\n{bold}Three things to try{bold:#}");
    out!("  {command} search how do I deploy my agent");
    out!("  {command} clusters show {example}");
    out!("  git -C {data}/docs.git log --stat --all\n");
}
