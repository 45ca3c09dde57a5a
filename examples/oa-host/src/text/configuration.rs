//! Texts of the configuration as a file, and of erasing people.

use super::Text;

/// Key, Chinese, English.
pub(super) const TEXTS: &[Text] = &[
    ("configuration", "配置文件", "Configuration"),
    (
        "configuration_intro",
        "将设置、基本数据、自定义字段、客户池、角色、工作日历和商品目录保存为一个文件，用于备份或搭建另一个组织。文件不含人员、岗位、目标和客户数据。",
        "Settings, basic data, custom fields, pools, roles, the work calendar and the catalogue as one file: to keep, or to set another organisation up with. It holds nothing of people, positions, targets or customers.",
    ),
    ("configuration_download", "下载配置", "Download"),
    ("configuration_file", "配置文件（JSON）", "Configuration file (JSON)"),
    (
        "configuration_file_help",
        "先预览将新增、更改的内容。文件中没有的内容保持不变；有任何一项不符合要求则全部不导入。",
        "You see first what would be added and changed. What the file does not name stays; if one thing can't be as it is, nothing is taken in.",
    ),
    ("configuration_preview", "导入预览", "What the file would do"),
    ("configuration_same", "与当前配置一致，无需导入。", "All of it is there already."),
    ("configuration_apply", "导入", "Take it in"),
    ("configuration_refused", "请先更正文件中标记的内容。", "What is marked must be put right in the file first."),
    ("configuration_item", "内容", "What"),
    ("configuration_section", "类别", "Section"),
    ("configuration_outcome", "结果", "Outcome"),
    ("configuration_what", "说明", "Details"),
    ("no_configuration", "这不是配置文件。", "This is no configuration file."),
    ("done_configuration", "配置已导入。", "The configuration was taken in."),
    ("outcome_added", "新增", "New"),
    ("outcome_changed", "更改", "Changed"),
    ("outcome_unchanged", "未变", "Unchanged"),
    ("outcome_refused", "不符合要求", "Refused"),
    ("section_dictionaries", "基本数据", "Basic data"),
    ("section_custom_fields", "自定义字段", "Custom fields"),
    ("section_pools", "客户池", "Pools"),
    ("section_settings", "设置", "Settings"),
    ("section_work_calendar", "工作日历", "Work calendar"),
    ("section_products", "商品", "Products"),
    ("section_roles", "角色", "Roles"),
    ("erase_person", "删除个人信息", "Erase personal data"),
    (
        "erase_person_intro",
        "将永久删除该联系人的姓名、电话、邮箱、微信、QQ、生日、地址、喜好、备注等个人信息，包括变更记录、生日提醒、日历和客户合并记录中的内容；与其合并的联系人一并删除。撤销合并也不会恢复。仍保留：曾有此联系人、各字段何时由谁更改、本次删除由谁执行；跟进内容等自由填写的文字不会改动。此操作不可撤销。",
        "For good: name, phones, e-mail, WeChat, QQ, birthday, address, preferences and note of the contact go, in its history, in reminders and calendars and in what merges keep, too; contacts that were united with it go along. Taking a merge back does not bring them back. What stays: that there was a contact, when and by whom its fields were changed, and who erased it; texts that people wrote, such as follow-ups, are not touched. This can't be undone.",
    ),
    ("erase", "删除个人信息", "Erase"),
    ("erased", "个人信息已删除", "Erased"),
    ("done_erased", "个人信息已删除。", "The person was erased."),
    ("op_erase_person", "删除个人信息", "Erased"),
    ("f_erased", "个人信息已删除", "Erased"),
];
