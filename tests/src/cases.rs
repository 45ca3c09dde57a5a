//! An input of every operation on the standard world, and what it needs.

use crate::World;
use serde_json::{Value, json};

/// What an operation is done with: what the actor must be to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing of the record: lists and what concerns only oneself.
    Nothing,
    /// The right alone, which only administrators have.
    Administrator,
    /// To see the customer.
    Read,
    /// To change it.
    Edit,
    /// To dispose of it.
    Own,
    /// To have written the follow-up.
    Author,
    /// To be the one who is reminded: the owner.
    Addressee,
    /// To have written the reply.
    ReplyAuthor,
    /// To be the system.
    System,
    /// To dispose of the customer, asked item by item.
    OwnItem,
    /// To change the customer, asked item by item.
    EditItem,
    /// To change the customer and another one of its owner's, which is shared with nobody.
    EditBoth,
    /// To change the customer and to dispose of another one of its owner's, which is shared with nobody.
    EditOwn,
    /// To dispose of a customer in the recycle bin.
    OwnDeleted,
    /// To have the duties of a contract, or to be above who has them, where nobody else sees it.
    Duty,
    /// As [`Need::Duty`], but not to have asked for it oneself.
    Decide,
    /// To see a customer in the pool, and not to have had it of late; asked item by item.
    Claim,
    /// To see a customer in the pool and to stand above who gets it, or to administer the pool; asked item by item.
    AssignItem,
    /// To dispose of another one of the owner's, which is shared with nobody; asked item by item.
    OwnOtherItem,
    /// To dispose of what the owner has.
    Hands,
    /// That the record is there: everybody sees it.
    Known,
    /// That the record is there, and the right, which only administrators have.
    AdministratorKnown,
    /// That the saved query is for one.
    Saved,
    /// To keep the saved query.
    SavedOwn,
    /// To have begun the export, which an administrator did.
    Exporter,
    /// To have begun the import, which alice did.
    Importer,
}

/// A document to attach.
pub fn document() -> Value {
    json!({
        "name": "报价单.pdf", "media_type": "application/pdf", "size": 12_345, "sha256": "0a".repeat(32), "reference": "files/1",
    })
}

/// An id that nothing has.
pub const ABSENT: &str = "0193a000-0000-7000-8000-00000000dead";

/// The case of an operation: what it needs and its input; `absent`: on a record that is not there.
pub fn case(operation: &str, world: &World, absent: bool) -> Option<(Need, Value)> {
    let or = |id: String| if absent { ABSENT.to_owned() } else { id };
    let customer = or(world.customer.to_string());
    let contact = or(world.primary.to_string());
    let follow_up = or(world.follow_up.to_string());
    let product = or(world.product.to_string());
    let contract = or(world.contract.to_string());
    let planned = or(world.supplemented.to_string());
    let draft = or(world.draft.to_string());
    let approval = or(world.approval.to_string());
    let signed = world.contract_version;
    let page = json!({"size": 5});
    Some(match operation {
        "create_organisation" => (Need::System, json!({"organisation": {"name": "Again"}})),
        "settings" | "work_calendar" => (Need::Administrator, json!({})),
        "glossary" => (Need::Nothing, json!({})),
        "save_glossary" => (Need::Administrator, json!({"terms": [{"key": "pool", "chinese": "公海"}]})),
        "sync_work_calendar" => (Need::Administrator, json!({"calendar": {"holidays": ["2026-12-31"]}})),
        "change_settings" => {
            (Need::Administrator, json!({"settings": {"version": world.settings, "recycle_bin_days": 31}}))
        }
        "export_configuration" => (Need::Administrator, json!({})),
        "import_configuration" => (
            Need::Administrator,
            json!({"configuration": {"version": 1, "dictionaries": [{"dictionary": "level", "code": "d", "label": "D"}]}, "preview": false}),
        ),
        "menu" => (Need::Nothing, json!({})),
        "people" => (Need::Nothing, json!({"text": "a"})),
        "search_people" => (Need::Nothing, json!({"text": "a"})),
        "sync_people" => (Need::Administrator, json!({"people": [{"id": "new", "name": "New"}], "mode": "delta"})),
        "deactivate_person" => (Need::Administrator, json!({"person": "bob"})),
        "positions" => (Need::Nothing, json!({})),
        "sync_positions" => (
            Need::Administrator,
            json!({"positions": [{"id": "south", "name": "South"}], "mode": "delta", "preview": false}),
        ),
        "roles" => (Need::Administrator, json!({})),
        "sync_roles" => (Need::Administrator, json!({"roles": [{"id": "own", "name": "Own"}], "mode": "delta"})),
        "field_rights" => (Need::Nothing, json!({})),
        "reveal_customer_field" => (Need::Read, json!({"customer": customer, "field": "region"})),
        "reveal_contact_field" => (Need::Read, json!({"contact": contact, "field": "phones"})),
        "reveal_follow_up_field" => (Need::Read, json!({"follow_up": follow_up, "field": "place"})),
        "reveal_contract_field" => (Need::Duty, json!({"contract": contract, "field": "note"})),
        "field_reveals" => (Need::Administrator, json!({"page": page})),
        "explain_access" => (Need::Read, json!({"customer": customer})),
        "dictionaries" => (Need::Nothing, json!({})),
        "save_dictionary_entry" => {
            (Need::Administrator, json!({"entry": {"dictionary": "level", "code": "d", "label": "D"}}))
        }
        "merge_dictionary_entries" => (Need::Administrator, json!({"dictionary": "level", "from": "a", "into": "b"})),
        "custom_fields" => (Need::Nothing, json!({"of": "customer"})),
        "save_custom_field" => (
            Need::Administrator,
            json!({"field": {"of": "customer", "key": "area", "label": "面积", "field_type": "decimal", "filterable": true}}),
        ),
        "change_field_type" => (
            Need::Administrator,
            json!({"field": {"of": "contract", "key": "site", "label": "工地", "field_type": "integer"}, "preview": false}),
        ),
        "layouts" => (Need::Administrator, json!({"of": "customer"})),
        "save_layout" => (
            Need::Administrator,
            json!({"layout": {"of": "customer", "purpose": "create", "sections": [{"key": "basic", "columns": 2, "fields": [{"field": "customer.name"}]}]}}),
        ),
        "preview_form" => (
            Need::Administrator,
            json!({"layout": {"of": "contact", "purpose": "edit", "sections": [{"key": "basic", "columns": 1, "fields": []}]}}),
        ),
        "reset_layout" => (Need::Administrator, json!({"of": "customer", "purpose": "create"})),
        "form" => (Need::Nothing, json!({"of": "customer", "purpose": "create"})),
        "create_customer" => (Need::Nothing, json!({"customer": {"name": "New one", "contacts": [{"name": "C"}]}})),
        "customer" | "customer_panels" | "mark_viewed" => (Need::Read, json!({"customer": customer})),
        "preview_merge" | "merge_customers" => {
            (Need::EditOwn, json!({"merge": {"survivor": customer, "sources": [world.third]}}))
        }
        "merges" => (Need::Read, json!({"customer": customer})),
        "merge" => (Need::Read, json!({"merge": or(world.merge.to_string())})),
        "unmerge" => (Need::Edit, json!({"merge": or(world.merge.to_string())})),
        "check_duplicates" => (Need::Nothing, json!({"draft": {"name": "Accepted"}})),
        "check_contact_duplicates" => (Need::Nothing, json!({"draft": {"name": "Accepted"}})),
        "duplicate_lookups" => (Need::Administrator, json!({"page": page})),
        "find_duplicate_groups" => (Need::Administrator, json!({"score": null})),
        "duplicate_search" | "cancel_duplicate_search" => (Need::Administrator, json!({})),
        "duplicate_groups" => (Need::Nothing, json!({"page": page})),
        "dismiss_duplicates" | "reopen_duplicates" => (Need::EditOwn, json!({"customers": [customer, world.third]})),
        "customer_history" => (Need::Read, json!({"customer": customer, "page": page})),
        "contact_history" => (Need::Read, json!({"contact": contact, "page": page})),
        "follow_up_history" => (Need::Read, json!({"follow_up": follow_up, "page": page})),
        "settings_history" => (Need::Administrator, json!({"page": page})),
        "saved_queries" => (Need::Nothing, json!({})),
        "save_query" => (Need::Nothing, json!({"query": {"name": "Mine", "query": {"view": {"kind": "mine"}}}})),
        "saved_query_customers" => (Need::Saved, json!({"query": or(world.saved.to_string()), "page": page})),
        "mark_saved_query" => {
            (Need::Saved, json!({"query": or(world.saved.to_string()), "pinned": true, "standard": false}))
        }
        "delete_saved_query" => (Need::SavedOwn, json!({"query": or(world.saved.to_string())})),
        "customers" => (Need::Nothing, json!({"query": {"view": {"kind": "mine"}}, "page": page})),
        "count_customers" => (Need::Nothing, json!({"views": [{"kind": "subordinates"}]})),
        "panels" => (Need::Nothing, json!({})),
        "save_panel" => {
            let columns = json!([{"key": "name", "label": "Name"}]);
            (Need::Administrator, json!({"panel": {"title": "Second", "source": "others", "columns": columns}}))
        }
        "panel_rows" => (Need::Read, json!({"customer": customer, "panel": world.panel, "page": page})),
        "search_customers" => (Need::Nothing, json!({"text": "A", "limit": null})),
        "edit_customer" => {
            (Need::Edit, json!({"customer": customer, "edit": {"version": world.version, "region": "X"}}))
        }
        "edit_customers" => (
            Need::EditItem,
            json!({"edits": [{"customer": customer, "edit": {"version": world.version, "region": "X"}}]}),
        ),
        "plan_follow_ups" => (Need::EditItem, json!({"plans": [{"customer": customer, "at": "2027-01-01T00:00:00Z"}]})),
        // To a position below the owner's: everyone who disposes of the customer may do that.
        "transfer_customers" => (Need::OwnItem, json!({"customers": [customer], "transfer": {"to": "luis"}})),
        "delete_customer" => (Need::Own, json!({"customer": customer})),
        "restore_customer" => (Need::OwnDeleted, json!({"customer": or(world.deleted.to_string())})),
        "add_contact" => (Need::Edit, json!({"customer": customer, "contact": {"name": "New"}})),
        "contact" => (Need::Read, json!({"contact": contact})),
        "contacts" => (Need::Nothing, json!({"filter": {}, "page": page})),
        "edit_contact" => (Need::Edit, json!({"contact": contact, "edit": {"version": 1, "title": "X"}})),
        "set_primary_contact" => (Need::Edit, json!({"contact": or(world.second.to_string())})),
        "erase_person" => (Need::AdministratorKnown, json!({"contact": contact, "reason": null})),
        "remove_contact" => (Need::Edit, json!({"contact": or(world.second.to_string()), "new_primary": null})),
        "add_relation" => {
            (Need::EditBoth, json!({"customer": customer, "relation": {"customer": world.third, "kind": "business"}}))
        }
        "remove_relation" => (Need::EditBoth, json!({"relation": or(world.relation.to_string())})),
        "relations" => (Need::Read, json!({"customer": customer})),
        "follow_up" => (Need::Edit, json!({"customer": customer, "follow_up": {"content": "Met"}})),
        "correct_follow_up" => (Need::Author, json!({"follow_up": follow_up, "version": 1, "content": "Y"})),
        "follow_ups" => (Need::Read, json!({"query": {"of": {"kind": "of", "customer": customer}}, "page": page})),
        "replies" => (Need::Read, json!({"follow_up": follow_up, "page": page})),
        "reply_history" => (Need::Read, json!({"reply": or(world.reply.to_string()), "page": page})),
        "follow_up_with_replies" => (Need::Read, json!({"follow_up": follow_up})),
        "reply" => (Need::Read, json!({"follow_up": follow_up, "reply": {"content": "Z", "to": null}})),
        "correct_reply" => {
            (Need::ReplyAuthor, json!({"reply": or(world.reply.to_string()), "version": 1, "content": "Y"}))
        }
        "share_customer" => (Need::Own, json!({"customer": customer, "share": {"person": "stan"}})),
        "share_customers" => (Need::OwnItem, json!({"customers": [customer], "share": {"person": "stan"}})),
        "preview_hand_over" | "hand_over" => (Need::Hands, json!({"hand_over": {"from": "alice", "to": "luis"}})),
        "hand_overs" => (Need::Nothing, json!({"page": page})),
        "reminders" => (Need::Nothing, json!({"query": {}, "page": page})),
        "reminder_counts" | "reminder_preferences" => (Need::Nothing, json!({})),
        "reminder" => (Need::Addressee, json!({"reminder": or(world.reminder.to_string())})),
        "mark_reminders" => (Need::Addressee, json!({"reminders": [or(world.reminder.to_string())], "mark": "done"})),
        "snooze_reminders" => {
            let until = "2026-12-31T00:00:00Z";
            (Need::Addressee, json!({"reminders": [or(world.reminder.to_string())], "until": until}))
        }
        "change_reminder_preferences" => (Need::Nothing, json!({"preferences": {"birthday": [7]}})),
        "calendar" => (Need::Nothing, json!({"query": {"from": "2026-11-23", "until": "2027-11-23"}})),
        "calendar_feed" | "withdraw_calendar" => (Need::Nothing, json!({})),
        "publish_calendar" => (Need::Nothing, json!({"language": "zh"})),
        // Who has the secret needs nothing else.
        "published_calendar" => (Need::Known, json!({"token": or(world.calendar.clone())})),
        "pools" | "claim_allowance" => (Need::Nothing, json!({})),
        "preview_recycling" => (Need::Nothing, json!({"until": "2026-12-31", "owner": null})),
        "simulate_recycling" => {
            let rules = json!({"rules": [{"enabled": true, "idle_days": 5}]});
            (Need::Administrator, json!({"simulation": {"rules": rules, "from": "2026-11-01", "to": "2026-11-20"}}))
        }
        "save_pool" => (Need::Administrator, json!({"pool": {"name": "Second"}})),
        "release_customers" => (Need::OwnItem, json!({"customers": [customer], "release": {"reason": "no_need"}})),
        "claim_customers" => (Need::Claim, json!({"customers": [or(world.pooled.to_string())], "position": null})),
        "assign_customers" => {
            (Need::AssignItem, json!({"customers": [or(world.pooled.to_string())], "assignment": {"to": "luis"}}))
        }
        "lock_customers" => (Need::OwnItem, json!({"customers": [customer], "reason": "Key"})),
        "unlock_customers" => (Need::OwnOtherItem, json!({"customers": [or(world.third.to_string())]})),
        "end_share" => (Need::Own, json!({"share": or(world.share.to_string())})),
        "shares" => (Need::Own, json!({"customer": customer})),
        "create_contract" => {
            (Need::Edit, json!({"customer": customer, "contract": {"name": "New", "amount": "12.50"}}))
        }
        "contract" => (Need::Duty, json!({"contract": contract})),
        "contract_history" => (Need::Duty, json!({"contract": contract, "page": page})),
        "contracts" => (Need::Nothing, json!({"query": {"of": {"kind": "mine"}}, "page": page})),
        "edit_contract" => (Need::Duty, json!({"contract": contract, "edit": {"version": signed, "note": "N"}})),
        "delete_contract" => (Need::Duty, json!({"contract": draft, "version": 1})),
        "submit_contract" => (Need::Duty, json!({"contract": draft, "version": 1, "signed_on": null})),
        "complete_contract" => (Need::Duty, json!({"contract": contract, "version": signed})),
        "terminate_contract" => {
            (Need::Duty, json!({"contract": contract, "version": signed, "on": "2026-11-23", "reason": "R"}))
        }
        "void_contract" => (Need::Duty, json!({"contract": contract, "version": signed, "reason": "R"})),
        "transfer_contract" | "set_contract_performance" => {
            (Need::Duty, json!({"contract": contract, "transfer": {"version": signed, "to": "luis"}}))
        }
        "add_contract_entry" => (Need::Duty, json!({"contract": contract, "entry": {"kind": "progress", "value": 50}})),
        "contract_entries" => (Need::Duty, json!({"contract": contract, "kind": "progress", "page": page})),
        "attach_document" => (Need::Edit, json!({"customer": customer, "document": document()})),
        "document" => (Need::Read, json!({"document": or(world.document.to_string())})),
        "documents" => (Need::Read, json!({"of": {"kind": "customer", "customer": customer}, "page": page})),
        "remove_document" => (Need::Own, json!({"document": or(world.document.to_string())})),
        "approvals" => (Need::Nothing, json!({"pending": true, "page": page})),
        "approval" => (Need::Duty, json!({"approval": approval})),
        "resolve_approval" => {
            (Need::Decide, json!({"approval": approval, "decision": "approved", "by": null, "note": "OK"}))
        }
        "payment_plan" => (Need::Duty, json!({"contract": contract})),
        "draft_payment_plan" => {
            let generator = json!({"parts": 3, "first_due_on": "2027-01-31", "interval": "month"});
            (Need::Duty, json!({"contract": contract, "generator": generator}))
        }
        "set_payment_plan" => {
            let instalments = json!([{"amount": "400", "due_on": "2026-12-31"}, {"amount": "600", "milestone": "M"}]);
            (Need::Duty, json!({"contract": contract, "revision": 0, "instalments": instalments}))
        }
        "instalments" | "receipts" => (Need::Nothing, json!({"query": {"of": {"kind": "mine"}}, "page": page})),
        "record_receipt" => {
            (Need::Duty, json!({"contract": contract, "receipt": {"on": "2026-11-23", "amount": "100.00"}}))
        }
        "record_receipts" => {
            let parts = json!([{"contract": contract, "amount": "1"}]);
            (Need::Duty, json!({"slip": {"on": "2026-11-23", "parts": parts}}))
        }
        "record_prepayment" => {
            (Need::Edit, json!({"customer": customer, "prepayment": {"on": "2026-11-23", "amount": "1"}}))
        }
        "use_prepayment" => (Need::Duty, json!({"contract": contract, "amount": "1", "instalment": null})),
        "allocate_credit" => (Need::Duty, json!({"contract": planned, "amount": null, "instalment": null})),
        "customer_credit" => (Need::Read, json!({"customer": customer})),
        "reverse_receipt" => (Need::Duty, json!({"receipt": or(world.receipt.to_string()), "reason": "R"})),
        "record_refund" => {
            (Need::Duty, json!({"contract": planned, "refund": {"on": "2026-11-23", "amount": "1", "reason": "R"}}))
        }
        "write_off" => {
            (Need::AdministratorKnown, json!({"contract": planned, "write_off": {"reason": "R", "amount": "1"}}))
        }
        "date_instalment" => (Need::Duty, json!({"instalment": or(world.milestone.to_string()), "on": "2026-11-23"})),
        "set_invoiced" => (Need::Duty, json!({"contract": contract, "amount": "1"})),
        "receipt" => (Need::Duty, json!({"receipt": or(world.receipt.to_string())})),
        "create_product" => (Need::Administrator, json!({"product": {"name": "New"}})),
        "product" => (Need::Known, json!({"product": product})),
        "products" => (Need::Nothing, json!({"query": {}, "page": page})),
        "edit_product" => (Need::AdministratorKnown, json!({"product": product, "edit": {"version": 1, "unit": "X"}})),
        "product_history" => (Need::Known, json!({"product": product, "page": page})),
        "customer_report" => (Need::Nothing, json!({"of": {"kind": "mine"}, "by": "level"})),
        "activity_report" => {
            (Need::Nothing, json!({"query": {"of": {"kind": "subtree"}, "from": "2026-11-01", "to": "2026-11-30"}}))
        }
        "sales_report" => {
            (Need::Nothing, json!({"query": {"of": {"kind": "subtree"}, "from": "2026-11-01", "to": "2026-11-30"}}))
        }
        "report_customers" => (Need::Nothing, json!({"query": {"of": {"kind": "mine"}}, "page": page})),
        "report_follow_ups" | "report_contracts" => (
            Need::Nothing,
            json!({"query": {"of": {"kind": "mine"}, "from": "2026-11-01", "to": "2026-11-30"}, "page": page}),
        ),
        "ageing_report" => (Need::Nothing, json!({"of": {"kind": "subtree"}, "by": null})),
        "report_receipts" => (
            Need::Nothing,
            json!({"query": {"of": {"kind": "mine"}, "from": "2026-11-01", "to": "2026-11-30"}, "page": page}),
        ),
        "report_instalments" => (Need::Nothing, json!({"query": {"of": {"kind": "mine"}}, "page": page})),
        "set_targets" => (
            Need::Administrator,
            json!({"targets": [{"person": "alice", "month": "2026-11-01", "version": 0, "follow_ups": 60}]}),
        ),
        "targets" | "target_report" => {
            (Need::Nothing, json!({"query": {"of": {"kind": "subtree"}, "from": "2026-11-01", "to": "2026-11-30"}}))
        }
        "begin_export" => {
            (Need::Administrator, json!({"export": {"customers": {"view": {"kind": "mine"}}, "language": "zh"}}))
        }
        "export_rows" => (Need::Exporter, json!({"export": or(world.export.to_string()), "number": 1})),
        "finish_export" => (Need::Exporter, json!({"export": or(world.export.to_string())})),
        "import_columns" => (Need::Nothing, json!({"headers": ["客户名称", "?"]})),
        "begin_import" => (Need::Nothing, json!({"input": {"file": "f.csv", "headers": ["客户名称"]}})),
        "import_rows" => {
            let rows = json!([["Imported"], ["Partner"], [""]]);
            (Need::Importer, json!({"import_id": or(world.import.to_string()), "first": 1, "rows": rows}))
        }
        "finish_import" => (Need::Importer, json!({"import_id": or(world.import.to_string())})),
        "imports" => (Need::Nothing, json!({"page": page})),
        "import_report" => (Need::Importer, json!({"import_id": or(world.import.to_string()), "page": page})),
        "exports" => (Need::Nothing, json!({"page": page})),
        "rebuild_rollups" => (Need::Administrator, json!({})),
        "events" => (Need::Administrator, json!({"consumer": "oa", "limit": 10})),
        "acknowledge_events" => (Need::Administrator, json!({"consumer": "oa", "up_to": 0})),
        "tick" => (Need::Administrator, json!({})),
        _ => return None,
    })
}
