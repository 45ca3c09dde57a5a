//! Imports (Q5): each row as a person would enter it, told to its importer alone.

use calamine::Reader as _;
use crm_core::files::{Encoding, FileError, FileImport, FileKind, file_sample};
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, MemoryStore, Read, Store, StoreError};
use crm_core::{
    Actor, Crm, CustomFieldInput, Customized, FieldAccess, FieldKey, FieldRight, FieldType, Import, ImportInput,
    ImportedRow, NewCustomer, OrgId, PageRequest, Permission, RoleInput, Session, SyncMode, View,
};
use crm_tests::inputs::named;
use crm_tests::{Bed, World, in_every_world, refused, user, violates};
use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

fn input(headers: &[&str]) -> ImportInput {
    ImportInput {
        file: "客户.xlsx".to_owned(),
        headers: headers.iter().map(|header| (*header).to_owned()).collect(),
        fields: Vec::new(),
        dry_run: false,
        duplicate_reason: None,
    }
}

fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
}

fn report(session: &Session<'_>, import: &Import) -> Vec<ImportedRow> {
    session.import_report(import.id, PageRequest::first(500)).unwrap().items
}

/// The errors of a row as column and code.
fn errors(row: &ImportedRow) -> Vec<(&str, &str)> {
    row.errors.iter().map(|error| (error.column.as_str(), error.code.as_str())).collect()
}

fn mine(world: &World) -> Vec<String> {
    let page = world.user("alice").customers(View::Mine, PageRequest::first(500)).unwrap();
    page.items.into_iter().map(|customer| customer.name).collect()
}

const HEADERS: [&str; 8] = ["公司名称", "级别", "电话", "所属销售", "联系人", "手机", "联系人生日", "备用"];

#[test]
fn q5_rows_become_customers_by_the_rules_of_single_entry() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let key = FieldKey::new("area").unwrap();
        let field = CustomFieldInput::new(Customized::Customer, key, "备用", FieldType::Integer);
        world.bed.host().save_custom_field(field).unwrap();
        let import = alice.begin_import(input(&HEADERS)).unwrap();
        assert_eq!(import.fields[..3], ["name", "level", "phones"]);
        assert_eq!(import.fields[4..], ["contact.name", "contact.phones", "contact.birthday", "custom.area"]);
        let before = mine(world).len();
        let given = rows(&[
            &["苍南云帆", "A", "0577-1; 138 0000 9999", "", "王小明", "13911112222", "农历 1990-04-08", "1,200"],
            &["", "A"],
            &["白鹭软件", "Q", "", "", "", "", "soon", "many"],
            &["", "", ""],
            &["Partner"],
            &["鲲鹏物流", "b", "1\u{0}2"],
            &["苍狼科技", "", "", "莫须有"],
            &["苍南云帆"],
        ]);
        let answer = alice.import_rows(import.id, 1, given).unwrap();
        let told: Vec<&str> = answer.rows.iter().map(|row| row.outcome.as_str()).collect();
        assert_eq!(told, ["created", "failed", "failed", "blank", "skipped", "failed", "failed", "skipped"]);
        let counts = (answer.so_far.rows, answer.so_far.created, answer.so_far.skipped, answer.so_far.failed);
        assert_eq!(counts, (8, 1, 2, 4));
        assert_eq!(mine(world).len(), before + 1);

        let made = alice.customer(answer.rows[0].customer.unwrap()).unwrap();
        assert_eq!((made.name.as_str(), made.level.as_ref().unwrap().as_str()), ("苍南云帆", "a"));
        assert_eq!(made.phones.len(), 2);
        assert_eq!(serde_json::to_value(&made.custom[0].value).unwrap(), serde_json::json!({"integer": 1_200}));
        let contact = alice.customer_panels(made.id).unwrap().contacts.remove(0);
        assert_eq!((contact.name.as_str(), contact.primary), ("王小明", true));
        assert_eq!(contact.phones, ["13911112222"]);
        assert_eq!(contact.birthday.unwrap().month, 4);

        assert_eq!(errors(&answer.rows[1]), [("公司名称", "required")]);
        let codes = [("级别", "unknown"), ("联系人生日", "malformed"), ("备用", "malformed")];
        assert_eq!(errors(&answer.rows[2]), codes);
        assert_eq!(errors(&answer.rows[4]), [("", "same_name")]);
        assert_eq!(errors(&answer.rows[5]), [("电话", "control_character")]);
        // Whose it is, is for who may assign; the column is found all the same.
        assert_eq!(errors(&answer.rows[6]), [("所属销售", "unknown")]);

        let ended = alice.finish_import(import.id).unwrap();
        assert_eq!(alice.finish_import(import.id).unwrap(), ended);
        let kept = report(&alice, &ended);
        assert_eq!(
            kept,
            answer
                .rows
                .iter()
                .filter(|row| row.outcome == "skipped" || row.outcome == "failed")
                .cloned()
                .collect::<Vec<_>>()
        );
        assert_eq!(alice.imports(PageRequest::first(5)).unwrap().items[0], ended);
        // Nobody else reads it, administrators not either.
        for other in ["bob", "mona", "adam"] {
            refused(world.user(other).import_report(import.id, PageRequest::first(5)), "not_found");
            refused(world.user(other).import_rows(import.id, 9, rows(&[&["X"]])), "not_found");
            refused(world.user(other).finish_import(import.id), "not_found");
            let all = world.user(other).imports(PageRequest::first(50)).unwrap().items;
            assert!(all.iter().all(|own| own.person == other));
        }
        refused(alice.import_rows(import.id, 9, rows(&[&["X"]])), "import_finished");
    });
}

#[test]
fn q5_a_dry_run_tells_the_same_and_changes_nothing() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let given = rows(&[&["苍南云帆", "A"], &["Partner", "A"], &["鲲鹏物流", "Q"]]);
        let dry = alice.begin_import(ImportInput { dry_run: true, ..input(&["公司名称", "级别"]) }).unwrap();
        let before = mine(world);
        let looked = alice.import_rows(dry.id, 1, given.clone()).unwrap();
        assert_eq!(mine(world), before);
        let real = alice.begin_import(input(&["公司名称", "级别"])).unwrap();
        let done = alice.import_rows(real.id, 1, given).unwrap();
        assert_eq!(mine(world).len(), before.len() + 1);
        let told = |rows: &[ImportedRow]| -> Vec<_> {
            rows.iter().map(|row| (row.place, row.name.clone(), row.outcome.clone(), row.errors.clone())).collect()
        };
        assert_eq!(told(&looked.rows), told(&done.rows));
        assert!(looked.rows.iter().all(|row| row.customer.is_none()));
        assert_eq!(told(&report(&alice, &dry)), told(&report(&alice, &real)));
        // What they gave is not kept for ever.
        world.bed.clock.advance(90 * 86_400_000);
        while world.bed.host().tick().unwrap().more {}
        assert!(report(&alice, &real).is_empty());
    });
}

#[test]
fn q5_a_dry_run_is_no_unlimited_look_up() {
    in_every_world(|world| {
        let (alice, stan) = (world.user("alice"), world.user("stan"));
        alice.create_customer(named("白鹭软件有限公司")).unwrap();
        stan.create_customer(named("鲲鹏物流有限公司")).unwrap();
        let noted = || world.bed.host().duplicate_lookups(PageRequest::first(50)).unwrap().items;
        let before = noted().len();
        let dry = |names: &[&str]| {
            let import = stan.begin_import(ImportInput { dry_run: true, ..input(&["公司名称"]) }).unwrap();
            let given = names.iter().map(|name| vec![(*name).to_owned()]).collect();
            let answer = stan.import_rows(import.id, 1, given).unwrap();
            let code = |row: &ImportedRow| row.errors.first().map(|error| error.code.clone()).unwrap_or_default();
            answer.rows.iter().map(code).collect::<Vec<_>>()
        };
        // His own tells him nothing of others.
        assert_eq!(dry(&["鲲鹏物流有限公司", "无此公司"]), ["same_name", ""]);
        assert_eq!(noted().len(), before);
        assert_eq!(dry(&["白鹭软件有限公司"]), ["same_name"]);
        let now = noted();
        assert_eq!(now.len(), before + 1);
        let told =
            |own: &crm_core::DuplicateLookup| (own.person == "stan").then_some((own.name.clone(), own.customers.len()));
        assert_eq!(now.iter().find_map(told), Some(("白鹭软件有限公司".to_owned(), 1)));
        // When he has asked enough, the answer is the same whether there is something or not.
        let mut settings = world.bed.host().settings().unwrap();
        settings.duplicates.lookups_per_day = 1;
        world.bed.host().change_settings(settings).unwrap();
        assert_eq!(dry(&["白鹭软件有限公司", "无此公司"]), ["import_looked_up_enough"; 2]);
        assert_eq!(noted().len(), before + 1);
        world.bed.clock.advance_days(1);
        assert_eq!(dry(&["白鹭软件有限公司"]), ["same_name"]);
    });
}

#[test]
fn q5_rows_come_one_after_the_other_and_twice_sent_are_created_once() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let import = alice.begin_import(input(&["公司名称"])).unwrap();
        refused(alice.import_rows(import.id, 2, rows(&[&["一"]])), "import_order");
        violates(alice.import_rows(import.id, 1, Vec::new()), "rows", "required");
        violates(alice.import_rows(import.id, 1, vec![Vec::new(); 501]), "rows", "too_many");
        violates(alice.import_rows(import.id, 1, rows(&[&["一", "二"]])), "rows[0]", "too_many");
        violates(alice.import_rows(import.id, 1, rows(&[&["长".repeat(10_001).as_str()]])), "rows[0][0]", "too_long");
        let before = mine(world).len();
        let done = alice.import_rows(import.id, 1, rows(&[&["苍南云帆"], &["白鹭软件"]])).unwrap();
        assert_eq!(done.so_far.created, 2);
        refused(alice.import_rows(import.id, 1, rows(&[&["苍南云帆"]])), "import_order");
        assert_eq!(mine(world).len(), before + 2);
        let next = alice.import_rows(import.id, 3, rows(&[&["鲲鹏物流"]])).unwrap();
        assert_eq!((next.rows[0].place, next.so_far.rows), (3, 3));
    });
}

#[test]
fn q5_contacts_come_with_preferences_and_fields_of_their_own() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let key = FieldKey::new("shoes").unwrap();
        let field = CustomFieldInput::new(Customized::Contact, key, "鞋码", FieldType::Integer);
        world.bed.host().save_custom_field(field).unwrap();
        let headers = ["客户名称", "联系人姓名", "联系人鞋码", "喜好"];
        let fields = ["name", "contact.name", "contact.custom.shoes", "contact.preferences"];
        let asked = ImportInput { fields: fields.map(str::to_owned).to_vec(), ..input(&headers) };
        let import = alice.begin_import(asked).unwrap();
        let given = rows(&[&["苍南云帆", "王小明", "42", "茶"], &["白鹭软件", "李雷", "large", ""]]);
        let answer = alice.import_rows(import.id, 1, given).unwrap();
        assert_eq!(errors(&answer.rows[1]), [("联系人鞋码", "malformed")]);
        let contact = alice.customer_panels(answer.rows[0].customer.unwrap()).unwrap().contacts.remove(0);
        assert_eq!(contact.preferences.as_deref(), Some("茶"));
        assert_eq!(serde_json::to_value(&contact.custom[0].value).unwrap(), serde_json::json!({"integer": 42}));
        // They are found by their names, and are columns of exports.
        assert_eq!(alice.import_columns(vec!["联系人鞋码".into()]).unwrap().fields, ["contact.custom.shoes"]);
        let columns = ["name", "custom.shoes"].map(str::to_owned).to_vec();
        let asked = crm_core::ExportInput {
            contacts: Some(crm_core::ContactFilter::default()),
            columns,
            ..crm_core::ExportInput::in_language(crm_core::Language::Chinese)
        };
        let adam = world.user("adam");
        let export = adam.begin_export(asked).unwrap();
        assert_eq!(export.columns[1].label, "鞋码");
        let told = adam.export_rows(export.id, 1).unwrap().rows;
        assert!(told.contains(&vec!["王小明".to_owned(), "42".to_owned()]), "{told:?}");
    });
}

#[test]
fn q5_headers_are_found_mapped_and_refused() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let found = alice.import_columns(vec!["ｎａｍｅ".into(), "级 别".into(), "Phone".into(), "?".into()]).unwrap();
        assert_eq!(found.fields, ["name", "level", "phones", ""]);
        assert!(found.known.iter().any(|field| field.name == "name" && field.required));
        violates(alice.import_columns(vec!["Name".into(), "name ".into()]), "headers[1]", "repeated");
        violates(alice.import_columns(Vec::new()), "headers", "required");
        violates(alice.import_columns(vec!["h".into(); 201]), "headers", "too_many");
        violates(alice.import_columns(vec!["name".into(), "a\u{7}b".into()]), "headers[1]", "control_character");
        violates(alice.begin_import(input(&["客户名称", "a\u{7}b"])), "input.headers[1]", "control_character");

        violates(alice.begin_import(input(&["级别"])), "input.fields.name", "required");
        violates(alice.begin_import(input(&["客户名称", "客户名称"])), "input.headers[1]", "repeated");
        let by_hand = |fields: &[&str]| ImportInput {
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            ..input(&["甲", "乙"])
        };
        violates(alice.begin_import(by_hand(&["name", "name"])), "input.fields[1]", "repeated");
        violates(alice.begin_import(by_hand(&["name", "nothing"])), "input.fields[1]", "unknown");
        violates(alice.begin_import(by_hand(&["name", "", "level"])), "input.fields", "too_many");
        let import = alice.begin_import(by_hand(&["", "name"])).unwrap();
        let done = alice.import_rows(import.id, 1, rows(&[&["left out", "苍南云帆"]])).unwrap();
        assert_eq!(done.rows[0].name, "苍南云帆");

        // A field that he may not give is none.
        let right = |field: &str, access| FieldRight { field: field.to_owned(), access };
        let role = RoleInput {
            people: vec![user("alice")],
            deny: vec![Permission::new("contact.create").unwrap()],
            fields: vec![right("customer.level", FieldAccess::Hidden), right("customer.phones", FieldAccess::Read)],
            ..RoleInput::named("careful", "Careful").unwrap()
        };
        world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
        let found =
            alice.import_columns(vec!["客户名称".into(), "级别".into(), "电话".into(), "联系人".into()]).unwrap();
        assert_eq!(found.fields, ["name", "", "", ""]);
        for field in ["level", "phones", "contact.name"] {
            violates(alice.begin_import(by_hand(&["name", field])), "input.fields[1]", "unknown");
        }
    });
}

/// A store that is busy for some commits, after some that it takes.
#[derive(Clone)]
struct Busy(Arc<(MemoryStore, AtomicI64, AtomicI64)>);

impl Busy {
    fn after(&self, taken: i64, refused: i64) {
        self.0.1.store(taken, Ordering::SeqCst);
        self.0.2.store(refused, Ordering::SeqCst);
    }
}

impl Store for Busy {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        self.0.0.read(org, reads)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        if self.0.1.fetch_sub(1, Ordering::SeqCst) <= 0 && self.0.2.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Err(CommitError::Store(StoreError::Busy("others write".to_owned())));
        }
        self.0.0.commit(changes)
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        self.0.0.due_organisations(kind, column, until, limit)
    }
}

#[test]
fn q5_what_was_done_before_an_error_counts_and_what_may_pass_is_tried_again_in_memory() {
    let clock = Arc::new(crm_core::TestEnvironment::at(crm_tests::START).unwrap());
    let busy = Busy(Arc::new((MemoryStore::new(), AtomicI64::new(0), AtomicI64::new(0))));
    let crm = Crm::new(busy.clone(), clock.clone());
    crm_tests::found(&crm, crm_tests::ORG, &[("alice", &[])], &[]);
    let actor = Actor::user(crm_tests::ORG, "alice").unwrap();
    let alice = crm.as_user(&actor);
    let latest = || alice.imports(PageRequest::first(1)).unwrap().items.remove(0);

    let import = alice.begin_import(input(&["公司名称"])).unwrap();
    let given = rows(&[&["苍南云帆"], &["白鹭软件"], &["鲲鹏物流"], &["苍狼科技"]]);
    busy.after(2, 1);
    refused(alice.import_rows(import.id, 1, given.clone()), "unavailable");
    assert_eq!((latest().rows, latest().created), (2, 2));
    refused(alice.import_rows(import.id, 1, given.clone()), "import_order");
    let done = alice.import_rows(import.id, 3, given[2..].to_vec()).unwrap();
    assert_eq!((done.so_far.rows, done.so_far.created), (4, 4));

    let file = |bytes: &'static [u8]| FileImport {
        file: "客户.csv".to_owned(),
        kind: FileKind::Csv(Encoding::Utf8),
        bytes,
        fields: Vec::new(),
        dry_run: false,
        duplicate_reason: None,
    };
    // Three times it passes, and the file goes through.
    clock.advance(1_000);
    busy.after(3, 3);
    let done = alice.import_file(file(b"name\nAlpha\nBravo\nCharlie\n"), |_| ()).unwrap();
    assert_eq!((done.rows, done.created, done.finished_at.is_some()), (3, 3, true));
    // It does not pass: the import is not ended.
    clock.advance(1_000);
    busy.after(3, i64::MAX);
    let error = alice.import_file(file(b"name\nDelta\nEcho\nFoxtrot\n"), |_| ()).unwrap_err();
    assert!(matches!(error, FileError::Crm(error) if error.code() == "unavailable"));
    busy.after(0, 0);
    assert_eq!((latest().rows, latest().finished_at), (0, None));
    let rest = alice.import_rows(latest().id, 1, rows(&[&["Delta"], &["Echo"], &["Foxtrot"]])).unwrap();
    assert_eq!((rest.so_far.created, alice.finish_import(rest.so_far.id).unwrap().rows), (3, 3));
    let all = alice.customers(View::Mine, PageRequest::first(50)).unwrap().items;
    assert_eq!(all.len(), 4 + 3 + 3, "nothing is created twice");
}

/// A workbook of texts and numbers, by the parts of its first sheet.
fn workbook(sheet: &str, shared: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("[Content_Types].xml", r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#.to_owned()),
        ("_rels/.rels", r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned()),
        ("xl/workbook.xml", r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#.to_owned()),
        ("xl/_rels/workbook.xml.rels", r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#.to_owned()),
        ("xl/sharedStrings.xml", shared.to_owned()),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ];
    for (name, text) in parts {
        if !text.is_empty() {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
    }
    archive.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

const SAID: &str = r#"<c r="A1" t="inlineStr"><is><t>name</t></is></c>"#;

fn sample(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let found = file_sample(FileKind::of(bytes), bytes, 100).map_err(|error| error.code().to_owned())?;
    Ok([vec![found.headers], found.rows].concat())
}

#[test]
fn q5_workbooks_are_read_as_they_look_and_bombs_are_not_opened() {
    let row = |cells: &str| {
        workbook(
            &sheet(&format!(
                "<row r=\"1\">{SAID}<c r=\"B1\" t=\"inlineStr\"><is><t>phone</t></is></c></row><row r=\"3\">{cells}</row>"
            )),
            "",
        )
    };
    let read = |cells: &str| sample(&row(cells)).map(|rows| rows[1].clone());
    assert_eq!(
        read(r#"<c r="A3"><v>123456789012345</v></c><c r="B3"><v>13800001234</v></c>"#).unwrap(),
        ["123456789012345", "13800001234"]
    );
    assert_eq!(read(r#"<c r="A3"><v>1.5E3</v></c><c r="B3" t="b"><v>1</v></c>"#).unwrap(), ["1500", "true"]);
    assert_eq!(read(r#"<c r="A3" t="str"><f>1+1</f><v>two</v></c>"#).unwrap(), ["two"]);
    // What a spreadsheet rounded is not taken for a number, and an error for no text.
    for long in ["1234567890123456", "-1E15"] {
        let refused = read(&format!(r#"<c r="A3"><v>{long}</v></c>"#)).unwrap_err();
        assert_eq!(refused, "file_long_number", "{long}");
    }
    let bytes = row(r#"<c r="A3"><v>1E15</v></c>"#);
    assert_eq!(file_sample(FileKind::Xlsx, &bytes, 5).unwrap_err().data().get("row").map(String::as_str), Some("3"));
    assert_eq!(read(r#"<c r="A3" t="e"><v>#N/A</v></c>"#).unwrap_err(), "file_error_cell");
    let count = file_sample(FileKind::Xlsx, &row(r#"<c r="A3"><v>1</v></c>"#), 5).unwrap().count;
    assert_eq!(count, 2, "the blank row has its place");

    // What a workbook of ours holds comes back.
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    page.write_string(0, 0, "name").unwrap();
    page.write_string(0, 1, "on").unwrap();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    page.write_string(1, 0, "=1+1").unwrap();
    page.write_with_format(1, 1, &day, &rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd")).unwrap();
    assert_eq!(sample(&book.save_to_buffer().unwrap()).unwrap()[1], ["=1+1", "2026-03-01"]);

    let entity = workbook(
        &format!(
            "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\"><!ENTITY l \"lol\">]>{}",
            sheet(&format!(
                "<row r=\"1\">{SAID}</row><row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>a&e;&l;b</t></is></c></row>"
            ))
            .trim_start_matches("<?xml version=\"1.0\"?>")
        ),
        "",
    );
    match sample(&entity) {
        Ok(rows) => assert!(!format!("{rows:?}").contains("root:") && !format!("{rows:?}").contains("lol"), "{rows:?}"),
        Err(code) => assert_eq!(code, "file_broken_workbook"),
    }
    // References that overflow, rows out of order, a sheet that breaks off, no archive at all.
    for cells in [
        r#"<c r="ZZZZZZZZZZ3"><v>1</v></c>"#,
        r#"<c r="A99999999999"><v>1</v></c>"#,
        r#"<c r="A2"><v>1</v></c><c r="A1"><v>1</v></c>"#,
    ] {
        let refused = read(cells).unwrap_err();
        assert!(
            refused == "file_broken_workbook" || refused == "file_too_many_columns" || refused == "file_too_many_rows",
            "{cells}: {refused}"
        );
    }
    assert_eq!(sample(b"PK\x03\x04 and nothing").unwrap_err(), "file_broken_workbook");
    assert_eq!(sample(&workbook("<worksheet><sheetData><row", "")).unwrap_err(), "file_broken_workbook");
    assert_eq!(read(r#"<c r="A1048576"><v>1</v></c>"#).unwrap_err(), "file_too_many_rows");
    assert_eq!(read(r#"<c r="XFD3"><v>1</v></c>"#).unwrap_err(), "file_too_many_columns");
    // More room asked for than texts follow; more unpacked than the file seems to be.
    let many = r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="1000000000000"></sst>"#;
    assert_eq!(sample(&workbook(&sheet(""), many)).unwrap_err(), "file_bomb");
    let spread = format!(
        "{}{}</sst>",
        many.split("uniqueCount").next().unwrap().trim_end().to_owned() + ">",
        " ".repeat(97 * 1024 * 1024)
    );
    let bomb = workbook(&sheet(""), &spread);
    assert!(bomb.len() < 1_000_000);
    assert_eq!(sample(&bomb).unwrap_err(), "file_bomb");
    assert_eq!(sample(b"\n\n").unwrap_err(), "file_empty");
}

#[test]
fn q5_files_that_would_fill_the_memory_are_refused() {
    // One text without an end, and millions of short ones.
    let long = format!("{SAID}<c r=\"B1\" t=\"inlineStr\"><is><t>{}</t></is></c>", " ".repeat(1_100_000));
    let text = workbook(&sheet(&format!("<row r=\"1\">{long}</row>")), "");
    assert_eq!(sample(&text).unwrap_err(), "file_bomb");
    let shared = |texts: &str| {
        format!(
            r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{texts}</sst>"#
        )
    };
    let named = sheet(&format!("<row r=\"1\">{SAID}</row>"));
    assert_eq!(sample(&workbook(&named, &shared(&"<si/>".repeat(2_000_001)))).unwrap_err(), "file_bomb");
    assert!(sample(&workbook(&named, &shared("<si><t>one</t></si>"))).is_ok());
    // Blank cells at the end of a line are none, however many there are.
    let wide = format!("name{}\nA{}\n", ",".repeat(5_000), ",".repeat(5_000));
    assert_eq!(sample(wide.as_bytes()).unwrap(), [["name"], ["A"]]);
    let wide = format!("name\nA{}B\n", ",".repeat(5_000));
    assert_eq!(sample(wide.as_bytes()).unwrap_err(), "file_too_many_columns");
    // Lines are broken in headers, which are one line all the same.
    assert_eq!(sample(b"\"customer\nname\"\nA\n").unwrap()[0], ["customer name"]);
}

#[test]
fn q5_a_file_is_imported_whole_or_not_begun_and_what_was_exported_comes_back() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let file = |bytes: &'static [u8], dry_run: bool| FileImport {
            file: "客户.csv".to_owned(),
            kind: FileKind::Csv(Encoding::Detected),
            bytes,
            fields: Vec::new(),
            dry_run,
            duplicate_reason: None,
        };
        // A line too many cells, behind rows that are right: nothing is begun.
        let broken = b"name\n\xe4\xba\x91\xe5\xb8\x86A\n\xe4\xba\x91\xe5\xb8\x86B,x\n";
        let before = (mine(world), alice.imports(PageRequest::first(50)).unwrap().items.len());
        let refused = alice.import_file(file(broken, false), |_| ()).unwrap_err();
        assert!(matches!(refused, FileError::Crm(error) if error.code() == "file_too_many_columns"));
        assert_eq!((mine(world), alice.imports(PageRequest::first(50)).unwrap().items.len()), before);

        let mut csv = [&b"\xef\xbb\xbf"[..], b"name,level\n"].concat();
        for n in 0..620 {
            // Nobody holds more than some hundred customers: half of them can't be entered.
            csv.extend(format!("Imported {n},{}\n", if n % 2 == 0 { "Q" } else { "A" }).as_bytes());
        }
        let csv: &'static [u8] = csv.leak();
        let mut told = Vec::new();
        let done = alice.import_file(file(csv, false), |import| told.push(import.rows)).unwrap();
        assert_eq!(told, [500, 620]);
        assert_eq!((done.rows, done.created, done.failed), (620, 310, 310));
        assert!(done.finished_at.is_some());
        assert_eq!(report(&alice, &done)[1].place, 3);

        // What was exported is what can be imported.
        let world = World::in_bed(Bed::memory());
        let host = world.bed.host();
        for name in ["=1+1", "-2", "\u{3000}＝x", "'quoted"] {
            host.create_customer(NewCustomer { owner: Some(user("alice")), ..named(name) }).unwrap();
        }
        let names = |world: &World| {
            let page = world.bed.host().customers(View::All, PageRequest::first(500)).unwrap();
            let mut names: Vec<String> = page.items.into_iter().map(|own| own.name).collect();
            names.sort();
            names
        };
        let input = crm_core::ExportInput {
            customers: Some(View::All.into()),
            columns: ["name", "level", "phones"].map(str::to_owned).to_vec(),
            ..crm_core::ExportInput::in_language(crm_core::Language::Chinese)
        };
        let adam = world.user("adam");
        let mut csv = Vec::new();
        adam.export_csv(input.clone(), &mut csv, |_| ()).unwrap();
        let mut xlsx = Cursor::new(Vec::new());
        adam.export_xlsx(input, &mut xlsx, |_| ()).unwrap();
        let xlsx = xlsx.into_inner();
        assert!(!calamine::Xlsx::new(Cursor::new(xlsx.clone())).unwrap().sheet_names().is_empty());
        for bytes in [&csv[..], &xlsx[..]] {
            let other = Bed::memory();
            crm_tests::found(&other.crm, crm_tests::ORG, &[("zoe", &["crm_admin"])], &[]);
            let from = FileImport { kind: FileKind::of(bytes), bytes, ..file(b"", false) };
            let done = other.user("zoe").import_file(from, |_| ()).unwrap();
            assert_eq!((done.failed, done.skipped), (0, 0), "{:?}", report(&other.user("zoe"), &done));
            let page = other.host().customers(View::All, PageRequest::first(500)).unwrap();
            let mut told: Vec<String> = page.items.into_iter().map(|own| own.name).collect();
            told.sort();
            assert_eq!(told, names(&world));
        }
    });
}
