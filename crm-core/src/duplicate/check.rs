//! The check 查重 on entry (D1): whom something that is typed is like, and what of it is told.

use super::key::{values, values_of};
use super::look::{Asked, Likeness};
use super::lookup::LOOKUP;
use super::name::CompanyName;
use super::similarity::NameReason;
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerKind, CustomerStatus};
use crate::error::{Error, Language};
use crate::operations::op;
use crate::organisation::DuplicateSettings;
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{Comparison, Filter, Read, Search};
use crate::text::Checker;
use crate::work::{Stop, Work, counted};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// How many customers that the reader may open are told, at the most.
const MOST: usize = 10;
/// How many others.
const MOST_HIDDEN: usize = 5;
/// What the same credit code is worth: sites of one entity share it.
const SAME_CREDIT_CODE: i32 = 980;
/// A name that tells its legal form is the more likely one that is meant, of two that are as much alike.
const WHOLE_NAME: i32 = 12;
/// How many characters of both brands must be the same before hidden customers are told: nobody fishes with a place,
/// a trade or a legal form.
const DISTINGUISHING: usize = 2;

/// What is known of a customer that may be there already. Only the name must be given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct DuplicateDraft {
    /// The name as far as it is typed, at most 200 characters.
    pub name: String,
    /// Company (when absent) or person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub kind: Option<CustomerKind>,
    /// The short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub short_name: Option<String>,
    /// 统一社会信用代码; what is none is not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub credit_code: Option<String>,
    /// Phones, at most 10.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub phones: Vec<String>,
    /// The website.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub website: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub email: Option<String>,
    /// The customer that is being edited: it is no duplicate of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub customer: Option<CustomerId>,
}

impl DuplicateDraft {
    /// A company of a name, with nothing else known.
    pub fn named(name: impl Into<String>) -> Self {
        DuplicateDraft { name: name.into(), ..DuplicateDraft::default() }
    }
}

/// How sure it is that two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum DuplicateVerdict {
    /// 可能重复
    Possible,
    /// 很可能重复
    Likely,
    /// 基本确定重复
    Certain,
}

/// Why two are alike, or less alike than they look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateReason {
    /// What to branch on: the codes of [`NameReason`], `same_credit_code`, `same_phone`, `same_email`, `same_domain`; later
    /// versions may know more.
    pub code: String,
    /// In English.
    pub english: String,
    /// 中文
    pub chinese: String,
}

impl DuplicateReason {
    fn new(code: &str, english: &str, chinese: &str) -> Self {
        DuplicateReason { code: code.to_owned(), english: english.to_owned(), chinese: chinese.to_owned() }
    }

    /// The text in a language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }

    fn of_name(reason: NameReason) -> Self {
        let (code, english, chinese) = match reason {
            NameReason::SameName => ("same_name", "The same name", "名称相同"),
            NameReason::SameCore => ("same_core", "The same name but for place and legal form", "字号与行业相同"),
            NameReason::SameSound => ("same_sound", "The name sounds the same", "名称读音相同"),
            NameReason::SimilarLetters => ("similar_letters", "The names are similar", "名称文字相近"),
            NameReason::OtherRegion => ("other_region", "In another place", "地区不同"),
            NameReason::OtherBranch => ("other_branch", "A branch, or another one", "分支机构不同"),
        };
        DuplicateReason::new(code, english, chinese)
    }

    fn of_value(value: &str) -> Option<Self> {
        let (kind, _) = value.split_once(':')?;
        Some(match kind {
            "credit" => DuplicateReason::new("same_credit_code", "The same credit code", "统一社会信用代码相同"),
            "phone" => DuplicateReason::new("same_phone", "The same phone", "电话相同"),
            "email" => DuplicateReason::new("same_email", "The same e-mail address", "邮箱相同"),
            _ => DuplicateReason::new("same_domain", "The same domain of website or e-mail", "网站或邮箱域名相同"),
        })
    }
}

/// A customer that may be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateHit {
    /// The customer; absent: the reader may not open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Its name.
    pub name: String,
    /// Its owner; absent where the settings don't tell him of customers that the reader may not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// His name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// From 0 to 1,000, which is the same.
    pub score: i32,
    /// What the score means by the settings.
    pub verdict: DuplicateVerdict,
    /// Why, the strongest first. Of a customer that the reader may not open only of name and credit code.
    pub reasons: Vec<DuplicateReason>,
}

/// Whom a draft is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateCheck {
    /// The customers, the most alike first.
    pub hits: Vec<DuplicateHit>,
    /// Whether every customer was looked at. Customers of before an update, and thousands that come at once, are found by
    /// their names only after some calls of `tick`.
    pub complete: bool,
    /// Whether customers are left out that the reader may not open, because he asked for too many today.
    pub limited: bool,
}

/// A customer with how alike it is: to who may open it, and to who may not.
struct Scored {
    customer: Customer,
    visible: bool,
    score: i32,
    reasons: Vec<DuplicateReason>,
    rank: (Reverse<i32>, usize),
    /// Whether both brands have characters in common that tell them from others.
    distinguished: bool,
}

/// The score and the reasons, with all that both have in common or with what everyone may learn.
fn score(likeness: &Likeness, values: &[&String], visible: bool) -> (i32, Vec<DuplicateReason>) {
    let mut score = likeness.score;
    let mut reasons = Vec::new();
    let has = |kind: &str| values.iter().any(|value| value.starts_with(kind));
    let told = |kind: &str| {
        values.iter().find(|value| value.starts_with(kind)).and_then(|value| DuplicateReason::of_value(value))
    };
    if has("credit:") {
        score = score.max(SAME_CREDIT_CODE);
        reasons.extend(told("credit:"));
    }
    if likeness.score > 0 {
        reasons.extend(likeness.reasons.iter().copied().map(DuplicateReason::of_name));
    }
    if visible {
        // Each makes a similar name more likely, and is something by itself.
        for (kind, more, least) in [("phone:", 150, 700), ("email:", 150, 750), ("domain:", 100, 650)] {
            if has(kind) {
                score = (score + more).min(score.max(999)).max(least);
                reasons.extend(told(kind));
            }
        }
    }
    (score, reasons)
}

impl DuplicateSettings {
    fn verdict(&self, score: i32) -> Option<DuplicateVerdict> {
        Some(match score {
            score if score >= self.certain => DuplicateVerdict::Certain,
            score if score >= self.likely => DuplicateVerdict::Likely,
            score if score >= self.possible => DuplicateVerdict::Possible,
            _ => return None,
        })
    }
}

impl Session<'_> {
    /// Whom something that is being entered is like 查重 (D1): customers that the actor may open, at most ten, with
    /// everything that both have in common; of the others, at most five, the name, the owner if the settings say so, and what name
    /// and credit code say. Those are told only where the name has two characters that tell it from others, or by its credit code, and
    /// so often a day as the settings allow; each time is noted down.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, DuplicateDraft, DuplicateVerdict, NewCustomer, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![crm_core::PersonInput::new("alice", "Alice")?], crm_core::SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// crm.as_user(&alice).create_customer(NewCustomer::named("杭州云帆科技有限公司"))?;
    /// let check = crm.as_user(&alice).check_duplicates(DuplicateDraft::named("云凡科技（杭州）"))?;
    /// assert_eq!(check.hits[0].name, "杭州云帆科技有限公司");
    /// assert_eq!(check.hits[0].reasons[0].code, "same_sound");
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::Invalid`].
    pub fn check_duplicates(&self, draft: DuplicateDraft) -> Result<DuplicateCheck, Error> {
        let step = |again: bool| {
            let mut long_tail = false;
            let check = self.command(
                &op::check_duplicates,
                &draft,
                |work| {
                    let (check, long) = work.check_draft(&draft, true)?;
                    long_tail = long && !again && !work.joined() && !work.context.closed();
                    if long_tail {
                        // It is done again at once: this time is not noted down.
                        work.changes.writes.clear();
                    }
                    Ok(check)
                },
                // A repeat is told the same things, and not counted again.
                |work, _| Ok(work.check_draft(&draft, false)?.0),
            )?;
            Ok::<_, Error>((check, long_tail))
        };
        let (check, long_tail) = step(false)?;
        if !long_tail {
            return Ok(check);
        }
        // Nobody has ticked for long.
        self.fold_names(4)?;
        Ok(step(true)?.0)
    }
}

impl Work<'_> {
    fn check_draft(&mut self, draft: &DuplicateDraft, noted: bool) -> Result<(DuplicateCheck, bool), Stop> {
        let asked = asked(draft)?;
        let mut found = self.look_up(&asked)?;
        if let Some(own) = draft.customer {
            found.customers.remove(&own.to_string());
        }
        let scored = self.scored(&asked, found.customers)?;
        let settings = self.context.settings().duplicates.clone();
        let mut check = DuplicateCheck { hits: Vec::new(), complete: found.complete, limited: false };
        let mut hidden = Vec::new();
        let mut shown = 0;
        for one in scored {
            let Some(verdict) = settings.verdict(one.score) else { continue };
            let by_credit_code = one.reasons.first().is_some_and(|reason| reason.code == "same_credit_code");
            let told = match one.visible {
                true => shown < MOST,
                false => hidden.len() < MOST_HIDDEN && (one.distinguished || by_credit_code),
            };
            if !told {
                continue;
            }
            if one.visible {
                shown += 1;
            } else {
                hidden.push(one.customer.id);
            }
            let owner = Some(&one.customer.owner).filter(|_| one.visible || settings.show_owner);
            check.hits.push(DuplicateHit {
                customer: one.visible.then_some(one.customer.id),
                name: one.customer.name.clone(),
                owner: owner.cloned(),
                owner_name: owner.and_then(|owner| self.context.people.get(owner)).map(|person| person.name.clone()),
                score: one.score,
                verdict,
                reasons: one.reasons,
            });
        }
        if !hidden.is_empty() && noted && !self.note_lookup(draft, &hidden)? {
            check.hits.retain(|hit| hit.customer.is_some());
            check.limited = true;
        }
        Ok((check, found.long_tail))
    }

    /// The customers that may be meant, the most alike first.
    fn scored(
        &mut self,
        asked: &Asked,
        found: std::collections::BTreeMap<String, Likeness>,
    ) -> Result<Vec<Scored>, Stop> {
        let telling = asked.names.iter().map(CompanyName::distinguishing).max().unwrap_or_default() >= DISTINGUISHING;
        let least = self.context.settings().duplicates.possible;
        let mut likely: Vec<(i32, String, Likeness)> = Vec::new();
        for (id, likeness) in found {
            let best = score(&likeness, &likeness.values.iter().collect::<Vec<_>>(), true).0;
            if best >= least {
                likely.push((best, id, likeness));
            }
        }
        likely.order_by(|a, b| b.0.cmp(&a.0));
        // Some may be gone, or hidden.
        likely.truncate(3 * (MOST + MOST_HIDDEN));
        let mut ids: Vec<String> = likely.iter().map(|(_, id, _)| id.clone()).collect();
        ids.sort();
        let standing = self.get(&CUSTOMER, ids)?;
        let reached = self.reach_of_rows(&standing)?;
        let mut scored = Vec::new();
        for (row, reach) in standing.iter().zip(reached) {
            let customer = Customer::from_row(row)?;
            let Some((_, _, likeness)) = likely.iter().find(|(_, id, _)| *id == row.id) else { continue };
            if customer.status != CustomerStatus::Active {
                continue;
            }
            // What it has today.
            let own = values_of(&customer);
            let values: Vec<&String> = likeness.values.iter().filter(|value| own.contains(value)).collect();
            let visible = reach.is_some();
            let (score, reasons) = score(likeness, &values, visible);
            let preferred = score + if likeness.whole { WHOLE_NAME } else { 0 };
            let rank = (Reverse(preferred), likeness.length);
            let distinguished = telling && likeness.brand >= DISTINGUISHING;
            scored.push(Scored { customer, visible, score, reasons, rank, distinguished });
        }
        scored.order_by(|a, b| (a.rank, a.customer.id).cmp(&(b.rank, b.customer.id)));
        Ok(scored)
    }

    /// Notes down who was told of whom that he may not open; says whether he may be told so today.
    fn note_lookup(&mut self, draft: &DuplicateDraft, told: &[CustomerId]) -> Result<bool, Stop> {
        let person = self.actor().name();
        let zone = self.context.settings().time_zone;
        let since = zone.start_of(zone.day_of(self.now)).millis();
        let most = i64::from(self.context.settings().duplicates.lookups_per_day);
        let today = Search::of(&LOOKUP)
            .within("person", vec![person.as_str().into()])
            .filtered(Filter::All(vec![Filter::Is("at", Comparison::AtLeast, since.into())]))
            .ordered("at", crate::store::Direction::Ascending);
        let so_far = counted(self.read(vec![Read::Count { search: today, cap: most + 1 }])?.into_iter().next());
        if so_far.is_none_or(|so_far| so_far >= most) {
            return Ok(false);
        }
        self.note_down(&person, draft, told)?;
        Ok(true)
    }
}

/// What a draft asks for.
fn asked(draft: &DuplicateDraft) -> Result<Asked, Error> {
    let mut check = Checker::new();
    let line = |check: &mut Checker, field: &str, text: &str, most: i64| match text.trim() {
        "" => String::new(),
        text => check.line(field, text, most),
    };
    let name = line(&mut check, "name", &draft.name, 200);
    let short_name = line(&mut check, "short_name", draft.short_name.as_deref().unwrap_or_default(), 60);
    let credit_code = line(&mut check, "credit_code", draft.credit_code.as_deref().unwrap_or_default(), 60);
    let website = line(&mut check, "website", draft.website.as_deref().unwrap_or_default(), 200);
    let email = line(&mut check, "email", draft.email.as_deref().unwrap_or_default(), 200);
    let phones = check.list("phones", &draft.phones, 10, 40);
    check.done()?;
    let person = draft.kind == Some(CustomerKind::Person);
    let understood = |name: &String| if person { CompanyName::of_person(name) } else { CompanyName::of(name) };
    let names: Vec<CompanyName> = [name, short_name].iter().map(understood).collect();
    // The name stands first, also where there is none: what stands behind is a short name.
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let (code, website, email) = (some(&credit_code), some(&website), some(&email));
    let code = code.filter(|code| code.len() == 18 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let values = values(code.as_deref(), phones.iter().map(String::as_str), email.as_deref(), website.as_deref());
    Ok(Asked { names, person, values })
}
