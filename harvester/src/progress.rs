//! Progress of long operations: a bar on a terminal, log records elsewhere.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};

/// Without a terminal, a record at most this often: a log of an hour's work stays readable.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// The columns that a line with all figures needs.
const WIDE: u16 = 80;

/// What is being counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Items,
}

/// The progress of one operation; clones share it. Dropped without `finish`, it leaves no bar behind.
#[derive(Debug, Clone)]
pub struct ProgressReporter(Arc<Display>);

#[derive(Debug)]
enum Display {
    /// Progress is not wanted.
    Hidden,
    Bar(ProgressBar),
    Lines {
        lines: Mutex<Lines>,
        started: Instant,
    },
}

impl ProgressReporter {
    /// `label` names the operation: "reading exports". Shows nothing where the log shows no progress.
    pub fn start(label: &str, unit: Unit, total: u64) -> Self {
        if !tracing::enabled!(tracing::Level::INFO) {
            return Self(Arc::new(Display::Hidden));
        }
        if io::stderr().is_terminal() {
            let bar = ProgressBar::new(total).with_message(label.to_owned());
            let (_, columns) = console::Term::stderr().size();
            bar.set_style(style(unit, columns < WIDE));
            return Self(Arc::new(Display::Bar(bar)));
        }
        let lines = Lines { label: label.to_owned(), unit, total, done: 0, printed: None };
        Self(Arc::new(Display::Lines { lines: Mutex::new(lines), started: Instant::now() }))
    }

    /// Counts `more` units as done.
    pub fn advance(&self, more: u64) {
        match &*self.0 {
            Display::Hidden => {}
            Display::Bar(bar) => {
                // More than was expected is still not more than all.
                let done = bar.position() + more;
                bar.set_length(bar.length().unwrap_or(done).max(done));
                bar.set_position(done);
            }
            Display::Lines { lines, started } => {
                log(locked(lines).advance(more, started.elapsed()));
            }
        }
    }

    /// Ends the operation. The bar disappears; an operation long enough for records gets a last one.
    pub fn finish(self) {
        match &*self.0 {
            Display::Hidden => {}
            Display::Bar(bar) => bar.finish_and_clear(),
            Display::Lines { lines, started } => log(locked(lines).last(started.elapsed())),
        }
    }
}

fn locked(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().expect("counting does not panic")
}

/// A narrow bar leaves out counts and rate, which would not fit on the line.
fn style(unit: Unit, is_narrow: bool) -> ProgressStyle {
    let template = match unit {
        _ if is_narrow => "{msg}  {wide_bar} {percent:>3} %  {eta} left",
        Unit::Bytes => {
            "{msg}  {wide_bar} {percent:>3} %  {decimal_bytes} of {decimal_total_bytes}, \
             {decimal_bytes_per_sec}, {eta} left"
        }
        Unit::Items => {
            "{msg}  {wide_bar} {percent:>3} %  {human_pos} of {human_len}, {per_sec}, {eta} left"
        }
    };
    ProgressStyle::with_template(template).expect("a test reads every template")
}

/// Progress for the log.
#[derive(Debug)]
struct Lines {
    label: String,
    unit: Unit,
    total: u64,
    done: u64,
    /// When the last line was printed, since the start.
    printed: Option<Duration>,
}

impl Lines {
    /// The line that is due, if one is.
    fn advance(&mut self, more: u64, elapsed: Duration) -> Option<String> {
        self.done += more;
        self.total = self.total.max(self.done);
        if elapsed < self.printed.unwrap_or_default() + BETWEEN_LINES {
            return None;
        }
        self.printed = Some(elapsed);
        let Self { label, unit, total, done, .. } = self;
        let rate = *done as f64 / elapsed.as_secs_f64();
        let percent = (*done as f64 / (*total).max(1) as f64 * 100.0).min(100.0).floor();
        let left = total.saturating_sub(*done) as f64 / rate.max(1e-3);
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        Some(format!(
            "{label}: {percent} %, {} of {}, {}/s, {} left",
            unit.show(*done),
            unit.show(*total),
            unit.show(rate as u64),
            HumanDuration(left)
        ))
    }

    /// The last line, if there was one before.
    fn last(&self, elapsed: Duration) -> Option<String> {
        self.printed?;
        let Self { label, unit, done, .. } = self;
        Some(format!("{label}: {} in {}", unit.show(*done), HumanDuration(elapsed)))
    }
}

impl Unit {
    fn show(self, count: u64) -> String {
        match self {
            Self::Bytes => DecimalBytes(count).to_string(),
            Self::Items => HumanCount(count).to_string(),
        }
    }
}

fn log(line: Option<String>) {
    if let Some(line) = line {
        tracing::info!("{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(unit: Unit, total: u64) -> Lines {
        Lines { label: "reading".to_owned(), unit, total, done: 0, printed: None }
    }

    #[test]
    fn every_bar_can_be_drawn() {
        for (unit, is_narrow) in [(Unit::Bytes, false), (Unit::Items, false), (Unit::Items, true)] {
            ProgressBar::hidden().set_style(style(unit, is_narrow));
        }
    }

    #[test]
    fn a_line_comes_every_few_seconds_and_says_how_long_it_takes() {
        let mut lines = lines(Unit::Items, 40_000);
        let at = |seconds| Duration::from_secs(seconds);
        assert_eq!(lines.advance(1_000, at(1)), None);
        assert_eq!(
            lines.advance(9_000, at(5)).as_deref(),
            Some("reading: 25 %, 10,000 of 40,000, 2,000/s, 15 seconds left")
        );
        assert_eq!(lines.advance(10_000, at(9)), None);
        assert_eq!(
            lines.advance(0, at(10)).as_deref(),
            Some("reading: 50 %, 20,000 of 40,000, 2,000/s, 10 seconds left")
        );
        assert_eq!(lines.last(at(12)).as_deref(), Some("reading: 20,000 in 12 seconds"));
    }

    #[test]
    fn short_work_is_silent() {
        let mut lines = lines(Unit::Bytes, 10);
        assert_eq!(lines.advance(10, Duration::from_secs(4)), None);
        assert_eq!(lines.last(Duration::from_secs(4)), None);
    }

    #[test]
    fn odd_totals_do_no_harm() {
        let mut lines = lines(Unit::Bytes, 0);
        assert_eq!(
            lines.advance(0, Duration::from_secs(5)).as_deref(),
            Some("reading: 0 %, 0 B of 0 B, 0 B/s, 0 seconds left")
        );
        assert_eq!(
            lines.advance(2_000_000, Duration::from_secs(10)).as_deref(),
            Some("reading: 100 %, 2.00 MB of 2.00 MB, 200.00 kB/s, 0 seconds left")
        );
        lines.total = u64::MAX;
        lines.done = 0;
        assert!(lines.advance(0, Duration::from_secs(15)).is_some());
    }
}
