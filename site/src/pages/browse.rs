//! Browsing the answers by topic, channel and server.

use std::collections::BTreeMap;

use axum::extract::{Path, Query};
use axum::response::Html;
use rules::model::ids::{ChannelId, GuildId};
use serde::{Deserialize, Serialize};

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::http::templates;
use crate::pages::card::ResultCard;
use crate::pages::find::plain_card;
use crate::pages::slug::percent_encoded;
use crate::presentation::page_meta::{PageFrame, PageMeta};
use crate::presentation::words::{InterfaceText, filled, grouped};
use crate::state::SiteState;
use crate::state::catalogue::{AnswerGroup, CatalogueContent, ListPosition};

/// Answers on one page of a group.
const PAGE: usize = 25;
/// Channels that are listed, those with the most answers. A thread with a question or two is found by
/// search.
const MOST_CHANNELS: usize = 40;
const FEWEST_IN_CHANNEL: usize = 3;

#[derive(Serialize)]
struct BrowsePage {
    /// The name of the chosen group.
    chosen: Option<String>,
    summary: String,
    complete: bool,
    lists: Vec<GroupList>,
    cards: Vec<ResultCard>,
    next: Option<String>,
}

#[derive(Serialize)]
struct GroupList {
    heading: String,
    groups: Vec<GroupLink>,
}

#[derive(Serialize)]
struct GroupLink {
    name: String,
    url: String,
    count: String,
}

/// Where a list goes on.
#[derive(Deserialize)]
pub(crate) struct BrowseParams {
    after: Option<String>,
}

/// `GET /browse`: every group with its number of answers.
pub(crate) async fn index(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
) -> Result<Html<String>, HttpError> {
    let servers = server_names(&site).await?;
    let catalogue = site.catalogue().await?;
    let names = GroupNames { catalogue: &catalogue, servers: &servers, text: frame.text };
    let page = BrowsePage {
        chosen: None,
        summary: String::new(),
        complete: catalogue.is_complete(),
        lists: names.lists(),
        cards: Vec::new(),
        next: None,
    };
    drop(catalogue);
    let meta = frame.meta(&frame.text.browse_heading, Some("/browse"));
    let description = frame.named(&frame.text.browse_description);
    templates::page("browse.html", &frame, &PageMeta { description, ..meta }, &page)
}

/// `GET /browse/{kind}/{name}`: the answers of one group, reviewed and most asked first.
pub(crate) async fn group(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    Path((kind, name)): Path<(String, String)>,
    Query(params): Query<BrowseParams>,
) -> Result<Html<String>, HttpError> {
    let group = parse_group(&kind, &name).ok_or_else(HttpError::no_such_page)?;
    let after = params.after.as_deref().map(str::parse::<ListPosition>).transpose();
    let after = after.map_err(|()| HttpError::bad_request("after is not where a list goes on"))?;
    let servers = server_names(&site).await?;
    let catalogue = site.catalogue().await?;
    let count = catalogue.count(&group);
    if count == 0 {
        return Err(HttpError::no_such_page());
    }
    let listed = catalogue.list(&group, after.as_ref(), PAGE);
    let names = GroupNames { catalogue: &catalogue, servers: &servers, text: frame.text };
    let (chosen, complete) = (names.of(&group), catalogue.is_complete());
    drop(catalogue);
    let last = listed.positions.last().filter(|_| listed.more).map(ToString::to_string);
    let ids = listed.positions.into_iter().map(|one| one.cluster).collect::<Vec<_>>();
    let clusters = site.store.clusters_with(&ids).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read a list", &cause))?;
    let address = address_of(&group);
    let page = BrowsePage {
        summary: frame.text.answered_questions.of(count),
        complete,
        lists: Vec::new(),
        cards: clusters.iter().map(|one| plain_card(&site, one, frame.text)).collect(),
        next: last.map(|last| format!("{address}?after={}", percent_encoded(&last))),
        chosen: Some(chosen.clone()),
    };
    templates::page("browse.html", &frame, &frame.meta(&chosen, Some(&address)), &page)
}

async fn server_names(site: &SiteState) -> Result<BTreeMap<GuildId, String>, HttpError> {
    let names = site.store.server_names().await;
    names.map_err(|cause| HttpError::internal("read the names of servers", &cause))
}

/// What groups are called.
struct GroupNames<'a> {
    catalogue: &'a CatalogueContent,
    servers: &'a BTreeMap<GuildId, String>,
    text: &'static InterfaceText,
}

impl GroupNames<'_> {
    fn lists(&self) -> Vec<GroupList> {
        let mut by_heading = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for (group, count) in self.catalogue.groups() {
            let at = match group {
                AnswerGroup::All | AnswerGroup::Recurring | AnswerGroup::Reviewed => 0,
                AnswerGroup::Topic(_) => 1,
                AnswerGroup::Channel(_) if count < FEWEST_IN_CHANNEL => continue,
                AnswerGroup::Channel(_) => 2,
                AnswerGroup::Server(_) => 3,
            };
            by_heading[at].push((group, count));
        }
        for groups in by_heading.iter_mut().skip(1) {
            // The sort is stable: of equals, the order of names and ids stays.
            groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        }
        by_heading[2].truncate(MOST_CHANNELS);
        if by_heading[3].len() < 2 {
            by_heading[3].clear();
        }
        let text = self.text;
        let headings = [&text.answers_heading, &text.topics, &text.channels, &text.servers];
        let lists = by_heading.into_iter().zip(headings).filter(|(groups, _)| !groups.is_empty());
        let link = |(group, count)| GroupLink {
            name: self.of(group),
            url: address_of(group),
            count: grouped(count),
        };
        lists
            .map(|(groups, heading)| GroupList {
                heading: heading.to_string(),
                groups: groups.into_iter().map(link).collect(),
            })
            .collect()
    }

    /// The name of a group; its id only where no source named it.
    fn of(&self, group: &AnswerGroup) -> String {
        let text = self.text;
        match group {
            AnswerGroup::All => text.all_answers.to_string(),
            AnswerGroup::Recurring => text.recurring.to_string(),
            AnswerGroup::Reviewed => text.reviewed_answers.to_string(),
            AnswerGroup::Topic(name) => name.clone(),
            AnswerGroup::Server(id) => match self.servers.get(id) {
                Some(name) => name.clone(),
                None => filled(&text.server, &[("id", &id.to_string())]),
            },
            AnswerGroup::Channel(id) => match self.catalogue.channel(*id) {
                Some(channel) => format!("#{}", channel.name),
                None => id.to_string(),
            },
        }
    }
}

/// The root-relative URL of the page that lists a group.
pub(crate) fn address_of(group: &AnswerGroup) -> String {
    let (kind, name) = match group {
        AnswerGroup::All => ("list", "all".to_owned()),
        AnswerGroup::Recurring => ("list", "recurring".to_owned()),
        AnswerGroup::Reviewed => ("list", "reviewed".to_owned()),
        AnswerGroup::Topic(name) => ("topic", name.clone()),
        AnswerGroup::Server(id) => ("server", id.to_string()),
        AnswerGroup::Channel(id) => ("channel", id.to_string()),
    };
    format!("/browse/{kind}/{}", percent_encoded(&name))
}

fn parse_group(kind: &str, name: &str) -> Option<AnswerGroup> {
    match (kind, name) {
        ("list", "all") => Some(AnswerGroup::All),
        ("list", "recurring") => Some(AnswerGroup::Recurring),
        ("list", "reviewed") => Some(AnswerGroup::Reviewed),
        ("topic", name) => Some(AnswerGroup::Topic(name.to_owned())),
        ("server", id) => id.parse().ok().map(|id: GuildId| AnswerGroup::Server(id)),
        ("channel", id) => id.parse().ok().map(|id: ChannelId| AnswerGroup::Channel(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_its_group() {
        for group in [
            AnswerGroup::All,
            AnswerGroup::Recurring,
            AnswerGroup::Reviewed,
            AnswerGroup::Topic("Set up / 배포?".to_owned()),
            AnswerGroup::Server(GuildId(11)),
            AnswerGroup::Channel(ChannelId(22)),
        ] {
            let address = address_of(&group);
            let mut parts = address.split('/').skip(2);
            let (kind, name) = (parts.next().unwrap(), parts.next().unwrap());
            let decoded = percent_decoded(name);
            assert_eq!(parse_group(kind, &decoded), Some(group), "{address}");
        }
        assert_eq!(parse_group("channel", "help"), None);
    }

    fn percent_decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, following @ ..] = rest {
            if let (b'%', [high, low, after @ ..]) = (*first, following) {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            } else {
                bytes.push(*first);
                rest = following;
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}
