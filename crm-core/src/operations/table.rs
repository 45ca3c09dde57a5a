//! The one table of operations.

/// Hands the table of all operations to a macro: `query` reads, `command` changes; then the
/// method of [`Session`](crate::Session) with its arguments, its answer, and the right it needs. Types are those of
/// the crate's root. The facade, `dispatch` and the wrappers of other languages are made from it.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_operation {
    ($then:ident) => {
        $then! {
            /// Founds the organisation; for the system alone.
            command create_organisation(organisation: NewOrganisation) -> Settings, "";
            /// The settings.
            query settings() -> Settings, "settings.view";
            /// Which days are worked.
            query work_calendar() -> WorkCalendar, "settings.view";
            /// Says which days are worked, by the host's calendar.
            command sync_work_calendar(calendar: WorkCalendar) -> WorkCalendar, "settings.manage_settings";
            /// Changes the settings, as one.
            command change_settings(settings: Settings) -> Settings, "settings.manage_settings";
            /// The whole configuration, as one file.
            query export_configuration() -> Configuration, "settings.manage_settings";
            /// Takes a configuration in, all of it or nothing, or previews that.
            command import_configuration(configuration: Configuration, preview: bool) -> ConfigurationReport, "settings.manage_settings";
            /// What the organisation calls things.
            query glossary() -> Glossary, "";
            /// Says what the organisation calls things.
            command save_glossary(terms: Vec<TermInput>) -> Glossary, "settings.manage_settings";
            /// The menu of the module for the actor, with counts.
            query menu() -> Menu, "";

            /// People whose name or id contains a text, for choosing one.
            query people(text: Option<String>) -> Vec<Person>, "person.view";
            /// People whom the host knows, by a text in their names, for choosing one.
            query search_people(text: String) -> Vec<DirectoryPerson>, "person.view";
            /// Keeps people in step with the host's users.
            command sync_people(people: Vec<PersonInput>, mode: SyncMode) -> SyncReport, "person.edit";
            /// Deactivates a leaver.
            command deactivate_person(person: UserId) -> Person, "person.edit";
            /// Every position of the tree.
            query positions() -> Vec<Position>, "position.view";
            /// Keeps the tree of positions and their holders in step with the host, or previews it.
            command sync_positions(positions: Vec<PositionInput>, mode: SyncMode, preview: bool) -> PositionSyncReport, "position.edit";
            /// Every role.
            query roles() -> Vec<Role>, "role.view";
            /// Keeps roles in step with the host, or as an administrator sets them.
            command sync_roles(roles: Vec<RoleInput>, mode: SyncMode) -> SyncReport, "role.edit";
            /// How far the actor reaches into fields.
            query field_rights() -> Vec<FieldRight>, "";
            /// What stands in a field of a customer that the actor sees masked.
            command reveal_customer_field(customer: CustomerId, field: String) -> RevealedField, "customer.view";
            /// What stands in a field of a contact that the actor sees masked.
            command reveal_contact_field(contact: ContactId, field: String) -> RevealedField, "contact.view";
            /// What stands in a field of a follow-up that the actor sees masked.
            command reveal_follow_up_field(follow_up: FollowUpId, field: String) -> RevealedField, "follow_up.view";
            /// What stands in a field of a contract that the actor sees masked.
            command reveal_contract_field(contract: ContractId, field: String) -> RevealedField, "contract.view";
            /// Which masked fields were revealed to whom.
            query field_reveals(page: PageRequest) -> FieldRevealPage, "settings.manage_settings";
            /// Who can see a customer, and by which rule.
            query explain_access(customer: CustomerId) -> AccessExplanation, "customer.view";

            /// Every entry of every dictionary.
            query dictionaries() -> Vec<DictionaryEntry>, "dictionary.view";
            /// Adds or changes an entry of a dictionary.
            command save_dictionary_entry(entry: DictionaryEntryInput) -> DictionaryEntry, "dictionary.edit";
            /// Merges a value of a dictionary into another.
            command merge_dictionary_entries(dictionary: String, from: EntryCode, into: EntryCode) -> DictionaryEntry, "dictionary.edit";

            /// The custom fields of a kind of records.
            query custom_fields(of: Customized) -> Vec<CustomField>, "";
            /// Changes what a custom field holds, if every value can be that; with `preview` nothing is changed.
            command change_field_type(field: CustomFieldInput, preview: bool) -> FieldTypeChange, "customer.manage_fields";
            /// Adds or changes a custom field.
            command save_custom_field(field: CustomFieldInput) -> CustomField, "customer.manage_fields";
            /// The layouts of the forms of a kind of records.
            query layouts(of: Customized) -> Vec<Layout>, "customer.manage_fields";
            /// Sets the layout of a form.
            command save_layout(layout: LayoutInput) -> Layout, "customer.manage_fields";
            /// Takes the layout of a form back: the standard one holds again.
            command reset_layout(of: Customized, purpose: FormPurpose) -> Layout, "customer.manage_fields";
            /// A form as a layout would have it that is not set yet.
            query preview_form(layout: LayoutInput) -> Form, "customer.manage_fields";
            /// A form as the actor sees it: its fields laid out, with what is known of them.
            query form(of: Customized, purpose: FormPurpose) -> Form, "";

            /// Creates a customer, with contacts and relations.
            command create_customer(customer: NewCustomer) -> Customer, "customer.create";
            /// A customer.
            query customer(customer: CustomerId) -> Customer, "customer.view";
            /// A customer with its panels.
            query customer_panels(customer: CustomerId) -> CustomerPanels, "customer.view";
            /// What a merge of customers would do.
            query preview_merge(merge: MergeInput) -> MergePreview, "customer.merge";
            /// Merges customers into one.
            command merge_customers(merge: MergeInput) -> MergeAnswer, "customer.merge";
            /// The merges into a customer.
            query merges(customer: CustomerId) -> Vec<Merge>, "customer.view";
            /// A merge with all that it did.
            query merge(merge: MergeId) -> MergeView, "customer.view";
            /// Takes a merge back.
            command unmerge(merge: MergeId) -> Unmerged, "customer.merge";
            /// A page of a view of customers.
            query customers(query: CustomerQuery, page: PageRequest) -> CustomerPage, "customer.view";
            /// Customers that the actor sees, by what is typed into a search box.
            query search_customers(text: String, limit: Option<i32>) -> FoundCustomers, "customer.view";
            /// The panels of the host's own data that the actor sees, or keeps.
            query panels() -> Vec<Panel>, "customer.view";
            /// Makes a panel of the host's own data, or changes one.
            command save_panel(panel: PanelInput) -> Panel, "settings.manage_settings";
            /// A page of the rows that the host has for a panel on a customer.
            query panel_rows(customer: CustomerId, panel: PanelId, page: PageRequest) -> PanelRows, "customer.view";
            /// How many customers views have.
            query count_customers(views: Vec<View>) -> Vec<ViewCount>, "customer.view";
            /// The saved queries that are for the actor.
            query saved_queries() -> Vec<SavedQuery>, "customer.view";
            /// Saves a query, or changes one.
            command save_query(query: SavedQueryInput) -> SavedQuery, "customer.view";
            /// Deletes a saved query.
            command delete_saved_query(query: SavedQueryId) -> Removed, "customer.view";
            /// Pins a saved query, or begins the actor's list with it.
            command mark_saved_query(query: SavedQueryId, pinned: bool, standard: bool) -> SavedQuery, "customer.view";
            /// A page of what a saved query finds.
            query saved_query_customers(query: SavedQueryId, page: PageRequest) -> CustomerPage, "customer.view";
            /// Notes that the actor looked at a customer.
            command mark_viewed(customer: CustomerId) -> Customer, "customer.view";
            /// What changed on a customer.
            query customer_history(customer: CustomerId, page: PageRequest) -> HistoryPage, "customer.view";
            /// What changed on a contact.
            query contact_history(contact: ContactId, page: PageRequest) -> HistoryPage, "contact.view";
            /// What the author of a follow-up corrected.
            query follow_up_history(follow_up: FollowUpId, page: PageRequest) -> HistoryPage, "follow_up.view";
            /// What the author of a reply corrected.
            query reply_history(reply: ReplyId, page: PageRequest) -> HistoryPage, "follow_up.view";
            /// What changed in the settings, roles, dictionaries and positions.
            query settings_history(page: PageRequest) -> HistoryPage, "settings.view";
            /// Whom a customer that is being entered is like.
            command check_duplicates(draft: DuplicateDraft) -> DuplicateCheck, "customer.view";
            /// Whom a contact that is being entered is like.
            query check_contact_duplicates(draft: ContactDraft) -> ContactCheck, "contact.view";
            /// Who was told by the check of customers that he may not open.
            query duplicate_lookups(page: PageRequest) -> DuplicateLookupPage, "settings.manage_settings";
            /// Searches all customers for groups of duplicates.
            command find_duplicate_groups(score: Option<i32>) -> DuplicateSearch, "settings.manage_settings";
            /// How far the search for groups of duplicates has come.
            query duplicate_search() -> DuplicateSearch, "settings.manage_settings";
            /// Ends a search for groups of duplicates.
            command cancel_duplicate_search() -> DuplicateSearch, "settings.manage_settings";
            /// A page of the groups of duplicates that were found.
            query duplicate_groups(page: PageRequest) -> DuplicateGroupPage, "customer.merge";
            /// Says that customers are no duplicates of each other.
            command dismiss_duplicates(customers: Vec<CustomerId>) -> i64, "customer.merge";
            /// Takes back that customers are no duplicates of each other.
            command reopen_duplicates(customers: Vec<CustomerId>) -> i64, "customer.merge";
            /// Edits a customer.
            command edit_customer(customer: CustomerId, edit: CustomerEdit) -> Customer, "customer.edit";
            /// Edits customers, item by item.
            command edit_customers(edits: Vec<CustomerEditItem>) -> BatchAnswer, "customer.edit";
            /// Plans next follow-ups of customers, item by item.
            command plan_follow_ups(plans: Vec<NextFollowUp>) -> BatchAnswer, "customer.edit";
            /// Moves customers to another owner, item by item.
            command transfer_customers(customers: Vec<CustomerId>, transfer: Transfer) -> BatchAnswer, "customer.assign";
            /// What a hand-over would do.
            query preview_hand_over(hand_over: HandOverInput) -> HandOverPreview, "customer.assign";
            /// Hands over what somebody has, or had at a position, to another one.
            command hand_over(hand_over: HandOverInput) -> HandOver, "customer.assign";
            /// A page of hand-overs.
            query hand_overs(page: PageRequest) -> HandOverPage, "customer.assign";
            /// Puts a customer into the recycle bin.
            command delete_customer(customer: CustomerId) -> Customer, "customer.delete";
            /// Takes a customer out of the recycle bin.
            command restore_customer(customer: CustomerId, name: Option<String>) -> Customer, "customer.delete";

            /// Adds a contact to a customer.
            command add_contact(customer: CustomerId, contact: NewContact) -> Contact, "contact.create";
            /// A contact.
            query contact(contact: ContactId) -> Contact, "contact.view";
            /// A page of contacts over all customers that the actor sees.
            query contacts(filter: ContactFilter, page: PageRequest) -> ContactPage, "contact.view";
            /// Edits a contact.
            command edit_contact(contact: ContactId, edit: ContactEdit) -> Contact, "contact.edit";
            /// Makes a contact the primary one.
            command set_primary_contact(contact: ContactId) -> Contact, "contact.edit";
            /// Removes a contact.
            command remove_contact(contact: ContactId, new_primary: Option<ContactId>) -> Removed, "contact.delete";
            /// Erases what is known of a person.
            command erase_person(contact: ContactId, reason: Option<String>) -> Erasure, "settings.manage_settings";

            /// Relates a customer to another.
            command add_relation(customer: CustomerId, relation: NewRelation) -> RelationView, "customer.edit";
            /// Takes a relation back.
            command remove_relation(relation: RelationId) -> Removed, "customer.edit";
            /// The relations of a customer.
            query relations(customer: CustomerId) -> Vec<RelationView>, "customer.view";

            /// Writes a follow-up in the actor's own name.
            command follow_up(customer: CustomerId, follow_up: NewFollowUp) -> FollowUp, "follow_up.create";
            /// Corrects the text of one's own follow-up.
            command correct_follow_up(follow_up: FollowUpId, version: i64, content: String) -> FollowUp, "follow_up.edit";
            /// A page of follow-ups with their replies.
            query follow_ups(query: FollowUpQuery, page: PageRequest) -> FollowUpPage, "follow_up.view";
            /// A follow-up with its replies.
            query follow_up_with_replies(follow_up: FollowUpId) -> FollowUpView, "follow_up.view";
            /// A page of the replies to a follow-up.
            query replies(follow_up: FollowUpId, page: PageRequest) -> ReplyPage, "follow_up.view";
            /// Replies to a follow-up.
            command reply(follow_up: FollowUpId, reply: NewReply) -> ReplyAnswer, "follow_up.view";

            /// Corrects the text of one's own reply.
            command correct_reply(reply: ReplyId, version: i64, content: String) -> Reply, "follow_up.view";

            /// Shares a customer with a person or a position.
            command share_customer(customer: CustomerId, share: ShareInput) -> Share, "sharing.create";
            /// Shares customers with a person or a position, up to 500, item by item.
            command share_customers(customers: Vec<CustomerId>, share: ShareInput) -> BatchAnswer, "sharing.create";
            /// Ends a share.
            command end_share(share: ShareId) -> Removed, "sharing.delete";
            /// With whom a customer is shared.
            query shares(customer: CustomerId) -> Vec<Share>, "sharing.view";

            /// The pools in which the actor may see something, or which he keeps.
            query pools() -> Vec<Pool>, "pool.view";
            /// Makes a pool, or changes one.
            command save_pool(pool: PoolInput) -> Pool, "settings.manage_settings";
            /// Moves customers to a pool, item by item.
            command release_customers(customers: Vec<CustomerId>, release: Release) -> BatchAnswer, "pool.release";
            /// Claims customers out of a pool, item by item.
            command claim_customers(customers: Vec<CustomerId>, position: Option<PositionId>) -> BatchAnswer, "pool.claim";
            /// Assigns customers of a pool, item by item.
            command assign_customers(customers: Vec<CustomerId>, assignment: Assignment) -> BatchAnswer, "pool.assign";
            /// Locks customers, item by item.
            command lock_customers(customers: Vec<CustomerId>, reason: Option<String>) -> BatchAnswer, "customer.edit";
            /// Unlocks customers, item by item.
            command unlock_customers(customers: Vec<CustomerId>) -> BatchAnswer, "customer.edit";
            /// How many customers the actor may still claim, have and lock.
            query claim_allowance() -> ClaimAllowance, "pool.view";
            /// Which customers go to a pool by themselves until the end of a day, and why.
            query preview_recycling(until: Date, owner: Option<UserId>) -> RecyclingPreview, "pool.view";
            /// What other rules would have done with customers, per person.
            query simulate_recycling(simulation: RecyclingSimulationQuery) -> RecyclingSimulation, "settings.manage_settings";

            /// Adds a product to the catalogue.
            command create_product(product: NewProduct) -> Product, "product.create";
            /// A product.
            query product(product: ProductId) -> Product, "product.view";
            /// A page of the catalogue.
            query products(query: ProductQuery, page: PageRequest) -> ProductPage, "product.view";
            /// Edits a product, retires it or takes it back.
            command edit_product(product: ProductId, edit: ProductEdit) -> Product, "product.edit";
            /// What changed on a product.
            query product_history(product: ProductId, page: PageRequest) -> HistoryPage, "product.view";

            /// Drafts a contract for a customer, or a supplement to one of the customer's contracts.
            command create_contract(customer: CustomerId, contract: NewContract) -> Contract, "contract.create";
            /// A contract with its supplements and what the actor may do with it.
            query contract(contract: ContractId) -> ContractView, "contract.view";
            /// A page of contracts.
            query contracts(query: ContractQuery, page: PageRequest) -> ContractPage, "contract.view";
            /// Edits a draft, or what of a signed contract is no matter of money or dates.
            command edit_contract(contract: ContractId, edit: ContractEdit) -> Contract, "contract.edit";
            /// Removes a draft.
            command delete_contract(contract: ContractId, version: i64) -> Removed, "contract.delete";
            /// What changed on a contract.
            query contract_history(contract: ContractId, page: PageRequest) -> HistoryPage, "contract.view";
            /// Submits a draft: it is in force, or waits for the host's approval.
            command submit_contract(contract: ContractId, version: i64, signed_on: Option<Date>) -> Contract, "contract.edit";
            /// Completes a contract that is in force.
            command complete_contract(contract: ContractId, version: i64) -> Contract, "contract.edit";
            /// Terminates a contract that is in force.
            command terminate_contract(contract: ContractId, version: i64, on: Date, reason: String) -> Contract, "contract.edit";
            /// Voids a signed contract and its supplements, or asks the host first.
            command void_contract(contract: ContractId, version: i64, reason: String) -> Contract, "contract.edit";
            /// Moves the duties of a contract to somebody else.
            command transfer_contract(contract: ContractId, transfer: ContractTransfer) -> Contract, "contract.assign";
            /// Says whose performance a contract is.
            command set_contract_performance(contract: ContractId, transfer: ContractTransfer) -> Contract, "contract.assign";
            /// Writes an evaluation, a progress or a risk on a signed contract.
            command add_contract_entry(contract: ContractId, entry: NewContractEntry) -> ContractEntry, "contract.edit";
            /// A page of the entries of one kind on a contract.
            query contract_entries(contract: ContractId, kind: ContractEntryKind, page: PageRequest) -> ContractEntryPage, "contract.view";
            /// The payment plan of a contract with what was paid on it.
            query payment_plan(contract: ContractId) -> PaymentPlan, "payment.view";
            /// Instalments by a generator, to be looked at, altered and set.
            query draft_payment_plan(contract: ContractId, generator: PlanGenerator) -> Vec<NewInstalment>, "payment.view";
            /// Sets the whole payment plan of a contract.
            command set_payment_plan(contract: ContractId, revision: i64, instalments: Vec<NewInstalment>) -> PaymentPlan, "payment.edit";
            /// Says when the milestone of an instalment was reached.
            command date_instalment(instalment: InstalmentId, on: Date) -> PaymentPlan, "payment.edit";
            /// Says how much of a contract is invoiced.
            command set_invoiced(contract: ContractId, amount: Decimal) -> PaymentPlan, "payment.edit";
            /// A page of instalments.
            query instalments(query: InstalmentQuery, page: PageRequest) -> InstalmentPage, "payment.view";
            /// Records a receipt on a contract.
            command record_receipt(contract: ContractId, receipt: NewReceipt) -> Receipt, "payment.create";
            /// Records one slip that pays several contracts.
            command record_receipts(slip: ReceiptSlip) -> Vec<Receipt>, "payment.create";
            /// Records money that came before there is a contract.
            command record_prepayment(customer: CustomerId, prepayment: NewPrepayment) -> Receipt, "payment.create";
            /// Uses a customer's credit for one of its contracts.
            command use_prepayment(contract: ContractId, amount: Decimal, instalment: Option<InstalmentId>) -> Receipt, "payment.create";
            /// Lets credit on a contract pay instalments.
            command allocate_credit(contract: ContractId, amount: Option<Decimal>, instalment: Option<InstalmentId>) -> Receipt, "payment.edit";
            /// What a customer has as credit.
            query customer_credit(customer: CustomerId) -> Vec<CustomerCredit>, "payment.view";
            /// Reverses a receipt, a refund or a write-off.
            command reverse_receipt(receipt: ReceiptId, reason: String) -> Receipt, "payment.delete";
            /// Records money that went back to the customer.
            command record_refund(contract: ContractId, refund: NewRefund) -> Receipt, "payment.delete";
            /// Writes off what will not be received.
            command write_off(contract: ContractId, write_off: NewWriteOff) -> Receipt, "payment.write_off";
            /// A receipt.
            query receipt(receipt: ReceiptId) -> Receipt, "payment.view";
            /// A page of receipts.
            query receipts(query: ReceiptQuery, page: PageRequest) -> ReceiptPage, "payment.view";
            /// Attaches a document, which the host keeps, to a customer or one of its contracts.
            command attach_document(customer: CustomerId, document: NewDocument) -> Document, "document.create";
            /// A document.
            query document(document: DocumentId) -> Document, "document.view";
            /// A page of the documents of a customer or a contract.
            query documents(of: DocumentsOf, page: PageRequest) -> DocumentPage, "document.view";
            /// Takes a document away.
            command remove_document(document: DocumentId) -> Removed, "document.delete";
            /// Requests on contracts for approval: those that wait, or all.
            query approvals(pending: bool, page: PageRequest) -> ApprovalPage, "approval.view";
            /// A request for approval.
            query approval(approval: ApprovalId) -> Approval, "approval.view";
            /// Decides a request for approval.
            command resolve_approval(approval: ApprovalId, decision: ApprovalDecision, by: Option<String>, note: Option<String>) -> Approval, "approval.edit";

            /// Customers by level, stage (the funnel), source, industry or region.
            query customer_report(of: ReportOf, by: CustomerDimension) -> CustomerReport, "report.view";
            /// New customers and follow-ups by day, week or month.
            query activity_report(query: ActivityQuery) -> ActivityReport, "report.view";
            /// Sales by month, quarter or year, by person, position or product.
            query sales_report(query: SalesQuery) -> SalesReport, "report.view";
            /// A page of the customers behind a figure.
            query report_customers(query: ReportCustomerQuery, page: PageRequest) -> CustomerPage, "report.view";
            /// A page of the follow-ups behind a figure.
            query report_follow_ups(query: ReportFollowUpQuery, page: PageRequest) -> ReportFollowUpPage, "report.view";
            /// A page of the contracts behind a figure.
            query report_contracts(query: ReportContractQuery, page: PageRequest) -> ReportContractPage, "report.view";
            /// What is open of instalments, by how long it is overdue.
            query ageing_report(of: ReportOf, by: Option<AgeingBy>) -> AgeingReport, "report.view";
            /// A page of the receipts behind a figure.
            query report_receipts(query: ReportReceiptQuery, page: PageRequest) -> ReportReceiptPage, "report.view";
            /// A page of the open instalments behind a figure.
            query report_instalments(query: ReportInstalmentQuery, page: PageRequest) -> ReportInstalmentPage, "report.view";
            /// Sets targets of people and positions for months, all or none.
            command set_targets(targets: Vec<TargetInput>) -> Vec<Target>, "position.edit";
            /// Targets of people and positions in some months.
            query targets(query: TargetQuery) -> Vec<Target>, "report.view";
            /// Targets against what was reached, by person or position.
            query target_report(query: TargetReportQuery) -> TargetReport, "report.view";
            /// Makes the sums of the reports anew from the records.
            command rebuild_rollups() -> RebuildReport, "settings.manage_settings";

            /// Begins an export of a list.
            command begin_export(export: ExportInput) -> Export, "";
            /// A page of the rows of an export.
            command export_rows(export: ExportId, number: i32) -> ExportRows, "";
            /// Ends an export early.
            command finish_export(export: ExportId) -> Export, "";
            /// Who exported what.
            query exports(page: PageRequest) -> ExportLogPage, "";
            /// To which fields the columns of a file of customers can go.
            query import_columns(headers: Vec<String>) -> ImportColumns, "customer.create";
            /// Begins an import of customers, or a dry run of one.
            command begin_import(input: ImportInput) -> Import, "customer.create";
            /// Imports the rows of an import that come next.
            command import_rows(import_id: ImportId, first: i64, rows: Vec<Vec<String>>) -> ImportAnswer, "customer.create";
            /// Ends an import.
            command finish_import(import_id: ImportId) -> Import, "customer.create";
            /// One's own imports.
            query imports(page: PageRequest) -> ImportLogPage, "customer.create";
            /// What became of the rows of an import that became no customers.
            query import_report(import_id: ImportId, page: PageRequest) -> ImportReportPage, "customer.create";

            /// Reminders of one's own.
            query reminders(query: ReminderQuery, page: PageRequest) -> ReminderPage, "";
            /// A reminder of one's own.
            query reminder(reminder: ReminderId) -> ReminderRow, "";
            /// How many reminders wait and rest.
            query reminder_counts() -> ReminderCounts, "";
            /// Marks reminders of one's own as done, dismissed or open again.
            command mark_reminders(reminders: Vec<ReminderId>, mark: ReminderMark) -> i64, "";
            /// Lets reminders of one's own rest.
            command snooze_reminders(reminders: Vec<ReminderId>, until: Timestamp) -> i64, "";
            /// What one wants to be told of.
            query reminder_preferences() -> ReminderPreferences, "";
            /// Says what one wants to be told of.
            command change_reminder_preferences(preferences: ReminderPreferences) -> ReminderPreferences, "";

            /// What comes on some days, of what one has.
            query calendar(query: CalendarQuery) -> CalendarSpan, "";
            /// Whether one's own calendar is published.
            query calendar_feed() -> CalendarFeed, "";
            /// Publishes one's own calendar under a new secret address.
            command publish_calendar(language: Language) -> CalendarToken, "";
            /// Publishes one's own calendar no more.
            command withdraw_calendar() -> CalendarFeed, "";
            /// A published calendar, by the secret of its address.
            query published_calendar(token: String) -> PublishedCalendar, "";

            /// Events that a consumer has not acknowledged.
            query events(consumer: String, limit: i32) -> Vec<Event>, "event.view";
            /// Acknowledges events.
            command acknowledge_events(consumer: String, up_to: i64) -> i64, "event.edit";
            /// Does what is due.
            command tick() -> TickReport, "settings.manage_settings";
        }
    };
}
