//! Attaching documents, listing them, taking them away.

use super::{DOCUMENT, Document};
use crate::access::Reach;
use crate::contract::Contract;
use crate::crm::Session;
use crate::customer::{Customer, CustomerId, Under};
use crate::error::{Error, Violation};
use crate::history;
use crate::id::{ContractId, DocumentId};
use crate::operations::op;
use crate::page::{COUNT_CAP, Count, PageRequest, encode_cursor, list_identity, page};
use crate::record::{ABSENT, Record, Removed};
use crate::sharing::SharePanel;
use crate::store::{ColumnType, Direction, Read, Search, Value, Write};
use crate::text::Checker;
use crate::work::{Stop, Work, counted, rows};
use serde::{Deserialize, Serialize};

/// The greatest document: 1 GiB.
pub(super) const MOST_BYTES: i64 = 1 << 30;

/// A document to attach: the host has its bytes already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NewDocument {
    /// A contract of the customer, to which it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub contract: Option<ContractId>,
    /// The file's name, 1 to 200 characters, without a path.
    pub name: String,
    /// The media type, at most 100 characters.
    pub media_type: String,
    /// The size in bytes, 1 to 1 GiB.
    pub size: i64,
    /// The SHA-256 of the bytes, in hexadecimal digits.
    pub sha256: String,
    /// Where the host keeps it, 1 to 500 characters.
    pub reference: String,
}

/// Whose documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DocumentsOf {
    /// All of a customer, those of its contracts too.
    Customer {
        /// The customer.
        customer: CustomerId,
    },
    /// Of one contract.
    Contract {
        /// The contract.
        contract: ContractId,
    },
}

page! {
    /// A page of documents, newest first.
    DocumentPage of Document
}

impl Session<'_> {
    /// Attaches a document, which the host keeps, to a customer or one of its contracts.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `document.create`, or for who may only read the customer and has no duties
    /// of the contract; [`Error::NotFound`]; [`Error::Invalid`]; `in_recycle_bin`.
    pub fn attach_document(&self, customer: CustomerId, document: NewDocument) -> Result<Document, Error> {
        self.command(
            &op::attach_document,
            &(customer, &document),
            |work| {
                let (found, contract) = work.document_place(customer, document.contract)?;
                match contract {
                    Some(_) => found.check_live()?,
                    None => found.check_active()?,
                }
                let attached = work.attached(&found, contract.as_ref(), &document)?;
                work.rely_on_customer(&found);
                if let Some(contract) = &contract {
                    work.rely_on_contract(contract);
                }
                work.insert(&DOCUMENT, attached.to_row()?);
                let told = history::change("document", None, Some(serde_json::json!(attached.name)));
                work.remember_document(&attached, "attach_document", told)?;
                let data = serde_json::json!({"customer": found.id, "contract": attached.contract});
                work.announce("document_attached", DocumentId::RECORD, attached.id, data)?;
                work.made(attached.id);
                Ok(attached)
            },
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                let id: DocumentId = id.parse().map_err(|_| not_found(id.clone()))?;
                Ok(work.document_within(id)?.0)
            },
        )
    }

    /// A document.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `document.view`; [`Error::NotFound`].
    pub fn document(&self, document: DocumentId) -> Result<Document, Error> {
        self.query(&op::document, |work| Ok(work.document_within(document)?.0))
    }

    /// A page of the documents of a customer or a contract, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `document.view`; [`Error::NotFound`]; [`Error::Invalid`]; `cursor_foreign`.
    pub fn documents(&self, of: DocumentsOf, page: PageRequest) -> Result<DocumentPage, Error> {
        let list = list_identity(self.actor(), op::documents.name, &of);
        let limit = page.limit()?;
        let after = page.place(&list, ColumnType::Integer)?;
        self.query(&op::documents, |work| {
            let (column, id) = match of {
                DocumentsOf::Customer { customer } => {
                    let customer = work.customer_with_shares(customer, (Reach::Read, SharePanel::Documents))?.0.id;
                    ("customer", customer.to_string())
                }
                DocumentsOf::Contract { contract } => {
                    work.contract_by_panel(contract, Reach::Read, SharePanel::Documents)?;
                    ("contract", contract.to_string())
                }
            };
            let mut search = Search::of(&DOCUMENT)
                .within(column, vec![id.into()])
                .ordered("created_at", Direction::Descending)
                .limited(limit + 1);
            let counting = Read::Count { search: search.clone(), cap: COUNT_CAP };
            search.after.clone_from(&after);
            let mut reads = vec![Read::Find(search)];
            reads.extend(page.count.then_some(counting));
            let mut answers = work.read(reads)?.into_iter();
            let mut found = rows(answers.next());
            let count = page.count.then(|| Count::of(counted(answers.next()), COUNT_CAP));
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or_default());
            let items = Document::from_rows(&found)?;
            let place = |last: &Document| (Some(last.created_at.millis().into()), last.id.to_string());
            let next = items.last().filter(|_| more).map(|last| encode_cursor(&list, &place(last)));
            Ok(DocumentPage { items, next, count })
        })
    }

    /// Takes a document away: whoever attached it, and who disposes of its customer or contract. The event tells the host
    /// which bytes are no longer needed.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `document.delete`, or for who is neither; [`Error::NotFound`].
    pub fn remove_document(&self, document: DocumentId) -> Result<Removed, Error> {
        self.command(
            &op::remove_document,
            &document,
            |work| {
                let (found, reach) = work.document_within(document)?;
                if reach < Reach::Own && found.created_by != work.actor().name() {
                    let right = "delete".to_owned();
                    return Err(Error::Forbidden { module: DocumentId::RECORD.to_owned(), right }.into());
                }
                work.drop_document(&found)?;
                let told = history::change("document", Some(serde_json::json!(found.name)), None);
                work.remember_document(&found, "remove_document", told)?;
                Ok(Removed::new(DocumentId::RECORD, document))
            },
            |_, _| Ok(Removed::new(DocumentId::RECORD, document)),
        )
    }
}

fn not_found(document: impl ToString) -> Error {
    Error::NotFound { record: DocumentId::RECORD.to_owned(), id: document.to_string() }
}

impl Work<'_> {
    /// Where a document shall go: who may edit the customer puts it there, who has the duties of the contract to it.
    fn document_place(
        &mut self,
        customer: CustomerId,
        contract: Option<ContractId>,
    ) -> Result<(Customer, Option<Contract>), Stop> {
        let Some(id) = contract else {
            return Ok((self.customer_with_shares(customer, (Reach::Edit, SharePanel::Documents))?.0, None));
        };
        let by_duty = match self.contract_within(id, Reach::Read) {
            Ok((contract, found)) if contract.customer == customer || found.has_been(customer) => {
                Some((found, contract))
            }
            Ok(_) | Err(Stop::Error(Error::NotFound { .. })) => None,
            Err(other) => return Err(other),
        };
        if let Some((found, contract)) = by_duty {
            let duty = self.access()?.disposes_of(&contract.stands());
            let found =
                if duty { found } else { self.customer_with_shares(customer, (Reach::Edit, SharePanel::Documents))?.0 };
            return Ok((found, Some(contract)));
        }
        self.customer_with_shares(customer, (Reach::Edit, SharePanel::Documents))?;
        Err(Violation::unknown("contract").into())
    }

    fn attached(
        &mut self,
        customer: &Customer,
        contract: Option<&Contract>,
        document: &NewDocument,
    ) -> Result<Document, Stop> {
        let mut check = Checker::new();
        let name = check.line("name", &document.name, 200);
        // What stands in a path would lead elsewhere where a host makes a file of it.
        let plain = !name.contains(['/', '\\', ':']) && !name.trim_matches('.').is_empty();
        check.ensure(name.is_empty() || plain, || Violation::malformed("name"));
        let media_type = check.line("media_type", &document.media_type, 100).to_ascii_lowercase();
        let part =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b));
        let typed = media_type.split_once('/').is_some_and(|(kind, sub)| part(kind) && part(sub));
        check.ensure(media_type.is_empty() || typed, || Violation::malformed("media_type"));
        check.ensure((1..=MOST_BYTES).contains(&document.size), || Violation::out_of_range("size"));
        let sha256 = document.sha256.to_ascii_lowercase();
        let hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        check.ensure(hash, || Violation::malformed("sha256"));
        let reference = check.line("reference", &document.reference, 500);
        check.done()?;
        Ok(Document {
            id: DocumentId(self.draw()?),
            customer: customer.id,
            contract: contract.map(|contract| contract.id),
            name,
            media_type,
            size: document.size,
            sha256,
            reference,
            created_at: self.now,
            created_by: self.actor().name(),
            version: 1,
        })
    }

    /// A document that the actor sees by its customer or its contract, and how far he reaches into it.
    fn document_within(&mut self, id: DocumentId) -> Result<(Document, Reach), Stop> {
        self.access()?.allow("document.view")?;
        let row = self.get_one(&DOCUMENT, id.to_string())?.ok_or_else(|| not_found(id))?;
        let document = Document::from_row(&row)?;
        let hidden = |stop: Stop| match stop {
            Stop::Error(Error::NotFound { .. }) => not_found(id).into(),
            other => other,
        };
        let Some(contract) = document.contract else {
            let need = (Reach::Read, SharePanel::Documents);
            let (customer, shares) = self.customer_of_part(document.customer, need, || not_found(id))?;
            let own = self.check_reach(&customer, &shares, Reach::Own).is_ok();
            return Ok((document, if own { Reach::Own } else { Reach::Read }));
        };
        // By the customer alone, without a right to contracts, it stands among the customer's too.
        match self.customer_with_shares(document.customer, (Reach::Read, SharePanel::Documents)) {
            Ok((customer, shares)) => {
                let own = self.check_reach(&customer, &shares, Reach::Own).is_ok();
                Ok((document, if own { Reach::Own } else { Reach::Read }))
            }
            Err(Stop::Error(Error::NotFound { .. } | Error::Forbidden { .. })) => {
                let contract = self.contract_within(contract, Reach::Read).map_err(hidden)?.0;
                if !self.access()?.disposes_of(&contract.stands()) {
                    return Err(not_found(id).into());
                }
                Ok((document, Reach::Own))
            }
            Err(other) => Err(other),
        }
    }

    fn remember_document(
        &mut self,
        document: &Document,
        operation: &str,
        change: history::FieldChange,
    ) -> Result<(), Error> {
        match document.contract {
            Some(contract) => self.remember(ContractId::RECORD, contract, operation, vec![change]),
            None => self.remember(CustomerId::RECORD, document.customer, operation, vec![change]),
        }
    }

    fn drop_document(&mut self, document: &Document) -> Result<(), Error> {
        self.write(Write::Delete { kind: &DOCUMENT, id: document.id.to_string(), version: document.version });
        let data = serde_json::json!({
            "customer": document.customer, "contract": document.contract, "reference": document.reference,
        });
        self.announce("document_removed", DocumentId::RECORD, document.id, data)
    }
}

/// Documents of a draft that is removed stay with its customer.
pub(crate) fn unlink(contract: ContractId) -> Write {
    Write::Reassign {
        kind: &DOCUMENT,
        column: "contract",
        from: Value::from(contract.to_string()),
        to: Value::from(ABSENT),
    }
}

/// Documents go with their customer.
pub(crate) static DOCUMENTS_UNDER: Under = Under {
    purge: |work, customer| {
        let own = Search::of(&DOCUMENT).within("customer", vec![customer.to_string().into()]).limited(200);
        let found = Document::from_rows(&rows(work.read(vec![Read::Find(own)])?.into_iter().next()))?;
        let whole = found.len() < 200;
        found.iter().try_for_each(|document| work.drop_document(document))?;
        Ok(whole)
    },
    follow: None,
};
