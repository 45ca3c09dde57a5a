//! Receipts: K5.

use super::*;

#[test]
fn k5_a_receipt_keeps_every_field() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "1000");
        let new = NewReceipt {
            method: Some(entry("transfer")),
            payer: Some(" 云杉 ".to_owned()),
            voucher: Some("SK-1".to_owned()),
            note: Some("一\r\n二".to_owned()),
            ..paid("100.5")
        };
        let written = alice.record_receipt(contract.id, new).unwrap();
        assert_eq!((written.kind, written.amount.to_string()), (ReceiptKind::Receipt, "100.50".to_owned()));
        assert_eq!((written.net, written.base_net), (written.amount, written.amount));
        assert_eq!((written.payer.as_deref(), written.note.as_deref()), (Some("云杉"), Some("一\n二")));
        assert_eq!((written.contract, written.customer), (Some(contract.id), world.third));
        assert_eq!(alice.receipt(written.id).unwrap(), written);
        let view = alice.contract(contract.id).unwrap().contract;
        assert_eq!((view.payments.status, view.version), (PaymentStatus::Partly, contract.version));
        assert_eq!(view.payments.unreceived.to_string(), "899.50");
        let history = alice.contract_history(contract.id, PageRequest::first(1)).unwrap();
        assert_eq!(history.items[0].operation, "record_receipt");
    });
}

#[test]
fn k5_what_makes_no_receipt_is_named_and_changes_nothing() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "1000");
        let other = set(world, signed(world, "5").id, vec![due("5", TODAY)]).instalments[0].id;
        let before = world.bed.dump();
        let refuse = |new: NewReceipt, field: &str, code: &str| {
            violates(alice.record_receipt(contract.id, new), field, code);
        };
        refuse(NewReceipt::of(decimal("1"), day("2026-11-24")), "on", "out_of_range");
        refuse(paid("0"), "amount", "out_of_range");
        refuse(paid("-1"), "amount", "out_of_range");
        refuse(paid("0.001"), "amount", "malformed");
        refuse(paid("9007199254740991"), "amount", "malformed");
        refuse(NewReceipt { instalment: Some(other), ..paid("1") }, "instalment", "unknown");
        refuse(NewReceipt { method: Some(entry("none")), ..paid("1") }, "method", "unknown");
        refuse(NewReceipt { voucher: Some("V".repeat(61)), ..paid("1") }, "voucher", "too_long");
        for wrong in [json!(0.3), json!(1), json!("1e3"), json!(format!("0.{}", "1".repeat(40)))] {
            let input = json!({"contract": contract.id, "receipt": {"on": TODAY, "amount": wrong}});
            violates(call(&alice, "record_receipt", &input), "receipt.amount", "malformed");
        }
        refused(alice.record_receipt(world.draft, paid("1")), "wrong_contract_status");
        assert_eq!(world.bed.dump(), before);
        // At the bound the sum is exact, and beyond it refused.
        alice.record_receipt(contract.id, paid("90071992547409.91")).unwrap();
        refused(alice.record_receipt(contract.id, paid("0.01")), "sum_too_great");
        assert_eq!(sums(world, contract.id)[0], "90071992547409.91");
    });
}

#[test]
fn k5_a_receipt_pays_what_is_named_then_the_oldest_and_the_rest_is_credit() {
    in_every_world(|world| {
        use InstalmentStatus::{Due, NotDue, Paid, PartlyPaid};
        let alice = world.user("alice");
        let contract = signed(world, "1000");
        let milestone = NewInstalment { due_on: None, milestone: Some("验收".to_owned()), ..due("400", TODAY) };
        let set = set(world, contract.id, vec![milestone, due("300", "2026-12-31"), due("300", TODAY)]);
        assert_eq!(told(&set)[2], row("300.00", "0.00", Due));
        // What is due first, however the plan is ordered; what has no day last.
        receive(world, contract.id, "350");
        let expected =
            [row("400.00", "0.00", NotDue), row("300.00", "50.00", PartlyPaid), row("300.00", "300.00", Paid)];
        assert_eq!(told(&plan(world, contract.id)), expected);
        let named = NewReceipt { instalment: Some(set.instalments[0].id), ..paid("100") };
        let written = alice.record_receipt(contract.id, named).unwrap();
        assert_eq!(written.allocations.len(), 1);
        let credit = NewReceipt { as_credit: true, ..paid("20") };
        assert_eq!(alice.record_receipt(contract.id, credit).unwrap().allocations, []);
        assert_eq!(sums(world, contract.id), ["470.00", "530.00", "20.00"]);
        let rest = receive(world, contract.id, "600");
        let parts: Vec<(i32, String)> = rest.allocations.iter().map(|own| (own.no, own.amount.to_string())).collect();
        assert_eq!(parts, [(2, "250.00".to_owned()), (1, "300.00".to_owned())]);
        assert_eq!(sums(world, contract.id), ["1070.00", "0.00", "70.00"]);
        let own = plan(world, contract.id).payments;
        assert_eq!((own.status, own.overpaid.to_string()), (PaymentStatus::Paid, "70.00".to_owned()));
        // What was paid stays: its instalment neither goes nor becomes less.
        let revision = own.revision;
        refused(alice.set_payment_plan(contract.id, revision, vec![]), "instalment_paid");
        let less = NewInstalment { id: Some(set.instalments[0].id), ..due("399.99", TODAY) };
        refused(alice.set_payment_plan(contract.id, revision, vec![less]), "instalment_paid");
    });
}

#[test]
fn k5_more_than_is_owed_is_credit_or_refused() {
    in_every_world(|world| {
        let contract = signed(world, "100");
        settings(world, |contract| contract.receipt_over = ReceiptRule::Refuse);
        refused(world.user("alice").record_receipt(contract.id, paid("100.01")), "more_than_owed");
        receive(world, contract.id, "100");
        refused(world.user("alice").record_receipt(contract.id, paid("0.01")), "more_than_owed");
        settings(world, |contract| contract.receipt_over = ReceiptRule::Credit);
        receive(world, contract.id, "0.01");
        assert_eq!(sums(world, contract.id), ["100.01", "0.00", "100.01"]);
    });
}

#[test]
fn k5_a_voucher_is_one_receipt_of_its_contract() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let [one, other] = [signed(world, "100"), signed(world, "100")];
        let voucher = |amount: &str| NewReceipt { voucher: Some("SK-1".to_owned()), ..paid(amount) };
        let first = alice.record_receipt(one.id, voucher("10")).unwrap();
        let folded = NewReceipt { voucher: Some(" sk-1 ".to_owned()), ..paid("10.0") };
        assert_eq!(alice.record_receipt(one.id, folded).unwrap(), first);
        refused(alice.record_receipt(one.id, voucher("11")), "duplicate_voucher");
        let another_day = NewReceipt { on: day("2026-11-22"), ..voucher("10") };
        refused(alice.record_receipt(one.id, another_day), "duplicate_voucher");
        assert_ne!(alice.record_receipt(other.id, voucher("10")).unwrap().id, first.id);
        assert_eq!(sums(world, one.id)[0], "10.00");
    });
}

/// Runs it in so many threads at once.
fn at_once(threads: usize, run: impl Fn(usize) + Sync) {
    let barrier = std::sync::Barrier::new(threads);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (run, barrier) = (&run, &barrier);
            scope.spawn(move || {
                barrier.wait();
                run(thread);
            });
        }
    });
}

/// Whoever does not come through is told so, and comes again.
fn until_through<T>(mut call: impl FnMut() -> Result<T, crm_core::Error>) -> Result<T, crm_core::Error> {
    loop {
        match call() {
            Err(error) if error.code() == "contended" => {}
            answer => return answer,
        }
    }
}

#[test]
fn k5_many_threads_never_receive_more_than_is_owed() {
    in_every_world(|world| {
        settings(world, |contract| contract.receipt_over = ReceiptRule::Refuse);
        let contract = signed(world, "100");
        set(world, contract.id, vec![due("50", TODAY), due("50", "2026-12-01")]);
        let done = std::sync::atomic::AtomicUsize::new(0);
        at_once(64, |_| match until_through(|| world.user("alice").record_receipt(contract.id, paid("3"))) {
            Ok(_) => drop(done.fetch_add(1, std::sync::atomic::Ordering::SeqCst)),
            Err(error) => assert_eq!(error.code(), "more_than_owed"),
        });
        assert_eq!(done.into_inner(), 33);
        assert_eq!(sums(world, contract.id), ["99.00", "1.00", "0.00"]);
        let paid: Vec<String> = plan(world, contract.id).instalments.iter().map(|own| own.paid.to_string()).collect();
        assert_eq!(paid, ["50.00", "49.00"]);
    });
}

#[test]
fn k5_one_key_or_one_voucher_from_many_threads_is_one_receipt() {
    in_every_world(|world| {
        let contract = signed(world, "1000");
        let made = std::sync::Mutex::new(std::collections::BTreeSet::new());
        at_once(16, |_| {
            let session = world.user("alice").idempotent("slip 1");
            let written = until_through(|| session.record_receipt(contract.id, paid("7"))).unwrap();
            made.lock().unwrap().insert(written.id);
        });
        assert_eq!((made.lock().unwrap().len(), sums(world, contract.id)[0].as_str()), (1, "7.00"));
        at_once(16, |_| {
            let voucher = NewReceipt { voucher: Some("SK-9".to_owned()), ..paid("5") };
            let written = until_through(|| world.user("alice").record_receipt(contract.id, voucher.clone())).unwrap();
            made.lock().unwrap().insert(written.id);
        });
        assert_eq!((made.lock().unwrap().len(), sums(world, contract.id)[0].as_str()), (2, "12.00"));
    });
}

#[test]
fn k5_receipts_are_listed_by_whose_they_are() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "1000");
        for (amount, on) in [("1", "2026-11-20"), ("2", "2026-11-22"), ("3", "2026-11-21")] {
            let new = NewReceipt { payer: Some(format!("P{amount}")), ..NewReceipt::of(decimal(amount), day(on)) };
            alice.record_receipt(contract.id, new).unwrap();
        }
        let amounts = |who: &str, query: ReceiptQuery| -> Vec<String> {
            let page = world.user(who).receipts(query, PageRequest::first(50)).unwrap();
            page.items.iter().map(|own| own.receipt.amount.to_string()).collect()
        };
        let own = || ReceiptQuery::from(Payments::Contract { contract: contract.id });
        assert_eq!(amounts("alice", own()), ["2.00", "3.00", "1.00"]);
        assert_eq!(
            amounts("mona", ReceiptQuery { text: Some("p".to_owned()), ..Payments::Subordinates.into() }),
            ["2.00", "3.00", "1.00"]
        );
        assert_eq!(amounts("bob", Payments::Mine.into()), [""; 0]);
        assert_eq!(amounts("alice", ReceiptQuery { from: Some(day("2026-11-21")), ..own() }), ["2.00", "3.00"]);
        assert_eq!(amounts("alice", ReceiptQuery { to: Some(day("2026-11-20")), ..own() }), ["1.00"]);
        assert_eq!(amounts("alice", ReceiptQuery { text: Some("p3".to_owned()), ..own() }), ["3.00"]);
        assert_eq!(amounts("adam", ReceiptQuery { receipt_kind: Some(ReceiptKind::Refund), ..own() }), [""; 0]);
        refused(world.user("bob").receipts(own(), PageRequest::first(5)), "not_found");
        refused(alice.receipts(Payments::All, PageRequest::first(5)), "forbidden");
        let page = alice.receipts(own(), PageRequest::first(2).counted()).unwrap();
        assert_eq!((page.items[0].customer_name.as_str(), page.count.unwrap().value), ("Third", 3));
        assert_eq!(page.items[0].contract_number, contract.number);
    });
}

fn prepaid(amount: &str) -> NewPrepayment {
    serde_json::from_value(json!({"on": TODAY, "amount": amount})).unwrap()
}

fn refund(amount: &str) -> NewRefund {
    serde_json::from_value(json!({"on": TODAY, "amount": amount, "reason": "多收"})).unwrap()
}

fn write_off(amount: Option<&str>) -> NewWriteOff {
    NewWriteOff { reason: "尾差".to_owned(), amount: amount.map(decimal), instalment: None }
}

#[test]
fn k5_a_reversal_opens_again_what_was_paid_and_is_final() {
    in_every_world(|world| {
        use InstalmentStatus::{Due, PartlyPaid};
        let alice = world.user("alice");
        let contract = signed(world, "100");
        set(world, contract.id, vec![due("60", TODAY), due("40", "2026-12-01")]);
        let voucher = |amount: &str| NewReceipt { voucher: Some("SK-1".to_owned()), ..paid(amount) };
        let first = alice.record_receipt(contract.id, voucher("80")).unwrap();
        receive(world, contract.id, "10");
        world.bed.clock.advance(60_000);
        let back = alice.reverse_receipt(first.id, "录错".to_owned()).unwrap();
        assert_eq!(
            (back.kind, back.net.to_string(), back.reverses),
            (ReceiptKind::Reversal, "-80.00".into(), Some(first.id))
        );
        assert_eq!(back.on, day(TODAY));
        let expected = [row("60.00", "0.00", Due), row("40.00", "10.00", PartlyPaid)];
        assert_eq!(told(&plan(world, contract.id)), expected);
        assert_eq!(sums(world, contract.id), ["10.00", "90.00", "0.00"]);
        assert_eq!(alice.receipt(first.id).unwrap().reversed_by, Some(back.id));
        refused(alice.reverse_receipt(first.id, "再".to_owned()), "reversed_already");
        refused(alice.reverse_receipt(back.id, "再".to_owned()), "not_reversible");
        violates(alice.reverse_receipt(first.id, " ".to_owned()), "reason", "required");
        // The voucher is free for the right one.
        let right = alice.record_receipt(contract.id, voucher("8")).unwrap();
        assert_ne!(right.id, first.id);
        assert_eq!(told(&plan(world, contract.id))[1], row("40.00", "10.00", PartlyPaid));
    });
}

#[test]
fn k5_a_refund_is_at_most_what_was_received() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "100");
        let set = set(world, contract.id, vec![due("60", TODAY), due("40", "2026-12-01")]);
        receive(world, contract.id, "110");
        // First what is credit, then the instalment that is named, then the newest.
        let out = alice.record_refund(contract.id, refund("15")).unwrap();
        assert_eq!((out.kind, out.net.to_string(), out.allocations.len()), (ReceiptKind::Refund, "-15.00".into(), 1));
        assert_eq!(sums(world, contract.id), ["95.00", "5.00", "0.00"]);
        let named = NewRefund { instalment: Some(set.instalments[0].id), ..refund("20") };
        alice.record_refund(contract.id, named).unwrap();
        let paid: Vec<String> = plan(world, contract.id).instalments.iter().map(|own| own.paid.to_string()).collect();
        assert_eq!(paid, ["40.00", "35.00"]);
        refused(alice.record_refund(contract.id, refund("75.01")), "more_than_received");
        violates(alice.record_refund(contract.id, refund("0")), "amount", "out_of_range");
        let tomorrow = NewRefund { on: day("2026-11-24"), ..refund("1") };
        violates(alice.record_refund(contract.id, tomorrow), "on", "out_of_range");
        // Taken back, the refund pays what it took.
        alice.reverse_receipt(out.id, "错".to_owned()).unwrap();
        let seen = plan(world, contract.id);
        assert_eq!(seen.instalments[1].paid.to_string(), "40.00");
        assert_eq!(sums(world, contract.id), ["90.00", "10.00", "10.00"]);
        // Nor is more reversed than is still there.
        alice.record_refund(contract.id, refund("90")).unwrap();
        let first = alice.receipts(Payments::Contract { contract: contract.id }, PageRequest::first(50)).unwrap();
        let first = first.items.into_iter().find(|own| own.receipt.kind == ReceiptKind::Receipt).unwrap().receipt;
        refused(alice.reverse_receipt(first.id, "错".to_owned()), "more_than_received");
    });
}

#[test]
fn k5_a_write_off_needs_a_right_and_a_reason_and_is_never_received() {
    in_every_world(|world| {
        let [alice, adam] = [world.user("alice"), world.user("adam")];
        let contract = signed(world, "100");
        set(world, contract.id, vec![due("100", TODAY)]);
        receive(world, contract.id, "99.40");
        refused(alice.write_off(contract.id, write_off(None)), "forbidden");
        violates(
            adam.write_off(contract.id, NewWriteOff { reason: String::new(), ..write_off(None) }),
            "reason",
            "required",
        );
        refused(adam.write_off(contract.id, write_off(Some("0.61"))), "more_than_owed");
        let written = adam.write_off(contract.id, write_off(None)).unwrap();
        assert_eq!((written.amount.to_string(), written.net.to_string()), ("0.60".to_owned(), "0.00".to_owned()));
        assert_eq!(sums(world, contract.id), ["99.40", "0.00", "0.00"]);
        let seen = plan(world, contract.id);
        assert_eq!((seen.payments.status, seen.instalments[0].status), (PaymentStatus::Paid, InstalmentStatus::Paid));
        violates(adam.write_off(contract.id, write_off(None)), "amount", "out_of_range");
        adam.reverse_receipt(written.id, "错".to_owned()).unwrap();
        assert_eq!(sums(world, contract.id), ["99.40", "0.60", "0.00"]);
    });
}

#[test]
fn k5_what_came_before_the_contract_is_the_customers_credit() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let balance = || alice.customer_credit(world.third).unwrap().first().map(|own| own.balance.to_string());
        assert_eq!(balance(), None);
        let voucher = NewPrepayment { voucher: Some("YS-1".to_owned()), ..prepaid("100") };
        let came = alice.record_prepayment(world.third, voucher.clone()).unwrap();
        assert_eq!((came.contract, came.net.to_string()), (None, "100.00".to_owned()));
        assert_eq!(alice.record_prepayment(world.third, voucher).unwrap(), came);
        assert_eq!(balance().as_deref(), Some("100.00"));
        refused(alice.delete_customer(world.third), "has_receipts");
        let contract = signed(world, "80");
        set(world, contract.id, vec![due("80", TODAY)]);
        refused(alice.use_prepayment(contract.id, decimal("100.01"), None), "more_than_owed");
        let used = alice.use_prepayment(contract.id, decimal("70"), None).unwrap();
        assert_eq!((used.kind, used.net.to_string(), used.allocations.len()), (ReceiptKind::Credit, "70.00".into(), 1));
        assert_eq!(
            (balance().as_deref(), sums(world, contract.id)),
            (Some("30.00"), ["70.00", "10.00", "0.00"].map(Into::into))
        );
        // What is used can't be taken back.
        refused(alice.reverse_receipt(came.id, "错".to_owned()), "more_than_credit");
        alice.record_prepayment(world.third, prepaid("70")).unwrap();
        alice.reverse_receipt(came.id, "错".to_owned()).unwrap();
        assert_eq!(balance().as_deref(), Some("0.00"));
        refused(alice.use_prepayment(contract.id, decimal("1"), None), "more_than_credit");
        let dollars = NewPrepayment { currency: Some(crm_core::Currency::new("USD").unwrap()), ..prepaid("1") };
        violates(alice.record_prepayment(world.third, dollars), "rate", "required");
    });
}

#[test]
fn k5_credit_on_a_contract_pays_instalments_when_it_is_told_to() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contract = signed(world, "100");
        // It came before there was a plan.
        receive(world, contract.id, "50");
        refused(alice.allocate_credit(contract.id, None, None), "nothing_open");
        let set = set(world, contract.id, vec![due("60", TODAY), due("40", "2026-12-01")]);
        let last = Some(set.instalments[1].id);
        refused(alice.allocate_credit(contract.id, Some(decimal("50.01")), None), "more_than_credit");
        let moved = alice.allocate_credit(contract.id, Some(decimal("30")), last).unwrap();
        assert_eq!((moved.kind, moved.net.to_string()), (ReceiptKind::Credit, "0.00".to_owned()));
        alice.allocate_credit(contract.id, None, None).unwrap();
        let paid: Vec<String> = plan(world, contract.id).instalments.iter().map(|own| own.paid.to_string()).collect();
        assert_eq!(
            (paid, sums(world, contract.id)),
            (vec!["20.00".into(), "30.00".into()], ["50.00", "50.00", "0.00"].map(Into::into))
        );
    });
}

#[test]
fn k5_one_slip_pays_several_contracts_or_none() {
    in_every_world(|world| {
        let alice = world.user("alice");
        let contracts = [signed(world, "10").id, signed(world, "20").id];
        let slip = |amounts: [&str; 2]| {
            let part = |place: usize| json!({"contract": contracts[place], "amount": amounts[place]});
            let slip = json!({"on": TODAY, "voucher": "SK-7", "parts": [part(0), part(1)]});
            serde_json::from_value::<ReceiptSlip>(slip).unwrap()
        };
        violates(alice.record_receipts(slip(["10", "0"])), "parts[1].amount", "out_of_range");
        assert_eq!(sums(world, contracts[0])[0], "0.00", "all of it or nothing");
        let written = alice.record_receipts(slip(["10", "20"])).unwrap();
        assert_eq!(alice.record_receipts(slip(["10", "20"])).unwrap(), written, "the same slip is the same receipts");
        assert_eq!(contracts.map(|contract| sums(world, contract)[0].clone()), ["10.00", "20.00"]);
        refused(alice.record_receipts(slip(["10", "21"])), "duplicate_voucher");
        let mut twice = slip(["1", "1"]);
        twice.parts[1].contract = twice.parts[0].contract;
        violates(alice.record_receipts(twice), "parts[1].contract", "repeated");
    });
}

#[test]
fn k5_whatever_happens_sums_are_those_of_the_rows() {
    in_every_world(|world| {
        let [alice, adam] = [world.user("alice"), world.user("adam")];
        let contract = signed(world, "1000");
        set(world, contract.id, vec![due("300", TODAY), due("300", "2026-12-01"), due("400", "2027-01-01")]);
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut draw = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let rows = || {
            let own = Payments::Contract { contract: contract.id };
            alice.receipts(own, PageRequest::first(500)).unwrap().items.into_iter().map(|own| own.receipt)
        };
        let minor = |amount: Decimal| i128::from(amount.minor(crm_core::Currency::CNY).unwrap());
        let mut done = 0;
        for step in 0..120 {
            let amount = format!("{}.{:02}", draw(200), draw(100));
            let instalments = plan(world, contract.id).instalments;
            let named = instalments[draw(3) as usize].id;
            let named = (draw(2) == 0).then_some(named);
            let answer = match draw(6) {
                0 => alice.record_refund(contract.id, NewRefund { instalment: named, ..refund(&amount) }),
                1 => adam.write_off(contract.id, NewWriteOff { instalment: named, ..write_off(Some(&amount)) }),
                2 => alice.allocate_credit(contract.id, None, named),
                3 => {
                    let all: Vec<Receipt> = rows().collect();
                    match all.get(draw(all.len().max(1) as u64) as usize) {
                        Some(some) => alice.reverse_receipt(some.id, "错".to_owned()),
                        None => continue,
                    }
                }
                n => {
                    let new = NewReceipt { instalment: named, as_credit: named.is_none() && n == 5, ..paid(&amount) };
                    alice.record_receipt(contract.id, new)
                }
            };
            done += usize::from(answer.is_ok());
            let seen = plan(world, contract.id);
            let all: Vec<Receipt> = rows().collect();
            let received: i128 = all.iter().map(|own| minor(own.net)).sum();
            assert_eq!(minor(seen.payments.received), received, "step {step}");
            assert!(received >= 0 && minor(seen.payments.unallocated) >= 0, "step {step}: {seen:?}");
            for own in &seen.instalments {
                let of = |kinds: &[ReceiptKind], reversed: bool| -> i128 {
                    let counts = |receipt: &&Receipt| match receipt.reverses {
                        Some(id) => kinds.contains(&all.iter().find(|other| other.id == id).unwrap().kind) && reversed,
                        None => kinds.contains(&receipt.kind),
                    };
                    let parts = all.iter().filter(counts).flat_map(|receipt| &receipt.allocations);
                    parts.filter(|part| part.instalment == own.id).map(|part| minor(part.amount)).sum()
                };
                let paid = of(&[ReceiptKind::Receipt, ReceiptKind::Refund, ReceiptKind::Credit], true);
                assert_eq!(minor(own.paid), paid, "step {step}, instalment {}", own.no);
                assert_eq!(minor(own.written_off), of(&[ReceiptKind::WriteOff], true), "step {step}");
                assert!(minor(own.paid) >= 0 && minor(own.paid) + minor(own.written_off) <= minor(own.amount));
            }
            let paid: i128 = seen.instalments.iter().map(|own| minor(own.paid)).sum();
            assert_eq!(minor(seen.payments.allocated), paid);
        }
        assert!(done > 40, "{done}");
    });
}
