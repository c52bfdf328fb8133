//! What a visitor reads, in which order and in which language.

use rules::resolution::ResolutionGrade;

use super::*;

#[tokio::test]
async fn the_answer_comes_first_and_its_evidence_is_folded() {
    let site = TestSite::with(&some()).await;
    let [port, _] = some();
    let page = site.get(&format!("/answers/where-do-i-set-the-server-port-{}", port.id)).await.body;
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} in {page}"));
    assert!(at("<h1") < at("id=\"answer\"") && at("id=\"answer\"") < at("id=\"evidence\""));
    assert!(page.contains("Confirmed by the asker"), "{page}");
    assert!(page.contains("<summary>Based on 3 conversations</summary>"));
    assert!(!page.contains("% confidence") && !page.contains("+1.50"), "weights are not shown");
}

#[tokio::test]
async fn the_interface_speaks_the_visitors_language() {
    let site = TestSite::with(&some()).await;
    let korean = site.get_with("/", &[("accept-language", "ko-KR,ko;q=0.9,en;q=0.8")]).await;
    assert!(korean.body.contains("<html lang=\"ko\">") && korean.body.contains("답변 찾기"));
    let varies = korean.headers.get_all("vary").iter().any(|by| by == "accept-language");
    assert!(varies, "a cache keeps the languages apart");
    let typed = site.get_with("/results?q=port", &[("accept-language", "ko")]).await;
    assert!(typed.status == StatusCode::OK && typed.body.contains("답변된 질문"), "{}", typed.body);
    let failure = site.get_with("/nowhere", &[("accept-language", "ko")]).await;
    assert!(failure.body.contains("페이지를 찾을 수 없습니다"));
    assert!(site.get("/").await.body.contains("<html lang=\"en\">"));

    let language = Some(crate::presentation::language::InterfaceLanguage::Korean);
    let branding = SiteBranding { language, ..SiteBranding::default() };
    let fixed = TestSite::with_branding(&some(), &HttpSettings::default(), branding).await;
    assert!(fixed.get("/").await.body.contains("<html lang=\"ko\">"));
    let json = fixed.get("/api/v1/search?q=port").await.body;
    assert!(json.contains("\"strength\":\"confirmed\""), "the API speaks English: {json}");
}

#[tokio::test]
async fn a_weak_exchange_is_behind_show_everything() {
    let mut weak =
        occurrence(40, "Where do I set the port of the relay?", "Port? Maybe somewhere.");
    weak.grade = ResolutionGrade::Unconfirmed;
    weak.confidence = 0.2;
    weak.signals.clear();
    let [port, _] = some();
    let site = TestSite::with(&[port, cluster(vec![weak])]).await;
    let page = site.get("/?q=set+the+port").await.body;
    let (strong, folded) = page.split_once("<details class=\"weak\">").expect("a fold");
    assert!(strong.contains("server") && !strong.contains("relay"), "{strong}");
    assert!(folded.contains("Show everything: 1 more, weak") && folded.contains("relay"));
    let only = site.get("/?q=relay+port").await.body;
    assert!(only.contains("relay"));
}

#[tokio::test]
async fn groups_are_browsed_with_counts_page_by_page() {
    let mut clusters = (0..30)
        .map(|day| {
            let question = format!("How do I mend part {day} of the engine?");
            cluster(vec![occurrence(100 + day, &question, "Turn it.")])
        })
        .collect::<Vec<_>>();
    clusters.extend(some());
    let site = TestSite::with(&clusters).await;
    let index = site.get("/browse").await.body;
    assert!(index.contains("href=\"/browse/channel/22\"") && index.contains(">#help<"), "{index}");
    assert!(index.contains("<span class=\"number\">32</span>"), "{index}");
    let first = site.get("/browse/channel/22").await.body;
    assert_eq!(first.matches("class=\"card\"").count(), 25);
    let (_, rest) = first.split_once("rel=\"next\" href=\"").unwrap();
    let second = site.get(rest.split('"').next().unwrap()).await.body;
    assert_eq!(second.matches("class=\"card\"").count(), 7);
    for address in ["/browse/channel/23", "/browse/channel/x", "/browse/nothing/here"] {
        assert_eq!(site.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    assert_eq!(site.get("/browse/list/all?after=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_lists_follow_what_changes() {
    let mut site = TestSite::with(&some()).await;
    assert!(site.get("/api/v1/answers").await.json()["meta"]["total"] == 2);
    let more = [cluster(vec![occurrence(30, "Is there a dark theme?", "Yes, in the menu.")])];
    site.keep(&more).await;
    site.index(&more).await;
    assert!(site.get("/api/v1/answers").await.json()["meta"]["total"] == 3);
    let gone = vec![(more[0].id.clone(), None)];
    site.store.save_regroup(&RegroupPlan { gone, ..RegroupPlan::default() }).await.unwrap();
    assert!(site.get("/api/v1/answers").await.json()["meta"]["total"] == 2);
}
