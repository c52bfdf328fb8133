//! The filters of a search: by review and by channel, each with its number of results.

use std::cmp::Reverse;
use std::sync::Arc;

use indexer::search::SearchFacets;
use rules::model::ids::ChannelId;
use serde::Serialize;

use crate::http::error::HttpError;
use crate::http::params::SearchParams;
use crate::pages::find::{MatchedClusters, find_facets};
use crate::pages::review_status::ReviewStatus;
use crate::presentation::words::{InterfaceText, grouped};
use crate::state::SiteState;
use crate::state::catalogue::CatalogueContent;

/// Channels that are offered, those with the most results.
const MOST_CHANNELS: usize = 6;

#[derive(Serialize)]
pub(super) struct ResultFilters {
    by_review: Vec<ResultFilter>,
    /// Empty where every result is of one channel.
    by_channel: Vec<ResultFilter>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct ResultFilter {
    name: String,
    url: String,
    chosen: bool,
    /// How many results it leaves; absent where nothing matches well.
    count: Option<String>,
}

/// What all results of the words are, whatever the filters leave of them.
struct UnfilteredResults {
    /// `None` where nothing matches well.
    total: Option<usize>,
    facets: SearchFacets,
}

impl ResultFilters {
    /// The filters of a search that found this.
    pub(super) async fn of(
        site: &Arc<SiteState>,
        params: &SearchParams,
        found: &MatchedClusters,
        text: &InterfaceText,
    ) -> Result<Self, HttpError> {
        let all = match (params.status, params.channel) {
            (None, None) => UnfilteredResults {
                total: Some(found.total).filter(|_| !found.nearest_only),
                facets: found.facets.clone(),
            },
            _ => {
                let (total, facets) = find_facets(site, &params.text).await?;
                UnfilteredResults { total, facets }
            }
        };
        let catalogue = site.catalogue().await?;
        Ok(Self {
            by_review: by_review(params, &all, text),
            by_channel: by_channel(params, &all, &catalogue),
        })
    }
}

fn by_review(
    params: &SearchParams,
    all: &UnfilteredResults,
    text: &InterfaceText,
) -> Vec<ResultFilter> {
    let known = all.total.map(|_| all.facets.known);
    let others = all.total.map(|total| total - all.facets.known);
    [
        (&text.filter_all, None, all.total),
        (&text.filter_reviewed, Some(ReviewStatus::Reviewed), known),
        (&text.filter_unreviewed, Some(ReviewStatus::Unreviewed), others),
    ]
    .into_iter()
    .map(|(name, status, count)| ResultFilter {
        name: name.to_string(),
        url: SearchParams { status, ..params.clone() }.page_address(0),
        chosen: params.status == status,
        // Beside a channel, the number would be that of another search.
        count: count.filter(|_| params.channel.is_none()).map(grouped),
    })
    .collect()
}

/// A channel that is chosen leads back to all channels. Those without a name that may be shown are left out.
fn by_channel(
    params: &SearchParams,
    all: &UnfilteredResults,
    catalogue: &CatalogueContent,
) -> Vec<ResultFilter> {
    let counts = &all.facets.channels;
    let mut channels = counts.iter().map(|(id, count)| (*id, *count)).collect::<Vec<_>>();
    if channels.len() < 2 && params.channel.is_none() {
        return Vec::new();
    }
    channels.sort_by_key(|(id, count)| (params.channel != Some(*id), Reverse(*count), *id));
    let filter = |(id, count): (ChannelId, usize)| {
        let chosen = params.channel == Some(id);
        let channel = (!chosen).then_some(id);
        Some(ResultFilter {
            name: format!("#{}", catalogue.channel(id)?.name),
            url: SearchParams { channel, ..params.clone() }.page_address(0),
            chosen,
            count: params.status.is_none().then(|| grouped(count)),
        })
    };
    channels.into_iter().filter_map(filter).take(MOST_CHANNELS).collect()
}
