//! Adding, editing, removing contacts, and the primary one (C2).

use super::{CONTACT, Contact, Gender, MOST_CONTACTS, StoredContact, contacts_of};
use crate::access::Reach;
use crate::crm::Session;
use crate::custom_field::{self, CustomValue, Customized, entered_values, is_clearable};
use crate::customer::{Customer, MOST_PHONES, apply_edit};
use crate::duplicate::Entered;
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::id::{ContactId, CustomerId};
use crate::layout::check_required;
use crate::operations::op;
use crate::record::{Record, Removed};
use crate::sharing::SharePanel;
use crate::store::Write;
use crate::text::{Checker, is_email};
use crate::time::Birthday;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// A contact to add. Only the name must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewContact {
    /// The name, 1 to 100 characters.
    pub name: String,
    /// Whether it becomes the primary contact; the first one does anyway.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub primary: bool,
    /// The gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub gender: Option<Gender>,
    /// The title, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub title: Option<String>,
    /// The department, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub department: Option<String>,
    /// Phones, at most 10 of 40 characters.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub phones: Vec<String>,
    /// The e-mail address, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub email: Option<String>,
    /// 微信, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub wechat: Option<String>,
    /// QQ, at most 60 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub qq: Option<String>,
    /// The birthday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birthday: Option<Birthday>,
    /// The address, at most 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub address: Option<String>,
    /// Preferences, at most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub preferences: Option<String>,
    /// A note, at most 2,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
    /// Values of custom fields, each at most once.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
    /// Why it is added although it is like another contact, at most 300 characters: the history keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub duplicate_reason: Option<String>,
}

/// Changes to a contact: what is absent stays, what `clear` names becomes empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ContactEdit {
    /// The version that was read.
    pub version: i64,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub name: Option<String>,
    /// The gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub gender: Option<Gender>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub title: Option<String>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub department: Option<String>,
    /// All phones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub phones: Option<Vec<String>>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub email: Option<String>,
    /// 微信
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub wechat: Option<String>,
    /// QQ
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub qq: Option<String>,
    /// The birthday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birthday: Option<Birthday>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub address: Option<String>,
    /// Preferences.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub preferences: Option<String>,
    /// A note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
    /// Values of custom fields, each at most once; those of others stay.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub custom: Vec<CustomValue>,
    /// Fields to make empty: any but the name, and custom fields as `custom.` with their keys.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub clear: Vec<String>,
    /// Why it is changed although it is like another contact, at most 300 characters: the history keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub duplicate_reason: Option<String>,
}

/// Fields of a contact that people edit, for the history.
pub(crate) const EDITABLE: [&str; 13] = [
    "name",
    "primary",
    "gender",
    "title",
    "department",
    "phones",
    "email",
    "wechat",
    "qq",
    "birthday",
    "address",
    "preferences",
    "note",
];

refusals! {
    /// Why something can't be done with a contact.
    pub enum ContactRefusal {
        /// The primary contact goes while others stay: one of them must become it.
        PrimaryNeeded = "primary_contact_needed", "Say who becomes the primary contact instead", "请指定新的主联系人";
        /// It is likely the same as another contact, which the settings take only with a reason.
        LikelyDuplicate = "likely_duplicate_contact", "The contact is likely there already: check for duplicates, or give a reason", "该联系人很可能已存在：请查重或填写理由";
        /// It is as good as certainly the same as another contact, which the settings refuse.
        CertainDuplicate = "certain_duplicate_contact", "The contact is there already", "该联系人已存在";
        /// The customer has as many contacts as it may.
        TooMany = "too_many_contacts", "The customer has 500 contacts already", "该客户的联系人已达 500 个";
        /// The person was erased, and nothing is written about him any more.
        Erased = "person_erased", "The person was erased and can't be edited", "该联系人的个人信息已删除，不可再编辑";
        /// More is kept of the person than one commit holds.
        ErasureTooLarge = "erasure_too_large", "More than 20,000 records would change", "需要更改的记录超过 20000 条";
    }
}

impl Session<'_> {
    /// Adds a contact to a customer. The first one becomes the primary contact.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.create`, or for who may only read the
    /// customer; [`Error::NotFound`]; [`Error::Invalid`]; `too_many_contacts`, `in_recycle_bin`.
    pub fn add_contact(&self, customer: CustomerId, contact: NewContact) -> Result<Contact, Error> {
        self.command(
            &op::add_contact,
            &(customer, &contact),
            |work| {
                let owner = work.customer_with_shares(customer, (Reach::Edit, SharePanel::Contacts))?.0;
                owner.check_active()?;
                let customer = owner.id;
                let standing = work.contacts(customer)?;
                if standing.len() >= MOST_CONTACTS {
                    return Err(ContactRefusal::TooMany.into());
                }
                work.access()?.changing("contact", &contact, "")?;
                let mut check = Checker::new();
                let mut added = build(work, &owner, &contact, &mut check)?;
                check.done()?;
                work.number_fields(Customized::Contact, &mut added.contact.custom)?;
                let reason = contact.duplicate_reason.as_ref();
                let warned = work.check_contact_likeness(&[Entered { after: &added, before: None, reason }])?;
                added.primary = contact.primary || standing.is_empty();
                if added.primary {
                    work.depose_primary(&standing, "add_contact")?;
                }
                // One commit at a time decides which contact of a customer is the primary one.
                work.bump_customer(&owner)?;
                work.insert(&CONTACT, added.to_row()?);
                work.remember(
                    "customer",
                    customer,
                    "add_contact",
                    [history::change("contact", None, Some(added.name.clone().into()))]
                        .into_iter()
                        .chain(warned)
                        .collect(),
                )?;
                work.announce("contact_added", "contact", added.id, serde_json::json!({"customer": customer}))?;
                work.made(added.id);
                Ok(added.contact)
            },
            |work, ids| work.contact_made(ids),
        )
    }

    /// A contact of a customer that the actor sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.view`; [`Error::NotFound`].
    pub fn contact(&self, contact: ContactId) -> Result<Contact, Error> {
        self.query(&op::contact, |work| Ok(work.contact_within(contact, Reach::Read)?.1.contact))
    }

    /// Changes what people typed about a contact.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.edit`, or for who may only read the
    /// customer; [`Error::NotFound`]; [`Error::Conflict`]; [`Error::Invalid`].
    pub fn edit_contact(&self, contact: ContactId, edit: ContactEdit) -> Result<Contact, Error> {
        self.command(
            &op::edit_contact,
            &(contact, &edit),
            |work| {
                let (customer, before) = work.contact_within(contact, Reach::Edit)?;
                customer.check_active()?;
                if before.version != edit.version {
                    return Err(
                        Error::Conflict { record: ContactId::RECORD.to_owned(), id: contact.to_string() }.into()
                    );
                }
                work.access()?.changing("contact", &edit, "")?;
                if before.erased_at.is_some() {
                    return Err(ContactRefusal::Erased.into());
                }
                let (context, mut after) = (work.context.clone(), before.clone());
                let mut check = Checker::new();
                apply_edit!(&edit => after, check;
                    set: name;
                    clearable: gender, title, department, email, wechat, qq, birthday, address, preferences, note;
                    lists: phones;
                    others: |name| is_clearable(Customized::Contact, name, &context));
                clean(&mut after, &mut check);
                let given = (edit.custom.as_slice(), edit.clear.as_slice());
                entered(work, Some(&before), given, &mut after, &mut check)?;
                check.done()?;
                work.made(contact);
                let mut changes = history::changes(&before, &after, &EDITABLE);
                changes.extend(custom_field::changes(&before.custom, &after.custom));
                if changes.is_empty() {
                    return Ok(before.contact);
                }
                let reason = edit.duplicate_reason.as_ref();
                changes.extend(work.check_contact_likeness(&[Entered {
                    after: &after,
                    before: Some(&before),
                    reason,
                }])?);
                after.changed_at = work.now;
                after.changed_by = work.actor().name();
                work.rely_on_customer(&customer);
                work.save(&before, &after)?;
                work.remember("contact", contact, "edit_contact", changes)?;
                work.announce("contact_changed", "contact", contact, serde_json::json!({"customer": customer.id}))?;
                after.version += 1;
                Ok(after.contact)
            },
            |work, ids| work.contact_made(ids),
        )
    }

    /// Makes a contact the primary one of its customer.
    ///
    /// # Errors
    /// As [`Session::edit_contact`].
    pub fn set_primary_contact(&self, contact: ContactId) -> Result<Contact, Error> {
        self.command(
            &op::set_primary_contact,
            &contact,
            |work| {
                let (customer, before) = work.contact_within(contact, Reach::Edit)?;
                customer.check_active()?;
                work.made(contact);
                if before.primary {
                    return Ok(before.contact);
                }
                let standing = work.contacts(customer.id)?;
                work.depose_primary(&standing, "set_primary_contact")?;
                work.bump_customer(&customer)?;
                work.crown_primary(&before, "set_primary_contact")
            },
            |work, ids| work.contact_made(ids),
        )
    }

    /// Removes a contact. While others stay, the primary one goes only when it is said who
    /// becomes it instead.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.delete`, or for who may only read the
    /// customer; [`Error::NotFound`]; [`Error::Invalid`] when the new primary contact is not of
    /// the same customer; `primary_contact_needed`.
    pub fn remove_contact(&self, contact: ContactId, new_primary: Option<ContactId>) -> Result<Removed, Error> {
        self.command(
            &op::remove_contact,
            &(contact, new_primary),
            |work| {
                let (customer, gone) = work.contact_within(contact, Reach::Edit)?;
                customer.check_active()?;
                let standing = work.contacts(customer.id)?;
                if gone.primary && standing.len() > 1 {
                    let heir = new_primary.ok_or(ContactRefusal::PrimaryNeeded)?;
                    let heir = standing.iter().find(|other| other.id == heir && other.id != contact);
                    let heir = heir.ok_or_else(|| Violation::unknown("new_primary"))?;
                    work.crown_primary(heir, "remove_contact")?;
                }
                work.bump_customer(&customer)?;
                work.write(Write::Delete { kind: &CONTACT, id: contact.to_string(), version: gone.version });
                work.remember(
                    "customer",
                    customer.id,
                    "remove_contact",
                    vec![history::change("contact", Some(gone.name.clone().into()), None)],
                )?;
                work.note_whose_it_was(&gone, op::remove_contact.name)?;
                work.announce("contact_removed", "contact", contact, serde_json::json!({"customer": customer.id}))?;
                Ok(Removed::new(ContactId::RECORD, contact))
            },
            |_, _| Ok(Removed::new(ContactId::RECORD, contact)),
        )
    }
}

impl Work<'_> {
    /// Every contact of a customer.
    pub(crate) fn contacts(&mut self, customer: CustomerId) -> Result<Vec<StoredContact>, Stop> {
        Ok(StoredContact::from_rows(&self.find_all(contacts_of(customer))?)?)
    }

    /// A contact and its customer, into which the actor reaches so far.
    pub(crate) fn contact_within(&mut self, id: ContactId, need: Reach) -> Result<(Customer, StoredContact), Stop> {
        // Whoever edits it is answered with all of it.
        self.access()?.allow("contact.view")?;
        let row = self.get_one(&CONTACT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let contact = StoredContact::from_row(&row)?;
        let need = (need, SharePanel::Contacts);
        let (customer, _) = self.customer_of_part(contact.customer, need, || not_found(id))?;
        Ok((customer, contact))
    }

    /// Notes of a contact that goes whose it was, should the person be erased later: nothing else says so any more.
    pub(super) fn note_whose_it_was(&mut self, gone: &StoredContact, operation: &str) -> Result<(), Error> {
        let was = |field: &str, value: String| history::change(field, Some(value.into()), None);
        let of = vec![was("customer", gone.customer.to_string()), was("name", gone.name.clone())];
        self.remember(ContactId::RECORD, gone.id, operation, of)
    }

    fn depose_primary(&mut self, standing: &[StoredContact], operation: &str) -> Result<(), Error> {
        for old in standing.iter().filter(|contact| contact.primary) {
            let mut deposed = old.clone();
            deposed.primary = false;
            self.save(old, &deposed)?;
            let changes = history::changes(old, &deposed, &["primary"]);
            self.remember("contact", old.id, operation, changes)?;
        }
        Ok(())
    }

    fn crown_primary(&mut self, contact: &StoredContact, operation: &str) -> Result<Contact, Stop> {
        let mut crowned = contact.clone();
        crowned.primary = true;
        self.save(contact, &crowned)?;
        self.remember("contact", contact.id, operation, history::changes(contact, &crowned, &["primary"]))?;
        crowned.version += 1;
        Ok(crowned.contact)
    }

    fn contact_made(&mut self, ids: &[String]) -> Result<Contact, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        match id.parse::<ContactId>() {
            Ok(id) => Ok(self.contact_within(id, Reach::Read)?.1.contact),
            Err(_) => Err(not_found(id).into()),
        }
    }
}

pub(super) fn not_found(contact: impl ToString) -> Error {
    Error::NotFound { record: ContactId::RECORD.to_owned(), id: contact.to_string() }
}

/// Contacts that come with a new customer: exactly one of them is the primary one.
pub(crate) fn new_contacts(
    work: &Work<'_>,
    customer: &Customer,
    contacts: &[NewContact],
    check: &mut Checker,
) -> Result<Vec<StoredContact>, Error> {
    let mut built: Vec<StoredContact> = contacts
        .iter()
        .enumerate()
        .map(|(place, contact)| {
            check.under(&format!("contacts[{place}]"), |check| build(work, customer, contact, check))
        })
        .collect::<Result<_, _>>()?;
    let primaries = built.iter().filter(|contact| contact.primary).count();
    check.ensure(primaries <= 1, || Violation::repeated("contacts.primary"));
    if primaries == 0
        && let Some(first) = built.first_mut()
    {
        first.primary = true;
    }
    Ok(built)
}

fn build(
    work: &Work<'_>,
    customer: &Customer,
    input: &NewContact,
    check: &mut Checker,
) -> Result<StoredContact, Error> {
    let by = work.actor().name();
    let scope = customer.scope();
    let mut contact = Contact {
        id: ContactId(work.draw()?),
        customer: customer.id,
        primary: input.primary,
        name: input.name.clone(),
        gender: input.gender,
        title: input.title.clone(),
        department: input.department.clone(),
        phones: input.phones.clone(),
        email: input.email.clone(),
        wechat: input.wechat.clone(),
        qq: input.qq.clone(),
        birthday: input.birthday,
        address: input.address.clone(),
        preferences: input.preferences.clone(),
        note: input.note.clone(),
        custom: Vec::new(),
        created_at: work.now,
        created_by: by.clone(),
        changed_at: work.now,
        changed_by: by,
        erased_at: None,
        version: 1,
    };
    clean(&mut contact, check);
    entered(work, None, (&input.custom, &[]), &mut contact, check)?;
    check.optional_line("duplicate_reason", &input.duplicate_reason, 300);
    Ok(StoredContact { contact, scope: scope.as_text().unwrap_or_default().to_owned() })
}

/// Gives a contact what it has in its custom fields after somebody gave some values, or made some empty, and finds what it lacks.
fn entered(
    work: &Work<'_>,
    before: Option<&Contact>,
    given: (&[CustomValue], &[String]),
    contact: &mut Contact,
    check: &mut Checker,
) -> Result<(), Error> {
    let access = work.access()?;
    let held = before.map(|before| before.custom.as_slice());
    contact.custom = entered_values(Customized::Contact, &|_| None, held, given, &access, check);
    check_required(Customized::Contact, contact, before, &access, check);
    Ok(())
}

fn clean(contact: &mut Contact, check: &mut Checker) {
    contact.name = check.line("name", &contact.name, 100);
    contact.title = check.optional_line("title", &contact.title, 100);
    contact.department = check.optional_line("department", &contact.department, 100);
    contact.phones = check.list("phones", &contact.phones, MOST_PHONES, 40);
    contact.email = check.optional_line("email", &contact.email, 200);
    if let Some(email) = &contact.email {
        check.ensure(is_email(email), || Violation::malformed("email"));
    }
    contact.wechat = check.optional_line("wechat", &contact.wechat, 60);
    contact.qq = check.optional_line("qq", &contact.qq, 60);
    if let Some(birthday) = &contact.birthday {
        check.ensure(birthday.is_possible(), || Violation::out_of_range("birthday"));
    }
    contact.address = check.optional_line("address", &contact.address, 300);
    contact.preferences = check.optional_lines("preferences", &contact.preferences, 1_000);
    contact.note = check.optional_lines("note", &contact.note, 2_000);
}
