//! The first page: what is to be done today, who waits longest, who was looked at last.

use crate::app::{Reply, Shared};
use crate::desk::Look;
use crate::pages::list::Row;
use crate::session::Visitor;
use askama::Template;
use axum::extract::State;
use crm_core::{PageRequest, View};

/// Customers of each list.
const SHOWN: i32 = 6;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    d: &'a Look<'a>,
    name: String,
    tiles: Vec<Tile>,
    lists: Vec<List>,
}

/// A number that opens the list behind it.
struct Tile {
    view: &'static str,
    label: String,
    count: String,
}

/// The head of a list.
struct List {
    view: &'static str,
    label: String,
    empty: &'static str,
    rows: Vec<Row>,
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let d = &desk.look;
        let tiles = ["mine", "today", "not_followed", "shared", "subordinates", "all"];
        let tiles = tiles.into_iter().filter(|view| d.offers(view));
        let tiles = tiles.map(|view| Tile { view, label: d.menu_label(view), count: d.badge(view) }).collect();
        let mut lists = Vec::new();
        for (view, of, empty) in [
            ("today", View::Today, "home_today_none"),
            ("not_followed", View::NotFollowedFor { days: 7 }, "home_idle_none"),
            ("recent", View::RecentlyViewed, "home_recent_none"),
        ] {
            if d.offers(view) {
                let page = desk.crm.customers(of, PageRequest::first(SHOWN))?;
                let rows = page.items.iter().map(|customer| Row::of(customer, d)).collect();
                lists.push(List { view, label: d.menu_label(view), empty, rows });
            }
        }
        let name = d.user_name.clone().unwrap_or_default();
        desk.page(&Home { d, name, tiles, lists })
    })
    .await
}
