use indexer::search::document::SearchAudience;
use indexer::search::{SearchQuery, highlights};
use rules::config::ruleset::Ruleset;
use rules::markdown::visible;
use rules::model::cluster::{Cluster, Occurrence};
use rules::publish::anonymize::Participants;
use rules::publish::presentation::{facts_of, presentable};
use rules::publish::pseudonym::AuthorNaming;
use rules::publish::strength::{AnswerStrength, answer_options};
use rules::publish::title::clean_title;
use rules::safety::judge_text;
use serde::Serialize;
use site::presentation::language::InterfaceLanguage;
use site::presentation::words::badge;

use super::table::{day, indented, one_line, room};
use super::{CommandResult, GlobalArgs, ReadHandle, print_json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester search how do I enable voice
  harvester search --limit 3 \"ECONNREFUSED 5432\"
  harvester --json search plugin install")]
pub(super) struct SearchArgs {
    /// Plain words; no quoting needed
    #[arg(required = true, value_name = "QUERY")]
    words: Vec<String>,
    /// Maximum number of answers
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
    limit: u8,
}

#[derive(Serialize)]
struct SearchResultItem {
    id: String,
    title: String,
    answer: String,
    /// What the terminal shows of the answer.
    #[serde(skip)]
    excerpt: String,
    status: &'static str,
    /// `AnswerStrength::as_str`.
    strength: &'static str,
    #[serde(skip)]
    badge: String,
    occurrences: usize,
    last_confirmed: String,
    link: String,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &SearchArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let ReadHandle { store, searcher, .. } = options.reading(&settings).await?;
    let searcher = searcher.with_encoder(settings.encoder().await?);
    let text = arguments.words.join(" ");
    let query = SearchQuery {
        text: text.clone(),
        limit: arguments.limit.into(),
        audience: SearchAudience::Operator,
        ..SearchQuery::default()
    };
    let hits = tokio::task::spawn_blocking(move || searcher.search(&query)).await??;
    let ids = hits.hits.iter().map(|hit| hit.cluster.clone()).collect::<Vec<_>>();
    let clusters = store.clusters_with(&ids).await?;
    let found = clusters.iter().map(|cluster| found(cluster, &settings.rules)).collect::<Vec<_>>();
    if options.json {
        print_json(&serde_json::json!({
            "answers": found,
            "total": hits.total,
            "nearest_only": hits.nearest_only,
        }))?;
        return Ok(CommandResult::Success);
    }
    if hits.nearest_only && !found.is_empty() {
        out!("No confident match. Closest questions:\n");
    } else if found.is_empty() {
        out!("Nothing found.");
    }
    if let Some(words) = &hits.searched_for {
        out!("Searched for: {words}\n");
    }
    let words = hits.searched_for.as_deref().unwrap_or(&text);
    for one in &found {
        print_result(one, words);
    }
    Ok(CommandResult::Success)
}

/// The operator's own terminal shows what may not be quoted, too; consent limits only what is published.
fn found(cluster: &Cluster, rules: &Ruleset) -> SearchResultItem {
    let shown = presentable(cluster, &rules.safety, &rules.facts);
    let best = best_occurrence(&shown);
    let (title, answer, excerpt, link) = match &cluster.merged_answer {
        Some(merged_answer) => (
            merged_answer.title.clone(),
            visible(&merged_answer.answer).into_owned(),
            visible(&merged_answer.leading_line()).into_owned(),
            merged_answer.link.clone(),
        ),
        None => {
            let answer = answer_text(best, cluster, rules);
            (
                clean_title(&cluster.representative_question().text),
                answer.clone(),
                answer,
                best.answer_link(best.best_answer()),
            )
        }
    };
    let strength = AnswerStrength::of(cluster, &answer_options(cluster));
    SearchResultItem {
        id: cluster.id.to_string(),
        title,
        answer,
        excerpt,
        status: if cluster.has_merged_answer() { "known" } else { "unreviewed" },
        strength: strength.as_str(),
        badge: badge(strength, InterfaceLanguage::English),
        occurrences: cluster.times_answered(),
        last_confirmed: day(cluster.last_confirmed()),
        link,
    }
}

/// The words of the best answer without whom they address, or what it is withheld for. Those that may be
/// quoted are presentable already.
fn answer_text(best: &Occurrence, cluster: &Cluster, rules: &Ruleset) -> String {
    let people = Participants::of(cluster, &AuthorNaming::DisplayNames);
    let text = people.unaddressed(&best.best_answer().text);
    if best.quotable {
        return text.to_owned();
    }
    let verdict = judge_text(text, &rules.safety, &facts_of(cluster, &rules.facts));
    let kinds = || {
        let kinds = verdict.findings.iter().map(|found| found.kind.as_str()).collect::<Vec<_>>();
        format!("[withheld: {}]", kinds.join(", "))
    };
    verdict.shown(text).map_or_else(kinds, |text| text.into_owned())
}

/// The occurrence with the best answer that may be quoted, else the surest one.
fn best_occurrence(cluster: &Cluster) -> &Occurrence {
    let best = rules::occurrence_ranking::rank_occurrences(cluster)
        .into_iter()
        .map(|ranked| ranked.occurrence);
    let surest = cluster.occurrences.iter().min_by(|one, other| {
        one.grade.cmp(&other.grade).then(other.confidence.total_cmp(&one.confidence))
    });
    best.chain(surest).next().expect("a cluster has an occurrence")
}

fn print_result(found: &SearchResultItem, query: &str) {
    let bold = anstyle::Style::new().bold();
    let dim = anstyle::Style::new().dimmed();
    let title = one_line(&found.title, room(8, 110));
    let marked = mark(&title, query);
    out!("{bold}{marked}{bold:#}");
    let answer = found.excerpt.lines().take(6).collect::<Vec<_>>().join("\n");
    out!("{}", indented(&answer, "    "));
    let times =
        if found.occurrences == 1 { "once".into() } else { format!("{} times", found.occurrences) };
    out!(
        "    {dim}{} · answered {times} · last {} · {}{dim:#}\n    {dim}{}{dim:#}\n",
        found.badge,
        found.last_confirmed,
        found.id,
        found.link
    );
}

/// The title with the words of the query underlined.
fn mark(title: &str, query: &str) -> String {
    let underline = anstyle::Style::new().bold().underline();
    let bold = anstyle::Style::new().bold();
    let mut marked = String::new();
    let mut done = 0;
    for range in highlights(query, title) {
        marked.push_str(&title[done..range.start]);
        marked
            .push_str(&format!("{bold:#}{underline}{}{underline:#}{bold}", &title[range.clone()]));
        done = range.end;
    }
    marked.push_str(&title[done..]);
    marked
}
