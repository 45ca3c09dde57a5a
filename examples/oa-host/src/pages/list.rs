//! The views of customers: filter, order, pages.

use crate::app::{Reply, Shared};
use crate::desk::{Chip, Choice, Desk, Look};
use crate::failure::Failure;
use crate::pages::Params;
use crate::session::Visitor;
use crate::values::{Values, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Customer, CustomerFilter, CustomerOrder, CustomerQuery, EntryCode, Error, PageRequest, UserId, View, dictionary,
};

/// Customers on a page.
const SIZE: i32 = 20;

/// Orders by the name they have in an address.
const ORDERS: [(&str, CustomerOrder); 6] = [
    ("newest", CustomerOrder::Newest),
    ("oldest", CustomerOrder::Oldest),
    ("name", CustomerOrder::Name),
    ("next_follow_up", CustomerOrder::NextFollowUp),
    ("longest_idle", CustomerOrder::LongestIdle),
    ("shortest_idle", CustomerOrder::ShortestIdle),
];

/// What a filter asks for.
const FILTERS: [&str; 7] = ["text", "level", "stage", "source", "industry", "owner", "order"];

#[derive(Template)]
#[template(path = "customers.html")]
struct Customers<'a> {
    d: &'a Look<'a>,
    title: String,
    view: String,
    days: String,
    text: String,
    /// The choices of the filter: name, label, what can be chosen, what is.
    selects: Vec<Select>,
    /// Whether anything is narrowed.
    narrowed: bool,
    problem: String,
    count: String,
    rows: Vec<Row>,
    /// The address of the list without a marker, if this is not its first page.
    first: String,
    next: String,
    /// Whether customers can be ticked and acted on together.
    batch: bool,
    /// Whether it is the recycle bin.
    bin: bool,
    shows_owner: bool,
    here: String,
}

/// One choice of the filter.
struct Select {
    name: &'static str,
    label: String,
    choices: Vec<Choice>,
    chosen: String,
}

/// A customer in a list.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) level: Option<Chip>,
    pub(crate) stage: Option<Chip>,
    pub(crate) owner: String,
    pub(crate) last: String,
    pub(crate) next: String,
    pub(crate) overdue: bool,
    pub(crate) deleted: String,
}

impl Row {
    pub(crate) fn of(customer: &Customer, d: &Look<'_>) -> Self {
        Row {
            id: customer.id.to_string(),
            name: customer.name.clone(),
            number: customer.number.clone(),
            level: d.chip(dictionary::LEVEL, &customer.level),
            stage: d.chip(dictionary::STAGE, &customer.stage),
            owner: d.person(customer.owner.as_str()),
            last: d.time_or_none(&customer.last_follow_up_at),
            next: d.time_or_none(&customer.next_follow_up_at),
            overdue: d.overdue(&customer.next_follow_up_at),
            deleted: d.time_or_none(&customer.deleted_at),
        }
    }
}

/// The view of a name in an address.
pub(crate) fn view(name: &str, days: &str) -> Option<View> {
    Some(match name {
        "" | "mine" => View::Mine,
        "today" => View::Today,
        "not_followed" => View::NotFollowedFor { days: if days.is_empty() { 7 } else { days.parse().unwrap_or(0) } },
        "shared" => View::SharedWithMe,
        "subordinates" => View::Subordinates,
        "recent" => View::RecentlyViewed,
        "all" => View::All,
        "recycle_bin" => View::RecycleBin,
        _ => return None,
    })
}

/// What the filter of an address asks for.
fn query(view: View, params: &Values) -> Result<CustomerQuery, Error> {
    let code = |name: &str| {
        let code = params.text(name).map(EntryCode::new).transpose();
        code.map_err(|_| Error::from(crm_core::Violation::unknown(name)))
    };
    let owner = params.text("owner").map(UserId::new).transpose();
    let order = params.text("order").map(|wanted| {
        let known = ORDERS.iter().find(|(name, _)| *name == wanted);
        known.map(|(_, order)| *order).ok_or_else(|| Error::from(crm_core::Violation::unknown("order")))
    });
    Ok(CustomerQuery {
        view,
        filter: CustomerFilter {
            text: params.text("text"),
            level: code("level")?,
            stage: code("stage")?,
            source: code("source")?,
            industry: code("industry")?,
            owner: owner.map_err(|_| Error::from(crm_core::Violation::unknown("owner")))?,
        },
        order: order.transpose()?,
    })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| draw(desk, &params)).await
}

fn draw(desk: &Desk<'_>, params: &Values) -> Reply {
    let d = &desk.look;
    let name = if params.get("view").is_empty() { "mine" } else { params.get("view") };
    let view = view(name, params.get("days")).ok_or_else(Failure::not_found)?;
    let mut page = PageRequest::first(SIZE).counted();
    page.cursor = params.text("cursor");
    let found = query(view.clone(), params).and_then(|query| desk.crm.customers(query, page));
    let (items, next, count, problem) = match found {
        Ok(found) => (found.items, found.next, found.count, String::new()),
        Err(error) => {
            let error = desk.for_form(error)?;
            (Vec::new(), None, None, d.said(&error))
        }
    };
    let mut same = vec![("view", name), ("days", params.get("days"))];
    same.extend(FILTERS.map(|filter| (filter, params.get(filter))));
    let here = url("/customers", &same);
    let next = next.as_deref().map(|next| {
        same.push(("cursor", next));
        url("/customers", &same)
    });
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let bin = name == "recycle_bin";
    let narrowed = FILTERS.iter().any(|filter| *filter != "order" && !params.get(filter).is_empty());
    let list = Customers {
        d,
        title: d.menu_label(name),
        days: match view {
            View::NotFollowedFor { days } => days.to_string(),
            _ => String::new(),
        },
        view: name.to_owned(),
        text: params.get("text").to_owned(),
        selects: selects(desk, name, params)?,
        narrowed,
        problem,
        count: count.map(|count| d.count(&count)).unwrap_or_default(),
        batch: !bin && !items.is_empty(),
        rows: items.iter().map(|customer| Row::of(customer, d)).collect(),
        first: if params.text("cursor").is_some() { here.clone() } else { String::new() },
        next: next.unwrap_or_default(),
        bin,
        shows_owner: name != "mine" && name != "today" && name != "not_followed",
        here,
    };
    desk.page_with(status, &list)
}

fn selects(desk: &Desk<'_>, view: &str, params: &Values) -> Result<Vec<Select>, Failure> {
    let d = &desk.look;
    let select = |name: &'static str, choices: Vec<Choice>| Select {
        label: d.t(&format!("f_{name}")).to_owned(),
        chosen: params.get(name).to_owned(),
        name,
        choices,
    };
    let mut selects: Vec<Select> = [
        ("level", dictionary::LEVEL),
        ("stage", dictionary::STAGE),
        ("source", dictionary::SOURCE),
        ("industry", dictionary::INDUSTRY),
    ]
    .map(|(name, dictionary)| select(name, d.choices(dictionary, params.get(name))))
    .into_iter()
    .collect();
    if matches!(view, "subordinates" | "all" | "shared" | "recycle_bin" | "recent") {
        selects.push(select("owner", desk.people_choices()?));
    }
    let orders = ORDERS.map(|(name, _)| Choice::new(name, d.t(&format!("order_{name}"))));
    selects.push(select("order", orders.into_iter().collect()));
    Ok(selects)
}
