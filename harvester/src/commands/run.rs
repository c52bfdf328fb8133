use anyhow::Context as _;
use indexer::store::Store;

use super::serve::stop_signal;
use super::{CommandResult, GlobalArgs, MissingSetting};
use crate::clock;
use crate::daemon::Daemon;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester run
  HARVESTER__DISCORD__TOKEN=… harvester run --listen 0.0.0.0:80

The bot's token is `token` or `token_file` in [discord] of the settings file. Ctrl-C and SIGTERM stop
the daemon within ten seconds; everything it received is stored.")]
pub(super) struct RunArgs {
    /// Address and port of the site; overrides [site] listen in the settings
    #[arg(long, env = "HARVESTER_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &RunArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let mut config = settings.config.clone();
    if config.discord.token.is_none() {
        let says = "no Discord token; `harvester init` asks for it, or set `token_file` in [discord] \
                    of the settings file, or HARVESTER__DISCORD__TOKEN in the environment";
        return Err(MissingSetting(says).into());
    }
    if let Some(listen) = &arguments.listen {
        config.listen.clone_from(listen);
    }
    let stop = stop_signal()?;
    let store = options.shared().await?;
    let naming = settings.naming(&store).await?;
    let owner = clock::fresh_name().context("cannot read random numbers from the system")?;
    let encoder = settings.encoder().await?;
    let (data, rules) = (options.data.clone(), settings.rules);
    let daemon = Daemon { data, config, rules, store, naming, encoder, owner };
    daemon.run(stop).await?;
    Ok(CommandResult::Success)
}

impl GlobalArgs {
    /// Opens the store for writing beside other processes that write there.
    pub(super) async fn shared(&self) -> anyhow::Result<Store> {
        let store = Store::open_shared(self.store_location()?).await?;
        let salt = clock::fresh_salt().context("cannot read random numbers from the system")?;
        store.keep_salt(&salt).await?;
        Ok(store)
    }
}
