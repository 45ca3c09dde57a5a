//! Groups of duplicates among all customers 全库查重: looked through one by one, merged or said to be none; and the search that
//! finds them, for who administrates.
//!
//! What is said to be none is said in [`act`], on the page where it can be seen, and is taken back there, too.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look, typed};
use crate::failure::Failure;
use crate::pages::duplicate::{reasons, verdict};
use crate::pages::{Params, id, merge};
use crate::security::Posted;
use crate::session::{Undo, Visitor, Who, random};
use crate::values::{Values, around, url};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use crm_core::{
    Count, CustomerId, DuplicateGroup, DuplicateMember, DuplicatePair, DuplicateSearch, DuplicateSearchState, Error,
    PageRequest, Timestamp,
};
use std::sync::Arc;
use std::time::Duration;

/// The page.
pub(crate) const HERE: &str = "/duplicates/groups";

/// The right of who looks for duplicates.
const SEARCHES: (&str, &str) = ("settings", "manage_settings");

/// Groups on a page: each is read with care.
const SIZE: i32 = 10;

/// How many pairs of a group are unfolded at once.
const SEEN: usize = 5;

/// How long an answer waits for a search: of few customers it is at its end by then, and what stopped one is known.
const SOON: Duration = Duration::from_secs(1);

/// After how many milliseconds without a word a search is taken to have ended with its process.
const SILENT: i64 = 5 * 60_000;

#[derive(Template)]
#[template(path = "duplicate_groups.html")]
struct Groups<'a> {
    d: &'a Look<'a>,
    /// The last search, for who may begin one.
    search: Option<Told>,
    groups: Vec<Group>,
    /// What is said where there are none.
    empty: String,
    /// The marker of this page, so that it is come back to.
    cursor: String,
    first: String,
    next: String,
}

/// Customers that may be the same.
struct Group {
    /// Its place on the page, for ids.
    place: usize,
    key: String,
    verdict: String,
    chip: &'static str,
    score: String,
    members: Vec<Member>,
    /// Why, where there are but two.
    reasons: String,
    /// Who is like whom, where there are more; and those that are folded away.
    pairs: Vec<Pair>,
    more: Vec<Pair>,
    cut: bool,
}

struct Member {
    id: String,
    name: String,
    owner: String,
}

struct Pair {
    one: String,
    other: String,
    verdict: String,
    chip: &'static str,
    reasons: String,
}

/// What is told of the last search.
struct Told {
    state: String,
    chip: &'static str,
    /// Where it goes on.
    progress: Option<Progress>,
    /// A name, and what it is.
    facts: Vec<(String, String)>,
    /// What of it is not as one would think.
    notes: Vec<String>,
    /// The text of the button that begins one.
    begin: String,
}

/// How far a search has come.
#[derive(Template)]
#[template(path = "duplicate_progress.html")]
struct Progress {
    label: String,
    percent: i32,
    words: String,
    /// What is said of one that is silent; empty: nothing.
    silent: String,
}

impl Group {
    fn of(d: &Look<'_>, place: usize, group: DuplicateGroup) -> Self {
        // The most alike first: the group's score is theirs.
        let (verdict, chip) = group.pairs.first().map(|pair| verdict(d, pair.verdict)).unwrap_or_default();
        let mut pairs: Vec<Pair> = group.pairs.iter().map(|pair| Pair::of(d, pair, &group.customers)).collect();
        let reasons = match pairs.as_mut_slice() {
            [only] if group.customers.len() == 2 => std::mem::take(&mut only.reasons),
            _ => String::new(),
        };
        if !reasons.is_empty() {
            pairs.clear();
        }
        let more = pairs.split_off(pairs.len().min(SEEN));
        Group {
            place,
            key: random().unwrap_or_default(),
            verdict,
            chip,
            score: d.t("group_score").replace("{n}", &group.score.to_string()),
            members: group.customers.into_iter().map(Member::from).collect(),
            reasons,
            pairs,
            more,
            cut: group.cut,
        }
    }
}

impl From<DuplicateMember> for Member {
    fn from(member: DuplicateMember) -> Self {
        Member {
            id: member.customer.to_string(),
            name: member.name,
            owner: member.owner_name.unwrap_or_else(|| member.owner.to_string()),
        }
    }
}

impl Pair {
    fn of(d: &Look<'_>, pair: &DuplicatePair, members: &[DuplicateMember]) -> Self {
        let name = |id: CustomerId| {
            let found = members.iter().find(|member| member.customer == id);
            found.map(|member| member.name.clone()).unwrap_or_default()
        };
        let (verdict, chip) = verdict(d, pair.verdict);
        Pair { one: name(pair.one), other: name(pair.other), verdict, chip, reasons: reasons(d, &pair.reasons) }
    }
}

impl Told {
    /// Of a search, above groups or above none.
    fn of(d: &Look<'_>, search: &DuplicateSearch, groups: bool) -> Self {
        let (state, chip) = match search.state {
            DuplicateSearchState::Never => ("search_never", ""),
            DuplicateSearchState::Running => ("search_running", "main"),
            DuplicateSearchState::Finished => ("search_finished", "good"),
            DuplicateSearchState::Cancelled => ("search_cancelled", "vacant"),
        };
        let by = search.by.as_deref().map(|by| d.person(by)).unwrap_or_default();
        let mut facts = vec![("search_at", d.time_or_none(&search.updated_at)), ("search_by", by)];
        if search.state == DuplicateSearchState::Finished {
            let counted = [
                ("search_customers", search.customers),
                ("search_compared", search.compared),
                ("search_groups", search.groups),
            ];
            facts.extend(counted.map(|(name, count)| (name, number(d, count))));
        }
        facts.retain(|(_, fact)| !fact.is_empty());
        let mut notes = Vec::new();
        if search.state == DuplicateSearchState::Finished {
            for (key, count) in [("search_left_out", search.left_out), ("search_crowded", search.crowded)] {
                if count > 0 {
                    notes.push(d.t(key).replace("{n}", &number(d, count)));
                }
            }
            if !search.complete {
                notes.push(d.t("duplicates_incomplete").to_owned());
            }
        } else if groups {
            notes.push(d.t("search_before").to_owned());
        }
        let never = search.state == DuplicateSearchState::Never;
        Told {
            state: d.t(state).to_owned(),
            chip,
            progress: Progress::of(d, search),
            facts: facts.into_iter().map(|(name, fact)| (d.t(name).to_owned(), fact)).collect(),
            notes,
            begin: d.t(if never { "search_begin" } else { "search_again" }).to_owned(),
        }
    }
}

impl Progress {
    /// Nothing of a search that does not go on.
    fn of(d: &Look<'_>, search: &DuplicateSearch) -> Option<Self> {
        if search.state != DuplicateSearchState::Running {
            return None;
        }
        let words = d.t("search_word").replace("{customers}", &number(d, search.customers));
        let silent = |at: Timestamp| d.now.millis().saturating_sub(at.millis()) > SILENT;
        Some(Progress {
            label: d.t("search_running").to_owned(),
            percent: search.percent,
            words: words
                .replace("{pairs}", &number(d, search.compared))
                .replace("{at}", &d.time_or_none(&search.updated_at)),
            silent: if search.updated_at.is_some_and(silent) { d.t("search_silent").to_owned() } else { String::new() },
        })
    }
}

fn number(d: &Look<'_>, value: i64) -> String {
    d.count(&Count { value, exact: true })
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let mut page = PageRequest::first(SIZE);
        page.cursor = params.text("cursor");
        let found = match desk.crm.duplicate_groups(page) {
            Ok(found) => found,
            Err(error) => return desk.lost(error, HERE),
        };
        let (module, right) = SEARCHES;
        let search = match d.may(&format!("{module}.{right}")) {
            true => Some(desk.crm.duplicate_search()?),
            false => None,
        };
        let (first, next) = around(HERE, &[], &params, found.next.as_deref());
        let groups = found.items.into_iter().enumerate().map(|(place, group)| Group::of(d, place, group));
        let groups: Vec<Group> = groups.collect();
        let empty = match search.as_ref().map(|search| search.state) {
            _ if !next.is_empty() => "groups_none_on_page",
            Some(DuplicateSearchState::Never) => "groups_never",
            Some(DuplicateSearchState::Running) => "groups_wait",
            Some(DuplicateSearchState::Cancelled | DuplicateSearchState::Finished) => "groups_none",
            None => "groups_none_of_yours",
        };
        desk.page(&Groups {
            d,
            search: search.map(|search| Told::of(d, &search, !groups.is_empty())),
            groups,
            empty: d.t(empty).to_owned(),
            cursor: params.get("cursor").to_owned(),
            first,
            next,
        })
    })
    .await
}

/// What is decided of a group: that some of it are merged, which is looked at next, or that they are no duplicates; or
/// that this is taken back.
pub(crate) async fn act(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        desk.needs("customer", "merge")?;
        let ticked = values.all("customer").into_iter().map(id).collect::<Result<Vec<CustomerId>, _>>()?;
        let back = url(HERE, &[("cursor", values.get("cursor"))]);
        let [first, _, ..] = ticked.as_slice() else {
            desk.complain(desk.t("group_too_few").to_owned());
            return desk.go(&back);
        };
        match values.get("deed") {
            "merge" => {
                let chosen = values.text("survivor").and_then(|survivor| survivor.parse().ok());
                let survivor = chosen.filter(|survivor| ticked.contains(survivor)).unwrap_or(*first);
                desk.go(&merge::address(survivor, &ticked))
            }
            deed @ ("dismiss" | "reopen") => {
                let (acting, dismissed) = (desk.acting(&values), deed == "dismiss");
                let done = match dismissed {
                    true => acting.dismiss_duplicates(ticked.clone()),
                    false => acting.reopen_duplicates(ticked.clone()),
                };
                let said = |key: &str, pairs: i64| desk.t(key).replace("{n}", &pairs.to_string());
                match done {
                    Ok(pairs) if dismissed => desk.offer(said("done_dismissed", pairs), reopening(&values, &ticked)),
                    Ok(0) => desk.notice("nothing_reopened"),
                    Ok(pairs) => desk.tell(said("done_reopened", pairs)),
                    // The page shows who may only be read, too.
                    Err(Error::Forbidden { .. }) => desk.complain(desk.t("group_read_only").to_owned()),
                    Err(error @ Error::NotFound { .. }) => desk.complain(desk.look.said(&error)),
                    Err(error) => return desk.lost(error, &back),
                }
                desk.go(&back)
            }
            _ => Err(Failure::not_found()),
        }
    })
    .await
}

/// Takes back that these are no duplicates.
fn reopening(values: &Values, customers: &[CustomerId]) -> Undo {
    let mut sent = vec![("deed", "reopen".to_owned()), ("_key", random().unwrap_or_default())];
    sent.push(("cursor", values.get("cursor").to_owned()));
    sent.extend(customers.iter().map(|customer| ("customer", customer.to_string())));
    Undo { action: HERE, values: sent }
}

/// How far the search has come, for the script of the page; nothing once it is at its end.
pub(crate) async fn progress(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        let progress = Progress::of(&desk.look, &desk.crm.duplicate_search()?);
        let drawn = progress.map(|progress| progress.render()).transpose()?.unwrap_or_default();
        Ok(typed(StatusCode::OK, "text/html; charset=utf-8", drawn))
    })
    .await
}

/// Begins a search, which may outlast the request, and answers what came of it where that is known soon.
async fn begin(app: &Shared, who: &Who) -> Result<Option<DuplicateSearch>, Failure> {
    let Some(actor) = who.actor() else { return Err(Failure::unnamed()) };
    let shared = Arc::clone(app);
    let mut search =
        tokio::spawn(
            async move { shared.blocking(move |app| app.crm.as_user(&actor).find_duplicate_groups(None)).await },
        );
    match tokio::time::timeout(SOON, &mut search).await {
        Ok(Ok(ended)) => Ok(Some(ended??)),
        Ok(Err(_)) => Err(Failure::internal()),
        Err(_) => {
            tokio::spawn(async move {
                if let Ok(Ok(Err(error))) = search.await {
                    eprintln!("a search for duplicates did not come through: {error}");
                }
            });
            Ok(None)
        }
    }
}

/// Begins a search, or ends the one that goes on.
pub(crate) async fn search(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    let begins = values.get("deed") == "begin";
    let ended = match &visitor.who {
        Some(who) if begins => begin(&app, who).await?,
        _ => None,
    };
    app.desk(visitor, move |desk: &Desk<'_>| {
        let state = match (values.get("deed"), ended) {
            ("begin", Some(ended)) => ended,
            ("begin", None) => desk.crm.duplicate_search()?,
            ("cancel", _) => desk.crm.cancel_duplicate_search()?,
            _ => return Err(Failure::not_found()),
        };
        match state.state {
            DuplicateSearchState::Finished if begins => {
                desk.tell(desk.t("done_search_finished").replace("{n}", &number(&desk.look, state.groups)));
            }
            DuplicateSearchState::Cancelled => desk.notice("done_search_cancelled"),
            _ if begins => desk.notice("done_search_begun"),
            // It came to its end before: the page says so.
            _ => {}
        }
        desk.go(HERE)
    })
    .await
}
