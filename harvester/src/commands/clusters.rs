use indexer::cluster::grouping::explain_membership;
use indexer::cluster::recluster::{ClusterSimilarity, corpus_stats, qa_text};
use indexer::store::StoredConversation;
use rules::due::due;
use rules::model::cluster::{Cluster, ClusterState, Occurrence};
use rules::model::ids::ClusterId;
use rules::model::reason::WeightedReason;
use rules::publish::title::clean_title;
use rules::resolution::ConversationVerdict;
use rules::similarity::PairVerdict;
use serde::Serialize;

use super::table::{day, indented, one_line};
use super::{CommandResult, GlobalArgs, LoadedSettings, ReadHandle, print_json};
use crate::pipeline::read_links;

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  harvester clusters                 recurring questions, most frequent first
  harvester clusters --all --json    every answer, as JSON
  harvester clusters show ID         one question with every reason behind it"
)]
pub(super) struct ClustersArgs {
    #[command(subcommand)]
    one: Option<ClusterCommand>,
    /// Also questions that were resolved once only
    #[arg(long)]
    all: bool,
    /// How many at most
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

#[derive(Debug, clap::Subcommand)]
enum ClusterCommand {
    /// Show one cluster with every reason behind it
    Show {
        /// A cluster id, as the list shows it
        id: ClusterId,
    },
}

/// A cluster in the list: nothing here depends on when it was imported.
#[derive(Serialize)]
struct ClusterListItem {
    id: String,
    state: ClusterState,
    title: String,
    occurrences: usize,
    askers: usize,
    answerers: usize,
    first_asked: String,
    last_confirmed: String,
    questions: Vec<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ClustersArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let reading = options.reading(&settings).await?;
    match &arguments.one {
        Some(ClusterCommand::Show { id }) => show(options, &settings, &reading, id).await,
        None => list(options, arguments, &reading).await,
    }
}

async fn list(
    options: &GlobalArgs,
    arguments: &ClustersArgs,
    reading: &ReadHandle,
) -> anyhow::Result<CommandResult> {
    let least = if arguments.all { 1 } else { 2 };
    let clusters = reading.store.clusters(least, arguments.limit).await?;
    let listed = clusters.iter().map(listed).collect::<Vec<_>>();
    if options.json {
        print_json(&listed)?;
        return Ok(CommandResult::Well);
    }
    say!("{:>5} {:>6}  {:<9} {:<14} question", "times", "askers", "state", "id");
    for one in &listed {
        let state = serde_json::to_value(one.state)?;
        say!(
            "{:>5} {:>6}  {:<9} {:<14} {}",
            one.occurrences,
            one.askers,
            state.as_str().unwrap_or_default(),
            one.id,
            one_line(&one.title, 90)
        );
    }
    Ok(CommandResult::Well)
}

fn listed(cluster: &Cluster) -> ClusterListItem {
    let first = cluster.occurrences.first().expect("a cluster has an occurrence");
    ClusterListItem {
        id: cluster.id.to_string(),
        state: cluster.state,
        title: clean_title(&cluster.representative_question().text),
        occurrences: cluster.occurrences.len(),
        askers: cluster.asker_count(),
        answerers: cluster.answerer_count(),
        first_asked: day(first.question.sent),
        last_confirmed: day(cluster.last_confirmed()),
        questions: cluster.occurrences.iter().map(|one| one.question.message.to_string()).collect(),
    }
}

async fn show(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    reading: &ReadHandle,
    id: &ClusterId,
) -> anyhow::Result<CommandResult> {
    let Some(cluster) = reading.store.cluster(id).await? else {
        anyhow::bail!("there is no cluster {id}; `harvester clusters --all` lists them");
    };
    let epoch = corpus_stats(&reading.store, &settings.rules.same).await?;
    let members = cluster.occurrences.iter().map(qa_text).collect::<Vec<_>>();
    let together = explain_membership(&members, &epoch, &settings.rules.same);
    let kin = ClusterSimilarity::of(&cluster, &epoch, &settings.rules.same);
    let verdict = due(&cluster, &settings.rules.pages, &kin);
    if options.json {
        print_json(&serde_json::json!({
            "cluster": cluster,
            "due": { "due": verdict.due, "reasons": verdict.reasons },
            "together": together.iter().map(|one| &one.reasons).collect::<Vec<_>>(),
        }))?;
        return Ok(CommandResult::Well);
    }
    let bold = anstyle::Style::new().bold();
    say!("{bold}{}{bold:#}", one_line(&clean_title(&cluster.representative_question().text), 110));
    say!("{} · {}\n", cluster.id, cluster.state.as_str());
    say!("A page is {}due:", if verdict.due { "" } else { "not " });
    tell_reasons(&verdict.reasons);
    if let Some(since) = cluster.due_since {
        let deadline = settings.rules.pages.deadline(since);
        say!("  known since {}, to be proposed by {}", day(since), day(deadline));
    }
    for (at, occurrence) in cluster.occurrences.iter().enumerate() {
        tell(occurrence, &together[at], verdict.core.contains(&at));
        if let Some(conversation) = reading.store.conversation(occurrence.conversation).await? {
            tell_conversation(&conversation)?;
        }
    }
    Ok(CommandResult::Well)
}

fn tell(occurrence: &Occurrence, together: &PairVerdict, core: bool) {
    let dim = anstyle::Style::new().dimmed();
    say!(
        "\n{dim}{} in #{} · {}{dim:#}",
        day(occurrence.question.sent),
        one_line(&occurrence.channel_name, 40),
        occurrence.question_link()
    );
    say!("{}", indented(&occurrence.question.text, "  Q  "));
    say!("{}", indented(&occurrence.best_answer().text, "  A  "));
    say!("  resolved ({:?}, confidence {:.2}) because", occurrence.grade, occurrence.confidence);
    tell_reasons(&occurrence.reasons);
    let place = if core { "in the middle of this cluster" } else { "at the edge of this cluster" };
    say!("  {place} (mean score {:.2}) because", together.score);
    tell_reasons(&together.reasons);
}

/// Why the conversation holds a question, and what ties its messages together.
fn tell_conversation(conversation: &StoredConversation) -> anyhow::Result<()> {
    if let ConversationVerdict::Resolved(resolution) = serde_json::from_str(&conversation.verdict)?
    {
        say!("  asked because");
        tell_reasons(&resolution.question.reasons);
    }
    say!("  untangled from the channel's talk because");
    for link in read_links(conversation)? {
        let cues = link.cues.iter().flatten().map(|cue| cue.text()).collect::<Vec<_>>().join("; ");
        match link.parent {
            Some(parent) => say!("    {} continues {parent}: {cues}", link.message),
            None => say!("    {} begins: {cues}", link.message),
        }
    }
    Ok(())
}

fn tell_reasons(reasons: &[WeightedReason]) {
    for reason in reasons {
        say!("    {:+.2}  {}", reason.weight, reason.what);
    }
}
