//! Texts of groups of duplicates, and of the search for them.

use super::Text;

/// Key, Chinese, English.
pub(super) const TEXTS: &[Text] = &[
    ("duplicate_groups", "重复客户", "Duplicates"),
    (
        "duplicate_groups_intro",
        "可能是同一客户的分组，最相似的在前。合并可以撤销；标记为不是重复的不再列出，直到其名称、电话等发生变化。",
        "Customers that may be the same, the most alike first. A merge can be taken back; what is no duplicate is left out until a name, a phone or the like changes.",
    ),
    ("group_score", "相似度 {n} / 1000", "Score {n} / 1000"),
    ("group_keep", "保留", "Keep"),
    ("group_merge", "合并所选", "Merge those chosen"),
    ("group_dismiss", "不是重复", "Not duplicates"),
    ("group_pairs", "谁与谁相似", "Who is like whom"),
    ("group_more", "另有 {n} 对", "{n} more pairs"),
    (
        "group_cut",
        "还有相似的客户未列入本组，重新查重后会列出。",
        "Others are like these, for whom there was no room: a later search finds them.",
    ),
    ("group_too_few", "请至少选择两个客户。", "Choose at least two customers."),
    (
        "group_read_only",
        "其中有您无权编辑的客户，不能标记。",
        "You may only read one of these customers: they can't be marked.",
    ),
    ("done_dismissed", "已标记为不是重复：{n} 对客户。", "Pairs of customers marked as not duplicates: {n}."),
    ("undo", "撤销", "Undo"),
    (
        "done_reopened",
        "已撤销，{n} 对客户重新列为可能重复。",
        "Taken back. Pairs of customers that may be duplicates again: {n}.",
    ),
    (
        "nothing_reopened",
        "这些客户没有标记为不是重复，无需撤销。",
        "None of these customers was marked: there was nothing to take back.",
    ),
    ("groups_none", "没有需要处理的重复客户。", "There are no duplicates to look through."),
    ("groups_never", "还没有查重结果，请先开始查重。", "There is nothing to look through yet: search first."),
    ("groups_wait", "查重完成后，结果显示在这里。", "What the search finds is shown here once it is finished."),
    (
        "groups_none_of_yours",
        "没有需要您处理的重复客户。管理员查重后，结果显示在这里。",
        "There are no duplicates for you to look through. What an administrator's search finds is shown here.",
    ),
    (
        "groups_none_on_page",
        "本页的分组均已处理，或您无权查看，请看下一页。",
        "Those of this page are dealt with, or not open to you: see the next page.",
    ),
    ("search_all", "全库查重", "Search of all customers"),
    (
        "search_help",
        "在全部客户中查找重复，一百万个客户约需一分钟，期间可照常工作。",
        "Looks for duplicates among all customers. A million takes about a minute, during which everybody goes on working.",
    ),
    ("search_never", "尚未查重", "Not searched yet"),
    ("search_running", "正在查重", "Searching"),
    ("search_finished", "已完成", "Finished"),
    ("search_cancelled", "已取消", "Cancelled"),
    ("search_at", "时间", "When"),
    ("search_by", "发起人", "Begun by"),
    ("search_customers", "客户", "Customers"),
    ("search_compared", "比较（对）", "Pairs compared"),
    ("search_groups", "重复分组", "Groups"),
    (
        "search_word",
        "已读取 {customers} 个客户，比较 {pairs} 对 · 更新于 {at}",
        "{customers} customers read, {pairs} pairs compared · as of {at}",
    ),
    (
        "search_silent",
        "查重已长时间没有进展，可能已中断：请取消后重新开始。",
        "Nothing was heard of it for some time, it may have broken off: cancel it and search again.",
    ),
    ("search_left_out", "另有 {n} 组相似度较低，未列出。", "Groups of lower scores that are not listed: {n}."),
    (
        "search_crowded",
        "有 {n} 处相似的客户过多，未逐一比较。",
        "Where too many were like each other, not everyone was compared with everyone: {n} times.",
    ),
    ("search_before", "以下是上一次查重的结果。", "Below is what the search before it found."),
    ("search_begin", "开始查重", "Search now"),
    ("search_again", "重新查重", "Search again"),
    ("search_cancel", "取消查重", "Cancel the search"),
    ("search_refresh", "刷新", "Refresh"),
    ("done_search_begun", "查重已开始，您可以离开本页。", "The search has begun: you need not wait here."),
    ("done_search_finished", "查重完成，发现 {n} 组重复客户。", "The search is finished: {n} groups of duplicates."),
    ("done_search_cancelled", "查重已取消。", "The search was cancelled."),
];
