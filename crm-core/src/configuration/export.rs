//! Writing the configuration down.

use super::{
    Configuration, ConfiguredPanel, ConfiguredPool, ConfiguredProduct, ConfiguredRole, MOST_PRODUCTS, VERSION,
};
use crate::access::Role;
use crate::crm::Session;
use crate::custom_field::{CustomFieldInput, FieldIndex, FieldType, StoredField};
use crate::dictionary::{DICTIONARIES, DictionaryEntry, DictionaryEntryInput};
use crate::error::Error;
use crate::layout::{Layout, LayoutInput};
use crate::operations::op;
use crate::organisation::Context;
use crate::panel::Panel;
use crate::pool::Pool;
use crate::product::{PRODUCT, Product};
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{Read, Search};
use crate::work::{Stop, Work, rows};

impl Session<'_> {
    /// The whole configuration: what the administrators of the organisation shaped, and nothing of people or customers. Taken in where it
    /// comes from it changes nothing; an organisation that takes it in works by it.
    ///
    /// A catalogue of more than 5,000 products is left out, which `left_out` says.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`, or one of those to look at the sections: `dictionary.view`,
    /// `customer.manage_fields`, `role.view`, `product.view`.
    pub fn export_configuration(&self) -> Result<Configuration, Error> {
        self.query(&op::export_configuration, |work| {
            let access = work.access()?;
            for looked_at in [&op::dictionaries, &op::save_custom_field, &op::roles, &op::products] {
                access.allow(looked_at.right)?;
            }
            let products = work.configured_products()?;
            let context = &work.context;
            let entries = DICTIONARIES.iter().filter_map(|dictionary| context.dictionaries.get(*dictionary)).flatten();
            let pools = context.pools.values().map(pool).collect();
            let left_out = products.is_none().then(|| "products".to_owned());
            Ok(Configuration {
                version: VERSION,
                dictionaries: Some(entries.map(entry).collect()),
                custom_fields: Some(context.fields.iter().map(field).collect()),
                layouts: Some(context.layouts.iter().map(layout).collect()),
                pools: Some(pools),
                settings: Some(context.settings().clone()),
                work_calendar: Some(context.organisation.calendar.clone()),
                glossary: Some(context.organisation.glossary.clone()),
                products,
                roles: Some(roles(context)),
                panels: Some(panels(context)),
                left_out: left_out.into_iter().collect(),
            })
        })
    }
}

impl Work<'_> {
    /// The catalogue by number; none when it is larger than a file may be.
    fn configured_products(&mut self) -> Result<Option<Vec<ConfiguredProduct>>, Stop> {
        let search = Search::of(&PRODUCT).limited(MOST_PRODUCTS as i64 + 1);
        let found = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        if found.len() > MOST_PRODUCTS {
            return Ok(None);
        }
        let mut products = Product::from_rows(&found)?;
        products.order_by(|a, b| a.number.cmp(&b.number));
        Ok(Some(products.into_iter().map(product).collect()))
    }
}

fn layout(layout: &Layout) -> LayoutInput {
    LayoutInput {
        of: layout.of,
        purpose: layout.purpose,
        sections: layout.sections.clone(),
        left_out: layout.left_out.clone(),
        version: None,
    }
}

fn entry(entry: &DictionaryEntry) -> DictionaryEntryInput {
    DictionaryEntryInput {
        dictionary: entry.dictionary.clone(),
        code: entry.code.clone(),
        label: entry.label.clone(),
        inverse_label: entry.inverse_label.clone(),
        hierarchical: entry.hierarchical,
        order: entry.order,
        colour: entry.colour.clone(),
        retired: entry.retired,
        version: None,
    }
}

fn field(stored: &StoredField) -> CustomFieldInput {
    let field = stored.field.clone();
    CustomFieldInput {
        of: field.of,
        key: field.key,
        label: field.label,
        field_type: field.field_type,
        help: field.help,
        required: field.required,
        unique: field.unique,
        // Somebody of this organisation.
        default_value: field.default_value.filter(|_| field.field_type != FieldType::Person),
        least: field.least,
        most: field.most,
        pattern: field.pattern,
        number: field.number,
        options: field.options,
        visible_when: field.visible_when,
        filterable: field.index != FieldIndex::None,
        order: field.order,
        retired: field.retired,
        version: None,
    }
}

fn pool(pool: &Pool) -> ConfiguredPool {
    ConfiguredPool {
        id: pool.id,
        name: pool.name.clone(),
        standard: pool.standard,
        hidden: pool.hidden.clone(),
        show_follow_ups: pool.show_follow_ups,
        retired: pool.retired,
    }
}

fn roles(context: &Context) -> Vec<ConfiguredRole> {
    let role = |role: &Role| ConfiguredRole {
        id: role.id.clone(),
        name: role.name.clone(),
        administrator: role.administrator,
        allow: role.allow.clone(),
        deny: role.deny.clone(),
        fields: role.fields.clone(),
        everyone: role.everyone,
        host_roles: role.host_roles.clone(),
    };
    context.roles.iter().map(role).collect()
}

/// By title, as ids are of this organisation.
fn panels(context: &Context) -> Vec<ConfiguredPanel> {
    let panel = |panel: &Panel| ConfiguredPanel {
        title: panel.title.clone(),
        source: panel.source.clone(),
        columns: panel.columns.clone(),
        everyone: panel.is_for_everyone(),
        // One may have been removed since.
        roles: panel.roles.iter().filter(|role| context.roles.iter().any(|own| own.id == **role)).cloned().collect(),
        order: panel.order,
        retired: panel.retired,
    };
    let mut panels: Vec<ConfiguredPanel> = context.panels.values().map(panel).collect();
    panels.order_by(|a, b| a.title.cmp(&b.title));
    panels
}

fn product(product: Product) -> ConfiguredProduct {
    ConfiguredProduct {
        number: product.number,
        name: product.name,
        category: product.category,
        unit: product.unit,
        prices: product.prices,
        tax_rate: product.tax_rate,
        description: product.description,
        retired: product.retired,
    }
}
