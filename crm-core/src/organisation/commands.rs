//! Founding an organisation and changing its settings.

use super::{NewOrganisation, ORGANISATION, Organisation, Settings, Standing};
use crate::access;
use crate::agenda;
use crate::crm::Session;
use crate::dictionary;
use crate::duplicate;
use crate::error::{Error, Language};
use crate::history;
use crate::operations::op;
use crate::pool::{POOL, Pool};
use crate::record::Record;
use crate::relation;
use crate::reminder;
use crate::store::Write;
use crate::text::Checker;
use crate::work::{Stop, Work};

impl Session<'_> {
    /// Founds the organisation of the actor, who must be the system: settings, roles and
    /// dictionaries as presets in its language.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// use crm_core::{Actor, Crm, NewOrganisation, Language};
    /// let crm = Crm::in_memory();
    /// let host = Actor::system("acme", "set-up")?;
    /// crm.as_user(&host).create_organisation(NewOrganisation {
    ///     name: "Acme".into(), language: Some(Language::English), time_zone: None,
    /// })?;
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ActorUnknown`] when the actor is not the system; `organisation_exists`;
    /// [`Error::Invalid`].
    pub fn create_organisation(&self, organisation: NewOrganisation) -> Result<Settings, Error> {
        let mut check = Checker::new();
        let name = check.line("name", &organisation.name, 200);
        check.done()?;
        let mut settings = Settings::default();
        if let Some(zone) = organisation.time_zone {
            settings.time_zone = zone;
        }
        let chinese = organisation.language != Some(Language::English);
        self.found_organisation(|founding| {
            let figures = Some(settings.time_zone);
            let (standing, figures_edition) = (Standing::Open, crate::report::EDITION);
            let calendar = super::WorkCalendar::default();
            let head = Organisation {
                name,
                settings: settings.clone(),
                standing,
                figures,
                figures_edition,
                calendar,
                glossary: Vec::new(),
                retyping: None,
                version: 1,
            };
            let mut rows = vec![(&ORGANISATION, Record::to_row(&head)?)];
            for role in access::preset_roles(chinese) {
                rows.push((&access::ROLE, role.to_row()?));
            }
            for entry in dictionary::preset_entries(chinese) {
                rows.push((&dictionary::DICTIONARY_ENTRY, entry.to_row()?));
            }
            let pool = Pool::preset(chinese);
            rows.push((&POOL, Record::to_row(&pool)?));
            rows.push((&super::GUARD, relation::parents_guard()));
            rows.push((&super::GUARD, crate::event::numbering_guard()));
            rows.push((&agenda::AGENDA, agenda::housekeeping(founding.now)?));
            rows.push((&duplicate::NAME_INDEX, duplicate::new_index()?));
            let days = crate::organisation::Days::natural(settings.time_zone);
            rows.extend(reminder::start_sweep(founding.now, &days, settings.reminders.hour)?);
            founding.changes.writes = rows.into_iter().map(|(kind, row)| Write::Insert { kind, row }).collect();
            Ok(())
        })?;
        Ok(settings)
    }

    /// The settings of the organisation.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.view`.
    pub fn settings(&self) -> Result<Settings, Error> {
        self.query(&op::settings, |work| Ok(work.context.settings().clone()))
    }

    /// Changes the settings, as one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Conflict`] when
    /// somebody changed them since the version given; [`Error::Invalid`].
    pub fn change_settings(&self, settings: Settings) -> Result<Settings, Error> {
        self.command(
            &op::change_settings,
            &settings,
            |work| work.keep_settings(&settings),
            |work, _| Ok(work.context.settings().clone()),
        )
    }
}

impl Work<'_> {
    /// Changes the settings, as one.
    pub(crate) fn keep_settings(&mut self, settings: &Settings) -> Result<Settings, Stop> {
        settings.check(&self.context)?;
        let mut organisation = self.context.organisation.clone();
        if settings.version != organisation.settings.version {
            return Err(Error::Conflict { record: "settings".to_owned(), id: "settings".to_owned() }.into());
        }
        let fields = history::as_value(&settings);
        let fields = fields.as_object().into_iter().flat_map(|fields| fields.keys());
        let fields: Vec<&str> = fields.map(String::as_str).filter(|field| *field != "version").collect();
        let changes = history::changes(&organisation.settings, settings, &fields);
        if changes.is_empty() {
            return Ok(settings.clone());
        }
        organisation.settings = Settings { version: settings.version + 1, ..settings.clone() };
        self.change_organisation(&organisation)?;
        self.remember("settings", "settings", "change_settings", changes)?;
        self.announce("settings_changed", "settings", "settings", serde_json::json!({}))?;
        let told = |settings: &Settings| (settings.time_zone, settings.reminders.clone());
        if told(settings) != told(self.context.settings()) {
            self.sweep_soon();
        }
        let rules = |settings: &Settings| (settings.time_zone, settings.pool.recycling.clone());
        let any = [settings, self.context.settings()].iter().any(|own| own.pool.recycling.any());
        if any && rules(settings) != rules(self.context.settings()) {
            self.look_at_all_again();
        }
        Ok(organisation.settings)
    }
}
