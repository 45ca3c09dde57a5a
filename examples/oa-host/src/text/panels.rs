//! Texts of panels of the host's own data.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("panels", "自定义面板", "Panels"),
    (
        "panels_intro",
        "把本平台的其他数据显示在客户页面上；谁能看到，按角色、岗位或人员设定。",
        "Other data of this platform on the page of a customer; who sees it goes by role, position or person.",
    ),
    ("no_panels", "还没有面板。", "There are no panels yet."),
    ("add_panel", "新建面板", "New panel"),
    ("edit_panel", "修改面板", "Edit panel"),
    ("panel_empty", "暂无数据。", "Nothing here."),
    ("panel_failed", "数据暂时无法读取。", "This can't be read at the moment."),
    ("panel_for_all", "所有能查看客户资料的人", "Everybody who sees the customer's information"),
    ("s_panel_seen_by", "可见范围", "Seen by"),
    ("panel_seen_by_help", "都不选则对所有人可见。", "None of them: everybody."),
    ("panel_title", "标题", "Title"),
    ("f_panel_source", "数据来源", "Source"),
    ("f_columns", "列", "Columns"),
    ("f_roles", "角色", "Roles"),
    (
        "panel_source_help",
        "平台已知的数据名称；演示环境有 projects（项目）。",
        "A name that the platform knows; the demo has projects.",
    ),
    (
        "panel_columns_help",
        "每行一列：键、类型（text、number、date、instant）、名称，以空格分开，例如 due date 计划完成。",
        "One a line: key, kind (text, number, date, instant) and label, with blanks between, as in: due date Planned end.",
    ),
    ("panel_order_help", "数字小的在前。", "The least comes first."),
    ("panel_retired_help", "停用后所有人都看不到。", "Nobody sees it any more."),
];
