//! Duplicates 查重 (D1-D7): names of companies understood, and how alike two of them are. Pure: nothing is read.

mod name;
mod similarity;

pub use name::{CompanyName, NAME_VERSION};
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
