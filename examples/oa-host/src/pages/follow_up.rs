//! Follow-ups: writing, correcting, replying, and the lists of them.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::query::{self, Builder};
use crate::pages::{Above, Params, custom_values, export, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, around};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::follow_up::Place;
use crm_core::{
    Contact, Customer, CustomerId, CustomerPanels, Customized, EntryCode, Error, FollowUp, FollowUpId, FollowUpQuery,
    FollowUpView, FollowUps, NewFollowUp, NewReply, PageRequest, SharePanel, Timestamp, UserId, Violation, dictionary,
};

/// A follow-up as it is shown.
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) customer_name: String,
    pub(crate) author: String,
    pub(crate) at: String,
    /// Method, stage and contact, in words.
    pub(crate) tags: Vec<String>,
    pub(crate) content: String,
    pub(crate) place: String,
    pub(crate) next: String,
    pub(crate) next_content: String,
    pub(crate) corrected: String,
    /// Whether the person may still correct it.
    pub(crate) correctable: bool,
    /// Fields that are masked, and what people call them.
    pub(crate) masked: Vec<(String, String)>,
    /// What its custom fields hold.
    pub(crate) custom: Vec<(String, String)>,
    pub(crate) replies: Vec<ReplyItem>,
}

/// A reply as it is shown.
pub(crate) struct ReplyItem {
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) at: String,
    /// Whom it answers and addresses, in words.
    pub(crate) to: String,
    pub(crate) content: String,
}

impl Item {
    pub(crate) fn of(desk: &Desk<'_>, view: &FollowUpView, contacts: &[Contact]) -> Self {
        let d = &desk.look;
        let written = &view.follow_up;
        let contact = written.contact.and_then(|id| contacts.iter().find(|contact| contact.id == id));
        let tags = [
            d.label(dictionary::METHOD, &written.method),
            d.label(dictionary::STAGE, &written.stage),
            contact.map(|contact| contact.name.clone()).unwrap_or_default(),
        ];
        let place = written.place.as_ref().map(place);
        let replies = view.replies.iter().map(|reply| {
            let answered = reply.to.and_then(|to| view.replies.iter().find(|other| other.id == to));
            let mut to: Vec<String> =
                reply.addressed.iter().map(|person| format!("@{}", d.person(person.as_str()))).collect();
            if let Some(answered) = answered {
                to.insert(0, format!("{} {}", d.t("answers"), d.person(answered.author.as_str())));
            }
            ReplyItem {
                id: reply.id.to_string(),
                author: d.person(reply.author.as_str()),
                at: d.time(&reply.at),
                to: to.join(" "),
                content: reply.content.clone(),
            }
        });
        Item {
            id: written.id.to_string(),
            customer: written.customer.to_string(),
            customer_name: view.customer_name.clone(),
            author: d.person(written.author.as_str()),
            at: d.time(&written.at),
            tags: tags.into_iter().filter(|tag| !tag.is_empty()).collect(),
            content: written.content.clone(),
            place: place.unwrap_or_default(),
            next: d.time_or_none(&written.next_at),
            next_content: written.next_content.clone().unwrap_or_default(),
            corrected: d.time_or_none(&written.corrected_at),
            correctable: written.author == desk.me
                && d.now < written.created_at.plus_millis(i64::from(d.correction_hours) * 3_600_000),
            masked: d.masked("follow_up"),
            custom: custom_values::facts(d, Customized::FollowUp, &written.custom),
            replies: replies.collect(),
        }
    }
}

/// A place in words.
pub(crate) fn place(place: &Place) -> String {
    let at = place.latitude.zip(place.longitude);
    let at = at.map(|(latitude, longitude)| format!("{latitude:.5}, {longitude:.5}"));
    place.text.clone().into_iter().chain(at).collect::<Vec<_>>().join(" · ")
}

/// What a new form begins with.
pub(crate) fn blank(desk: &Desk<'_>, customer: &Customer) -> Values {
    custom_values::with_defaults(&desk.look, Customized::FollowUp, Values::default())
        .with_some("stage", customer.stage.as_ref().map(ToString::to_string))
}

/// The form of a follow-up.
pub(crate) fn sheet<'a>(
    desk: &'a Desk<'a>,
    panels: &CustomerPanels,
    values: &'a Values,
    error: Option<&'a Error>,
) -> Result<Sheet<'a>, Failure> {
    let people = panels.contacts.iter().map(|contact| Choice::new(contact.id.to_string(), &contact.name)).collect();
    let sheet = Sheet::new(desk, format!("/customers/{}/follow-ups/new", panels.customer.id), values, error)
        .of_record("follow_up")
        .prefix("fu-")
        .area("content", 4_000)
        .required()
        .entry("method", dictionary::METHOD)
        .choice("contact", people);
    // Who does not know where the customer stands does not move it.
    let informed = panels.open.contains(&SharePanel::Information)
        && desk.look.reach("customer.stage") == crm_core::FieldAccess::Edit;
    let sheet = if informed { sheet.entry("stage", dictionary::STAGE) } else { sheet };
    let sheet = sheet.input("datetime-local", "next_at").line("next_content", 1_000).wide();
    let sheet = custom_values::fields(desk, sheet, Customized::FollowUp, None)?;
    Ok(sheet.folded("s_when_where").input("datetime-local", "at").help("at_help").line("place_text", 200))
}

fn written(desk: &Desk<'_>, customer: CustomerId, values: &Values) -> Result<FollowUp, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let own = custom_values::read(desk, values, Customized::FollowUp, None, &mut read)?;
    let written = NewFollowUp {
        custom: own.values.clone(),
        content: values.get("content").to_owned(),
        at: read.instant("at"),
        method: read.code("method"),
        contact: read.parsed("contact"),
        stage: read.code("stage"),
        place: values.text("place_text").map(|text| Place { text: Some(text), ..Place::default() }),
        next_at: read.instant("next_at"),
        next_content: values.text("next_content"),
    };
    read.done()?;
    let written = desk.look.editable("follow_up", written)?;
    let done = desk.acting(values).follow_up(customer, written);
    done.map_err(|error| custom_values::placed(error, &own.values))
}

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "follow_up")?;
        write_form(desk, &customer, &blank(desk, &customer), None)
    })
    .await
}

fn write_form(desk: &Desk<'_>, customer: &Customer, values: &Values, error: Option<&Error>) -> Reply {
    let panels = desk.crm.customer_panels(customer.id)?;
    let here = format!("/customers/{}", customer.id);
    let above = Above {
        title: desk.t("write_follow_up").to_owned(),
        back: (here.clone(), customer.name.clone()),
        intro: String::new(),
    };
    form_page(desk, above, sheet(desk, &panels, values, error)?.cancel(here), error)
}

pub(crate) async fn write(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        match written(desk, customer, &values) {
            Ok(_) => {
                desk.notice("done_followed");
                desk.go(&format!("/customers/{customer}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                write_form(desk, &desk.crm.customer(customer)?, &values, Some(&error))
            }
        }
    })
    .await
}

#[derive(Template)]
#[template(path = "follow_up.html")]
struct OnePage<'a> {
    d: &'a Look<'a>,
    item: Item,
    form: Sheet<'a>,
}

pub(crate) async fn show(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(follow_up): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| draw(desk, id(&follow_up)?, &params, None)).await
}

fn draw(desk: &Desk<'_>, follow_up: FollowUpId, values: &Values, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let view = desk.crm.follow_up_with_replies(follow_up)?;
    let contacts = desk.crm.customer_panels(view.follow_up.customer)?.contacts;
    let answers: Vec<Choice> = view
        .replies
        .iter()
        .map(|reply| {
            let begin: String = reply.content.chars().take(30).collect();
            Choice::new(reply.id.to_string(), format!("{}: {begin}", d.person(reply.author.as_str())))
        })
        .collect();
    let mut form = Sheet::new(desk, format!("/follow-ups/{follow_up}/reply"), values, error)
        .submit("reply")
        .area("content", 2_000)
        .labelled(d.t("reply"))
        .required();
    if !answers.is_empty() {
        form = form.choice("to", answers).labelled(d.t("answers"));
    }
    let form = form.checks("addressed", desk.people_choices()?).help("addressed_help");
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    desk.page_with(status, &OnePage { d, item: Item::of(desk, &view, &contacts), form: form.done() })
}

pub(crate) async fn reply(State(app): State<Shared>, Path(follow_up): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let follow_up: FollowUpId = id(&follow_up)?;
        match replied(&values, desk).and_then(|reply| desk.acting(&values).reply(follow_up, reply)) {
            Ok(answer) => {
                desk.notice("done_replied");
                if !answer.not_notified.is_empty() {
                    let names: Vec<String> =
                        answer.not_notified.iter().map(|person| desk.look.person(person.as_str())).collect();
                    desk.complain(format!("{} {}", desk.t("not_notified"), names.join(", ")));
                }
                desk.go(&format!("/follow-ups/{follow_up}"))
            }
            Err(error) => draw(desk, follow_up, &values, Some(&desk.for_form(error)?)),
        }
    })
    .await
}

fn replied(values: &Values, desk: &Desk<'_>) -> Result<NewReply, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let to = read.parsed("to");
    read.done()?;
    let addressed = values.all("addressed").into_iter().map(UserId::new).collect::<Result<_, _>>();
    let addressed = addressed.map_err(|_| Violation::unknown("addressed"))?;
    Ok(NewReply { content: values.get("content").to_owned(), to, addressed })
}

pub(crate) async fn correct(State(app): State<Shared>, visitor: Visitor, Path(follow_up): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let view = desk.crm.follow_up_with_replies(id(&follow_up)?)?;
        let values = Values::default()
            .with("content", &view.follow_up.content)
            .with("version", view.follow_up.version.to_string());
        correct_form(desk, &view, &values, None)
    })
    .await
}

fn correct_form(desk: &Desk<'_>, view: &FollowUpView, values: &Values, error: Option<&Error>) -> Reply {
    let here = format!("/follow-ups/{}", view.follow_up.id);
    let sheet = Sheet::new(desk, format!("{here}/correct"), values, error)
        .hidden("version", view.follow_up.version.to_string())
        .area("content", 4_000)
        .required()
        .cancel(here.as_str());
    let back = (format!("/customers/{}", view.follow_up.customer), view.customer_name.clone());
    let above =
        Above { title: desk.t("correct_follow_up").to_owned(), back, intro: desk.t("correct_intro").to_owned() };
    form_page(desk, above, sheet, error)
}

pub(crate) async fn do_correct(State(app): State<Shared>, Path(follow_up): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let follow_up: FollowUpId = id(&follow_up)?;
        let version = values.get("version").parse().unwrap_or_default();
        match desk.acting(&values).correct_follow_up(follow_up, version, values.get("content").to_owned()) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go(&format!("/follow-ups/{follow_up}"))
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                correct_form(desk, &desk.crm.follow_up_with_replies(follow_up)?, &values, Some(&error))
            }
        }
    })
    .await
}

#[derive(Template)]
#[template(path = "follow_ups.html")]
struct ListPage<'a> {
    d: &'a Look<'a>,
    title: String,
    /// The customer whose follow-ups these are; empty: they are of many.
    customer: String,
    customer_name: String,
    of: String,
    from: String,
    until: String,
    method: String,
    person: String,
    methods: Vec<Choice>,
    narrowed: bool,
    orders: Vec<Choice>,
    order: String,
    builder: Builder,
    people: Vec<Choice>,
    problem: String,
    items: Vec<Item>,
    first: String,
    next: String,
    export: String,
}

/// The period of a list: from the first day, up to and with the last.
fn period(desk: &Desk<'_>, params: &Values) -> Result<(Option<Timestamp>, Option<Timestamp>), Error> {
    let zone = desk.look.zone;
    let mut read = Reader::new(params, zone);
    let (from, until) = (read.instant("from"), read.instant("until"));
    read.done()?;
    Ok((from, until.map(|day| zone.start_of(zone.day_after(day, 1)))))
}

fn asked(desk: &Desk<'_>, of: FollowUps, params: &Values, builder: &Builder) -> Result<FollowUpQuery, Error> {
    let (from, before) = period(desk, params)?;
    let author = params.text("person").map(UserId::new).transpose().map_err(|_| Violation::unknown("person"))?;
    let method = params.text("method").map(EntryCode::new).transpose().map_err(|_| Violation::unknown("method"))?;
    let order_by = query::only_by_fields(params)?;
    Ok(FollowUpQuery { of, from, before, author, method, matching: builder.wanted()?, order_by })
}

fn whose(params: &Values) -> FollowUps {
    if params.get("of") == "subordinates" { FollowUps::Subordinates } else { FollowUps::Mine }
}

/// What the page of the list asks for.
pub(crate) fn of_page(desk: &Desk<'_>, params: &Values) -> Result<FollowUpQuery, Failure> {
    Ok(asked(desk, whose(params), params, &query::read(desk, Customized::FollowUp, params)?)?)
}

pub(crate) async fn list(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| draw_list(desk, whose(&params), &params, None)).await
}

pub(crate) async fn of_customer(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(customer): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.crm.customer(id(&customer)?)?;
        draw_list(desk, FollowUps::Of { customer: customer.id }, &params, Some(&customer))
    })
    .await
}

fn draw_list(desk: &Desk<'_>, of: FollowUps, params: &Values, customer: Option<&Customer>) -> Reply {
    let d = &desk.look;
    let mut page = PageRequest::first(20);
    page.cursor = params.text("cursor");
    let below = of == FollowUps::Subordinates;
    let mut builder = query::read(desk, Customized::FollowUp, params)?;
    let ask = |builder: &Builder| desk.crm.follow_ups(asked(desk, of, params, builder)?, page);
    let (found, problem) = builder.found(desk, ask)?;
    let (items, next) = found.map(|found| (found.items, found.next)).unwrap_or_default();
    let path =
        customer.map_or_else(|| "/follow-ups".to_owned(), |customer| format!("/customers/{}/follow-ups", customer.id));
    let names = query::names(&["of", "from", "until", "person", "method", "order"]);
    let (first, next) = around(&path, &names, params, next.as_deref());
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let list = ListPage {
        d,
        title: d.t("follow_ups").to_owned(),
        customer: customer.map(|customer| customer.id.to_string()).unwrap_or_default(),
        customer_name: customer.map(|customer| customer.name.clone()).unwrap_or_default(),
        of: if below { "subordinates" } else { "mine" }.to_owned(),
        from: params.get("from").to_owned(),
        until: params.get("until").to_owned(),
        method: params.get("method").to_owned(),
        person: params.get("person").to_owned(),
        methods: match d.reads("follow_up.method") {
            true => d.choices(dictionary::METHOD, params.get("method")),
            false => Vec::new(),
        },
        narrowed: names.iter().any(|name| !["of", "order", "match"].contains(name) && params.text(name).is_some()),
        orders: query::orders(d, Customized::FollowUp),
        order: params.get("order").to_owned(),
        builder,
        people: if below || customer.is_some() { desk.people_choices()? } else { Vec::new() },
        problem,
        items: items.iter().map(|view| Item::of(desk, view, &[])).collect(),
        // Of one customer they stand on one page or two.
        export: match customer {
            Some(_) => String::new(),
            None => export::place(d, "follow_ups", "follow_up.export", params),
        },
        first,
        next,
    };
    desk.page_with(status, &list)
}
