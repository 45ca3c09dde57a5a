//! Duplicates 查重 (D1-D7): names of companies understood (`name`), how alike two of them are (`similarity`), an index by
//! which they are found (`gram`, `index`, `look`), the check on entry (`check`), contacts (`contact`, `contact_index`,
//! `contact_check`), and groups of duplicates among all customers (`blocking`, `grouping`, `search`, `group`, `dismissed`).

mod blocking;
mod check;
mod contact;
mod contact_check;
mod contact_index;
mod dismissed;
mod entry;
mod gram;
mod group;
mod grouping;
mod index;
mod key;
mod look;
mod lookup;
mod name;
mod postings;
mod rule;
mod search;
mod similarity;

pub use check::{DuplicateCheck, DuplicateDraft, DuplicateHit, DuplicateReason, DuplicateVerdict};
pub use contact::{ComparedContact, ContactDraft, ContactReason, ContactSimilarity};
pub(crate) use contact_check::Entered;
pub use contact_check::{ContactCheck, ContactHit};
pub(crate) use contact_index::{CONTACT_KEY, contact_keys_of};
pub(crate) use dismissed::DISMISSED;
pub(crate) use entry::{MOST_FORMER, long_id, short_id};
pub(crate) use group::{DUPLICATE_GROUP, DUPLICATE_SEARCH};
pub use group::{
    DuplicateGroup, DuplicateGroupPage, DuplicateMember, DuplicatePair, DuplicateSearch, DuplicateSearchState,
};
pub(crate) use index::{NAME_ENTRY, NAME_GRAM, NAME_INDEX, NAME_OF, NAME_TAIL, new_index};
pub(crate) use key::{MATCH_KEY, digits, national, phone_key};
pub(crate) use lookup::LOOKUP;
pub use lookup::{DuplicateLookup, DuplicateLookupPage};
pub use name::{CompanyName, NAME_VERSION};
pub(crate) use rule::exclusive_values;
pub use similarity::{CERTAIN, Compared, NameReason, NameSimilarity};

/// Understands the name of a company.
///
/// ```
/// let name = crm_core::duplicate::company_name("浙江省杭州市云帆科技（集团）有限公司");
/// assert_eq!((name.region.as_str(), name.brand.as_str(), name.group.as_str()), ("浙江杭州", "云帆", "集团"));
/// ```
pub fn company_name(name: &str) -> CompanyName {
    CompanyName::of(name)
}

/// How alike two names of companies are.
///
/// ```
/// use crm_core::duplicate::{NameReason, name_similarity};
/// let alike = name_similarity("杭州云帆科技有限公司", "杭州雲帆科技股份有限公司");
/// assert_eq!((alike.score, alike.reasons), (997, vec![NameReason::SameCore]));
/// ```
pub fn name_similarity(one: &str, other: &str) -> NameSimilarity {
    Compared::new(CompanyName::of(one)).similarity(&Compared::new(CompanyName::of(other)))
}

/// How alike two contacts are: by name, phones, e-mail, birthday and address.
///
/// ```
/// use crm_core::duplicate::{ContactDraft, ContactReason, contact_similarity};
/// let contact = |name: &str, phone: &str| ContactDraft {
///     name: name.to_owned(),
///     phones: vec![phone.to_owned()],
///     ..ContactDraft::default()
/// };
/// let alike = contact_similarity(&contact("王小明", "13800138000"), &contact("Wang Xiaoming", "+86 138 0013 8000"));
/// assert_eq!((alike.score, alike.reasons), (930, vec![ContactReason::SameName, ContactReason::SamePhone]));
/// ```
pub fn contact_similarity(one: &ContactDraft, other: &ContactDraft) -> ContactSimilarity {
    ComparedContact::new(one).similarity(&ComparedContact::new(other))
}
