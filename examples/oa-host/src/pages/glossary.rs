//! What the organisation calls things 术语 (H3).

use crate::app::{Reply, Shared};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::{Above, form_page};
use crate::security::Posted;
use crate::session::Visitor;
use crate::text::Lang;
use crate::values::Values;
use axum::extract::State;
use crm_core::{Error, Glossary, TermInput};

/// Where its page is.
pub(crate) const HERE: &str = "/settings/glossary";

const LANGUAGES: [(&str, Lang, i32); 2] = [("chinese", Lang::Chinese, 20), ("english", Lang::English, 40)];

/// Those who keep the settings.
fn keeper(desk: &Desk<'_>) -> Result<(), Failure> {
    if desk.look.may("settings.manage_settings") {
        return Ok(());
    }
    Err(Error::Forbidden { module: "settings".to_owned(), right: "manage_settings".to_owned() }.into())
}

fn name(place: usize, language: &str) -> String {
    format!("terms_{place}_{language}")
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        keeper(desk)?;
        let mut values = Values::default();
        for (place, term) in desk.crm.glossary()?.terms.into_iter().enumerate() {
            values = values.with(&name(place, "chinese"), term.chinese).with(&name(place, "english"), term.english);
        }
        draw(desk, &values, None)
    })
    .await
}

fn draw(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let mut sheet = Sheet::new(desk, HERE, values, error).cancel("/settings");
    for (place, term) in Glossary::default().terms.into_iter().enumerate() {
        let english = desk.look.lang() == Lang::English;
        sheet = sheet.titled(if english { &term.preset_english } else { &term.preset_chinese }.clone());
        for (language, lang, most) in LANGUAGES {
            let (preset, others) = match lang {
                Lang::Chinese => (&term.preset_chinese, &term.other_chinese),
                Lang::English => (&term.preset_english, &term.other_english),
            };
            let help = desk.t("glossary_preset").replace("{preset}", preset);
            let help = help.replace("{others}", &others.join(desk.t("between_reasons")));
            sheet = sheet.line(&name(place, language), most).labelled(desk.t(&format!("f_{language}"))).explained(help);
        }
    }
    let above = Above {
        title: desk.t("glossary").to_owned(),
        back: ("/settings".to_owned(), desk.look.menu_label("settings")),
        intro: desk.t("glossary_intro").to_owned(),
    };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        keeper(desk)?;
        let typed = |place: usize, language: &str| values.text(&name(place, language));
        let terms = Glossary::default().terms.into_iter().enumerate().map(|(place, term)| TermInput {
            key: term.key,
            chinese: typed(place, "chinese"),
            english: typed(place, "english"),
        });
        match desk.acting(&values).save_glossary(terms.collect()) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(HERE)
            }
            Err(error) => draw(desk, &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}
