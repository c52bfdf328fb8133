use super::{CommandResult, GlobalArgs, print_json};

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let mut pipeline = options.pipeline(&settings).await?;
    let documents = pipeline.reindex().await?;
    pipeline.close().await;
    if options.json {
        print_json(&serde_json::json!({ "documents": documents }))?;
    } else {
        out!("Index rebuilt: {documents} answers.");
    }
    Ok(CommandResult::Success)
}
