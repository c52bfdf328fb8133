use anyhow::Context as _;
use indexer::store::{ProcessLock, Store};

use super::serve::stop_signal;
use super::{CommandResult, GlobalArgs, MissingSetting};
use crate::clock;
use crate::daemon::{Daemon, ProcessRole, ProcessRoles};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester run
  HARVESTER__DISCORD__TOKEN=… harvester run --listen 0.0.0.0:80
  harvester run --only judge,propose

Without --only one process does everything. Any number of processes share the work on one store; where one
ends, the others take over. Only what a role needs has to be set: the bot's token for `gateway`, [forge] for
`propose`, an address for `site`.

The bot's token is `token` or `token_file` in [discord] of the settings file. Ctrl-C and SIGTERM stop
the daemon within ten seconds; everything it received is stored.")]
pub(super) struct RunArgs {
    /// Address and port of the site; overrides [site] listen in the settings
    #[arg(long, env = "HARVESTER_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
    /// What this process does; everything if not given
    #[arg(long, env = "HARVESTER_ONLY", value_name = "ROLE", value_delimiter = ',')]
    only: Vec<ProcessRole>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &RunArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let mut config = settings.config.clone();
    let roles = ProcessRoles::new(&arguments.only);
    if roles.has(ProcessRole::Gateway) && config.discord.token.is_none() {
        let says = "no Discord token; `harvester init` asks for it, or set `token_file` in [discord] \
                    of the settings file, or HARVESTER__DISCORD__TOKEN in the environment";
        return Err(MissingSetting(says).into());
    }
    if arguments.only.contains(&ProcessRole::Propose) && config.forge.github.is_none() {
        let says = "the role `propose` needs `github` in [forge] of the settings file";
        return Err(MissingSetting(says).into());
    }
    if let Some(listen) = &arguments.listen {
        config.listen.clone_from(listen);
    }
    let stop = stop_signal()?;
    let store = options.shared().await?;
    let naming = settings.naming(&store).await?;
    let name = clock::fresh_name().context("cannot read random numbers from the system")?;
    let process = ProcessLock::take(&options.data, &name)?;
    let encoder = match roles.use_encoder() {
        true => settings.encoder().await?,
        false => None,
    };
    let (data, rules) = (options.data.clone(), settings.rules);
    let daemon = Daemon { data, config, roles, rules, store, naming, encoder, process };
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
