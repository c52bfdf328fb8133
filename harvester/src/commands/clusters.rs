use docgen::pull_request::limits::HoldReason;
use indexer::cluster::cluster_similarity::ClusterSimilarity;
use indexer::cluster::grouping::{GroupingItem, explain_membership, qa_text};
use indexer::cluster::texts::corpus_stats;
use indexer::store::{FeedbackCounts, StoredConversation, StoredExchange, read_verdict};
use rules::due::due;
use rules::model::cluster::{Cluster, ClusterState, Occurrence};
use rules::model::ids::{ClusterId, MessageId};
use rules::model::reason::WeightedReason;
use rules::publish::title::clean_title;
use rules::resolution::ConversationVerdict;
use rules::similarity::PairVerdict;
use rules::support::over_share;
use serde::Serialize;

use super::table::{answered, day, indented, one_line, room};
use super::{CommandResult, GlobalArgs, LoadedSettings, ReadHandle, print_json};
use crate::clock;
use crate::pipeline::read_links;
use crate::proposals::due_pages::{AWAITING_DECISION, consider_page};

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  harvester clusters                 recurring questions, most frequent first
  harvester clusters --all --json    all answers, as JSON
  harvester clusters show ID         one question with all reasons"
)]
pub(super) struct ClustersArgs {
    #[command(subcommand)]
    one: Option<ClusterCommand>,
    /// Include questions that were answered only once
    #[arg(long)]
    all: bool,
    /// Maximum number of questions
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

#[derive(Debug, clap::Subcommand)]
enum ClusterCommand {
    /// Show one cluster with all reasons
    Show {
        /// A cluster id, as the list shows it
        id: ClusterId,
    },
}

/// A cluster in the list. No field depends on the time of import.
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
        return Ok(CommandResult::Success);
    }
    out!("{:>5} {:>6}  {:<9} {:<14} question", "times", "askers", "state", "id");
    for one in &listed {
        let state = serde_json::to_value(one.state)?;
        out!(
            "{:>5} {:>6}  {:<9} {:<14} {}",
            one.occurrences,
            one.askers,
            state.as_str().unwrap_or_default(),
            one.id,
            one_line(&one.title, room(41, 90))
        );
    }
    Ok(CommandResult::Success)
}

fn listed(cluster: &Cluster) -> ClusterListItem {
    let first = cluster.occurrences.first().expect("a cluster has an occurrence");
    ClusterListItem {
        id: cluster.id.to_string(),
        state: cluster.state,
        title: clean_title(&cluster.representative_question().text),
        occurrences: cluster.times_answered(),
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
    let meanings = reading.store.meanings_of(&cluster).await?;
    let members = cluster.occurrences.iter().map(|one| GroupingItem {
        id: one.question.message,
        asked: qa_text(one),
        meaning: meanings.get(&one.question.message),
    });
    let members = members.collect::<Vec<_>>();
    let together = explain_membership(&members, &epoch, &settings.rules.same);
    let similarity = ClusterSimilarity::of(&cluster, &meanings, &epoch, &settings.rules.same);
    let verdict = due(&cluster, &settings.rules.pages, &similarity, clock::now());
    let mut reasons = verdict.reasons.iter().map(WeightedReason::from).collect::<Vec<_>>();
    if is_over_share(reading, settings, &cluster).await? {
        reasons.push(WeightedReason::new(HoldReason::PersonShare.as_str(), -1.0));
    }
    let naming = settings.naming(&reading.store).await?;
    let context = settings.context(&naming);
    let considered = consider_page(&reading.store, cluster.clone(), &context).await?;
    if let (true, Err(refusal)) = (verdict.due, considered.page) {
        reasons.push(WeightedReason::new(refusal.to_string(), -1.0));
    }
    let feedback = reading.store.feedback(&cluster.id).await?;
    if options.json {
        print_json(&serde_json::json!({
            "cluster": cluster,
            "occurrences": cluster.times_answered(),
            "askers": cluster.asker_count(),
            "feedback": feedback,
            "due": { "due": verdict.due, "reasons": reasons },
            "together": together.iter().map(|one| &one.reasons).collect::<Vec<_>>(),
        }))?;
        return Ok(CommandResult::Success);
    }
    let bold = anstyle::Style::new().bold();
    out!(
        "{bold}{}{bold:#}",
        one_line(&clean_title(&cluster.representative_question().text), room(0, 110))
    );
    let answered = answered(cluster.times_answered(), cluster.asker_count());
    out!("{} · {} · {answered}\n", cluster.id, cluster.state.as_str());
    out!("A page is {}due:", if verdict.due { "" } else { "not " });
    print_reasons(&reasons);
    if let Some(since) = cluster.due_since {
        let deadline = settings.rules.pages.deadline(since);
        out!("  due since {}, deadline {}", day(since), day(deadline));
    }
    let FeedbackCounts { helped, outdated, wrong } = feedback;
    out!("Readers say: helped {helped}, outdated {outdated}, wrong {wrong}");
    for (at, occurrence) in cluster.occurrences.iter().enumerate() {
        print_occurrence(occurrence, &together[at], cluster.is_in_core(occurrence));
        if let Some(conversation) = reading.store.conversation(occurrence.conversation).await? {
            let exchanges = reading.store.exchanges(conversation.id).await?;
            print_conversation(&conversation, &exchanges, occurrence.question.message)?;
        }
    }
    Ok(CommandResult::Success)
}

/// Whether a due page waits because one person is behind too many due pages.
async fn is_over_share(
    reading: &ReadHandle,
    settings: &LoadedSettings,
    cluster: &Cluster,
) -> anyhow::Result<bool> {
    if !AWAITING_DECISION.contains(&cluster.state) {
        return Ok(false);
    }
    let others = reading.store.clusters_in(&AWAITING_DECISION).await?.into_iter();
    let cores = others.map(Cluster::into_core).collect::<Vec<_>>();
    let over = over_share(&cores.iter().collect::<Vec<_>>(), settings.rules.pages.person_share());
    Ok(over.contains(&cluster.id))
}

fn print_occurrence(occurrence: &Occurrence, together: &PairVerdict, core: bool) {
    let dim = anstyle::Style::new().dimmed();
    out!(
        "\n{dim}{} in #{} · {}{dim:#}",
        day(occurrence.question.sent),
        one_line(&occurrence.channel_name, 40),
        occurrence.question_link()
    );
    out!("{}", indented(&occurrence.question.text, "  Q  "));
    out!("{}", indented(&occurrence.best_answer().text, "  A  "));
    out!("  {:?}, confidence {:.2}, because", occurrence.grade, occurrence.confidence);
    print_reasons(&occurrence.reasons);
    let place = if core { "core of this cluster" } else { "outside the core of this cluster" };
    out!("  {place} (mean score {:.2}) because", together.score);
    print_reasons(&together.reasons);
}

/// Prints why the message asks, and how the messages of its conversation are linked.
fn print_conversation(
    conversation: &StoredConversation,
    exchanges: &[StoredExchange],
    question: MessageId,
) -> anyhow::Result<()> {
    for exchange in exchanges {
        if let ConversationVerdict::Resolved(resolution) = read_verdict(&exchange.verdict)?
            && resolution.question.messages.contains(&question)
        {
            out!("  detected as a question because");
            print_reasons(&resolution.question.reasons);
        }
    }
    out!("  conversation links");
    for link in read_links(conversation)? {
        let cues = link.cues.iter().flatten().map(|cue| cue.text()).collect::<Vec<_>>().join("; ");
        match link.parent {
            Some(parent) => out!("    {} continues {parent}: {cues}", link.message),
            None => out!("    {} begins: {cues}", link.message),
        }
    }
    Ok(())
}

fn print_reasons(reasons: &[WeightedReason]) {
    for reason in reasons {
        out!("    {:+.2}  {}", reason.weight, reason.what);
    }
}
