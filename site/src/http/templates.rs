//! The page templates, embedded and parsed once.

use std::sync::LazyLock;

use axum::response::Html;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera, TeraResult};

use crate::http::assets;
use crate::http::error::HttpError;
use crate::presentation::page_meta::{PageFrame, PageMeta};

const TEMPLATES: [(&str, &str); 22] = [
    ("components.html", include_str!("../../templates/components.html")),
    ("overlay.html", include_str!("../../templates/overlay.html")),
    ("search_box.html", include_str!("../../templates/search_box.html")),
    ("base.html", include_str!("../../templates/base.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("results.html", include_str!("../../templates/results.html")),
    ("welcome.html", include_str!("../../templates/welcome.html")),
    ("answer.html", include_str!("../../templates/answer.html")),
    ("browse.html", include_str!("../../templates/browse.html")),
    ("briefing_body.html", include_str!("../../templates/briefing_body.html")),
    ("briefing.html", include_str!("../../templates/briefing.html")),
    ("briefing_file.html", include_str!("../../templates/briefing_file.html")),
    ("questions.html", include_str!("../../templates/questions.html")),
    ("contradictions.html", include_str!("../../templates/contradictions.html")),
    ("review.html", include_str!("../../templates/review.html")),
    ("review_one.html", include_str!("../../templates/review_one.html")),
    ("review_sign_in.html", include_str!("../../templates/review_sign_in.html")),
    ("unknown_error.html", include_str!("../../templates/unknown_error.html")),
    ("sitemap.xml", include_str!("../../templates/sitemap.xml")),
    ("feed.xml", include_str!("../../templates/feed.xml")),
    ("opensearch.xml", include_str!("../../templates/opensearch.xml")),
    ("error.html", include_str!("../../templates/error.html")),
];

const STYLES: &str = include_str!("../../assets/site.css");

static PAGES: LazyLock<Tera> = LazyLock::new(|| parsed().expect("a test parses every template"));

/// Renders a whole page. Every value is escaped except `QuotedMessage::html` and
/// `PageMeta::structured_data`.
pub(crate) fn page(
    name: &'static str,
    frame: &PageFrame,
    meta: &PageMeta,
    view: &impl Serialize,
) -> Result<Html<String>, HttpError> {
    rendered(name, |context| PAGES.render(name, context), frame, Some(meta), view).map(Html)
}

/// Renders one block of a page, which the script of the page inserts.
pub(crate) fn fragment(
    name: &'static str,
    block: &'static str,
    frame: &PageFrame,
    view: &impl Serialize,
) -> Result<Html<String>, HttpError> {
    // The engine runs the whole page and keeps the block.
    let meta = frame.meta("", None);
    let render = |context: &Context| PAGES.render_block(name, block, context);
    rendered(name, render, frame, Some(&meta), view).map(Html)
}

/// Renders a file that stands alone, with the site's styles in it.
pub(crate) fn standalone(name: &'static str, view: &impl Serialize) -> TeraResult<String> {
    let mut context = Context::from_serialize(view)?;
    context.insert("css", &STYLES);
    PAGES.render(name, &context)
}

/// Renders an XML document. Characters that XML cannot hold are left out.
pub(crate) fn document(
    name: &'static str,
    frame: &PageFrame,
    view: &impl Serialize,
) -> Result<String, HttpError> {
    let mut text = rendered(name, |context| PAGES.render(name, context), frame, None, view)?;
    text.retain(|c| {
        let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        !is_control && !matches!(c, '\u{fffe}' | '\u{ffff}')
    });
    Ok(text)
}

fn rendered(
    name: &'static str,
    render: impl FnOnce(&Context) -> TeraResult<String>,
    frame: &PageFrame,
    meta: Option<&PageMeta>,
    view: &impl Serialize,
) -> Result<String, HttpError> {
    Context::from_serialize(view)
        .and_then(|mut context| {
            context.insert("t", frame.text);
            context.insert("site", &frame.view());
            context.insert("page", &meta);
            render(&context)
        })
        .map_err(|cause| HttpError::internal(name, &cause))
}

fn parsed() -> TeraResult<Tera> {
    let mut tera = Tera::new();
    tera.autoescape_on([".html", ".xml"]);
    tera.register_function("asset", |kwargs: Kwargs, _: &State| {
        let name = kwargs.must_get::<&str>("name")?;
        assets::address(name)
            .ok_or_else(|| tera::Error::message(format!("there is no asset {name}")))
    });
    tera.add_raw_templates(TEMPLATES)?;
    Ok(tera)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_listed_and_parses() {
        let tera = parsed().unwrap();
        assert_eq!(tera.get_template_names().count(), TEMPLATES.len());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(tera.get_template_names().any(|listed| listed == name), "{name}");
        }
    }

    #[test]
    fn one_value_alone_is_trusted_to_be_html() {
        let safe = TEMPLATES.iter().map(|(_, text)| text.matches("safe").count()).sum::<usize>();
        assert_eq!(safe, 3, "only prose, structured data and our own styles may be marked safe");
        for (name, text) in TEMPLATES {
            assert!(!text.contains("style=") && !text.contains("onclick"), "{name}");
            assert_eq!(
                text.matches("<script").count(),
                text.matches("<script src=").count()
                    + text.matches("<script type=\"application/ld+json\">").count(),
                "{name}"
            );
        }
    }
}
