//! Exports (Q5): what their viewer sees, written down, and no cell a formula.

use calamine::{Data, Reader as _};
use crm_core::files::FileError;
use crm_core::{
    ContactFilter, ContractQuery, Contracts, CustomFieldInput, CustomValue, CustomerQuery, Customized, Export,
    ExportInput, FieldAccess, FieldKey, FieldRight, FieldType, FieldValue, FollowUpQuery, FollowUps, InstalmentQuery,
    Language, NewCustomer, PageRequest, Payments, Permission, ProductQuery, ReceiptQuery, RoleInput, Session, SyncMode,
    View,
};
use crm_tests::inputs::named;
use crm_tests::{World, in_every_world, refused, user, violates};
use serde_json::json;
use std::io::Cursor;

fn input(columns: &[&str]) -> ExportInput {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    ExportInput { columns, ..ExportInput::in_language(Language::English) }
}

fn customers(view: View, columns: &[&str]) -> ExportInput {
    ExportInput { customers: Some(view.into()), ..input(columns) }
}

/// A customer of alice's by its name.
fn one(name: &str, columns: &[&str]) -> ExportInput {
    let mut asked = customers(View::Mine, columns);
    if let Some(query) = &mut asked.customers {
        query.filter.text = Some(name.to_owned());
    }
    asked
}

/// Gives alice the right to export customers, and says how far she reaches into fields.
fn exporter(world: &World, fields: &[(&str, FieldAccess)]) {
    let right = |(field, access): &(&str, FieldAccess)| FieldRight { field: (*field).to_owned(), access: *access };
    let role = RoleInput {
        people: vec![user("alice")],
        allow: vec![Permission::new("customer.export").unwrap()],
        fields: fields.iter().map(right).collect(),
        ..RoleInput::named("exporter", "Exporter").unwrap()
    };
    world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
}

/// All rows of an export, and its record.
fn all(session: &Session<'_>, input: ExportInput) -> (Export, Vec<Vec<String>>) {
    let export = session.begin_export(input).unwrap();
    let mut rows = Vec::new();
    for number in 1.. {
        let page = session.export_rows(export.id, number).unwrap();
        rows.extend(page.rows);
        if !page.more {
            break;
        }
    }
    (session.finish_export(export.id).unwrap(), rows)
}

fn log(session: &Session<'_>) -> Vec<Export> {
    session.exports(PageRequest::first(50)).unwrap().items
}

fn names(export: &Export) -> Vec<&str> {
    export.columns.iter().map(|column| column.name.as_str()).collect()
}

#[test]
fn q5_who_has_the_right_exports_and_each_export_is_written_down() {
    in_every_world(|world| {
        let (alice, adam) = (world.user("alice"), world.user("adam"));
        let before = log(&adam).len();
        refused(alice.begin_export(customers(View::Mine, &[])), "forbidden");
        exporter(world, &[]);
        // Of other lists it says nothing; of everybody's customers neither.
        let contacts = ExportInput { contacts: Some(ContactFilter::default()), ..input(&[]) };
        refused(alice.begin_export(contacts), "forbidden");
        refused(alice.begin_export(customers(View::All, &[])), "forbidden");
        assert_eq!(log(&adam).len(), before, "what was refused is not written down");

        let query = CustomerQuery { order: Some(crm_core::CustomerOrder::Name), ..View::Mine.into() };
        let asked = ExportInput { customers: Some(query.clone()), ..input(&["name", "owner", "status"]) };
        let (export, rows) = all(&alice, asked);
        let seen = alice.customers(query.clone(), PageRequest::first(500)).unwrap().items;
        let expected: Vec<Vec<String>> =
            seen.iter().map(|own| vec![own.name.clone(), "alice".to_owned(), "active".to_owned()]).collect();
        assert_eq!(rows, expected);
        assert!(rows.len() > 2);
        assert_eq!((export.list.as_str(), export.person.as_str()), ("customers", "alice"));
        assert_eq!(export.filter, serde_json::to_string(&query).unwrap());
        assert_eq!((export.rows, export.limit, export.capped), (rows.len() as i64, 100_000, false));
        assert_eq!(export.finished_at, Some(world.bed.now()));
        assert_eq!(export.columns[1].label, "Owner");

        // Each sees his own, administrators all of them; nobody goes through another one's.
        assert_eq!(log(&alice), std::slice::from_ref(&export));
        assert!(log(&adam).contains(&export));
        assert!(log(&world.user("bob")).is_empty());
        for other in ["bob", "adam"] {
            refused(world.user(other).export_rows(export.id, 1), "not_found");
            refused(world.user(other).finish_export(export.id), "not_found");
        }
        let told = world.bed.host().events("mail".to_owned(), 1_000).unwrap();
        let mut told: Vec<_> = told.iter().filter(|event| event.subject.contains(&export.id.to_string())).collect();
        // Both happened at the same moment.
        told.sort_by(|one, other| one.kind.cmp(&other.kind));
        assert_eq!(told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["export_began", "exported"]);
        assert_eq!(told[1].data, json!({"list": "customers", "rows": rows.len(), "capped": false}));
    });
}

#[test]
fn q5_an_export_tells_what_its_viewer_sees_and_what_is_masked_is_hidden() {
    in_every_world(|world| {
        let key = FieldKey::new("area").unwrap();
        let field = CustomFieldInput::new(Customized::Customer, key.clone(), "面积", FieldType::Integer);
        world.bed.host().save_custom_field(field).unwrap();
        let alice = world.user("alice");
        let new = NewCustomer {
            phones: vec!["13800001234".to_owned(), "0571-88886666".to_owned()],
            region: Some("杭州".to_owned()),
            custom: vec![CustomValue { field: key, value: FieldValue::Integer(120) }],
            ..named("Newest of all")
        };
        alice.create_customer(new).unwrap();
        exporter(world, &[]);
        let (export, rows) = all(&alice, one("Newest of all", &["phones", "region", "custom.area"]));
        assert_eq!(rows[0], ["13800001234; 0571-88886666", "杭州", "120"]);
        assert_eq!(export.columns[2].label, "面积");
        assert!(export.columns[2].number && !export.columns[0].number);

        let open = alice.begin_export(one("Newest of all", &["name", "phones", "region", "custom.area"])).unwrap();
        let kept = [
            ("customer.phones", FieldAccess::Masked),
            ("customer.custom.area", FieldAccess::Hidden),
            ("customer.region", FieldAccess::Read),
        ];
        exporter(world, &kept);
        // What was asked for before is empty from now on.
        let page = alice.export_rows(open.id, 1).unwrap();
        assert_eq!(page.rows[0], ["Newest of all", "", "杭州", ""]);
        for column in ["phones", "custom.area", "nothing"] {
            violates(alice.begin_export(customers(View::Mine, &["name", column])), "export.columns[1]", "unknown");
        }
        let (export, _) = all(&alice, customers(View::Mine, &[]));
        assert!(names(&export).contains(&"region"));
        assert!(!names(&export).contains(&"phones") && !names(&export).contains(&"custom.area"));
        // A filter by what is hidden is none.
        let mut asked = customers(View::Mine, &[]);
        exporter(world, &[("customer.level", FieldAccess::Hidden)]);
        asked.customers.as_mut().unwrap().filter.level = Some(crm_tests::inputs::entry("a"));
        violates(alice.begin_export(asked), "filter.level", "unknown");
        // Without the right nothing more is given.
        let open = alice.begin_export(customers(View::Mine, &["name"])).unwrap();
        let none = RoleInput { people: vec![user("alice")], ..RoleInput::named("exporter", "Exporter").unwrap() };
        world.bed.host().sync_roles(vec![none], SyncMode::Delta).unwrap();
        refused(alice.export_rows(open.id, 1), "forbidden");
    });
}

#[test]
fn q5_pages_follow_each_other_once_and_up_to_the_limit() {
    in_every_world(|world| {
        let adam = world.user("adam");
        for name in ["Fourth", "Fifth", "Sixth"] {
            world.user("alice").create_customer(named(name)).unwrap();
        }
        let paged = |size: i32| ExportInput { page_size: size, ..customers(View::All, &["number"]) };
        let (whole, every) = all(&adam, paged(500));
        assert!(every.len() > 4 && !whole.capped);
        let (_, by_two) = all(&adam, paged(2));
        assert_eq!(by_two, every);

        let export = adam.begin_export(paged(2)).unwrap();
        refused(adam.export_rows(export.id, 2), "export_page");
        refused(adam.export_rows(export.id, 0), "export_page");
        let first = adam.export_rows(export.id, 1).unwrap();
        // An answer that was lost is given again, and not counted again.
        assert_eq!(adam.export_rows(export.id, 1).unwrap(), first);
        let second = adam.export_rows(export.id, 2).unwrap();
        assert_eq!(adam.clone().idempotent("k").export_rows(export.id, 2).unwrap(), second);
        refused(adam.export_rows(export.id, 1), "export_page");
        let ended = adam.finish_export(export.id).unwrap();
        assert_eq!((ended.rows, ended.capped), (4, false));
        assert_eq!(adam.finish_export(export.id).unwrap(), ended);
        refused(adam.export_rows(export.id, 3), "export_finished");

        let mut settings = world.bed.host().settings().unwrap();
        settings.export_rows = Some(0);
        violates(world.bed.host().change_settings(settings.clone()), "export_rows", "out_of_range");
        settings.export_rows = Some(3);
        world.bed.host().change_settings(settings).unwrap();
        let (cut, rows) = all(&adam, paged(2));
        assert_eq!(rows, every[..3]);
        assert_eq!((cut.rows, cut.limit, cut.capped), (3, 3, true));

        for (size, field) in [(0, "export.page_size"), (5_001, "export.page_size")] {
            violates(adam.begin_export(paged(size)), field, "out_of_range");
        }
        violates(adam.begin_export(input(&[])), "export.customers", "required");
        let both = ExportInput { products: Some(ProductQuery::default()), ..paged(2) };
        violates(adam.begin_export(both), "export.products", "not_allowed");
        violates(adam.begin_export(customers(View::All, &["name", "name"])), "export.columns[1]", "repeated");
    });
}

#[test]
fn q5_the_last_page_is_given_once_more_as_it_was_counted_and_not_for_ever() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let export = adam.begin_export(customers(View::All, &["number"])).unwrap();
        let first = adam.export_rows(export.id, 1).unwrap();
        assert!(!first.more && !first.rows.is_empty());
        // What came into the list since is not given: it is not counted.
        world.user("alice").create_customer(named("Came later")).unwrap();
        let again = adam.export_rows(export.id, 1).unwrap();
        assert_eq!((again.rows.len(), again.more), (first.rows.len(), false));
        assert_eq!(adam.finish_export(export.id).unwrap().rows, first.rows.len() as i64);
        world.bed.clock.advance(10 * 60_000);
        adam.export_rows(export.id, 1).unwrap();
        world.bed.clock.advance(1);
        refused(adam.export_rows(export.id, 1), "export_finished");
        // Nor is a list watched by an export that nobody ends.
        let asked = ExportInput { page_size: 2, ..customers(View::All, &["number"]) };
        let export = adam.begin_export(asked).unwrap();
        assert!(adam.export_rows(export.id, 1).unwrap().more);
        world.bed.clock.advance(10 * 60_000 + 1);
        refused(adam.export_rows(export.id, 1), "export_page");
        assert!(!adam.export_rows(export.id, 2).unwrap().rows.is_empty());
    });
}

#[test]
fn q5_the_log_tells_no_values_to_who_does_not_read_every_field() {
    in_every_world(|world| {
        exporter(world, &[]);
        let alice = world.user("alice");
        let (export, _) = all(&alice, one("Partner", &["name"]));
        assert!(export.filter.contains("Partner"));
        exporter(world, &[("customer.level", FieldAccess::Hidden)]);
        assert!(log(&alice).iter().all(|own| own.filter.is_empty()));
        // An export goes on by what was asked for all the same.
        let (export, rows) = all(&alice, one("Partner", &["name"]));
        assert_eq!((export.filter.as_str(), rows), ("", vec![vec!["Partner".to_owned()]]));
        assert!(log(&world.user("adam")).iter().all(|own| !own.filter.is_empty()));
    });
}

#[test]
fn q5_every_list_is_exported_as_it_is_listed() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let page = || PageRequest::first(500);
        let lists: Vec<(ExportInput, &str, Vec<String>)> = vec![
            (
                ExportInput { contacts: Some(ContactFilter::default()), ..input(&[]) },
                "name",
                adam.contacts(ContactFilter::default(), page())
                    .unwrap()
                    .items
                    .into_iter()
                    .map(|row| row.contact.name)
                    .collect(),
            ),
            (
                ExportInput { contracts: Some(ContractQuery::from(Contracts::All)), ..input(&[]) },
                "amount",
                adam.contracts(Contracts::All, page())
                    .unwrap()
                    .items
                    .iter()
                    .map(|row| row.contract.amount.to_string())
                    .collect(),
            ),
            (
                ExportInput { receipts: Some(ReceiptQuery::from(Payments::All)), ..input(&[]) },
                "amount",
                adam.receipts(Payments::All, page())
                    .unwrap()
                    .items
                    .iter()
                    .map(|row| row.receipt.amount.to_string())
                    .collect(),
            ),
            (
                ExportInput { instalments: Some(InstalmentQuery::from(Payments::All)), ..input(&[]) },
                "amount",
                adam.instalments(Payments::All, page())
                    .unwrap()
                    .items
                    .iter()
                    .map(|row| row.instalment.amount.to_string())
                    .collect(),
            ),
            (
                ExportInput { products: Some(ProductQuery::default()), ..input(&[]) },
                "name",
                adam.products(ProductQuery::default(), page()).unwrap().items.into_iter().map(|own| own.name).collect(),
            ),
        ];
        for (input, column, expected) in lists {
            let (export, rows) = all(&adam, input);
            let place = names(&export).iter().position(|name| *name == column).unwrap();
            let told: Vec<String> = rows.into_iter().map(|row| row[place].clone()).collect();
            assert!(!told.is_empty(), "{}", export.list);
            assert_eq!(told, expected, "{}", export.list);
        }
        // Follow-ups are their authors'.
        let role = RoleInput {
            people: vec![user("alice")],
            allow: vec![Permission::new("follow_up.export").unwrap()],
            fields: vec![FieldRight { field: "customer.stage".to_owned(), access: FieldAccess::Masked }],
            ..RoleInput::named("exporter", "Exporter").unwrap()
        };
        world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
        let mine = ExportInput { follow_ups: Some(FollowUpQuery::from(FollowUps::Mine)), ..input(&[]) };
        let (export, rows) = all(&world.user("alice"), mine);
        let listed = world.user("alice").follow_ups(FollowUps::Mine, page()).unwrap().items;
        let place = names(&export).iter().position(|name| *name == "content").unwrap();
        assert_eq!(rows.len(), listed.len());
        assert_eq!(rows[0][place], listed[0].follow_up.content);
        assert!(!names(&export).contains(&"stage"), "it tells at which stage the customer was");
    });
}

#[test]
fn q5_files_hold_the_rows_and_no_formula() {
    in_every_world(|world| {
        let adam = world.user("adam");
        for name in ["=HYPERLINK(\"http://evil.example\",\"云\")", "\u{3000}＝1+1", "-2+3", "he said \"hi\", twice"] {
            world.bed.host().create_customer(NewCustomer { owner: Some(user("alice")), ..named(name) }).unwrap();
        }
        let contract = || ExportInput { contracts: Some(Contracts::All.into()), ..input(&["name", "amount"]) };
        let paged = |input: ExportInput| ExportInput { page_size: 3, ..input };
        let (_, rows) = all(&adam, customers(View::All, &["name", "created_at"]));

        let mut bytes = Vec::new();
        let mut told = Vec::new();
        let asked = paged(customers(View::All, &["name", "created_at"]));
        let export = adam.export_csv(asked, &mut bytes, |rows| told.push(rows)).unwrap();
        assert_eq!(export.rows, rows.len() as i64);
        assert_eq!(told.last(), Some(&export.rows));
        assert!(!told.is_empty());
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\u{feff}Name,Created\r\n"));
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let cells: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let back: Vec<Vec<String>> = cells
            .iter()
            .map(|row| row.iter().map(|cell| crm_core::export::restored(cell).to_owned()).collect())
            .collect();
        assert_eq!(back, rows);
        let formulas = cells.iter().filter(|row| row[0].starts_with('\'')).count();
        assert_eq!(formulas, 3);

        let mut file = Cursor::new(Vec::new());
        adam.export_xlsx(paged(customers(View::All, &["name", "created_at"])), &mut file, |_| ()).unwrap();
        let mut book = calamine::Xlsx::new(Cursor::new(file.into_inner())).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        assert!(book.worksheet_formula(&book.sheet_names()[0].clone()).unwrap().is_empty());
        let cells: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(cells[0], ["Name", "Created"]);
        assert_eq!(cells[1..], rows);

        // Amounts are numbers there.
        let (_, rows) = all(&adam, contract());
        let mut file = Cursor::new(Vec::new());
        adam.export_xlsx(contract(), &mut file, |_| ()).unwrap();
        let mut book = calamine::Xlsx::new(Cursor::new(file.into_inner())).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        for (row, told) in sheet.rows().skip(1).zip(&rows) {
            assert_eq!(row[1], Data::Float(told[1].parse().unwrap()));
        }

        // What can't be written is no file, and the export is ended.
        let before = log(&adam).len();
        let full = adam.export_csv(customers(View::All, &[]), Full, |_| ()).unwrap_err();
        assert!(matches!(full, FileError::Write(_)), "{full}");
        let after = log(&adam);
        assert_eq!(after.len(), before + 1);
        assert!(after.iter().all(|own| own.finished_at.is_some() || own.id == world.export));
        let refused = world.user("alice").export_csv(customers(View::Mine, &[]), Vec::new(), |_| ()).unwrap_err();
        assert!(matches!(refused, FileError::Crm(error) if error.code() == "forbidden"));
    });
}

/// A disk without room.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
