//! The page templates, embedded and parsed once.

use std::sync::LazyLock;

use axum::response::Html;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera, TeraResult};

use crate::http::assets;
use crate::http::error::HttpError;

const TEMPLATES: [(&str, &str); 7] = [
    ("components.html", include_str!("../../templates/components.html")),
    ("base.html", include_str!("../../templates/base.html")),
    ("home.html", include_str!("../../templates/home.html")),
    ("results.html", include_str!("../../templates/results.html")),
    ("welcome.html", include_str!("../../templates/welcome.html")),
    ("answer.html", include_str!("../../templates/answer.html")),
    ("error.html", include_str!("../../templates/error.html")),
];

static PAGES: LazyLock<Tera> = LazyLock::new(|| parsed().expect("a test parses every template"));

/// Renders a whole page. Every value is escaped except `QuotedMessage::html`.
pub(crate) fn page(name: &'static str, view: &impl Serialize) -> Result<Html<String>, HttpError> {
    rendered(name, |context| PAGES.render(name, context), view)
}

/// Renders one block of a page, which the script of the page inserts.
pub(crate) fn fragment(
    name: &'static str,
    block: &'static str,
    view: &impl Serialize,
) -> Result<Html<String>, HttpError> {
    rendered(name, |context| PAGES.render_block(name, block, context), view)
}

fn rendered(
    name: &'static str,
    render: impl FnOnce(&Context) -> TeraResult<String>,
    view: &impl Serialize,
) -> Result<Html<String>, HttpError> {
    Context::from_serialize(view)
        .and_then(|context| render(&context))
        .map(Html)
        .map_err(|cause| HttpError::internal(name, &cause))
}

fn parsed() -> TeraResult<Tera> {
    let mut tera = Tera::new();
    tera.autoescape_on([".html"]);
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
    fn every_template_parses() {
        let tera = parsed().unwrap();
        assert_eq!(tera.get_template_names().count(), TEMPLATES.len());
    }

    #[test]
    fn one_value_alone_is_trusted_to_be_html() {
        let safe = TEMPLATES.iter().map(|(_, text)| text.matches("safe").count()).sum::<usize>();
        assert_eq!(safe, 1, "only the rendered prose may be marked safe");
        for (name, text) in TEMPLATES {
            assert!(!text.contains("style=") && !text.contains("onclick"), "{name}");
            assert_eq!(
                text.matches("<script").count(),
                text.matches("<script src=").count(),
                "{name}"
            );
        }
    }
}
