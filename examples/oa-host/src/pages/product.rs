//! The catalogue of products.

use crate::app::{Reply, Shared};
use crate::desk::{Desk, Look};
use crate::form::Sheet;
use crate::pages::{Above, Params, form_page, id};
use crate::security::Posted;
use crate::session::Visitor;
use crate::values::{Reader, Values, around};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crm_core::{
    Currency, Decimal, EntryCode, Error, ListPrice, NewProduct, PageRequest, Product, ProductEdit, ProductId,
    ProductQuery, Violation, dictionary,
};

#[derive(Template)]
#[template(path = "products.html")]
struct Products<'a> {
    d: &'a Look<'a>,
    text: String,
    category: String,
    categories: Vec<crate::desk::Choice>,
    retired: bool,
    problem: String,
    count: String,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// A product in the list.
struct Row {
    id: String,
    number: String,
    name: String,
    category: String,
    unit: String,
    prices: Vec<String>,
    tax: String,
    retired: bool,
}

pub(crate) async fn show(State(app): State<Shared>, visitor: Visitor, Params(params): Params) -> Reply {
    app.desk(visitor, move |desk| {
        let d = &desk.look;
        let retired = params.ticked("retired");
        let query = ProductQuery {
            text: params.text("text"),
            category: params.text("category").and_then(|code| EntryCode::new(code).ok()),
            retired: (!retired).then_some(false),
            order: None,
        };
        let mut page = PageRequest::first(20).counted();
        page.cursor = params.text("cursor");
        let (items, next, count, problem) = match desk.crm.products(query, page) {
            Ok(found) => (found.items, found.next, found.count, String::new()),
            Err(error) => (Vec::new(), None, None, d.said(&desk.for_form(error)?)),
        };
        let (first, next) = around("/products", &["text", "category", "retired"], &params, next.as_deref());
        let rows = items.into_iter().map(|product| Row {
            id: product.id.to_string(),
            category: d.label(dictionary::PRODUCT_CATEGORY, &product.category),
            prices: product.prices.iter().map(|price| d.money(price.price, price.currency)).collect(),
            tax: product.tax_rate.map(|rate| format!("{rate}%")).unwrap_or_default(),
            number: product.number,
            name: product.name,
            unit: product.unit.unwrap_or_default(),
            retired: product.retired,
        });
        let list = Products {
            d,
            text: params.get("text").to_owned(),
            category: params.get("category").to_owned(),
            categories: d.choices(dictionary::PRODUCT_CATEGORY, params.get("category")),
            retired,
            count: count.map(|count| d.count(&count)).unwrap_or_default(),
            rows: rows.collect(),
            first,
            next,
            problem: problem.clone(),
        };
        desk.page_with(if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &list)
    })
    .await
}

fn fields<'a>(sheet: Sheet<'a>) -> Sheet<'a> {
    sheet
        .line("name", 200)
        .required()
        .line("number", 40)
        .help("product_number_help")
        .entry("category", dictionary::PRODUCT_CATEGORY)
        .line("unit", 20)
        .area("prices", 400)
        .help("prices_help")
        .line("tax_rate", 12)
        .help("percent_help")
        .area("description", 2_000)
}

/// One price a line: `CNY 1280.00`, or the number alone for the base currency.
fn prices(values: &Values, base: Currency, read: &mut Reader<'_>) -> Vec<ListPrice> {
    let price = |line: &str| {
        let (currency, price) = match line.split_once(char::is_whitespace) {
            Some((code, price)) => (Currency::new(&code.to_uppercase()).ok()?, price.trim()),
            None => (base, line),
        };
        let price: Decimal = price.replace([',', '，'], "").parse().ok()?;
        Some(ListPrice { currency, price })
    };
    let mut prices = Vec::new();
    for (place, line) in values.lines("prices").iter().enumerate() {
        match price(line) {
            Some(price) => prices.push(price),
            None => read.note(Violation::malformed(format!("prices[{place}]"))),
        }
    }
    prices
}

fn values_of(product: &Product) -> Values {
    let prices: Vec<String> = product.prices.iter().map(|p| format!("{} {}", p.currency, p.price)).collect();
    Values::default()
        .with("version", product.version.to_string())
        .with("name", &product.name)
        .with("number", &product.number)
        .with_some("category", product.category.as_ref().map(ToString::to_string))
        .with_some("unit", product.unit.clone())
        .with("prices", prices.join("\n"))
        .with_some("tax_rate", product.tax_rate.map(|rate| rate.to_string()))
        .with_some("description", product.description.clone())
        .with_some("retired", product.retired.then_some("1"))
}

fn above(desk: &Desk<'_>, title: &str) -> Above {
    let back = ("/products".to_owned(), desk.look.menu_label("products"));
    Above { title: desk.t(title).to_owned(), back, intro: String::new() }
}

pub(crate) async fn fresh(State(app): State<Shared>, visitor: Visitor) -> Reply {
    app.desk(visitor, |desk| {
        desk.needs("product", "create")?;
        add_form(desk, &Values::default(), None)
    })
    .await
}

fn add_form(desk: &Desk<'_>, values: &Values, error: Option<&Error>) -> Reply {
    let sheet = fields(Sheet::new(desk, "/products/new", values, error)).submit("create").cancel("/products");
    form_page(desk, above(desk, "new_product"), sheet, error)
}

pub(crate) async fn add(State(app): State<Shared>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| match added(desk, &values) {
        Ok(_) => {
            desk.notice("done_saved");
            desk.go("/products")
        }
        Err(error) => add_form(desk, &values, Some(&desk.for_form(error)?)),
    })
    .await
}

fn added(desk: &Desk<'_>, values: &Values) -> Result<Product, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let product = NewProduct {
        number: values.text("number"),
        name: values.get("name").to_owned(),
        category: read.code("category"),
        unit: values.text("unit"),
        prices: prices(values, desk.base_currency()?, &mut read),
        tax_rate: read.decimal("tax_rate"),
        description: values.text("description"),
    };
    read.done()?;
    desk.acting(values).create_product(product)
}

pub(crate) async fn edit(State(app): State<Shared>, visitor: Visitor, Path(product): Path<String>) -> Reply {
    app.desk(visitor, move |desk| {
        desk.needs("product", "edit")?;
        let product = desk.crm.product(id(&product)?)?;
        edit_form(desk, &product, &values_of(&product), None)
    })
    .await
}

fn edit_form(desk: &Desk<'_>, product: &Product, values: &Values, error: Option<&Error>) -> Reply {
    let now = values_of(product);
    let conflict = matches!(error, Some(Error::Conflict { .. }));
    let version = if conflict { now.get("version") } else { values.get("version") };
    let sheet = Sheet::new(desk, format!("/products/{}/edit", product.id), values, error)
        .present(conflict.then_some(&now))
        .hidden("version", version)
        .cancel("/products");
    let sheet = fields(sheet).tick("retired").help("product_retired_help");
    form_page(desk, above(desk, "edit_product"), sheet, error)
}

pub(crate) async fn save(State(app): State<Shared>, Path(product): Path<String>, posted: Posted) -> Reply {
    let Posted { visitor, values } = posted;
    app.desk(visitor, move |desk| {
        let product: ProductId = id(&product)?;
        match saved(desk, product, &values) {
            Ok(_) => {
                desk.notice("done_saved");
                desk.go("/products")
            }
            Err(error) => {
                let error = desk.for_form(error)?;
                edit_form(desk, &desk.crm.product(product)?, &values, Some(&error))
            }
        }
    })
    .await
}

fn saved(desk: &Desk<'_>, product: ProductId, values: &Values) -> Result<Product, Error> {
    let mut read = Reader::new(values, desk.look.zone);
    let mut edit = ProductEdit {
        version: values.get("version").parse().unwrap_or_default(),
        number: values.text("number"),
        name: Some(values.get("name").to_owned()),
        category: read.code("category"),
        unit: values.text("unit"),
        prices: Some(prices(values, desk.base_currency()?, &mut read)),
        tax_rate: read.decimal("tax_rate"),
        description: values.text("description"),
        retired: Some(values.ticked("retired")),
        clear: Vec::new(),
    };
    read.done()?;
    let blank = [
        ("category", edit.category.is_none()),
        ("unit", edit.unit.is_none()),
        ("tax_rate", edit.tax_rate.is_none()),
        ("description", edit.description.is_none()),
    ];
    edit.clear = blank.iter().filter(|(_, blank)| *blank).map(|(name, _)| (*name).to_owned()).collect();
    desk.acting(values).edit_product(product, edit)
}
