//! Writing a follow-up, correcting its text (F1-F3).

use super::{FOLLOW_UP, FollowUp};
use crate::access::Reach;
use crate::contact::ContactId;
use crate::crm::Session;
use crate::custom_field::{CustomValue, Customized, entered_values};
use crate::customer::Customer;
use crate::dictionary::{self, EntryCode, check_code};
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::id::{CustomerId, FollowUpId};
use crate::layout::check_required;
use crate::operations::op;
use crate::organisation::FollowUpSettings;
use crate::record::{LONG_AGO, NEVER, Record, text_column};
use crate::sharing::{Share, SharePanel, ShareRight, shares_of};
use crate::store::Change;
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// A follow-up to write. The author is the caller: there is no field for him.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewFollowUp {
    /// What was done, 1 to 4,000 characters.
    pub content: String,
    /// When; absent: now. Not in the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub at: Option<Timestamp>,
    /// How, a code of the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub method: Option<EntryCode>,
    /// The contact it was with; one of the customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contact: Option<ContactId>,
    /// The stage to which the customer has come, a code of the dictionary; absent: it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub stage: Option<EntryCode>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub place: Option<Place>,
    /// When the next one is planned, not in the past. Absent: what was planned for today or
    /// before is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub next_at: Option<Timestamp>,
    /// What is planned, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub next_content: Option<String>,
    /// Values of custom fields, each at most once.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
}

impl NewFollowUp {
    /// What was done just now, with nothing else said.
    pub fn text(content: impl Into<String>) -> Self {
        NewFollowUp { content: content.into(), ..NewFollowUp::default() }
    }
}

/// A place: a text, coordinates (WGS 84), or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    /// In words, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub text: Option<String>,
    /// The latitude in degrees, -90 to 90.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub latitude: Option<f64>,
    /// The longitude in degrees, -180 to 180.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub longitude: Option<f64>,
}

refusals! {
    /// Why a follow-up can't be written or corrected so.
    pub enum FollowUpRefusal {
        /// Only its author corrects a text.
        NotTheAuthor = "not_the_author", "Only its author corrects a text", "只有作者本人可以修改";
        /// The time for corrections is over.
        TooLateToCorrect = "too_late_to_correct", "The time for corrections is over", "已超过可修改的时限";
        /// The system has no follow-ups of its own.
        NoPerson = "follow_up_by_system", "Only a person follows up", "只有人员可以{follow}";
    }
}

/// Clocks differ: how far a time may lie on the wrong side of now.
const TOLERANCE: i64 = 5 * 60 * 1_000;

/// How far back a follow-up may lie: some fifty years.
const EARLIEST_DAYS: i64 = 18_300;

/// Refuses a plan that lies in the past or too far ahead.
pub(crate) fn check_next(next: Timestamp, now: Timestamp, field: &str) -> Result<(), Error> {
    if next < now.plus_millis(-TOLERANCE) || next > now.farthest() {
        return Err(Violation::out_of_range(field).into());
    }
    Ok(())
}

impl FollowUp {
    /// Whether it resets the idle clock (F3).
    pub(crate) fn counts(&self, by_superior: bool, settings: &FollowUpSettings) -> bool {
        let methods = &settings.methods_that_count;
        let long_enough = self.content.chars().count() as i64 >= i64::from(settings.least_length);
        let method_counts = methods.is_empty() || self.method.as_ref().is_some_and(|method| methods.contains(method));
        long_enough && method_counts && (!by_superior || settings.superiors_count)
    }
}

impl Session<'_> {
    /// Writes a follow-up in the actor's own name.
    ///
    /// ```no_run
    /// # fn example(crm: &crm_core::Crm, alice: &crm_core::Actor, customer: crm_core::CustomerId) -> Result<(), crm_core::Error> {
    /// use crm_core::NewFollowUp;
    /// crm.as_user(alice).follow_up(customer, NewFollowUp { content: "电话沟通，下周报价".into(), ..Default::default() })?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.create`, or for who may only read the
    /// customer; [`Error::NotFound`]; [`Error::Invalid`]: `out_of_range` on `at` for a time in
    /// the future, on `next_at` for one in the past; `in_recycle_bin`; `customer_pending` for one that moves the stage of a
    /// customer that waits for approval.
    pub fn follow_up(&self, customer: CustomerId, follow_up: NewFollowUp) -> Result<FollowUp, Error> {
        self.command(
            &op::follow_up,
            &(customer, &follow_up),
            |work| {
                let (customer, shares) = work.customer_with_shares(customer, (Reach::Edit, SharePanel::FollowUps))?;
                customer.check_active()?;
                work.access()?.changing("customer", &serde_json::json!({ "stage": follow_up.stage }), "")?;
                work.access()?.changing("follow_up", &follow_up, "")?;
                let informed = work.opens(&customer, &shares, SharePanel::Information)?;
                if follow_up.stage.is_some() && !(informed && follow_up.stage == customer.stage) {
                    // Who moves the stage edits the customer; who does not know it is not told whether he guessed right.
                    work.check_reach(&customer, &shares, (Reach::Edit, SharePanel::Information))?;
                }
                let access = work.access()?;
                let author = access.person().ok_or(FollowUpRefusal::NoPerson)?.id.clone();
                let edits = Some(ShareRight::Edit);
                let may_edit =
                    |share: &Share| share.rights().on(SharePanel::FollowUps) == edits && share.holds(work.now);
                let shared = shares.iter().any(|share| may_edit(share) && access.is_grantee(share));
                let by_superior = author != customer.owner && !shared;
                let written = work.written(&customer, author, &follow_up)?;
                work.apply_to_customer(&customer, &written, follow_up.stage.as_ref(), by_superior)?;
                work.insert(&FOLLOW_UP, written.to_row()?);
                let data = serde_json::json!({"customer": customer.id, "author": written.author});
                work.announce("follow_up_written", "follow_up", written.id, data)?;
                work.made(written.id);
                Ok(FollowUp { stage: written.stage.clone().filter(|_| informed), ..written })
            },
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                let id: FollowUpId = id.parse().map_err(|_| not_found(id.clone()))?;
                let (customer, written) = work.follow_up_within(id)?;
                work.follow_up_told(&customer, written)
            },
        )
    }

    /// Corrects the text of one's own follow-up, within the time of the settings. It shows that
    /// and when it was corrected, and the history keeps what it was.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.edit`; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; refusals of [`FollowUpRefusal`].
    pub fn correct_follow_up(&self, follow_up: FollowUpId, version: i64, content: String) -> Result<FollowUp, Error> {
        self.command(
            &op::correct_follow_up,
            &(follow_up, version, &content),
            |work| {
                let (customer, before) = work.follow_up_within(follow_up)?;
                customer.check_active()?;
                let content = work.corrected(&before.author, before.created_at, &content, 4_000)?;
                if before.version != version {
                    return Err(
                        Error::Conflict { record: FollowUpId::RECORD.to_owned(), id: follow_up.to_string() }.into()
                    );
                }
                let mut after = FollowUp { content, ..before.clone() };
                work.made(follow_up);
                let changes = history::changes(&before, &after, &["content"]);
                if changes.is_empty() {
                    return work.follow_up_told(&customer, before);
                }
                after.corrected_at = Some(work.now);
                work.rely_on_customer(&customer);
                work.save(&before, &after)?;
                work.remember("follow_up", follow_up, "correct_follow_up", changes)?;
                work.announce(
                    "follow_up_corrected",
                    "follow_up",
                    follow_up,
                    serde_json::json!({"customer": customer.id}),
                )?;
                after.version += 1;
                work.follow_up_told(&customer, after)
            },
            |work, _| {
                let (customer, written) = work.follow_up_within(follow_up)?;
                work.follow_up_told(&customer, written)
            },
        )
    }
}

impl Work<'_> {
    /// The new text of something that the actor wrote at an instant not long ago.
    pub(crate) fn corrected(
        &self,
        author: &crate::UserId,
        written_at: Timestamp,
        content: &str,
        most: i64,
    ) -> Result<String, Error> {
        if self.access()?.person().is_none_or(|person| person.id != *author) {
            return Err(FollowUpRefusal::NotTheAuthor.into());
        }
        let hours = i64::from(self.context.settings().follow_up.correction_hours);
        if self.now >= written_at.plus_millis(hours * 3_600_000) {
            return Err(FollowUpRefusal::TooLateToCorrect.into());
        }
        let mut check = Checker::new();
        let content = check.lines("content", content, most);
        check.done()?;
        Ok(content)
    }

    /// The follow-up out of what was typed, cleaned and checked.
    fn written(&mut self, customer: &Customer, author: crate::UserId, input: &NewFollowUp) -> Result<FollowUp, Stop> {
        let now = self.now;
        let context = self.context.clone();
        let mut check = Checker::new();
        let at = input.at.unwrap_or(now);
        let is_near = at <= now.plus_millis(TOLERANCE) && at >= now.plus_days(-EARLIEST_DAYS);
        check.ensure(is_near, || Violation::out_of_range("at"));
        if let Some(next) = input.next_at {
            check.ensure(check_next(next, now, "next_at").is_ok(), || Violation::out_of_range("next_at"));
        }
        check_code(&mut check, &context, dictionary::METHOD, "method", input.method.as_ref(), None);
        check_code(&mut check, &context, dictionary::STAGE, "stage", input.stage.as_ref(), customer.stage.as_ref());
        let place = input.place.as_ref().map(|place| {
            check.under("place", |check| {
                let within = |degrees: Option<f64>, most: f64| degrees.is_none_or(|d| d.is_finite() && d.abs() <= most);
                check.ensure(within(place.latitude, 90.0), || Violation::out_of_range("latitude"));
                check.ensure(within(place.longitude, 180.0), || Violation::out_of_range("longitude"));
                Place { text: check.optional_line("text", &place.text, 200), ..place.clone() }
            })
        });
        if let Some(contact) = input.contact {
            let of_customer = match self.contact_within(contact, Reach::Read) {
                Ok((_, found)) => found.customer == customer.id,
                Err(Stop::Error(Error::NotFound { .. })) => false,
                Err(other) => return Err(other),
            };
            check.ensure(of_customer, || Violation::unknown("contact"));
        }
        let custom = {
            let access = self.access()?;
            entered_values(Customized::FollowUp, &|_| None, None, (&input.custom, &[]), &access, &mut check)
        };
        let mut follow_up = FollowUp {
            id: FollowUpId(self.draw()?),
            customer: customer.id,
            contact: input.contact,
            author,
            // A clock that is fast must not put it before what others write from now on.
            at: at.min(now),
            method: input.method.clone(),
            stage: input.stage.clone().or(customer.stage.clone()),
            content: check.lines("content", &input.content, 4_000),
            place,
            next_at: input.next_at,
            next_content: check.optional_lines("next_content", &input.next_content, 1_000),
            custom,
            created_at: now,
            corrected_at: None,
            version: 1,
        };
        check_required(Customized::FollowUp, &follow_up, None, &self.access()?, &mut check);
        check.done()?;
        self.number_fields(Customized::FollowUp, &mut follow_up.custom)?;
        Ok(follow_up)
    }

    /// What a follow-up does to its customer: last and next time, stage, idle clock. None of it
    /// gives the customer a new version: an open form of a colleague stays good.
    fn apply_to_customer(
        &mut self,
        customer: &Customer,
        written: &FollowUp,
        stage: Option<&EntryCode>,
        by_superior: bool,
    ) -> Result<(), Stop> {
        let settings = self.context.settings().clone();
        // What is decided here stands on the last and the next time: both must still be as read.
        let last = customer.last_follow_up_at.map_or(LONG_AGO, Timestamp::millis);
        let latest = written.at.millis() >= last;
        let becomes = last.max(written.at.millis());
        let mut changes = vec![("last_follow_up_at", Change::Replace(last.into(), becomes.into()))];
        if written.counts(by_superior, &settings.follow_up) {
            changes.push(("idle_since", Change::Max(written.at.millis())));
            changes.extend(self.warning_after(customer, written.at)?);
        }
        // One that is entered late says nothing about what came after it.
        let tomorrow = settings.time_zone.start_of(settings.time_zone.day_after(self.now, 1));
        let planned = customer.next_follow_up_at;
        let next = match written.next_at {
            Some(next) if latest => Some(next.millis()),
            None if latest && planned.is_some_and(|planned| planned < tomorrow) => Some(NEVER),
            _ => None,
        };
        if let Some(next) = next {
            let was = planned.map_or(NEVER, Timestamp::millis);
            changes.push(("next_follow_up_at", Change::Replace(was.into(), next.into())));
        }
        if let Some(stage) = stage.filter(|stage| latest && customer.stage.as_ref() != Some(stage)) {
            // What is written about it goes on while the host decides, what it is stays.
            customer.check_open()?;
            let stood = text_column(customer.stage.as_ref().map(EntryCode::as_str));
            changes.push(("stage", Change::Replace(stood, stage.as_str().into())));
            let was = customer.stage.as_ref().map(|stage| serde_json::json!(stage));
            let moved = history::change("stage", was, Some(serde_json::json!(stage)));
            self.remember("customer", customer.id, "follow_up", vec![moved])?;
        }
        self.touch_customer(customer, changes);
        Ok(())
    }

    /// A follow-up as the actor may be told of it: the stage is information of its customer.
    fn follow_up_told(&mut self, customer: &Customer, follow_up: FollowUp) -> Result<FollowUp, Stop> {
        if follow_up.stage.is_none() || self.access()?.disposes_of(&customer.stands()) {
            return Ok(follow_up);
        }
        let shares = Share::from_rows(&self.find_all(shares_of(customer.id))?)?;
        let informed = self.opens(customer, &shares, SharePanel::Information)?;
        Ok(FollowUp { stage: follow_up.stage.clone().filter(|_| informed), ..follow_up })
    }

    /// A follow-up of a customer that the actor sees, and the customer.
    pub(crate) fn follow_up_within(&mut self, id: FollowUpId) -> Result<(Customer, FollowUp), Stop> {
        let row = self.get_one(&FOLLOW_UP, id.to_string())?.ok_or_else(|| not_found(id))?;
        let follow_up = FollowUp::from_row(&row)?;
        let need = (Reach::Read, SharePanel::FollowUps);
        let (customer, _) = self.customer_of_part(follow_up.customer, need, || not_found(id))?;
        Ok((customer, follow_up))
    }
}

pub(crate) fn not_found(follow_up: impl ToString) -> Error {
    Error::NotFound { record: FollowUpId::RECORD.to_owned(), id: follow_up.to_string() }
}
