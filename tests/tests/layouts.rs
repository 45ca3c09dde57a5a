//! Layouts and forms, and custom fields of contacts, follow-ups and contracts: Q3, Q4.

use crm_core::{
    ContactEdit, ContractEdit, CustomFieldInput, CustomValue, Customer, CustomerEdit, Customized, Error, FieldAccess,
    FieldKey, FieldRight, FieldType, FieldValue, Form, FormField, FormPurpose, LayoutField, LayoutInput, LayoutSection,
    MergeInput, NewContact, NewContract, NewCustomer, NewFollowUp, PageRequest, RoleInput, SyncMode,
};
use crm_tests::inputs::{contact, full, named};
use crm_tests::{World, in_every_world, refused, user, violates};
use proptest::prelude::*;
use std::collections::BTreeSet;

const PURPOSES: [FormPurpose; 4] =
    [FormPurpose::Create, FormPurpose::QuickCreate, FormPurpose::Edit, FormPurpose::View];

fn key(key: &str) -> FieldKey {
    FieldKey::new(key).unwrap()
}

fn text(of: &str, text: &str) -> CustomValue {
    CustomValue { field: key(of), value: FieldValue::Text(text.to_owned()) }
}

fn save(world: &World, of: Customized, name: &str, change: impl FnOnce(&mut CustomFieldInput)) {
    let mut field = CustomFieldInput::new(of, key(name), format!("{of:?} {name}"), FieldType::Text);
    change(&mut field);
    world.user("adam").save_custom_field(field).unwrap();
}

fn section(key: &str, fields: Vec<LayoutField>) -> LayoutSection {
    LayoutSection { key: key.to_owned(), title: Some(key.to_owned()), columns: 2, folded: false, fields }
}

fn layout(of: Customized, purpose: FormPurpose, fields: Vec<LayoutField>) -> LayoutInput {
    LayoutInput { of, purpose, sections: vec![section("basic", fields)], left_out: Vec::new(), version: None }
}

fn lay(world: &World, layout: LayoutInput) {
    world.user("adam").save_layout(layout).unwrap();
}

fn careful(world: &World, fields: &[(&str, FieldAccess)]) {
    let right = |(field, access): &(&str, FieldAccess)| FieldRight { field: (*field).to_owned(), access: *access };
    let fields = fields.iter().map(right).collect();
    let role = RoleInput { people: vec![user("alice")], fields, ..RoleInput::named("careful", "C").unwrap() };
    world.user("adam").sync_roles(vec![role], SyncMode::Delta).unwrap();
}

fn fields(form: &Form) -> impl Iterator<Item = &FormField> {
    form.sections.iter().flat_map(|section| &section.fields)
}

fn paths(form: &Form) -> Vec<&str> {
    fields(form).map(|field| field.field.as_str()).collect()
}

fn field<'f>(form: &'f Form, path: &str) -> Option<&'f FormField> {
    fields(form).find(|field| field.field == path)
}

#[test]
fn q4_forms_show_what_their_layout_says_and_the_rest_behind_it() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let of = Customized::Customer;
        save(world, of, "area", |field| field.required = true);
        save(world, of, "no", |field| {
            field.field_type = FieldType::AutoNumber;
            field.number = Some("N{random}".to_owned());
        });
        save(world, of, "old", |field| field.retired = true);
        let standard = alice.form(of, FormPurpose::Create).unwrap();
        assert_eq!(
            standard.sections.iter().map(|own| own.chinese.as_str()).collect::<Vec<_>>(),
            ["基本信息", "联系人详情", "客户详情"]
        );
        assert!(!standard.sections[2].folded, "what must be filled in is not folded away");
        assert!(field(&standard, "customer.custom.no").is_none(), "numbers come by themselves");
        let quick = alice.form(of, FormPurpose::QuickCreate).unwrap();
        assert!(field(&quick, "customer.website").is_none());
        assert!(field(&quick, "customer.custom.area").unwrap().required, "nothing can be made without it");
        let level = field(&quick, "customer.level").unwrap();
        assert_eq!((level.holds.as_str(), level.options[0].code.as_str()), ("one_of", "a"));
        let laid = vec![
            LayoutField::new("customer.phones").wide(4),
            LayoutField { begins_row: true, read_only: true, ..LayoutField::new("customer.custom.area") },
            LayoutField { read_only: true, ..LayoutField::new("customer.level") },
        ];
        let left_out = vec!["customer.website".to_owned(), "customer.name".to_owned()];
        lay(world, LayoutInput { left_out, ..layout(of, FormPurpose::Create, laid) });
        let form = alice.form(of, FormPurpose::Create).unwrap();
        assert_eq!(paths(&form)[..3], ["customer.phones", "customer.custom.area", "customer.level"]);
        assert_eq!(field(&form, "customer.phones").unwrap().width, 2, "there are no more columns");
        assert!(!field(&form, "customer.custom.area").unwrap().read_only, "what must be filled in can be");
        assert!(field(&form, "customer.level").unwrap().read_only);
        assert!(field(&form, "customer.website").is_none());
        assert!(field(&form, "customer.name").is_some_and(|name| name.required), "nothing can be made without it");
        assert!(field(&form, "customer.address").is_some(), "what no layout names stands at the end");
        assert!(field(&form, "contact.name").is_none(), "but for the contact's");
        let view = alice.form(of, FormPurpose::View).unwrap();
        assert!(fields(&view).all(|field| field.read_only && !field.required));
        assert!(field(&view, "customer.custom.old").is_some() && field(&view, "customer.custom.no").is_some());
        assert!(field(&alice.form(of, FormPurpose::Edit).unwrap(), "customer.custom.old").is_none());
        let back = world.user("adam").reset_layout(of, FormPurpose::Create).unwrap();
        assert!(back.standard);
        assert_eq!(alice.form(of, FormPurpose::Create).unwrap(), standard);
    });
}

#[test]
fn q4_what_a_layout_asks_for_must_be_given_and_is_not_lost() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let must = |of: Customized, name: &str| {
            lay(world, layout(of, FormPurpose::Create, vec![LayoutField::new(name).required()]));
        };
        let before = alice.create_customer(named("before")).unwrap();
        must(Customized::Customer, "customer.industry");
        must(Customized::Contact, "contact.phones");
        must(Customized::FollowUp, "follow_up.method");
        must(Customized::Contract, "contract.note");
        violates(alice.create_customer(named("without")), "industry", "required");
        let industry = || Some(crm_tests::inputs::entry("it"));
        let with = |name: &str| NewCustomer { industry: industry(), ..named(name) };
        let made = alice.create_customer(with("with")).unwrap();
        let edit = |customer: &Customer, clear: &[&str]| CustomerEdit {
            version: customer.version,
            region: Some("X".to_owned()),
            clear: clear.iter().map(|name| (*name).to_owned()).collect(),
            ..CustomerEdit::default()
        };
        violates(alice.edit_customer(made.id, edit(&made, &["industry"])), "industry", "required");
        alice.edit_customer(before.id, edit(&before, &[])).unwrap();
        let lacking = NewCustomer { contacts: vec![contact("C")], ..with("with contact") };
        violates(alice.create_customer(lacking), "contacts[0].phones", "required");
        violates(alice.add_contact(made.id, contact("C")), "phones", "required");
        let reached = NewContact { phones: vec!["138".to_owned()], ..contact("C") };
        let reached = alice.add_contact(made.id, reached).unwrap();
        let clear = ContactEdit { version: reached.version, phones: Some(Vec::new()), ..ContactEdit::default() };
        violates(alice.edit_contact(reached.id, clear), "phones", "required");
        violates(alice.follow_up(made.id, NewFollowUp::text("Called")), "method", "required");
        let method = Some(crm_tests::inputs::entry("phone"));
        alice.follow_up(made.id, NewFollowUp { method, ..NewFollowUp::text("Called") }).unwrap();
        let contract = || NewContract::of("C", "1".parse().unwrap());
        violates(alice.create_contract(made.id, contract()), "note", "required");
        let drafted = alice.create_contract(made.id, NewContract { note: Some("n".to_owned()), ..contract() }).unwrap();
        let clear = ContractEdit { version: drafted.version, clear: vec!["note".to_owned()], ..Default::default() };
        violates(alice.edit_contract(drafted.id, clear), "note", "required");
        // Nobody is asked for what he may not give.
        careful(world, &[("customer.industry", FieldAccess::Hidden), ("contact.phones", FieldAccess::Read)]);
        let by_alice = NewCustomer { contacts: vec![contact("D")], ..named("by alice") };
        let made = alice.create_customer(by_alice).unwrap();
        assert_eq!(made.industry, None);
        violates(world.user("mona").create_customer(named("by mona")), "industry", "required");
    });
}

#[test]
fn a3_forms_have_no_field_that_is_hidden_and_ask_for_none_that_may_not_be_given() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let of = Customized::Customer;
        save(world, of, "area", |_| ());
        save(world, of, "shown", |field| {
            field.visible_when = Some(crm_core::Condition::equal("custom.area", FieldValue::Text("x".to_owned())));
        });
        careful(
            world,
            &[
                ("customer.level", FieldAccess::Hidden),
                ("customer.phones", FieldAccess::Masked),
                ("customer.region", FieldAccess::Read),
                ("customer.custom.area", FieldAccess::Hidden),
                ("contact.phones", FieldAccess::Read),
            ],
        );
        let forms = PURPOSES.map(|purpose| alice.form(of, purpose).unwrap());
        for form in &forms {
            for hidden in ["customer.level", "customer.custom.area", "customer.custom.shown"] {
                assert!(field(form, hidden).is_none(), "{hidden} {:?}", form.purpose);
            }
        }
        let [create, quick, edit, view] = &forms;
        for (form, shown) in [(create, false), (quick, false), (edit, true), (view, true)] {
            let of = |path: &str| field(form, path).map(|field| (field.read_only, field.masked));
            assert_eq!(of("customer.phones"), shown.then_some((true, true)), "{:?}", form.purpose);
            assert_eq!(of("customer.region"), shown.then_some((true, false)), "{:?}", form.purpose);
            assert_eq!(of("contact.phones"), None);
        }
        let alone = RoleInput::named("nothing", "Nothing").unwrap();
        let deny = ["contact.create", "customer.edit"].map(|right| crm_core::Permission::new(right).unwrap());
        let denied = RoleInput { people: vec![user("alice")], deny: deny.to_vec(), ..alone };
        world.user("adam").sync_roles(vec![denied], SyncMode::Delta).unwrap();
        refused(alice.form(of, FormPurpose::Edit), "forbidden");
        refused(alice.form(Customized::Contact, FormPurpose::Create), "forbidden");
        let create = alice.form(of, FormPurpose::Create).unwrap();
        assert!(
            paths(&create).iter().all(|path| path.starts_with("customer.")),
            "who adds no contact is asked of none"
        );
        refused(alice.layouts(of), "forbidden");
        refused(alice.save_layout(layout(of, FormPurpose::Edit, Vec::new())), "forbidden");
        refused(alice.reset_layout(of, FormPurpose::Edit), "forbidden");
    });
}

#[test]
fn q4_layouts_that_can_not_be_are_refused_whole() {
    in_every_world(|world| {
        let adam = world.user("adam");
        let (of, purpose) = (Customized::Customer, FormPurpose::Create);
        let with = |fields: Vec<LayoutField>| adam.save_layout(layout(of, purpose, fields));
        let new = LayoutField::new;
        for bad in [
            "customer.none",
            "customer.owner",
            "contract.name",
            "name",
            "customer.custom.none",
            "",
            "..",
            "x.__proto__",
        ] {
            violates(with(vec![new(bad)]), "sections[0].fields[0].field", "unknown");
        }
        violates(with(vec![new("customer.name"), new("customer.name")]), "sections[0].fields[1].field", "repeated");
        for width in [-1, 0, 5, i32::MAX] {
            violates(with(vec![new("customer.name").wide(width)]), "sections[0].fields[0].width", "out_of_range");
        }
        save(world, of, "area", |_| ());
        let unasked = ["contact.name", "customer.custom.area", "customer.birthday", "customer.kind", "customer.number"];
        for field in unasked.map(new) {
            violates(with(vec![field.required()]), "sections[0].fields[0].required", "not_allowed");
        }
        let edit = layout(of, FormPurpose::Edit, vec![new("customer.level").required()]);
        violates(adam.save_layout(edit), "sections[0].fields[0].required", "not_allowed");
        let edit = layout(of, FormPurpose::Edit, vec![new("contact.name")]);
        violates(adam.save_layout(edit), "sections[0].fields[0].field", "unknown");
        let whole = |sections: Vec<LayoutSection>| {
            adam.save_layout(LayoutInput { of, purpose, sections, left_out: Vec::new(), version: None })
        };
        violates(whole(Vec::new()), "sections", "required");
        violates(
            whole((0..21).map(|place| section(&format!("s{place}"), Vec::new())).collect()),
            "sections",
            "too_many",
        );
        let many = (0..500).map(|_| new("customer.name")).collect();
        violates(whole(vec![section("basic", many)]), "sections", "too_many");
        for (bad, code) in
            [("Basic", "malformed"), ("", "malformed"), ("__proto__", "malformed"), ("分区", "malformed")]
        {
            violates(whole(vec![section(bad, Vec::new())]), "sections[0].key", code);
        }
        violates(whole(vec![section("a", Vec::new()), section("a", Vec::new())]), "sections[1].key", "repeated");
        let untitled = LayoutSection { title: None, ..section("own", Vec::new()) };
        violates(whole(vec![untitled]), "sections[0].title", "required");
        let long = LayoutSection { title: Some("长".repeat(61)), ..section("own", Vec::new()) };
        violates(whole(vec![long]), "sections[0].title", "too_long");
        let wide = LayoutSection { columns: 5, ..section("own", Vec::new()) };
        violates(whole(vec![wide]), "sections[0].columns", "out_of_range");
        let twice = LayoutInput {
            left_out: vec!["customer.name".to_owned()],
            ..layout(of, purpose, vec![new("customer.name")])
        };
        violates(adam.save_layout(twice), "left_out[0]", "repeated");
        assert!(adam.layouts(of).unwrap().iter().all(|layout| layout.standard), "nothing was kept");
        let first = adam.save_layout(layout(of, purpose, vec![new("customer.name")])).unwrap();
        let stale = LayoutInput { version: Some(0), ..layout(of, purpose, vec![new("customer.level")]) };
        refused(adam.save_layout(stale), "conflict");
        let known = LayoutInput { version: Some(first.version), ..layout(of, purpose, vec![new("customer.level")]) };
        assert_eq!(adam.save_layout(known).unwrap().version, first.version + 1);
        let told = adam.settings_history(PageRequest::first(5)).unwrap().items;
        let told: Vec<&str> =
            told.iter().flat_map(|entry| &entry.changes).map(|change| change.field.as_str()).collect();
        assert!(told.contains(&"layout.customer/create.sections"), "{told:?}");
    });
}

#[test]
fn q3_contacts_follow_ups_and_contracts_have_fields_of_their_own() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for of in [Customized::Contact, Customized::FollowUp, Customized::Contract] {
            save(world, of, "mark", |field| field.unique = true);
            save(world, of, "must", |field| field.required = true);
            save(world, of, "no", |field| {
                field.field_type = FieldType::AutoNumber;
                field.number = Some("N{random}".to_owned());
            });
            let long = CustomFieldInput {
                filterable: true,
                ..CustomFieldInput::new(of, key("found"), "found", FieldType::LongText)
            };
            violates(world.user("adam").save_custom_field(long), "filterable", "not_allowed");
            let own = CustomFieldInput::new(of, key("version"), "version", FieldType::Text);
            violates(world.user("adam").save_custom_field(own), "key", "not_allowed");
        }
        let customer = alice.create_customer(named("Of fields")).unwrap();
        let mark = |own: &str| vec![text("mark", own), text("must", "x")];
        let marked = |custom: &[CustomValue]| {
            custom.iter().map(|own| own.field.as_str().to_owned()).collect::<Vec<_>>() == ["mark", "must", "no"]
        };
        // Contacts.
        let new = |name: &str, custom| NewContact { custom, ..contact(name) };
        violates(alice.add_contact(customer.id, contact("A")), "custom.must", "required");
        let one = alice.add_contact(customer.id, new("A", mark("ＡＢ"))).unwrap();
        assert!(marked(&one.custom) && alice.contact(one.id).unwrap().custom == one.custom);
        refused(alice.add_contact(customer.id, new("B", mark("ab"))), "field_value_taken");
        let two = alice.add_contact(customer.id, new("B", mark("2"))).unwrap();
        let edit = |version, custom, clear: &[&str]| ContactEdit {
            version,
            custom,
            clear: clear.iter().map(|name| (*name).to_owned()).collect(),
            ..ContactEdit::default()
        };
        refused(alice.edit_contact(two.id, edit(two.version, mark("ab"), &[])), "field_value_taken");
        violates(alice.edit_contact(two.id, edit(two.version, vec![], &["custom.must"])), "custom.must", "required");
        violates(alice.edit_contact(two.id, edit(two.version, vec![], &["custom.no"])), "clear[0]", "unknown");
        let one = alice.edit_contact(one.id, edit(one.version, vec![], &["custom.mark"])).unwrap();
        let two = alice.edit_contact(two.id, edit(two.version, mark("ab"), &[])).unwrap();
        let told = alice.contact_history(two.id, PageRequest::first(5)).unwrap().items;
        assert_eq!(told[0].changes[0].field, "custom.mark");
        alice.remove_contact(two.id, None).unwrap();
        alice.edit_contact(one.id, edit(one.version, mark("ab"), &[])).unwrap();
        let both = vec![new("C", mark("3")), new("D", mark("3"))];
        refused(alice.create_customer(NewCustomer { contacts: both, ..named("Twice") }), "field_value_taken");
        // Follow-ups.
        let written = |custom| NewFollowUp { custom, ..NewFollowUp::text("Called") };
        violates(alice.follow_up(customer.id, NewFollowUp::text("Called")), "custom.must", "required");
        let first = alice.follow_up(customer.id, written(mark("1"))).unwrap();
        assert!(marked(&first.custom));
        refused(alice.follow_up(customer.id, written(mark("1"))), "field_value_taken");
        assert_eq!(alice.follow_up_with_replies(first.id).unwrap().follow_up.custom, first.custom);
        // Contracts.
        let contract = |custom| NewContract { custom, ..NewContract::of("C", "1".parse().unwrap()) };
        violates(alice.create_contract(customer.id, contract(vec![])), "custom.must", "required");
        let first = alice.create_contract(customer.id, contract(mark("1"))).unwrap();
        assert!(marked(&first.custom));
        refused(alice.create_contract(customer.id, contract(mark("1"))), "field_value_taken");
        let signed = alice.submit_contract(first.id, first.version, None).unwrap();
        let edit = |version, custom| ContractEdit { version, custom, ..ContractEdit::default() };
        let after = alice.edit_contract(signed.id, edit(signed.version, vec![text("mark", "9")])).unwrap();
        assert_eq!(alice.contract(signed.id).unwrap().contract.custom, after.custom);
        let told = alice.contract_history(signed.id, PageRequest::first(5)).unwrap().items;
        assert_eq!(told[0].changes[0].field, "custom.mark", "what is signed can be described further");
        let draft = alice.create_contract(customer.id, contract(mark("1"))).unwrap();
        alice.delete_contract(draft.id, draft.version).unwrap();
        alice.create_contract(customer.id, contract(mark("1"))).unwrap();
    });
}

#[test]
fn q4_a_form_of_customers_asks_for_all_that_its_first_contact_must_have() {
    in_every_world(|world| {
        save(world, Customized::Contact, "badge", |field| field.required = true);
        lay(
            world,
            layout(Customized::Contact, FormPurpose::Create, vec![LayoutField::new("contact.wechat").required()]),
        );
        let alice = world.user("alice");
        for purpose in [FormPurpose::Create, FormPurpose::QuickCreate] {
            let form = alice.form(Customized::Customer, purpose).unwrap();
            for owed in ["contact.wechat", "contact.custom.badge"] {
                assert_eq!(
                    field(&form, owed).map(|field| field.required),
                    Some(false),
                    "{owed}: only of one that there is"
                );
            }
        }
        let without = LayoutInput {
            sections: vec![section("basic", vec![LayoutField::new("customer.name")])],
            ..layout(Customized::Customer, FormPurpose::Create, Vec::new())
        };
        lay(world, without);
        let form = alice.form(Customized::Customer, FormPurpose::Create).unwrap();
        assert!(
            paths(&form).iter().all(|path| !path.starts_with("contact.")),
            "where no contact is asked for none owes"
        );
    });
}

#[test]
fn a3_nobody_is_told_by_a_form_or_a_merge_what_he_may_not_know() {
    in_every_world(|world| {
        let alice = world.user("alice");
        careful(world, &[("customer.stage", FieldAccess::Hidden)]);
        let form = alice.form(Customized::FollowUp, FormPurpose::Create).unwrap();
        assert!(field(&form, "follow_up.stage").is_none(), "it would be the customer's");
        let stage =
            layout(Customized::FollowUp, FormPurpose::Create, vec![LayoutField::new("follow_up.stage").required()]);
        violates(world.user("adam").save_layout(stage), "sections[0].fields[0].required", "not_allowed");
        // What a contact has in a custom field goes to another one only with whoever may edit it.
        save(world, Customized::Contact, "badge", |_| ());
        careful(world, &[("contact.custom.badge", FieldAccess::Read)]);
        let with = |name: &str| NewCustomer { contacts: vec![contact("Wang")], ..named(name) };
        let survivor = alice.create_customer(with("Upper")).unwrap();
        let source = alice.create_customer(with("Lower")).unwrap();
        let of = |customer| alice.customer_panels(customer).unwrap().contacts[0].id;
        let contacts = vec![crm_core::ContactMerge { contact: of(source.id), into: of(survivor.id) }];
        let merge = MergeInput { contacts, ..MergeInput::of(survivor.id, vec![source.id]) };
        violates(alice.merge_customers(merge), "contacts", "not_allowed");
    });
}

#[test]
fn p1_who_may_only_claim_learns_no_phone_of_a_custom_field_of_contacts_and_follow_ups() {
    in_every_world(|world| {
        for of in [Customized::Contact, Customized::FollowUp] {
            save(world, of, "mobile", |field| field.field_type = FieldType::Phone);
            save(world, of, "mark", |_| ());
        }
        let custom = || vec![text("mobile", "13900139000"), text("mark", "x")];
        let adam = world.user("adam");
        let mut pool = adam.pools().unwrap().into_iter().find(|pool| pool.standard).unwrap();
        pool.show_follow_ups = true;
        adam.save_pool(crm_core::PoolInput {
            pool: Some(pool.id),
            version: Some(pool.version),
            name: pool.name,
            standard: true,
            administrators: pool.administrators,
            people: pool.people,
            positions: pool.positions,
            hidden: Some(vec![crm_core::PoolField::Phones]),
            show_follow_ups: true,
            retired: false,
        })
        .unwrap();
        let alice = world.user("alice");
        let contacts = vec![NewContact { custom: custom(), ..contact("Wang") }];
        let made = alice.create_customer(NewCustomer { contacts, ..named("To be claimed") }).unwrap();
        alice.follow_up(made.id, NewFollowUp { custom: custom(), ..NewFollowUp::text("Called") }).unwrap();
        let released = serde_json::json!({"customers": [made.id], "release": {"note": "No need"}});
        crm_tests::call(&alice, "release_customers", &released).unwrap();
        let seen = world.user("bob").customer_panels(made.id).unwrap();
        let told = serde_json::to_string(&(&seen.contacts, &seen.follow_ups)).unwrap();
        assert!(!told.contains("13900139000"), "{told}");
        assert_eq!(seen.contacts[0].custom, [text("mark", "x")]);
        assert_eq!(seen.follow_ups[0].follow_up.custom, [text("mark", "x")]);
    });
}

#[test]
fn q3_unique_values_of_contacts_go_with_them_through_merges() {
    in_every_world(|world| {
        let alice = world.user("alice");
        save(world, Customized::Contact, "mark", |field| field.unique = true);
        let with = |name: &str, person: &str, mark: Option<&str>| NewCustomer {
            contacts: vec![NewContact {
                phones: vec!["13800138000".to_owned()],
                custom: mark.map(|mark| text("mark", mark)).into_iter().collect(),
                ..contact(person)
            }],
            ..named(name)
        };
        let survivor = alice.create_customer(with("Left", "Wang", None)).unwrap();
        let source = alice.create_customer(with("Right", "Wang", Some("1"))).unwrap();
        let own = alice.customer_panels(survivor.id).unwrap().contacts[0].clone();
        let gone = alice.customer_panels(source.id).unwrap().contacts[0].clone();
        let same = vec![crm_core::ContactMerge { contact: gone.id, into: own.id }];
        let merge = MergeInput { contacts: same, ..MergeInput::of(survivor.id, vec![source.id]) };
        let merged = alice.merge_customers(merge).unwrap().merge.unwrap();
        assert_eq!(alice.contact(own.id).unwrap().custom, gone.custom, "whoever takes it up has what it had");
        let another = NewContact { custom: vec![text("mark", "1")], ..contact("Li") };
        refused(alice.add_contact(survivor.id, another.clone()), "field_value_taken");
        alice.unmerge(merged.id).unwrap();
        assert_eq!(alice.contact(own.id).unwrap().custom, []);
        assert_eq!(alice.contact(gone.id).unwrap().custom, gone.custom);
        refused(alice.add_contact(survivor.id, another.clone()), "field_value_taken");
        alice.remove_contact(gone.id, None).unwrap();
        alice.add_contact(survivor.id, another).unwrap();
        // What somebody else took meanwhile does not come back.
        let (left, right) = (with("Upper left", "Zhao", Some("7")), with("Upper right", "Zhao", Some("8")));
        let (left, right) = (alice.create_customer(left).unwrap(), alice.create_customer(right).unwrap());
        let of = |customer| alice.customer_panels(customer).unwrap().contacts[0].id;
        let contacts = vec![crm_core::ContactMerge { contact: of(right.id), into: of(left.id) }];
        let merge = MergeInput { contacts, ..MergeInput::of(left.id, vec![right.id]) };
        let merged = alice.merge_customers(merge).unwrap().merge.unwrap();
        let eight = NewContact { custom: vec![text("mark", "8")], ..contact("Qian") };
        alice.add_contact(survivor.id, eight).unwrap();
        refused(alice.unmerge(merged.id), "field_value_taken");
    });
}

#[test]
fn a3_custom_fields_of_every_kind_have_rights() {
    in_every_world(|world| {
        let alice = world.user("alice");
        for of in [Customized::Contact, Customized::FollowUp, Customized::Contract] {
            save(world, of, "secret", |_| ());
            save(world, of, "half", |_| ());
        }
        let custom = || vec![text("secret", "hidden words"), text("half", "halfway")];
        let customer = alice.create_customer(NewCustomer {
            contacts: vec![NewContact { custom: custom(), ..contact("Wang") }],
            ..named("Of secrets")
        });
        let customer = customer.unwrap().id;
        let written =
            alice.follow_up(customer, NewFollowUp { custom: custom(), ..NewFollowUp::text("Called") }).unwrap();
        let drafted = NewContract { custom: custom(), ..NewContract::of("C", "1".parse().unwrap()) };
        let drafted = alice.create_contract(customer, drafted).unwrap();
        careful(
            world,
            &["contact", "follow_up", "contract"]
                .iter()
                .flat_map(|of| {
                    [
                        (&*format!("{of}.custom.secret").leak(), FieldAccess::Hidden),
                        (&*format!("{of}.custom.half").leak(), FieldAccess::Masked),
                    ]
                })
                .collect::<Vec<_>>(),
        );
        let masked = [text("half", "h***")];
        let panels = alice.customer_panels(customer).unwrap();
        assert_eq!(panels.contacts[0].custom, masked);
        assert_eq!(panels.follow_ups[0].follow_up.custom, masked);
        assert_eq!(alice.follow_up_with_replies(written.id).unwrap().follow_up.custom, masked);
        assert_eq!(alice.contract(drafted.id).unwrap().contract.custom, masked);
        let submitted = alice.submit_contract(drafted.id, drafted.version, None).unwrap();
        assert_eq!(submitted.custom, masked);
        let listed =
            alice.contracts(crm_core::ContractQuery::from(crm_core::Contracts::Of { customer }), PageRequest::first(5));
        assert_eq!(listed.unwrap().items[0].contract.custom, masked);
        let given = |field: &str| vec![text(field, "new")];
        let refuses = |error: Error| violates::<()>(Err(error), "custom.secret", "not_allowed");
        let edit = ContractEdit { version: submitted.version, custom: given("secret"), ..Default::default() };
        refuses(alice.edit_contract(drafted.id, edit).unwrap_err());
        refuses(
            alice.follow_up(customer, NewFollowUp { custom: given("secret"), ..NewFollowUp::text("x") }).unwrap_err(),
        );
        refuses(
            alice
                .create_contract(
                    customer,
                    NewContract { custom: given("secret"), ..NewContract::of("D", "1".parse().unwrap()) },
                )
                .unwrap_err(),
        );
        refuses(alice.add_contact(customer, NewContact { custom: given("secret"), ..contact("Li") }).unwrap_err());
        let told = serde_json::to_string(&(
            alice.contract_history(drafted.id, PageRequest::first(50)).unwrap(),
            alice.contact_history(panels.contacts[0].id, PageRequest::first(50)).unwrap(),
            alice.custom_fields(Customized::Contract).unwrap(),
            alice.form(Customized::FollowUp, FormPurpose::View).unwrap(),
        ));
        assert!(!told.unwrap().contains("secret"));
        let revealed = alice.reveal_contact_field(panels.contacts[0].id, "custom.half".to_owned()).unwrap();
        assert!(revealed.value.is_some());
    });
}

/// Every field that layouts of customers can name.
fn every_path() -> Vec<String> {
    let world = World::in_bed(crm_tests::Bed::memory());
    let form = |of| world.user("adam").form(of, FormPurpose::Create).unwrap();
    let mut paths: Vec<String> = [Customized::Customer, Customized::Contact]
        .into_iter()
        .flat_map(|of| fields(&form(of)).map(|field| field.field.clone()).collect::<Vec<_>>())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn q4_whatever_the_layout_a_form_can_be_filled_in(
        chosen in prop::collection::vec((any::<prop::sample::Index>(), 1..=4_i32, any::<bool>(), any::<bool>()), 0..30),
        cut in any::<prop::sample::Index>(),
        left in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        hidden in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 0..6),
    ) {
        let world = World::in_bed(crm_tests::Bed::memory());
        let paths = every_path();
        let mut seen = BTreeSet::new();
        let mut laid: Vec<LayoutField> = Vec::new();
        for (place, width, read_only, required) in &chosen {
            let path = place.get(&paths).clone();
            let unasked = ["customer.birthday", "customer.kind", "customer.number"];
            let requires = path.starts_with("customer.") && !unasked.contains(&path.as_str());
            let required = *required && !read_only && requires;
            if seen.insert(path.clone()) {
                laid.push(LayoutField { read_only: *read_only, required, ..LayoutField::new(path).wide(*width) });
            }
        }
        let left_out = left.iter().map(|place| place.get(&paths).clone()).filter(|path| seen.insert(path.clone())).collect();
        let rest = laid.split_off(cut.index(laid.len() + 1));
        let sections = vec![section("one", laid.clone()), section("two", rest.clone())];
        let (of, purpose) = (Customized::Customer, FormPurpose::Create);
        lay(&world, LayoutInput { of, purpose, sections, left_out, version: None });
        let access = [FieldAccess::Hidden, FieldAccess::Masked, FieldAccess::Read, FieldAccess::Edit];
        let rights: Vec<(String, FieldAccess)> = hidden
            .iter()
            .map(|(place, reach)| (place.get(&paths).clone(), access[*reach]))
            .filter(|(path, _)| !path.ends_with(".name") && !["customer.kind", "customer.short_name", "customer.number"].contains(&path.as_str()))
            .collect();
        let mut known = BTreeSet::new();
        let rights: Vec<(&str, FieldAccess)> =
            rights.iter().map(|(path, reach)| (path.as_str(), *reach)).filter(|(path, _)| known.insert(*path)).collect();
        careful(&world, &rights);
        let alice = world.user("alice");
        let form = alice.form(of, purpose).unwrap();
        let asked = fields(&form).map(|field| field.field.clone()).collect::<Vec<_>>();
        prop_assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "no field twice");
        for (path, reach) in &rights {
            if *reach < FieldAccess::Edit {
                prop_assert!(!asked.iter().any(|own| own == path), "{} {:?}", path, reach);
            }
        }
        // In the order of the layout, the rest behind it.
        let order: Vec<&String> = laid.iter().chain(&rest).map(|field| &field.field).filter(|path| asked.contains(path)).collect();
        prop_assert_eq!(order.len(), asked.iter().filter(|path| order.contains(path)).count());
        for section in &form.sections {
            prop_assert!(!section.fields.is_empty());
            prop_assert!(section.fields.iter().all(|field| field.width <= section.columns && !(field.required && field.read_only)));
        }
        // What is asked for is enough, and without any of it nothing is made.
        let required: Vec<String> = fields(&form).filter(|field| field.required).map(|field| field.field.clone()).collect();
        let all = serde_json::to_value(NewCustomer { kind: Some(crm_core::CustomerKind::Company), ..full() }).unwrap();
        let only = |names: &[String]| {
            let given = all.as_object().unwrap().iter().filter(|(name, _)| names.contains(&format!("customer.{name}")));
            let given: serde_json::Map<String, serde_json::Value> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
            serde_json::from_value::<NewCustomer>(given.into())
        };
        for missing in &required {
            let rest: Vec<String> = required.iter().filter(|path| *path != missing).cloned().collect();
            if let Ok(new) = only(&rest) {
                violates(alice.create_customer(new), missing.strip_prefix("customer.").unwrap(), "required");
            }
        }
        alice.create_customer(only(&required).unwrap()).unwrap();
    }
}
