//! Rights on fields: A3, each way by which a field could tell. That nothing tells, whatever is asked, is `model/secrets.rs`.

use crm_core::{
    Condition, ContactDraft, ContactEdit, ContactFilter, Contract, ContractEdit, ContractQuery, Contracts,
    CustomFieldInput, CustomerDimension, CustomerEdit, CustomerFilter, CustomerId, CustomerQuery, Customized,
    DuplicateDraft, EntryCode, ExportInput, FieldAccess, FieldKey, FieldOrder, FieldRight, FieldType, FieldValue,
    FollowUpQuery, FollowUps, FormPurpose, Language, MergeChoice, MergeInput, NewContact, NewContract, NewCustomer,
    NewFollowUp, PageRequest, Permission, ReminderQuery, ReportCustomerQuery, ReportOf, Role, RoleInput,
    SavedQueryInput, SyncMode, Test, View,
};
use crm_tests::inputs::{entry, full, named};
use crm_tests::{World, call, in_every_world, refused, user, violates};
use serde_json::json;

/// A role of alice's that says how far she reaches into fields.
fn careful(world: &World, fields: &[(&str, FieldAccess)]) {
    let right = |(field, access): &(&str, FieldAccess)| FieldRight { field: (*field).to_owned(), access: *access };
    let role = RoleInput {
        people: vec![user("alice")],
        fields: fields.iter().map(right).collect(),
        ..RoleInput::named("careful", "Careful").unwrap()
    };
    world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
}

/// Fields of customers: two that are filterable texts and numbers.
fn custom_fields(world: &World) {
    for (key, label, ty) in [("area", "面积", FieldType::Integer), ("mark", "标记", FieldType::Text)] {
        let key = FieldKey::new(key).unwrap();
        let field = CustomFieldInput::new(Customized::Customer, key, label, ty);
        world.bed.host().save_custom_field(CustomFieldInput { filterable: true, ..field }).unwrap();
    }
    while world.bed.host().tick().unwrap().more {}
}

fn value(field: &str, value: FieldValue) -> crm_core::CustomValue {
    crm_core::CustomValue { field: FieldKey::new(field).unwrap(), value }
}

/// A customer of alice's with something in every field, and a contact.
fn customer(world: &World, name: &str) -> CustomerId {
    custom_fields(world);
    let contact = NewContact {
        phones: vec!["13800001234".to_owned()],
        email: Some("wang@yunshan.example".to_owned()),
        birthday: serde_json::from_value(json!({"calendar": "solar", "month": 12, "day": 1})).unwrap(),
        ..crm_tests::inputs::contact("王小明")
    };
    let new = NewCustomer {
        name: name.to_owned(),
        owner: Some(user("alice")),
        contacts: vec![contact],
        custom: vec![value("area", FieldValue::Integer(120)), value("mark", FieldValue::Text("secret mark".into()))],
        ..full()
    };
    world.bed.host().create_customer(new).unwrap().id
}

fn all() -> PageRequest {
    PageRequest::first(100)
}

#[test]
fn a3_hidden_fields_are_in_no_answer_and_masked_ones_show_their_ends() {
    in_every_world(|world| {
        let id = customer(world, "云杉软件有限公司");
        careful(
            world,
            &[
                ("customer.level", FieldAccess::Hidden),
                ("customer.email", FieldAccess::Hidden),
                ("customer.phones", FieldAccess::Masked),
                ("customer.address", FieldAccess::Masked),
                ("customer.stage", FieldAccess::Masked),
                ("customer.custom.area", FieldAccess::Hidden),
                ("customer.custom.mark", FieldAccess::Masked),
                ("contact.phones", FieldAccess::Masked),
                ("contact.email", FieldAccess::Hidden),
            ],
        );
        let alice = world.user("alice");
        let listed = alice.customers(View::Mine, all()).unwrap().items.into_iter().find(|own| own.id == id).unwrap();
        let panels = alice.customer_panels(id).unwrap();
        for seen in [alice.customer(id).unwrap(), listed, panels.customer.clone(), alice.mark_viewed(id).unwrap()] {
            assert_eq!((&seen.level, &seen.email, &seen.stage), (&None, &None, &None));
            assert_eq!(seen.phones, ["057*-****0000", "4***"]);
            assert_eq!(seen.address.as_deref(), Some("文***"));
            assert_eq!(seen.custom, [value("mark", FieldValue::Text("s***".into()))]);
            assert_eq!(seen.region.as_deref(), Some("浙江杭州"));
        }
        let contact = &panels.contacts[0];
        assert_eq!((contact.phones[0].as_str(), &contact.email), ("138****1234", &None));
        let row = alice
            .contacts(ContactFilter { text: Some("王小明".into()), mine: true, ..ContactFilter::default() }, all())
            .unwrap()
            .items;
        assert_eq!(row[0].contact, *contact);
        // Who is not kept from it sees it, and so does the host.
        assert_eq!(world.user("mona").customer(id).unwrap().phones[0], "0571-88880000");
        assert_eq!(world.bed.host().customer(id).unwrap().level, Some(entry("a")));
        // Also what she may do with it is answered with what she may see.
        let edit =
            CustomerEdit { version: panels.customer.version, region: Some("X".into()), ..CustomerEdit::default() };
        assert_eq!(alice.edit_customer(id, edit).unwrap().email, None);
        assert_eq!(world.bed.host().customer(id).unwrap().email.as_deref(), Some("info@yunshan.example"), "it stays");
        let followed = alice.follow_up(id, NewFollowUp::text("Called")).unwrap();
        assert_eq!(followed.stage, None);
        let page = alice.follow_ups(crm_core::FollowUps::Of { customer: id }, all()).unwrap();
        assert!(page.items.iter().all(|view| view.follow_up.stage.is_none()));
        let told = alice.custom_fields(Customized::Customer).unwrap();
        assert_eq!(told.iter().map(|field| field.key.as_str()).collect::<Vec<_>>(), ["mark"]);
        let rights = alice.field_rights().unwrap();
        let of = |field: &str| rights.iter().find(|right| right.field == field).unwrap().access;
        assert_eq!(of("customer.level"), FieldAccess::Hidden);
        assert_eq!(of("contact.phones"), FieldAccess::Masked);
        assert_eq!(of("customer.region"), FieldAccess::Edit);
    });
}

#[test]
fn a3_lists_are_neither_narrowed_nor_ordered_nor_counted_by_what_is_not_read() {
    in_every_world(|world| {
        customer(world, "云杉软件有限公司");
        let alice = world.user("alice");
        let level = EntryCode::new("a").unwrap();
        let area = |test| Condition::field("custom.area", test);
        let by_area = CustomerQuery { matching: Some(area(Test::Empty)), ..View::Mine.into() };
        let saved = alice.save_query(SavedQueryInput::named("Before", by_area.clone())).unwrap();
        for access in [FieldAccess::Hidden, FieldAccess::Masked] {
            careful(world, &[("customer.level", access), ("customer.custom.area", access), ("contact.phones", access)]);
            let filter = CustomerFilter { level: Some(level.clone()), ..CustomerFilter::default() };
            violates(alice.customers(CustomerQuery { filter, ..View::Mine.into() }, all()), "filter.level", "unknown");
            let tests = [
                Test::Equal(FieldValue::Integer(120)),
                Test::Less(FieldValue::Integer(1_000)),
                Test::OneOf(vec![FieldValue::Integer(120)]),
                Test::Empty,
            ];
            for test in tests {
                for condition in [area(test.clone()), Condition::Not(Box::new(area(test.clone())))] {
                    let query = CustomerQuery { matching: Some(condition), ..View::Mine.into() };
                    violates(alice.customers(query, all()), "matching.custom.area", "unknown");
                }
            }
            let condition = Condition::equal("level", FieldValue::OneOf(level.clone()));
            let query = CustomerQuery { matching: Some(condition), ..View::SharedWithMe.into() };
            violates(alice.customers(query, all()), "matching.level", "unknown");
            let order = FieldOrder { field: FieldKey::new("area").unwrap(), descending: true };
            let query = CustomerQuery { order_by: Some(order), ..View::Mine.into() };
            violates(alice.customers(query, all()), "order_by.field", "unknown");
            violates(alice.saved_query_customers(saved.id, all()), "matching.custom.area", "unknown");
            violates(
                alice.save_query(SavedQueryInput::named("New", by_area.clone())),
                "matching.custom.area",
                "unknown",
            );
            violates(alice.customer_report(ReportOf::Mine, CustomerDimension::Level), "by", "unknown");
            let query = ReportCustomerQuery {
                of: ReportOf::Mine,
                by: Some(CustomerDimension::Level),
                code: Some("a".to_owned()),
                created_from: None,
                created_to: None,
            };
            violates(alice.report_customers(query, all()), "query.by", "unknown");
            let found = |text: &str| {
                let filter = ContactFilter { text: Some(text.to_owned()), mine: true, ..ContactFilter::default() };
                alice.contacts(filter, all()).unwrap().items.len()
            };
            assert_eq!((found("13800001234"), found("0000"), found("小明"), found("wang")), (0, 0, 1, 1));
        }
        careful(world, &[("customer.level", FieldAccess::Read), ("customer.custom.area", FieldAccess::Read)]);
        assert!(alice.saved_query_customers(saved.id, all()).is_ok());
        assert!(alice.customer_report(ReportOf::Mine, CustomerDimension::Level).is_ok());
    });
}

#[test]
fn a3_only_what_one_may_edit_is_written() {
    in_every_world(|world| {
        let id = customer(world, "云杉软件有限公司");
        for access in [FieldAccess::Hidden, FieldAccess::Masked, FieldAccess::Read] {
            careful(
                world,
                &[
                    ("customer.level", access),
                    ("customer.phones", access),
                    ("customer.stage", access),
                    ("customer.custom.area", access),
                    ("contact.phones", access),
                ],
            );
            let alice = world.user("alice");
            let before = world.bed.dump();
            let version = alice.customer(id).unwrap().version;
            let edits = [
                ("level", json!({"level": "b"})),
                ("phones", json!({"phones": ["1"]})),
                ("phones", json!({"clear": ["phones"]})),
                ("phones", json!({"phones": []})),
                ("custom.area", json!({"custom": [{"field": "area", "value": {"integer": 1}}]})),
                ("custom.area", json!({"clear": ["custom.area"]})),
            ];
            for (field, mut edit) in edits {
                edit["version"] = json!(version);
                violates(call(&alice, "edit_customer", &json!({"customer": id, "edit": edit})), field, "not_allowed");
            }
            let new = NewCustomer { level: Some(entry("a")), ..named("New") };
            violates(alice.create_customer(new), "level", "not_allowed");
            let with_contact = NewContact { phones: vec!["1".into()], ..crm_tests::inputs::contact("C") };
            let new = NewCustomer { contacts: vec![with_contact.clone()], ..named("New") };
            violates(alice.create_customer(new), "contacts[0].phones", "not_allowed");
            violates(alice.add_contact(id, with_contact), "phones", "not_allowed");
            let contact = alice.customer_panels(id).unwrap().contacts[0].clone();
            let bare = || ContactEdit { version: contact.version, ..ContactEdit::default() };
            let cleared = ContactEdit { clear: vec!["phones".into()], ..bare() };
            violates(alice.edit_contact(contact.id, cleared), "phones", "not_allowed");
            let emptied = ContactEdit { phones: Some(Vec::new()), ..bare() };
            violates(alice.edit_contact(contact.id, emptied), "phones", "not_allowed");
            let moved = NewFollowUp { stage: Some(entry("won")), ..NewFollowUp::text("Won") };
            violates(alice.follow_up(id, moved), "stage", "not_allowed");
            assert_eq!(world.bed.dump(), before, "refused means unchanged");
        }
    });
}

#[test]
fn a3_nobody_is_asked_for_a_required_field_that_he_may_not_give() {
    in_every_world(|world| {
        custom_fields(world);
        let key = FieldKey::new("mark").unwrap();
        let field = CustomFieldInput::new(Customized::Customer, key, "标记", FieldType::Text);
        let version = world.bed.host().custom_fields(Customized::Customer).unwrap()[1].version;
        let required = CustomFieldInput { required: true, filterable: true, version: Some(version), ..field };
        world.bed.host().save_custom_field(required).unwrap();
        violates(world.user("alice").create_customer(named("New")), "custom.mark", "required");
        careful(world, &[("customer.custom.mark", FieldAccess::Hidden)]);
        world.user("alice").create_customer(named("New")).unwrap();
    });
}

#[test]
fn a3_histories_merges_and_requests_tell_nothing_of_hidden_fields() {
    in_every_world(|world| {
        let (one, other) = (customer(world, "云杉软件有限公司"), world.third);
        let host = world.bed.host();
        let version = host.customer(other).unwrap().version;
        let edit = CustomerEdit {
            version,
            level: Some(entry("c")),
            phones: Some(vec!["13911112222".into()]),
            region: Some("北京".into()),
            custom: vec![value("area", FieldValue::Integer(7))],
            ..CustomerEdit::default()
        };
        host.edit_customer(other, edit).unwrap();
        let contact = host.customer_panels(one).unwrap().contacts[0].clone();
        let edit = ContactEdit {
            version: contact.version,
            phones: Some(vec!["13911112222".into()]),
            ..ContactEdit::default()
        };
        host.edit_contact(contact.id, edit).unwrap();
        careful(
            world,
            &[
                ("customer.level", FieldAccess::Hidden),
                ("customer.phones", FieldAccess::Masked),
                ("customer.custom.area", FieldAccess::Hidden),
                ("contact.phones", FieldAccess::Hidden),
            ],
        );
        let alice = world.user("alice");
        let history = alice.customer_history(other, all()).unwrap();
        let changes = history.items.iter().flat_map(|entry| &entry.changes);
        let changes: Vec<_> = changes.map(|change| (change.field.as_str(), change.became.clone())).collect();
        assert!(changes.contains(&("phones", Some(json!(["139****2222"])))), "{changes:?}");
        assert!(changes.contains(&("region", Some(json!("北京")))), "{changes:?}");
        assert!(changes.iter().all(|(field, _)| !["level", "custom.area"].contains(field)), "{changes:?}");
        assert!(alice.contact_history(contact.id, all()).unwrap().items.is_empty());

        let merge = MergeInput::of(one, vec![other]);
        let preview = alice.preview_merge(merge.clone()).unwrap();
        let shown: Vec<&str> = preview.fields.iter().map(|field| field.field.as_str()).collect();
        assert!(
            shown.contains(&"address") && !shown.iter().any(|field| ["level", "phones", "custom.area"].contains(field))
        );
        assert!(preview.equal_contacts.is_empty());
        for field in ["level", "phones", "custom.area"] {
            let choice = MergeChoice { field: field.to_owned(), from: other };
            let asked = MergeInput { fields: vec![choice], ..merge.clone() };
            violates(alice.merge_customers(asked), "fields[0].field", "not_allowed");
        }
        let merged = alice.merge_customers(MergeInput { fingerprint: Some(preview.fingerprint), ..merge }).unwrap();
        let text =
            serde_json::to_string(&merged).unwrap() + &serde_json::to_string(&alice.merges(one).unwrap()).unwrap();
        assert!(!text.contains("13911112222") && !text.contains("88880000") && !text.contains("\"level\""), "{text}");
        assert_eq!(host.customer(one).unwrap().phones.len(), 3, "they were united all the same");
    });
}

#[test]
fn a3_checks_for_duplicates_go_by_what_one_reads() {
    in_every_world(|world| {
        customer(world, "云杉软件有限公司");
        let alice = world.user("alice");
        let draft = DuplicateDraft {
            phones: vec!["0571-88880000".to_owned()],
            email: Some("info@yunshan.example".to_owned()),
            credit_code: Some("91330100MA2B0XYZ1K".to_owned()),
            ..DuplicateDraft::named("完全不同的名字")
        };
        let contact = ContactDraft {
            name: "王小明".to_owned(),
            phones: vec!["13800001234".to_owned()],
            ..ContactDraft::default()
        };
        assert_eq!(alice.check_duplicates(draft.clone()).unwrap().hits.len(), 1);
        let by_phone = || {
            let hits = alice.check_contact_duplicates(contact.clone()).unwrap().hits;
            hits.iter().flat_map(|hit| &hit.reasons).any(|reason| reason.code == "same_phone")
        };
        assert!(by_phone());
        careful(
            world,
            &[
                ("customer.phones", FieldAccess::Masked),
                ("customer.email", FieldAccess::Hidden),
                ("customer.credit_code", FieldAccess::Hidden),
                ("contact.phones", FieldAccess::Masked),
            ],
        );
        assert_eq!(alice.check_duplicates(draft).unwrap().hits, []);
        assert!(!by_phone());
        // By the name it is found as ever.
        assert_eq!(alice.check_duplicates(DuplicateDraft::named("云杉软件有限公司")).unwrap().hits.len(), 1);
    });
}

#[test]
fn a3_a_field_that_is_shown_by_a_hidden_one_is_hidden() {
    in_every_world(|world| {
        custom_fields(world);
        let host = world.bed.host();
        let key = FieldKey::new("more").unwrap();
        let shown = Condition::equal("level", FieldValue::OneOf(entry("a")));
        let field = CustomFieldInput::new(Customized::Customer, key, "字段", FieldType::YesNo);
        let default_value = Some(FieldValue::YesNo(true));
        host.save_custom_field(CustomFieldInput { visible_when: Some(shown), default_value, ..field }).unwrap();
        let new = NewCustomer { level: Some(entry("a")), owner: Some(user("alice")), ..named("New") };
        let id = host.create_customer(new).unwrap().id;
        assert_eq!(world.user("alice").customer(id).unwrap().custom.len(), 1);
        careful(world, &[("customer.level", FieldAccess::Masked)]);
        assert_eq!(world.user("alice").customer(id).unwrap().custom, []);
    });
}

#[test]
fn a3_birthdays_that_are_hidden_come_in_no_calendar() {
    in_every_world(|world| {
        customer(world, "云杉软件有限公司");
        let alice = world.user("alice");
        let birthdays = || {
            let query = crm_core::CalendarQuery::between("2026-11-23".parse().unwrap(), "2027-11-23".parse().unwrap());
            let entries = alice.calendar(query).unwrap().entries;
            entries.iter().filter(|own| own.kind == crm_core::ReminderKind::Birthday).count()
        };
        assert_eq!(birthdays(), 1);
        careful(world, &[("contact.birthday", FieldAccess::Masked)]);
        assert_eq!(birthdays(), 0);
        world.bed.clock.advance(9 * 86_400_000);
        while world.bed.host().tick().unwrap().more {}
        let told = alice.reminders(crm_core::ReminderQuery::default(), all()).unwrap().items;
        assert!(told.iter().all(|row| row.reminder.kind != crm_core::ReminderKind::Birthday));
        careful(world, &[]);
        assert_eq!(birthdays(), 1);
    });
}

#[test]
fn a3_grants_unite_and_hidden_beats() {
    in_every_world(|world| {
        let id = customer(world, "云杉软件有限公司");
        let role = |name: &str, access| RoleInput {
            people: vec![user("alice")],
            fields: vec![FieldRight { field: "customer.email".to_owned(), access }],
            ..RoleInput::named(name, name).unwrap()
        };
        let sees = |roles: &[(&str, FieldAccess)]| {
            let roles = roles.iter().map(|(name, access)| role(name, *access)).collect();
            world.bed.host().sync_roles(roles, SyncMode::Delta).unwrap();
            world.user("alice").customer(id).unwrap().email
        };
        assert_eq!(sees(&[("one", FieldAccess::Masked)]).as_deref(), Some("i***@***"));
        assert_eq!(sees(&[("two", FieldAccess::Read)]).as_deref(), Some("info@yunshan.example"));
        assert_eq!(sees(&[("three", FieldAccess::Hidden)]), None);
        // An administrator is kept from what is hidden from him alone.
        let keep = |access| {
            let role = RoleInput { people: vec![user("adam")], ..role("four", access) };
            world.bed.host().sync_roles(vec![role], SyncMode::Delta).unwrap();
            world.user("adam").customer(id).unwrap().email
        };
        assert_eq!(keep(FieldAccess::Masked).as_deref(), Some("info@yunshan.example"));
        assert_eq!(keep(FieldAccess::Hidden), None);
    });
}

#[test]
fn a3_masked_fields_are_revealed_one_by_one_and_written_down() {
    in_every_world(|world| {
        let id = customer(world, "云杉软件有限公司");
        let mut settings = world.bed.host().settings().unwrap();
        settings.reveals_per_day = 2;
        world.bed.host().change_settings(settings).unwrap();
        careful(
            world,
            &[
                ("customer.phones", FieldAccess::Masked),
                ("customer.level", FieldAccess::Hidden),
                ("customer.custom.mark", FieldAccess::Masked),
                ("contact.phones", FieldAccess::Masked),
            ],
        );
        let alice = world.user("alice");
        let contact = alice.customer_panels(id).unwrap().contacts[0].id;
        // What she reads anyhow is told without.
        let region = alice.reveal_customer_field(id, "region".into()).unwrap();
        assert_eq!((region.value, region.left), (Some(json!("浙江杭州")), 2));
        for field in ["level", "name", "id", "custom", "custom.nothing", "", "phones.0", "customer.phones"] {
            violates(alice.reveal_customer_field(id, field.to_owned()), "field", "unknown");
        }
        let phones = alice.clone().idempotent("k").reveal_customer_field(id, "phones".into()).unwrap();
        assert_eq!((phones.value.clone(), phones.left), (Some(json!(["0571-88880000", "400-1"])), 1));
        let again = alice.clone().idempotent("k").reveal_customer_field(id, "phones".into()).unwrap();
        assert_eq!((again.value, again.left), (phones.value, 0), "each look counts");
        for (field, refusal) in [("custom.mark", "reveal_limit"), ("phones", "reveal_limit")] {
            let error = refused(alice.reveal_customer_field(id, field.into()), refusal);
            assert_eq!(error.data()["limit"], "2");
        }
        refused(alice.clone().idempotent("k").reveal_customer_field(id, "phones".into()), "reveal_limit");
        refused(alice.reveal_contact_field(contact, "phones".into()), "reveal_limit");
        refused(world.user("stan").reveal_customer_field(id, "phones".into()), "not_found");
        refused(alice.field_reveals(all()), "forbidden");
        let log = world.user("adam").field_reveals(all()).unwrap().items;
        let told: Vec<_> = log.iter().map(|own| (own.person.as_str(), own.place, own.field.as_str())).collect();
        assert_eq!(told.len(), 2);
        assert!(told.contains(&("alice", 1, "phones")) && told.contains(&("alice", 2, "phones")), "{told:?}");
        world.bed.clock.advance(86_400_000);
        let mark = alice.reveal_customer_field(id, "custom.mark".into()).unwrap();
        assert_eq!((mark.value, mark.left), (Some(json!({"text": "secret mark"})), 1), "a new day");
        // Whether there is anything is something that is told, too.
        let none = alice.reveal_customer_field(world.third, "phones".into()).unwrap();
        assert_eq!((none.value, none.left), (None, 0));
        refused(alice.reveal_contact_field(contact, "phones".into()), "reveal_limit");
        world.bed.clock.advance(86_400_000);
        let own = alice.reveal_contact_field(contact, "phones".into()).unwrap();
        assert_eq!((own.value, own.left), (Some(json!(["13800001234"])), 1));
        let mut log = world.user("adam").field_reveals(all()).unwrap().items;
        assert_eq!(log.len(), 5);
        assert_eq!((log.remove(0).subject, log[0].field.as_str()), (format!("contact:{contact}"), "phones"));
        let first = world.user("adam").field_reveals(PageRequest::first(1)).unwrap();
        assert_eq!(first.items[0].subject, format!("contact:{contact}"));
        let cursor = PageRequest { cursor: first.next, ..PageRequest::first(1) };
        assert_eq!(world.user("adam").field_reveals(cursor).unwrap().items.len(), 1);
        // It is kept for 180 days.
        world.bed.clock.advance(181 * 86_400_000);
        while world.bed.host().tick().unwrap().more {}
        assert_eq!(world.user("adam").field_reveals(all()).unwrap().items, []);
    });
}

#[test]
fn a3_rights_on_fields_that_are_none_are_refused() {
    in_every_world(|world| {
        let role = |field: &str, access: &str| json!({"roles": [{"id": "r", "name": "R", "fields": [{"field": field, "access": access}]}], "mode": "delta"});
        let host = world.bed.host();
        for field in ["customer.name", "customer.custom.none", "customer", "", "phones", "contact.name", "__proto__"] {
            violates(call(&host, "sync_roles", &role(field, "hidden")), "roles[0].fields[0].field", "unknown");
        }
        refused(call(&host, "sync_roles", &role("customer.level", "secret")), "invalid");
        let right = |field: &str| FieldRight { field: field.to_owned(), access: FieldAccess::Read };
        let twice = RoleInput {
            fields: vec![right("customer.level"), right("customer.level")],
            ..RoleInput::named("r", "R").unwrap()
        };
        violates(host.sync_roles(vec![twice], SyncMode::Delta), "roles[0].fields[1].field", "repeated");
        let many = RoleInput { fields: vec![right("customer.level"); 301], ..RoleInput::named("r", "R").unwrap() };
        violates(host.sync_roles(vec![many], SyncMode::Delta), "roles[0].fields", "too_many");
        // What was said is told, and stands in the history.
        let good = RoleInput {
            allow: vec![Permission::new("customer.view").unwrap()],
            fields: vec![right("customer.level")],
            ..RoleInput::named("r", "R").unwrap()
        };
        host.sync_roles(vec![good.clone()], SyncMode::Delta).unwrap();
        host.sync_roles(vec![RoleInput { fields: Vec::new(), ..good }], SyncMode::Delta).unwrap();
        let roles: Vec<Role> = host.roles().unwrap();
        assert!(roles.iter().any(|role| role.id.as_str() == "r" && role.fields.is_empty()));
        let history = serde_json::to_string(&host.settings_history(all()).unwrap()).unwrap();
        assert!(history.contains("role r.fields") && history.contains("customer.level"), "{history}");
    });
}

#[test]
fn a3_a_refusal_tells_nothing_of_what_is_hidden() {
    in_every_world(|world| {
        custom_fields(world);
        let host = world.bed.host();
        let shown = Condition::equal("level", FieldValue::OneOf(entry("a")));
        let field =
            CustomFieldInput::new(Customized::Customer, FieldKey::new("more").unwrap(), "更多", FieldType::YesNo);
        let more = CustomFieldInput { visible_when: Some(shown), ..field };
        host.save_custom_field(more.clone()).unwrap();
        let person = |name: &str, level: &str, birthday: bool| {
            let day = json!({"calendar": "solar", "month": 12, "day": 1});
            let new = NewCustomer {
                kind: Some(crm_core::CustomerKind::Person),
                level: Some(entry(level)),
                stage: Some(entry("needs")),
                owner: Some(user("alice")),
                birthday: birthday.then(|| serde_json::from_value(day).unwrap()),
                ..named(name)
            };
            host.create_customer(new).unwrap().id
        };
        let (one, other) = (person("甲", "a", true), person("乙", "b", false));
        let hidden = ["customer.level", "customer.birthday", "customer.stage", "customer.phones"];
        careful(world, &hidden.map(|field| (field, FieldAccess::Hidden)));
        let alice = world.user("alice");
        let ask = |customer: CustomerId, mut edit: serde_json::Value| {
            edit["version"] = json!(1);
            format!("{:?}", call(&alice, "edit_customer", &json!({"customer": customer, "edit": edit})))
        };
        for edit in [
            json!({"custom": [{"field": "more", "value": {"yes_no": true}}]}),
            json!({"level": "a"}),
            json!({"level": "none"}),
            json!({"clear": ["birthday"]}),
            json!({"kind": "company"}),
            json!({"phones": []}),
        ] {
            assert_eq!(ask(one, edit.clone()), ask(other, edit));
        }
        for stage in ["needs", "won", "none"] {
            let new = NewFollowUp { stage: Some(entry(stage)), ..NewFollowUp::text("x") };
            violates(alice.follow_up(one, new), "stage", "not_allowed");
        }
        // Nor can it be had by showing otherwise what it shows.
        let keeper = RoleInput {
            people: vec![user("alice")],
            allow: vec![Permission::new("customer.manage_fields").unwrap()],
            ..RoleInput::named("keeper", "Keeper").unwrap()
        };
        host.sync_roles(vec![keeper], SyncMode::Delta).unwrap();
        let bare = CustomFieldInput { visible_when: None, ..more };
        violates(alice.save_custom_field(bare), "visible_when", "unknown");
    });
}

#[test]
fn a3_events_and_requests_go_by_the_rights_of_who_reads_them() {
    in_every_world(|world| {
        let id = customer(world, "云杉软件有限公司");
        let host = world.bed.host();
        let mut settings = host.settings().unwrap();
        settings.contract.approval = vec!["transfer".to_owned()];
        host.change_settings(settings).unwrap();
        let version = host.customer(id).unwrap().version;
        let edit =
            CustomerEdit { version, level: Some(entry("b")), region: Some("X".into()), ..CustomerEdit::default() };
        world.user("mona").edit_customer(id, edit).unwrap();
        let moved = world.user("mona").transfer_customers(vec![id], crm_tests::inputs::to("luis")).unwrap();
        let approval = moved.items[0].approval.unwrap();
        careful(world, &[("customer.level", FieldAccess::Hidden), ("customer.phones", FieldAccess::Masked)]);
        let reader = RoleInput {
            people: vec![user("alice")],
            allow: vec![Permission::new("event.view").unwrap()],
            ..RoleInput::named("reader", "Reader").unwrap()
        };
        host.sync_roles(vec![reader], SyncMode::Delta).unwrap();
        let alice = world.user("alice");
        let of = |events: &[crm_core::Event], kind: &str, subject: &str| {
            events.iter().find(|event| event.kind == kind && event.data.to_string().contains(subject)).cloned()
        };
        let events = alice.events("mine".to_owned(), 1_000).unwrap();
        let told = of(&events, "approval_requested", "云杉").unwrap().data;
        assert_eq!(
            (&told["snapshot"]["level"], &told["snapshot"]["phones"][0]),
            (&json!(null), &json!("057*-****0000"))
        );
        let changed = events.iter().find(|event| event.kind == "customer_changed" && event.subject == id.to_string());
        assert_eq!(changed.unwrap().data["fields"], json!(["region"]));
        let own = alice.approval(approval).unwrap().snapshot;
        assert_eq!((&own["level"], &own["phones"][1], &own["region"]), (&json!(null), &json!("4***"), &json!("X")));
    });
}

#[test]
fn a3_fields_of_follow_ups_and_contracts_have_rights() {
    in_every_world(|world| {
        let (alice, host) = (world.user("alice"), world.bed.host());
        let id = customer(world, "有合同的客户");
        let content = "下周报价";
        let planned = NewFollowUp {
            method: Some(entry("visit")),
            next_at: Some(world.bed.now().plus_days(1)),
            next_content: Some(content.to_owned()),
            place: Some(crm_core::follow_up::Place { text: Some("西湖区".into()), ..Default::default() }),
            ..NewFollowUp::text("来访")
        };
        let written = alice.follow_up(id, planned.clone()).unwrap();
        let new = NewContract {
            customer_signatory: Some("王小明".into()),
            own_signatory: Some("艾丽".into()),
            payment_method: Some(entry("transfer")),
            note: Some("先款后货，三个月质保".into()),
            ..NewContract::of("合同", "100".parse().unwrap())
        };
        let drafted = alice.create_contract(id, new.clone()).unwrap();
        let edit = |version, note: &str| ContractEdit { version, note: Some(note.into()), ..ContractEdit::default() };
        let drafted = host.edit_contract(drafted.id, edit(drafted.version, "先货后款，三个月质保")).unwrap();
        let asked = || FollowUpQuery { method: Some(entry("visit")), ..FollowUps::Mine.into() };
        assert!(alice.follow_ups(asked(), all()).unwrap().items.iter().any(|view| view.follow_up.id == written.id));
        world.bed.clock.advance(86_400_000);
        while host.tick().unwrap().more {}
        let told = || {
            let inbox = alice.reminders(ReminderQuery::default(), all()).unwrap().items;
            inbox.into_iter().find(|row| row.about.customer == id).unwrap().about.content
        };
        assert_eq!(told().as_deref(), Some(content));

        careful(
            world,
            &[
                ("follow_up.method", FieldAccess::Hidden),
                ("follow_up.place", FieldAccess::Masked),
                ("follow_up.next_content", FieldAccess::Masked),
                ("contract.customer_signatory", FieldAccess::Masked),
                ("contract.own_signatory", FieldAccess::Read),
                ("contract.payment_method", FieldAccess::Masked),
                ("contract.note", FieldAccess::Hidden),
            ],
        );
        let seen = alice.follow_up_with_replies(written.id).unwrap().follow_up;
        assert_eq!((seen.method, seen.place, seen.next_content.as_deref()), (None, None, Some("下***")));
        // One by one, what is masked and nothing else.
        let shown = |told: crm_core::RevealedField| told.value;
        let reveal = |field: &str| alice.reveal_follow_up_field(written.id, field.to_owned());
        assert_eq!(shown(reveal("next_content").unwrap()), Some(json!(content)));
        assert_eq!(shown(reveal("place").unwrap()), Some(json!({"text": "西湖区"})));
        violates(reveal("method"), "field", "unknown");
        violates(reveal("content"), "field", "unknown");
        let reveal = |field: &str| alice.reveal_contract_field(drafted.id, field.to_owned());
        assert_eq!(shown(reveal("customer_signatory").unwrap()), Some(json!("王小明")));
        violates(reveal("note"), "field", "unknown");
        violates(reveal("amount"), "field", "unknown");
        let log = host.field_reveals(all()).unwrap().items;
        let log: Vec<&str> = log.iter().map(|own| own.field.as_str()).collect();
        assert_eq!(log, ["customer_signatory", "place", "next_content"]);
        let seen = alice.customer_panels(id).unwrap().follow_ups.remove(0).follow_up;
        assert_eq!((seen.method, seen.next_content.as_deref()), (None, Some("下***")));
        assert_eq!(told().as_deref(), Some("下***"));
        violates(alice.follow_ups(asked(), all()), "query.method", "unknown");
        let matching = |key: &str| Condition::field(key, Test::Empty);
        let query = FollowUpQuery { matching: Some(matching("method")), ..FollowUps::Mine.into() };
        violates(alice.follow_ups(query, all()), "matching.method", "unknown");
        violates(alice.follow_up(id, planned), "method", "not_allowed");
        let text = |contract: Contract| {
            let method = contract.payment_method.map(|code| code.to_string());
            (contract.customer_signatory.unwrap(), contract.own_signatory.unwrap(), method, contract.note)
        };
        let careful = ("***".to_owned(), "艾丽".to_owned(), None, None);
        assert_eq!(text(alice.contract(drafted.id).unwrap().contract), careful);
        let listed = alice.contracts(Contracts::Of { customer: id }, all()).unwrap().items.remove(0).contract;
        assert_eq!(text(listed), careful);
        let query = ContractQuery { matching: Some(matching("payment_method")), ..Contracts::Mine.into() };
        violates(alice.contracts(query, all()), "matching.payment_method", "unknown");
        violates(alice.edit_contract(drafted.id, edit(drafted.version, "改")), "note", "not_allowed");
        let clear =
            ContractEdit { version: drafted.version, clear: vec!["own_signatory".into()], ..ContractEdit::default() };
        violates(alice.edit_contract(drafted.id, clear), "own_signatory", "not_allowed");
        violates(alice.create_contract(id, new), "customer_signatory", "not_allowed");
        let history = alice.contract_history(drafted.id, all()).unwrap().items;
        assert!(!serde_json::to_string(&history).unwrap().contains("质保"), "{history:?}");
        assert!(
            serde_json::to_string(&host.contract_history(drafted.id, all()).unwrap().items).unwrap().contains("质保")
        );
        // Files have no column of what is hidden, and of what is masked as much as a page.
        let form = alice.form(Customized::Contract, FormPurpose::Edit).unwrap();
        let fields: Vec<String> =
            form.sections.into_iter().flat_map(|section| section.fields).map(|field| field.field).collect();
        assert!(
            !fields.contains(&"contract.note".to_owned()) && fields.contains(&"contract.kind".to_owned()),
            "{fields:?}"
        );
        let export =
            ExportInput { contracts: Some(Contracts::Mine.into()), ..ExportInput::in_language(Language::Chinese) };
        let may = RoleInput {
            people: vec![user("alice")],
            allow: vec![Permission::new("contract.export").unwrap()],
            ..RoleInput::named("exporter", "Exporter").unwrap()
        };
        host.sync_roles(vec![may], SyncMode::Delta).unwrap();
        let export = alice.begin_export(export).unwrap().id;
        let rows = serde_json::to_string(&alice.export_rows(export, 1).unwrap()).unwrap();
        assert!(!rows.contains("质保") && !rows.contains("王小明") && rows.contains("艾丽"), "{rows}");
        // Whoever reads them is told so, and by which role he does not.
        let explained = host.explain_access(id).unwrap();
        let mine = explained.people.iter().find(|own| own.person == user("alice")).unwrap();
        assert!(mine.fields.iter().any(|field| field.field == "contract.note" && field.access == FieldAccess::Hidden));
    });
}
