use super::{CommandResult, GlobalArgs, print_json};
use crate::clock;

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let encoder = settings.encoder().await?;
    let mut pipeline = options.pipeline(&settings).await?;
    pipeline.use_encoder(encoder).await?;
    let documents = pipeline.reindex().await?;
    pipeline.encode_all(clock::now()).await?;
    pipeline.close().await;
    if options.json {
        print_json(&serde_json::json!({ "documents": documents }))?;
    } else {
        out!("Index rebuilt: {documents} answers.");
    }
    Ok(CommandResult::Success)
}
