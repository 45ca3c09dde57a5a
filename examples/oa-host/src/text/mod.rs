//! Every text of the pages, in Chinese and English, in one table. Terms that an organisation may call otherwise stand in braces.

mod configuration;
mod custom_fields;
mod deals;
mod duplicates;
mod exports;
mod field_rights;
mod groups;
mod hand_over;
mod imports;
mod merges;
mod panels;
mod payments;
mod pools;
mod recycling;
mod reminders;
mod search;

use crm_core::Glossary;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// 简体中文
    Chinese,
    /// English.
    English,
}

impl Lang {
    /// The tag of HTML.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Lang::Chinese => "zh-CN",
            Lang::English => "en",
        }
    }

    /// The language of the CRM's own texts.
    pub(crate) fn core(self) -> crm_core::Language {
        match self {
            Lang::Chinese => crm_core::Language::Chinese,
            Lang::English => crm_core::Language::English,
        }
    }
}

/// The texts in one language, in the words of one organisation.
pub(crate) struct Words {
    lang: Lang,
    /// Those that name a term.
    filled: HashMap<&'static str, String>,
}

impl Words {
    pub(crate) fn new(lang: Lang, glossary: &Glossary) -> Self {
        static WITH_TERMS: LazyLock<Vec<&Text>> = LazyLock::new(|| {
            all().filter(|(_, chinese, english)| chinese.contains('{') || english.contains('{')).collect()
        });
        let fill = |(key, chinese, english): &&Text| {
            (*key, glossary.fill(if lang == Lang::Chinese { chinese } else { english }, lang.core()))
        };
        Words { lang, filled: WITH_TERMS.iter().map(fill).collect() }
    }

    /// The language.
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// The text of a key; the key itself where the table does not know it.
    pub(crate) fn t<'k>(&'k self, key: &'k str) -> &'k str {
        static BY_KEY: LazyLock<HashMap<&str, (&str, &str)>> =
            LazyLock::new(|| all().map(|(key, chinese, english)| (*key, (*chinese, *english))).collect());
        match (self.filled.get(key), BY_KEY.get(key)) {
            (Some(filled), _) => filled,
            (None, Some((chinese, _))) if self.lang == Lang::Chinese => chinese,
            (None, Some((_, english))) => english,
            (None, None) => key,
        }
    }
}

type Text = (&'static str, &'static str, &'static str);

fn all() -> impl Iterator<Item = &'static Text> {
    let rooms = [
        deals::TEXTS,
        payments::TEXTS,
        duplicates::TEXTS,
        groups::TEXTS,
        merges::TEXTS,
        pools::TEXTS,
        recycling::TEXTS,
        hand_over::TEXTS,
        reminders::TEXTS,
        custom_fields::TEXTS,
        configuration::TEXTS,
        field_rights::TEXTS,
        exports::TEXTS,
        imports::TEXTS,
        search::TEXTS,
        panels::TEXTS,
    ];
    TEXTS.iter().chain(rooms.into_iter().flatten())
}

/// Key, Chinese, English. `f_` are fields, `q_` those of queries where they are called otherwise, `h_` those of parts of a history, `e_` errors, `s_` sections of forms, `op_` operations.
const TEXTS: &[Text] = &[
    ("", "", ""),
    ("product", "云帆办公", "Yunfan Office"),
    ("home", "工作台", "Home"),
    ("menu", "菜单", "Menu"),
    ("skip", "跳到正文", "Skip to content"),
    ("other_lang", "en", "zh"),
    ("other_tag", "en", "zh-CN"),
    ("other_name", "English", "中文"),
    ("sign_in", "登录", "Sign in"),
    ("sign_out", "退出", "Sign out"),
    (
        "sign_in_intro",
        "演示环境：选择一个人员即可登录，无需密码。",
        "A demonstration: choose a person to sign in; there is no password.",
    ),
    ("no_people", "组织中还没有人员。", "There are no people in the organisation yet."),
    ("hello", "您好，", "Hello, "),
    ("home_today_none", "今天没有待{follow}的客户。", "Nobody waits for a {follow_up} today."),
    ("home_idle_none", "没有超过 7 天未{follow}的客户。", "No customer was left alone for 7 days."),
    ("home_recent_none", "您还没有浏览过客户。", "You have not looked at any customer yet."),
    ("show_all", "查看全部", "Show all"),
    ("to_home", "返回工作台", "To the home page"),
    ("save", "保存", "Save"),
    ("create", "新建", "Create"),
    ("cancel", "取消", "Cancel"),
    ("edit", "编辑", "Edit"),
    ("delete", "删除", "Delete"),
    ("remove", "移除", "Remove"),
    ("restore", "恢复", "Restore"),
    ("add", "添加", "Add"),
    ("search", "搜索", "Search"),
    ("more_filters", "更多条件", "More conditions"),
    ("filter", "筛选", "Filter"),
    ("no_filter", "清除筛选", "Clear"),
    ("any", "全部", "Any"),
    ("yes", "是", "Yes"),
    ("no", "否", "No"),
    ("nothing", "（空）", "(empty)"),
    ("nobody", "无", "Nobody"),
    ("never", "从未{follow}", "Never"),
    ("overdue", "已逾期", "overdue"),
    ("system", "系统", "System"),
    ("on_this_page", "本页内容", "On this page"),
    ("pages", "分页", "Pages"),
    ("first_page", "首页", "First page"),
    ("next_page", "下一页", "Next page"),
    ("search_name", "名称、简称或编号", "Name, short name or number"),
    ("search_contact", "姓名或电话", "Name or phone"),
    ("only_mine", "仅我的客户", "My customers only"),
    ("none_match", "没有符合条件的客户。", "No customer matches."),
    ("none_here", "这里还没有客户。", "There are no customers here."),
    ("bin_empty", "回收站是空的。", "The recycle bin is empty."),
    ("tick", "选择", "Choose"),
    ("tick_all", "全选本页", "Choose all on this page"),
    ("with_ticked", "对所选客户：", "With those chosen:"),
    ("tick_some", "请先勾选客户。", "Choose customers first."),
    ("n_ticked", "已选择 {n} 个客户。", "{n} customers chosen."),
    ("back_to_list", "返回列表", "Back to the list"),
    ("batch_done", "成功", "Done"),
    ("batch_failed", "失败", "Not done"),
    ("outcome", "结果", "Outcome"),
    ("item_done", "成功", "Done"),
    ("order_own", "默认排序", "Usual order"),
    ("order_newest", "最新创建", "Newest first"),
    ("order_latest", "最近{follow}", "Latest first"),
    ("order_oldest", "最早创建", "Oldest first"),
    ("order_name", "名称（拼音）", "Name"),
    ("order_next_follow_up", "下次{follow}时间", "Next {follow_up}"),
    ("order_longest_idle", "最久未{follow}", "Longest idle"),
    ("order_shortest_idle", "最短未{follow}", "Shortest idle"),
    ("customer", "客户", "Customer"),
    ("new_customer", "新建客户", "New customer"),
    ("edit_customer", "编辑客户", "Edit customer"),
    ("delete_customer", "删除客户", "Delete"),
    (
        "delete_intro",
        "客户将移入回收站，在到期前可以恢复。名称和编号随即释放。",
        "The customer goes to the recycle bin, from where it can be restored until its time is over. Its name and number are free at once.",
    ),
    (
        "restore_intro",
        "名称已被其他客户使用，请换一个名称恢复。",
        "Its name was taken meanwhile: restore it under another one.",
    ),
    ("in_bin", "在回收站中", "In the recycle bin"),
    ("deleted_at", "删除时间", "Deleted"),
    ("received_at", "接收时间", "Received"),
    ("created", "创建", "Created"),
    ("changed", "最近修改", "Changed"),
    ("details", "客户详情", "Details"),
    ("contacts", "联系人", "Contacts"),
    ("relations", "关联客户", "Related customers"),
    ("shares", "共享", "Shared with"),
    ("history", "变更记录", "History"),
    ("no_contacts", "没有联系人。", "No contacts."),
    ("no_relations", "没有关联客户。", "No related customers."),
    ("no_shares", "没有共享给其他人。", "Shared with nobody."),
    ("no_follow_ups", "没有{follow_up}记录。", "No {follow_up}s."),
    ("no_history", "没有变更记录。", "Nothing was changed yet."),
    ("who_sees", "谁能看到", "Who can see this"),
    ("by_rule", "依据", "Because"),
    ("can_edit", "可编辑", "May edit"),
    ("rule_owner", "所属销售", "Owner"),
    ("rule_superior", "上级岗位", "Superior"),
    ("rule_administrator", "管理员", "Administrator"),
    ("rule_share", "共享", "Shared"),
    ("transfer", "移交", "Transfer"),
    ("transfer_customer", "移交客户", "Transfer customer"),
    ("transfer_customers", "批量移交", "Transfer customers"),
    (
        "transfer_intro",
        "新的所属销售可以看到此前的全部内容；现有共享随之结束或保留，视设置而定。",
        "The new owner reads everything that went before; present shares end, or stay, by the settings.",
    ),
    (
        "keep_reader_help",
        "原所属销售在此日期前（含当日）仍可查看；留空则不再可见。",
        "Until the end of this day the former owner may still read it; empty: not at all.",
    ),
    ("owner_help", "留空则归您本人。", "Empty: yourself."),
    ("plan_next", "安排下次{follow}", "Plan next {follow_up}"),
    ("plan_customers", "批量安排下次{follow}", "Plan next {follow_up}s"),
    ("plan_help", "留空则取消已安排的{follow}。", "Empty: what is planned is cancelled."),
    ("share", "共享", "Share"),
    ("share_customer", "共享客户", "Share customer"),
    ("shared_in_part", "此客户只向您共享了：", "Of this customer is shared with you:"),
    ("share_help", "人员与岗位只选其一。", "A person or a position, not both."),
    ("ends_help", "到此日期结束（含当日）；留空则不限。", "Until the end of this day; empty: without end."),
    ("end_share", "结束共享", "End"),
    ("share_panels", "共享的内容", "What is shared"),
    ("panel_receipts", "{receipt}与{receipt}计划", "{Receipt}s and plans"),
    ("right_none", "不共享", "Not shared"),
    ("right_read", "可查看", "May read"),
    ("right_edit", "可编辑", "May edit"),
    ("until", "截至", "Until"),
    ("from", "自", "From"),
    ("last_follow_up", "上次{follow}", "Last {follow_up}"),
    ("next_follow_up", "下次{follow}", "Next {follow_up}"),
    ("follow_up", "{follow_up}", "{Follow_up}"),
    ("follow_ups", "{follow_up}记录", "{Follow_up}s"),
    ("fu_mine", "我的{follow_up}", "Mine"),
    ("fu_subordinates", "下属{follow_up}", "Subordinates'"),
    ("write_follow_up", "写{follow_up}", "Write a {follow_up}"),
    ("correct_follow_up", "修改{follow_up}内容", "Correct the text"),
    (
        "correct_intro",
        "仅作者本人可在时限内修改，修改会留痕。",
        "Only its author corrects a text, for a limited time; the correction is visible.",
    ),
    ("corrected", "已修改", "corrected"),
    ("correct", "修改", "Correct"),
    ("reply", "回复", "Reply"),
    ("answers", "回复给", "In answer to"),
    ("at_help", "留空则为当前时间。", "Empty: now."),
    (
        "addressed_help",
        "被@的人员若能看到该客户，将收到通知。",
        "Those addressed are told, if they can see the customer.",
    ),
    ("not_notified", "以下人员看不到该客户，未通知：", "Not told, since they can't see the customer:"),
    ("primary", "主联系人", "Primary"),
    ("make_primary", "设为主联系人", "Make primary"),
    ("add_contact", "添加联系人", "Add contact"),
    ("edit_contact", "编辑联系人", "Edit contact"),
    ("remove_contact", "移除联系人", "Remove"),
    ("remove_contact_intro", "联系人将从客户中移除。", "The contact is removed from the customer."),
    ("add_relation", "添加关联客户", "Add related customer"),
    ("relation_intro", "先按名称查找另一个客户。", "Look for the other customer by its name first."),
    ("add_position", "新增岗位", "Add position"),
    ("edit_position", "编辑岗位", "Edit position"),
    ("add_below", "添加下级", "Add below"),
    ("vacant", "空缺", "Vacant"),
    ("no_positions", "还没有岗位。", "There are no positions yet."),
    (
        "positions_intro",
        "上级岗位的人员可以看到其下所有岗位的客户；同一岗位的人员互相看不到对方的客户。",
        "Who holds a position sees the customers of all positions below it; holders of one position do not see each other's.",
    ),
    ("position_id_help", "宿主系统中的岗位标识，建立后不变。", "The host's id of the position; it stays."),
    ("removed_help", "须无人任职且无下级岗位。", "Nobody may hold it and nothing lie below it."),
    ("preview", "预览", "Preview"),
    (
        "preview_intro",
        "保存之后，下列人员可见的岗位会有变化：",
        "Once saved, these people see other positions than before:",
    ),
    ("preview_none", "没有人的可见范围会变化。", "Nobody sees more or less than before."),
    ("gains", "新增可见", "Gains sight of"),
    ("loses", "不再可见", "Loses sight of"),
    ("dictionaries", "基础数据", "Basic data"),
    ("dict_level", "客户级别", "Customer level"),
    ("dict_stage", "销售阶段", "Sales stage"),
    ("dict_source", "客户来源", "Source"),
    ("dict_industry", "行业", "Industry"),
    ("dict_method", "{follow}方式", "{Follow_up} method"),
    ("dict_relation_kind", "关联类型", "Kind of relation"),
    ("dict_product_category", "商品分类", "Product category"),
    ("dict_contract_kind", "合同类型", "Kind of contract"),
    ("dict_payment_method", "付款方式", "Payment method"),
    ("add_entry", "新增条目", "Add entry"),
    ("edit_entry", "编辑条目", "Edit entry"),
    ("merge", "合并", "Merge"),
    ("merge_entry", "合并条目", "Merge entry"),
    (
        "merge_intro",
        "所有使用此条目的记录将改用另一条目，此条目随即停用。",
        "Every record that holds this entry holds the other one from then on; this one is retired.",
    ),
    ("retired", "已停用", "Retired"),
    ("code_help", "记录中保存的代码，建立后不变。", "What records hold; it stays."),
    (
        "inverse_help",
        "从另一端看的名称，如母公司的另一端是子公司；双方相同则留空。",
        "The name seen from the other end, as the subsidiary is of the parent; empty where both are alike.",
    ),
    ("colour_help", "如 #1f6feb；可留空。", "Such as #1f6feb; may be empty."),
    ("retired_help", "已有记录保留此条目，但不再可选。", "Records keep it, nobody chooses it any more."),
    ("add_role", "新增角色", "Add role"),
    ("edit_role", "编辑角色", "Edit role"),
    ("host_role", "宿主角色", "Host role"),
    ("allow", "允许", "Allow"),
    ("deny", "禁止", "Deny"),
    (
        "administrator_help",
        "可查看全部客户，并拥有未被禁止的全部权限。",
        "Sees every customer and has every right that is not denied.",
    ),
    ("name_refuse", "拒绝", "Refuse it"),
    ("name_allow", "允许", "Allow it"),
    (
        "number_help",
        "可用 {yyyyMMdd}、{yyyy}、{MM}，且必须包含 {random}。",
        "May hold {yyyyMMdd}, {yyyy}, {MM} and must hold {random}.",
    ),
    ("zone_help", "IANA 名称，如 Asia/Shanghai。", "An IANA name, such as Asia/Shanghai."),
    ("methods_help", "都不选则所有方式都计入。", "None ticked: all of them count."),
    ("one_per_line", "每行一个。", "One per line."),
    ("present_value", "现在的值：", "Stands now:"),
    (
        "conflict",
        "他人已同时修改此记录。请核对各字段现在的值，再次保存即以您的内容为准。",
        "Somebody else changed this meanwhile. Compare with what stands now; saving again takes your values.",
    ),
    ("see_fields", "请检查标出的字段。", "Please look at the fields marked below."),
    ("solar", "公历", "Solar"),
    ("lunar", "农历", "Lunar"),
    ("gender_female", "女", "Female"),
    ("gender_male", "男", "Male"),
    ("gender_other", "其他", "Other"),
    ("kind_company", "企业", "Company"),
    ("kind_person", "个人", "Person"),
    ("status_active", "正常", "Active"),
    ("status_deleted", "在回收站中", "In the recycle bin"),
    ("field", "字段", "Field"),
    ("was", "原值", "Was"),
    ("became", "新值", "Became"),
    ("s_basic", "基本信息", "Basics"),
    ("s_contact", "主联系人", "Primary contact"),
    ("s_primary", "主联系人", "Primary contact"),
    ("s_more", "更多信息", "More"),
    ("s_owner", "所属销售", "Owner"),
    ("s_birthday", "生日", "Birthday"),
    ("s_when_where", "时间与地点", "When and where"),
    ("s_bearers", "拥有者", "Who has it"),
    ("s_customers", "客户", "Customers"),
    ("s_follow_ups", "{follow_up}", "{Follow_up}s"),
    ("f_name", "名称", "Name"),
    ("f_person_name", "姓名", "Name"),
    ("f_kind", "类型", "Kind"),
    ("f_short_name", "简称", "Short name"),
    ("f_number", "客户编号", "Customer number"),
    ("f_credit_code", "统一社会信用代码", "Credit code"),
    ("f_level", "级别", "Level"),
    ("f_stage", "销售阶段", "Stage"),
    ("f_source", "来源", "Source"),
    ("f_industry", "行业", "Industry"),
    ("f_region", "地区", "Region"),
    ("f_address", "地址", "Address"),
    ("f_phones", "电话", "Phones"),
    ("f_website", "网站", "Website"),
    ("f_email", "电子邮件", "E-mail"),
    ("f_description", "描述", "Description"),
    ("f_birthday", "生日", "Birthday"),
    ("f_birthday_calendar", "历法", "Calendar"),
    ("f_birthday_year", "年（可不填）", "Year (may be unknown)"),
    ("f_birthday_month", "月", "Month"),
    ("f_birthday_day", "日", "Day"),
    ("f_birthday_leap", "闰月", "Leap month"),
    ("f_owner", "所属销售", "Owner"),
    ("h_share", "共享", "Share"),
    ("s_sharing", "共享", "Sharing"),
    ("f_sharing_end_with_owner", "更换所属销售时共享终止", "Shares end with a change of owner"),
    ("f_owner_position", "所属岗位", "Owner's position"),
    ("f_to", "移交给", "To"),
    ("f_keep_reader_until", "原所属销售保留查看至", "Former owner reads until"),
    ("f_reason", "原因", "Reason"),
    ("f_order", "排序", "Order"),
    ("f_days", "天数", "Days"),
    ("f_person", "人员", "Person"),
    ("f_position", "岗位", "Position"),
    ("f_ends_at", "结束日期", "Until"),
    ("f_with", "共享给", "With"),
    ("f_share", "共享", "Share"),
    ("f_share_label", "说明（如 售前、服务）", "Label (such as presales, service)"),
    ("f_label", "名称", "Label"),
    ("f_inverse_label", "另一端名称", "Label from the other end"),
    ("f_hierarchical", "层级关系（不可循环）", "Makes a tree (no circles)"),
    ("f_code", "代码", "Code"),
    ("f_colour", "颜色", "Colour"),
    ("f_retired", "停用", "Retired"),
    ("f_into", "合并到", "Into"),
    ("f_customer", "客户", "Customer"),
    ("f_contact", "联系人", "Contact"),
    ("f_first", "一方", "One"),
    ("f_second", "另一方", "Other"),
    ("f_relation", "关联客户", "Relation"),
    ("f_relation_kind", "对方是本客户的", "The other one is its"),
    ("f_note", "备注", "Note"),
    ("f_content", "内容", "What was done"),
    ("f_method", "{follow}方式", "Method"),
    ("f_next_at", "下次{follow}时间", "Next {follow_up}"),
    ("f_next_content", "下次{follow}内容", "What is planned"),
    ("f_next_follow_up_at", "下次{follow}时间", "Next {follow_up}"),
    ("f_at", "{follow}时间", "When"),
    ("f_place_text", "地点", "Place"),
    ("f_addressed", "@ 提醒", "Address (@)"),
    ("f_gender", "性别", "Gender"),
    ("f_title", "职务", "Title"),
    ("f_department", "部门", "Department"),
    ("f_wechat", "微信", "WeChat"),
    ("f_qq", "QQ", "QQ"),
    ("f_preferences", "喜好", "Preferences"),
    ("f_primary", "设为主联系人", "Primary contact"),
    ("f_new_primary", "新的主联系人", "New primary contact"),
    ("f_position_id", "岗位标识", "Position id"),
    ("f_parent", "上级岗位", "Position above"),
    ("f_removed", "删除此岗位", "Remove this position"),
    ("f_holders", "任职人员", "Holders"),
    ("f_role_id", "角色标识", "Role id"),
    ("f_administrator", "管理员", "Administrator"),
    ("f_everyone", "所有人", "Everyone"),
    ("f_people", "人员", "People"),
    ("f_positions", "岗位", "Positions"),
    ("f_host_roles", "宿主角色", "Host roles"),
    ("f_time_zone", "时区", "Time zone"),
    ("f_same_name", "录入同名企业时", "A company of the same name"),
    ("f_customer_number", "客户编号规则", "Pattern of customer numbers"),
    ("f_recycle_bin_days", "回收站保留天数", "Days in the recycle bin"),
    ("f_follow_up_correction_hours", "{follow_up}可修改时限（小时）", "Hours for corrections"),
    ("f_follow_up_least_length", "计入{follow}的最少字数", "Least length that counts"),
    ("f_follow_up_methods_that_count", "计入{follow}的方式", "Methods that count"),
    ("f_follow_up_superiors_count", "上级的{follow_up}也计入", "A superior's {follow_up} counts"),
    ("f_status", "状态", "Status"),
    ("q_from", "起始日期", "First day"),
    ("q_to", "截止日期", "Last day"),
    ("q_on", "日期", "Day"),
    ("q_parts", "等分期数", "Equal parts"),
    ("q_percents", "比例", "Percentages"),
    ("q_of", "范围", "Scope"),
    ("q_basis", "口径", "Basis"),
    ("q_per", "周期", "Period"),
    ("q_by", "细分", "Broken down by"),
    ("op_edit_customer", "编辑", "Edited"),
    ("op_edit_customers", "批量编辑", "Edited in a batch"),
    ("op_plan_follow_ups", "安排{follow}", "Planned"),
    ("op_transfer_customers", "移交", "Transferred"),
    ("op_delete_customer", "删除", "Deleted"),
    ("op_restore_customer", "恢复", "Restored"),
    ("op_add_contact", "添加联系人", "Contact added"),
    ("op_remove_contact", "移除联系人", "Contact removed"),
    ("op_add_relation", "添加关联", "Relation added"),
    ("op_remove_relation", "移除关联", "Relation removed"),
    ("op_share_customer", "共享", "Shared"),
    ("op_end_share", "结束共享", "Share ended"),
    ("op_follow_up", "{follow_up}", "Followed up"),
    ("op_tick", "到期处理", "Came due"),
    ("module_customer", "客户", "Customers"),
    ("module_contact", "联系人", "Contacts"),
    ("module_follow_up", "{follow_up}", "{Follow_up}s"),
    ("module_sharing", "共享", "Sharing"),
    ("module_person", "人员", "People"),
    ("module_position", "岗位", "Positions"),
    ("module_role", "角色", "Roles"),
    ("module_dictionary", "基础数据", "Basic data"),
    ("module_settings", "设置", "Settings"),
    ("module_event", "事件", "Events"),
    ("may_view", "查看", "view"),
    ("may_edit", "编辑", "edit"),
    ("may_create", "新建", "create"),
    ("may_delete", "删除", "delete"),
    ("may_export", "导出", "export"),
    ("may_merge", "合并", "merge"),
    ("may_assign", "分配", "assign"),
    ("may_manage_fields", "管理字段", "manage fields"),
    ("may_manage_settings", "管理设置", "manage settings"),
    ("done_created", "客户已创建。", "The customer was created."),
    ("done_saved", "已保存。", "Saved."),
    ("done_transferred", "客户已移交。", "The customer was transferred."),
    ("done_deleted", "客户已移入回收站。", "The customer is in the recycle bin."),
    ("done_restored", "客户已恢复。", "The customer was restored."),
    ("done_followed", "{follow_up}已保存。", "The {follow_up} was saved."),
    ("done_replied", "已回复。", "The reply was sent."),
    ("done_contact_added", "联系人已添加。", "The contact was added."),
    ("done_removed_contact", "联系人已移除。", "The contact was removed."),
    ("done_primary", "已设为主联系人。", "The primary contact was set."),
    ("done_related", "关联已添加。", "The relation was added."),
    ("done_removed_relation", "关联已移除。", "The relation was removed."),
    ("done_shared", "客户已共享。", "The customer was shared."),
    ("done_removed_share", "共享已结束。", "The share was ended."),
    ("done_merged", "条目已合并。", "The entry was merged."),
    ("e_not_found", "页面不存在", "There is no such page"),
    ("e_method", "此地址不支持该请求方法", "This address does not take that method"),
    ("e_bad_request", "请求无法识别", "The request can't be read"),
    (
        "e_stale_form",
        "表单已失效，请返回并重新加载页面",
        "This form is no longer valid: go back and load the page anew",
    ),
    ("e_too_large", "提交的内容过大", "Too much was sent"),
    ("e_unnamed", "网关未提供用户身份", "The gateway did not name the user"),
    ("e_internal", "服务器内部错误", "Something went wrong here"),
    ("e_unauthenticated", "未登录", "Not signed in"),
    ("e_media_type", "请使用 application/json", "Send application/json"),
    ("e_cross_site", "拒绝来自其他网站的请求", "Requests from other sites are refused"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_and_no_text_is_missing() {
        let mut keys: Vec<&str> = all().map(|(key, _, _)| *key).collect();
        keys.sort_unstable();
        let many = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), many);
        for (key, chinese, english) in all().skip(1) {
            assert!(!chinese.is_empty() && !english.is_empty(), "{key}");
        }
    }

    /// What is renamed is renamed in every text.
    #[test]
    fn no_text_names_a_term_in_words() {
        for term in Glossary::default().terms {
            let spellings = [&term.preset_chinese].into_iter().chain(&term.other_chinese);
            let spellings: Vec<&String> = spellings.collect();
            let english = [term.preset_english.as_str(), term.preset_english.rsplit(' ').next().unwrap()];
            for (key, chinese, own) in all() {
                let outside: String =
                    own.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
                let mut words = outside.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
                let named = words.any(|word| english.contains(&word.to_lowercase().trim_end_matches('s')));
                // To follow, and to be told, are said of much.
                assert!(!named || term.key == "follow", "{key}: {own}");
                assert!(!spellings.iter().any(|word| chinese.contains(word.as_str())), "{key}: {chinese}");
            }
        }
    }

    #[test]
    fn every_text_of_a_page_is_in_the_table() {
        let mut asked = 0;
        let folders = ["templates", "src", "src/pages"]
            .map(|folder| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        for file in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
            let path = file.unwrap().path();
            let Ok(content) = std::fs::read_to_string(&path) else { continue };
            for marker in [".t(\"", ".notice(\"", ".section(\"", ".folded(\"", ".submit(\"", ".help(\""] {
                for after in content.split(marker).skip(1) {
                    let key = after.split('"').next().unwrap();
                    asked += 1;
                    assert!(all().any(|(known, _, _)| *known == key), "{key} in {}", path.display());
                }
            }
        }
        assert!(asked > 150, "{asked}");
    }
}
