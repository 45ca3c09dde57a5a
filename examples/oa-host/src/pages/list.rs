//! The views of customers: filter, order, pages.

use crate::app::{Reply, Shared};
use crate::desk::{Choice, Desk, Look};
use crate::failure::Failure;
use crate::pages::Params;
use crate::pages::batch::Action;
use crate::pages::columns::{Cell, Columns};
use crate::pages::query::{self, Builder};
use crate::pages::{export, recycling, saved_query};
use crate::session::Visitor;
use crate::values::{Values, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Customer, CustomerFilter, CustomerOrder, CustomerQuery, CustomerStatus, Customized, EntryCode, Error, PageRequest,
    Pool, PoolStay, UserId, View, Violation, dictionary,
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
const FILTERS: [&str; 9] = ["text", "pool", "level", "stage", "source", "industry", "recycle_warned", "owner", "order"];

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
    /// How many of the customers of a pool the person may still take; empty: that is not said.
    allowance: String,
    problem: String,
    count: String,
    /// Conditions that are put together.
    builder: Builder,
    columns: Columns,
    /// Where nothing is narrowed, with the same columns.
    whole: String,
    rows: Vec<Row>,
    /// The address of the list without a marker, if this is not its first page.
    first: String,
    next: String,
    /// What can be done with customers that are ticked; nothing: none can be.
    actions: Vec<Action>,
    /// Whether it is the recycle bin.
    bin: bool,
    /// Whether there is something to be told of customers that go to a pool by themselves.
    going: bool,
    /// Whether it is the list of a pool.
    pool: bool,
    here: String,
    /// Where the query is saved.
    keep: String,
    /// Where it is exported; empty: the person may not.
    export: String,
    /// Saved queries that the person has pinned.
    pinned: Vec<(String, String)>,
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
    pub(crate) last: String,
    pub(crate) next: String,
    pub(crate) overdue: bool,
    pub(crate) number: String,
    /// What stands in the columns that are shown.
    pub(crate) cells: Vec<Cell>,
    deleted: String,
    /// Whether it is in a pool, which every list but that of the pool says.
    pub(crate) in_pool: bool,
    /// How it came there, in the list of the pool.
    stay: Option<Stay>,
}

/// How a customer came into a pool.
struct Stay {
    since: String,
    why: String,
    /// The name of the pool; empty: the list is one of that pool alone.
    pool: String,
}

impl Row {
    pub(crate) fn of(customer: &Customer, d: &Look<'_>) -> Self {
        Row {
            id: customer.id.to_string(),
            name: customer.name.clone(),
            number: customer.number.clone(),
            last: d.time_or_none(&customer.last_follow_up_at),
            next: d.time_or_none(&customer.next_follow_up_at),
            overdue: d.overdue(&customer.next_follow_up_at),
            cells: Vec::new(),
            deleted: d.time_or_none(&customer.deleted_at),
            in_pool: customer.status == CustomerStatus::Pooled,
            stay: None,
        }
    }

    /// With what stands in these columns.
    pub(crate) fn with_cells(customer: &Customer, d: &Look<'_>, columns: &Columns) -> Self {
        Row { cells: columns.cells(d, customer), ..Row::of(customer, d) }
    }

    /// One in the list of these pools.
    fn pooled(customer: &Customer, d: &Look<'_>, pools: &[Pool]) -> Self {
        let stay = customer.pool_stay.as_ref().map(|stay| Stay {
            since: d.time(&stay.at),
            why: why(d, stay),
            pool: match pools {
                [_] => String::new(),
                all => all.iter().find(|pool| pool.id == stay.pool).map(|pool| pool.name.clone()).unwrap_or_default(),
            },
        });
        Row { in_pool: false, stay, ..Row::of(customer, d) }
    }
}

/// Why a customer is in a pool, in words.
pub(crate) fn why(d: &Look<'_>, stay: &PoolStay) -> String {
    let reason = d.label(dictionary::RELEASE_REASON, &stay.reason);
    let rule = stay.rule.map(|rule| d.t(recycling::reason(rule)).to_owned());
    let said = [rule, Some(reason), stay.note.clone()].into_iter().flatten().filter(|text| !text.is_empty());
    said.collect::<Vec<_>>().join(" · ")
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
        "pool" => View::Pool { pool: None },
        _ => return None,
    })
}

/// What the filter of an address asks for.
pub(crate) fn asked(mut view: View, params: &Values, builder: &Builder) -> Result<CustomerQuery, Error> {
    let code = |name: &str| {
        let code = params.text(name).map(EntryCode::new).transpose();
        code.map_err(|_| Error::from(Violation::unknown(name)))
    };
    if let View::Pool { pool } = &mut view {
        *pool = params.text("pool").map(|id| id.parse()).transpose().map_err(|_| Violation::unknown("pool"))?;
    }
    let owner = params.text("owner").map(UserId::new).transpose();
    let order_by = query::order_by(params)?;
    let order = params.text("order").filter(|_| order_by.is_none()).map(|wanted| {
        let known = ORDERS.iter().find(|(name, _)| *name == wanted);
        known.map(|(_, order)| *order).ok_or_else(|| Error::from(Violation::unknown("order")))
    });
    Ok(CustomerQuery {
        view,
        filter: CustomerFilter {
            text: params.text("text"),
            level: code("level")?,
            stage: code("stage")?,
            source: code("source")?,
            industry: code("industry")?,
            owner: owner.map_err(|_| Error::from(Violation::unknown("owner")))?,
            recycle_warned: params.text("recycle_warned").is_some(),
        },
        order: order.transpose()?,
        order_by,
        matching: builder.wanted()?,
    })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        // Asked for no view at all it is the person's own beginning.
        match saved_query::standard(desk)?.filter(|_| params.pairs().is_empty()) {
            Some(standard) => desk.go(&standard),
            None => draw(desk, &params),
        }
    })
    .await
}

/// What the page of a list asks for.
pub(crate) fn of_page(desk: &Desk<'_>, params: &Values) -> Result<CustomerQuery, Failure> {
    let view = view(params.get("view"), params.get("days")).ok_or_else(Failure::not_found)?;
    Ok(asked(view, params, &query::read(desk, Customized::Customer, params)?)?)
}

fn draw(desk: &Desk<'_>, params: &Values) -> Reply {
    let d = &desk.look;
    let name = if params.get("view").is_empty() { "mine" } else { params.get("view") };
    let view = view(name, params.get("days")).ok_or_else(Failure::not_found)?;
    let mut page = PageRequest::first(SIZE).counted();
    page.cursor = params.text("cursor");
    let mut builder = query::read(desk, Customized::Customer, params)?;
    let ask = |builder: &Builder| desk.crm.customers(asked(view.clone(), params, builder)?, page);
    let (found, problem) = builder.found(desk, ask)?;
    let (items, next, count) = found.map(|found| (found.items, found.next, found.count)).unwrap_or_default();
    let owner_label = match name {
        "mine" | "today" | "not_followed" => "",
        "pool" => d.t("former_owner"),
        _ => d.t("f_owner"),
    };
    let columns = Columns::of(d, params, owner_label, !matches!(name, "recycle_bin" | "pool"));
    let chosen = columns.pairs();
    let chosen = chosen.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let whole: Vec<(&str, &str)> = std::iter::once(("view", name)).chain(chosen.clone()).collect();
    let mut same = vec![("view", name), ("days", params.get("days"))];
    same.extend(FILTERS.map(|filter| (filter, params.get(filter))));
    same.extend(builder.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    same.extend(chosen);
    let (here, whole) = (url("/customers", &same), url("/customers", &whole));
    let next = next.as_deref().map(|next| {
        same.push(("cursor", next));
        url("/customers", &same)
    });
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let bin = name == "recycle_bin";
    let in_pool = name == "pool";
    let pools = if in_pool { desk.pools()? } else { Vec::new() };
    // In the list of one pool its name says nothing.
    let named = pools.iter().position(|pool| pool.id.to_string() == params.get("pool"));
    let named = named.and_then(|place| pools.get(place..=place)).unwrap_or(&pools);
    let rows = items.iter().map(|customer| {
        let row = if in_pool { Row::pooled(customer, d, named) } else { Row::of(customer, d) };
        Row { cells: columns.cells(d, customer), ..row }
    });
    let rows = rows.collect();
    let narrowed = builder.count > 0
        || builder.wrong
        || FILTERS.iter().any(|filter| *filter != "order" && !params.get(filter).is_empty());
    let list = Customers {
        d,
        title: d.menu_label(name),
        days: match view {
            View::NotFollowedFor { days } => days.to_string(),
            _ => String::new(),
        },
        view: name.to_owned(),
        text: params.get("text").to_owned(),
        selects: selects(desk, name, params, &pools)?,
        narrowed,
        allowance: if in_pool && d.may("pool.claim") { allowance(desk)? } else { String::new() },
        problem,
        count: count.map(|count| d.count(&count)).unwrap_or_default(),
        actions: match name {
            "recycle_bin" => Vec::new(),
            "pool" => Action::of_pool(d),
            _ => Action::of_owned(d),
        },
        rows,
        builder,
        columns,
        whole,
        first: if params.text("cursor").is_some() { here.clone() } else { String::new() },
        next: next.unwrap_or_default(),
        bin,
        going: matches!(name, "mine" | "subordinates" | "all" | "pool") && d.may("pool.view") && desk.recycles()?,
        pool: in_pool,
        keep: url("/saved-queries/new", &[("of", &here)]),
        export: export::place(d, "customers", "customer.export", params),
        pinned: saved_query::pinned(desk)?,
        here,
    };
    desk.page_with(status, &list)
}

/// What the person may still claim and have, in words.
fn allowance(desk: &Desk<'_>) -> Result<String, Failure> {
    let d = &desk.look;
    let left = desk.crm.claim_allowance()?;
    let said = [("claims_left", left.claims_left), ("holding_left", left.holding_left)];
    let said = said.into_iter().filter_map(|(key, left)| Some(d.t(key).replace("{n}", &left?.to_string())));
    let said: Vec<String> = said.collect();
    Ok(if said.is_empty() { d.t("claims_unlimited").to_owned() } else { said.join(" · ") })
}

fn selects(desk: &Desk<'_>, view: &str, params: &Values, pools: &[Pool]) -> Result<Vec<Select>, Failure> {
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
    .into_iter()
    .filter(|(name, _)| d.reads(&format!("customer.{name}")))
    .map(|(name, dictionary)| select(name, d.choices(dictionary, params.get(name))))
    .collect();
    if view == "pool" {
        let pools = pools.iter().map(|pool| Choice::new(pool.id.to_string(), &pool.name));
        selects.insert(0, select("pool", pools.collect()));
        let former = select("owner", desk.people_choices()?);
        selects.push(Select { label: d.t("former_owner").to_owned(), ..former });
    }
    if desk.recycles()? && view != "pool" && view != "recycle_bin" {
        selects.push(select("recycle_warned", vec![Choice::new("1", d.t("warned"))]));
    }
    if matches!(view, "subordinates" | "all" | "shared" | "recycle_bin" | "recent") {
        selects.push(select("owner", desk.people_choices()?));
    }
    let orders = ORDERS.map(|(name, _)| Choice::new(name, d.t(&format!("order_{name}"))));
    selects.push(select("order", orders.into_iter().chain(query::orders(d, Customized::Customer)).collect()));
    Ok(selects)
}
