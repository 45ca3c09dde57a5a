//! The catalogue: K8, G1.

use crm_core::{Currency, ListPrice, NewProduct, PageRequest, Product, ProductEdit, ProductOrder, ProductQuery};
use crm_tests::inputs::entry;
use crm_tests::{World, call, code, in_every_world, refused, violates};
use serde_json::json;

fn price(currency: &str, price: &str) -> ListPrice {
    ListPrice { currency: Currency::new(currency).unwrap(), price: price.parse().unwrap() }
}

fn full() -> NewProduct {
    NewProduct {
        number: Some("JC-100".to_owned()),
        category: Some(entry("goods")),
        unit: Some("台".to_owned()),
        prices: vec![price("CNY", "129999.99"), price("JPY", "2600000")],
        tax_rate: Some("13".parse().unwrap()),
        description: Some("第一行\r\n第二行".to_owned()),
        ..NewProduct::named(" 数控机床 ")
    }
}

fn edit(version: i64) -> ProductEdit {
    ProductEdit { version, ..ProductEdit::default() }
}

fn names(world: &World, query: ProductQuery) -> Vec<String> {
    let page = world.user("alice").products(query, PageRequest::first(500)).unwrap();
    page.items.into_iter().map(|product| product.name).collect()
}

#[test]
fn k8_a_product_keeps_every_field_and_its_edits() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let made = adam.create_product(full()).unwrap();
        assert_eq!((made.name.as_str(), made.description.as_deref()), ("数控机床", Some("第一行\n第二行")));
        assert_eq!(made.prices, full().prices);
        assert_eq!(world.user("alice").product(made.id).unwrap(), made);
        let changed = adam
            .edit_product(
                made.id,
                ProductEdit {
                    name: Some("机床".to_owned()),
                    retired: Some(true),
                    clear: vec!["unit".to_owned()],
                    ..edit(made.version)
                },
            )
            .unwrap();
        assert_eq!(changed, Product { name: "机床".to_owned(), retired: true, unit: None, version: 2, ..made.clone() });
        assert_eq!(world.user("alice").product(made.id).unwrap(), changed);
        refused(adam.edit_product(made.id, edit(1)), "conflict");
        let history = adam.product_history(made.id, PageRequest::default()).unwrap().items;
        let fields: Vec<&str> = history[0].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!((history.len(), fields), (1, vec!["name", "unit", "retired"]));
        // An edit of nothing changes nothing.
        let before = world.bed.dump();
        assert_eq!(adam.edit_product(made.id, edit(2)).unwrap(), changed);
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn k8_numbers_are_unique_and_given_back() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let made = adam.create_product(full()).unwrap();
        refused(
            adam.create_product(NewProduct { number: Some("ｊｃ-100".to_owned()), ..full() }),
            "product_number_taken",
        );
        let renumbered = ProductEdit { number: Some("JC-200".to_owned()), ..edit(1) };
        adam.edit_product(made.id, renumbered).unwrap();
        let second = adam.create_product(full()).unwrap();
        let taken = ProductEdit { number: Some("JC-200".to_owned()), ..edit(1) };
        refused(adam.edit_product(second.id, taken), "product_number_taken");
        let unnumbered = adam.create_product(NewProduct::named("Unnumbered")).unwrap().number;
        assert!(unnumbered.starts_with("SP-") && unnumbered.len() == 11, "{unnumbered}");
    });
}

#[test]
fn k8_prices_are_exact_and_one_per_currency() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let exact =
            NewProduct { prices: vec![price("CNY", "0.123456"), price("KWD", "1.50")], ..NewProduct::named("E") };
        let made = adam.create_product(exact).unwrap();
        let texts: Vec<String> = made.prices.iter().map(|price| price.price.to_string()).collect();
        assert_eq!(texts, ["0.123456", "1.5"]);
        let with = |prices| NewProduct { prices, ..NewProduct::named("P") };
        violates(adam.create_product(with(vec![price("CNY", "-1")])), "prices[0].price", "out_of_range");
        let twice = with(vec![price("CNY", "1"), price("CNY", "2")]);
        violates(adam.create_product(twice), "prices[1].currency", "repeated");
        for rate in ["-1", "100.000001"] {
            let product = NewProduct { tax_rate: Some(rate.parse().unwrap()), ..NewProduct::named("P") };
            violates(adam.create_product(product), "tax_rate", "out_of_range");
        }
        // What is no exact decimal, or no currency, names its field.
        for (wrong, field) in [
            (json!({"currency": "CNY", "price": 0.1}), "product.prices[0].price"),
            (json!({"currency": "CNY", "price": "0.0000001"}), "product.prices[0].price"),
            (json!({"currency": "CNY", "price": "9007199254740992"}), "product.prices[0].price"),
            (json!({"currency": "XYZ", "price": "1"}), "product.prices[0].currency"),
        ] {
            violates(
                call(&adam, "create_product", &json!({"product": {"name": "P", "prices": [wrong]}})),
                field,
                "malformed",
            );
        }
        violates(
            adam.create_product(NewProduct { category: Some(entry("none")), ..NewProduct::named("P") }),
            "category",
            "unknown",
        );
    });
}

#[test]
fn k8_the_catalogue_in_orders_pages_and_filters() {
    in_every_world(|world| {
        let adam = world.user("adam");
        for (number, name, retired) in [("P3", "阿尔法", false), ("P1", "Beta", true), ("P2", "gamma 100%", false)] {
            let product = NewProduct { number: Some(number.to_owned()), ..NewProduct::named(name) };
            let made = adam.create_product(product).unwrap();
            if retired {
                adam.edit_product(made.id, ProductEdit { retired: Some(true), ..edit(1) }).unwrap();
            }
            world.bed.clock.advance(1_000);
        }
        let ordered = |order| ProductQuery { order: Some(order), ..ProductQuery::default() };
        assert_eq!(names(world, ordered(ProductOrder::Number)), ["Beta", "gamma 100%", "阿尔法", "机床"]);
        assert_eq!(names(world, ordered(ProductOrder::Newest)), ["gamma 100%", "Beta", "阿尔法", "机床"]);
        let on = ProductQuery { retired: Some(false), ..ProductQuery::default() };
        assert_eq!(names(world, on).len(), 3);
        let text = |text: &str| ProductQuery { text: Some(text.to_owned()), ..ProductQuery::default() };
        assert_eq!(names(world, text("p2")), ["gamma 100%"]);
        assert_eq!(names(world, text("GAMMA 100%")), ["gamma 100%"]);
        assert_eq!(names(world, text("_")), [""; 0]);
        // Page by page it is the whole.
        let whole = names(world, ProductQuery::default());
        let (mut paged, mut page) = (Vec::new(), PageRequest::first(1).counted());
        loop {
            let found = world.user("alice").products(ProductQuery::default(), page).unwrap();
            assert_eq!(found.count.unwrap().value, 4);
            paged.extend(found.items.into_iter().map(|product| product.name));
            match found.next {
                Some(next) => page = PageRequest::first(1).counted().after(next),
                None => break,
            }
        }
        assert_eq!(paged, whole);
    });
}

#[test]
fn g1_the_catalogue_is_kept_by_who_may_and_seen_by_all() {
    in_every_world(|world| {
        let before = world.bed.dump();
        refused(world.user("alice").create_product(full()), "forbidden");
        refused(world.user("dora").edit_product(world.product, edit(1)), "forbidden");
        assert_eq!(world.bed.dump(), before);
        assert_eq!(code(&world.user("stan").product(world.product)), "done");
        // Merging categories moves the products.
        let adam = world.user("adam");
        let made = adam.create_product(full()).unwrap();
        adam.merge_dictionary_entries("product_category".to_owned(), entry("goods"), entry("software")).unwrap();
        assert_eq!(adam.product(made.id).unwrap().category, Some(entry("software")));
    });
}
