//! The check 查重 on entry (D1): whom something that is typed is like, and what of it is told.

use super::entry::{Entry, understood};
use super::key::{oddity, values, values_of};
use super::look::{Asked, Likeness, compare};
use super::lookup::LOOKUP;
use super::similarity::{CERTAIN, Compared, NameReason};
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerKind, CustomerStatus, MOST_PHONES, NewCustomer};
use crate::error::{Error, Language};
use crate::operations::op;
use crate::organisation::DuplicateSettings;
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::sorted::Sort as _;
use crate::store::{Comparison, Direction, Filter, Read, Search};
use crate::text::{Checker, fold};
use crate::work::{Stop, Work, counted};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many customers that the reader may open are told, at the most.
const MOST: usize = 10;
/// How many others.
const MOST_HIDDEN: usize = 5;
/// How many are read: some may be gone.
const CANDIDATES: usize = 40;
/// What the same credit code is worth: sites of one entity share it.
const SAME_CREDIT_CODE: i32 = 980;
/// A name that tells its legal form is the more likely one that is meant, of two that are as much alike.
const WHOLE_NAME: i32 = 12;

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
    /// What to branch on: the codes of [`NameReason`], `same_credit_code`, `same_phone`, `same_email`, `same_domain`; of contacts
    /// those of [`ContactReason`](super::ContactReason); later versions may know more.
    pub code: String,
    /// In English.
    pub english: String,
    /// 中文
    pub chinese: String,
}

impl DuplicateReason {
    pub(super) fn new(code: &str, english: &str, chinese: &str) -> Self {
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
    /// Whether it is in a pool 客户池.
    #[serde(default)]
    pub in_pool: bool,
    /// Its owner, of one in a pool the former one; absent where the settings don't tell him of customers that the reader may not open.
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
    /// Whether every customer is there to be found. Customers of before an update, and thousands that come at once, are found by
    /// their names only after some calls of `tick`.
    pub complete: bool,
    /// Whether customers that the reader may not open are left out, because he was told of such as often today as the settings
    /// allow. It does not say whether there are any.
    pub limited: bool,
    /// What is odd about the draft: `credit_code.malformed` (it was not looked for), `credit_code.check_digit` (some real codes have
    /// it wrong); later versions may know more.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A customer with how alike it is: to who may open it, and to who may not.
struct Scored {
    customer: Customer,
    visible: bool,
    score: i32,
    reasons: Vec<DuplicateReason>,
    rank: (Reverse<i32>, usize),
    /// See [`Alike::telling`](super::look::Alike).
    telling: bool,
}

/// The score and the reasons, with all that both have in common or with what everyone may learn.
pub(super) fn score(likeness: &Likeness, values: &[&String], visible: bool) -> (i32, Vec<DuplicateReason>) {
    let alike = if visible { &likeness.any } else { &likeness.full };
    let mut score = alike.score;
    let mut reasons = Vec::new();
    let has = |kind: &str| values.iter().any(|value| value.starts_with(kind));
    let told = |kind: &str| {
        values.iter().find(|value| value.starts_with(kind)).and_then(|value| DuplicateReason::of_value(value))
    };
    if has("credit:") {
        score = score.max(SAME_CREDIT_CODE);
        reasons.extend(told("credit:"));
    }
    if alike.score > 0 {
        reasons.extend(alike.reasons.iter().copied().map(DuplicateReason::of_name));
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
    pub(super) fn verdict(&self, score: i32) -> Option<DuplicateVerdict> {
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
    /// so often a day as the settings allow; each time is noted down. It is asked anew each time, also under an idempotency key.
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
        self.check_key()?;
        let session = Session::clone(self).not_idempotent();
        let step = |last: bool| {
            let mut long_tail = false;
            let check = session.command(
                &op::check_duplicates,
                &draft,
                |work| {
                    let (check, long) = work.check_draft(&draft)?;
                    long_tail = long && !last && !work.joined() && !work.context.closed();
                    if long_tail {
                        // It is done again at once: this time is not noted down.
                        work.changes.writes.clear();
                    }
                    Ok(check)
                },
                |work, _| Ok(work.check_draft(&draft)?.0),
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
    fn check_draft(&mut self, draft: &DuplicateDraft) -> Result<(DuplicateCheck, bool), Stop> {
        let (asked, warnings) = asked(draft)?;
        let found = self.look_up(&asked)?;
        let scored = self.scored(&asked, found.customers)?;
        let settings = self.context.settings().duplicates.clone();
        // Whether he may be told is known before anything is found: it says nothing of what there is.
        let limited = self.has_looked_up_enough()?;
        let mut check = DuplicateCheck { hits: Vec::new(), complete: found.complete, limited, warnings };
        let mut hidden = Vec::new();
        let mut shown = 0;
        for one in scored {
            let Some(verdict) = settings.verdict(one.score) else { continue };
            let by_credit_code = one.reasons.first().is_some_and(|reason| reason.code == "same_credit_code");
            let told = match one.visible {
                true => {
                    let own = draft.customer.is_some_and(|own| own == one.customer.id || one.customer.has_been(own));
                    shown < MOST && !own
                }
                false => !limited && hidden.len() < MOST_HIDDEN && (one.telling || by_credit_code),
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
                in_pool: one.customer.status == CustomerStatus::Pooled,
                owner: owner.cloned(),
                owner_name: owner.and_then(|owner| self.context.people.get(owner)).map(|person| person.name.clone()),
                score: one.score,
                verdict,
                reasons: one.reasons,
            });
        }
        if !hidden.is_empty() {
            self.note_down(draft, &hidden)?;
        }
        Ok((check, found.long_tail))
    }

    /// The customers that may be meant, the most alike first.
    fn scored(&mut self, asked: &Asked, found: BTreeMap<String, Likeness>) -> Result<Vec<Scored>, Stop> {
        let least = self.context.settings().duplicates.possible;
        // Ranked once for who may open them and once for who may not: what he may not learn pushes nobody out.
        let mut ids = Vec::new();
        for visible in [true, false] {
            let mut likely: Vec<(i32, &String)> = Vec::new();
            for (id, likeness) in &found {
                let values: Vec<&String> = likeness.values.iter().collect();
                let score = if likeness.holds_name { CERTAIN } else { score(likeness, &values, visible).0 };
                if score >= least {
                    likely.push((score, id));
                }
            }
            likely.order_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
            ids.extend(likely.into_iter().take(CANDIDATES).map(|(_, id)| id.clone()));
        }
        ids.sort();
        ids.dedup();
        let standing = self.get(&CUSTOMER, ids)?;
        let reached = self.reach_of_rows(&standing)?;
        let names: Vec<Compared> = asked.names.iter().cloned().map(Compared::new).collect();
        let mut scored = Vec::new();
        for (row, reached) in standing.iter().zip(reached) {
            let customer = Customer::from_row(row)?;
            let Some(likeness) = found.get(&row.id) else { continue };
            if !customer.is_live() {
                continue;
            }
            // What it is called and has today.
            let likeness =
                Likeness { values: likeness.values.clone(), ..compare(&names, asked.person, Entry::of(&customer)) };
            let own = values_of(&customer);
            let mut values: Vec<&String> = likeness.values.iter().filter(|value| own.contains(value)).collect();
            let pool = self.pool_of(&customer)?;
            let visible = pool.is_some() || reached.is_some_and(|reached| reached.opens(SharePanel::Information));
            if let Some(pool) = pool.filter(|pool| !self.access().is_ok_and(|access| access.administers(pool.id))) {
                values.retain(|value| !pool.hides_value(value));
            }
            let (score, reasons) = score(&likeness, &values, visible);
            let alike = if visible { &likeness.any } else { &likeness.full };
            let preferred = score + if alike.whole { WHOLE_NAME } else { 0 };
            let rank = (Reverse(preferred), alike.length);
            let telling = alike.telling;
            scored.push(Scored { customer, visible, score, reasons, rank, telling });
        }
        scored.order_by(|a, b| (a.rank, a.customer.id).cmp(&(b.rank, b.customer.id)));
        Ok(scored)
    }

    /// Notes down that the actor was told that a customer which he tries out is refused for its likeness to another one. Where one that he may
    /// open is refused for alone, he learned of no other. Not each that is meant is found again: then it is noted down without one.
    pub(crate) fn note_trial(&mut self, new: &NewCustomer, code: &str) -> Result<(), Stop> {
        if self.access()?.sees_all() {
            return Ok(());
        }
        let mut draft = DuplicateDraft {
            kind: new.kind,
            short_name: new.short_name.clone(),
            ..DuplicateDraft::named(new.name.clone())
        };
        // A value in common makes a name no more alike where the name alone was refused.
        if ["same_credit_code", "same_phone"].contains(&code) {
            (draft.credit_code, draft.phones) = (new.credit_code.clone(), new.phones.clone());
        }
        let (asked, _) = asked(&draft)?;
        let found = self.look_up(&asked)?;
        let scored = self.scored(&asked, found.customers)?;
        let settings = self.context.settings().duplicates.clone();
        let explains = |one: &Scored| match code {
            // A name that is only written in another order is another one.
            "same_name" => fold(&one.customer.name) == fold(&new.name),
            "likely_duplicate" => one.score >= settings.warn_from,
            "certain_duplicate" => one.score >= settings.refuse_from,
            code => one.reasons.iter().any(|reason| reason.code == code),
        };
        if scored.iter().any(|one| one.visible && explains(one)) {
            return Ok(());
        }
        let hidden = scored.iter().filter(|one| !one.visible && settings.verdict(one.score).is_some());
        let hidden: Vec<CustomerId> = hidden.take(MOST_HIDDEN).map(|one| one.customer.id).collect();
        self.note_down(&draft, &hidden)
    }

    /// Whether the actor was told of customers that he may not open as often today as he may be.
    pub(crate) fn has_looked_up_enough(&mut self) -> Result<bool, Stop> {
        if self.access()?.sees_all() {
            return Ok(false);
        }
        let person = self.actor().name();
        let zone = self.context.settings().time_zone;
        let since = zone.start_of(zone.day_of(self.now)).millis();
        let most = i64::from(self.context.settings().duplicates.lookups_per_day);
        let today = Search::of(&LOOKUP)
            .within("person", vec![person.into()])
            .filtered(Filter::All(vec![Filter::Is("at", Comparison::AtLeast, since.into())]))
            .ordered("at", Direction::Ascending);
        let so_far = counted(self.read(vec![Read::Count { search: today, cap: most + 1 }])?.into_iter().next());
        Ok(so_far.is_none_or(|so_far| so_far >= most))
    }
}

/// A line of a draft; none where nothing is typed yet.
pub(super) fn typed(check: &mut Checker, field: &str, text: Option<&String>, most: i64) -> Option<String> {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty())?;
    Some(check.line(field, text, most))
}

/// The phones of a draft.
pub(super) fn typed_phones(check: &mut Checker, phones: &[String]) -> Vec<String> {
    let phones: Vec<String> = phones.iter().filter(|phone| !phone.trim().is_empty()).cloned().collect();
    check.list("phones", &phones, MOST_PHONES, 40)
}

/// What a draft asks for.
fn asked(draft: &DuplicateDraft) -> Result<(Asked, Vec<String>), Error> {
    let mut check = Checker::new();
    let name = typed(&mut check, "name", Some(&draft.name), 200).unwrap_or_default();
    let short_name = typed(&mut check, "short_name", draft.short_name.as_ref(), 60).unwrap_or_default();
    let credit_code = typed(&mut check, "credit_code", draft.credit_code.as_ref(), 60);
    let website = typed(&mut check, "website", draft.website.as_ref(), 200);
    let email = typed(&mut check, "email", draft.email.as_ref(), 200);
    let phones = typed_phones(&mut check, &draft.phones);
    check.done()?;
    let person = draft.kind == Some(CustomerKind::Person);
    // The name stands first, also where there is none: what stands behind is a short name.
    let names = [&name, &short_name].map(|name| understood(name, person)).to_vec();
    // Full width and lower case are the same code.
    let code = credit_code.map(|code| fold(&code).to_uppercase());
    let odd = code.as_deref().and_then(oddity);
    let warnings = odd.map(|odd| format!("credit_code.{odd}")).into_iter().collect();
    let code = code.filter(|_| odd != Some("malformed"));
    let values = values(code.as_deref(), phones.iter().map(String::as_str), email.as_deref(), website.as_deref());
    let exact = (!name.is_empty() && !person).then_some(name);
    Ok((Asked { names, person, exact, values }, warnings))
}
