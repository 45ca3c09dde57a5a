//! Reading one customer, editing it, its history.

use super::input::EDITABLE;
use super::named::MOST_RECENT;
use super::{CUSTOMER, Customer, CustomerEdit, RECENT};
use crate::access::{Need, Part, Reach, Standing};
use crate::crm::Session;
use crate::custom_field;
use crate::error::Error;
use crate::history;
use crate::id::CustomerId;
use crate::operations::op;
use crate::pool::Pool;
use crate::record::Record;
use crate::sharing::{Share, SharePanel, shares_of};
use crate::store::{Change, Check, Direction, Read, Row, Search, Write};
use crate::work::{Stop, Work, rows};

/// Columns of a customer that move without a new version of it.
const UNVERSIONED: [&str; 4] = ["next_follow_up_at", "last_follow_up_at", "idle_since", "recycle_warning"];

impl Session<'_> {
    /// A customer that the actor sees: of one whose information is not shared with him, the number and the name.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn customer(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.query(&op::customer, |work| {
            let (found, shares) = work.customer_with_shares(customer, Reach::Read)?;
            Ok(work.as_seen(found, &shares)?)
        })
    }

    /// Changes what people typed about a customer.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.edit`, or for who may only read it;
    /// [`Error::NotFound`]; [`Error::Conflict`] when somebody changed it since the version
    /// given; [`Error::Invalid`]; `same_name`, `number_taken`, `in_recycle_bin`, `customer_pending`,
    /// `same_credit_code`, `same_phone`, `likely_duplicate`, `certain_duplicate`.
    pub fn edit_customer(&self, customer: CustomerId, edit: CustomerEdit) -> Result<Customer, Error> {
        self.command(
            &op::edit_customer,
            &(customer, &edit),
            |work| {
                let before = work.customer_with_shares(customer, Reach::Edit)?.0;
                before.check_open()?;
                let customer = before.id;
                if before.version != edit.version {
                    return Err(conflict(customer).into());
                }
                let mut after = edit.apply(&before, &work.access()?)?;
                let mut changes = history::changes(&before, &after, &EDITABLE);
                changes.extend(custom_field::changes(&before.custom, &after.custom));
                work.made(customer);
                if changes.is_empty() {
                    return Ok(before);
                }
                after.changed_at = work.now;
                after.changed_by = work.actor().name();
                work.claim_keys(&after, Some(&before))?;
                let warned = work.check_likeness(&after, Some(&before), edit.duplicate_reason.as_ref())?;
                work.save(&before, &after)?;
                if after.level != before.level && after.recycle_warning.is_some() {
                    work.look_soon(&after);
                }
                let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
                work.announce("customer_changed", "customer", customer, serde_json::json!({"fields": fields}))?;
                work.remember("customer", customer, "edit_customer", changes.into_iter().chain(warned).collect())?;
                after.version += 1;
                Ok(after)
            },
            |work, ids| work.customer_made(ids),
        )
    }

    /// Notes that the actor looked at a customer, for the view "recently viewed".
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn mark_viewed(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.command(
            &op::mark_viewed,
            &customer,
            |work| {
                let (found, shares) = work.customer_with_shares(customer, Reach::Read)?;
                let found = work.as_seen(found, &shares)?;
                let customer = found.id;
                let viewer = work.actor().name();
                let row = Row {
                    id: format!("{viewer}\u{1f}{customer}"),
                    version: 1,
                    values: vec![viewer.as_str().into(), work.now.millis().into()],
                    body: serde_json::json!({ "customer": customer }).to_string(),
                };
                // What fell out of the view of recent ones is forgotten.
                let older = Search::of(&RECENT)
                    .within("viewer", vec![viewer.into()])
                    .ordered("viewed_at", Direction::Descending)
                    .limited(MOST_RECENT + 20);
                let older = rows(work.read(vec![Read::Find(older)])?.into_iter().next());
                let others = older.into_iter().filter(|other| other.id != row.id);
                for gone in others.skip(usize::try_from(MOST_RECENT - 1).unwrap_or_default()) {
                    work.write(Write::Delete { kind: &RECENT, id: gone.id, version: gone.version });
                }
                work.write(Write::Put { kind: &RECENT, row });
                work.made(customer);
                Ok(found)
            },
            |work, ids| work.customer_made(ids),
        )
    }
}

pub(crate) fn not_found(customer: impl ToString) -> Error {
    Error::NotFound { record: CustomerId::RECORD.to_owned(), id: customer.to_string() }
}

pub(crate) fn conflict(customer: CustomerId) -> Error {
    Error::Conflict { record: CustomerId::RECORD.to_owned(), id: customer.to_string() }
}

impl Work<'_> {
    /// A customer into which the actor reaches so far, and its shares; of one that was merged, the one into which (D6). One
    /// that he does not see is not found; one that he sees but may not do this with is forbidden.
    pub(crate) fn customer_with_shares(
        &mut self,
        id: CustomerId,
        need: impl Into<Need>,
    ) -> Result<(Customer, Vec<Share>), Stop> {
        let (mut customer, mut shares) = self.customer_as_stored(id)?;
        if let Some(survivor) = customer.merged_into {
            (customer, shares) = self.customer_as_stored(survivor)?;
        }
        // What it is answered with has another id: an id that is hidden says nothing of it.
        self.check_reach(&customer, &shares, need).map_err(|error| match error {
            Error::NotFound { .. } => not_found(id),
            other => other,
        })?;
        Ok((customer, shares))
    }

    /// A customer, also one that was merged into another, and its shares; whoever asks.
    pub(crate) fn customer_as_stored(&mut self, id: CustomerId) -> Result<(Customer, Vec<Share>), Stop> {
        let mut answers = self
            .read(vec![Read::Get { kind: &CUSTOMER, ids: vec![id.to_string()] }, Read::Find(shares_of(id))])?
            .into_iter();
        let row = rows(answers.next()).into_iter().next().ok_or_else(|| not_found(id))?;
        Ok((Customer::from_row(&row)?, Share::from_rows(&rows(answers.next()))?))
    }

    /// See [`Work::customer_with_shares`].
    pub(crate) fn check_reach(
        &self,
        customer: &Customer,
        shares: &[Share],
        need: impl Into<Need>,
    ) -> Result<(), Error> {
        let need = need.into();
        let access = self.access()?;
        access.allow("customer.view")?;
        let reaches = access.reach_into(&customer.stands(), shares, self.now).ok_or_else(|| not_found(customer.id))?;
        let reach = reaches.of(need.part);
        if reach >= Some(need.reach) {
            return Ok(());
        }
        let (module, right) = match need.part {
            // As if he had no right to what stands on it.
            Part::Panel(panel) if reach.is_none() => (panel.module(), "view"),
            _ if need.reach == Reach::Own => ("customer", "assign"),
            _ => ("customer", "edit"),
        };
        Err(Error::Forbidden { module: module.to_owned(), right: right.to_owned() })
    }

    /// The customer of something that lies under it, on a panel into which the actor reaches so far. What lies under a customer that he
    /// does not see, or on a panel that is not open to him, is not there for him: `absent` says so.
    pub(crate) fn customer_of_part(
        &mut self,
        id: CustomerId,
        (reach, panel): (Reach, SharePanel),
        absent: impl Fn() -> Error,
    ) -> Result<(Customer, Vec<Share>), Stop> {
        let found = self.customer_with_shares(id, Reach::Read);
        let (customer, shares) = found.map_err(|stop| match stop {
            Stop::Error(Error::NotFound { .. }) => absent().into(),
            other => other,
        })?;
        if !self.opens(&customer, &shares, panel)? {
            return Err(absent().into());
        }
        self.check_reach(&customer, &shares, (reach, panel))?;
        Ok((customer, shares))
    }

    /// Whether a panel of a customer is open to the actor.
    pub(crate) fn opens(&self, customer: &Customer, shares: &[Share], panel: SharePanel) -> Result<bool, Error> {
        let reaches = self.access()?.reach_into(&customer.stands(), shares, self.now);
        Ok(reaches.is_some_and(|reaches| reaches.opens(panel)))
    }

    /// A customer as the actor sees it.
    pub(crate) fn as_seen(&self, customer: Customer, shares: &[Share]) -> Result<Customer, Error> {
        if self.opens(&customer, shares, SharePanel::Information)? {
            return Ok(customer);
        }
        let pool = self.pool_of(&customer)?;
        Ok(match pool {
            Some(pool) => pool.shown(customer, &self.context),
            None => customer.by_name_only(),
        })
    }

    /// The pool in which the actor sees a customer that he may claim.
    pub(crate) fn pool_of(&self, customer: &Customer) -> Result<Option<&Pool>, Error> {
        let scope = customer.stands();
        let Standing::Pooled(pool) = scope.standing else { return Ok(None) };
        let sees = self.access()?.sees_in_pool(pool, scope.position.as_ref());
        Ok(self.context.pools.get(&pool).filter(|_| sees))
    }

    /// The decision stands on the customer as it was read.
    pub(crate) fn rely_on_customer(&mut self, customer: &Customer) {
        self.changes.checks.push(Check { kind: &CUSTOMER, id: customer.id.to_string(), version: customer.version });
    }

    /// Gives the customer a new version, with nothing else changed: two commands that rely on what
    /// lies under it can't pass each other.
    pub(crate) fn bump_customer(&mut self, customer: &Customer) -> Result<(), Error> {
        self.save(customer, customer)
    }

    /// Saves a customer, if nobody followed it up and no owner was warned meanwhile: both move columns without a new version.
    pub(crate) fn save_as_read(&mut self, before: &Customer, after: &Customer) -> Result<(), Error> {
        self.save(before, after)?;
        let Some(Write::Update { changes, .. }) = self.changes.writes.last_mut() else { return Ok(()) };
        for (column, was) in CUSTOMER.columns.iter().zip(before.columns()) {
            if !UNVERSIONED.contains(&column.name) {
                continue;
            }
            match changes.iter_mut().find(|(own, _)| *own == column.name) {
                Some((_, change)) => {
                    if let Change::Set(next) = change {
                        *change = Change::Replace(was, next.clone());
                    }
                }
                None => changes.push((column.name, Change::Replace(was.clone(), was))),
            }
        }
        Ok(())
    }

    /// Changes what moves without a new version, if the customer is still as it was read.
    pub(crate) fn touch_customer(&mut self, customer: &Customer, changes: Vec<(&'static str, Change)>) {
        if changes.is_empty() {
            self.rely_on_customer(customer);
        } else {
            self.touch(&CUSTOMER, customer.id, Some(customer.version), changes);
        }
    }

    /// Answers a repeated request with the customer it made or changed.
    pub(crate) fn customer_made(&mut self, ids: &[String]) -> Result<Customer, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        match id.parse() {
            Ok(id) => {
                let (customer, shares) = self.customer_with_shares(id, Reach::Read)?;
                Ok(self.as_seen(customer, &shares)?)
            }
            Err(_) => Err(not_found(id).into()),
        }
    }
}
