//! Approvals of what is no contract: K9. Those of contracts and receipts stand with them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crm_core::{
    ApprovalDecision, ApprovalId, BatchItem, CustomerEdit, CustomerId, NewContract, NewFollowUp, NextFollowUp,
    PageRequest, PositionInput, RoleInput, ShareInput, SyncMode, Transfer,
};
use crm_tests::inputs::{contact, entry, to};
use crm_tests::{World, in_every_world, refused, user};

fn ask_first(world: &World) {
    let mut settings = world.bed.host().settings().unwrap();
    settings.contract.approval = vec!["transfer".to_owned()];
    world.bed.host().change_settings(settings).unwrap();
}

fn transfer(world: &World, who: &str, customer: CustomerId, transfer: Transfer) -> BatchItem {
    world.user(who).transfer_customers(vec![customer], transfer).unwrap().items.remove(0)
}

#[test]
fn k9_a_transfer_waits_and_freezes_the_customer() {
    in_every_world(|world| {
        ask_first(world);
        let (customer, alice) = (world.customer, world.user("alice"));
        alice.follow_up(customer, NewFollowUp { stage: Some(entry("contact")), ..NewFollowUp::text("初访") }).unwrap();
        let why = Transfer { reason: Some("调岗".to_owned()), ..to("bob") };
        let asked = transfer(world, "mona", customer, why);
        let approval = asked.approval.unwrap();
        let frozen = alice.customer(customer).unwrap();
        assert_eq!((frozen.owner.as_str(), frozen.approval), ("alice", Some(approval)));
        // Frozen, but work goes on.
        let edit = CustomerEdit { version: frozen.version, name: Some("改名".to_owned()), ..CustomerEdit::default() };
        refused(alice.edit_customer(customer, edit), "customer_pending");
        refused(alice.delete_customer(customer), "customer_pending");
        assert_eq!(transfer(world, "mona", customer, to("luis")).error.as_deref(), Some("customer_pending"));
        let allowed = alice.customer_panels(customer).unwrap().allowed;
        for wanted in ["edit", "assign", "delete", "share"] {
            assert!(!allowed.iter().any(|own| own == wanted), "{wanted}");
        }
        assert!(allowed.iter().any(|own| own == "follow_up"));
        let moves = |stage| NewFollowUp { stage: Some(entry(stage)), ..NewFollowUp::text("照常跟进") };
        refused(alice.follow_up(customer, moves("proposal")), "customer_pending");
        alice.follow_up(customer, moves("contact")).unwrap();
        // What is entered late moves no stage.
        let late = Some(world.bed.now().plus_days(-1));
        alice.follow_up(customer, NewFollowUp { at: late, ..moves("proposal") }).unwrap();
        let next = NextFollowUp { customer, at: Some(world.bed.now().plus_days(1)) };
        assert_eq!(alice.plan_follow_ups(vec![next]).unwrap().done, 1);
        alice.add_contact(customer, contact("新联系人")).unwrap();
        // Nobody new is let in, but whoever is in can be let out.
        let share = ShareInput { person: Some(user("luis")), ..ShareInput::default() };
        refused(alice.share_customer(customer, share), "customer_pending");
        let rhea = alice.shares(customer).unwrap().into_iter().find(|own| own.person == Some(user("rhea"))).unwrap();
        alice.end_share(rhea.id).unwrap();
        refused(world.user("rhea").customer(customer), "not_found");
        // Whoever disposes of the customer sees the request, and whoever asked.
        let read = |who: &str| world.user(who).approval(approval);
        let request = read("alice").unwrap();
        assert_eq!((request.command.as_str(), request.contract, request.customer), ("transfer", None, customer));
        assert_eq!((request.reason.as_deref(), request.transfer.unwrap().to.as_str()), (Some("调岗"), "bob"));
        assert_eq!((request.snapshot["owner"].as_str(), request.name == frozen.name), (Some("alice"), true));
        refused(read("stan"), "not_found");
        let waits = |who: &str| {
            let page = world.user(who).approvals(true, PageRequest::default()).unwrap();
            page.items.iter().any(|own| own.id == approval)
        };
        assert_eq!(["alice", "mona", "dora", "stan", "bob"].map(waits), [true, true, true, false, false]);
        let events = world.bed.host().events("k9".to_owned(), 1_000).unwrap();
        let told =
            events.iter().find(|event| event.kind == "approval_requested" && event.subject == approval.to_string());
        let data = &told.unwrap().data;
        assert_eq!((&data["transfer"]["to"], &data["snapshot"]["owner"]), (&"bob".into(), &"alice".into()));
        // Nobody approves what he asked for, only superiors do.
        let before = world.bed.dump();
        let resolve = |who: &str, decision| world.user(who).resolve_approval(approval, decision, None, None);
        refused(resolve("mona", ApprovalDecision::Approved), "own_request");
        refused(resolve("alice", ApprovalDecision::Approved), "forbidden");
        refused(resolve("bob", ApprovalDecision::Approved), "not_found");
        assert_eq!(world.bed.dump(), before);
        resolve("dora", ApprovalDecision::Approved).unwrap();
        let moved = world.user("bob").customer(customer).unwrap();
        assert_eq!((moved.owner.as_str(), moved.approval, moved.received_at), ("bob", None, world.bed.now()));
        refused(alice.customer(customer), "not_found");
        let history = world.user("bob").customer_history(customer, PageRequest::first(1)).unwrap();
        let entry = &history.items[0];
        let fields: Vec<&str> = entry.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!((fields, entry.by.as_str()), (vec!["owner", "approval", "reason"], "dora"));
        assert_eq!((&entry.changes[1].was, &entry.changes[1].became), (&Some(serde_json::json!(approval)), &None));
        // The same again changes nothing.
        let before = world.bed.dump();
        resolve("dora", ApprovalDecision::Approved).unwrap();
        refused(resolve("dora", ApprovalDecision::Rejected), "approval_resolved");
        assert_eq!(world.bed.dump(), before);
        assert_eq!(world.bed.host().rebuild_rollups().unwrap().corrected, 0);
    });
}

#[test]
fn k9_a_transfer_that_is_not_approved_leaves_everything_as_it_was() {
    in_every_world(|world| {
        ask_first(world);
        let ask = || transfer(world, "mona", world.partner, to("bob")).approval.unwrap();
        let before = world.user("alice").customer(world.partner).unwrap();
        let ends: [(&str, ApprovalDecision); 2] =
            [("dora", ApprovalDecision::Rejected), ("mona", ApprovalDecision::Withdrawn)];
        for (who, decision) in ends {
            let approval: ApprovalId = ask();
            let note = Some("暂不调整".to_owned());
            let decided = world.user(who).resolve_approval(approval, decision, None, note).unwrap();
            assert_eq!(decided.note.as_deref(), Some("暂不调整"));
            let after = world.user("alice").customer(world.partner).unwrap();
            assert_eq!((after.owner.as_str(), after.approval), ("alice", None));
            assert_eq!((after.received_at, after.idle_since), (before.received_at, before.idle_since));
        }
        // What does not go any more when it is approved is refused then, and waits on.
        let approval = ask();
        let mut gone = crm_core::PersonInput::new("bob", "Bob").unwrap();
        gone.active = false;
        world.bed.host().sync_people(vec![gone], crm_core::SyncMode::Delta).unwrap();
        let dora = world.user("dora");
        refused(dora.resolve_approval(approval, ApprovalDecision::Approved, None, None), "owner_deactivated");
        assert_eq!(dora.approval(approval).unwrap().decision, None);
        dora.resolve_approval(approval, ApprovalDecision::Rejected, None, None).unwrap();
    });
}

#[test]
fn k9_who_should_read_on_until_a_day_that_has_passed_does_not_begin_to() {
    in_every_world(|world| {
        ask_first(world);
        let until = Some(world.bed.now().plus_days(1));
        let asked = transfer(world, "mona", world.third, Transfer { keep_reader_until: until, ..to("bob") });
        world.bed.clock.advance_days(2);
        let approved = ApprovalDecision::Approved;
        world.user("dora").resolve_approval(asked.approval.unwrap(), approved, None, None).unwrap();
        refused(world.user("alice").customer(world.third), "not_found");
        assert!(world.user("bob").shares(world.third).unwrap().is_empty());
    });
}

#[test]
fn k9_who_approves_need_not_reach_as_far_as_who_asked() {
    in_every_world(|world| {
        ask_first(world);
        // Stan does not work below Mona.
        assert_eq!(transfer(world, "mona", world.partner, to("stan")).error.as_deref(), Some("owner_outside_subtree"));
        let approval = transfer(world, "adam", world.partner, to("stan")).approval.unwrap();
        let mona = world.user("mona");
        // Where he sits is what was meant when it was asked for, not where he sits when it is approved.
        let meant = mona.approval(approval).unwrap().transfer.unwrap().to_position;
        assert_eq!(meant.as_ref().map(ToString::to_string).as_deref(), Some("north-agent"));
        let north = |holders: &[&str]| {
            let agents = PositionInput::new("north-agent", "north-agent", Some("north"), holders).unwrap();
            world.bed.host().sync_positions(vec![agents], SyncMode::Delta, false).unwrap();
        };
        north(&["rhea", "eve"]);
        let approve = || mona.resolve_approval(approval, ApprovalDecision::Approved, None, None);
        refused(approve(), "owner_elsewhere");
        assert_eq!(mona.approval(approval).unwrap().decision, None);
        north(&["stan", "rhea", "eve"]);
        approve().unwrap();
        let moved = world.user("stan").customer(world.partner).unwrap();
        assert_eq!((moved.owner, moved.owner_position), (user("stan"), meant));
    });
}

#[test]
fn k9_a_request_shows_nothing_that_one_may_not_view() {
    in_every_world(|world| {
        let mut settings = world.bed.host().settings().unwrap();
        settings.contract.approval = vec!["transfer".to_owned(), "sign".to_owned(), "receipt".to_owned()];
        world.bed.host().change_settings(settings).unwrap();
        let alice = world.user("alice");
        let drafted = || alice.create_contract(world.third, NewContract::of("合同", "10".parse().unwrap())).unwrap();
        let sign = alice.submit_contract(drafted().id, 1, None).unwrap().approval.unwrap();
        let signed = alice.submit_contract(drafted().id, 1, None).unwrap();
        let approved = ApprovalDecision::Approved;
        world.user("dora").resolve_approval(signed.approval.unwrap(), approved, None, None).unwrap();
        let today = "2026-11-23".parse().unwrap();
        let receipt = crm_core::NewReceipt::of("3".parse().unwrap(), today);
        alice.record_receipt(signed.id, receipt).unwrap();
        let moves = transfer(world, "dora", world.partner, to("bob")).approval.unwrap();
        let mona = world.user("mona");
        let waiting = || {
            let page = mona.approvals(true, PageRequest { count: true, ..PageRequest::default() }).unwrap();
            let commands: Vec<String> = page.items.iter().map(|own| own.command.clone()).collect();
            (commands, page.count.unwrap().value)
        };
        let all = waiting();
        let without = |commands: &[&str]| {
            let left: Vec<String> = all.0.iter().filter(|own| !commands.contains(&own.as_str())).cloned().collect();
            let count = left.len() as i64;
            (left, count)
        };
        assert!(["sign", "receipt", "transfer"].iter().all(|wanted| all.0.iter().any(|own| own == wanted)), "{all:?}");
        for (denied, hidden, request) in [
            ("customer.view", &["transfer"][..], Some(moves)),
            ("contract.view", &["sign", "supplement", "receipt"], Some(sign)),
            ("payment.view", &["receipt"], None),
        ] {
            let role: Result<RoleInput, _> = serde_json::from_value(serde_json::json!({
                "id": "blind", "name": "blind", "deny": [denied], "people": ["mona"],
            }));
            world.bed.host().sync_roles(vec![role.unwrap()], SyncMode::Delta).unwrap();
            assert_eq!(waiting(), without(hidden), "{denied}");
            let Some(request) = request else { continue };
            let before = world.bed.dump();
            refused(mona.approval(request), "not_found");
            refused(mona.resolve_approval(request, approved, None, None), "not_found");
            assert_eq!(world.bed.dump(), before);
        }
    });
}

#[test]
fn k9_requests_go_with_their_customer() {
    in_every_world(|world| {
        ask_first(world);
        let requests = || world.bed.dump().lines().filter(|line| line.starts_with("acme approval ")).count();
        let before = requests();
        // More than go with one commit.
        for _ in 0..201 {
            let approval = transfer(world, "mona", world.third, to("bob")).approval.unwrap();
            let withdrawn = ApprovalDecision::Withdrawn;
            world.user("mona").resolve_approval(approval, withdrawn, None, None).unwrap();
        }
        let other = transfer(world, "mona", world.partner, to("bob")).approval.unwrap();
        assert_eq!(requests(), before + 202);
        world.user("alice").delete_customer(world.third).unwrap();
        world.bed.clock.advance_days(31);
        world.bed.crm.tick_all().unwrap();
        assert_eq!(requests(), before + 1);
        assert_eq!(world.user("alice").approval(other).unwrap().decision, None);
    });
}

#[test]
fn k9_a_batch_that_comes_again_names_the_requests_of_then() {
    in_every_world(|world| {
        ask_first(world);
        let ask = |key: &str| {
            let mona = world.user("mona").idempotent(key);
            mona.transfer_customers(vec![world.partner], to("bob")).unwrap().items.remove(0).approval
        };
        let first = ask("first").unwrap();
        assert_eq!(ask("first"), Some(first));
        let dora = world.user("dora");
        dora.resolve_approval(first, ApprovalDecision::Rejected, None, None).unwrap();
        assert_eq!(ask("first"), Some(first));
        let second = ask("second").unwrap();
        assert_eq!((ask("first"), ask("second")), (Some(first), Some(second)));
        // Where nobody is asked there is none, then and again, whatever waits by now.
        dora.resolve_approval(second, ApprovalDecision::Approved, None, None).unwrap();
        let mut settings = world.bed.host().settings().unwrap();
        settings.contract.approval.clear();
        world.bed.host().change_settings(settings).unwrap();
        let move_back = || {
            let mona = world.user("mona").idempotent("back");
            mona.transfer_customers(vec![world.partner], to("alice")).unwrap().items.remove(0)
        };
        assert_eq!(move_back().approval, None);
        ask_first(world);
        ask("third").unwrap();
        let again = move_back();
        assert_eq!((again.error, again.approval), (None, None));
    });
}
