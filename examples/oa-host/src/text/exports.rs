//! Texts of exports.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("export_xlsx", "导出 Excel", "Export to Excel"),
    ("exports", "导出记录", "Exports"),
    ("exports_intro", "谁在何时导出了哪些列表。", "Who exported which lists, and when."),
    ("exports_own", "您导出过的列表。", "The lists that you exported."),
    ("no_exports", "还没有导出记录。", "Nothing was exported yet."),
    ("export_at", "时间", "When"),
    ("export_list", "列表", "List"),
    ("export_rows", "行数", "Rows"),
    ("export_columns", "列", "Columns"),
    ("export_filter", "条件", "Filter"),
    ("export_open", "未完成", "not finished"),
    ("export_done", "已完成", "finished"),
    ("export_capped", "已达行数上限", "cut at the limit"),
    ("export_customers", "客户", "Customers"),
    ("export_contacts", "联系人", "Contacts"),
    ("export_follow_ups", "{follow_up}", "{Follow_up}s"),
    ("export_contracts", "合同", "Contracts"),
    ("export_receipts", "{receipt}", "{Receipt}s"),
    ("export_instalments", "应收", "Payments due"),
    ("export_products", "商品", "Products"),
    ("f_export_rows", "单次导出行数上限", "Rows of an export at the most"),
    ("export_rows_help", "1 至 1048575；留空为 100000。", "1 to 1,048,575; left empty: 100,000."),
];
