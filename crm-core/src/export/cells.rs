//! What stands in the cells of an export: texts, as people read them.

use super::lists::Items;
use crate::contact::{Contact, ContactRow, Gender};
use crate::contract::{ContractRow, ContractStatus, PaymentStatus};
use crate::custom_field::{BETWEEN, CUSTOM, CustomValue, Customized, FieldValue, spoken, value_of};
use crate::customer::{Customer, CustomerKind, CustomerStatus};
use crate::date::Date;
use crate::dictionary::{self, EntryCode};
use crate::error::Language;
use crate::follow_up::FollowUpView;
use crate::organisation::Context;
use crate::payment::{InstalmentRow, InstalmentStatus, ReceiptKind, ReceiptRow, ReceiptStatus};
use crate::position::PositionId;
use crate::product::Product;
use crate::time::{Birthday, Calendar, Timestamp};

/// Puts values into words.
pub(super) struct Teller<'c> {
    context: &'c Context,
    language: Language,
}

fn text(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

impl<'c> Teller<'c> {
    pub(super) fn new(context: &'c Context, language: Language) -> Self {
        Teller { context, language }
    }

    /// The rows of what a page has: a cell for each column, empty where it is not to be told.
    pub(super) fn rows(&self, items: &Items, columns: &[(&str, bool)]) -> Vec<Vec<String>> {
        match items {
            Items::Customers(items) => told(items, columns, |item, column| self.customer(item, column)),
            Items::Contacts(items) => told(items, columns, |item, column| self.contact_row(item, column)),
            Items::FollowUps(items) => told(items, columns, |item, column| self.follow_up(item, column)),
            Items::Contracts(items) => told(items, columns, |item, column| self.contract(item, column)),
            Items::Receipts(items) => told(items, columns, |item, column| self.receipt(item, column)),
            Items::Instalments(items) => told(items, columns, |item, column| self.instalment(item, column)),
            Items::Products(items) => told(items, columns, |item, column| self.product(item, column)),
        }
    }

    fn say(&self, chinese: &str, english: &str) -> String {
        let text = match self.language {
            Language::Chinese => chinese,
            Language::English => english,
        };
        self.context.in_own_words(self.language, text)
    }

    fn yes(&self, yes: bool) -> String {
        if yes { self.say("是", "yes") } else { self.say("否", "no") }
    }

    fn code(&self, dictionary: &str, code: &Option<EntryCode>) -> String {
        let Some(code) = code else { return String::new() };
        let entry = self.context.entry(dictionary, code.as_str());
        entry.map_or_else(|| code.to_string(), |entry| entry.label.clone())
    }

    /// The name of a person; who is none, such as the system, as he is written down.
    fn person(&self, id: &str) -> String {
        let known = crate::UserId::new(id).ok().and_then(|id| self.context.people.get(&id));
        known.map_or_else(|| id.to_owned(), |person| person.name.clone())
    }

    fn position(&self, id: &Option<PositionId>) -> String {
        let Some(id) = id else { return String::new() };
        self.context.positions.get(id).map_or_else(|| id.to_string(), |position| position.name.clone())
    }

    fn instant(&self, at: Timestamp) -> String {
        self.context.settings().time_zone.local_text(at)
    }

    fn instant_or_none(&self, at: Option<Timestamp>) -> String {
        at.map(|at| self.instant(at)).unwrap_or_default()
    }

    fn birthday(&self, birthday: &Option<Birthday>) -> String {
        let Some(birthday) = birthday else { return String::new() };
        let calendar = match birthday.calendar {
            Calendar::Lunar => self.say("农历 ", "lunar "),
            Calendar::Solar => String::new(),
        };
        let year = birthday.year.map(|year| format!("{year:04}-")).unwrap_or_default();
        let leap = if birthday.leap_month { self.say("闰", "leap ") } else { String::new() };
        format!("{calendar}{year}{leap}{:02}-{:02}", birthday.month, birthday.day)
    }

    fn customer(&self, customer: &Customer, column: &str) -> String {
        match column {
            "number" => customer.number.clone(),
            "name" => customer.name.clone(),
            "short_name" => text(&customer.short_name),
            "kind" => match customer.kind {
                CustomerKind::Company => self.say("企业", "company"),
                CustomerKind::Person => self.say("个人", "person"),
            },
            "credit_code" => text(&customer.credit_code),
            "level" => self.code(dictionary::LEVEL, &customer.level),
            "stage" => self.code(dictionary::STAGE, &customer.stage),
            "source" => self.code(dictionary::SOURCE, &customer.source),
            "industry" => self.code(dictionary::INDUSTRY, &customer.industry),
            "region" => text(&customer.region),
            "address" => text(&customer.address),
            "phones" => customer.phones.join(BETWEEN),
            "website" => text(&customer.website),
            "email" => text(&customer.email),
            "description" => text(&customer.description),
            "birthday" => self.birthday(&customer.birthday),
            "owner" => self.person(customer.owner.as_str()),
            "owner_position" => self.position(&customer.owner_position),
            "status" => match customer.status {
                CustomerStatus::Active => self.say("正常", "active"),
                CustomerStatus::Pooled => self.say("{pool}", "in {pool}"),
                CustomerStatus::Deleted => self.say("回收站", "in recycle bin"),
                CustomerStatus::Merged => self.say("已合并", "merged"),
            },
            "received_at" => self.instant(customer.received_at),
            "last_follow_up_at" => self.instant_or_none(customer.last_follow_up_at),
            "next_follow_up_at" => self.instant_or_none(customer.next_follow_up_at),
            "created_at" => self.instant(customer.created_at),
            "created_by" => self.person(&customer.created_by),
            "changed_at" => self.instant(customer.changed_at),
            own => self.own_value(Customized::Customer, &customer.custom, own),
        }
    }

    /// What a record has of a custom field, by the name of its column.
    fn own_value(&self, of: Customized, values: &[CustomValue], column: &str) -> String {
        let Some(key) = column.strip_prefix(CUSTOM) else { return String::new() };
        value_of(values, key).map(|value| self.custom(of, key, value)).unwrap_or_default()
    }

    /// The value of a custom field.
    fn custom(&self, of: Customized, key: &str, value: &FieldValue) -> String {
        let field = self.context.field(of, key).map(|stored| &stored.field);
        spoken(value, field, self.context, |yes| self.yes(yes))
    }

    fn contact_row(&self, row: &ContactRow, column: &str) -> String {
        match column {
            "customer_name" => row.customer_name.clone(),
            column => self.contact(&row.contact, column),
        }
    }

    fn contact(&self, contact: &Contact, column: &str) -> String {
        match column {
            "name" => contact.name.clone(),
            "primary" => self.yes(contact.primary),
            "gender" => match contact.gender {
                Some(Gender::Female) => self.say("女", "female"),
                Some(Gender::Male) => self.say("男", "male"),
                Some(Gender::Other) => self.say("其他", "other"),
                None => String::new(),
            },
            "title" => text(&contact.title),
            "department" => text(&contact.department),
            "phones" => contact.phones.join(BETWEEN),
            "email" => text(&contact.email),
            "wechat" => text(&contact.wechat),
            "qq" => text(&contact.qq),
            "birthday" => self.birthday(&contact.birthday),
            "address" => text(&contact.address),
            "preferences" => text(&contact.preferences),
            "note" => text(&contact.note),
            "created_at" => self.instant(contact.created_at),
            "created_by" => self.person(&contact.created_by),
            own => self.own_value(Customized::Contact, &contact.custom, own),
        }
    }

    fn follow_up(&self, view: &FollowUpView, column: &str) -> String {
        let written = &view.follow_up;
        match column {
            "customer_name" => view.customer_name.clone(),
            "author" => self.person(written.author.as_str()),
            "at" => self.instant(written.at),
            "method" => self.code(dictionary::METHOD, &written.method),
            "stage" => self.code(dictionary::STAGE, &written.stage),
            "content" => written.content.clone(),
            "place" => written.place.as_ref().and_then(|place| place.text.clone()).unwrap_or_default(),
            "next_at" => self.instant_or_none(written.next_at),
            "next_content" => text(&written.next_content),
            "created_at" => self.instant(written.created_at),
            own => self.own_value(Customized::FollowUp, &written.custom, own),
        }
    }

    fn contract(&self, row: &ContractRow, column: &str) -> String {
        let contract = &row.contract;
        let paid = &contract.payments;
        match column {
            "number" => text(&contract.number),
            "name" => contract.name.clone(),
            "customer_name" => row.customer_name.clone(),
            "kind" => self.code(dictionary::CONTRACT_KIND, &contract.kind),
            "supplement" => self.yes(contract.parent.is_some()),
            "status" => match contract.status {
                ContractStatus::Draft => self.say("草稿", "draft"),
                ContractStatus::Pending => self.say("待审批", "pending"),
                ContractStatus::InForce => self.say("执行中", "in force"),
                ContractStatus::Completed => self.say("已完成", "completed"),
                ContractStatus::Terminated => self.say("已终止", "terminated"),
                ContractStatus::Void => self.say("已作废", "void"),
            },
            "expired" => self.yes(contract.expired),
            "signed_on" => day(contract.signed_on),
            "starts_on" => day(contract.starts_on),
            "ends_on" => day(contract.ends_on),
            "effective_ends_on" => day(contract.effective_ends_on),
            "currency" => contract.currency.to_string(),
            "amount" => contract.amount.to_string(),
            "effective_amount" => contract.effective_amount.to_string(),
            "base_currency" => contract.base_currency.to_string(),
            "base_amount" => contract.base_amount.to_string(),
            "payment_status" => match paid.status {
                PaymentStatus::Unpaid => self.say("未{receipt}", "unpaid"),
                PaymentStatus::Partly => self.say("部分{receipt}", "partly paid"),
                PaymentStatus::Paid => self.say("已收清", "paid"),
            },
            "planned" => paid.planned.to_string(),
            "received" => paid.received.to_string(),
            "written_off" => paid.written_off.to_string(),
            "unreceived" => paid.unreceived.to_string(),
            "invoiced" => paid.invoiced.to_string(),
            "next_due_on" => day(paid.next_due_on),
            "owner" => self.person(contract.owner.as_str()),
            "performer" => self.person(contract.performer.as_str()),
            "customer_signatory" => text(&contract.customer_signatory),
            "own_signatory" => text(&contract.own_signatory),
            "payment_method" => self.code(dictionary::PAYMENT_METHOD, &contract.payment_method),
            "note" => text(&contract.note),
            "created_at" => self.instant(contract.created_at),
            "created_by" => self.person(&contract.created_by),
            own => self.own_value(Customized::Contract, &contract.custom, own),
        }
    }

    fn receipt(&self, row: &ReceiptRow, column: &str) -> String {
        let receipt = &row.receipt;
        match column {
            "on" => receipt.on.to_string(),
            "kind" => match receipt.kind {
                ReceiptKind::Receipt => self.say("{receipt}", "{receipt}"),
                ReceiptKind::Reversal => self.say("冲销", "reversal"),
                ReceiptKind::Refund => self.say("退款", "refund"),
                ReceiptKind::WriteOff => self.say("核销", "write-off"),
                ReceiptKind::Credit => self.say("核销预收", "credit used"),
            },
            "status" => match receipt.status {
                ReceiptStatus::Counted => self.say("已入账", "counted"),
                ReceiptStatus::Pending => self.say("待审批", "pending"),
                ReceiptStatus::Rejected => self.say("未通过", "rejected"),
            },
            "customer_name" => row.customer_name.clone(),
            "contract_number" => text(&row.contract_number),
            "contract_name" => text(&row.contract_name),
            "currency" => receipt.currency.to_string(),
            "amount" => receipt.amount.to_string(),
            "net" => receipt.net.to_string(),
            "base_currency" => receipt.base_currency.to_string(),
            "base_net" => receipt.base_net.to_string(),
            "method" => self.code(dictionary::PAYMENT_METHOD, &receipt.method),
            "payer" => text(&receipt.payer),
            "voucher" => text(&receipt.voucher),
            "reason" => text(&receipt.reason),
            "note" => text(&receipt.note),
            "owner" => self.person(receipt.owner.as_str()),
            "performer" => self.person(receipt.performer.as_str()),
            "created_at" => self.instant(receipt.created_at),
            "created_by" => self.person(&receipt.created_by),
            _ => String::new(),
        }
    }

    fn instalment(&self, row: &InstalmentRow, column: &str) -> String {
        let instalment = &row.instalment;
        match column {
            "customer_name" => row.customer_name.clone(),
            "contract_number" => text(&row.contract_number),
            "contract_name" => text(&row.contract_name),
            "no" => instalment.no.to_string(),
            "due_on" => day(instalment.due_on),
            "milestone" => match (&instalment.milestone, instalment.milestone_days) {
                (Some(milestone), Some(days)) if days > 0 => format!("{milestone} + {days}"),
                (milestone, _) => text(milestone),
            },
            "status" => match instalment.status {
                InstalmentStatus::NotDue => self.say("未到期", "not due"),
                InstalmentStatus::Due => self.say("到期", "due"),
                InstalmentStatus::PartlyPaid => self.say("部分{receipt}", "partly paid"),
                InstalmentStatus::Paid => self.say("已收清", "paid"),
                InstalmentStatus::Overdue => self.say("逾期", "overdue"),
                InstalmentStatus::Void => self.say("作废", "void"),
            },
            "currency" => instalment.currency.to_string(),
            "amount" => instalment.amount.to_string(),
            "paid" => instalment.paid.to_string(),
            "written_off" => instalment.written_off.to_string(),
            "open" => instalment.open.to_string(),
            "condition" => text(&instalment.condition),
            "note" => text(&instalment.note),
            "owner" => self.person(instalment.owner.as_str()),
            _ => String::new(),
        }
    }

    fn product(&self, product: &Product, column: &str) -> String {
        match column {
            "number" => product.number.clone(),
            "name" => product.name.clone(),
            "category" => self.code(dictionary::PRODUCT_CATEGORY, &product.category),
            "unit" => text(&product.unit),
            "prices" => {
                let prices = product.prices.iter().map(|price| format!("{} {}", price.price, price.currency));
                prices.collect::<Vec<_>>().join(BETWEEN)
            }
            "tax_rate" => product.tax_rate.map(|rate| rate.to_string()).unwrap_or_default(),
            "description" => text(&product.description),
            "retired" => self.yes(product.retired),
            "created_at" => self.instant(product.created_at),
            _ => String::new(),
        }
    }
}

/// A row for each item, with a cell for each column that is told.
fn told<T>(items: &[T], columns: &[(&str, bool)], cell: impl Fn(&T, &str) -> String) -> Vec<Vec<String>> {
    let row = |item: &T| {
        let cell = |(column, told): &(&str, bool)| if *told { cell(item, column) } else { String::new() };
        columns.iter().map(cell).collect()
    };
    items.iter().map(row).collect()
}
