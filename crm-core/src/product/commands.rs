//! Keeping the catalogue (K8, G1).

use super::input::{EDITABLE, clean};
use super::{NewProduct, PRODUCT, Product, ProductEdit};
use crate::crm::Session;
use crate::error::{Error, refusals};
use crate::history::{self, HistoryPage};
use crate::id::ProductId;
use crate::operations::op;
use crate::organisation::{UNIQUE_KEY, holder_of, unique_key, unique_key_id};
use crate::page::PageRequest;
use crate::record::Record;
use crate::store::Write;
use crate::text::{Checker, FOLD_VERSION, fold};
use crate::work::{Stop, Work};
use std::collections::BTreeMap;

refusals! {
    /// Why something can't be done with a product.
    pub enum ProductRefusal {
        /// The number is taken.
        ProductNumberTaken { number } = "product_number_taken", "The product number is taken", "商品编号已被使用";
    }
}

impl Session<'_> {
    /// Adds a product to the catalogue.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `product.create`; [`Error::Invalid`]; `product_number_taken`.
    pub fn create_product(&self, product: NewProduct) -> Result<Product, Error> {
        self.command(
            &op::create_product,
            &product,
            |work| {
                let created = work.new_product(&product, false)?;
                work.claim_product_number(&created, None)?;
                work.add_product(&created)?;
                work.made(created.id);
                Ok(created)
            },
            |work, ids| work.product_made(ids),
        )
    }

    /// A product, retired or not.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `product.view`; [`Error::NotFound`].
    pub fn product(&self, product: ProductId) -> Result<Product, Error> {
        self.query(&op::product, |work| work.product_by_id(product))
    }

    /// Edits a product, retires it or takes it back. Lines of contracts keep what they were made with.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `product.edit`; [`Error::NotFound`]; [`Error::Conflict`];
    /// [`Error::Invalid`]; `product_number_taken`.
    pub fn edit_product(&self, product: ProductId, edit: ProductEdit) -> Result<Product, Error> {
        self.command(
            &op::edit_product,
            &(product, &edit),
            |work| {
                let before = work.product_by_id(product)?;
                if before.version != edit.version {
                    return Err(
                        Error::Conflict { record: ProductId::RECORD.to_owned(), id: product.to_string() }.into()
                    );
                }
                work.made(product);
                work.change_product(&before, &edit)
            },
            |work, ids| work.product_made(ids),
        )
    }

    /// What changed on a product.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `product.view`; [`Error::NotFound`].
    pub fn product_history(&self, product: ProductId, page: PageRequest) -> Result<HistoryPage, Error> {
        self.query(&op::product_history, |work| {
            work.product_by_id(product)?;
            work.history_page(&op::product_history, ProductId::RECORD, &[product.to_string()], &page)
        })
    }
}

/// Where numbers of products are unique.
fn number_space() -> String {
    format!("product_number.{FOLD_VERSION}")
}

fn not_found(product: impl ToString) -> Error {
    Error::NotFound { record: ProductId::RECORD.to_owned(), id: product.to_string() }
}

impl Work<'_> {
    /// A product as it was typed, cleaned and checked; that its number is free is not looked at.
    pub(crate) fn new_product(&self, product: &NewProduct, retired: bool) -> Result<Product, Stop> {
        let (now, by) = (self.now, self.actor().name());
        let number = match &product.number {
            Some(number) => number.clone(),
            None => {
                let zone = self.context.settings().time_zone;
                crate::customer::number("SP-{random}", zone, now, self.draw()?)
            }
        };
        let mut created = Product {
            id: ProductId(self.draw()?),
            number,
            name: product.name.clone(),
            category: product.category.clone(),
            unit: product.unit.clone(),
            prices: product.prices.clone(),
            tax_rate: product.tax_rate,
            description: product.description.clone(),
            retired,
            created_at: now,
            created_by: by.clone(),
            changed_at: now,
            changed_by: by,
            version: 1,
        };
        let mut check = Checker::new();
        clean(&mut created, None, &self.context, &mut check);
        check.done()?;
        Ok(created)
    }

    /// Adds a product whose number is claimed.
    pub(crate) fn add_product(&mut self, product: &Product) -> Result<(), Stop> {
        self.insert(&PRODUCT, product.to_row()?);
        let data = serde_json::json!({"number": product.number, "name": product.name});
        self.announce("product_created", "product", product.id, data)?;
        Ok(())
    }

    /// Edits a product as it was read.
    pub(crate) fn change_product(&mut self, before: &Product, edit: &ProductEdit) -> Result<Product, Stop> {
        let product = before.id;
        let mut after = edit.apply(before, &self.context)?;
        let changes = history::changes(before, &after, &EDITABLE);
        if changes.is_empty() {
            return Ok(before.clone());
        }
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        self.claim_product_number(&after, Some(before))?;
        self.save(before, &after)?;
        let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        self.announce("product_changed", "product", product, serde_json::json!({"fields": fields}))?;
        self.remember(ProductId::RECORD, product, "edit_product", changes)?;
        after.version += 1;
        Ok(after)
    }

    /// The products that have these numbers, by what is unique of each number.
    pub(crate) fn products_numbered(&mut self, numbers: &[String]) -> Result<BTreeMap<String, Product>, Stop> {
        let space = number_space();
        let mut found = BTreeMap::new();
        for numbers in numbers.chunks(500) {
            let keys = numbers.iter().map(|number| unique_key_id(&space, &fold(number))).collect();
            let holders: Vec<String> = self.get(&UNIQUE_KEY, keys)?.iter().filter_map(holder_of).collect();
            for product in Product::from_rows(&self.get(&PRODUCT, holders)?)? {
                found.insert(fold(&product.number), product);
            }
        }
        Ok(found)
    }

    /// Claims the number of a new product that nobody was found to have.
    pub(crate) fn claim_free_number(&mut self, product: &Product) {
        self.insert(&UNIQUE_KEY, unique_key(&number_space(), &fold(&product.number), &product.id.to_string()));
    }

    fn product_by_id(&mut self, product: ProductId) -> Result<Product, Stop> {
        let row = self.get_one(&PRODUCT, product.to_string())?.ok_or_else(|| not_found(product))?;
        Ok(Product::from_row(&row)?)
    }

    fn product_made(&mut self, ids: &[String]) -> Result<Product, Stop> {
        let id = ids.first().cloned().unwrap_or_default();
        match id.parse() {
            Ok(id) => self.product_by_id(id),
            Err(_) => Err(not_found(id).into()),
        }
    }

    /// Claims the number of a product, and gives back the one it no longer has.
    fn claim_product_number(&mut self, after: &Product, before: Option<&Product>) -> Result<(), Stop> {
        let space = number_space();
        let key = |product: &Product| unique_key_id(&space, &fold(&product.number));
        let (wanted, had) = (key(after), before.map(key));
        if had.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let holder = after.id.to_string();
        let ids = had.iter().chain([&wanted]).cloned().collect();
        for row in self.get(&UNIQUE_KEY, ids)? {
            if row.id == wanted {
                return Err(ProductRefusal::ProductNumberTaken { number: after.number.clone() }.into());
            }
            if holder_of(&row).as_deref() == Some(&holder) {
                self.write(Write::Delete { kind: &UNIQUE_KEY, id: row.id, version: row.version });
            }
        }
        self.insert(&UNIQUE_KEY, unique_key(&space, &fold(&after.number), &holder));
        Ok(())
    }
}
