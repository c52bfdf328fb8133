use std::future::Future;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::{CommandResult, GlobalArgs};
use crate::process_limits::within_limits;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester serve
  harvester serve --listen 0.0.0.0:80")]
pub(super) struct ServeArgs {
    /// Address and port; overrides [site] listen in the settings
    #[arg(long, env = "HARVESTER_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &ServeArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let address = arguments.listen.as_deref().unwrap_or(&settings.config.listen);
    let listener = bind(address).await?;
    // Before the address is printed: who reads it may send the signal at once.
    let stop = stop_signal()?;
    let http = within_limits(&settings.config.http);
    let (site, watch) = options.site(settings).await?;
    out!("Serving on http://{} until Ctrl-C.", listener.local_addr()?);
    let lists = site.read_lists();
    let router = site::router(site, &http, None);
    let lists = async {
        lists.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        served = site::serve_watched(listener, router, &http, &watch, stop) => served?,
        () = lists => unreachable!("it never ends"),
    }
    Ok(CommandResult::Success)
}

/// Binds the address; the error names the flag that changes it.
pub(super) async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with --listen, as in --listen 127.0.0.1:8081")
    })
}

/// Completes at Ctrl-C or SIGTERM.
pub(super) fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
