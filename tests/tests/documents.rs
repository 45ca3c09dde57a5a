//! Documents, and entries on contracts: C5, K7.

use crm_core::{
    ContractEntryKind, ContractId, CustomerId, DocumentsOf, NewContract, NewContractEntry, NewCustomer, NewDocument,
    PageRequest, ShareInput, ShareRight,
};
use crm_tests::{World, cases, in_every_world, refused, user, violates};

fn document() -> NewDocument {
    serde_json::from_value(cases::document()).unwrap()
}

fn names(world: &World, who: &str, of: DocumentsOf) -> Vec<String> {
    let page = world.user(who).documents(of, PageRequest::first(50).counted()).unwrap();
    assert_eq!(page.count.unwrap().value, page.items.len() as i64);
    page.items.into_iter().map(|document| document.name).collect()
}

fn named(name: &str, contract: Option<ContractId>) -> NewDocument {
    NewDocument { name: name.to_owned(), contract, ..document() }
}

#[test]
fn c5_a_document_keeps_what_is_known_of_it() {
    in_every_world(|world| {
        let alice = world.user("alice");
        world.bed.clock.advance(1_000);
        let upper = NewDocument { sha256: "AB".repeat(32), media_type: "Image/PNG".to_owned(), ..document() };
        let made = alice.attach_document(world.customer, upper).unwrap();
        assert_eq!((made.sha256.clone(), made.media_type.as_str()), ("ab".repeat(32), "image/png"));
        assert_eq!((made.created_by.as_str(), made.size, made.reference.as_str()), ("alice", 12_345, "files/1"));
        assert_eq!(alice.document(made.id).unwrap(), made);
        let history = alice.customer_history(world.customer, PageRequest::default()).unwrap().items;
        assert_eq!(
            (history[0].operation.as_str(), history[0].changes[0].field.as_str()),
            ("attach_document", "document")
        );
    });
}

#[test]
fn c5_names_sizes_types_and_hashes_are_checked() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let before = world.bed.dump();
        for (wrong, field, code) in [
            (named(" ", None), "name", "required"),
            (named("../etc/passwd", None), "name", "malformed"),
            (named("C:\\x", None), "name", "malformed"),
            (named("..", None), "name", "malformed"),
            (named(&"长".repeat(201), None), "name", "too_long"),
            (NewDocument { size: 0, ..document() }, "size", "out_of_range"),
            (NewDocument { size: (1 << 30) + 1, ..document() }, "size", "out_of_range"),
            (NewDocument { media_type: "pdf".to_owned(), ..document() }, "media_type", "malformed"),
            (NewDocument { sha256: "0".repeat(63), ..document() }, "sha256", "malformed"),
            (NewDocument { reference: " ".to_owned(), ..document() }, "reference", "required"),
            // A contract of another customer is none of this one.
            (named("n", Some(world.contract)), "contract", "unknown"),
        ] {
            violates(alice.attach_document(world.customer, wrong), field, code);
        }
        assert_eq!(world.bed.dump(), before);
    });
}

#[test]
fn c5_who_sees_the_customer_or_the_contract_sees_its_documents() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let of_contract = alice.attach_document(world.partner, named("合同.pdf", Some(world.contract))).unwrap();
        alice.attach_document(world.partner, named("名片.png", None)).unwrap();
        let partner = DocumentsOf::Customer { customer: world.partner };
        let contract = DocumentsOf::Contract { contract: world.contract };
        assert_eq!(names(world, "mona", partner.clone()).len(), 2);
        assert_eq!(names(world, "mona", contract.clone()), ["合同.pdf"]);
        refused(world.user("bob").documents(contract.clone(), PageRequest::default()), "not_found");
        // Who has the duties of the contract alone sees and attaches what is of it.
        let transfer =
            crm_core::ContractTransfer { version: world.contract_version, to: user("bob"), to_position: None };
        world.user("mona").transfer_contract(world.contract, transfer).unwrap();
        assert_eq!(names(world, "bob", contract), ["合同.pdf"]);
        refused(world.user("bob").documents(partner, PageRequest::default()), "not_found");
        world.user("bob").document(of_contract.id).unwrap();
        world.user("bob").attach_document(world.partner, named("附件", Some(world.contract))).unwrap();
        refused(world.user("bob").attach_document(world.partner, named("附件", None)), "not_found");
    });
}

#[test]
fn c5_whoever_attached_it_or_disposes_of_it_takes_it_away() {
    in_every_world(|world| {
        let eve = world.user("eve");
        let hers = eve.attach_document(world.customer, document()).unwrap();
        refused(eve.remove_document(world.document), "forbidden");
        eve.remove_document(hers.id).unwrap();
        refused(eve.document(hers.id), "not_found");
        world.user("mona").remove_document(world.document).unwrap();
        let events = world.bed.host().events("c5".to_owned(), 1_000).unwrap();
        let removed: Vec<&str> = events
            .iter()
            .filter(|event| event.kind == "document_removed")
            .map(|event| event.data["reference"].as_str().unwrap())
            .collect();
        assert_eq!(removed, ["files/1", "files/1"], "the host knows which bytes are no longer needed");
    });
}

#[test]
fn c5_documents_go_with_their_customer_and_stay_when_a_draft_goes() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let customer: CustomerId = alice.create_customer(NewCustomer::named("Soon gone")).unwrap().id;
        let draft = alice.create_contract(customer, NewContract::of("D", "1".parse().unwrap())).unwrap();
        let attached = alice.attach_document(customer, named("n", Some(draft.id))).unwrap();
        alice.delete_contract(draft.id, 1).unwrap();
        assert_eq!(alice.document(attached.id).unwrap().contract, None);
        alice.delete_customer(customer).unwrap();
        refused(alice.attach_document(customer, document()), "in_recycle_bin");
        world.bed.clock.advance_days(31);
        world.bed.crm.tick_all().unwrap();
        refused(alice.document(attached.id), "not_found");
    });
}

#[test]
fn k7_entries_stay_and_the_newest_show() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let entry = |kind, value| NewContractEntry { kind, value, text: Some(format!("{value}")) };
        for (kind, value) in [
            (ContractEntryKind::Progress, 0),
            (ContractEntryKind::Risk, 3),
            (ContractEntryKind::Progress, 100),
            (ContractEntryKind::Evaluation, 5),
        ] {
            alice.add_contract_entry(world.contract, entry(kind, value)).unwrap();
            world.bed.clock.advance(1_000);
        }
        let view = alice.contract(world.contract).unwrap();
        let newest: Vec<i32> = view.entries.iter().map(|entry| entry.value).collect();
        assert_eq!(newest, [5, 100, 3]);
        assert_eq!(view.contract.version, world.contract_version, "an open form stays good");
        let page = alice.contract_entries(world.contract, ContractEntryKind::Progress, PageRequest::default()).unwrap();
        assert_eq!(page.items.iter().map(|entry| entry.value).collect::<Vec<_>>(), [100, 0]);
        for (kind, value) in [
            (ContractEntryKind::Evaluation, 0),
            (ContractEntryKind::Evaluation, 6),
            (ContractEntryKind::Progress, -1),
            (ContractEntryKind::Progress, 101),
            (ContractEntryKind::Risk, 4),
        ] {
            violates(alice.add_contract_entry(world.contract, entry(kind, value)), "value", "out_of_range");
        }
        refused(alice.add_contract_entry(world.draft, entry(ContractEntryKind::Risk, 1)), "wrong_contract_status");
        let share = ShareInput { person: Some(user("eve")), right: ShareRight::Edit, ..ShareInput::default() };
        alice.share_customer(world.partner, share).unwrap();
        assert_eq!(world.user("eve").contract(world.contract).unwrap().entries.len(), 3);
        refused(world.user("eve").add_contract_entry(world.contract, entry(ContractEntryKind::Risk, 1)), "forbidden");
    });
}
