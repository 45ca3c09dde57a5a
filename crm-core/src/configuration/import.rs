//! Taking a configuration in: all of it, or nothing.

use super::{
    Configuration, ConfigurationItem, ConfigurationOutcome, ConfigurationReport, ConfiguredPanel, ConfiguredPool,
    ConfiguredProduct, ConfiguredRole, MOST_ENTRIES, MOST_FIELDS, MOST_LAYOUTS, MOST_PRODUCTS, VERSION,
};
use crate::access::{ROLE, RoleInput};
use crate::crm::Session;
use crate::custom_field::{CUSTOM, CUSTOM_FIELD, CustomFieldInput, FieldType};
use crate::dictionary::{DICTIONARY_ENTRY, DictionaryEntryInput};
use crate::error::{Error, Language, Violation};
use crate::history::{HISTORY, HistoryEntry};
use crate::id::PoolId;
use crate::layout::{LAYOUT, LayoutInput};
use crate::operations::op;
use crate::organisation::{ORGANISATION, Settings};
use crate::panel::{MOST_PANELS, PANEL, PanelInput};
use crate::person::SyncMode;
use crate::pool::{MOST_POOLS, POOL, PoolInput};
use crate::product::{NewProduct, PRODUCT, Product, ProductEdit};
use crate::query::Condition;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Kind, Row, Write};
use crate::text::{Checker, fold};
use crate::work::{Stop, Work};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

impl Session<'_> {
    /// Takes a configuration in, in one commit: what it names is added, or changed to what it says; what it does not name stays. With
    /// `preview` nothing is changed: the answer says what would be, and what is refused and why. Doing it twice changes nothing. The history
    /// says of each thing what it would say had it been saved by hand.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`, or one of those to keep the sections that are there:
    /// `dictionary.edit`, `customer.manage_fields`, `product.create` and `product.edit`, `role.edit`; [`Error::Invalid`] for another
    /// version of the form, too many things or one that is named twice. Without `preview` also what is wrong with the things themselves:
    /// everything that does not fit, or the first refusal.
    pub fn import_configuration(
        &self,
        configuration: Configuration,
        preview: bool,
    ) -> Result<ConfigurationReport, Error> {
        self.command(
            &op::import_configuration,
            &(&configuration, preview),
            |work| work.configure(&configuration, preview),
            |_, made| {
                let mut numbers = made.iter().map(|number| number.parse().unwrap_or_default());
                let mut next = || numbers.next().unwrap_or_default();
                let (added, changed, unchanged, refused) = (next(), next(), next(), next());
                Ok(ConfigurationReport { added, changed, unchanged, refused, items: Vec::new() })
            },
        )
    }
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    report: ConfigurationReport,
    violations: Vec<Violation>,
    refusal: Option<Error>,
}

impl Work<'_> {
    fn configure(&mut self, configuration: &Configuration, preview: bool) -> Result<ConfigurationReport, Stop> {
        check(configuration)?;
        self.check_sections(configuration)?;
        // Each thing is decided on what those before it leave: a copy that nobody else holds.
        self.context = Arc::new(self.context.copied());
        let mut findings = Findings::default();
        for (place, entry) in sections(&configuration.dictionaries) {
            let name = format!("{}/{}", entry.dictionary, entry.code);
            let keep = |work: &mut Self| work.keep_entry(&DictionaryEntryInput { version: None, ..entry.clone() });
            self.thing(&mut findings, ("dictionaries", Some(place), name), &DICTIONARY_ENTRY, keep)?;
        }
        self.take_fields_in(configuration.custom_fields.as_deref().unwrap_or_default(), &mut findings)?;
        for (place, layout) in sections(&configuration.layouts) {
            let name = format!("{}/{}", layout.of.as_str(), layout.purpose.word());
            let keep = |work: &mut Self| work.keep_layout(&LayoutInput { version: None, ..layout.clone() });
            self.thing(&mut findings, ("layouts", Some(place), name), &LAYOUT, keep)?;
        }
        let pools = self.take_pools_in(configuration.pools.as_deref().unwrap_or_default(), &mut findings)?;
        if let Some(settings) = &configuration.settings {
            let settings = self.arrived(settings, &pools);
            let keep = |work: &mut Self| work.keep_settings(&settings);
            self.thing(&mut findings, ("settings", None, String::new()), &ORGANISATION, keep)?;
        }
        if let Some(calendar) = &configuration.work_calendar {
            let keep = |work: &mut Self| work.keep_calendar(calendar);
            self.thing(&mut findings, ("work_calendar", None, String::new()), &ORGANISATION, keep)?;
        }
        if let Some(terms) = &configuration.glossary {
            let keep = |work: &mut Self| work.keep_glossary(terms, "");
            self.thing(&mut findings, ("glossary", None, String::new()), &ORGANISATION, keep)?;
        }
        self.take_products_in(configuration.products.as_deref().unwrap_or_default(), &mut findings)?;
        // Who may do what goes until here by the roles as they were; panels name roles.
        self.take_roles_in(configuration.roles.as_deref().unwrap_or_default(), &mut findings)?;
        self.take_panels_in(configuration.panels.as_deref().unwrap_or_default(), &mut findings)?;
        self.conclude(findings, preview)
    }

    /// The rights that saving by hand needs.
    fn check_sections(&self, configuration: &Configuration) -> Result<(), Error> {
        let access = self.access()?;
        let needed = [
            (configuration.dictionaries.is_some(), &op::save_dictionary_entry),
            (configuration.custom_fields.is_some(), &op::save_custom_field),
            (configuration.layouts.is_some(), &op::save_layout),
            (configuration.pools.is_some(), &op::save_pool),
            (configuration.settings.is_some(), &op::change_settings),
            (configuration.work_calendar.is_some(), &op::sync_work_calendar),
            (configuration.glossary.is_some(), &op::save_glossary),
            (configuration.products.is_some(), &op::create_product),
            (configuration.products.is_some(), &op::edit_product),
            (configuration.roles.is_some(), &op::sync_roles),
            (configuration.panels.is_some(), &op::save_panel),
        ];
        needed.iter().filter(|(there, _)| *there).try_for_each(|(_, by_hand)| access.allow(by_hand.right))
    }

    /// Carries out what keeps one thing, and notes what that did.
    fn thing<T>(
        &mut self,
        findings: &mut Findings,
        (section, place, item): (&str, Option<usize>, String),
        kind: &'static Kind,
        keep: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<(), Stop> {
        let before = self.changes.writes.len();
        let kept = keep(self);
        let mut noted = ConfigurationItem {
            section: section.to_owned(),
            item,
            outcome: ConfigurationOutcome::Changed,
            fields: Vec::new(),
            error: None,
            texts: Vec::new(),
        };
        match kept {
            Ok(_) => {}
            Err(Stop::Error(
                error @ (Error::Invalid { .. } | Error::Refused(_) | Error::NotFound { .. } | Error::Conflict { .. }),
            )) => {
                self.changes.writes.truncate(before);
                noted.outcome = ConfigurationOutcome::Refused;
                noted.error = Some(error.code().to_owned());
                let error = error.in_words_of(&self.context.organisation.glossary);
                noted.texts = vec![error.text(Language::English), error.text(Language::Chinese)];
                findings.report.refused = findings.report.refused.saturating_add(1);
                findings.report.items.push(noted);
                let path = match place {
                    Some(place) => format!("configuration.{section}[{place}]"),
                    None => format!("configuration.{section}"),
                };
                match error {
                    Error::Invalid { violations } => {
                        let dot = |field: &str| if field.is_empty() || field.starts_with('[') { "" } else { "." };
                        let below = |own: Violation| Violation {
                            field: format!("{path}{}{}", dot(&own.field), own.field),
                            ..own
                        };
                        findings.violations.extend(violations.into_iter().map(below));
                    }
                    other => {
                        findings.refusal.get_or_insert(other);
                    }
                }
                return Ok(());
            }
            Err(stop) => return Err(stop),
        }
        let written = self.changes.writes.get(before..).unwrap_or_default();
        if written.is_empty() {
            findings.report.unchanged = findings.report.unchanged.saturating_add(1);
            return Ok(());
        }
        for write in written {
            match write {
                Write::Insert { kind: own, .. } if *own == kind => noted.outcome = ConfigurationOutcome::Added,
                Write::Insert { kind: own, row } if **own == HISTORY => {
                    for change in HistoryEntry::from_row(row)?.changes {
                        let field = change.field.rsplit('.').next().unwrap_or_default().to_owned();
                        if !noted.fields.contains(&field) {
                            noted.fields.push(field);
                        }
                    }
                }
                _ => {}
            }
        }
        let counted = match noted.outcome {
            ConfigurationOutcome::Added => &mut findings.report.added,
            _ => &mut findings.report.changed,
        };
        *counted = counted.saturating_add(1);
        findings.report.items.push(noted);
        self.go_on_from(before)
    }

    /// What follows is decided on the organisation as the writes from a place on leave it.
    fn go_on_from(&mut self, place: usize) -> Result<(), Stop> {
        let organisation = |write: &&Write| matches!(write, Write::Update { kind, .. } if **kind == ORGANISATION);
        let written = self.changes.writes.get(place..).unwrap_or_default();
        // Its one row may have been written before.
        let changed = self.changes.writes.iter().find(organisation).into_iter();
        let changed: Vec<Write> = changed.chain(written.iter().filter(|write| !organisation(write))).cloned().collect();
        let context = Arc::get_mut(&mut self.context);
        let context =
            context.ok_or_else(|| Error::Unavailable { reason: "a context is held".into(), retryable: true })?;
        for write in &changed {
            context.take_over(write)?;
        }
        Ok(())
    }

    /// Fields that others are shown by come first; those that show each other begin without that.
    fn take_fields_in(&mut self, fields: &[CustomFieldInput], findings: &mut Findings) -> Result<(), Stop> {
        let mut left: Vec<(usize, &CustomFieldInput)> = fields.iter().enumerate().collect();
        while !left.is_empty() {
            let waiting: BTreeSet<String> = left.iter().map(|(_, field)| field.key.to_string()).into_set();
            let known =
                |work: &Self, field: &CustomFieldInput| work.context.field(field.of, field.key.as_str()).is_some();
            let waits = |field: &CustomFieldInput| {
                let tests = field.visible_when.as_ref().map(Condition::tests).unwrap_or_default();
                let shown_by = tests.iter().filter_map(|test| test.key.strip_prefix(CUSTOM));
                shown_by.into_iter().any(|key| waiting.contains(key) && key != field.key.as_str())
            };
            let (later, now): (Vec<_>, Vec<_>) = left.iter().partition(|(_, field)| waits(field));
            let circle = now.is_empty();
            for (place, field) in if circle { later.clone() } else { now } {
                let held = self.context.field(field.of, field.key.as_str()).map(|stored| stored.field.clone());
                let mut field = CustomFieldInput { version: None, ..field.clone() };
                if let Some(held) = held.filter(|held| held.field_type == FieldType::Person)
                    && field.default_value.is_none()
                {
                    field.default_value = held.default_value;
                }
                let name = format!("{}/{}", field.of.as_str(), field.key);
                let at = ("custom_fields", Some(place), name);
                if circle && !known(self, &field) {
                    field.visible_when = None;
                    self.thing(findings, at, &CUSTOM_FIELD, |work| work.keep_field(&field))?;
                } else {
                    self.thing(findings, at, &CUSTOM_FIELD, |work| work.keep_field(&field))?;
                }
            }
            if !circle {
                left = later;
                continue;
            }
            // All of them are there by now, or refused: what shows them is said of each.
            for (place, field) in later {
                if field.visible_when.is_none() || !known(self, field) {
                    continue;
                }
                let field = CustomFieldInput { version: None, ..field.clone() };
                let before = self.changes.writes.len();
                match self.keep_field(&field) {
                    Ok(_) => self.go_on_from(before)?,
                    Err(stop) => {
                        let name = format!("{}/{}", field.of.as_str(), field.key);
                        self.thing(findings, ("custom_fields", Some(place), name), &CUSTOM_FIELD, |_| {
                            Err::<(), Stop>(stop)
                        })?;
                    }
                }
            }
            break;
        }
        Ok(())
    }

    /// Answers under which ids the pools stand here.
    fn take_pools_in(
        &mut self,
        pools: &[ConfiguredPool],
        findings: &mut Findings,
    ) -> Result<BTreeMap<PoolId, PoolId>, Stop> {
        let mut here = BTreeMap::new();
        // The standard one first: another one ceases to be that.
        let (standard, others): (Vec<_>, Vec<_>) = pools.iter().enumerate().partition(|(_, pool)| pool.standard);
        for (place, pool) in standard.into_iter().chain(others) {
            let by_name = || self.context.pools.values().find(|known| known.name == pool.name.trim());
            let known = self.context.pools.get(&pool.id).or_else(by_name).cloned();
            here.insert(pool.id, known.as_ref().map_or(pool.id, |known| known.id));
            let known = known.as_ref();
            let input = PoolInput {
                pool: known.map(|known| known.id),
                version: known.map(|known| known.version),
                name: pool.name.clone(),
                standard: pool.standard,
                administrators: known.map(|known| known.administrators.clone()).unwrap_or_default(),
                people: known.map(|known| known.people.clone()).unwrap_or_default(),
                positions: known.map(|known| known.positions.clone()).unwrap_or_default(),
                hidden: Some(pool.hidden.clone()),
                show_follow_ups: pool.show_follow_ups,
                retired: pool.retired,
            };
            let at = ("pools", Some(place), pool.name.clone());
            self.thing(findings, at, &POOL, |work| work.keep_pool(&input, Some(pool.id)))?;
        }
        Ok(here)
    }

    /// The settings as they read here.
    fn arrived(&self, settings: &Settings, pools: &BTreeMap<PoolId, PoolId>) -> Settings {
        let mut settings = Settings { version: self.context.settings().version, ..settings.clone() };
        for rule in &mut settings.pool.recycling.rules {
            rule.pool = rule.pool.map(|pool| pools.get(&pool).copied().unwrap_or(pool));
        }
        settings
    }

    fn take_products_in(&mut self, products: &[ConfiguredProduct], findings: &mut Findings) -> Result<(), Stop> {
        let numbers: Vec<String> = products.iter().map(|product| product.number.trim().to_owned()).collect();
        let known = self.products_numbered(&numbers)?;
        for (place, product) in products.iter().enumerate() {
            let held = known.get(&fold(product.number.trim()));
            let at = ("products", Some(place), product.number.clone());
            self.thing(findings, at, &PRODUCT, |work| work.keep_product(product, held))?;
        }
        Ok(())
    }

    fn keep_product(&mut self, product: &ConfiguredProduct, held: Option<&Product>) -> Result<(), Stop> {
        let Some(held) = held else {
            let new = NewProduct {
                number: Some(product.number.clone()),
                name: product.name.clone(),
                category: product.category.clone(),
                unit: product.unit.clone(),
                prices: product.prices.clone(),
                tax_rate: product.tax_rate,
                description: product.description.clone(),
            };
            let new = self.new_product(&new, product.retired)?;
            self.claim_free_number(&new);
            return self.add_product(&new);
        };
        let empty = [
            ("category", product.category.is_none()),
            ("unit", product.unit.is_none()),
            ("tax_rate", product.tax_rate.is_none()),
            ("description", product.description.is_none()),
        ];
        let edit = ProductEdit {
            version: held.version,
            number: Some(product.number.clone()),
            name: Some(product.name.clone()),
            category: product.category.clone(),
            unit: product.unit.clone(),
            prices: Some(product.prices.clone()),
            tax_rate: product.tax_rate,
            description: product.description.clone(),
            retired: Some(product.retired),
            clear: empty.iter().filter(|(_, empty)| *empty).map(|(field, _)| (*field).to_owned()).collect(),
        };
        self.change_product(held, &edit).map(|_| ())
    }

    fn take_roles_in(&mut self, roles: &[ConfiguredRole], findings: &mut Findings) -> Result<(), Stop> {
        if roles.is_empty() {
            return Ok(());
        }
        let inputs: Vec<RoleInput> = roles
            .iter()
            .map(|role| {
                let known = self.context.roles.iter().find(|known| known.id == role.id);
                RoleInput {
                    id: role.id.clone(),
                    name: role.name.clone(),
                    administrator: role.administrator,
                    allow: role.allow.clone(),
                    deny: role.deny.clone(),
                    fields: role.fields.clone(),
                    everyone: role.everyone,
                    people: known.map(|known| known.people.clone()).unwrap_or_default(),
                    positions: known.map(|known| known.positions.clone()).unwrap_or_default(),
                    host_roles: role.host_roles.clone(),
                }
            })
            .collect();
        // Whether administration stays in somebody's hands is asked of all of them together.
        let before = self.changes.writes.len();
        let kept = self.keep_roles(&inputs, SyncMode::Delta);
        match kept {
            Err(stop) => {
                let stop = match stop {
                    // They name the list themselves.
                    Stop::Error(Error::Invalid { violations }) => {
                        let bare = |own: Violation| Violation {
                            field: own.field.strip_prefix("roles").unwrap_or(&own.field).to_owned(),
                            ..own
                        };
                        let violations = violations.into_iter().map(bare).collect();
                        Stop::Error(Error::Invalid { violations })
                    }
                    other => other,
                };
                self.thing(findings, ("roles", None, String::new()), &ROLE, |_| Err::<(), Stop>(stop))
            }
            Ok(_) => {
                let writes = self.changes.writes.split_off(before);
                let mut of_each: HashMap<String, Vec<Write>> = HashMap::new();
                let mut others = Vec::new();
                for write in writes {
                    let id = match &write {
                        Write::Insert { kind, row } | Write::Update { kind, row, .. } if **kind == ROLE => {
                            Some(row.id.clone())
                        }
                        Write::Insert { kind, row } if **kind == HISTORY => role_of(row, &inputs)?,
                        _ => None,
                    };
                    match id {
                        Some(id) => of_each.entry(id).or_default().push(write),
                        None => others.push(write),
                    }
                }
                for (place, role) in inputs.iter().enumerate() {
                    let own = of_each.remove(role.id.as_str()).unwrap_or_default();
                    let at = ("roles", Some(place), role.id.to_string());
                    self.thing(findings, at, &ROLE, |work| {
                        work.changes.writes.extend(own);
                        Ok(())
                    })?;
                }
                self.changes.writes.extend(others);
                Ok(())
            }
        }
    }

    /// Behind the roles, which they name.
    fn take_panels_in(&mut self, panels: &[ConfiguredPanel], findings: &mut Findings) -> Result<(), Stop> {
        for (place, panel) in panels.iter().enumerate() {
            let known = self.context.panels.values().find(|known| known.title == panel.title.trim()).cloned();
            let known = known.as_ref();
            let mut input = PanelInput {
                panel: known.map(|known| known.id),
                version: known.map(|known| known.version),
                title: panel.title.clone(),
                source: panel.source.clone(),
                columns: panel.columns.clone(),
                roles: panel.roles.clone(),
                order: panel.order,
                retired: panel.retired,
                ..PanelInput::default()
            };
            if !panel.everyone {
                input.positions = known.map(|known| known.positions.clone()).unwrap_or_default();
                input.people = known.map(|known| known.people.clone()).unwrap_or_default();
                // It was for some, of whom nobody is here: without names it would be for everybody.
                input.retired |= input.roles.is_empty() && input.positions.is_empty() && input.people.is_empty();
            }
            let contradicts = panel.everyone && !panel.roles.is_empty();
            let keep = |work: &mut Self| match contradicts {
                true => Err(Violation::not_allowed("roles").into()),
                false => work.keep_panel(&input),
            };
            self.thing(findings, ("panels", Some(place), panel.title.clone()), &PANEL, keep)?;
        }
        Ok(())
    }

    fn conclude(&mut self, findings: Findings, preview: bool) -> Result<ConfigurationReport, Stop> {
        let Findings { report, violations, refusal } = findings;
        if !preview {
            if !violations.is_empty() {
                return Err(Error::Invalid { violations }.into());
            }
            if let Some(refusal) = refusal {
                return Err(refusal.into());
            }
        }
        if preview {
            self.changes.writes.clear();
            self.changes.checks.clear();
        } else {
            let writes = std::mem::take(&mut self.changes.writes);
            self.changes.writes = once_each(writes);
        }
        self.made.clear();
        for number in [report.added, report.changed, report.unchanged, report.refused] {
            self.made(number);
        }
        Ok(report)
    }
}

/// The role of an entry of the history.
fn role_of(row: &Row, roles: &[RoleInput]) -> Result<Option<String>, Error> {
    let entry = HistoryEntry::from_row(row)?;
    let named = entry.changes.first().and_then(|change| change.field.strip_prefix("role "));
    let named = named.and_then(|named| named.rsplit_once('.')).map(|(id, _)| id);
    Ok(named.filter(|id| roles.iter().any(|role| role.id.as_str() == *id)).map(str::to_owned))
}

/// The things of a section with their places.
fn sections<T>(things: &Option<Vec<T>>) -> impl Iterator<Item = (usize, &T)> {
    things.as_deref().unwrap_or_default().iter().enumerate()
}

/// What is wrong with the file itself.
fn check(configuration: &Configuration) -> Result<(), Error> {
    let mut check = Checker::new();
    check.under("configuration", |check| {
        check.ensure(configuration.version == VERSION, || Violation::unknown("version"));
        for (place, section) in configuration.left_out.iter().enumerate().take(2) {
            check.ensure(place == 0 && section == "products", || Violation::unknown(format!("left_out[{place}]")));
        }
        let lengths = [
            ("dictionaries", configuration.dictionaries.as_ref().map_or(0, Vec::len), MOST_ENTRIES),
            ("custom_fields", configuration.custom_fields.as_ref().map_or(0, Vec::len), MOST_FIELDS),
            ("layouts", configuration.layouts.as_ref().map_or(0, Vec::len), MOST_LAYOUTS),
            ("pools", configuration.pools.as_ref().map_or(0, Vec::len), MOST_POOLS),
            ("products", configuration.products.as_ref().map_or(0, Vec::len), MOST_PRODUCTS),
            ("roles", configuration.roles.as_ref().map_or(0, Vec::len), 1_000),
            ("panels", configuration.panels.as_ref().map_or(0, Vec::len), MOST_PANELS),
        ];
        for (section, length, most) in lengths {
            check.ensure(length <= most, || Violation::too_many(section, most as i64));
        }
        if lengths.iter().any(|(_, length, most)| length > most) {
            return;
        }
        let mut once = |section: &str, keys: Vec<String>| {
            let mut seen = BTreeSet::new();
            for (place, key) in keys.into_iter().enumerate() {
                check.ensure(seen.insert(key), || Violation::repeated(format!("{section}[{place}]")));
            }
        };
        let entries = configuration.dictionaries.iter().flatten();
        once("dictionaries", entries.map(|entry| format!("{}/{}", entry.dictionary, entry.code)).collect());
        let fields = configuration.custom_fields.iter().flatten();
        once("custom_fields", fields.map(|field| format!("{}/{}", field.of.as_str(), field.key)).collect());
        let layouts = configuration.layouts.iter().flatten();
        once("layouts", layouts.map(|layout| format!("{}/{}", layout.of.as_str(), layout.purpose.word())).collect());
        once("pools", configuration.pools.iter().flatten().map(|pool| pool.id.to_string()).collect());
        once("pools", configuration.pools.iter().flatten().map(|pool| pool.name.trim().to_owned()).collect());
        let products = configuration.products.iter().flatten();
        once("products", products.map(|product| fold(product.number.trim())).collect());
        once("roles", configuration.roles.iter().flatten().map(|role| role.id.to_string()).collect());
        once("panels", configuration.panels.iter().flatten().map(|panel| panel.title.trim().to_owned()).collect());
        let standard = configuration.pools.iter().flatten().filter(|pool| pool.standard).count();
        check.ensure(standard <= 1, || Violation::repeated("pools.standard"));
    });
    check.done()
}

/// Every row written once, as it stands after all of them.
fn once_each(writes: Vec<Write>) -> Vec<Write> {
    let mut places: HashMap<(&'static str, String), usize> = HashMap::new();
    let mut once: Vec<Write> = Vec::with_capacity(writes.len());
    for write in writes {
        let key = match &write {
            Write::Insert { kind, row } | Write::Update { kind, row, .. } | Write::Put { kind, row } => {
                (kind.name, row.id.clone())
            }
            Write::Reassign { kind, column, from, to } => (kind.name, format!("{column}\n{from:?}\n{to:?}")),
            _ => {
                once.push(write);
                continue;
            }
        };
        let Some(earlier) = places.get(&key).and_then(|place| once.get_mut(*place)) else {
            places.insert(key, once.len());
            once.push(write);
            continue;
        };
        *earlier = match (&*earlier, write) {
            (Write::Insert { .. }, Write::Update { kind, row, .. }) => {
                Write::Insert { kind, row: Row { version: 1, ..row } }
            }
            (_, write) => write,
        };
    }
    once
}
