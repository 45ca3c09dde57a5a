//! Merging customers: whom, what stays of them, what moves; and a merge with all that it did, to be taken back.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::failure::Failure;
use crate::pages::duplicate::reasons;
use crate::pages::history::named;
use crate::pages::relation::found;
use crate::pages::{Params, custom_values, id};
use crate::security::Posted;
use crate::session::{Visitor, random};
use crate::values::Values;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::{
    ContactMerge, Customer, CustomerId, CustomerKind, Customized, DuplicateDraft, Error, MergeChoice, MergeEffect,
    MergeField, MergeId, MergeInput, MergeItem, MergePreview, ShareRight, dictionary,
};

/// How many things of a kind are unfolded at once.
const UNFOLDED: usize = 5;

#[derive(Template)]
#[template(path = "merge_choose.html")]
struct ChoosePage<'a> {
    d: &'a Look<'a>,
    id: String,
    name: String,
    search: String,
    problem: String,
    /// A heading, and under it who can be chosen.
    groups: Vec<(String, Vec<Candidate>)>,
}

/// The id, the name, and what else is known.
type Candidate = (String, String, String);

#[derive(Template)]
#[template(path = "merge.html")]
struct PreviewPage<'a> {
    d: &'a Look<'a>,
    id: String,
    key: String,
    problem: String,
    fingerprint: String,
    columns: Vec<Column>,
    fields: Vec<Row>,
    /// The pair, whom it is of, into whom, and whether it is ticked.
    contacts: Vec<(String, String, String, bool)>,
    groups: Vec<Group>,
    rights: Vec<(&'static str, String, bool)>,
    reason: String,
    parent: bool,
    parent_ticked: bool,
    needs_approval: bool,
}

/// A customer of a merge.
struct Column {
    id: String,
    name: String,
    number: String,
    owner: String,
    survivor: bool,
    /// Where it is the one that stays.
    instead: String,
}

/// A field with what each customer has.
struct Row {
    name: String,
    label: String,
    conflict: bool,
    cells: Vec<Cell>,
    can_unite: bool,
    united: bool,
}

struct Cell {
    id: String,
    of: String,
    empty: bool,
    chosen: bool,
    value: String,
}

/// What happens to the things of one kind.
struct Group {
    label: String,
    count: usize,
    told: String,
    open: bool,
    items: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "merged.html")]
struct MergedPage<'a> {
    d: &'a Look<'a>,
    id: String,
    survivor: String,
    name: String,
    sources: Vec<(String, String, String)>,
    at: String,
    by: String,
    reason: String,
    undone: String,
    groups: Vec<Group>,
    stayed: Vec<Group>,
    undoable: bool,
    later: String,
}

pub(crate) async fn choose(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(customer): Path<String>,
    Params(params): Params,
) -> Reply {
    app.desk(visitor, move |desk| {
        let customer = desk.open_for(id(&customer)?, "merge")?;
        if params.all("source").is_empty() {
            let problem = if params.ticked("compare") { desk.t("merge_choose_first") } else { "" };
            return draw_choice(desk, &customer, params.get("search").trim(), problem.to_owned());
        }
        // As proposed, and equal contacts become one.
        draw(desk, &customer, &params.with("keep_owners", "edit"), true, None)
    })
    .await
}

fn draw_choice(desk: &Desk<'_>, customer: &Customer, search: &str, problem: String) -> Reply {
    let d = &desk.look;
    let mut groups = Vec::new();
    if search.is_empty() {
        let draft = DuplicateDraft {
            kind: Some(customer.kind),
            short_name: customer.short_name.clone(),
            credit_code: customer.credit_code.clone(),
            phones: customer.phones.clone(),
            website: customer.website.clone(),
            email: customer.email.clone(),
            customer: Some(customer.id),
            ..DuplicateDraft::named(customer.name.as_str())
        };
        let hits = desk.crm.check_duplicates(draft)?.hits;
        let row = |hit: crm_core::DuplicateHit| {
            let owner = hit.owner_name.unwrap_or_default();
            Some((hit.customer?.to_string(), hit.name, format!("{owner} · {}", reasons(d, &hit.reasons))))
        };
        // One in a pool is claimed before it is merged.
        let hits = hits.into_iter().filter(|hit| !hit.in_pool);
        groups.push((d.t("merge_likely").to_owned(), hits.filter_map(row).collect()));
    } else {
        let some: String = search.chars().take(60).collect();
        let choices = found(desk, &some, customer.id)?;
        let rows = choices.into_iter().map(|choice| (choice.value, choice.label, String::new()));
        groups.push((d.t("merge_found").to_owned(), rows.collect()));
    }
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ChoosePage {
        d,
        id: customer.id.to_string(),
        name: customer.name.clone(),
        search: search.to_owned(),
        problem,
        groups,
    };
    desk.page_with(status, &page)
}

/// What was chosen on the page.
fn wish(customer: CustomerId, values: &Values) -> Result<MergeInput, Failure> {
    let sources = values.all("source").into_iter().map(id).collect::<Result<Vec<CustomerId>, _>>()?;
    let mut input = MergeInput::of(customer, sources);
    for (name, value) in values.pairs() {
        if let (Some(field), false) = (name.strip_prefix("field_"), value.is_empty()) {
            input.fields.push(MergeChoice { field: field.to_owned(), from: id(value)? });
        }
    }
    for pair in values.all("same") {
        let (contact, into) = pair.split_once(' ').ok_or_else(Failure::not_found)?;
        input.contacts.push(ContactMerge { contact: id(contact)?, into: id(into)? });
    }
    input.keep_owners = match values.get("keep_owners") {
        "edit" => Some(ShareRight::Edit),
        "read" => Some(ShareRight::Read),
        _ => None,
    };
    input.parent_with_child = values.ticked("parent_with_child");
    input.reason = values.text("reason");
    Ok(input)
}

/// The page of a merge that is not done yet: what would come of it.
fn draw(desk: &Desk<'_>, customer: &Customer, values: &Values, fresh: bool, error: Option<&Error>) -> Reply {
    let d = &desk.look;
    let mut input = wish(customer.id, values)?;
    let parent = |error: &Error| error.code() == "parent_with_child";
    let mut refused = error.cloned();
    let mut preview = desk.crm.preview_merge(input.clone());
    if matches!(&preview, Err(error) if parent(error)) {
        // What it would be is shown all the same; that it is meant has to be said.
        refused = refused.or(preview.err());
        preview = desk.crm.preview_merge(MergeInput { parent_with_child: true, ..input.clone() });
    }
    let mut preview = match preview {
        Ok(preview) => preview,
        Err(error) => {
            let error = desk.for_form(error)?;
            return draw_choice(desk, customer, "", d.said(&error));
        }
    };
    let proposed = preview.equal_contacts.clone();
    if fresh && !proposed.is_empty() {
        // Each contact takes up one other, at first sight.
        input.contacts.clone_from(&proposed);
        let parent_with_child = input.parent_with_child || refused.as_ref().is_some_and(parent);
        preview = desk.crm.preview_merge(MergeInput { parent_with_child, ..input.clone() })?;
    }
    let names = contact_names(desk, &preview)?;
    let mut pairs: Vec<(ContactMerge, bool)> = input.contacts.iter().map(|pair| (pair.clone(), true)).collect();
    pairs.extend(proposed.into_iter().filter(|pair| !input.contacts.contains(pair)).map(|pair| (pair, false)));
    let name = |contact: &crm_core::ContactId| {
        names.iter().find(|(known, _)| known == contact).map_or_else(String::new, |(_, name)| name.clone())
    };
    let contacts = pairs.iter().map(|(pair, ticked)| {
        (format!("{} {}", pair.contact, pair.into), name(&pair.contact), name(&pair.into), *ticked)
    });
    let all: Vec<&Customer> = std::iter::once(customer).chain(&preview.sources).collect();
    let ids: Vec<CustomerId> = all.iter().map(|column| column.id).collect();
    let columns = all.iter().map(|column| Column {
        id: column.id.to_string(),
        name: column.name.clone(),
        number: column.number.clone(),
        owner: d.person(column.owner.as_str()),
        survivor: column.id == customer.id,
        instead: if column.id == customer.id { String::new() } else { address(column.id, &ids) },
    });
    let is_parent = refused.as_ref().is_some_and(parent);
    let rights = [("edit", "keep_owners_edit"), ("read", "keep_owners_read"), ("none", "keep_owners_none")];
    let kept = values.get("keep_owners");
    let page = PreviewPage {
        d,
        id: customer.id.to_string(),
        key: random().unwrap_or_default(),
        problem: refused.as_ref().map(|error| d.said(error)).unwrap_or_default(),
        fingerprint: preview.fingerprint.clone(),
        columns: columns.collect(),
        fields: preview.fields.iter().map(|field| row(d, field, &all)).collect(),
        contacts: contacts.collect(),
        groups: groups(d, &preview.items),
        rights: rights.map(|(right, key)| (right, d.t(key).to_owned(), right == kept)).to_vec(),
        reason: values.get("reason").to_owned(),
        parent: is_parent || input.parent_with_child,
        parent_ticked: input.parent_with_child,
        needs_approval: preview.needs_approval,
    };
    let status = if page.problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    desk.page_with(status, &page)
}

/// Where the merge of some customers is looked at, of whom one is the one that stays.
pub(crate) fn address(survivor: CustomerId, all: &[CustomerId]) -> String {
    let others = all.iter().filter(|other| **other != survivor).map(|other| format!("source={other}"));
    format!("/customers/{survivor}/merge?{}", others.collect::<Vec<_>>().join("&"))
}

/// What the contacts of all of them are called.
fn contact_names(desk: &Desk<'_>, preview: &MergePreview) -> Result<Vec<(crm_core::ContactId, String)>, Failure> {
    let mut names = Vec::new();
    for customer in std::iter::once(&preview.customer).chain(&preview.sources) {
        let contacts = desk.crm.customer_panels(customer.id)?.contacts;
        names.extend(contacts.into_iter().map(|contact| (contact.id, contact.name)));
    }
    Ok(names)
}

fn row(d: &Look<'_>, field: &MergeField, all: &[&Customer]) -> Row {
    let cell = |customer: &&Customer| {
        let value = field.values.iter().find(|value| value.customer == customer.id);
        Cell {
            id: customer.id.to_string(),
            of: customer.name.clone(),
            empty: value.is_none(),
            chosen: field.from == Some(customer.id),
            value: value.map(|value| said(d, &field.field, &value.value, customer)).unwrap_or_default(),
        }
    };
    let many = field.values.len() > 1;
    Row {
        name: field.field.clone(),
        label: custom_values::called(d, Customized::Customer, &field.field)
            .unwrap_or_else(|| named(d, "f_", &field.field)),
        conflict: field.conflict,
        cells: all.iter().map(cell).collect(),
        can_unite: field.field == "phones" && many,
        united: field.from.is_none(),
    }
}

/// A value as people read it.
fn said(d: &Look<'_>, field: &str, value: &serde_json::Value, customer: &Customer) -> String {
    let dictionary = match field {
        "level" => Some((dictionary::LEVEL, &customer.level)),
        "stage" => Some((dictionary::STAGE, &customer.stage)),
        "source" => Some((dictionary::SOURCE, &customer.source)),
        "industry" => Some((dictionary::INDUSTRY, &customer.industry)),
        _ => None,
    };
    if let Some((dictionary, code)) = dictionary {
        return d.label(dictionary, code);
    }
    if let Some(told) = custom_values::told(d, Customized::Customer, field, value) {
        return told;
    }
    if let ("birthday", Some(birthday), CustomerKind::Person) = (field, &customer.birthday, customer.kind) {
        return super::customer::birthday(d, birthday);
    }
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => {
            list.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(d.t("between_reasons"))
        }
        serde_json::Value::Object(parts) => {
            let part = |name: &str| parts.get(name).and_then(|part| part.as_str()).unwrap_or_default().to_owned();
            [part("region"), part("address")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Things by their kinds, as people count them.
fn groups(d: &Look<'_>, items: &[MergeItem]) -> Vec<Group> {
    const KINDS: [&str; 10] = [
        "contact",
        "follow_up",
        "contract",
        "receipt",
        "customer_credit",
        "document",
        "relation",
        "share",
        "approval",
        "customer",
    ];
    let effect = |effect: MergeEffect| {
        d.t(match effect {
            MergeEffect::Moved => "effect_moved",
            MergeEffect::United => "effect_united",
            MergeEffect::Changed => "effect_changed",
            MergeEffect::Dropped => "effect_dropped",
            MergeEffect::Added => "effect_added",
            MergeEffect::ChangedSince => "effect_changed_since",
            MergeEffect::CameAfter => "effect_came_after",
        })
    };
    let mut groups = Vec::new();
    for kind in KINDS {
        let own: Vec<&MergeItem> = items.iter().filter(|item| item.record == kind).collect();
        if own.is_empty() {
            continue;
        }
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for item in &own {
            let told = effect(item.effect);
            match counts.iter_mut().find(|(known, _)| *known == told) {
                Some((_, count)) => *count += 1,
                None => counts.push((told, 1)),
            }
        }
        let told: Vec<String> = counts.iter().map(|(told, count)| format!("{told} {count}")).collect();
        let name = |item: &&MergeItem| match kind {
            // Of the survivor the name is that of a field.
            "customer" => named(d, "f_", &item.name),
            _ if item.name.is_empty() => d.t(&format!("thing_{kind}")).to_owned(),
            _ => item.name.clone(),
        };
        groups.push(Group {
            label: d.t(&format!("thing_{kind}")).to_owned(),
            count: own.len(),
            told: told.join(d.t("between_reasons")),
            open: own.len() <= UNFOLDED,
            items: own.iter().map(|item| (name(item), effect(item.effect).to_owned())).collect(),
        });
    }
    groups
}

pub(crate) async fn carry_out(State(app): State<Shared>, Path(customer): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let customer: CustomerId = id(&customer)?;
        let preview = values.get("deed") == "preview";
        let error = if preview {
            None
        } else {
            let input = MergeInput { fingerprint: values.text("fingerprint"), ..wish(customer, &values)? };
            match desk.acting(&values).merge_customers(input) {
                Ok(answer) => {
                    let (said, to) = match answer.merge {
                        Some(merge) => ("done_customers_merged", format!("/merges/{}", merge.id)),
                        None => ("done_merge_asked", format!("/customers/{customer}")),
                    };
                    desk.notice(said);
                    return desk.go(&to);
                }
                Err(error) => Some(desk.for_form(error)?),
            }
        };
        let here = desk.open_for(customer, "merge")?;
        draw(desk, &here, &values, false, error.as_ref())
    })
    .await
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Path(merge): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let merge: MergeId = id(&merge)?;
        let view = desk.crm.merge(merge)?;
        let survivor = desk.crm.customer(view.merge.survivor)?;
        let own = &view.merge;
        let undone = own.undone_at.map(|at| {
            let by = own.undone_by.as_deref().map(|by| d.person(by)).unwrap_or_default();
            format!("{} · {by}", d.time(&at))
        });
        let source = |(source, owner): (&crm_core::FormerCustomer, &crm_core::UserId)| {
            let more = format!("{} · {}", source.number, d.person(owner.as_str()));
            (source.id.to_string(), source.name.clone(), more)
        };
        desk.page(&MergedPage {
            d,
            id: own.id.to_string(),
            survivor: survivor.id.to_string(),
            name: survivor.name,
            sources: own.sources.iter().zip(&own.owners).map(source).collect(),
            at: d.time(&own.at),
            by: d.person(&own.by),
            reason: own.reason.clone().unwrap_or_default(),
            undone: undone.unwrap_or_default(),
            groups: groups(d, &view.items),
            stayed: groups(d, &view.stayed),
            undoable: view.undoable,
            later: view.later.map(|later| format!("/merges/{later}")).unwrap_or_default(),
        })
    })
    .await
}

pub(crate) async fn undo(State(app): State<Shared>, Path(merge): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, .. } = posted;
    app.desk(visitor, move |desk| {
        let merge: MergeId = id(&merge)?;
        desk.done(desk.crm.unmerge(merge), "done_unmerged", &format!("/merges/{merge}"))
    })
    .await
}
