use rules::report::questions::QuestionList;
use site::reports::question_list::QuestionScope;

use super::{OpenReport, PeriodArgs};
use crate::commands::table::{one_line, room};
use crate::commands::{UsageError, print_json};

#[derive(Debug, clap::Args)]
pub(super) struct QuestionsArgs {
    #[command(flatten)]
    days: PeriodArgs,
    /// asked, answered, confirmed, open, within-1h, within-4h or within-24h
    #[arg(long, default_value = "asked")]
    list: String,
    /// Only questions of the topic with this name in topics.toml; "" for those of none
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// Questions to skip
    #[arg(long, default_value_t = 0)]
    offset: usize,
}

pub(super) async fn run(report: &OpenReport<'_>, arguments: &QuestionsArgs) -> anyhow::Result<()> {
    let period = arguments.days.period(super::now())?;
    let list = QuestionList::parse(&arguments.list).ok_or_else(|| {
        let names = QuestionList::ALL.map(QuestionList::as_str).join(", ");
        UsageError(format!("there is no list {:?}; choose one of {names}", arguments.list))
    })?;
    report.warn_if_silent(&period).await?;
    let scope = QuestionScope { list, topic: arguments.topic.as_deref() };
    let source = report.source();
    let listing = source.question_list(&period, scope, arguments.offset, report.language()).await?;
    if report.options.json {
        return print_json(&listing);
    }
    let dim = anstyle::Style::new().dimmed();
    out!("{}, {} to {}: {}\n", listing.label, listing.first_day, listing.last_day, listing.total);
    for one in &listing.questions {
        let title = one.title.as_deref().unwrap_or("(its words may not be quoted)");
        out!("{}  {}", one.asked.get(..16).unwrap_or_default(), one_line(title, room(18, 100)));
        out!(
            "{dim}                  {} · {} · {}{dim:#}",
            one_line(&one.channel, 40),
            one.outcome,
            one.url
        );
    }
    let shown = arguments.offset + listing.questions.len();
    if shown < listing.total {
        out!("\n{} more: --offset {shown}", listing.total - shown);
    }
    Ok(())
}
