use std::collections::BTreeSet;

use indexer::store::Store;
use serde::Serialize;

use super::{Ended, Options, Reading, print_json};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    well: bool,
    says: String,
}

pub(super) async fn run(options: &Options) -> anyhow::Result<Ended> {
    let mut findings = Vec::new();
    match options.settings() {
        Ok(settings) => {
            findings.push(good("settings and rules", "without mistakes"));
            findings.push(consent(settings.rules.scope.consent.is_some()));
            findings.push(forge(settings.config.forge.repository.as_deref()));
            if Store::exists(&options.data) {
                match options.reading(&settings).await {
                    Ok(reading) => findings.extend(stored(&reading).await?),
                    Err(error) => findings.push(bad("data directory", format!("{error:#}"))),
                }
            } else {
                let says = format!("{} is empty; import something first", options.data.display());
                findings.push(good("data directory", says));
            }
        }
        Err(error) => findings.push(bad("settings and rules", format!("{error:#}"))),
    }
    let well = findings.iter().all(|finding| finding.well);
    if options.json {
        print_json(&findings)?;
    } else {
        findings.iter().for_each(tell);
    }
    Ok(if well { Ended::Well } else { Ended::Badly })
}

fn good(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { what, well: true, says: says.into() }
}

fn bad(what: &'static str, says: impl Into<String>) -> Finding {
    Finding { what, well: false, says: says.into() }
}

fn consent(chosen: bool) -> Finding {
    good(
        "consent",
        if chosen {
            "a mode is chosen in scope.toml"
        } else {
            "no mode is chosen in scope.toml: nothing is quoted or drafted until one is"
        },
    )
}

fn forge(repository: Option<&std::path::Path>) -> Finding {
    good(
        "proposals",
        match repository {
            Some(path) => format!("go to the git repository {}", path.display()),
            None => "no [forge] repository is set: `propose` needs one".to_owned(),
        },
    )
}

async fn stored(reading: &Reading) -> anyhow::Result<Vec<Finding>> {
    let Reading { store, searcher, behind } = reading;
    let counts = store.counts().await?;
    let mut findings = vec![good("store", format!("{} messages", counts.messages))];
    let stored = store.cluster_ids().await?.into_iter().collect::<BTreeSet<_>>();
    let indexed = searcher.ids()?.into_iter().collect::<BTreeSet<_>>();
    let missing = stored.difference(&indexed).count();
    let surplus = indexed.difference(&stored).count();
    findings.push(if missing + surplus == 0 {
        good("index", format!("holds all {} answers of the store", stored.len()))
    } else {
        let says = format!(
            "{missing} answers are missing and {surplus} should be gone; run `harvester reindex`"
        );
        bad("index", says)
    });
    if *behind {
        let says = "what came last is being judged, grouped and indexed by the writing process";
        findings.push(good("judging", says));
    }
    Ok(findings)
}

fn tell(finding: &Finding) {
    let (mark, colour) = match finding.well {
        true => ("ok", anstyle::AnsiColor::Green),
        false => ("wrong", anstyle::AnsiColor::Red),
    };
    let style = colour.on_default();
    let mut lines = finding.says.lines();
    let first = lines.next().unwrap_or_default();
    say!("{style}{mark:>6}{style:#}  {:<20} {first}", finding.what);
    lines.for_each(|line| say!("{:>29}{line}", ""));
}
