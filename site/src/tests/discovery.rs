//! What search engines, feed readers and previews of links find.

use serde_json::Value;

use super::*;
use crate::presentation::branding::LogoImage;

fn branded() -> SiteBranding {
    SiteBranding {
        url: Some("https://answers.example.org".parse().unwrap()),
        name: Some("Harbor & <Sons>".to_owned()),
        logo: Some(LogoImage::new(b"\x89PNG\r\n\x1a\n".to_vec()).unwrap()),
        accent: Some("#ffcc00".parse().unwrap()),
        ask: Some("https://discord.gg/example".to_owned()),
        privacy: Some("https://example.org/privacy".to_owned()),
        ..SiteBranding::default()
    }
}

/// A branded site with one reviewed answer beside others.
async fn reviewed() -> (TestSite, Cluster) {
    let [port, wallet] = some();
    let mut hidden = occurrence(20, "Where is my quixotic wallet?", "In the zanzibar drawer.");
    hidden.quotable = false;
    let clusters = [port.clone(), wallet, cluster(vec![hidden])];
    let mut site = TestSite::with_branding(&clusters, &HttpSettings::default(), branded()).await;
    site.merge(&merged_port(&port)).await;
    (site, port)
}

/// The value of an attribute in the first tag that holds a text.
fn attribute<'p>(page: &'p str, tag: &str, name: &str) -> Option<&'p str> {
    let tag = tags(page).find(|one| one.contains(tag))?;
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

#[tokio::test]
async fn a_reviewed_answer_tells_search_engines_what_it_is() {
    let (site, port) = reviewed().await;
    let slug = format!("/answers/choosing-a-port-{}", port.id);
    let page = site.get(&slug).await.body;
    let url = format!("https://answers.example.org{slug}");
    assert!(page.contains("<title>Choosing a &lt;port&gt; · Harbor &amp; &lt;Sons&gt;</title>"));
    assert_eq!(attribute(&page, "rel=\"canonical\"", "href"), Some(&*url));
    assert_eq!(attribute(&page, "og:url", "content"), Some(&*url));
    assert_eq!(attribute(&page, "og:type", "content"), Some("article"));
    let description = attribute(&page, "name=\"description\"", "content").unwrap();
    assert!(description.starts_with("First Set LISTEN_PORT."), "{description}");
    let image = attribute(&page, "og:image", "content").unwrap();
    assert!(image.starts_with("https://answers.example.org/assets/logo-"), "{image}");
    assert!(!page.contains("noindex"));

    let (_, rest) = page.split_once("<script type=\"application/ld+json\">").unwrap();
    let data = rest.split("</script>").next().unwrap();
    let data = serde_json::from_str::<Value>(data).unwrap();
    assert_eq!(data["@type"], "QAPage");
    let question = &data["mainEntity"];
    assert_eq!(question["name"], "Choosing a <port>");
    let accepted = &question["acceptedAnswer"];
    assert!(accepted["text"].as_str().unwrap().starts_with("First Set LISTEN_PORT."));
    assert_eq!(accepted["url"], format!("{url}#answer"));
    assert!(page.contains("id=\"answer\""));
}

#[tokio::test]
async fn an_unreviewed_answer_and_a_search_are_kept_out() {
    let site = TestSite::with(&some()).await;
    let [port, _] = some();
    let address = format!("/answers/where-do-i-set-the-server-port-{}", port.id);
    for address in [address.as_str(), "/?q=port", "/browse", "/nowhere"] {
        let page = site.get(address).await.body;
        assert!(page.contains("<meta name=\"robots\" content=\"noindex\">"), "{address}");
        assert!(!page.contains("application/ld+json"), "{address}");
    }
    assert!(!site.get("/").await.body.contains("noindex"));
}

#[tokio::test]
async fn sitemap_feed_and_search_description_hold_what_was_reviewed() {
    let (site, _) = reviewed().await;
    for (address, kind) in [
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/opensearch.xml", "application/opensearchdescription+xml; charset=utf-8"),
        ("/llms.txt", "text/markdown; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ] {
        let reply = site.get(address).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, kind));
        insta::assert_snapshot!(address.trim_start_matches('/').replace('.', "_"), reply.body);
    }
}

#[tokio::test]
async fn words_without_consent_are_on_no_page_and_in_no_feed() {
    let (site, _) = reviewed().await;
    for address in [
        "/",
        "/browse",
        "/browse/list/all",
        "/browse/channel/22",
        "/sitemap.xml",
        "/feed.atom",
        "/llms.txt",
        "/api/v1/answers?limit=100",
        "/api/v1/clusters",
        "/api/v1/suggest?q=wallet",
        "/api/v1/search?q=quixotic+wallet&format=markdown",
    ] {
        let reply = site.get(address).await;
        assert_eq!(reply.status, StatusCode::OK, "{address}: {}", reply.body);
        for word in ["quixotic", "zanzibar", "vermilion", "gardener", "Display Name"] {
            assert!(
                !reply.body.replace("\"q\":\"quixotic", "").contains(word),
                "{word} in {address}"
            );
        }
    }
}

#[tokio::test]
async fn without_an_address_of_its_own_links_name_the_host_of_the_request() {
    let site = TestSite::with(&some()).await;
    let page = site.get_with("/", &[("host", "localhost:8080")]).await.body;
    assert_eq!(attribute(&page, "rel=\"canonical\"", "href"), Some("http://localhost:8080/"));
}

#[tokio::test]
async fn the_branding_is_on_every_page() {
    let (site, port) = reviewed().await;
    for address in ["/", "/browse", "/nowhere", &format!("/answers/choosing-a-port-{}", port.id)] {
        let page = site.get(address).await.body;
        for part in
            ["Harbor &amp; &lt;Sons&gt;</span>", "/assets/accent-", "https://example.org/privacy"]
        {
            assert!(page.contains(part), "{part} in {address}");
        }
    }
    let page = site.get("/").await.body;
    let logo = attribute(&page, "rel=\"icon\"", "href").unwrap().to_owned();
    let request = Request::builder().uri(&logo).header(header::HOST, "localhost");
    let request = request.extension(PeerAddress("127.0.0.1".parse().unwrap()));
    let response = site.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
}
