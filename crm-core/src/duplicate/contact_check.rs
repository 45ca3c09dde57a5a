//! The check of contacts on entry (D1, D2), and what of it is asked when one is saved (D3).

use super::check::{DuplicateReason, DuplicateVerdict, typed, typed_phones};
use super::contact::{ComparedContact, ContactDraft, ContactReason, ContactSimilarity};
use super::rule::reason_of;
use crate::access::Access;
use crate::contact::{CONTACT, Contact, ContactRefusal, StoredContact};
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerStatus};
use crate::error::{Error, Violation};
use crate::history::{self, CONTACT_REASON, FieldChange};
use crate::id::{ContactId, CustomerId};
use crate::operations::op;
use crate::record::Record;
use crate::sorted::{Gather as _, Sort as _};
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many contacts are told, at the most.
const MOST: usize = 10;
/// Of how many customers: those of the most alike.
const CANDIDATES: usize = 100;

/// A contact that may be the one that is being entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContactHit {
    /// The contact.
    pub contact: ContactId,
    /// The name.
    pub name: String,
    /// The customer.
    pub customer: CustomerId,
    /// The customer's name.
    pub customer_name: String,
    /// From 0 to 1,000, which is the same.
    pub score: i32,
    /// What the score means by the settings.
    pub verdict: DuplicateVerdict,
    /// Why, the strongest first.
    pub reasons: Vec<DuplicateReason>,
}

/// Whom a contact that is being entered is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ContactCheck {
    /// At most ten, the most alike first.
    pub hits: Vec<ContactHit>,
    /// Whether everyone who may be meant was compared: of a name that more than a thousand have, not all are; and contacts of before
    /// an update may not be there to be found for some time.
    pub complete: bool,
}

/// Contacts that are alike, with their customers, the most alike first.
struct Alike {
    found: Vec<(Contact, Customer, ContactSimilarity)>,
    complete: bool,
}

/// A contact that is to be saved.
pub(crate) struct Entered<'a> {
    /// As it is to be.
    pub(crate) after: &'a Contact,
    /// As it is, if it is there.
    pub(crate) before: Option<&'a Contact>,
    /// Why it is to be saved although it is like another one.
    pub(crate) reason: Option<&'a String>,
}

impl Session<'_> {
    /// Whom a contact that is being entered is like 联系人查重 (D1, D2): contacts of customers that the actor may open, by name, phone,
    /// e-mail address, birthday and address. Of others it says nothing: they are people, and whose phone it is is their business.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, ContactDraft, Crm, NewContact, NewCustomer, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![crm_core::PersonInput::new("alice", "Alice")?], crm_core::SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// let customer = crm.as_user(&alice).create_customer(NewCustomer::named("杭州云帆科技有限公司"))?.id;
    /// let phones = vec!["13800138000".to_owned()];
    /// let wang = NewContact { name: "王小明".to_owned(), phones: phones.clone(), ..NewContact::default() };
    /// crm.as_user(&alice).add_contact(customer, wang)?;
    /// let draft = ContactDraft { name: "Wang Xiaoming".to_owned(), phones, ..ContactDraft::default() };
    /// let check = crm.as_user(&alice).check_contact_duplicates(draft)?;
    /// assert_eq!((check.hits[0].name.as_str(), check.hits[0].score), ("王小明", 930));
    /// assert_eq!(check.hits[0].reasons[0].code, "same_name");
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `contact.view`; [`Error::Invalid`].
    pub fn check_contact_duplicates(&self, draft: ContactDraft) -> Result<ContactCheck, Error> {
        self.query(&op::check_contact_duplicates, |work| {
            let draft = known(cleaned(&draft)?, &work.access()?);
            let settings = work.context.settings().duplicates.clone();
            let alike = work.contacts_like(&[draft], settings.possible)?.pop();
            let Some(alike) = alike else { return Ok(ContactCheck { hits: Vec::new(), complete: true }) };
            let hit = |(contact, customer, similarity): (Contact, Customer, ContactSimilarity)| ContactHit {
                contact: contact.id,
                name: contact.name,
                customer: customer.id,
                customer_name: customer.name,
                score: similarity.score,
                verdict: settings.verdict(similarity.score).unwrap_or(DuplicateVerdict::Possible),
                reasons: similarity.reasons.into_iter().map(ContactReason::told).collect(),
            };
            let hits = alike.found.into_iter().take(MOST).map(hit).collect();
            Ok(ContactCheck { hits, complete: alike.complete })
        })
    }
}

impl Work<'_> {
    /// Of each draft the contacts of customers that the actor may open with at least such a score.
    fn contacts_like(&mut self, drafts: &[ContactDraft], least: i32) -> Result<Vec<Alike>, Stop> {
        let asked: Vec<ComparedContact> = drafts.iter().map(ComparedContact::new).collect();
        // First: what is taken in meanwhile may be missed.
        let index = self.name_index()?;
        let holders = self.holders_of_keys(&asked)?;
        let chosen: Vec<(Vec<String>, bool)> = asked.iter().map(|asked| holders.of(asked)).collect();
        let mut standing = BTreeMap::new();
        let ids = chosen.iter().flat_map(|(ids, _)| ids).cloned().into_set();
        for row in self.get(&CONTACT, ids.into_iter().collect())? {
            let contact = StoredContact::from_row(&row)?.contact;
            let compared = ComparedContact::new(&ContactDraft::of(&contact));
            standing.insert(row.id, (contact, compared));
        }
        let mut likely = Vec::new();
        for ((draft, asked), (ids, _)) in drafts.iter().zip(&asked).zip(&chosen) {
            let alike = ids.iter().filter_map(|id| standing.get(id)).filter_map(|(contact, compared)| {
                let similarity = asked.similarity(compared);
                let told = similarity.score >= least && draft.contact != Some(contact.id);
                told.then_some((Reverse(similarity.score), contact, similarity))
            });
            let mut alike: Vec<_> = alike.collect();
            alike.order_by(|a, b| (a.0, a.1.id).cmp(&(b.0, b.1.id)));
            likely.push(alike);
        }
        let customers = likely.iter().flatten().map(|(_, contact, _)| contact.customer.to_string()).into_set();
        let mut active = BTreeMap::new();
        for row in self.get(&CUSTOMER, customers.into_iter().collect())? {
            let customer = Customer::from_row(&row)?;
            if customer.status == CustomerStatus::Active {
                active.insert(customer.id, customer);
            }
        }
        let whole = !holders.more && index.has_all_contacts();
        let of_each = likely.into_iter().zip(chosen).map(|(alike, (_, all))| {
            let found = alike.into_iter().filter_map(|(_, contact, similarity)| {
                Some((contact.clone(), active.get(&contact.customer)?.clone(), similarity))
            });
            Alike { found: found.take(CANDIDATES).collect(), complete: whole && all }
        });
        Ok(of_each.collect())
    }

    /// Refuses what the settings refuse of contacts that are like others, or like each other, and what they warn of where no reason
    /// is given. One that is changed may stay as like to others as it was.
    /// Answers what the history shall tell of warnings that were gone over, to who sees contacts. Who sees no contacts is told nothing of
    /// them.
    pub(crate) fn check_contact_likeness(&mut self, entered: &[Entered<'_>]) -> Result<Vec<FieldChange>, Stop> {
        let mut reasons = Vec::new();
        for one in entered {
            reasons.push(reason_of(one.reason)?);
        }
        if entered.is_empty() || !self.access()?.may("contact.view") {
            return Ok(Vec::new());
        }
        let settings = self.context.settings().duplicates.clone();
        let (warn, refuse) = (settings.warn_contact_from, settings.refuse_contact_from);
        let Some(least) = [warn, refuse].into_iter().filter(|from| *from > 0).min() else { return Ok(Vec::new()) };
        let compared = |one: &Entered<'_>| one.before.map(ContactDraft::of) != Some(ContactDraft::of(one.after));
        if !entered.iter().any(compared) {
            return Ok(Vec::new());
        }
        let context = self.context.clone();
        let access = Access::of(&context, self.actor())?;
        let drafts: Vec<ContactDraft> = entered.iter().map(|one| known(ContactDraft::of(one.after), &access)).collect();
        let alike = self.contacts_like(&drafts, least)?;
        let (mut told, mut others) = (Vec::new(), Vec::new());
        for (((one, draft), alike), reason) in entered.iter().zip(&drafts).zip(alike).zip(reasons) {
            let before = one.before.map(|before| known(ContactDraft::of(before), &access));
            let asked = ComparedContact::new(draft);
            let was = before.map(|before| ComparedContact::new(&before));
            let rises = |compared: &ComparedContact, score: i32| {
                was.as_ref().is_none_or(|was| was.similarity(compared).score < score)
            };
            let standing = alike.found.into_iter().filter_map(|(contact, _, similarity)| {
                rises(&ComparedContact::new(&ContactDraft::of(&contact)), similarity.score).then_some(similarity.score)
            });
            let beside = others.iter().map(|other: &ComparedContact| asked.similarity(other).score);
            let score = standing.chain(beside).max().unwrap_or_default();
            if refuse > 0 && score >= refuse {
                return Err(ContactRefusal::CertainDuplicate.into());
            }
            if warn > 0 && score >= warn {
                let reason = reason.ok_or(ContactRefusal::LikelyDuplicate)?;
                told.push(history::change(CONTACT_REASON, None, Some(reason.into())));
            }
            others.push(asked);
        }
        Ok(told)
    }
}

/// A draft without what the actor would find out of others by it.
fn known(draft: ContactDraft, access: &Access<'_>) -> ContactDraft {
    let reads = |field: &str| access.reads(field);
    let phones = reads("customer.phones") && reads("contact.phones");
    ContactDraft {
        phones: if phones { draft.phones } else { Vec::new() },
        email: draft.email.filter(|_| reads("contact.email")),
        birthday: draft.birthday.filter(|_| reads("contact.birthday")),
        address: draft.address.filter(|_| reads("contact.address")),
        ..draft
    }
}

/// A draft as it is compared.
fn cleaned(draft: &ContactDraft) -> Result<ContactDraft, Error> {
    let mut check = Checker::new();
    let name = typed(&mut check, "name", Some(&draft.name), 100).unwrap_or_default();
    let phones = typed_phones(&mut check, &draft.phones);
    let email = typed(&mut check, "email", draft.email.as_ref(), 200);
    let address = typed(&mut check, "address", draft.address.as_ref(), 300);
    if let Some(birthday) = &draft.birthday {
        check.ensure(birthday.is_possible(), || Violation::out_of_range("birthday"));
    }
    check.done()?;
    Ok(ContactDraft { name, phones, email, address, birthday: draft.birthday, contact: draft.contact })
}

impl ContactReason {
    /// In words.
    fn told(self) -> DuplicateReason {
        let (code, english, chinese) = match self {
            ContactReason::SameName => ("same_name", "The same name", "姓名相同"),
            ContactReason::SimilarName => ("similar_name", "A similar name", "姓名相近"),
            ContactReason::SamePhone => ("same_phone", "The same phone", "电话相同"),
            ContactReason::SameEmail => ("same_email", "The same e-mail address", "邮箱相同"),
            ContactReason::SameBirthday => ("same_birthday", "The same birthday", "生日相同"),
            ContactReason::SimilarBirthday => ("similar_birthday", "A similar birthday", "生日相近"),
            ContactReason::SameAddress => ("same_address", "The same address", "地址相同"),
            ContactReason::SimilarAddress => ("similar_address", "A similar address", "地址相近"),
        };
        DuplicateReason::new(code, english, chinese)
    }
}
