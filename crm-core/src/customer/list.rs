//! Views of customers (F4): who sees which, in what order, how many.

use super::fields::{CustomerFields, tells_contact};
use super::named::Named;
use super::{CUSTOMER, Customer, STANDING};
use crate::access::{Access, Scope, Standing};
use crate::actor::UserId;
use crate::crm::Session;
use crate::custom_field::Customized;
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, Place, encode_cursor, list_identity, page, place_of};
use crate::pool::PoolId;
use crate::query::{Condition, FieldOrder};
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{ColumnType, Comparison, Direction, Filter, Read, Row, Search, Value};
use crate::text::fold;
use crate::work::{Stop, Work, counted, rows};
use serde::{Deserialize, Serialize};

/// A list of customers with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", from = "ViewInput")]
pub enum View {
    /// 我的客户: those the actor owns.
    Mine,
    /// 当日跟进: his own whose next follow-up is today or overdue.
    Today,
    /// 共享给我的: shared with him or with a position of his; of more than 2,000 the latest.
    SharedWithMe,
    /// N日未跟进: his own that nobody followed up for so many whole days; never followed counts
    /// from receipt.
    NotFollowedFor {
        /// Days, 1 to 3650.
        days: i32,
    },
    /// 下属客户: those of people below him, apart from his own.
    Subordinates,
    /// 最近浏览: the 100 he looked at last and still sees, the last one first; one page, whatever
    /// its size.
    RecentlyViewed,
    /// 全部客户: for administrators.
    All,
    /// 回收站: deleted ones of his and of those below him; all for administrators.
    RecycleBin,
    /// 客户池: those that he sees in a pool, or in all of them. The owner by whom they are narrowed is the former one.
    Pool {
        /// The pool; absent: all pools.
        #[serde(skip_serializing_if = "Option::is_none")]
        pool: Option<PoolId>,
    },
}

/// A view as it arrives: variants without fields would take any, these take none.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "View"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum ViewInput {
    Mine {},
    Today {},
    SharedWithMe {},
    NotFollowedFor {
        days: i32,
    },
    Subordinates {},
    RecentlyViewed {},
    All {},
    RecycleBin {},
    Pool {
        #[serde(default)]
        pool: Option<PoolId>,
    },
}

impl From<ViewInput> for View {
    fn from(view: ViewInput) -> Self {
        match view {
            ViewInput::Mine {} => View::Mine,
            ViewInput::Today {} => View::Today,
            ViewInput::SharedWithMe {} => View::SharedWithMe,
            ViewInput::NotFollowedFor { days } => View::NotFollowedFor { days },
            ViewInput::Subordinates {} => View::Subordinates,
            ViewInput::RecentlyViewed {} => View::RecentlyViewed,
            ViewInput::All {} => View::All,
            ViewInput::RecycleBin {} => View::RecycleBin,
            ViewInput::Pool { pool } => View::Pool { pool },
        }
    }
}

/// Narrows a list of customers. What is absent does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct CustomerFilter {
    /// Name, short name or number contains this, however it is written; at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
    /// The level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub level: Option<EntryCode>,
    /// The stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub stage: Option<EntryCode>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub source: Option<EntryCode>,
    /// The industry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub industry: Option<EntryCode>,
    /// The owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub owner: Option<UserId>,
    /// Whether only those are listed that a rule takes from their owners soon 即将回收.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub recycle_warned: bool,
}

/// The order of a list of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum CustomerOrder {
    /// The last created first.
    Newest,
    /// The first created first.
    Oldest,
    /// By name, Chinese ones by pinyin.
    Name,
    /// The one whose next follow-up comes first; those without one last.
    NextFollowUp,
    /// The longest idle first.
    LongestIdle,
    /// The shortest idle first.
    ShortestIdle,
}

/// Which list of customers, narrowed and ordered how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CustomerQuery {
    /// The view.
    pub view: View,
    /// The filter.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub filter: CustomerFilter,
    /// The order; absent: the view's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order: Option<CustomerOrder>,
    /// An order by a custom field, in place of `order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order_by: Option<FieldOrder>,
    /// A condition that they all meet, over custom fields as `custom.` with their keys, and `name`, `level`, `stage`, `source`,
    /// `industry`, `owner`, `locked`, `created_at`, `received_at`, `idle_since`, `last_follow_up_at`, `next_follow_up_at`; and over
    /// contracts, instalments and receipts. Customers whose panel of those is not open to the actor are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub matching: Option<Condition>,
}

impl From<View> for CustomerQuery {
    fn from(view: View) -> Self {
        CustomerQuery { view, filter: CustomerFilter::default(), order: None, order_by: None, matching: None }
    }
}

page! {
    /// A page of customers.
    CustomerPage of Customer
}

/// A view and how many customers it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ViewCount {
    /// The view.
    pub view: View,
    /// Its size.
    pub count: Count,
}

impl CustomerOrder {
    pub(super) fn column(self) -> (&'static str, Direction) {
        match self {
            CustomerOrder::Newest => ("created_at", Direction::Descending),
            CustomerOrder::Oldest => ("created_at", Direction::Ascending),
            CustomerOrder::Name => ("name_sort", Direction::Ascending),
            CustomerOrder::NextFollowUp => ("next_follow_up_at", Direction::Ascending),
            CustomerOrder::LongestIdle => ("idle_since", Direction::Ascending),
            CustomerOrder::ShortestIdle => ("idle_since", Direction::Descending),
        }
    }

    pub(super) fn of(view: &View) -> Self {
        match view {
            View::Today => CustomerOrder::NextFollowUp,
            View::NotFollowedFor { .. } => CustomerOrder::LongestIdle,
            _ => CustomerOrder::Newest,
        }
    }
}

/// How a view is looked for.
struct Searches {
    /// What it lists: of all customers of a standing, or scope by scope.
    listed: Search,
    /// What it is counted by, and what is found by what customers don't have: scope by scope where `listed` leaves others out, so that a count that
    /// stops has looked at what is shown.
    counted: Search,
}

/// Where the customers of a view come from.
enum Source {
    /// A search.
    Search(Box<Searches>),
    /// Customers named one by one.
    Named(Named),
}

/// Of which standing a list has all customers but those that the filter leaves out; none for a list that is put together of scopes: of few of them, of
/// one owner, and in the order of a custom field, since the indexes of all customers leave out those who have no value there.
fn whole_list(query: &CustomerQuery, access: &Access<'_>, scopes: &[Value]) -> Option<(Standing, Option<Filter>)> {
    if query.filter.owner.is_some() || query.order_by.is_some() {
        return None;
    }
    match &query.view {
        View::All => Some((Standing::Active, None)),
        View::RecycleBin if access.sees_all() => Some((Standing::Deleted, None)),
        View::Subordinates => {
            let others = access.all_but_others(Standing::Active, scopes.len())?;
            Some((Standing::Active, Some(others)))
        }
        _ => None,
    }
}

/// How many conditions a filter has in its outermost list.
fn conditions_of(filter: &Filter) -> usize {
    match filter {
        Filter::All(all) => all.len(),
        _ => 1,
    }
}

impl Session<'_> {
    /// A page of a view of customers.
    ///
    /// ```no_run
    /// # fn example(crm: &crm_core::Crm, alice: &crm_core::Actor) -> Result<(), crm_core::Error> {
    /// use crm_core::{PageRequest, View};
    /// let page = crm.as_user(alice).customers(View::NotFollowedFor { days: 7 }, PageRequest::first(20).counted())?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`, on [`View::All`] for who is
    /// no administrator, and on [`View::Pool`] without `pool.view`; [`Error::Invalid`]; `cursor_foreign`.
    pub fn customers(&self, query: impl Into<CustomerQuery>, page: PageRequest) -> Result<CustomerPage, Error> {
        let query = query.into();
        let list = list_identity(self.actor(), op::customers.name, &query);
        let limit = self.rows_of(&page)?;
        self.query(&op::customers, |work| {
            let (column, direction) = work.order_of(&query)?;
            let ty = CUSTOMER.column(column).map_or(ColumnType::Integer, |column| column.ty);
            let after = page.place(&list, ty)?;
            let filter = query.filter.conditions(&work.access()?)?;
            match work.source(&query, filter, column)? {
                Source::Search(searches) => {
                    let Searches { listed, counted: counting } = *searches;
                    let search =
                        Search { after: after.clone(), ..listed }.ordered(column, direction).limited(limit + 1);
                    if let Some(few) = work.few(&query, &search, &counting)? {
                        let count = i64::try_from(few.len()).ok();
                        let places = cut(few, direction, after.as_ref(), limit);
                        let page = work.page_at(places, &list, column, limit, page.count.then_some((count, true)))?;
                        return work.seen_in(&query.view, page);
                    }
                    let mut reads = vec![Read::Find(search.clone())];
                    // Counted by the view's own condition, which then bounds what is looked at.
                    let own = CustomerOrder::of(&query.view).column().0;
                    let search = counting.ordered(own, direction);
                    // Where nothing else narrows the list, a count that stopped has seen the cap.
                    let whole = search.range().count() == conditions_of(&search.filter);
                    if page.count {
                        reads.push(Read::Count { search, cap: COUNT_CAP });
                    }
                    let mut answers = work.read(reads)?.into_iter();
                    let found = rows(answers.next());
                    let count = answers.next().map(|answer| (counted(Some(answer)), whole));
                    let more = found.len() as i64 > limit;
                    work.seen_in(&query.view, page_of(found, more, &list, column, limit, count)?)
                }
                Source::Named(named) => {
                    let (whole, closed) = (named.whole, named.may_be_closed());
                    let places = work.named(named, &query, column)?;
                    let known = i64::try_from(places.len()).ok().filter(|_| whole);
                    if query.order.is_none() && query.order_by.is_none() && query.view == View::RecentlyViewed {
                        // At most a hundred, in the order in which they were viewed: one page.
                        let count = page.count.then(|| Count::exactly(places.len() as i64));
                        let ids = places.into_iter().map(|(_, id)| id).collect();
                        let items = Customer::from_rows(&work.get(&CUSTOMER, ids)?)?;
                        return Ok(CustomerPage { items: work.all_shown(items)?, next: None, count });
                    }
                    let places = cut(places, direction, after.as_ref(), limit);
                    let count = page.count.then_some((known, false));
                    let mut page = work.page_at(places, &list, column, limit, count)?;
                    if closed {
                        page.items = work.all_shown(page.items)?;
                    }
                    Ok(page)
                }
            }
        })
    }

    /// How many customers each of the views has, at most 10 views.
    ///
    /// # Errors
    /// As [`Session::customers`].
    pub fn count_customers(&self, views: Vec<View>) -> Result<Vec<ViewCount>, Error> {
        if views.len() > 10 {
            return Err(Violation::too_many("views", 10).into());
        }
        self.query(&op::count_customers, |work| work.count_views(&views))
    }
}

impl Work<'_> {
    /// See [`Session::count_customers`].
    pub(crate) fn count_views(&mut self, views: &[View]) -> Result<Vec<ViewCount>, Stop> {
        let mut reads = Vec::new();
        let mut known = Vec::new();
        for view in views {
            let column = CustomerOrder::of(view).column();
            match self.source(&CustomerQuery::from(view.clone()), Filter::All(Vec::new()), column.0)? {
                Source::Search(searches) => {
                    let search = searches.counted.ordered(column.0, column.1);
                    reads.push(Read::Count { search, cap: COUNT_CAP });
                    known.push(None);
                }
                Source::Named(list) => {
                    let exact = list.whole;
                    let value = self.named(list, &CustomerQuery::from(view.clone()), column.0)?.len() as i64;
                    known.push(Some(Count { value, exact }));
                }
            }
        }
        let mut answers = self.read(reads)?.into_iter();
        Ok(views
            .iter()
            .zip(known)
            .map(|(view, known)| ViewCount {
                view: view.clone(),
                count: known.unwrap_or_else(|| Count::of(counted(answers.next()), COUNT_CAP)),
            })
            .collect())
    }

    fn source(&mut self, query: &CustomerQuery, filter: Filter, column: &'static str) -> Result<Source, Stop> {
        let zone = self.context.settings().time_zone;
        let access = self.access()?;
        let mut conditions = vec![filter];
        let mut scopes = match &query.view {
            View::Mine => access.own_scopes(Standing::Active),
            View::Today => {
                let tomorrow = zone.start_of(zone.day_after(self.now, 1));
                conditions.push(Filter::Is("next_follow_up_at", Comparison::Less, tomorrow.millis().into()));
                access.own_scopes(Standing::Active)
            }
            View::NotFollowedFor { days } => {
                if !(1..=3650).contains(days) {
                    return Err(Violation::out_of_range("view.days").into());
                }
                // Idle for N whole days: the clock began on the Nth day before today or earlier.
                let first_too_young = zone.start_of(zone.day_after(self.now, 1 - i64::from(*days)));
                conditions.push(Filter::Is("idle_since", Comparison::Less, first_too_young.millis().into()));
                access.own_scopes(Standing::Active)
            }
            View::Subordinates => access.subordinate_scopes(Standing::Active),
            View::RecycleBin => access.visible_scopes(Standing::Deleted),
            View::Pool { pool } => {
                access.allow("pool.view")?;
                if pool.is_some_and(|pool| !access.pools().any(|seen| seen.id == pool)) {
                    return Err(Violation::unknown("view.pool").into());
                }
                access.pool_scopes(*pool)
            }
            View::All => {
                if !access.sees_all() {
                    let right = "view_all".to_owned();
                    return Err(Error::Forbidden { module: "customer".to_owned(), right }.into());
                }
                access.visible_scopes(Standing::Active)
            }
            View::SharedWithMe => {
                let grantees = access.grantee_keys();
                return Ok(Source::Named(self.shared_ids(grantees, None)?));
            }
            View::RecentlyViewed => {
                let viewer = self.actor().name();
                return Ok(Source::Named(self.recent_ids(viewer)?));
            }
        };
        if let Some(owner) = &query.filter.owner {
            scopes.retain(|scope| {
                let parsed = scope.as_text().map(Scope::parse);
                matches!(parsed, Some(Ok(scope)) if scope.owner == *owner)
            });
        }
        if let Some(matching) = &query.matching {
            conditions.push(self.matching(matching, Some(&scopes), &query.view)?);
        }
        conditions.retain(|condition| !condition.is_empty());
        let search = Search::of(&CUSTOMER).ordered(column, Direction::Ascending);
        let counted = search.clone().within("scope", scopes.clone()).filtered(Filter::All(conditions.clone()));
        let Some((standing, others)) = whole_list(query, &access, &scopes) else {
            return Ok(Source::Search(Box::new(Searches { listed: counted.clone(), counted })));
        };
        let of_standing = search.within(STANDING, vec![standing.to_value()]);
        let counted = match &others {
            Some(_) => counted,
            None => of_standing.clone().filtered(Filter::All(conditions.clone())),
        };
        conditions.extend(others);
        // The scope is the truth: a process of a version before, while it still runs, moves that alone.
        let [from, until] = Scope::of(standing);
        conditions.push(Filter::Is("scope", Comparison::AtLeast, from));
        conditions.push(Filter::Is("scope", Comparison::Less, until));
        Ok(Source::Search(Box::new(Searches { listed: of_standing.filtered(Filter::All(conditions)), counted })))
    }

    /// The column and the direction in which a list is put in order.
    fn order_of(&self, query: &CustomerQuery) -> Result<(&'static str, Direction), Error> {
        match (&query.order_by, query.order) {
            (Some(_), Some(_)) => Err(Violation::not_allowed("order_by").into()),
            (Some(by), None) => {
                let (column, direction) = self.ordered_by(Customized::Customer, by)?;
                let stored = self.context.field(Customized::Customer, by.field.as_str());
                if stored.is_some_and(tells_contact) && self.is_pooled(&query.view)? {
                    return Err(Violation::unknown("order_by.field").into());
                }
                Ok((column, direction))
            }
            (None, order) => Ok(order.unwrap_or(CustomerOrder::of(&query.view)).column()),
        }
    }

    /// Whether a view is of customers that the actor may only claim: an administrator sees all of them.
    fn is_pooled(&self, view: &View) -> Result<bool, Error> {
        Ok(matches!(view, View::Pool { .. }) && !self.access()?.sees_all())
    }

    /// Finds what is wrong with a query before it is asked.
    pub(crate) fn check_customer_query(&mut self, query: &CustomerQuery) -> Result<(), Stop> {
        let (column, _) = self.order_of(query)?;
        let filter = query.filter.conditions(&self.access()?)?;
        if let Some(matching) = &query.matching {
            self.matching(matching, None, &query.view)?;
        }
        self.source(query, filter, column).map(drop)
    }

    /// A condition as a filter of customers; `scopes` are those from which the list comes, if it comes from scopes.
    pub(super) fn matching(
        &self,
        matching: &Condition,
        scopes: Option<&[Value]>,
        view: &View,
    ) -> Result<Filter, Error> {
        let pooled = self.is_pooled(view)?;
        self.condition(matching, &CustomerFields { access: &self.access()?, scopes, pooled })
    }

    /// A page of a view, of customers in pools what those show.
    fn seen_in(&self, view: &View, mut page: CustomerPage) -> Result<CustomerPage, Stop> {
        if matches!(view, View::Pool { .. }) {
            let seen = page.items.into_iter().map(|customer| self.as_seen(customer, &[]));
            page.items = seen.collect::<Result<_, _>>()?;
        }
        Ok(page)
    }

    /// The page at these places and perhaps one more. Those gone by now are missing on it, and
    /// end nothing.
    fn page_at(
        &mut self,
        places: Vec<Place>,
        list: &str,
        column: &'static str,
        limit: i64,
        count: Option<(Option<i64>, bool)>,
    ) -> Result<CustomerPage, Stop> {
        let more = places.len() as i64 > limit;
        let found = self.get(&CUSTOMER, places.into_iter().map(|(_, id)| id).collect())?;
        page_of(found, more, list, column, limit, count)
    }
}

/// The page out of its rows and perhaps one more, with what was counted, and whether a count that
/// stopped has seen its cap of what the list has.
fn page_of(
    found: Vec<Row>,
    more: bool,
    list: &str,
    column: &'static str,
    limit: i64,
    count: Option<(Option<i64>, bool)>,
) -> Result<CustomerPage, Stop> {
    let shown = found.get(..found.len().min(usize::try_from(limit).unwrap_or_default())).unwrap_or_default();
    let next = shown.last().filter(|_| more).map(|last| encode_cursor(list, &place_of(&CUSTOMER, column, last)));
    // Where counting stopped, what is known is the cap, or, of a filtered list, this page.
    let count = count.map(|(counted, whole)| Count::of(counted, if whole { COUNT_CAP } else { found.len() as i64 }));
    Ok(CustomerPage { items: Customer::from_rows(shown)?, next, count })
}

/// A page out of places that are all there, as a store would cut it; one more than the limit.
fn cut(mut all: Vec<Place>, direction: Direction, after: Option<&Place>, limit: i64) -> Vec<Place> {
    all.retain(|place| {
        after.is_none_or(|after| match direction {
            Direction::Ascending => place > after,
            Direction::Descending => place < after,
        })
    });
    all.order_by(|a, b| match direction {
        Direction::Ascending => a.cmp(b),
        Direction::Descending => b.cmp(a),
    });
    all.truncate(usize::try_from(limit + 1).unwrap_or_default());
    all
}

impl CustomerFilter {
    /// Whether it asks for more than a number, a name or an owner.
    pub(super) fn is_by_information(&self) -> bool {
        let codes = [&self.level, &self.stage, &self.source, &self.industry];
        self.recycle_warned || codes.iter().any(|code| code.is_some())
    }

    /// The conditions on columns; the owner narrows the scopes instead.
    pub(super) fn conditions(&self, access: &Access<'_>) -> Result<Filter, Error> {
        let mut conditions = Vec::new();
        if let Some(text) = self.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            if text.chars().count() > 60 {
                return Err(Violation::too_long("filter.text", 60).into());
            }
            let folded = fold(text);
            if !folded.is_empty() {
                conditions.push(Filter::Contains("search_text", folded.into_bytes()));
            }
        }
        let codes =
            [("level", &self.level), ("stage", &self.stage), ("source", &self.source), ("industry", &self.industry)];
        for (column, code) in codes {
            if let Some(code) = code {
                access.reading(&format!("customer.{column}"), &format!("filter.{column}"))?;
                conditions.push(Filter::equal(column, code.as_str()));
            }
        }
        if self.recycle_warned {
            let none = crate::pool::warning_column(None);
            conditions.push(Filter::Not(Box::new(Filter::Is("recycle_warning", Comparison::Equal, none))));
        }
        Ok(Filter::All(conditions))
    }
}
