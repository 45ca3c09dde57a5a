//! Payments: K4-K6, K9 as far as receipts go.

mod receipts;

use crm_core::{
    ApprovalDecision, Contract, ContractId, ContractQuery, ContractSettings, ContractStatus, Contracts, Date, Decimal,
    Instalment, InstalmentStatus, Lowered, NewContract, NewInstalment, NewPrepayment, NewReceipt, NewRefund,
    NewWriteOff, PageRequest, PaymentPlan, PaymentStatus, Payments, PlanGenerator, PlanInterval, PlanRule, Receipt,
    ReceiptKind, ReceiptQuery, ReceiptRule, ReceiptSlip, ReceiptStatus,
};
use crm_tests::inputs::entry;
use crm_tests::{World, call, in_every_world, refused, violates};
use serde_json::json;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

const TODAY: &str = "2026-11-23";

fn draft(world: &World, amount: &str) -> Contract {
    world.user("alice").create_contract(world.third, NewContract::of("合同", decimal(amount))).unwrap()
}

fn signed(world: &World, amount: &str) -> Contract {
    let drafted = draft(world, amount);
    world.user("alice").submit_contract(drafted.id, drafted.version, None).unwrap()
}

fn due(amount: &str, on: &str) -> NewInstalment {
    NewInstalment::of(decimal(amount), day(on))
}

fn plan(world: &World, contract: ContractId) -> PaymentPlan {
    world.user("alice").payment_plan(contract).unwrap()
}

fn set(world: &World, contract: ContractId, instalments: Vec<NewInstalment>) -> PaymentPlan {
    let revision = plan(world, contract).payments.revision;
    world.user("alice").set_payment_plan(contract, revision, instalments).unwrap()
}

fn paid(amount: &str) -> NewReceipt {
    NewReceipt::of(decimal(amount), day(TODAY))
}

fn receive(world: &World, contract: ContractId, amount: &str) -> Receipt {
    world.user("alice").record_receipt(contract, paid(amount)).unwrap()
}

fn settings(world: &World, change: impl FnOnce(&mut ContractSettings)) {
    let mut settings = world.bed.host().settings().unwrap();
    change(&mut settings.contract);
    world.bed.host().change_settings(settings).unwrap();
}

/// Amounts, what is paid of them, and where they stand.
fn told(plan: &PaymentPlan) -> Vec<(String, String, InstalmentStatus)> {
    let one = |own: &Instalment| (own.amount.to_string(), own.paid.to_string(), own.status);
    plan.instalments.iter().map(one).collect()
}

fn row(amount: &str, paid: &str, status: InstalmentStatus) -> (String, String, InstalmentStatus) {
    (amount.to_owned(), paid.to_owned(), status)
}

/// The sums of a contract: received, unreceived, unallocated.
fn sums(world: &World, contract: ContractId) -> [String; 3] {
    let own = plan(world, contract).payments;
    [own.received, own.unreceived, own.unallocated].map(|amount| amount.to_string())
}

#[test]
fn k4_a_plan_keeps_what_was_typed_and_is_set_as_one() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = draft(world, "1000");
        let milestone = NewInstalment {
            milestone: Some("验收".to_owned()),
            milestone_days: Some(30),
            percent: Some(decimal("40")),
            condition: Some("验收合格".to_owned()),
            note: Some("尾款".to_owned()),
            ..NewInstalment::default()
        };
        let set = set(world, contract.id, vec![due("600", "2026-12-31"), milestone.clone()]);
        assert_eq!((set.payments.planned.to_string(), set.unplanned.to_string()), ("1000.00".into(), "0.00".into()));
        assert_eq!(set.warnings, [""; 0]);
        let last = &set.instalments[1];
        assert_eq!((last.no, last.amount.to_string(), last.percent), (2, "400.00".to_owned(), Some(decimal("40"))));
        assert_eq!((last.milestone.clone(), last.milestone_days), (milestone.milestone.clone(), Some(30)));
        assert_eq!((last.condition.clone(), last.note.clone()), (milestone.condition, milestone.note));
        assert_eq!(last.due_on, None, "it waits for its milestone");
        assert_eq!(plan(world, contract.id), set);
        // One stays and is changed, one goes, one is new.
        let first = set.instalments[0].id;
        let kept = NewInstalment { id: Some(first), ..due("500", "2027-01-31") };
        let again = alice.set_payment_plan(contract.id, 1, vec![due("500", "2026-12-01"), kept]).unwrap();
        assert_eq!((again.instalments[1].id, again.instalments[1].no), (first, 2));
        assert_eq!(again.instalments.len(), 2);
        // Somebody else's plan in between is a conflict; so is a receipt.
        refused(alice.set_payment_plan(contract.id, 1, vec![]), "conflict");
        assert_eq!(plan(world, contract.id), again);
        // A draft takes its plan along.
        alice.delete_contract(contract.id, 1).unwrap();
        let left = alice.instalments(Payments::Mine, PageRequest::first(50)).unwrap();
        assert!(left.items.iter().all(|own| own.instalment.contract != contract.id));
    });
}

#[test]
fn k4_what_makes_no_plan_is_named() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = draft(world, "1000");
        let refuse = |new: NewInstalment, field: &str, code: &str| {
            let field = format!("instalments[0].{field}");
            violates(alice.set_payment_plan(contract.id, 0, vec![new]), &field, code);
        };
        refuse(due("0", TODAY), "amount", "out_of_range");
        refuse(due("-1", TODAY), "amount", "out_of_range");
        refuse(due("0.001", TODAY), "amount", "malformed");
        refuse(NewInstalment { amount: None, ..due("1", TODAY) }, "amount", "required");
        refuse(NewInstalment { due_on: None, ..due("1", TODAY) }, "due_on", "required");
        refuse(NewInstalment { percent: Some(decimal("1")), ..due("1", TODAY) }, "percent", "not_allowed");
        refuse(NewInstalment { milestone_days: Some(1), ..due("1", TODAY) }, "milestone_days", "not_allowed");
        for percent in ["0", "-1", "100.01"] {
            let new = NewInstalment { amount: None, percent: Some(decimal(percent)), ..due("1", TODAY) };
            refuse(new, "percent", "out_of_range");
        }
        let other = set(world, signed(world, "5").id, vec![due("5", TODAY)]).instalments[0].id;
        refuse(NewInstalment { id: Some(other), ..due("1", TODAY) }, "id", "unknown");
        violates(alice.set_payment_plan(contract.id, 0, vec![due("1", TODAY); 201]), "instalments", "too_many");
        let greatest = vec![due("90071992547409.91", TODAY); 2];
        refused(alice.set_payment_plan(contract.id, 0, greatest), "sum_too_great");
        assert_eq!(plan(world, contract.id).payments.revision, 0);
    });
}

#[test]
fn k4_generators_leave_the_remainder_to_the_last() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = draft(world, "100");
        let drafted = |generator: PlanGenerator| {
            let drafted = alice.draft_payment_plan(contract.id, generator).unwrap();
            let amounts: Vec<String> = drafted.iter().map(|own| own.amount.unwrap().to_string()).collect();
            let days: Vec<String> = drafted.iter().filter_map(|own| own.due_on).map(|due| due.to_string()).collect();
            (amounts, days)
        };
        let monthly = PlanGenerator {
            parts: Some(3),
            first_due_on: Some(day("2026-12-31")),
            interval: Some(PlanInterval::Month),
            ..PlanGenerator::default()
        };
        let (amounts, days) = drafted(monthly.clone());
        assert_eq!(amounts, ["33.33", "33.33", "33.34"]);
        assert_eq!(days, ["2026-12-31", "2027-01-31", "2027-02-28"]);
        let quarterly = PlanGenerator { interval: Some(PlanInterval::Quarter), ..monthly.clone() };
        assert_eq!(drafted(quarterly).1, ["2026-12-31", "2027-03-31", "2027-06-30"]);
        let percents = ["33.33", "33.33", "33.34"].map(decimal).to_vec();
        let generator = PlanGenerator { percents: percents.clone(), ..PlanGenerator::default() };
        let (amounts, days) = drafted(generator);
        assert_eq!((amounts, days.len()), (vec!["33.33".into(), "33.33".into(), "33.34".into()], 0));
        for wrong in [vec!["50", "49.999999"], vec!["0", "100"], vec!["150", "-50"]] {
            let percents = wrong.into_iter().map(decimal).collect();
            let generator = PlanGenerator { percents, ..PlanGenerator::default() };
            violates(alice.draft_payment_plan(contract.id, generator), "percents", "out_of_range");
        }
        let both = PlanGenerator { percents, ..monthly.clone() };
        violates(alice.draft_payment_plan(contract.id, both), "parts", "required");
        for parts in [0, -1, 121] {
            let generator = PlanGenerator { parts: Some(parts), ..PlanGenerator::default() };
            violates(alice.draft_payment_plan(contract.id, generator), "parts", "out_of_range");
        }
        let late = PlanGenerator { first_due_on: Some(day("9999-12-01")), ..monthly };
        violates(alice.draft_payment_plan(contract.id, late), "first_due_on", "out_of_range");
        let small = draft(world, "0.02");
        let generator = PlanGenerator { parts: Some(3), ..PlanGenerator::default() };
        violates(alice.draft_payment_plan(small.id, generator), "parts", "out_of_range");
        // Shares that come to a hundred come to the whole, to the last cent.
        let share = |percent| NewInstalment { amount: None, percent: Some(decimal(percent)), ..due("1", TODAY) };
        let thirds = set(world, contract.id, vec![share("33.33"), share("33.33"), share("33.34")]);
        assert_eq!(thirds.unplanned.to_string(), "0.00");
    });
}

#[test]
fn k4_a_plan_over_the_contract_is_warned_of_or_refused() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "100");
        let over = set(world, contract.id, vec![due("60", "2026-12-01"), due("40.01", "2026-12-02")]);
        assert_eq!((over.warnings, over.unplanned.to_string()), (vec!["plan_over_contract".into()], "-0.01".into()));
        assert_eq!(set(world, contract.id, vec![due("99", "2026-12-01")]).warnings, ["plan_below_contract"]);
        settings(world, |contract| contract.plan_over = PlanRule::Refuse);
        let more = vec![due("60", "2026-12-01"), due("40.01", "2026-12-02")];
        refused(alice.set_payment_plan(contract.id, 2, more), "plan_over_contract");
        let whole = set(world, contract.id, vec![due("60", "2026-12-01"), due("40", "2026-12-02")]);
        assert_eq!(whole.warnings, [""; 0]);
    });
}

#[test]
fn k6_instalments_become_due_and_overdue_with_the_days() {
    in_every_world(|world| {
        use InstalmentStatus::{Due, NotDue, Overdue, Paid};
        let alice = world.user("alice");
        let drafted = draft(world, "1000");
        set(world, drafted.id, vec![due("400", TODAY), due("600", "2026-11-24")]);
        let states = |contract: ContractId| -> Vec<InstalmentStatus> {
            plan(world, contract).instalments.iter().map(|own| own.status).collect()
        };
        assert_eq!(states(drafted.id), [NotDue, NotDue], "nothing is due of a draft");
        alice.submit_contract(drafted.id, 1, None).unwrap();
        assert_eq!(states(drafted.id), [Due, NotDue]);
        world.bed.clock.advance_days(1);
        assert_eq!(states(drafted.id), [Overdue, Due]);
        let seen = plan(world, drafted.id);
        assert_eq!((seen.overdue.to_string(), seen.payments.overdue), ("400.00".to_owned(), true));
        let listed = |overdue: Option<bool>, unpaid: Option<bool>| {
            let query = ContractQuery { overdue, unpaid, ..Contracts::Of { customer: world.third }.into() };
            alice.contracts(query, PageRequest::first(50)).unwrap().items.len()
        };
        assert_eq!((listed(Some(true), None), listed(Some(false), None), listed(None, Some(true))), (1, 0, 1));
        let late = |who: &str| {
            let query = crm_core::InstalmentQuery { overdue: true, ..Payments::Subordinates.into() };
            let page = world.user(who).instalments(query, PageRequest::first(50)).unwrap();
            page.items.into_iter().map(|own| own.instalment.open.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(late("mona"), ["400.00"]);
        receive(world, drafted.id, "400");
        assert_eq!((states(drafted.id), late("mona").len()), (vec![Paid, Due], 0));
        assert!(!plan(world, drafted.id).payments.overdue);
        receive(world, drafted.id, "600");
        assert_eq!((listed(Some(true), None), listed(None, Some(false)), listed(None, Some(true))), (0, 1, 0));
    });
}

#[test]
fn k6_voiding_a_contract_voids_what_is_open_and_keeps_its_receipts() {
    in_every_world(|world| {
        use InstalmentStatus::Void;
        let alice = world.user("alice");
        let parent = signed(world, "1000");
        set(world, parent.id, vec![due("1000", TODAY)]);
        let first = receive(world, parent.id, "10");
        let new = NewContract { parent: Some(parent.id), ..NewContract::of("补充", decimal("50")) };
        let supplement = alice.create_contract(world.third, new).unwrap();
        alice.submit_contract(supplement.id, 1, None).unwrap();
        set(world, supplement.id, vec![due("50", TODAY)]);
        let version = alice.contract(parent.id).unwrap().contract.version;
        alice.void_contract(parent.id, version, "取消".to_owned()).unwrap();
        for contract in [parent.id, supplement.id] {
            let seen = plan(world, contract);
            assert_eq!(seen.instalments[0].status, Void);
            assert_eq!(seen.payments.unreceived.to_string(), "0.00");
            assert_eq!((seen.payments.next_due_on, seen.payments.overdue), (None, false));
            let record = alice.record_receipt(contract, paid("1"));
            refused(record, "wrong_contract_status");
        }
        assert_eq!(alice.receipt(first.id).unwrap(), first);
        assert_eq!(sums(world, parent.id)[0], "10.00");
        assert_eq!(alice.contract(parent.id).unwrap().contract.status, ContractStatus::Void);
    });
}

#[test]
fn k6_payments_go_where_the_duties_of_their_contract_go() {
    in_every_world(|world| {
        let contract = signed(world, "1000");
        set(world, contract.id, vec![due("1000", TODAY)]);
        receive(world, contract.id, "10");
        let transfer =
            crm_core::ContractTransfer { version: contract.version, to: crm_tests::user("luis"), to_position: None };
        world.user("alice").transfer_contract(contract.id, transfer).unwrap();
        let luis = world.user("luis");
        assert_eq!(luis.receipts(Payments::Mine, PageRequest::first(5)).unwrap().items.len(), 1);
        assert_eq!(luis.instalments(Payments::Mine, PageRequest::first(5)).unwrap().items.len(), 1);
        luis.record_receipt(contract.id, paid("1")).unwrap();
        let moved = luis.receipts(Payments::Mine, PageRequest::first(5)).unwrap().items.remove(0).receipt;
        assert_eq!((moved.owner.as_str(), moved.performer.as_str()), ("luis", "alice"));
    });
}

#[test]
fn k4_a_milestone_dates_its_instalment() {
    in_every_world(|world| {
        use InstalmentStatus::{NotDue, Overdue};
        let alice = world.user("alice");
        let contract = signed(world, "100");
        let waits = NewInstalment {
            milestone: Some("验收".to_owned()),
            milestone_days: Some(30),
            due_on: None,
            ..due("60", TODAY)
        };
        let made = set(world, contract.id, vec![waits.clone(), due("40", "2027-12-01")]);
        let [waiting, dated] = [made.instalments[0].id, made.instalments[1].id];
        world.bed.clock.advance_days(100);
        let seen = plan(world, contract.id);
        assert_eq!((seen.instalments[0].status, seen.payments.next_due_on), (NotDue, Some(day("2027-12-01"))));
        violates(alice.date_instalment(waiting, day("2027-12-01")), "on", "out_of_range");
        refused(alice.date_instalment(dated, day(TODAY)), "no_milestone");
        let made = alice.date_instalment(waiting, day("2026-12-25")).unwrap();
        assert_eq!(made.instalments[0].due_on, Some(day("2027-01-24")));
        assert_eq!((made.instalments[0].status, made.payments.next_due_on), (Overdue, Some(day("2027-01-24"))));
        // Set again, the milestone stays reached; its days count anew.
        let kept = NewInstalment { id: Some(waiting), milestone_days: Some(31), ..waits };
        let made = set(world, contract.id, vec![kept]);
        assert_eq!(made.instalments[0].due_on, Some(day("2027-01-25")));
    });
}

#[test]
fn k6_what_is_invoiced_and_not_paid_shows() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "100");
        receive(world, contract.id, "30");
        let seen = alice.set_invoiced(contract.id, decimal("80")).unwrap().payments;
        assert_eq!((seen.invoiced.to_string(), seen.invoiced_unpaid.to_string()), ("80.00".into(), "50.00".into()));
        violates(alice.set_invoiced(contract.id, decimal("-1")), "amount", "out_of_range");
        refused(alice.set_invoiced(world.draft, decimal("1")), "wrong_contract_status");
    });
}

#[test]
fn k2_a_supplement_of_less_lowers_open_instalments_of_its_parent() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let parent = signed(world, "100");
        let set = set(world, parent.id, vec![due("60", TODAY), due("40", "2026-12-01")]);
        receive(world, parent.id, "50");
        let less = |amount: &str, lowers: Vec<(usize, &str)>| {
            let lowers = lowers
                .into_iter()
                .map(|(place, amount)| Lowered { instalment: set.instalments[place].id, amount: decimal(amount) });
            let own = NewContract::of("减项", decimal(amount));
            alice.create_contract(world.third, NewContract { parent: Some(parent.id), lowers: lowers.collect(), ..own })
        };
        violates(less("-20", vec![(0, "10.01")]), "lowers[0].amount", "out_of_range");
        violates(less("-20", vec![(0, "5"), (0, "5")]), "lowers[1].instalment", "repeated");
        violates(less("-1", vec![(0, "2")]), "lowers", "out_of_range");
        violates(less("1", vec![(0, "1")]), "lowers", "not_allowed");
        let supplement = less("-20", vec![(0, "10")]).unwrap();
        let signed = alice.submit_contract(supplement.id, 1, None).unwrap();
        assert_eq!(signed.lowers.len(), 2, "the rest came from the last one");
        let amounts =
            || plan(world, parent.id).instalments.iter().map(|own| own.amount.to_string()).collect::<Vec<_>>();
        assert_eq!((amounts(), sums(world, parent.id)[1].as_str()), (vec!["50.00".into(), "30.00".into()], "30.00"));
        assert_eq!(plan(world, parent.id).warnings, [""; 0]);
        alice.void_contract(supplement.id, signed.version, "取消".to_owned()).unwrap();
        assert_eq!((amounts(), sums(world, parent.id)[1].as_str()), (vec!["60.00".into(), "40.00".into()], "50.00"));
    });
}

#[test]
fn k9_a_receipt_counts_when_it_is_approved() {
    in_every_world(|world| {
        let [alice, mona] = [world.user("alice"), world.user("mona")];
        settings(world, |contract| contract.approval = vec!["receipt".to_owned()]);
        let contract = signed(world, "100");
        set(world, contract.id, vec![due("100", TODAY)]);
        let voucher = || NewReceipt { voucher: Some("SK-1".to_owned()), ..paid("30") };
        let resolve = |receipt: &Receipt, decision| {
            mona.resolve_approval(receipt.approval.unwrap(), decision, None, None).unwrap()
        };
        let waits = alice.record_receipt(contract.id, voucher()).unwrap();
        assert_eq!((waits.status, waits.net.to_string()), (ReceiptStatus::Pending, "0.00".to_owned()));
        assert_eq!(sums(world, contract.id), ["0.00", "100.00", "0.00"]);
        refused(alice.reverse_receipt(waits.id, "错".to_owned()), "not_reversible");
        resolve(&waits, ApprovalDecision::Rejected);
        assert_eq!(alice.receipt(waits.id).unwrap().status, ReceiptStatus::Rejected);
        // Its voucher is free again.
        let again = alice.record_receipt(contract.id, voucher()).unwrap();
        resolve(&again, ApprovalDecision::Approved);
        let counted = alice.receipt(again.id).unwrap();
        assert_eq!((counted.status, counted.net, counted.allocations.len()), (ReceiptStatus::Counted, again.amount, 1));
        assert_eq!(sums(world, contract.id), ["30.00", "70.00", "0.00"]);
        // What was free to ask for may be too much by the time it is approved.
        settings(world, |contract| contract.receipt_over = ReceiptRule::Refuse);
        let [one, two] = [(); 2].map(|()| alice.record_receipt(contract.id, paid("40")).unwrap());
        resolve(&one, ApprovalDecision::Approved);
        let late = mona.resolve_approval(two.approval.unwrap(), ApprovalDecision::Approved, None, None);
        refused(late, "more_than_owed");
        assert_eq!(sums(world, contract.id), ["70.00", "30.00", "0.00"]);
    });
}
