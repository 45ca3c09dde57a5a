//! The lists that can be exported: what each needs, how it is read, and which columns it has.

use super::{ExportColumn, ExportInput};
use crate::access::Access;
use crate::contact::{ContactFilter, ContactRow};
use crate::contract::{ContractQuery, ContractRow};
use crate::crm::Session;
use crate::custom_field::{CUSTOM, Customized, FieldType};
use crate::customer::{Customer, CustomerQuery};
use crate::error::{Error, Language, Violation};
use crate::follow_up::{FollowUpQuery, FollowUpView};
use crate::page::PageRequest;
use crate::payment::{InstalmentQuery, InstalmentRow, ReceiptQuery, ReceiptRow};
use crate::product::{Product, ProductQuery};

/// The rights that exports need.
pub(crate) const EXPORT_RIGHTS: [&str; 6] =
    ["customer.export", "contact.export", "follow_up.export", "contract.export", "payment.export", "product.export"];

/// A column of a list: its name, its header in Chinese and English, whether it holds numbers, and the field by whose rights it goes.
struct Own(&'static str, &'static str, &'static str, bool, &'static str);

const CUSTOMERS: &[Own] = &[
    Own("number", "客户编号", "Number", false, ""),
    Own("name", "客户名称", "Name", false, ""),
    Own("short_name", "简称", "Short name", false, ""),
    Own("kind", "客户类型", "Kind", false, ""),
    Own("credit_code", "统一社会信用代码", "Credit code", false, "customer.credit_code"),
    Own("level", "级别", "Level", false, "customer.level"),
    Own("stage", "销售阶段", "Stage", false, "customer.stage"),
    Own("source", "来源", "Source", false, "customer.source"),
    Own("industry", "行业", "Industry", false, "customer.industry"),
    Own("region", "地区", "Region", false, "customer.region"),
    Own("address", "地址", "Address", false, "customer.address"),
    Own("phones", "电话", "Phones", false, "customer.phones"),
    Own("website", "网址", "Website", false, "customer.website"),
    Own("email", "邮箱", "E-mail", false, "customer.email"),
    Own("description", "描述", "Description", false, "customer.description"),
    Own("birthday", "生日", "Birthday", false, "customer.birthday"),
    Own("owner", "所属销售", "Owner", false, ""),
    Own("owner_position", "所属岗位", "Owner's position", false, ""),
    Own("status", "状态", "Status", false, ""),
    Own("received_at", "接收时间", "Received", false, ""),
    Own("last_follow_up_at", "最近{follow}", "Last {follow_up}", false, ""),
    Own("next_follow_up_at", "下次{follow}", "Next {follow_up}", false, ""),
    Own("created_at", "创建时间", "Created", false, ""),
    Own("created_by", "创建人", "Created by", false, ""),
    Own("changed_at", "修改时间", "Changed", false, ""),
];

const CONTACTS: &[Own] = &[
    Own("customer_name", "客户名称", "Customer", false, ""),
    Own("name", "姓名", "Name", false, ""),
    Own("primary", "主联系人", "Primary", false, ""),
    Own("gender", "性别", "Gender", false, "contact.gender"),
    Own("title", "职务", "Title", false, "contact.title"),
    Own("department", "部门", "Department", false, "contact.department"),
    Own("phones", "电话", "Phones", false, "contact.phones"),
    Own("email", "邮箱", "E-mail", false, "contact.email"),
    Own("wechat", "微信", "WeChat", false, "contact.wechat"),
    Own("qq", "QQ", "QQ", false, "contact.qq"),
    Own("birthday", "生日", "Birthday", false, "contact.birthday"),
    Own("address", "地址", "Address", false, "contact.address"),
    Own("preferences", "喜好", "Preferences", false, "contact.preferences"),
    Own("note", "备注", "Note", false, "contact.note"),
    Own("created_at", "创建时间", "Created", false, ""),
    Own("created_by", "创建人", "Created by", false, ""),
];

const FOLLOW_UPS: &[Own] = &[
    Own("customer_name", "客户名称", "Customer", false, ""),
    Own("author", "{follow}人", "By", false, ""),
    Own("at", "{follow}时间", "When", false, ""),
    Own("method", "{follow}方式", "Method", false, "follow_up.method"),
    // It tells at which stage the customer was.
    Own("stage", "销售阶段", "Stage", false, "customer.stage"),
    Own("content", "{follow}内容", "Content", false, ""),
    Own("place", "地点", "Place", false, "follow_up.place"),
    Own("next_at", "下次{follow}时间", "Next {follow_up}", false, ""),
    Own("next_content", "下次{follow}内容", "What is planned", false, "follow_up.next_content"),
    Own("created_at", "记录时间", "Written", false, ""),
];

const CONTRACTS: &[Own] = &[
    Own("number", "合同编号", "Number", false, ""),
    Own("name", "合同名称", "Name", false, ""),
    Own("customer_name", "客户名称", "Customer", false, ""),
    Own("kind", "合同类型", "Kind", false, ""),
    Own("supplement", "补充合同", "Supplement", false, ""),
    Own("status", "状态", "Status", false, ""),
    Own("expired", "已到期", "Expired", false, ""),
    Own("signed_on", "签订日期", "Signed on", false, ""),
    Own("starts_on", "开始日期", "Starts on", false, ""),
    Own("ends_on", "结束日期", "Ends on", false, ""),
    Own("effective_ends_on", "有效结束日期", "Effective end", false, ""),
    Own("currency", "币种", "Currency", false, ""),
    Own("amount", "合同金额", "Amount", true, ""),
    Own("effective_amount", "有效金额", "Effective amount", true, ""),
    Own("base_currency", "本币", "Base currency", false, ""),
    Own("base_amount", "折合本币", "In base currency", true, ""),
    Own("payment_status", "{receipt}状态", "Payment", false, ""),
    Own("planned", "计划金额", "Planned", true, ""),
    Own("received", "已收", "Received", true, ""),
    Own("written_off", "核销", "Written off", true, ""),
    Own("unreceived", "未收", "Unreceived", true, ""),
    Own("invoiced", "已开票", "Invoiced", true, ""),
    Own("next_due_on", "最近应收日", "Next due on", false, ""),
    Own("owner", "负责人", "Owner", false, ""),
    Own("performer", "业绩归属", "Performance of", false, ""),
    Own("customer_signatory", "对方签约人", "Signed for the customer by", false, "contract.customer_signatory"),
    Own("own_signatory", "我方签约人", "Signed for us by", false, "contract.own_signatory"),
    Own("payment_method", "付款方式", "Payment method", false, "contract.payment_method"),
    Own("note", "备注", "Note", false, "contract.note"),
    Own("created_at", "创建时间", "Created", false, ""),
    Own("created_by", "创建人", "Created by", false, ""),
];

const RECEIPTS: &[Own] = &[
    Own("on", "{receipt}日期", "Date", false, ""),
    Own("kind", "类型", "Kind", false, ""),
    Own("status", "状态", "Status", false, ""),
    Own("customer_name", "客户名称", "Customer", false, ""),
    Own("contract_number", "合同编号", "Contract number", false, ""),
    Own("contract_name", "合同名称", "Contract", false, ""),
    Own("currency", "币种", "Currency", false, ""),
    Own("amount", "金额", "Amount", true, ""),
    Own("net", "净{receipt}", "Net", true, ""),
    Own("base_currency", "本币", "Base currency", false, ""),
    Own("base_net", "折合本币", "In base currency", true, ""),
    Own("method", "{receipt}方式", "Method", false, ""),
    Own("payer", "付款方", "Payer", false, ""),
    Own("voucher", "凭证号", "Voucher number", false, ""),
    Own("reason", "原因", "Reason", false, ""),
    Own("note", "备注", "Note", false, ""),
    Own("owner", "负责人", "Owner", false, ""),
    Own("performer", "业绩归属", "Performance of", false, ""),
    Own("created_at", "登记时间", "Written", false, ""),
    Own("created_by", "登记人", "Written by", false, ""),
];

const INSTALMENTS: &[Own] = &[
    Own("customer_name", "客户名称", "Customer", false, ""),
    Own("contract_number", "合同编号", "Contract number", false, ""),
    Own("contract_name", "合同名称", "Contract", false, ""),
    Own("no", "期次", "No.", true, ""),
    Own("due_on", "应收日期", "Due on", false, ""),
    Own("milestone", "里程碑", "Milestone", false, ""),
    Own("status", "状态", "Status", false, ""),
    Own("currency", "币种", "Currency", false, ""),
    Own("amount", "应收金额", "Amount", true, ""),
    Own("paid", "已收", "Paid", true, ""),
    Own("written_off", "核销", "Written off", true, ""),
    Own("open", "未收", "Open", true, ""),
    Own("condition", "{receipt}条件", "Condition", false, ""),
    Own("note", "备注", "Note", false, ""),
    Own("owner", "负责人", "Owner", false, ""),
];

const PRODUCTS: &[Own] = &[
    Own("number", "商品编号", "Number", false, ""),
    Own("name", "商品名称", "Name", false, ""),
    Own("category", "分类", "Category", false, ""),
    Own("unit", "单位", "Unit", false, ""),
    Own("prices", "标价", "List prices", false, ""),
    Own("tax_rate", "税率", "Tax rate", true, ""),
    Own("description", "描述", "Description", false, ""),
    Own("retired", "停用", "Retired", false, ""),
    Own("created_at", "创建时间", "Created", false, ""),
];

/// The list that is asked for.
#[derive(Clone, Copy)]
pub(super) enum Asked<'i> {
    Customers(&'i CustomerQuery),
    Contacts(&'i ContactFilter),
    FollowUps(&'i FollowUpQuery),
    Contracts(&'i ContractQuery),
    Receipts(&'i ReceiptQuery),
    Instalments(&'i InstalmentQuery),
    Products(&'i ProductQuery),
}

/// What a page of it has.
pub(super) enum Items {
    Customers(Vec<Customer>),
    Contacts(Vec<ContactRow>),
    FollowUps(Vec<FollowUpView>),
    Contracts(Vec<ContractRow>),
    Receipts(Vec<ReceiptRow>),
    Instalments(Vec<InstalmentRow>),
    Products(Vec<Product>),
}

impl Items {
    pub(super) fn len(&self) -> usize {
        match self {
            Items::Customers(items) => items.len(),
            Items::Contacts(items) => items.len(),
            Items::FollowUps(items) => items.len(),
            Items::Contracts(items) => items.len(),
            Items::Receipts(items) => items.len(),
            Items::Instalments(items) => items.len(),
            Items::Products(items) => items.len(),
        }
    }
}

/// A column that the list may have.
pub(super) struct Known {
    pub(super) column: ExportColumn,
    /// Whether it is there unless columns are named.
    pub(super) usual: bool,
}

impl ExportInput {
    /// The one list that is asked for.
    pub(super) fn asked(&self) -> Result<Asked<'_>, Error> {
        let given = [
            self.customers.as_ref().map(Asked::Customers),
            self.contacts.as_ref().map(Asked::Contacts),
            self.follow_ups.as_ref().map(Asked::FollowUps),
            self.contracts.as_ref().map(Asked::Contracts),
            self.receipts.as_ref().map(Asked::Receipts),
            self.instalments.as_ref().map(Asked::Instalments),
            self.products.as_ref().map(Asked::Products),
        ];
        let mut given = given.into_iter().flatten();
        let first = given.next().ok_or_else(|| Error::from(Violation::required("export.customers")))?;
        match given.next() {
            Some(second) => Err(Violation::not_allowed(format!("export.{}", second.name())).into()),
            None => Ok(first),
        }
    }
}

impl Asked<'_> {
    /// Its name in the input.
    pub(super) fn name(self) -> &'static str {
        match self {
            Asked::Customers(_) => "customers",
            Asked::Contacts(_) => "contacts",
            Asked::FollowUps(_) => "follow_ups",
            Asked::Contracts(_) => "contracts",
            Asked::Receipts(_) => "receipts",
            Asked::Instalments(_) => "instalments",
            Asked::Products(_) => "products",
        }
    }

    /// The right that it needs, beside those of reading the list.
    pub(super) fn right(self) -> &'static str {
        match self {
            Asked::Customers(_) => "customer.export",
            Asked::Contacts(_) => "contact.export",
            Asked::FollowUps(_) => "follow_up.export",
            Asked::Contracts(_) => "contract.export",
            Asked::Receipts(_) | Asked::Instalments(_) => "payment.export",
            Asked::Products(_) => "product.export",
        }
    }

    /// The query as JSON.
    pub(super) fn filter(self) -> Result<String, Error> {
        let text = match self {
            Asked::Customers(query) => crate::json::text(query),
            Asked::Contacts(query) => crate::json::text(query),
            Asked::FollowUps(query) => crate::json::text(query),
            Asked::Contracts(query) => crate::json::text(query),
            Asked::Receipts(query) => crate::json::text(query),
            Asked::Instalments(query) => crate::json::text(query),
            Asked::Products(query) => crate::json::text(query),
        };
        text.map_err(|error| crate::store::StoreError::Corrupt(format!("a query can't be written: {error}")).into())
    }

    fn own(self) -> &'static [Own] {
        match self {
            Asked::Customers(_) => CUSTOMERS,
            Asked::Contacts(_) => CONTACTS,
            Asked::FollowUps(_) => FOLLOW_UPS,
            Asked::Contracts(_) => CONTRACTS,
            Asked::Receipts(_) => RECEIPTS,
            Asked::Instalments(_) => INSTALMENTS,
            Asked::Products(_) => PRODUCTS,
        }
    }

    /// Whose custom fields are columns of it.
    fn customized(self) -> Option<Customized> {
        match self {
            Asked::Customers(_) => Some(Customized::Customer),
            Asked::Contacts(_) => Some(Customized::Contact),
            Asked::FollowUps(_) => Some(Customized::FollowUp),
            Asked::Contracts(_) => Some(Customized::Contract),
            Asked::Receipts(_) | Asked::Instalments(_) | Asked::Products(_) => None,
        }
    }

    /// Whether the actor reads a column as it is: what he sees masked is as hidden here (A3).
    pub(super) fn reads(self, column: &str, access: &Access<'_>) -> bool {
        match (self.customized(), column.starts_with(CUSTOM)) {
            (Some(of), true) => access.reads(&format!("{}.{column}", of.as_str())),
            _ => {
                self.own().iter().find(|own| own.0 == column).is_some_and(|own| own.4.is_empty() || access.reads(own.4))
            }
        }
    }

    /// The columns that the actor may have, in their order.
    pub(super) fn columns(self, access: &Access<'_>, language: Language) -> Vec<Known> {
        let own = self.own().iter().map(|Own(name, chinese, english, number, _)| Known {
            column: ExportColumn {
                name: (*name).to_owned(),
                label: access.context.in_own_words(
                    language,
                    match language {
                        Language::Chinese => chinese,
                        Language::English => english,
                    },
                ),
                number: *number,
            },
            usual: true,
        });
        let custom = self.customized().map(|of| access.context.fields_of(of)).unwrap_or_default();
        let custom = custom.iter().map(|stored| Known {
            column: ExportColumn {
                name: format!("{CUSTOM}{}", stored.field.key),
                label: stored.field.label.clone(),
                number: matches!(stored.field.field_type, FieldType::Integer | FieldType::Decimal),
            },
            usual: !stored.field.retired,
        });
        own.chain(custom).filter(|known| self.reads(&known.column.name, access)).collect()
    }
}

/// What columns are called, by `LIST.COLUMN`, in English and Chinese; terms stand in braces.
pub(crate) fn labels() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let lists: [(&str, &[Own]); 7] = [
        ("customers", CUSTOMERS),
        ("contacts", CONTACTS),
        ("follow_ups", FOLLOW_UPS),
        ("contracts", CONTRACTS),
        ("receipts", RECEIPTS),
        ("instalments", INSTALMENTS),
        ("products", PRODUCTS),
    ];
    lists.into_iter().flat_map(|(list, columns)| {
        columns.iter().map(move |Own(name, chinese, english, ..)| (format!("{list}.{name}"), *english, *chinese))
    })
}

impl Session<'_> {
    /// A page of the list with the marker of the next one, as the list itself answers.
    pub(super) fn export_items(&self, asked: Asked<'_>, page: PageRequest) -> Result<(Items, Option<String>), Error> {
        Ok(match asked {
            Asked::Customers(query) => {
                let page = self.customers(query.clone(), page)?;
                (Items::Customers(page.items), page.next)
            }
            Asked::Contacts(query) => {
                let page = self.contacts(query.clone(), page)?;
                (Items::Contacts(page.items), page.next)
            }
            Asked::FollowUps(query) => {
                let page = self.follow_ups(query.clone(), page)?;
                (Items::FollowUps(page.items), page.next)
            }
            Asked::Contracts(query) => {
                let page = self.contracts(query.clone(), page)?;
                (Items::Contracts(page.items), page.next)
            }
            Asked::Receipts(query) => {
                let page = self.receipts(query.clone(), page)?;
                (Items::Receipts(page.items), page.next)
            }
            Asked::Instalments(query) => {
                let page = self.instalments(query.clone(), page)?;
                (Items::Instalments(page.items), page.next)
            }
            Asked::Products(query) => {
                let page = self.products(query.clone(), page)?;
                (Items::Products(page.items), page.next)
            }
        })
    }
}
