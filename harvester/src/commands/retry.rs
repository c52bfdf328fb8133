use super::{CommandResult, GlobalArgs, print_json};
use crate::pipeline::retry;

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let store = options.shared().await?;
    let retried = retry(&store, &settings.rules).await?;
    store.close().await;
    if let Ok(pipeline) = options.pipeline(&settings).await {
        pipeline.close().await;
    }
    if options.json {
        print_json(&retried)?;
    } else {
        out!(
            "{} payload(s) parsed; {} still cannot be parsed.",
            retried.read,
            retried.still_unreadable
        );
    }
    Ok(if retried.still_unreadable == 0 { CommandResult::Success } else { CommandResult::Failure })
}
