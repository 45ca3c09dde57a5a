//! Creating a customer, with its contacts and relations in the same commit (C2).

use super::fields::{custom_keys, custom_values};
use super::input::clean;
use super::rules::{self, CustomerRefusal};
use super::{CUSTOMER, Customer, CustomerKind, CustomerStatus, NewCustomer};
use crate::contact::{CONTACT, new_contacts};
use crate::crm::Session;
use crate::custom_field::Customized;
use crate::duplicate::{Entered, exclusive_values};
use crate::error::{Error, Violation};
use crate::id::CustomerId;
use crate::layout::check_required;
use crate::operations::op;
use crate::organisation::{Context, DuplicateRule, NameRule, UNIQUE_KEY, holder_of, unique_key, unique_key_id};
use crate::pool::{created_there, open_pool};
use crate::record::Record;
use crate::store::{Check, Read, Row, Write};
use crate::text::{Checker, FOLD_VERSION, fold};
use crate::work::{Stop, Work, rows};

impl Session<'_> {
    /// Creates a customer; contacts and relations may come in the same command.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, NewCustomer, NewOrganisation, PersonInput, SyncMode};
    /// # let crm = Crm::in_memory();
    /// # let host = crm_core::Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation { name: "Acme".into(), language: Default::default(), time_zone: None })?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// let customer = crm.as_user(&alice).create_customer(NewCustomer {
    ///     name: "杭州云帆科技有限公司".into(),
    ///     phones: vec!["0571-8888 0000".into()],
    ///     ..Default::default()
    /// })?;
    /// assert_eq!(customer.owner.as_str(), "alice");
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.create`; [`Error::Invalid`];
    /// `same_name`, `number_taken`, `owner_outside_subtree`, `owner_deactivated`, `same_credit_code`, `same_phone`,
    /// `likely_duplicate`, `certain_duplicate`, `holding_limit`.
    pub fn create_customer(&self, customer: NewCustomer) -> Result<Customer, Error> {
        self.command(
            &op::create_customer,
            &customer,
            |work| {
                let created = work.new_customer(&customer)?;
                work.made(created.id);
                Ok(created)
            },
            |work, ids| work.customer_made(ids),
        )
    }
}

impl Work<'_> {
    /// Whether a customer would be created; nothing of it is written.
    pub(crate) fn try_customer(&mut self, input: &NewCustomer) -> Result<(), Stop> {
        self.access()?.allow(op::create_customer.right)?;
        self.new_customer(input)?;
        self.forget_decision();
        Ok(())
    }

    fn new_customer(&mut self, input: &NewCustomer) -> Result<Customer, Stop> {
        let context = self.context.clone();
        let now = self.now;
        let by = self.actor().name();
        let (owner, owner_position) = {
            let access = self.access()?;
            access.changing("customer", input, "")?;
            for (place, contact) in input.contacts.iter().enumerate() {
                access.changing("contact", contact, &format!("contacts[{place}]"))?;
            }
            if !input.contacts.is_empty() {
                access.allow("contact.create")?;
            }
            if !input.relations.is_empty() {
                access.allow("customer.edit")?;
            }
            if input.pool.is_some() {
                access.allow("pool.release")?;
            }
            rules::owner(
                &context,
                &access,
                input.owner.as_ref(),
                input.owner_position.as_ref(),
                ["owner", "owner_position"],
                "customer.assign",
            )?
        };
        let settings = context.settings();
        let pool = input.pool.map(|pool| open_pool(&context, Some(pool))).transpose()?;
        let pool_stay = pool.map(|pool| created_there(pool.id, now, &by, &owner, owner_position.as_ref()));
        let id = CustomerId(self.draw()?);
        let number = match &input.number {
            Some(number) => number.clone(),
            None => rules::number(&settings.customer_number, settings.time_zone, now, self.draw()?),
        };
        let mut customer = Customer {
            id,
            number,
            kind: input.kind.unwrap_or_default(),
            name: input.name.clone(),
            short_name: input.short_name.clone(),
            credit_code: input.credit_code.clone(),
            level: input.level.clone(),
            stage: input.stage.clone(),
            source: input.source.clone(),
            industry: input.industry.clone(),
            region: input.region.clone(),
            address: input.address.clone(),
            phones: input.phones.clone(),
            website: input.website.clone(),
            email: input.email.clone(),
            description: input.description.clone(),
            birthday: input.birthday,
            custom: Vec::new(),
            owner,
            owner_position,
            status: if pool_stay.is_some() { CustomerStatus::Pooled } else { CustomerStatus::Active },
            received_at: now,
            idle_since: now,
            last_follow_up_at: None,
            next_follow_up_at: None,
            approval: None,
            pool_stay,
            former_owners: Vec::new(),
            lock: None,
            recycle_warning: None,
            deleted_at: None,
            former: Vec::new(),
            merged_into: None,
            merge: None,
            created_at: now,
            created_by: by.clone(),
            changed_at: now,
            changed_by: by,
            version: 1,
        };
        let mut check = Checker::new();
        let access = self.access()?;
        clean(&mut customer, None, &context, &mut check);
        customer.custom = custom_values(&customer, None, &input.custom, &[], &access, &mut check);
        check_required(Customized::Customer, &customer, None, &access, &mut check);
        check.optional_line("duplicate_reason", &input.duplicate_reason, 300);
        check.ensure(input.contacts.len() <= 50, || Violation::too_many("contacts", 50));
        check.ensure(input.relations.len() <= 50, || Violation::too_many("relations", 50));
        let mut contacts = new_contacts(self, &customer, &input.contacts, &mut check)?;
        check.done()?;
        for contact in &mut contacts {
            self.number_fields(Customized::Contact, &mut contact.custom)?;
        }
        self.number_fields(Customized::Customer, &mut customer.custom)?;

        // A number that was made, not given, is made again when somebody has it.
        let mut redraws = if input.number.is_none() { 3 } else { 0 };
        loop {
            match self.claim_keys(&customer, None) {
                Err(Stop::Error(Error::Refused(taken))) if redraws > 0 && taken.code == "number_taken" => {
                    redraws -= 1;
                    customer.number = rules::number(&settings.customer_number, settings.time_zone, now, self.draw()?);
                }
                claimed => {
                    claimed?;
                    break;
                }
            }
        }
        if customer.status == CustomerStatus::Active {
            self.hold(&customer.owner, &[customer.id])?;
        }
        let warned = self.check_likeness(&customer, None, input.duplicate_reason.as_ref())?;
        let mut gone_over: Vec<_> = warned.into_iter().collect();
        let entered = contacts.iter().zip(&input.contacts).map(|(after, given)| Entered {
            after,
            before: None,
            reason: given.duplicate_reason.as_ref(),
        });
        gone_over.extend(self.check_contact_likeness(&entered.collect::<Vec<_>>())?);
        self.remember("customer", id, "create_customer", gone_over)?;
        self.insert(&CUSTOMER, customer.to_row()?);
        for contact in &contacts {
            self.insert(&CONTACT, contact.to_row()?);
        }
        if !input.relations.is_empty() {
            self.relate_new(&customer, &input.relations)?;
        }
        self.announce(
            "customer_created",
            "customer",
            id,
            serde_json::json!({"name": customer.name, "owner": customer.owner, "pool": input.pool}),
        )?;
        Ok(customer)
    }

    /// Claims the unique values of a customer, and gives back those it no longer has. `None`
    /// before: it had none.
    pub(crate) fn claim_keys(&mut self, after: &Customer, before: Option<&Customer>) -> Result<(), Stop> {
        let settings = self.context.settings();
        let (rule, duplicates) = (settings.same_name, settings.duplicates.clone());
        let holder = after.id.to_string();
        let context = self.context.clone();
        let mut wanted = keys(after, rule);
        wanted.extend(custom_keys(after, &context));
        wanted.extend(value_keys(after, |value| duplicates.rule_of(value) != DuplicateRule::Allow));
        let had = before.map(|before| all_keys(before, &context)).unwrap_or_default();
        let all: Vec<String> = wanted.iter().chain(&had).map(|(key, _)| key.id.clone()).collect();
        let mut ids = all.clone();
        ids.sort();
        ids.dedup();
        let known: Vec<Row> = rows(self.read(vec![Read::Get { kind: &UNIQUE_KEY, ids }])?.into_iter().next());
        let standing = |id: &str| known.iter().find(|row| row.id == id);
        for (key, refusal) in &wanted {
            match standing(&key.id) {
                None => self.insert(&UNIQUE_KEY, key.clone()),
                Some(row) if holder_of(row).as_deref() == Some(&holder) => {}
                // It was taken when that was allowed, and stays until it is changed.
                Some(_) if had.iter().any(|(had, _)| had.id == key.id) => {}
                Some(row) => {
                    if let Some(refusal) = refusal {
                        return Err(refusal.clone().into());
                    }
                    // Whether others have it was asked because somebody holds it.
                    let (id, version) = (row.id.clone(), row.version);
                    self.changes.checks.push(Check { kind: &UNIQUE_KEY, id, version });
                }
            }
        }
        for (key, _) in &had {
            let kept = wanted.iter().any(|(wanted, _)| wanted.id == key.id);
            if let Some(row) = standing(&key.id)
                && !kept
                && holder_of(row).as_deref() == Some(&holder)
            {
                self.write(Write::Delete { kind: &UNIQUE_KEY, id: row.id.clone(), version: row.version });
            }
        }
        Ok(())
    }

    /// Gives back every unique value of a customer.
    pub(crate) fn release_keys(&mut self, customer: &Customer) -> Result<(), Stop> {
        let ids = all_keys(customer, &self.context).into_iter().map(|(key, _)| key.id).collect();
        let holder = customer.id.to_string();
        for row in self.get(&UNIQUE_KEY, ids)? {
            if holder_of(&row).as_deref() == Some(&holder) {
                self.write(Write::Delete { kind: &UNIQUE_KEY, id: row.id, version: row.version });
            }
        }
        Ok(())
    }
}

/// The unique values of a customer, each with the refusal when somebody else holds it: the
/// number; a company's folded name, where the organisation refuses a second one (a person's name
/// is no key).
fn keys(customer: &Customer, rule: NameRule) -> Vec<(Row, Option<Error>)> {
    let holder = customer.id.to_string();
    let taken = CustomerRefusal::NumberTaken { number: customer.number.clone() };
    let mut keys = vec![(unique_key("customer_number", &customer.number, &holder), Some(taken.into()))];
    if customer.kind == CustomerKind::Company && rule == NameRule::Refuse {
        let same = CustomerRefusal::SameName { name: customer.name.clone() };
        keys.push((unique_key(&name_space(), &fold(&customer.name), &holder), Some(same.into())));
    }
    // What it was called before is held, too, as far as nobody else took it.
    for former in &customer.former {
        keys.push((unique_key("customer_number", &former.number, &holder), None));
        if customer.kind == CustomerKind::Company && rule == NameRule::Refuse {
            keys.push((unique_key(&name_space(), &fold(&former.name), &holder), None));
        }
    }
    let mut own = std::collections::BTreeSet::new();
    keys.retain(|(key, _)| own.insert(key.id.clone()));
    keys
}

/// A credit code and a person's phones, which whoever has first holds, as far as they are asked for.
fn value_keys(customer: &Customer, asked: impl Fn(&str) -> bool) -> Vec<(Row, Option<Error>)> {
    let holder = customer.id.to_string();
    let values = exclusive_values(customer).into_iter().filter(|value| asked(value));
    values.map(|value| (unique_key("customer_value", &value, &holder), None)).collect()
}

/// Every unique value that it may hold, by whatever settings.
pub(crate) fn all_keys(customer: &Customer, context: &Context) -> Vec<(Row, Option<Error>)> {
    let mut keys = keys(customer, NameRule::Refuse);
    keys.extend(value_keys(customer, |_| true));
    keys.extend(custom_keys(customer, context));
    keys
}

/// The key of the row that says who holds a company's name, where the organisation refuses a second one.
pub(crate) fn name_key_id(name: &str) -> String {
    unique_key_id(&name_space(), &fold(name))
}

/// Names folded by another version are other keys.
fn name_space() -> String {
    format!("customer_name.{FOLD_VERSION}")
}
