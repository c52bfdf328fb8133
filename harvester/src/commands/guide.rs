//! `guide`: a page made of answers in a chosen order.

use std::path::PathBuf;

use anyhow::Context as _;
use rules::guide::GuideOutline;
use site::reports::ReportSource;
use site::reports::guide::guide_markdown;
use site::reports::markdown::SiteLinks;

use super::{CommandResult, GlobalArgs, print_json};
use crate::clock;
use crate::pipeline::DRAFTS;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester guide                                 the guides that there are
  harvester guide \"First 30 minutes\"              print the page
  harvester guide \"First 30 minutes\" --write      write it to DATA/drafts/guides

Its outline is guides/*.toml in the rules directory. With `propose = true` there, `harvester propose` and the daemon
propose the page to the documentation and keep it up to date; otherwise copy it.")]
pub(super) struct GuideArgs {
    /// The title of a guide
    title: Option<String>,
    /// Write the page to the folder of drafts
    #[arg(long, requires = "title")]
    write: bool,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &GuideArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let guides = &settings.rules.guides;
    let Some(title) = &arguments.title else { return list(options, guides.all()) };
    let outline = guides.titled(title).with_context(|| {
        let titles = guides.all().iter().map(|guide| guide.title.as_str()).collect::<Vec<_>>();
        format!("there is no guide {title:?}; there are: {}", titles.join(", "))
    })?;
    let reading = options.reading(&settings).await?;
    let naming = settings.naming(&reading.store).await?;
    let source = ReportSource { store: &reading.store, rules: &settings.rules, naming: &naming };
    let guide = source.guide(outline, clock::now()).await?;
    if options.json {
        print_json(&guide)?;
        return Ok(CommandResult::Success);
    }
    let origin = settings.config.branding.url.as_ref().map(ToString::to_string);
    let text = guide_markdown(&guide, &SiteLinks { origin });
    match arguments.write {
        true => out!("{}", write(options, outline, &text)?.display()),
        false => out!("{}", text.trim_end()),
    }
    Ok(CommandResult::Success)
}

fn list(options: &GlobalArgs, guides: &[GuideOutline]) -> anyhow::Result<CommandResult> {
    let titles = guides.iter().map(|guide| guide.title.as_str()).collect::<Vec<_>>();
    match options.json {
        true => print_json(&titles)?,
        false => titles.iter().for_each(|title| out!("{title}")),
    }
    Ok(CommandResult::Success)
}

fn write(options: &GlobalArgs, outline: &GuideOutline, text: &str) -> anyhow::Result<PathBuf> {
    let folder = options.data.join(DRAFTS).join(rules::guide::FOLDER);
    let path = folder.join(format!("{}.md", file_name(&outline.title)));
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// "First 30 minutes" as `first-30-minutes`.
fn file_name(title: &str) -> String {
    let letters = title.to_lowercase();
    let words = letters.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
