//! A person's desk: the CRM in his name, and what his pages need to be drawn.

use crate::app::{App, Reply};
use crate::failure::Failure;
use crate::pages::custom_values::{CUSTOM, known, of_word};
use crate::pages::laid_out::LaidOut;
use crate::pages::{custom_field, duplicate_group, hand_over, panel, recycling};
use crate::session::{Notice, Undo, Visitor};
use crate::text::{Lang, Words};
use crate::values::{Values, url};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use crm_core::{
    Actor, Count, Currency, CustomField, Customer, CustomerId, Customized, Decimal, DictionaryEntry, DocumentBytes,
    DuplicateSettings, EntryCode, Error, FieldAccess, Glossary, MenuEntry, Person, Pool, PoolId, Position,
    ReminderLeads, TimeZone, Timestamp, UserId, Violation,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

/// Fields of forms that have no rights: whoever sees the record sees them.
const UNRESTRICTED: [&str; 5] =
    ["customer.name", "customer.kind", "customer.short_name", "customer.number", "contact.name"];

/// What every page needs to be drawn.
pub(crate) struct Look<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    words: Words,
    /// The name of the person, if one is signed in.
    pub(crate) user_name: Option<String>,
    menu: Vec<MenuEntry>,
    rights: Vec<String>,
    /// Whether the person sees and administrates everything.
    pub(crate) administrator: bool,
    /// The time zone of the organisation's days.
    pub(crate) zone: TimeZone,
    /// The time.
    pub(crate) now: Timestamp,
    /// Hours in which authors may correct their own text.
    pub(crate) correction_hours: i32,
    names: HashMap<UserId, String>,
    entries: Vec<DictionaryEntry>,
    /// The custom fields of customers of which the person may know, in their order; retired ones, too.
    pub(crate) fields: Vec<CustomField>,
    /// Those of other records.
    further_fields: Vec<CustomField>,
    /// How far the person reaches into fields.
    reaches: HashMap<String, FieldAccess>,
}

/// A link of the menu.
pub(crate) struct Link {
    /// Where it leads.
    pub(crate) href: String,
    /// What it says.
    pub(crate) label: String,
    /// How many there are, in words.
    pub(crate) badge: String,
    /// Whether the page at hand is the one.
    pub(crate) current: bool,
    /// Whether it begins a group: customers, then what is to be done, then deals, then administration.
    pub(crate) first: bool,
}

/// An entry of a dictionary as it is shown.
pub(crate) struct Chip {
    /// What people see.
    pub(crate) label: String,
    /// Its colour as `#rrggbb`, or empty.
    pub(crate) colour: String,
}

/// Something to choose in a form.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// What is sent.
    pub(crate) value: String,
    /// What people see.
    pub(crate) label: String,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Choice { value: value.into(), label: label.into() }
    }
}

/// The page for which an entry of the menu stands.
fn href(entry: &MenuEntry) -> Option<String> {
    Some(match entry.operation.as_str() {
        "customers" => url("/customers", &[("view", &entry.id)]),
        "create_customer" => "/customers/new".to_owned(),
        "reminders" => "/reminders".to_owned(),
        "contacts" => "/contacts".to_owned(),
        "follow_ups" => "/follow-ups".to_owned(),
        "contracts" => "/contracts".to_owned(),
        "receipts" => "/receipts".to_owned(),
        "instalments" => "/instalments".to_owned(),
        "customer_report" => "/reports".to_owned(),
        "approvals" => "/approvals".to_owned(),
        "products" => "/products".to_owned(),
        "positions" => "/positions".to_owned(),
        "pools" => "/pools".to_owned(),
        "dictionaries" => "/dictionaries".to_owned(),
        "roles" => "/roles".to_owned(),
        "settings" => "/settings".to_owned(),
        _ => return None,
    })
}

/// Digits in groups of three.
fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl<'a> Look<'a> {
    fn bare(app: &'a App, visitor: &'a Visitor) -> Self {
        Look {
            app,
            visitor,
            words: Words::new(visitor.lang, &Glossary::default()),
            user_name: None,
            menu: Vec::new(),
            rights: Vec::new(),
            administrator: false,
            zone: TimeZone::SHANGHAI,
            // Nothing is overdue on a page that shows nobody's records.
            now: Timestamp::saturating(i64::MIN),
            correction_hours: 0,
            names: HashMap::new(),
            entries: Vec::new(),
            fields: Vec::new(),
            further_fields: Vec::new(),
            reaches: HashMap::new(),
        }
    }

    /// A text of the table.
    pub(crate) fn t<'k>(&'k self, key: &'k str) -> &'k str {
        self.words.t(key)
    }

    /// The texts.
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// Whether the person has a right, written `module.right`.
    pub(crate) fn may(&self, right: &str) -> bool {
        self.rights.iter().any(|known| known == right)
    }

    /// How far the person reaches into a field, written `customer.phones`; into those without rights as far as into their records.
    pub(crate) fn reach(&self, field: &str) -> FieldAccess {
        self.reaches.get(field).copied().unwrap_or(FieldAccess::Edit)
    }

    /// Whether the person reads a field as it is.
    pub(crate) fn reads(&self, field: &str) -> bool {
        self.reach(field) >= FieldAccess::Read
    }

    /// The fields of a kind of records that the person sees masked: their names, and what people call them.
    pub(crate) fn masked(&self, record: &str) -> Vec<(String, String)> {
        let of =
            |field: &String| field.split_once('.').filter(|(of, _)| *of == record).map(|(_, name)| name.to_owned());
        let masked = self.reaches.iter().filter(|(_, reach)| **reach == FieldAccess::Masked);
        let mut masked: Vec<String> = masked.filter_map(|(field, _)| of(field)).collect();
        masked.sort();
        masked.into_iter().map(|name| (name.clone(), self.field_label(record, &name))).collect()
    }

    /// Every field that has rights, with what people call it, customers' first.
    pub(crate) fn fields_with_rights(&self) -> Vec<(String, String)> {
        let mut fields: Vec<&String> = self.reaches.keys().collect();
        fields.sort_by_key(|field| (!field.starts_with("customer."), *field));
        let labelled = |field: &String| {
            let (record, name) = field.split_once('.').unwrap_or_default();
            (field.clone(), self.field_label(record, name))
        };
        fields.into_iter().map(labelled).collect()
    }

    /// The custom fields of a kind of records of which the person may know, in their order; retired ones, too.
    pub(crate) fn fields_of(&self, of: Customized) -> impl Iterator<Item = &CustomField> {
        self.fields.iter().chain(&self.further_fields).filter(move |field| field.of == of)
    }

    /// What people call a field of a kind of records.
    pub(crate) fn field_label(&self, record: &str, name: &str) -> String {
        match known(self, of_word(record), name) {
            Some(field) => field.label.clone(),
            None => match (self.t(&format!("f_{name}")), name.strip_prefix(CUSTOM)) {
                // One of which the person may not know has no words for him.
                (_, Some(key)) => key.to_owned(),
                (text, None) => text.to_owned(),
            },
        }
    }

    /// What was typed, without what the person may not change: his forms have no fields for it.
    pub(crate) fn editable<T: Serialize + DeserializeOwned>(&self, record: &str, typed: T) -> Result<T, Error> {
        self.kept(record, typed, |name| self.reach(&format!("{record}.{name}")) == FieldAccess::Edit)
    }

    fn kept<T: Serialize + DeserializeOwned>(
        &self,
        record: &str,
        typed: T,
        edits: impl Fn(&str) -> bool,
    ) -> Result<T, Error> {
        let other = |_| Error::from(Violation::malformed(record));
        let mut all = serde_json::to_value(typed).map_err(other)?;
        if let Some(object) = all.as_object_mut() {
            object.retain(|name, _| edits(name));
            if let Some(clear) = object.get_mut("clear").and_then(|clear| clear.as_array_mut()) {
                clear.retain(|name| name.as_str().is_none_or(&edits));
            }
            if let Some(custom) = object.get_mut("custom").and_then(|custom| custom.as_array_mut()) {
                custom.retain(|own| own["field"].as_str().is_none_or(|key| edits(&format!("{CUSTOM}{key}"))));
            }
        }
        serde_json::from_value(all).map_err(other)
    }

    /// What was typed, without what the form did not ask for.
    pub(crate) fn asked<T: Serialize + DeserializeOwned>(&self, form: &LaidOut, typed: T) -> Result<T, Error> {
        let record = form.word();
        self.kept(record, typed, |name| {
            let field = format!("{record}.{name}");
            // The rest of what is sent is no field of forms.
            form.asks(&field) || !(self.reaches.contains_key(&field) || UNRESTRICTED.contains(&field.as_str()))
        })
    }

    /// The page's language.
    pub(crate) fn lang(&self) -> Lang {
        self.visitor.lang
    }

    /// The language as a tag of HTML.
    pub(crate) fn tag(&self) -> &'static str {
        self.visitor.lang.tag()
    }

    /// What forms carry to prove that they come from here.
    pub(crate) fn csrf(&self) -> &str {
        &self.visitor.csrf
    }

    /// Path and query of this page.
    pub(crate) fn path(&self) -> &str {
        &self.visitor.path
    }

    /// Whether people sign out here: where a gateway names them, they do that at the gateway.
    pub(crate) fn signs_out(&self) -> bool {
        !self.app.gateway && self.visitor.who.is_some()
    }

    /// The menu.
    pub(crate) fn links(&self) -> Vec<Link> {
        let path = self.path();
        let under = |href: &str| {
            path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '&']))
        };
        let english = self.lang() == Lang::English;
        let linked = self.menu.iter().filter_map(|entry| Some((entry, href(entry)?)));
        let mut links: Vec<Link> = linked
            .map(|(entry, href)| Link {
                label: if english { &entry.english } else { &entry.chinese }.clone(),
                badge: entry.badge.map(|count| self.count(&count)).unwrap_or_default(),
                current: under(&href),
                first: matches!(entry.id.as_str(), "mine" | "reminders" | "contracts" | "positions"),
                href,
            })
            .collect();
        if self.may("customer.merge") {
            // Behind the views of customers: a page of the host's own.
            let place = links.iter().position(|link| !link.href.starts_with("/customers")).unwrap_or(links.len());
            let href = duplicate_group::HERE.to_owned();
            let label = self.t("duplicate_groups").to_owned();
            links.insert(place, Link { label, badge: String::new(), current: under(&href), first: false, href });
        }
        if let Some(place) = links.iter().position(|link| link.href == "/positions")
            && self.may("customer.assign")
            && (self.administrator || self.leads())
        {
            let href = hand_over::HERE.to_owned();
            let label = self.t("hand_over").to_owned();
            links.insert(place + 1, Link { label, badge: String::new(), current: under(&href), first: false, href });
        }
        if let Some(place) = links.iter().position(|link| link.href == "/pools") {
            // Who keeps the pools keeps the rules by which customers go there.
            let href = recycling::HERE.to_owned();
            let label = self.t("recycling_rules").to_owned();
            links.insert(place + 1, Link { label, badge: String::new(), current: under(&href), first: false, href });
        }
        if let Some(place) = links.iter().position(|link| link.href == "/settings")
            && self.may("customer.manage_fields")
        {
            let href = custom_field::HERE.to_owned();
            let label = self.t("custom_fields").to_owned();
            links.insert(place, Link { label, badge: String::new(), current: under(&href), first: false, href });
        }
        if let Some(place) = links.iter().position(|link| link.href == "/settings")
            && self.may("settings.manage_settings")
        {
            let href = panel::HERE.to_owned();
            let label = self.t("panels").to_owned();
            links.insert(place, Link { label, badge: String::new(), current: under(&href), first: false, href });
        }
        links
    }

    /// Whether customers of others who work below the person are there for him.
    fn leads(&self) -> bool {
        let below = self.menu.iter().find(|entry| entry.id == "subordinates");
        below.and_then(|entry| entry.badge).is_some_and(|count| count.value > 0)
    }

    /// Whether an entry is on the menu.
    pub(crate) fn offers(&self, id: &str) -> bool {
        self.menu.iter().any(|entry| entry.id == id)
    }

    /// The label of an entry of the menu, in the page's language.
    pub(crate) fn menu_label(&self, id: &str) -> String {
        let english = self.lang() == Lang::English;
        let found = self.menu.iter().find(|entry| entry.id == id);
        found.map(|entry| if english { &entry.english } else { &entry.chinese }.clone()).unwrap_or_default()
    }

    /// How many reminders wait for the person, if that can be said.
    pub(crate) fn waiting(&self) -> Option<Count> {
        let actor = self.visitor.who.as_ref()?.actor()?;
        self.app.crm.as_user(&actor).reminder_counts().ok().map(|counts| counts.open)
    }

    /// How many customers a view of the menu has.
    pub(crate) fn badge(&self, id: &str) -> String {
        let found = self.menu.iter().find(|entry| entry.id == id);
        found.and_then(|entry| entry.badge).map(|count| self.count(&count)).unwrap_or_default()
    }

    /// A count in words: one that stopped says so.
    pub(crate) fn count(&self, count: &Count) -> String {
        let mut grouped = grouped(&count.value.to_string());
        if !count.exact {
            grouped.push('+');
        }
        grouped
    }

    /// What went wrong, in words that need no field beside them.
    pub(crate) fn said(&self, error: &Error) -> String {
        crate::failure::said(error, &self.words)
    }

    /// Takes what is to be said once.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.visitor.token.as_deref().map(|token| self.app.sessions.notices(token)).unwrap_or_default()
    }

    /// An amount, grouped by thousands, with its currency.
    pub(crate) fn money(&self, amount: Decimal, currency: Currency) -> String {
        let text = amount.to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("−", digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let part = format!("{part:0<many$}", many = usize::try_from(currency.digits()).unwrap_or_default());
        let point = if part.is_empty() { "" } else { "." };
        let whole = grouped(whole);
        match currency.code() {
            "CNY" => format!("{sign}¥{whole}{point}{part}"),
            code => format!("{sign}{whole}{point}{part} {code}"),
        }
    }

    /// A person's name; the id of who is not known (any more).
    pub(crate) fn person(&self, id: &str) -> String {
        if let Some(reason) = id.strip_prefix("system:") {
            return format!("{} ({reason})", self.t("system"));
        }
        UserId::new(id).ok().and_then(|id| self.names.get(&id).cloned()).unwrap_or_else(|| id.to_owned())
    }

    /// An instant as local time of the organisation.
    pub(crate) fn time(&self, at: &Timestamp) -> String {
        self.zone.local_text(*at)
    }

    /// An instant as local time, or nothing.
    pub(crate) fn time_or_none(&self, at: &Option<Timestamp>) -> String {
        at.as_ref().map(|at| self.time(at)).unwrap_or_default()
    }

    /// Whether a planned time has passed.
    pub(crate) fn overdue(&self, at: &Option<Timestamp>) -> bool {
        at.is_some_and(|at| at < self.now)
    }

    /// An entry of a dictionary, as it is shown.
    pub(crate) fn chip(&self, dictionary: &str, code: &Option<EntryCode>) -> Option<Chip> {
        let code = code.as_ref()?;
        let found = self.entries.iter().find(|entry| entry.dictionary == dictionary && entry.code == *code);
        Some(match found {
            Some(entry) => Chip { label: entry.label.clone(), colour: entry.colour.clone().unwrap_or_default() },
            None => Chip { label: code.to_string(), colour: String::new() },
        })
    }

    /// The label of an entry of a dictionary, or nothing.
    pub(crate) fn label(&self, dictionary: &str, code: &Option<EntryCode>) -> String {
        self.chip(dictionary, code).map(|chip| chip.label).unwrap_or_default()
    }

    /// What can be chosen from a dictionary; a retired entry only where it is held.
    pub(crate) fn choices(&self, dictionary: &str, held: &str) -> Vec<Choice> {
        let of = self.entries.iter().filter(|entry| entry.dictionary == dictionary);
        of.filter(|entry| !entry.retired || entry.code.as_str() == held)
            .map(|entry| Choice::new(entry.code.as_str(), &entry.label))
            .collect()
    }
}

/// A person's desk.
pub(crate) struct Desk<'a> {
    /// What pages need to be drawn.
    pub(crate) look: Look<'a>,
    /// The CRM in the person's name.
    pub(crate) crm: crm_core::Session<'a>,
    /// The host itself: reads names and labels that everyone may be shown.
    system: crm_core::Session<'a>,
    /// The person.
    pub(crate) me: UserId,
}

impl<'a> Desk<'a> {
    /// Opens the desk of the visitor, who is signed in.
    pub(crate) fn open(app: &'a App, visitor: &'a Visitor) -> Result<Self, Failure> {
        let unknown = |user: &str| Failure::from(Error::ActorUnknown { user: user.to_owned() });
        let who = visitor.who.as_ref().ok_or_else(|| unknown(""))?;
        let user = who.user.as_str();
        let actor = Actor::user(who.org.as_str(), user).map_err(|_| unknown(user))?;
        let me = UserId::new(user).map_err(|_| unknown(user))?;
        let crm = app.crm.as_user(&actor);
        let system = app.crm.as_user(&Actor::system(who.org.as_str(), "pages")?);
        let menu = crm.menu()?;
        let people = system.people(None)?;
        let mut look = Look { now: app.crm.now()?, ..Look::bare(app, visitor) };
        look.names = people.into_iter().map(|person| (person.id, person.name)).collect();
        look.user_name = Some(look.person(user));
        look.menu = menu.entries;
        look.rights = menu.rights;
        look.administrator = menu.administrator;
        look.zone = menu.time_zone;
        look.correction_hours = menu.correction_hours;
        look.words = Words::new(visitor.lang, &crm.glossary()?);
        look.entries = system.dictionaries()?;
        look.fields = crm.custom_fields(Customized::Customer)?;
        for of in [Customized::Contact, Customized::FollowUp, Customized::Contract] {
            look.further_fields.extend(crm.custom_fields(of)?);
        }
        look.reaches = crm.field_rights()?.into_iter().map(|right| (right.field, right.access)).collect();
        Ok(Desk { look, crm, system, me })
    }

    /// Where the bytes of documents are.
    pub(crate) fn documents(&self) -> &dyn DocumentBytes {
        self.look.app.documents.as_ref()
    }

    /// The currency of the organisation.
    pub(crate) fn base_currency(&self) -> Result<Currency, Error> {
        Ok(self.system.settings()?.contract.base_currency)
    }

    /// Of what people are told who do not say anything else.
    pub(crate) fn reminder_leads(&self) -> Result<ReminderLeads, Error> {
        Ok(self.system.settings()?.reminders.leads)
    }

    /// What happens with customers that are like others: everybody is asked for a reason by it.
    pub(crate) fn duplicate_settings(&self) -> Result<DuplicateSettings, Error> {
        Ok(self.system.settings()?.duplicates)
    }

    /// A text of the table.
    pub(crate) fn t<'k>(&'k self, key: &'k str) -> &'k str {
        self.look.t(key)
    }

    /// The CRM in the person's name, for a command of a form: sent twice, it happens once.
    pub(crate) fn acting(&self, form: &Values) -> crm_core::Session<'a> {
        match form.text("_key") {
            Some(key) => self.crm.clone().idempotent(key),
            None => self.crm.clone(),
        }
    }

    /// Everybody, also who left, by name.
    pub(crate) fn everybody(&self) -> Result<Vec<Person>, Failure> {
        Ok(self.system.people(None)?)
    }

    /// The people who can be chosen, the active ones, by name.
    pub(crate) fn people(&self) -> Result<Vec<Person>, Failure> {
        Ok(self.everybody()?.into_iter().filter(|person| person.active).collect())
    }

    /// The people who can be chosen in a form.
    pub(crate) fn people_choices(&self) -> Result<Vec<Choice>, Failure> {
        Ok(self.people()?.into_iter().map(|person| Choice::new(person.id.as_str(), person.name)).collect())
    }

    /// Every position, for names and for choosing.
    pub(crate) fn positions(&self) -> Result<Vec<Position>, Failure> {
        Ok(self.system.positions()?)
    }

    /// The positions that can be chosen in a form.
    pub(crate) fn position_choices(&self) -> Result<Vec<Choice>, Failure> {
        Ok(self.positions()?.into_iter().map(|position| Choice::new(position.id.as_str(), position.name)).collect())
    }

    /// The name of a position, if there is one of this id.
    pub(crate) fn position_name(&self, id: &str) -> Result<String, Failure> {
        let known = self.positions()?.into_iter().find(|position| position.id.as_str() == id);
        Ok(known.map_or_else(|| id.to_owned(), |position| position.name))
    }

    /// The pools of which the person may see something; none for who may not look into pools.
    pub(crate) fn pools(&self) -> Result<Vec<Pool>, Failure> {
        if self.look.may("pool.view") { Ok(self.crm.pools()?) } else { Ok(Vec::new()) }
    }

    /// The pools into which customers can be put, in a form, the standard one first if the person may see it.
    pub(crate) fn pool_choices(&self) -> Result<Vec<Choice>, Failure> {
        let open = self.pools()?.into_iter().filter(|pool| !pool.retired);
        Ok(open.map(|pool| Choice::new(pool.id.to_string(), pool.name)).collect())
    }

    /// Whether rules move customers to pools by themselves: everybody may be told what he loses by them.
    pub(crate) fn recycles(&self) -> Result<bool, Error> {
        Ok(self.system.settings()?.pool.recycling.rules.iter().any(|rule| rule.enabled))
    }

    /// The name of a pool: whoever sees a customer in it may know it.
    pub(crate) fn pool_name(&self, id: PoolId) -> Result<String, Error> {
        let known = self.system.pools()?.into_iter().find(|pool| pool.id == id);
        Ok(known.map_or_else(|| id.to_string(), |pool| pool.name))
    }

    /// Refuses who has not the right: a form is not shown to who may not send it.
    pub(crate) fn needs(&self, module: &str, right: &str) -> Result<(), Failure> {
        if self.look.may(&format!("{module}.{right}")) {
            return Ok(());
        }
        Err(Error::Forbidden { module: module.to_owned(), right: right.to_owned() }.into())
    }

    /// A customer with which the person may do something: the form for it is not shown to others.
    pub(crate) fn open_for(&self, customer: CustomerId, what: &str) -> Result<Customer, Failure> {
        let panels = self.crm.customer_panels(customer)?;
        if panels.allowed.iter().any(|allowed| allowed == what) {
            return Ok(panels.customer);
        }
        Err(Error::Forbidden { module: "customer".to_owned(), right: what.to_owned() }.into())
    }

    /// The people to whom the person may give customers: himself and who works below him;
    /// everybody for who sees everything.
    pub(crate) fn assignable(&self) -> Result<Vec<Choice>, Failure> {
        let people = self.people_choices()?;
        if self.look.offers("all") {
            return Ok(people);
        }
        let positions = self.positions()?;
        let mut below: Vec<&Position> =
            positions.iter().filter(|position| position.holders.contains(&self.me)).collect();
        let mut reached: Vec<&Position> = Vec::new();
        while let Some(above) = below.pop() {
            let children = positions.iter().filter(|position| position.parent.as_ref() == Some(&above.id));
            for child in children {
                if !reached.iter().any(|known| known.id == child.id) {
                    reached.push(child);
                    below.push(child);
                }
            }
        }
        let mine = |choice: &Choice| {
            choice.value == self.me.as_str()
                || reached.iter().any(|position| position.holders.iter().any(|holder| holder.as_str() == choice.value))
        };
        Ok(people.into_iter().filter(mine).collect())
    }

    /// Every entry of the dictionaries.
    pub(crate) fn entries(&self) -> &[DictionaryEntry] {
        &self.look.entries
    }

    /// Says something on the next page.
    pub(crate) fn notice(&self, key: &'static str) {
        self.tell(self.t(key).to_owned());
    }

    /// Says something on the next page that is no text of the table as it stands there.
    pub(crate) fn tell(&self, text: String) {
        self.say(Notice { problem: false, text, undo: None });
    }

    /// Says on the next page that something was done, with a button that takes it back.
    pub(crate) fn offer(&self, text: String, undo: Undo) {
        self.say(Notice { problem: false, text, undo: Some(undo) });
    }

    /// Says on the next page that something did not work.
    pub(crate) fn complain(&self, text: String) {
        self.say(Notice { problem: true, text, undo: None });
    }

    fn say(&self, notice: Notice) {
        if let Some(token) = &self.look.visitor.token {
            self.look.app.sessions.notice(token, notice);
        }
    }

    /// A page.
    pub(crate) fn page(&self, page: &impl Template) -> Reply {
        html(StatusCode::OK, page)
    }

    /// A page with another status.
    pub(crate) fn page_with(&self, status: StatusCode, page: &impl Template) -> Reply {
        html(status, page)
    }

    /// Goes on to another page, which can be loaded anew without doing anything again.
    pub(crate) fn go(&self, to: &str) -> Reply {
        Ok(Redirect::to(to).into_response())
    }

    /// Goes to a list, which says what was wrong: most often a marker of another list, or of one that is no more.
    pub(crate) fn lost(&self, error: Error, list: &str) -> Reply {
        self.complain(self.look.said(&self.for_form(error)?));
        self.go(list)
    }

    /// What a form can say itself; anything else is a page of its own.
    pub(crate) fn for_form(&self, error: Error) -> Result<Error, Failure> {
        match error {
            Error::Invalid { .. } | Error::Refused(_) | Error::Conflict { .. } => Ok(error),
            other => Err(other.into()),
        }
    }

    /// After a command of a single button: goes back, and says what was wrong where it was refused.
    pub(crate) fn done<T>(&self, done: Result<T, Error>, said: &'static str, to: &str) -> Reply {
        match done {
            Ok(_) => self.notice(said),
            Err(error @ (Error::Invalid { .. } | Error::Refused(_) | Error::Conflict { .. })) => {
                self.complain(self.look.said(&error));
            }
            // The button was pressed twice: what it removes is gone already.
            Err(Error::NotFound { .. }) if said.starts_with("done_removed") => self.notice(said),
            Err(error) => return Err(error.into()),
        }
        self.go(to)
    }

    /// The page of a failure.
    pub(crate) fn failure(&self, failure: &Failure) -> Reply {
        failure_page(&self.look, failure)
    }
}

/// Pages for who is not signed in.
pub(crate) struct Bare;

impl Bare {
    /// The look of a page without a person.
    pub(crate) fn look<'a>(app: &'a App, visitor: &'a Visitor) -> Look<'a> {
        Look::bare(app, visitor)
    }

    /// The page of a failure.
    pub(crate) fn failure(app: &App, visitor: &Visitor, failure: &Failure) -> Reply {
        failure_page(&Look::bare(app, visitor), failure)
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    d: &'a Look<'a>,
    status: u16,
    says: String,
}

fn failure_page(look: &Look<'_>, failure: &Failure) -> Reply {
    html(
        failure.status(),
        &FailurePage { d: look, status: failure.status().as_u16(), says: failure.says(look.words()) },
    )
}

/// A response of HTML.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Reply {
    let mut response = (status, page.render()?).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

/// A response of text of another type.
pub(crate) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = (status, body.into()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
