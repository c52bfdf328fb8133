use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::error_fingerprint::{ErrorFingerprint, normalized_errors, reported_errors};
use rules::model::cluster::Cluster;
use rules::publish::anonymize::Participants;
use rules::publish::presentation::presentable;
use rules::publish::pseudonym::AuthorNaming;
use site::presentation::branding::SiteUrl;

use super::{ErrorLink, ErrorLinkMap, FORMAT};
use crate::commands::{
    CommandResult, GlobalArgs, MissingSetting, ReadHandle, UsageError, print_json,
};

/// Clusters that are read at once.
const BATCH: usize = 500;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester errors export > error-links.json
  harvester errors export --for errors.json > error-links.json

--for names a JSON file with the messages of your program by its own codes:
  { \"E_DB_OPEN\": \"cannot open database /var/lib/app.db\" }
Each gets a link, also where nobody has solved the error yet: the page offers to search then.
Without --for, every error that somebody solved is listed by its fingerprint.")]
pub(super) struct ExportArgs {
    /// JSON file with your program's messages by its own codes
    #[arg(long = "for", value_name = "FILE")]
    messages: Option<PathBuf>,
    /// Where visitors reach the site; overrides [site] url in the settings
    #[arg(long, value_name = "URL")]
    site: Option<SiteUrl>,
}

/// An error that somebody solved.
struct SolvedError {
    rank: (Reverse<bool>, Reverse<usize>, String),
    title: String,
    reviewed: bool,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ExportArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let site = arguments.site.as_ref().or(settings.config.branding.url.as_ref());
    let site =
        site.ok_or(MissingSetting("links need [site] url in the settings, or --site URL"))?;
    let ReadHandle { store, .. } = options.reading(&settings).await?;
    let naming = settings.naming(&store).await?;
    let solved = solved_errors(&store, &settings.rules, &naming).await?;
    let errors = match &arguments.messages {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let messages = serde_json::from_str::<BTreeMap<String, String>>(&text)
                .with_context(|| format!("{} is no map of codes to messages", path.display()))?;
            links_of(&messages, &solved, site)?
        }
        None => solved
            .iter()
            .map(|(error, one)| (error.to_string(), link(error, Some(one), site)))
            .collect(),
    };
    print_json(&ErrorLinkMap { version: FORMAT, errors })?;
    Ok(CommandResult::Success)
}

/// A link for each message of a program. A message that names no error is a mistake of the file.
fn links_of(
    messages: &BTreeMap<String, String>,
    solved: &BTreeMap<ErrorFingerprint, SolvedError>,
    site: &SiteUrl,
) -> anyhow::Result<BTreeMap<String, ErrorLink>> {
    let mut links = BTreeMap::new();
    let mut general = Vec::new();
    for (code, message) in messages {
        match normalized_errors(message).first() {
            Some(error) => {
                let fingerprint = error.fingerprint();
                links.insert(code.clone(), link(&fingerprint, solved.get(&fingerprint), site));
            }
            None => general.push(code.as_str()),
        }
    }
    if !general.is_empty() {
        let codes = general.join(", ");
        let problem = format!("too general to name an error, give their whole text: {codes}");
        return Err(UsageError(problem).into());
    }
    Ok(links)
}

fn link(error: &ErrorFingerprint, solved: Option<&SolvedError>, site: &SiteUrl) -> ErrorLink {
    ErrorLink {
        url: format!("{site}/e/{error}"),
        title: solved.map(|solved| solved.title.clone()),
        reviewed: solved.is_some_and(|solved| solved.reviewed),
    }
}

/// The errors that answers may be shown for, each with its best answer, as the site chooses it.
async fn solved_errors(
    store: &Store,
    rules: &Ruleset,
    naming: &AuthorNaming,
) -> anyhow::Result<BTreeMap<ErrorFingerprint, SolvedError>> {
    let mut best = BTreeMap::<ErrorFingerprint, SolvedError>::new();
    for ids in store.cluster_ids().await?.chunks(BATCH) {
        for cluster in store.clusters_with(ids).await? {
            let shown = presentable(&cluster, &rules.safety, &rules.facts);
            let Some(title) = title(&shown, naming) else { continue };
            for error in reported_errors(&shown) {
                let reviewed = shown.has_merged_answer();
                let size = shown.times_answered();
                let rank = (Reverse(reviewed), Reverse(size), shown.id.to_string());
                if best.get(&error).is_none_or(|known| rank < known.rank) {
                    best.insert(error, SolvedError { rank, title: title.clone(), reviewed });
                }
            }
        }
    }
    Ok(best)
}

/// The title in words that may be shown.
fn title(shown: &Cluster, naming: &AuthorNaming) -> Option<String> {
    match &shown.merged_answer {
        Some(merged_answer) => Some(merged_answer.title.clone()),
        None => Participants::of(shown, naming).headline(shown).map(|(_, title)| title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_of_a_program_gets_a_link() {
        let site = "https://answers.example.org".parse().unwrap();
        let message = |code: &str, text: &str| (code.to_owned(), text.to_owned());
        let messages = BTreeMap::from([
            message("E_OPEN", "cannot open database /a/b.db"),
            message("E_PORT", "port 80 is taken by another process"),
        ]);
        let fingerprint = normalized_errors("cannot open database ./x.db")[0].fingerprint();
        let rank = (Reverse(true), Reverse(3), "q1".to_owned());
        let known = SolvedError { rank, title: "Why is it locked?".to_owned(), reviewed: true };
        let solved = BTreeMap::from([(fingerprint.clone(), known)]);
        let links = links_of(&messages, &solved, &site).unwrap();
        let open = &links["E_OPEN"];
        assert_eq!(open.url, format!("https://answers.example.org/e/{fingerprint}"));
        assert_eq!((open.title.as_deref(), open.reviewed), (Some("Why is it locked?"), true));
        assert_eq!(links["E_PORT"].title, None);
        let general = BTreeMap::from([message("E_ANY", "error")]);
        let said = links_of(&general, &solved, &site).unwrap_err().to_string();
        assert!(said.contains("E_ANY"), "{said}");
    }
}
