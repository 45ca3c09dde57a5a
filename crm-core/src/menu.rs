//! What a host shows of the module: its menu (H2) and its plugin manifest (H4).

use crate::access::preset_roles;
use crate::crm::Session;
use crate::customer::View;
use crate::error::{Error, Language};
use crate::export::EXPORT_RIGHTS;
use crate::glossary::in_preset_words;
use crate::operations::{OPERATIONS, op};
use crate::page::Count;
use crate::sorted::Gather as _;
use crate::time::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The navigation of the module for one actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Menu {
    /// The entries that the actor may use, in order.
    pub entries: Vec<MenuEntry>,
    /// The rights that he has, as `module.right`, in order: which buttons a host shows.
    pub rights: Vec<String>,
    /// Whether he sees every customer.
    pub administrator: bool,
    /// The time zone of the organisation's days.
    pub time_zone: TimeZone,
    /// Hours in which he may correct what he wrote.
    pub correction_hours: i32,
}

/// One entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct MenuEntry {
    /// The stable id: `quick_create`, `mine`, `today`, ...
    pub id: String,
    /// The label in English.
    pub english: String,
    /// The label in Chinese.
    pub chinese: String,
    /// The operation behind it.
    pub operation: String,
    /// The view of customers behind it, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// How many there are, where it is a view that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<Count>,
}

struct Entry {
    id: &'static str,
    english: &'static str,
    chinese: &'static str,
    operation: &'static str,
    right: &'static str,
    view: Option<View>,
    badge: bool,
    administrators: bool,
}

/// The menu for someone who may do everything.
fn entries() -> Vec<Entry> {
    let plain = |id, english, chinese, operation, right| Entry {
        id,
        english,
        chinese,
        operation,
        right,
        view: None,
        badge: false,
        administrators: false,
    };
    let view = |id, english, chinese, view, badge| Entry {
        view: Some(view),
        badge,
        ..plain(id, english, chinese, "customers", "customer.view")
    };
    vec![
        plain("quick_create", "Quick create", "快速新建", "create_customer", "customer.create"),
        view("mine", "My customers", "我的客户", View::Mine, true),
        view("today", "To {follow} today", "当日{follow}", View::Today, true),
        view("not_followed", "Not followed for 7 days", "7日未{follow}", View::NotFollowedFor { days: 7 }, true),
        view("shared", "Shared with me", "共享给我的", View::SharedWithMe, true),
        view("subordinates", "Subordinates' customers", "下属客户", View::Subordinates, true),
        Entry { right: "pool.view", ..view("pool", "{Pool}", "{pool}", View::Pool { pool: None }, true) },
        view("recent", "Recently viewed", "最近浏览", View::RecentlyViewed, false),
        Entry { administrators: true, ..view("all", "All customers", "全部客户", View::All, true) },
        plain("reminders", "Reminders", "提醒", "reminders", ""),
        plain("contacts", "Contacts", "联系人", "contacts", "contact.view"),
        plain("follow_ups", "{Follow_up}s", "{follow_up}一览", "follow_ups", "follow_up.view"),
        plain("contracts", "Contracts", "合同", "contracts", "contract.view"),
        plain("receipts", "{Receipt}s", "{receipt}", "receipts", "payment.view"),
        plain("instalments", "Payments due", "应收", "instalments", "payment.view"),
        plain("approvals", "Approvals", "审批", "approvals", "approval.view"),
        plain("products", "Products", "商品", "products", "product.view"),
        plain("reports", "Reports", "报表", "customer_report", "report.view"),
        view("recycle_bin", "Recycle bin", "回收站", View::RecycleBin, false),
        plain("positions", "Positions", "销售岗位", "positions", "position.view"),
        plain("pools", "{Pool}s", "{pool}设置", "pools", "settings.manage_settings"),
        plain("dictionaries", "Basic data", "基础数据", "dictionaries", "dictionary.edit"),
        plain("roles", "Roles", "角色权限", "roles", "role.view"),
        plain("settings", "Settings", "后台设置", "settings", "settings.view"),
    ]
}

/// The labels of the entries, by id, in English and Chinese; terms stand in braces.
pub(crate) fn labels() -> Vec<(&'static str, &'static str, &'static str)> {
    entries().into_iter().map(|entry| (entry.id, entry.english, entry.chinese)).collect()
}

impl Session<'_> {
    /// The navigation of the module: what the actor may use, with counts that stop at 10,000.
    ///
    /// # Errors
    /// [`Error::ActorUnknown`].
    pub fn menu(&self) -> Result<Menu, Error> {
        self.query(&op::menu, |work| {
            let access = work.access()?;
            let mut entries = entries();
            // Every list is one over customers that the actor sees.
            let lists = ["pool", "contacts", "follow_ups"];
            let sees = access.may("customer.view");
            entries.retain(|entry| sees || !lists.contains(&entry.id));
            entries.retain(|entry| access.allow(entry.right).is_ok() && (!entry.administrators || access.sees_all()));
            let counted: Vec<View> =
                entries.iter().filter(|entry| entry.badge).filter_map(|entry| entry.view.clone()).collect();
            let mut counts = work.count_views(&counted)?.into_iter();
            let entries = entries
                .into_iter()
                .map(|entry| MenuEntry {
                    id: entry.id.to_owned(),
                    english: work.context.in_own_words(Language::English, entry.english),
                    chinese: work.context.in_own_words(Language::Chinese, entry.chinese),
                    operation: entry.operation.to_owned(),
                    badge: if entry.badge { counts.next().map(|count| count.count) } else { None },
                    view: entry.view,
                })
                .collect();
            let access = work.access()?;
            let rights = all_rights().filter(|right| access.may(right)).collect();
            let settings = work.context.settings();
            Ok(Menu {
                entries,
                rights,
                administrator: access.sees_all(),
                time_zone: settings.time_zone,
                correction_hours: settings.follow_up.correction_hours,
            })
        })
    }
}

/// The module described to a host that registers plugins: as data, or as JSON through serde.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PluginManifest {
    /// The version of this form: 1.
    pub v: i32,
    /// The module's id.
    pub id: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its name in English and Chinese.
    pub names: [&'static str; 2],
    /// The menu for someone who may do everything; ids and labels.
    pub menu: Vec<MenuEntry>,
    /// Rights that roles grant, as `module.right`.
    pub rights: Vec<String>,
    /// Pages of settings: ids of menu entries.
    pub settings_pages: [&'static str; 5],
    /// Kinds of events that it emits.
    pub event_kinds: &'static [&'static str],
    /// Operations, by name.
    pub operations: Vec<&'static str>,
    /// What the host calls, and how often.
    pub calls: [(&'static str, &'static str); 2],
    /// What it needs of a database.
    pub database: &'static str,
}

/// Every kind of event.
pub const EVENT_KINDS: &[&str] = &[
    "settings_changed",
    "person_deactivated",
    "positions_changed",
    "field_revealed",
    "customer_created",
    "customer_changed",
    "customer_transferred",
    "customer_deleted",
    "customer_restored",
    "customer_purged",
    "customers_merged",
    "merge_undone",
    "customer_released",
    "customer_moved_to_pool",
    "customer_recycle_warned",
    "customer_recycled",
    "customer_claimed",
    "customer_assigned",
    "customer_locked",
    "customer_unlocked",
    "pools_changed",
    "panels_changed",
    "customer_shared",
    "share_ended",
    "contact_added",
    "contact_changed",
    "contact_removed",
    "person_erased",
    "relation_added",
    "relation_removed",
    "follow_up_planned",
    "follow_up_written",
    "follow_up_corrected",
    "follow_up_replied",
    "reply_received",
    "reply_corrected",
    "contract_created",
    "contract_changed",
    "contract_deleted",
    "contract_signed",
    "contract_completed",
    "contract_terminated",
    "contract_voided",
    "contract_transferred",
    "contract_entry_added",
    "plan_changed",
    "receipt_recorded",
    "receipt_decided",
    "document_attached",
    "document_removed",
    "approval_requested",
    "approval_resolved",
    "product_created",
    "product_changed",
    "targets_changed",
    "export_began",
    "exported",
    "import_began",
    "imported",
    "handed_over",
    "reminder_due",
    "batch_done",
];

/// Every right that an operation needs or a preset role grants, in order.
pub(crate) fn all_rights() -> impl Iterator<Item = String> {
    let needed = OPERATIONS.iter().map(|operation| operation.right.to_owned());
    let granted = preset_roles(false).into_iter().flat_map(|role| role.allow).map(String::from);
    let exports = EXPORT_RIGHTS.iter().map(|right| (*right).to_owned());
    let rights: BTreeSet<String> = needed.chain(granted).chain(exports).filter(|right| !right.is_empty()).into_set();
    rights.into_iter()
}

/// The manifest of this version of the library.
///
/// ```
/// let manifest = crm_core::plugin_manifest();
/// assert!(manifest.operations.contains(&"create_customer"));
/// ```
pub fn plugin_manifest() -> PluginManifest {
    let menu = entries()
        .into_iter()
        .map(|entry| MenuEntry {
            id: entry.id.to_owned(),
            english: in_preset_words(Language::English, entry.english),
            chinese: in_preset_words(Language::Chinese, entry.chinese),
            operation: entry.operation.to_owned(),
            view: entry.view,
            badge: None,
        })
        .collect();
    PluginManifest {
        v: 1,
        id: "crm",
        version: env!("CARGO_PKG_VERSION"),
        names: ["Customer management", "客户管理"],
        menu,
        rights: all_rights().collect(),
        settings_pages: ["positions", "pools", "dictionaries", "roles", "settings"],
        event_kinds: EVENT_KINDS,
        operations: OPERATIONS.iter().map(|operation| operation.name).collect(),
        calls: [("tick_all", "every minute"), ("events", "as often as the host delivers messages")],
        database: "tables with a prefix of their own (crm_), in SQLite 3.51.3 or newer",
    }
}
