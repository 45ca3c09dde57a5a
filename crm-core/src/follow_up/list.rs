//! Lists of follow-ups 跟单一览 (F4): of a customer, mine, my subordinates'.

use super::reply::{Reply, replies_to};
use super::{FOLLOW_UP, FollowUp};
use crate::access::{Reach, Reaches};
use crate::actor::UserId;
use crate::crm::Session;
use crate::custom_field::Customized;
use crate::dictionary::EntryCode;
use crate::error::Error;
use crate::id::{CustomerId, FollowUpId};
use crate::operations::op;
use crate::page::{PageRequest, Place, encode_cursor, list_identity, page, place_of};
use crate::query::{Condition, FieldOrder};
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::store::{ColumnType, Comparison, Direction, Filter, Read, Row, Search};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// Whose follow-ups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", from = "FollowUpsInput")]
pub enum FollowUps {
    /// All of one customer.
    Of {
        /// The customer.
        customer: CustomerId,
    },
    /// 我的跟单: the actor's own, on customers that he still sees.
    Mine,
    /// 下属跟单: of the people below him, on customers that he sees.
    Subordinates,
}

/// Whose follow-ups, as it arrives: variants without fields would take any, these take none.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "FollowUps"))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum FollowUpsInput {
    Of { customer: CustomerId },
    Mine {},
    Subordinates {},
}

impl From<FollowUpsInput> for FollowUps {
    fn from(of: FollowUpsInput) -> Self {
        match of {
            FollowUpsInput::Of { customer } => FollowUps::Of { customer },
            FollowUpsInput::Mine {} => FollowUps::Mine,
            FollowUpsInput::Subordinates {} => FollowUps::Subordinates,
        }
    }
}

/// Which follow-ups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct FollowUpQuery {
    /// Whose.
    pub of: FollowUps,
    /// Only from this instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub from: Option<Timestamp>,
    /// Only before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub before: Option<Timestamp>,
    /// Only by this person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub author: Option<UserId>,
    /// Only by this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// A condition that they all meet, over custom fields of follow-ups as `custom.` with their keys, and `at`, `method` and `author`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub matching: Option<Condition>,
    /// An order by a custom field, in place of the newest first. No index serves it among those of one customer, who has few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub order_by: Option<FieldOrder>,
}

impl From<FollowUps> for FollowUpQuery {
    fn from(of: FollowUps) -> Self {
        FollowUpQuery { of, from: None, before: None, author: None, method: None, matching: None, order_by: None }
    }
}

/// A follow-up in a list: with its customer's name and its replies, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FollowUpView {
    /// The follow-up.
    pub follow_up: FollowUp,
    /// The name of its customer.
    pub customer_name: String,
    /// The first 50 replies.
    pub replies: Vec<Reply>,
    /// Whether there are more, to be read page by page with `replies`.
    #[serde(default)]
    pub more_replies: bool,
}

page! {
    /// A page of follow-ups. It may hold fewer than asked for although more follow:
    /// those on customers that the actor does not see are left out. After 100,000 such in a row the list ends.
    FollowUpPage of FollowUpView
}

impl Session<'_> {
    /// A page of follow-ups with their replies, newest first or by a custom field.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `follow_up.view` and `customer.view`;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `field_building`; `cursor_foreign`.
    pub fn follow_ups(&self, query: impl Into<FollowUpQuery>, page: PageRequest) -> Result<FollowUpPage, Error> {
        let query = query.into();
        let list = list_identity(self.actor(), op::follow_ups.name, &query);
        let limit = self.rows_of(&page)?;
        let ty = if query.order_by.is_some() { ColumnType::Bytes } else { ColumnType::Integer };
        let start = page.place(&list, ty)?;
        self.query(&op::follow_ups, |work| {
            work.access()?.allow("customer.view")?;
            let search = work.follow_up_search(&query)?;
            let order = search.order.unwrap_or("at");
            let (found, more) =
                work.visible_follow_ups(search, start.clone(), limit, matches!(query.of, FollowUps::Of { .. }))?;
            let items = work.follow_up_views(&found)?;
            let next =
                found.last().filter(|_| more).map(|last| encode_cursor(&list, &place_of(&FOLLOW_UP, order, last)));
            Ok(FollowUpPage { items, next, count: None })
        })
    }

    /// A follow-up with its replies.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.view`; [`Error::NotFound`].
    pub fn follow_up_with_replies(&self, follow_up: FollowUpId) -> Result<FollowUpView, Error> {
        self.query(&op::follow_up_with_replies, |work| {
            work.follow_up_within(follow_up)?;
            let row = work.get_one(&FOLLOW_UP, follow_up.to_string())?;
            let view = work.follow_up_views(row.as_slice())?.into_iter().next();
            view.ok_or_else(|| super::commands::not_found(follow_up).into())
        })
    }
}

page! {
    /// A page of the replies to a follow-up, oldest first.
    ReplyPage of Reply
}

impl Session<'_> {
    /// A page of the replies to a follow-up, oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.view`; [`Error::NotFound`];
    /// [`Error::Invalid`]; `cursor_foreign`.
    pub fn replies(&self, follow_up: FollowUpId, page: PageRequest) -> Result<ReplyPage, Error> {
        let list = list_identity(self.actor(), op::replies.name, &follow_up);
        let limit = page.limit()?;
        let after = page.place(&list, ColumnType::Integer)?;
        self.query(&op::replies, |work| {
            work.follow_up_within(follow_up)?;
            let mut search = replies_to(follow_up).limited(limit + 1);
            search.after.clone_from(&after);
            let mut found = rows(work.read(vec![Read::Find(search)])?.into_iter().next());
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let items = Reply::from_rows(&found)?;
            let next = items.last().filter(|_| more);
            let next = next.map(|last| encode_cursor(&list, &(Some(last.at.millis().into()), last.id.to_string())));
            Ok(ReplyPage { items, next, count: None })
        })
    }
}

impl Work<'_> {
    fn follow_up_search(&mut self, query: &FollowUpQuery) -> Result<Search, Stop> {
        let mut search = Search::of(&FOLLOW_UP);
        let mut conditions = Vec::new();
        match &query.of {
            FollowUps::Of { customer } => {
                let customer = self.customer_with_shares(*customer, (Reach::Read, SharePanel::FollowUps))?.0.id;
                search = search.within("customer", vec![customer.to_string().into()]);
                if let Some(author) = &query.author {
                    conditions.push(Filter::equal("author", author.as_str()));
                }
            }
            FollowUps::Mine | FollowUps::Subordinates => {
                let access = self.access()?;
                let mut authors: Vec<UserId> = match query.of {
                    FollowUps::Mine => access.person().map(|person| person.id.clone()).into_iter().collect(),
                    _ => access.subordinates().into_iter().collect(),
                };
                if let Some(author) = &query.author {
                    authors.retain(|candidate| candidate == author);
                }
                search = search.within("author", authors.iter().map(|author| author.as_str().into()).collect());
            }
        }
        if let Some(from) = query.from {
            conditions.push(Filter::Is("at", Comparison::AtLeast, from.millis().into()));
        }
        if let Some(before) = query.before {
            conditions.push(Filter::Is("at", Comparison::Less, before.millis().into()));
        }
        if let Some(method) = &query.method {
            self.access()?.reading("follow_up.method", "query.method")?;
            conditions.push(Filter::equal("method", method.as_str()));
        }
        if let Some(matching) = &query.matching {
            conditions.push(self.narrowed_by(Customized::FollowUp, matching)?);
        }
        let (column, direction) = match &query.order_by {
            Some(by) => self.ordered_by(Customized::FollowUp, by)?,
            None => ("at", Direction::Descending),
        };
        Ok(search.filtered(Filter::All(conditions)).ordered(column, direction))
    }

    /// A page of follow-ups that are open to the actor, and whether more may follow. What is
    /// left out is made up for by reading on; the page's marker stands on what was shown, so that
    /// it tells nothing of what was not.
    fn visible_follow_ups(
        &mut self,
        search: Search,
        start: Option<Place>,
        limit: i64,
        in_bin: bool,
    ) -> Result<(Vec<Row>, bool), Stop> {
        /// Rows read for one page, at the most.
        const MOST: i64 = 100_000;
        let wanted = usize::try_from(limit).unwrap_or_default();
        let mut shown: Vec<Row> = Vec::new();
        let mut after = start;
        let (mut read, mut size) = (0, limit + 1);
        while read < MOST {
            let page = Search { after: after.clone(), ..search.clone() }.limited(size);
            let found = rows(self.read(vec![Read::Find(page)])?.into_iter().next());
            let ended = (found.len() as i64) < size;
            read += size;
            // Where much is hidden, longer strides.
            size = (size * 2).min(1_000);
            after = found.last().map(|last| place_of(&FOLLOW_UP, search.order.unwrap_or("at"), last)).or(after);
            let visible = self.visible_customers(found.iter().filter_map(customer_of).collect(), in_bin)?;
            for row in found {
                let customer: Option<CustomerId> = customer_of(&row).and_then(|id| id.parse().ok());
                let opens = |(_, reaches): &(String, Reaches)| reaches.opens(SharePanel::FollowUps);
                if customer.and_then(|customer| visible.get(&customer)).is_some_and(opens) {
                    if shown.len() == wanted {
                        return Ok((shown, true));
                    }
                    shown.push(row);
                }
            }
            if ended {
                return Ok((shown, false));
            }
        }
        let more = !shown.is_empty();
        Ok((shown, more))
    }

    /// Follow-ups with the names of their customers and their replies.
    pub(crate) fn follow_up_views(&mut self, found: &[Row]) -> Result<Vec<FollowUpView>, Stop> {
        let follow_ups = FollowUp::from_rows(found)?;
        if follow_ups.is_empty() {
            return Ok(Vec::new());
        }
        let names = self.visible_customers(follow_ups.iter().map(|item| item.customer.to_string()).collect(), true)?;
        let reads = follow_ups.iter().map(|item| Read::Find(replies_to(item.id).limited(SHOWN_REPLIES + 1)));
        let answers = self.read(reads.collect())?;
        let mut views = Vec::with_capacity(follow_ups.len());
        for (mut follow_up, answer) in follow_ups.into_iter().zip(answers) {
            let (name, reaches) = names.get(&follow_up.customer).cloned().unzip();
            if !reaches.is_some_and(|reaches| reaches.opens(SharePanel::Information)) {
                follow_up.stage = None;
            }
            let mut found = rows(Some(answer));
            let more_replies = found.len() as i64 > SHOWN_REPLIES;
            found.truncate(usize::try_from(SHOWN_REPLIES).unwrap_or_default());
            views.push(FollowUpView {
                customer_name: name.unwrap_or_default(),
                replies: Reply::from_rows(&found)?,
                more_replies,
                follow_up,
            });
        }
        Ok(views)
    }
}

/// Replies that stand with a follow-up in a list.
const SHOWN_REPLIES: i64 = 50;

/// The latest follow-ups of a customer.
pub(crate) fn latest_of(customer: CustomerId, limit: i64) -> Search {
    Search::of(&FOLLOW_UP)
        .within("customer", vec![customer.to_string().into()])
        .ordered("at", Direction::Descending)
        .limited(limit)
}

fn customer_of(row: &Row) -> Option<String> {
    let place = FOLLOW_UP.position("customer")?;
    row.values.get(place)?.as_text().map(str::to_owned)
}
