//! Reminders with what they are about, for who may see it.

use super::tell::id_of;
use super::{Reminder, ReminderKind};
use crate::access::{Part, Reaches, Redact as _, Scope};
use crate::actor::UserId;
use crate::contact::{CONTACT, StoredContact};
use crate::contract::{CONTRACT, Contract};
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::date::Date;
use crate::follow_up::{FOLLOW_UP, FollowUp, REPLY, Reply, latest_of};
use crate::id::{ContactId, ContractId, FollowUpId, InstalmentId, ReplyId, ShareId};
use crate::money::{Currency, Decimal};
use crate::organisation::Days;
use crate::page::page;
use crate::payment::{INSTALMENT, Instalment};
use crate::record::Record;
use crate::sharing::{SHARE, Share, SharePanel};
use crate::sorted::Gather as _;
use crate::store::{Kind, Read};
use crate::time::{Birthday, Timestamp};
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a reminder, or a day of a calendar, is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReminderSubject {
    /// The customer.
    pub customer: CustomerId,
    /// Its name.
    pub customer_name: String,
    /// The contract, of its end and of its instalments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_number: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_name: Option<String>,
    /// What is open of the instalment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The contact whose birthday it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// His name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// The birthday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Birthday>,
    /// The follow-up that was planned from, or replied to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUpId>,
    /// What was planned, or replied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Who replied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// A reminder with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReminderRow {
    /// The reminder.
    pub reminder: Reminder,
    /// What it is about.
    pub about: ReminderSubject,
}

page! {
    /// A page of reminders.
    ReminderPage of ReminderRow
}

/// A day on which something is that concerns a person.
#[derive(Debug, Clone)]
pub(super) struct Occasion {
    pub(super) kind: ReminderKind,
    /// The record: its kind, a colon and its id.
    pub(super) subject: String,
    pub(super) on: Date,
    /// Its time, where it has one.
    pub(super) at: Option<Timestamp>,
}

impl Occasion {
    fn of(reminder: &Reminder) -> Self {
        Occasion { kind: reminder.kind, subject: reminder.subject.clone(), on: reminder.on, at: reminder.at }
    }
}

/// What some occasions are about.
struct Subjects {
    days: Days,
    customers: BTreeMap<CustomerId, (Customer, Option<Reaches>)>,
    contacts: BTreeMap<String, StoredContact>,
    contracts: BTreeMap<String, Contract>,
    instalments: BTreeMap<String, Instalment>,
    shares: BTreeMap<String, Share>,
    replies: BTreeMap<String, Reply>,
    follow_ups: BTreeMap<FollowUpId, FollowUp>,
    planned: BTreeMap<CustomerId, Vec<FollowUp>>,
}

impl Work<'_> {
    /// Reminders with what they are about; those are left out of which the actor may not see that any more.
    pub(super) fn reminder_rows(&mut self, reminders: Vec<Reminder>) -> Result<Vec<ReminderRow>, Stop> {
        let occasions: Vec<Occasion> = reminders.iter().map(Occasion::of).collect();
        let told = self.told_of(&occasions)?;
        let rows = reminders.into_iter().zip(told);
        Ok(rows.filter_map(|(reminder, about)| Some(ReminderRow { reminder, about: about? })).collect())
    }

    /// What occasions are about, each where the actor may see it.
    pub(super) fn told_of(&mut self, occasions: &[Occasion]) -> Result<Vec<Option<ReminderSubject>>, Stop> {
        if occasions.is_empty() {
            return Ok(Vec::new());
        }
        let mut subjects = self.subjects_of(occasions)?;
        let access = self.access()?;
        // What was planned is told out of a field that has rights.
        subjects.planned.values_mut().for_each(|planned| planned.redact(&access));
        let (may, disposes) = (|right: &str| access.may(right), |scope: &Scope| access.disposes_of(scope));
        let birthdays = access.reads_birthdays();
        let tell = |occasion: &Occasion| {
            let known = occasion.kind != ReminderKind::Birthday || birthdays;
            known.then(|| subjects.tell(occasion, &may, &disposes)).flatten()
        };
        Ok(occasions.iter().map(tell).collect())
    }

    fn subjects_of(&mut self, occasions: &[Occasion]) -> Result<Subjects, Stop> {
        let ids = |record: &str| -> Vec<String> {
            let own = occasions.iter().filter_map(|own| id_of(&own.subject, record));
            own.map(str::to_owned).into_set().into_iter().collect()
        };
        let gets: [(&'static Kind, Vec<String>); 5] = [
            (&CONTACT, ids(ContactId::RECORD)),
            (&CONTRACT, ids(ContractId::RECORD)),
            (&INSTALMENT, ids(InstalmentId::RECORD)),
            (&SHARE, ids(ShareId::RECORD)),
            (&REPLY, ids(ReplyId::RECORD)),
        ];
        let reads = gets.into_iter().map(|(kind, ids)| Read::Get { kind, ids }).collect();
        let mut answers = self.read(reads)?.into_iter();
        let mut own = Subjects {
            days: self.context.days(false),
            customers: BTreeMap::new(),
            contacts: BTreeMap::new(),
            contracts: BTreeMap::new(),
            instalments: BTreeMap::new(),
            shares: BTreeMap::new(),
            replies: BTreeMap::new(),
            follow_ups: BTreeMap::new(),
            planned: BTreeMap::new(),
        };
        for row in rows(answers.next()) {
            own.contacts.insert(row.id.clone(), StoredContact::from_row(&row)?);
        }
        for contract in Contract::from_rows(&rows(answers.next()))? {
            own.contracts.insert(contract.id.to_string(), contract);
        }
        for instalment in Instalment::from_rows(&rows(answers.next()))? {
            own.instalments.insert(instalment.id.to_string(), instalment);
        }
        for share in Share::from_rows(&rows(answers.next()))? {
            own.shares.insert(share.id.to_string(), share);
        }
        for reply in Reply::from_rows(&rows(answers.next()))? {
            own.replies.insert(reply.id.to_string(), reply);
        }
        let contracts = own.instalments.values().map(|instalment| instalment.contract.to_string()).into_set();
        let contracts = contracts.into_iter().filter(|id| !own.contracts.contains_key(id)).collect();
        let replied = own.replies.values().map(|reply| reply.follow_up.to_string()).into_set().into_iter().collect();
        let reads = vec![Read::Get { kind: &CONTRACT, ids: contracts }, Read::Get { kind: &FOLLOW_UP, ids: replied }];
        let mut answers = self.read(reads)?.into_iter();
        for contract in Contract::from_rows(&rows(answers.next()))? {
            own.contracts.insert(contract.id.to_string(), contract);
        }
        let follow_ups = FollowUp::from_rows(&rows(answers.next()))?;
        own.follow_ups = follow_ups.into_iter().map(|follow_up| (follow_up.id, follow_up)).into_map();
        let mut customers = ids(CustomerId::RECORD);
        customers.extend(own.contacts.values().map(|stored| stored.contact.customer.to_string()));
        customers.extend(own.contracts.values().map(|contract| contract.customer.to_string()));
        customers.extend(own.shares.values().map(|share| share.customer.to_string()));
        customers.extend(own.follow_ups.values().map(|follow_up| follow_up.customer.to_string()));
        let found = self.get(&CUSTOMER, customers.into_iter().into_set().into_iter().collect())?;
        let reached = self.reach_of_rows(&found)?;
        for (row, reaches) in found.iter().zip(reached) {
            let customer = Customer::from_row(row)?;
            own.customers.insert(customer.id, (customer, reaches));
        }
        let planned = occasions.iter().filter(|own| own.kind == ReminderKind::FollowUpDue);
        let planned = planned.filter_map(|own| id_of(&own.subject, CustomerId::RECORD)?.parse().ok());
        let planned: Vec<CustomerId> = planned.into_set().into_iter().collect();
        if !planned.is_empty() {
            // What was planned stands with the follow-up that planned it, one of the last.
            let latest = planned.iter().map(|customer| Read::Find(latest_of(*customer, 20))).collect();
            for (customer, answer) in planned.into_iter().zip(self.read(latest)?) {
                own.planned.insert(customer, FollowUp::from_rows(&rows(Some(answer)))?);
            }
        }
        Ok(own)
    }
}

impl Subjects {
    /// What an occasion is about, if that is still there for who asks.
    fn tell(
        &self,
        occasion: &Occasion,
        may: &dyn Fn(&str) -> bool,
        disposes: &dyn Fn(&Scope) -> bool,
    ) -> Option<ReminderSubject> {
        let mut about = ReminderSubject {
            customer: CustomerId(uuid::Uuid::nil()),
            customer_name: String::new(),
            contract: None,
            contract_number: None,
            contract_name: None,
            amount: None,
            currency: None,
            contact: None,
            contact_name: None,
            birthday: None,
            follow_up: None,
            content: None,
            by: None,
        };
        let of = |record: &str| id_of(&occasion.subject, record);
        let contract = match occasion.kind {
            ReminderKind::ContractEnd => Some(self.contracts.get(of(ContractId::RECORD)?)?),
            ReminderKind::InstalmentDue | ReminderKind::InstalmentOverdue => {
                let instalment = self.instalments.get(of(InstalmentId::RECORD)?)?;
                if !may("payment.view") {
                    return None;
                }
                (about.amount, about.currency) =
                    (Some(Decimal::of_minor(instalment.open_minor(), instalment.currency)), Some(instalment.currency));
                Some(self.contracts.get(&instalment.contract.to_string())?)
            }
            _ => None,
        };
        let (customer, panel) = match occasion.kind {
            ReminderKind::ContractEnd | ReminderKind::InstalmentDue | ReminderKind::InstalmentOverdue => {
                (contract?.customer, None)
            }
            ReminderKind::Birthday => match of(ContactId::RECORD) {
                Some(contact) => {
                    let contact = &self.contacts.get(contact)?.contact;
                    (about.contact, about.contact_name) = (Some(contact.id), Some(contact.name.clone()));
                    about.birthday = contact.birthday;
                    (contact.customer, Some(Part::Panel(SharePanel::Contacts)))
                }
                None => (of(CustomerId::RECORD)?.parse().ok()?, Some(Part::Panel(SharePanel::Information))),
            },
            ReminderKind::FollowUpDue | ReminderKind::RecycleWarning => {
                (of(CustomerId::RECORD)?.parse().ok()?, Some(Part::Panel(SharePanel::FollowUps)))
            }
            ReminderKind::ShareEnd => {
                let share = self.shares.get(of(ShareId::RECORD)?)?;
                // It may end on another day by now.
                if share.ends_at.map(|end| self.days.of(end)) != Some(occasion.on) {
                    return None;
                }
                (share.customer, Some(Part::Anything))
            }
            ReminderKind::Reply => {
                let reply = self.replies.get(of(ReplyId::RECORD)?)?;
                (about.follow_up, about.by) = (Some(reply.follow_up), Some(reply.author.clone()));
                about.content = Some(reply.content.clone());
                (self.follow_ups.get(&reply.follow_up)?.customer, Some(Part::Panel(SharePanel::FollowUps)))
            }
        };
        let (known, reaches) = self.customers.get(&customer)?;
        if !known.is_live() {
            return None;
        }
        let opens = |part: Part| reaches.is_some_and(|reaches| reaches.of(part).is_some());
        let seen = match (contract, panel) {
            (Some(contract), _) => {
                let own = disposes(&contract.stands()) || opens(Part::Panel(SharePanel::Contracts));
                own && may("contract.view")
            }
            (None, Some(part)) => opens(part) && self.allowed(occasion.kind, may),
            (None, None) => false,
        };
        if !seen {
            return None;
        }
        if let Some(contract) = contract {
            about.contract = Some(contract.id);
            (about.contract_number, about.contract_name) = (contract.number.clone(), Some(contract.name.clone()));
        }
        if occasion.kind == ReminderKind::Birthday && about.contact.is_none() {
            about.birthday = known.birthday;
        }
        if occasion.kind == ReminderKind::FollowUpDue && may("follow_up.view") {
            let planned = self.planned.get(&customer).into_iter().flatten();
            if let Some(planned) = planned.into_iter().find(|own| own.next_at == occasion.at) {
                (about.follow_up, about.content) = (Some(planned.id), planned.next_content.clone());
            }
        }
        about.customer = customer;
        about.customer_name.clone_from(&known.name);
        Some(about)
    }

    /// Whether the roles of who asks let him see such a thing at all.
    fn allowed(&self, kind: ReminderKind, may: &dyn Fn(&str) -> bool) -> bool {
        match kind {
            ReminderKind::Birthday => may("customer.view") && may("contact.view"),
            ReminderKind::Reply => may("follow_up.view"),
            _ => may("customer.view"),
        }
    }
}
