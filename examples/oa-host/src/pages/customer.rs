//! A customer with its panels, its history, and who can see it.

use crate::app::{Reply, Shared};
use crate::desk::{Chip, Desk, Look};
use crate::failure::Failure;
use crate::form::Sheet;
use crate::pages::batch::Action;
use crate::pages::contracts::Row;
use crate::pages::custom_values::{self, Shown};
use crate::pages::history::named;
use crate::pages::role;
use crate::pages::share::{panel_key, panels_told};
use crate::pages::{Params, document, follow_up, history, id, list, panel, recycling};
use crate::session::{Visitor, random};
use crate::values::Values;
use askama::Template;
use axum::extract::{Path, State};
use crm_core::{
    AccessField, Birthday, Calendar, Contact, Contracts, Customer, CustomerId, CustomerKind, CustomerPanels,
    CustomerStatus, Customized, DocumentsOf, Error, FieldAccess, Gender, PageRequest, PoolEntry, PoolStay, RoleId,
    SharePanel, ShareRight, dictionary,
};

#[derive(Template)]
#[template(path = "customer.html")]
struct CustomerPage<'a> {
    d: &'a Look<'a>,
    id: String,
    name: String,
    number: String,
    deleted: bool,
    waits: bool,
    /// The name of the pool where it is; empty: it is in none.
    pool: String,
    /// Whether it is locked, and why.
    locked: Option<String>,
    /// That a rule takes it soon; empty: none does.
    going: String,
    /// What is said where not all panels are open.
    open: String,
    opens: Opens,
    chips: Vec<Chip>,
    owner: String,
    owner_label: &'a str,
    /// What can be done with it as with many at once.
    actions: Vec<Action>,
    key: String,
    facts: Vec<(String, String)>,
    /// What its custom fields hold.
    custom: Vec<Shown>,
    /// Fields that are masked, and what people call them; of contacts, too.
    masked: Vec<(String, String)>,
    masked_of_contacts: Vec<(String, String)>,
    website: String,
    email: String,
    description: String,
    last: String,
    next: String,
    overdue: bool,
    contacts: Vec<ContactCard>,
    relations: Vec<RelationLine>,
    follow_ups: Vec<follow_up::Item>,
    more_follow_ups: bool,
    /// With whom it is shared; none for who may not know.
    shares: Option<Vec<ShareLine>>,
    contracts: Option<Vec<Row>>,
    more_contracts: bool,
    /// What was paid before there was a contract; none for who may not see money.
    credit: Option<Vec<String>>,
    documents: Option<document::Panel>,
    /// Of the host's own data.
    panels: Vec<panel::Card>,
    /// The merges into it: where each is shown, its day, and of whom.
    merges: Vec<(String, String, String, bool)>,
    write: Option<Sheet<'a>>,
    may: May,
}

/// Whether panels of the page are open to the person.
struct Opens {
    information: bool,
    contacts: bool,
    follow_ups: bool,
    /// What hangs on it: its history, its follow-ups one by one. Closed to who sees it in the pool alone.
    behind: bool,
}

/// What the person may do with the customer.
struct May {
    edit: bool,
    assign: bool,
    share: bool,
    delete: bool,
    merge: bool,
    restore: bool,
    add_contact: bool,
    edit_contact: bool,
    remove_contact: bool,
    erase_person: bool,
    create_contract: bool,
    record_prepayment: bool,
}

/// A contact on its customer's page.
struct ContactCard {
    id: String,
    name: String,
    primary: bool,
    does: String,
    phones: Vec<String>,
    email: String,
    facts: Vec<(String, String)>,
    erased: bool,
}

/// A related customer.
struct RelationLine {
    id: String,
    label: String,
    customer: String,
    name: String,
    note: String,
}

/// With whom the customer is shared.
struct ShareLine {
    id: String,
    with: String,
    edit: bool,
    /// The panels that it opens, in words; nothing where it opens all.
    panels: String,
    ends: String,
    label: String,
}

/// A birthday in words.
pub(crate) fn birthday(d: &Look<'_>, birthday: &Birthday) -> String {
    let calendar = match birthday.calendar {
        Calendar::Solar => d.t("solar"),
        Calendar::Lunar => d.t("lunar"),
    };
    let year = birthday.year.map(|year| format!("{year}-")).unwrap_or_default();
    let leap = if birthday.leap_month { d.t("f_birthday_leap") } else { "" };
    format!("{year}{:02}-{:02} {calendar} {leap}", birthday.month, birthday.day).trim_end().to_owned()
}

/// Pairs of label and value, without those that have no value.
pub(crate) fn facts(d: &Look<'_>, pairs: Vec<(&str, String)>) -> Vec<(String, String)> {
    let known = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    known.map(|(key, value)| (d.t(key).to_owned(), value)).collect()
}

fn some(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

impl ContactCard {
    fn of(contact: &Contact, d: &Look<'_>) -> Self {
        let does = [&contact.department, &contact.title];
        let gender = contact.gender.map(|gender| match gender {
            Gender::Female => d.t("gender_female"),
            Gender::Male => d.t("gender_male"),
            Gender::Other => d.t("gender_other"),
        });
        ContactCard {
            id: contact.id.to_string(),
            name: contact.name.clone(),
            primary: contact.primary,
            does: does.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · "),
            phones: contact.phones.clone(),
            email: some(&contact.email),
            erased: contact.erased_at.is_some(),
            facts: facts(
                d,
                vec![
                    ("f_gender", gender.unwrap_or_default().to_owned()),
                    ("f_wechat", some(&contact.wechat)),
                    ("f_qq", some(&contact.qq)),
                    ("f_birthday", contact.birthday.as_ref().map(|known| birthday(d, known)).unwrap_or_default()),
                    ("f_address", some(&contact.address)),
                    ("f_preferences", some(&contact.preferences)),
                    ("f_note", some(&contact.note)),
                ],
            )
            .into_iter()
            .chain(custom_values::facts(d, Customized::Contact, &contact.custom))
            .collect(),
        }
    }
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        let panels = desk.crm.customer_panels(customer)?;
        // The page opens all the same where the look can't be noted.
        match desk.crm.mark_viewed(customer) {
            Ok(_) | Err(Error::Refused(_) | Error::Forbidden { .. } | Error::NotFound { .. }) => {}
            Err(error) => eprintln!("a look at a customer was not noted: {error}"),
        }
        let values = follow_up::blank(desk, &panels.customer);
        draw(desk, &panels, &values)
    })
    .await
}

fn draw(desk: &Desk<'_>, panels: &CustomerPanels, values: &Values) -> Reply {
    let d = &desk.look;
    let customer = &panels.customer;
    let may = |what: &str| panels.allowed.iter().any(|allowed| allowed == what);
    let opens = |panel| panels.open.contains(&panel);
    let stay = customer.pool_stay.as_ref().filter(|_| customer.status == CustomerStatus::Pooled);
    let whole = panels.open.len() == SharePanel::ALL.len();
    let (contracts, more_contracts) = contracts(desk, customer)?;
    let chips = [(dictionary::LEVEL, &customer.level), (dictionary::STAGE, &customer.stage)];
    let page = CustomerPage {
        d,
        id: customer.id.to_string(),
        name: customer.name.clone(),
        number: customer.number.clone(),
        deleted: customer.deleted_at.is_some(),
        waits: customer.approval.is_some(),
        pool: stay.map(|stay| desk.pool_name(stay.pool)).transpose()?.unwrap_or_default(),
        locked: customer.lock.as_ref().map(|lock| some(&lock.reason)),
        going: going(d, customer),
        open: match (whole, stay) {
            (true, _) => String::new(),
            (false, Some(_)) => d.t("pool_in_part").to_owned(),
            (false, None) => {
                let names: Vec<&str> = panels.open.iter().map(|panel| d.t(panel_key(*panel))).collect();
                format!("{}{}", d.t("shared_in_part"), names.join(d.t("between_reasons")))
            }
        },
        opens: Opens {
            information: opens(SharePanel::Information),
            contacts: opens(SharePanel::Contacts),
            follow_ups: opens(SharePanel::FollowUps),
            behind: whole || stay.is_none(),
        },
        chips: chips.into_iter().filter_map(|(dictionary, code)| d.chip(dictionary, code)).collect(),
        owner: d.person(customer.owner.as_str()),
        owner_label: d.t(if stay.is_some() { "former_owner" } else { "f_owner" }),
        actions: actions(desk, panels, stay)?,
        key: random().unwrap_or_default(),
        facts: customer_facts(desk, customer, stay)?,
        custom: custom_values::shown(d, Customized::Customer, &customer.custom),
        masked: if opens(SharePanel::Information) && stay.is_none() { d.masked("customer") } else { Vec::new() },
        masked_of_contacts: if stay.is_none() { d.masked("contact") } else { Vec::new() },
        website: some(&customer.website),
        email: some(&customer.email),
        description: some(&customer.description),
        last: d.time_or_none(&customer.last_follow_up_at),
        next: d.time_or_none(&customer.next_follow_up_at),
        overdue: d.overdue(&customer.next_follow_up_at),
        contacts: panels.contacts.iter().map(|contact| ContactCard::of(contact, d)).collect(),
        relations: panels
            .relations
            .iter()
            .map(|relation| RelationLine {
                id: relation.id.to_string(),
                label: relation.label.clone(),
                customer: relation.customer.to_string(),
                name: relation.customer_name.clone(),
                note: some(&relation.note),
            })
            .collect(),
        follow_ups: panels.follow_ups.iter().map(|view| follow_up::Item::of(desk, view, &panels.contacts)).collect(),
        more_follow_ups: panels.follow_ups.len() >= 20,
        shares: shares(desk, customer)?,
        contracts,
        more_contracts,
        credit: credit(desk, customer)?,
        documents: document::panel(
            desk,
            DocumentsOf::Customer { customer: customer.id },
            &format!("/customers/{}", customer.id),
            may("attach_document"),
        )?,
        panels: panel::cards(desk, customer.id)?,
        merges: merges(desk, customer)?,
        write: match may("follow_up") {
            true => Some(follow_up::sheet(desk, panels, values, None)?.done()),
            false => None,
        },
        may: May {
            edit: may("edit"),
            assign: may("assign"),
            share: may("share"),
            delete: may("delete"),
            merge: may("merge"),
            restore: may("restore"),
            add_contact: may("add_contact"),
            edit_contact: may("edit_contact"),
            remove_contact: may("remove_contact"),
            erase_person: d.may("settings.manage_settings"),
            create_contract: may("create_contract"),
            record_prepayment: may("record_prepayment"),
        },
    };
    desk.page(&page)
}

/// When a rule takes it from its owner, and why.
fn going(d: &Look<'_>, customer: &Customer) -> String {
    let said = customer.recycle_warning.map(|warning| {
        let why = d.t(recycling::reason(warning.reason));
        d.t("recycle_notice").replace("{at}", &d.time(&warning.goes_at)).replace("{why}", why)
    });
    said.unwrap_or_default()
}

/// What the person may do with it of what can be done with many at once.
fn actions(desk: &Desk<'_>, panels: &CustomerPanels, stay: Option<&PoolStay>) -> Result<Vec<Action>, Failure> {
    let offered = [
        ("claim", Action::Claim),
        ("assign_from_pool", Action::Assign),
        ("release", Action::Release),
        ("lock", Action::Lock),
        ("unlock", Action::Unlock),
    ];
    let allowed = |name: &str| panels.allowed.iter().any(|allowed| allowed == name);
    let mut actions: Vec<Action> =
        offered.into_iter().filter(|(name, _)| allowed(name)).map(|(_, action)| action).collect();
    if let Some(stay) = stay {
        // Out of the one pool that there is it does not go into another.
        let others = desk.pool_choices()?.iter().any(|pool| pool.value != stay.pool.to_string());
        actions.retain(|action| others || *action != Action::Release);
    }
    Ok(actions)
}

fn credit(desk: &Desk<'_>, customer: &Customer) -> Result<Option<Vec<String>>, Failure> {
    match desk.crm.customer_credit(customer.id) {
        Ok(found) => Ok(Some(found.iter().map(|own| desk.look.money(own.balance, own.currency)).collect())),
        Err(Error::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Its contracts, the newest; none for who may not see any.
fn contracts(desk: &Desk<'_>, customer: &Customer) -> Result<(Option<Vec<Row>>, bool), Failure> {
    let of = Contracts::Of { customer: customer.id };
    match desk.crm.contracts(of, PageRequest::first(20)) {
        Ok(found) => {
            let rows = found.items.iter().map(|row| Row::of(&row.contract, &row.customer_name, &desk.look));
            Ok((Some(rows.collect()), found.next.is_some()))
        }
        Err(Error::Forbidden { .. }) => Ok((None, false)),
        Err(error) => Err(error.into()),
    }
}

fn customer_facts(
    desk: &Desk<'_>,
    customer: &Customer,
    stay: Option<&PoolStay>,
) -> Result<Vec<(String, String)>, Failure> {
    let d = &desk.look;
    let kind = match customer.kind {
        CustomerKind::Company => d.t("kind_company"),
        CustomerKind::Person => d.t("kind_person"),
    };
    let positions = desk.positions()?;
    let position = customer.owner_position.as_ref().and_then(|id| positions.iter().find(|position| position.id == *id));
    let locked = customer.lock.as_ref();
    let lost = customer.former_owners.iter();
    let lost = lost.map(|former| format!("{} · {}", d.person(former.person.as_str()), d.time(&former.until)));
    Ok(facts(
        d,
        vec![
            ("f_number", customer.number.clone()),
            ("f_kind", kind.to_owned()),
            ("f_short_name", some(&customer.short_name)),
            ("f_credit_code", some(&customer.credit_code)),
            ("f_source", d.label(dictionary::SOURCE, &customer.source)),
            ("f_industry", d.label(dictionary::INDUSTRY, &customer.industry)),
            ("f_region", some(&customer.region)),
            ("f_address", some(&customer.address)),
            ("f_phones", customer.phones.join("\n")),
            ("f_birthday", customer.birthday.as_ref().map(|known| birthday(d, known)).unwrap_or_default()),
            (
                if stay.is_some() { "former_position" } else { "f_owner_position" },
                position.map(|position| position.name.clone()).unwrap_or_default(),
            ),
            ("pooled_at", stay.map(|stay| d.time(&stay.at)).unwrap_or_default()),
            ("pooled_by", stay.map(|stay| brought(d, stay)).unwrap_or_default()),
            ("pooled_why", stay.map(|stay| list::why(d, stay)).unwrap_or_default()),
            (
                "locked_at",
                locked.map(|lock| format!("{} · {}", d.time(&lock.at), d.person(&lock.by))).unwrap_or_default(),
            ),
            ("lock_reason", locked.map(|lock| some(&lock.reason)).unwrap_or_default()),
            ("f_former_owners", lost.collect::<Vec<_>>().join("\n")),
            ("received_at", d.time(&customer.received_at)),
            ("created", format!("{} · {}", d.time(&customer.created_at), d.person(&customer.created_by))),
            ("changed", format!("{} · {}", d.time(&customer.changed_at), d.person(&customer.changed_by))),
            ("deleted_at", d.time_or_none(&customer.deleted_at)),
            ("former_names", former(customer)),
        ],
    ))
}

/// Who brought it into its pool, and how.
fn brought(d: &Look<'_>, stay: &PoolStay) -> String {
    let how = match stay.entry {
        PoolEntry::Created => "pool_entry_created",
        PoolEntry::Released => "pool_entry_released",
        PoolEntry::Recycled => "pool_entry_recycled",
    };
    format!("{} · {}", d.person(&stay.by), d.t(how))
}

/// What it was called before, and what was merged into it.
fn former(customer: &Customer) -> String {
    let mut names: Vec<&str> = customer.former.iter().map(|former| former.name.as_str()).collect();
    names.retain(|name| *name != customer.name);
    names.dedup();
    names.join("\n")
}

fn merges(desk: &Desk<'_>, customer: &Customer) -> Result<Vec<(String, String, String, bool)>, Failure> {
    let d = &desk.look;
    let line = |merge: &crm_core::Merge| {
        let names: Vec<&str> = merge.sources.iter().map(|source| source.name.as_str()).collect();
        let undone = merge.undone_at.is_some();
        (format!("/merges/{}", merge.id), d.time(&merge.at), names.join(d.t("between_reasons")), undone)
    };
    match desk.crm.merges(customer.id) {
        Ok(merges) => Ok(merges.iter().map(line).collect()),
        Err(Error::Forbidden { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn shares(desk: &Desk<'_>, customer: &Customer) -> Result<Option<Vec<ShareLine>>, Failure> {
    let d = &desk.look;
    let shares = match desk.crm.shares(customer.id) {
        Ok(shares) => shares,
        Err(Error::Forbidden { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let positions = desk.positions()?;
    let name = |id: &crm_core::PositionId| {
        positions
            .iter()
            .find(|position| position.id == *id)
            .map_or_else(|| id.to_string(), |position| position.name.clone())
    };
    let lines = shares.iter().map(|share| ShareLine {
        id: share.id.to_string(),
        with: match (&share.person, &share.position) {
            (Some(person), _) => d.person(person.as_str()),
            (None, Some(position)) => name(position),
            (None, None) => String::new(),
        },
        edit: share.right == ShareRight::Edit,
        panels: panels_told(d, &share.panels),
        ends: d.time_or_none(&share.ends_at),
        label: some(&share.label),
    });
    Ok(Some(lines.collect()))
}

pub(crate) async fn history(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(customer): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.crm.customer(id(&customer)?)?;
        let back = (format!("/customers/{}", customer.id), customer.name.clone());
        history::page(desk, history::Of::Customer, back, &params, |page| desk.crm.customer_history(customer.id, page))
    })
    .await
}

#[derive(Template)]
#[template(path = "access.html")]
struct AccessPage<'a> {
    d: &'a Look<'a>,
    title: &'a str,
    id: String,
    name: String,
    grants: Vec<Grant>,
    people: Vec<Reach>,
}

/// Why a person can see the customer.
struct Grant {
    person: String,
    rule: String,
    through: String,
    edit: bool,
    panels: String,
}

/// What the roles of a person let him do.
struct Reach {
    person: String,
    roles: String,
    rights: String,
    fields: Vec<String>,
}

/// How far somebody reaches into a field, and which roles say so.
fn field_words(d: &Look<'_>, field: &AccessField, called: &dyn Fn(&RoleId) -> String) -> String {
    let (record, name) = field.field.split_once('.').unwrap_or_default();
    let roles = field.roles.iter().map(called).collect::<Vec<_>>().join(d.t("between_reasons"));
    let reach = d.t(match field.access {
        FieldAccess::Hidden => "access_hidden",
        FieldAccess::Masked => "access_masked",
        FieldAccess::Read => "access_read",
        FieldAccess::Edit => "access_edit",
    });
    let label = format!("{} · {}: {reach}", d.t(&format!("module_{record}")), d.field_label(record, name));
    if roles.is_empty() { label } else { format!("{label} ({roles})") }
}

pub(crate) async fn access(State(app): State<Shared>, visitor: Visitor, Path(customer): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let customer = desk.crm.customer(id(&customer)?)?;
        let explained = desk.crm.explain_access(customer.id)?;
        let positions = desk.positions()?;
        let place = |id: &String| {
            positions
                .iter()
                .find(|position| position.id.as_str() == id)
                .map_or_else(|| id.clone(), |position| position.name.clone())
        };
        let grants = explained.grants.iter().map(|grant| Grant {
            person: d.person(grant.person.as_str()),
            rule: named(d, "rule_", &grant.rule),
            through: match (&grant.through, grant.rule.as_str()) {
                (Some(pool), "pool" | "pool_administrator") => pool.clone(),
                (through, _) => through.as_ref().map(place).unwrap_or_default(),
            },
            edit: grant.edit,
            panels: panels_told(d, &grant.panels),
        });
        // Who does not dispose of it is told of himself alone.
        let own = explained.grants.iter().all(|grant| grant.person == desk.me);
        let title = d.t(if own { "why_seen" } else { "who_sees" });
        let (id, name, grants) = (customer.id.to_string(), customer.name.clone(), grants.collect());
        let roles = if d.may("role.view") { desk.crm.roles()? } else { Vec::new() };
        let called = |id: &RoleId| {
            let known = roles.iter().find(|role| role.id == *id);
            known.map_or_else(|| id.to_string(), |role| role.name.clone())
        };
        let people = explained.people.iter().map(|own| Reach {
            person: d.person(own.person.as_str()),
            roles: own.roles.iter().map(called).collect::<Vec<_>>().join(d.t("between_reasons")),
            rights: own
                .rights
                .iter()
                .map(|right| role::named(d, right))
                .collect::<Vec<_>>()
                .join(d.t("between_reasons")),
            fields: own.fields.iter().map(|field| field_words(d, field, &called)).collect(),
        });
        let people = people.collect();
        desk.page(&AccessPage { d, title, id, name, grants, people })
    })
    .await
}
