//! Guides: answers in order, and the open questions between them.

use indexer::store::WriteBatch;
use jiff::{SignedDuration, Timestamp};
use rules::time;

use super::reports::{CHANNEL, FIRST_DAY, MINUTES, empty_store, naming, rules, two_weeks};
use super::*;
use crate::reports::ReportSource;
use crate::reports::guide::guide_markdown;
use crate::reports::markdown::SiteLinks;

#[tokio::test]
async fn a_guide_leads_to_pages_in_order_and_names_its_gaps() {
    let outline = "title = 'Begin'\nintro = 'First *things* first.'\n\
        [[step]]\ntitle = 'Reach it'\nwords = ['port']\n\
        [[step]]\ntitle = 'Send files'\nwords = ['upload*']\n\
        [[step]]\ntitle = 'Fly'\nwords = ['wing*']\n";
    let rules = rules(&[
        ("guides/begin.toml", outline),
        ("scope.toml", "[consent]\nmode = 'server-public'\n"),
    ]);
    let (store, _data) = empty_store().await;
    let community = two_weeks();
    community.store(&store).await;
    let port = cluster(community.clusters["Where do I set the server port?"].clone());
    store.upsert_merged_answer(&merged_port(&port)).await.unwrap();
    let naming = naming();
    let source = ReportSource { store: &store, rules: &rules, naming: &naming };
    let until = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 15);
    let outline = rules.guides.titled("begin").unwrap();
    let guide = source.guide(outline, until).await.unwrap();
    let counts = guide.steps.iter().map(|step| (step.answers.len(), step.open.len()));
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 0), (0, 1), (0, 0)]);
    let text = guide_markdown(&guide, &SiteLinks::default());
    for part in [
        "# Begin\n\nFirst \\*things\\* first.\n\n## 1. Reach it\n\n- [",
        "](https://docs.example/port)\n",
        "\n## 2. Send files\n\n- Open question: After the update the upload agent",
        "(2 people asked: [1](https://discord.com/channels/11/22/",
        "\n## 3. Fly\n\nNothing is answered here yet.\n",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[tokio::test]
async fn the_open_questions_of_guides_are_looked_for_once_an_hour_or_when_their_words_change() {
    let outline = "title = 'Begin'\n[[step]]\ntitle = 'Send files'\nwords = ['upload*']\n\
        [[step]]\ntitle = 'Builds'\nwords = ['build']\n";
    let rules = rules(&[
        ("guides/begin.toml", outline),
        ("scope.toml", "[consent]\nmode = 'server-public'\n"),
    ]);
    let (store, _data) = empty_store().await;
    let mut community = two_weeks();
    community.store(&store).await;
    let naming = naming();
    let source = ReportSource { store: &store, rules: &rules, naming: &naming };
    let outlines = [rules.guides.titled("begin").unwrap()];
    let until = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 15);
    let mut known = Some(source.guide_gaps(&outlines, None, until).await.unwrap());
    let mut open_at = async |minutes: i64| {
        let now = until + SignedDuration::from_mins(minutes);
        let gaps = source.guide_gaps(&outlines, known.take(), now).await.unwrap();
        let guide = source.guides(&outlines, known.insert(gaps)).await.unwrap().remove(0);
        guide.steps.into_iter().map(|step| step.open.len()).collect::<Vec<_>>()
    };
    assert_eq!(open_at(0).await, [1, 0]);
    let slow = "Why is the build of the agent so slow since the last update of the compiler?";
    community.ask(8 * MINUTES, 11, slow, None);
    community.ask(9 * MINUTES, 12, slow, None);
    community.store(&store).await;
    assert_eq!(open_at(59).await, [1, 0], "found again after the hour alone");
    assert_eq!(open_at(60).await, [1, 1]);
    let upload = community.messages.iter().find(|one| one.text.contains("upload")).unwrap().id;
    let at = until + time::days(300);
    let deleted = vec![(CHANNEL, upload, at)];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    assert_eq!(open_at(61).await, [0, 1], "what is deleted goes at once");
}
