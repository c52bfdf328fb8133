//! Log output: one record per line on standard error, as text or as JSON.

use std::env::VarError;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::PanicHookInfo;

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

use crate::discord::gateway::close_codes;

/// Libraries whose logs contain message text or network traffic: never shown, whatever `RUST_LOG`
/// says.
const SILENT: [&str; 8] = [
    "serenity",
    "tungstenite",
    "tokio_tungstenite",
    "reqwest",
    "hyper",
    "hyper_util",
    "h2",
    "rustls",
];

/// The form of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    // No doc comments: clap would print them in the help of every command.
    Text,
    Json,
}

/// How much is logged where `RUST_LOG` does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDetail {
    Warnings,
    /// Warnings, and the progress of long operations.
    Progress,
    Steps,
}

impl LogDetail {
    fn filter(self) -> &'static str {
        match self {
            Self::Warnings => "warn",
            Self::Progress => "warn,harvester=info",
            Self::Steps => "info,harvester=debug,docgen=debug,indexer=debug,site=debug,sqlx=warn",
        }
    }
}

/// Starts logging to standard error. `RUST_LOG` selects what is logged, else `detail`; a value that
/// cannot be parsed is an error.
pub fn start(format: LogFormat, detail: LogDetail) -> anyhow::Result<()> {
    let selected = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) => Some(text),
        Err(VarError::NotPresent) => None,
        Err(error) => return Err(error).context("RUST_LOG cannot be read"),
    };
    let filter = filter(selected.as_deref(), detail)?;
    let shown = filter.and(filter_fn(|about| !is_silent(about.target())));
    let records = records(format).with_filter(shown);
    let subscriber = tracing_subscriber::registry().with(records).with(close_codes::layer());
    // A second call, as in tests, keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(report_panic));
    Ok(())
}

/// Reports a panic, as of a library on a full disk, without its message, which may hold anything.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "internal error; check the free disk space and run `harvester doctor`");
}

fn filter(selected: Option<&str>, detail: LogDetail) -> anyhow::Result<EnvFilter> {
    let text = selected.filter(|text| !text.is_empty()).unwrap_or(detail.filter());
    EnvFilter::try_new(text).with_context(|| {
        format!("RUST_LOG is {text:?}; expected levels or modules with levels, as in \"warn,harvester=debug\"")
    })
}

fn records(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    // A closed standard error must not stop the work: failed writes are ignored.
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => layer.with_ansi(has_colour()).boxed(),
        LogFormat::Json => layer.json().with_current_span(false).boxed(),
    }
}

/// Whether standard error is a terminal that shows colours, and the user has not disabled them
/// (`NO_COLOR`).
fn has_colour() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

fn is_silent(target: &str) -> bool {
    let crate_name = target.split("::").next().unwrap_or_default();
    SILENT.contains(&crate_name)
}

/// An error with all its causes, separated by colons. A cause that the error's own text already ends
/// with is not repeated.
pub fn error_chain<'e>(error: &'e (dyn Error + 'static)) -> impl fmt::Display + 'e {
    ErrorChain(error)
}

struct ErrorChain<'e>(&'e (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        f.write_str(&last)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !last.ends_with(&text) {
                write!(f, ": {text}")?;
                last = text;
            }
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the index")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read meta.json: {0}")]
    struct Middle(#[source] io::Error);

    #[test]
    fn every_cause_is_shown_once() {
        let error = Outer(Middle(io::Error::other("disk full")));
        assert_eq!(
            error_chain(&error).to_string(),
            "cannot open the index: cannot read meta.json: disk full"
        );
    }

    #[test]
    fn a_filter_that_cannot_be_parsed_is_reported() {
        for valid in [None, Some(""), Some("debug"), Some("warn,harvester=trace")] {
            filter(valid, LogDetail::Progress).unwrap();
        }
        let error = filter(Some("harvester=loud"), LogDetail::Progress).unwrap_err().to_string();
        assert!(error.contains("harvester=loud") && error.contains("harvester=debug"), "{error}");
    }

    #[test]
    fn libraries_that_log_traffic_are_silent() {
        assert!(is_silent("serenity::gateway::shard") && is_silent("rustls"));
        assert!(!is_silent("harvester::daemon") && !is_silent("rustls_pemfile"));
    }
}
