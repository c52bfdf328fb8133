use std::collections::BTreeMap;

use indexer::store::Counts;

use super::table::grouped;
use super::{Ended, Options, Reading, print_json};

pub(super) async fn run(options: &Options) -> anyhow::Result<Ended> {
    let settings = options.settings()?;
    let Reading { store, searcher } = options.reading(&settings).await?;
    let counts = store.counts().await?;
    let documents = searcher.count();
    if options.json {
        let mut status = serde_json::to_value(&counts)?;
        status["indexed_answers"] = documents.into();
        print_json(&status)?;
    } else {
        tell(&counts, documents);
        say!("\nData directory: {}", options.data.display());
    }
    Ok(Ended::Well)
}

fn tell(counts: &Counts, documents: usize) {
    let Counts {
        channels, people, messages, conversations, clusters, recurring, proposals, ..
    } = counts;
    line("messages", *messages, &format!("of {people} people in {channels} channel(s)"));
    detail(&counts.messages_by_kind);
    line("conversations", *conversations, "");
    detail(&counts.conversations_by_status);
    line("resolutions", counts.resolutions_by_grade.values().sum(), "");
    detail(&counts.resolutions_by_grade);
    line("answers", *clusters, &format!("of them {recurring} to recurring questions"));
    detail(&counts.clusters_by_state);
    line("indexed", documents as u64, "answers can be found");
    line("proposals", *proposals, "");
    if counts.channels_pending > 0 {
        line("pending", counts.channels_pending, "channel(s) are still to be judged");
    }
}

fn line(name: &str, count: u64, more: &str) {
    say!("{name:>14}  {:>11}  {more}", grouped(count));
}

fn detail(counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        say!("{:>14}  {:>11}    {name}", "", grouped(*count));
    }
}
