//! The latest reports, cached for a minute because each reads weeks of questions.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rules::report::period::ReportPeriod;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::error::HttpError;
use crate::reports::ReportSource;
use crate::reports::briefing::BriefingReport;
use crate::reports::health::OperationHealth;

const MAX_AGE: Duration = Duration::from_secs(60);
/// Periods that are kept.
const KEPT: usize = 8;

/// The latest briefings and the latest health. One request counts while others wait for it.
#[derive(Default)]
pub(crate) struct CachedReports {
    briefings: Mutex<Vec<(ReportPeriod, Instant, Arc<BriefingReport>)>>,
    health: Mutex<Option<(Instant, OperationHealth)>>,
}

impl CachedReports {
    pub(crate) async fn briefing(
        &self,
        source: ReportSource<'_>,
        period: &ReportPeriod,
        now: Timestamp,
    ) -> Result<Arc<BriefingReport>, HttpError> {
        let mut cached = self.briefings.lock().await;
        cached.retain(|(_, made, _)| made.elapsed() < MAX_AGE);
        if let Some((_, _, report)) = cached.iter().find(|(known, ..)| known == period) {
            return Ok(Arc::clone(report));
        }
        let report = source.briefing(period, now).await;
        let report = report.map_err(|cause| HttpError::internal("make a briefing", &cause))?;
        let report = Arc::new(report);
        if cached.len() >= KEPT {
            cached.remove(0);
        }
        cached.push((*period, Instant::now(), Arc::clone(&report)));
        Ok(report)
    }

    pub(crate) async fn health(
        &self,
        source: ReportSource<'_>,
        now: Timestamp,
    ) -> Result<OperationHealth, HttpError> {
        let mut cached = self.health.lock().await;
        if let Some((made, health)) = &*cached
            && made.elapsed() < MAX_AGE
        {
            return Ok(health.clone());
        }
        let health = source.health(now).await;
        let health = health.map_err(|cause| HttpError::internal("check the counts", &cause))?;
        *cached = Some((Instant::now(), health.clone()));
        Ok(health)
    }
}
