//! `probe`: a health check for containers, whose image has no other program to make a request with.

use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{CommandResult, GlobalArgs};

/// How long the site may take to answer.
const TIMEOUT: Duration = Duration::from_secs(4);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester probe
  harvester probe --listen 127.0.0.1:8080

Exits with 0 if /healthz of the running site answers with 200, else with 1.")]
pub(super) struct ProbeArgs {
    /// Address and port of the site; overrides [site] listen in the settings
    #[arg(long, env = "HARVESTER_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ProbeArgs,
) -> anyhow::Result<CommandResult> {
    let address = match &arguments.listen {
        Some(listen) => listen.clone(),
        None => options.settings()?.config.listen,
    };
    let status = tokio::time::timeout(TIMEOUT, status_of(&address)).await;
    let status = status.with_context(|| format!("{address} does not answer"))??;
    anyhow::ensure!(status.contains(" 200 "), "{address} answers {status}");
    out!("{address} is healthy");
    Ok(CommandResult::Success)
}

/// The status line of `/healthz`.
async fn status_of(address: &str) -> anyhow::Result<String> {
    let doing = || format!("cannot reach {address}");
    let mut stream = TcpStream::connect(address).await.with_context(doing)?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.with_context(doing)?;
    let mut head = [0; 64];
    let read = stream.read(&mut head).await.with_context(doing)?;
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
