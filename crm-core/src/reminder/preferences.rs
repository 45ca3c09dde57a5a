//! What a person wants to be told of, other than his organisation.

use super::settings::{ReminderLeads, check_leads};
use super::{ReminderKind, ReminderRefusal};
use crate::actor::UserId;
use crate::crm::Session;
use crate::error::Error;
use crate::operations::op;

use crate::record::{Record as _, plain_record};
use crate::sorted::Gather as _;
use crate::store::{Kind, Search};
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What people want other than their organisation, by person.
pub(crate) static PREFERENCES: Kind = Kind { since: super::SINCE, ..Kind::plain("reminder_preferences") };

/// What a person wants to be told of; what is absent is as in the settings of the organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct ReminderPreferences {
    /// 合同到期: so many days before a contract ends, each 0 to 365, at most 10 of them; none: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contract_end: Option<Vec<i32>>,
    /// 应收到期
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalment_due: Option<Vec<i32>>,
    /// 应收逾期
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub instalment_overdue: Option<bool>,
    /// 生日
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub birthday: Option<Vec<i32>>,
    /// 计划跟进
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub follow_up_due: Option<bool>,
    /// 即将回收
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub recycle_warning: Option<bool>,
    /// 共享到期
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub share_end: Option<Vec<i32>>,
    /// 收到回复
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub reply: Option<bool>,
    /// The version, to be given back with a change; 0 before the first.
    pub version: i64,
}

/// As they are stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    person: UserId,
    wants: ReminderPreferences,
    #[serde(default)]
    version: i64,
}

plain_record!(Kept, &PREFERENCES, |kept| kept.person.to_string());

impl ReminderPreferences {
    /// The leads that hold for him.
    fn over(&self, settings: &ReminderLeads) -> ReminderLeads {
        let list = |own: &Option<Vec<i32>>, others: &Vec<i32>| own.as_ref().unwrap_or(others).clone();
        ReminderLeads {
            contract_end: list(&self.contract_end, &settings.contract_end),
            instalment_due: list(&self.instalment_due, &settings.instalment_due),
            instalment_overdue: self.instalment_overdue.unwrap_or(settings.instalment_overdue),
            birthday: list(&self.birthday, &settings.birthday),
            follow_up_due: self.follow_up_due.unwrap_or(settings.follow_up_due),
            recycle_warning: self.recycle_warning.unwrap_or(settings.recycle_warning),
            share_end: list(&self.share_end, &settings.share_end),
            reply: self.reply.unwrap_or(settings.reply),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let mut check = Checker::new();
        let lists = [
            ("contract_end", &self.contract_end),
            ("instalment_due", &self.instalment_due),
            ("birthday", &self.birthday),
            ("share_end", &self.share_end),
        ];
        for (field, leads) in lists {
            check_leads(&mut check, field, leads.as_deref().unwrap_or_default());
        }
        check.done()
    }
}

/// What holds for whom.
pub(super) struct Leads {
    settings: ReminderLeads,
    own: BTreeMap<UserId, ReminderLeads>,
}

impl Leads {
    /// Whether a person is told of a kind so many days before.
    pub(super) fn tells(&self, person: &UserId, kind: ReminderKind, days_before: i32) -> bool {
        self.own.get(person).unwrap_or(&self.settings).of(kind).contains(&days_before)
    }

    /// Whether a person is told of a kind at all.
    pub(super) fn wants(&self, person: &UserId, kind: ReminderKind) -> bool {
        !self.own.get(person).unwrap_or(&self.settings).of(kind).is_empty()
    }

    /// Every lead that anybody has of a kind, in order.
    pub(super) fn all(&self, kind: ReminderKind) -> Vec<i32> {
        let everybody = std::iter::once(&self.settings).chain(self.own.values());
        everybody.flat_map(|leads| leads.of(kind)).copied().into_set().into_iter().collect()
    }
}

impl Session<'_> {
    /// What the actor wants to be told of, other than the settings say.
    ///
    /// # Errors
    /// `no_inbox` for the system, which is nobody.
    pub fn reminder_preferences(&self) -> Result<ReminderPreferences, Error> {
        self.query(&op::reminder_preferences, |work| {
            let person = work.reminded()?;
            Ok(work.kept_preferences(&person)?.map(|kept| kept.told()).unwrap_or_default())
        })
    }

    /// Says what the actor wants to be told of. It holds from the next reminder on.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Conflict`] when he changed them since the version given; `no_inbox` for the system.
    pub fn change_reminder_preferences(&self, preferences: ReminderPreferences) -> Result<ReminderPreferences, Error> {
        self.command(
            &op::change_reminder_preferences,
            &preferences,
            |work| {
                preferences.check()?;
                let person = work.reminded()?;
                let known = work.kept_preferences(&person)?;
                let version = known.as_ref().map_or(0, |known| known.version);
                if preferences.version != version {
                    let (record, id) = ("reminder_preferences".to_owned(), person.to_string());
                    return Err(Error::Conflict { record, id }.into());
                }
                let wants = ReminderPreferences { version: 0, ..preferences.clone() };
                let row = Kept { person, wants, version: version.max(1) }.to_row()?;
                match known {
                    Some(_) => work.update(&PREFERENCES, row),
                    None => work.insert(&PREFERENCES, row),
                }
                Ok(ReminderPreferences { version: version + 1, ..preferences.clone() })
            },
            |work, _| {
                let person = work.reminded()?;
                Ok(work.kept_preferences(&person)?.map(|kept| kept.told()).unwrap_or_default())
            },
        )
    }
}

impl Kept {
    fn told(self) -> ReminderPreferences {
        ReminderPreferences { version: self.version, ..self.wants }
    }
}

impl Work<'_> {
    /// The actor, who has an inbox.
    pub(super) fn reminded(&self) -> Result<UserId, Stop> {
        Ok(self.access()?.person().ok_or(ReminderRefusal::NoPerson)?.id.clone())
    }

    fn kept_preferences(&mut self, person: &UserId) -> Result<Option<Kept>, Stop> {
        let row = self.get_one(&PREFERENCES, person.to_string())?;
        Ok(row.map(|row| Kept::from_row(&row)).transpose()?)
    }

    /// What holds for everybody.
    pub(super) fn all_leads(&mut self) -> Result<Leads, Stop> {
        let rows = self.find_all(Search::of(&PREFERENCES))?;
        self.leads_out_of(&rows)
    }

    /// What holds for some.
    pub(super) fn leads_of(&mut self, people: &[UserId]) -> Result<Leads, Stop> {
        let ids = people.iter().map(ToString::to_string).into_set().into_iter().collect();
        let rows = self.get(&PREFERENCES, ids)?;
        self.leads_out_of(&rows)
    }

    fn leads_out_of(&self, rows: &[crate::store::Row]) -> Result<Leads, Stop> {
        let settings = self.context.settings().reminders.leads.clone();
        let active = |kept: &Kept| self.context.people.get(&kept.person).is_some_and(|person| person.active);
        let own = Kept::from_rows(rows)?
            .into_iter()
            .filter(active)
            .map(|kept| (kept.person, kept.wants.over(&settings)))
            .into_map();
        Ok(Leads { settings, own })
    }
}
