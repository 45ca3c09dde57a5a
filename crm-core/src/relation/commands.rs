//! Relating customers, taking it back, seeing it from both ends.

use super::{RELATION, Relation};
use crate::access::Reach;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, NewRelation, Under};
use crate::dictionary::{EntryCode, RELATION_KIND};
use crate::error::{Error, Violation, refusals};
use crate::history;
use crate::id::{CustomerId, RelationId};
use crate::operations::op;
use crate::organisation::{GUARD, UNIQUE_KEY};
use crate::record::{Record, Removed};
use crate::sharing::SharePanel;
use crate::sorted::Sort as _;
use crate::store::{Filter, Row, Search, Write};
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A relation seen from one of its ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RelationView {
    /// The id.
    pub id: RelationId,
    /// The kind, a code of the dictionary.
    pub kind: EntryCode,
    /// What the other customer is to this one: partner, parent company, subsidiary, ...
    pub label: String,
    /// Whether the other customer is the first one of a relation with two directions (the
    /// parent).
    pub inverse: bool,
    /// The other customer.
    pub customer: CustomerId,
    /// Its name.
    pub customer_name: String,
    /// The note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

refusals! {
    /// Why customers can't be related so.
    pub enum RelationRefusal {
        /// Both ends are the same customer.
        ToItself = "relation_to_itself", "A customer can't be related to itself", "客户不能与自身建立关联";
        /// They are related so already.
        Exists = "relation_exists", "The customers are related so already", "该关联已存在";
        /// A customer would be above itself.
        ParentCircle = "relation_circle", "A customer can't be its own parent, however far", "母子公司关系不能形成循环";
        /// The tree of parents is deeper than can be checked.
        TooDeep = "relation_too_deep", "The tree of parents is too deep", "母子公司层级过深";
    }
}

/// How many customers are looked at above one.
pub(crate) const MOST_ABOVE: usize = 10_000;

const PARENTS: &str = "relation_parents";

/// The row that commands about parents write to exclude each other.
pub(crate) fn parents_guard() -> Row {
    Row { id: PARENTS.to_owned(), version: 1, values: Vec::new(), body: "{}".to_owned() }
}

/// The relations of a customer: those where it stands first, those where it stands second.
pub(crate) fn relations_of(customer: CustomerId) -> [Search; 2] {
    ["first", "second"].map(|end| Search::of(&RELATION).within(end, vec![customer.to_string().into()]))
}

/// Relations go with either end.
pub(crate) static RELATIONS_UNDER: Under = Under {
    purge: |work, customer| {
        for search in relations_of(customer) {
            for row in work.find_all(search)? {
                let key = Relation::from_row(&row)?.unique_key_id();
                if let Some(key) = work.get_one(&UNIQUE_KEY, key)? {
                    work.write(Write::Delete { kind: &UNIQUE_KEY, id: key.id, version: key.version });
                }
                work.write(Write::Delete { kind: &RELATION, id: row.id, version: row.version });
            }
        }
        Ok(true)
    },
    follow: None,
};

impl Session<'_> {
    /// Relates a customer to another. Both ends must be open to the actor for editing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.edit`, or for who may only read one of
    /// them; [`Error::NotFound`]; [`Error::Invalid`]; refusals of [`RelationRefusal`].
    pub fn add_relation(&self, customer: CustomerId, relation: NewRelation) -> Result<RelationView, Error> {
        self.command(
            &op::add_relation,
            &(customer, &relation),
            |work| {
                let here = work.customer_with_shares(customer, Reach::Edit)?.0;
                here.check_active()?;
                // A merge of one of them must see the relation, or come first.
                work.bump_customer(&here)?;
                let added = work.relate(&here, &relation, "relation", &mut Vec::new())?;
                work.made(added.id);
                Ok(added)
            },
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                let row = work.get_one(&RELATION, id.clone())?.ok_or_else(|| not_found(id.clone()))?;
                let customer = work.customer_with_shares(customer, (Reach::Read, SharePanel::Information))?.0.id;
                let view = work.relation_views(customer, &[row])?.into_iter().next();
                view.ok_or_else(|| not_found(id).into())
            },
        )
    }

    /// Takes a relation back.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.edit`, or for who may only read one of
    /// the customers; [`Error::NotFound`].
    pub fn remove_relation(&self, relation: RelationId) -> Result<Removed, Error> {
        self.command(
            &op::remove_relation,
            &relation,
            |work| {
                let row = work.get_one(&RELATION, relation.to_string())?.ok_or_else(|| not_found(relation))?;
                let known = Relation::from_row(&row)?;
                // Of a relation to a hidden customer nothing shows, not even that it may not be removed; nor of one that neither end
                // is open to tell.
                let mut told = false;
                for end in [known.first, known.second] {
                    told |= work.customer_with_shares(end, (Reach::Read, SharePanel::Information)).is_ok();
                }
                if !told && work.access()?.may("customer.view") {
                    return Err(not_found(relation).into());
                }
                for need in [Reach::Read, Reach::Edit] {
                    for end in [known.first, known.second] {
                        let found = work.customer_with_shares(end, need);
                        let (customer, _) = found.map_err(|stop| match stop {
                            Stop::Error(Error::NotFound { .. }) => not_found(relation).into(),
                            other => other,
                        })?;
                        if need == Reach::Edit {
                            work.rely_on_customer(&customer);
                        }
                    }
                }
                work.write(Write::Delete { kind: &RELATION, id: relation.to_string(), version: known.version });
                if let Some(key) = work.get_one(&UNIQUE_KEY, known.unique_key_id())? {
                    work.write(Write::Delete { kind: &UNIQUE_KEY, id: key.id, version: key.version });
                }
                let was = serde_json::json!({"kind": known.kind, "first": known.first, "second": known.second});
                for end in [known.first, known.second] {
                    work.remember(
                        "customer",
                        end,
                        "remove_relation",
                        vec![history::change("relation", Some(was.clone()), None)],
                    )?;
                }
                work.announce("relation_removed", "relation", relation, was)?;
                Ok(Removed::new(RelationId::RECORD, relation))
            },
            |_, _| Ok(Removed::new(RelationId::RECORD, relation)),
        )
    }

    /// The relations of a customer to customers that the actor sees. Others do not show, not
    /// even as a number.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn relations(&self, customer: CustomerId) -> Result<Vec<RelationView>, Error> {
        self.query(&op::relations, |work| {
            let customer = work.customer_with_shares(customer, (Reach::Read, SharePanel::Information))?.0.id;
            let mut found = Vec::new();
            for search in relations_of(customer) {
                found.extend(work.find_all(search)?);
            }
            work.relation_views(customer, &found)
        })
    }
}

impl Work<'_> {
    /// Relations that come with a new customer.
    pub(crate) fn relate_new(&mut self, customer: &Customer, relations: &[NewRelation]) -> Result<(), Stop> {
        let mut tree = Vec::new();
        for (place, relation) in relations.iter().enumerate() {
            self.relate(customer, relation, &format!("relations[{place}]"), &mut tree)?;
        }
        Ok(())
    }

    /// Relates one customer, which the actor may edit, to another. `tree` are parents and
    /// children that the same command makes.
    fn relate(
        &mut self,
        here: &Customer,
        input: &NewRelation,
        path: &str,
        tree: &mut Vec<(CustomerId, CustomerId)>,
    ) -> Result<RelationView, Stop> {
        let context = self.context.clone();
        let mut check = Checker::new();
        let entry = context.entry(RELATION_KIND, input.kind.as_str()).filter(|entry| !entry.retired);
        let note = check.under(path, |check| {
            check.ensure(entry.is_some(), || Violation::unknown("kind"));
            check.optional_line("note", &input.note, 200)
        });
        check.done()?;
        let Some(entry) = entry else {
            return Err(Violation::unknown("kind").into());
        };
        let there = self.customer_with_shares(input.customer, Reach::Edit)?.0;
        if there.id == here.id {
            return Err(RelationRefusal::ToItself.into());
        }
        there.check_active()?;
        let id = there.id.to_string();
        let bumped =
            |write: &Write| matches!(write, Write::Update { kind, row, .. } if *kind == &CUSTOMER && row.id == id);
        if !self.changes.writes.iter().any(bumped) {
            self.bump_customer(&there)?;
        }
        // With one direction only, the order of the ends means nothing: the smaller id first.
        let directed = entry.inverse_label.is_some();
        let swap = if directed { input.inverse } else { there.id < here.id };
        let (first, second) = if swap { (there.id, here.id) } else { (here.id, there.id) };
        let relation = Relation {
            id: RelationId(self.draw()?),
            first,
            second,
            kind: input.kind.clone(),
            hierarchical: entry.hierarchical,
            note,
            created_at: self.now,
            created_by: self.actor().name(),
            version: 1,
        };
        let key = relation.unique_key_id();
        let again = self.changes.writes.iter().any(|write| matches!(write, Write::Insert { row, .. } if row.id == key));
        if again || self.get_one(&UNIQUE_KEY, key.clone())?.is_some() {
            return Err(RelationRefusal::Exists.into());
        }
        if entry.hierarchical {
            // The guard is read before the parents: what another command adds after that makes
            // this one's commit fail.
            if tree.is_empty() {
                let guard = self.guard_of_parents()?;
                self.update(&GUARD, guard);
            }
            self.check_parents(first, second, tree)?;
            tree.push((first, second));
        }
        self.insert(&RELATION, relation.to_row()?);
        let holder = serde_json::json!({"holder": relation.id}).to_string();
        self.insert(&UNIQUE_KEY, Row { id: key, version: 1, values: Vec::new(), body: holder });
        let became = serde_json::json!({"kind": relation.kind, "first": first, "second": second});
        for end in [first, second] {
            self.remember(
                "customer",
                end,
                "add_relation",
                vec![history::change("relation", None, Some(became.clone()))],
            )?;
        }
        self.announce("relation_added", "relation", relation.id, became)?;
        Ok(view(&relation, here.id, &there.name, entry))
    }

    /// The row that commands about parents write, to be read before the parents are.
    pub(crate) fn guard_of_parents(&mut self) -> Result<Row, Stop> {
        let gone = || crate::store::StoreError::Corrupt("the guard of parents is gone".to_owned());
        Ok(self.get_one(&GUARD, PARENTS.to_owned())?.ok_or_else(gone)?)
    }

    /// The parents of customers.
    pub(crate) fn parents_of(&mut self, children: &[CustomerId]) -> Result<Vec<CustomerId>, Stop> {
        let ids = children.iter().map(|id| id.to_string().into()).collect();
        let search = Search::of(&RELATION).within("second", ids).filtered(Filter::equal("hierarchical", 1));
        Ok(Relation::from_rows(&self.find_all(search)?)?.into_iter().map(|relation| relation.first).collect())
    }

    /// Refuses a child that is above its parent already.
    fn check_parents(
        &mut self,
        parent: CustomerId,
        child: CustomerId,
        tree: &[(CustomerId, CustomerId)],
    ) -> Result<(), Stop> {
        let mut above = BTreeSet::from([parent]);
        let mut next = vec![parent];
        while !next.is_empty() {
            if above.contains(&child) {
                return Err(RelationRefusal::ParentCircle.into());
            }
            if above.len() > MOST_ABOVE {
                return Err(RelationRefusal::TooDeep.into());
            }
            let mut parents = self.parents_of(&next)?;
            parents.extend(tree.iter().filter(|(_, second)| next.contains(second)).map(|(first, _)| *first));
            next = parents.into_iter().filter(|id| above.insert(*id)).collect();
        }
        if above.contains(&child) { Err(RelationRefusal::ParentCircle.into()) } else { Ok(()) }
    }

    /// Relations as seen from one end, without those whose other end the actor does not see.
    pub(crate) fn relation_views(&mut self, here: CustomerId, found: &[Row]) -> Result<Vec<RelationView>, Stop> {
        let relations = Relation::from_rows(found)?;
        let other = |relation: &Relation| {
            if relation.first == here { relation.second } else { relation.first }
        };
        let names =
            self.visible_customers(relations.iter().map(|relation| other(relation).to_string()).collect(), false)?;
        let context = self.context.clone();
        let mut views: Vec<(crate::Timestamp, RelationView)> = relations
            .iter()
            .filter_map(|relation| {
                let (name, _) = names.get(&other(relation))?;
                let entry = context.entry(RELATION_KIND, relation.kind.as_str())?;
                Some((relation.created_at, view(relation, here, name, entry)))
            })
            .collect();
        views.order_by_key(|(created_at, view)| (*created_at, view.id));
        Ok(views.into_iter().map(|(_, view)| view).collect())
    }
}

fn view(
    relation: &Relation,
    here: CustomerId,
    other_name: &str,
    entry: &crate::dictionary::DictionaryEntry,
) -> RelationView {
    let other_is_first = relation.second == here;
    // The label names the first; from the first's own page the other is the second.
    let label = match &entry.inverse_label {
        Some(inverse) if !other_is_first => inverse.clone(),
        _ => entry.label.clone(),
    };
    RelationView {
        id: relation.id,
        kind: relation.kind.clone(),
        label,
        inverse: other_is_first && entry.inverse_label.is_some(),
        customer: if other_is_first { relation.first } else { relation.second },
        customer_name: other_name.to_owned(),
        note: relation.note.clone(),
    }
}

fn not_found(relation: impl ToString) -> Error {
    Error::NotFound { record: RelationId::RECORD.to_owned(), id: relation.to_string() }
}
