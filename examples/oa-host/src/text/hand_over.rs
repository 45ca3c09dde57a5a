//! Texts of handing over 交接.

use super::Text;

/// Key, Chinese, English.
pub(super) const TEXTS: &[Text] = &[
    ("hand_over", "交接", "Hand over"),
    (
        "hand_over_intro",
        "将离职或转岗人员名下的客户、合同职责、待办计划、他人共享给他的客户及{pool}职责一并移交给接手人。可先预览。",
        "Gives what somebody has who leaves or changes his position to another one: customers, duties of contracts, what is planned on both, what is shared with him, and his places in {pool}s. See the preview first.",
    ),
    ("hand_over_from", "交接人", "From"),
    (
        "hand_over_from_help",
        "留空并选择岗位：移交该岗位以往任职者名下的客户和合同。",
        "Left empty, with a position: from those who had it at the position before.",
    ),
    ("who_left", "（已停用）", "(left)"),
    (
        "hand_over_position_help",
        "选择后只移交其在该岗位的客户和合同。",
        "Where one is chosen, only customers and contracts that are had at it.",
    ),
    ("hand_over_to", "接手人", "To"),
    (
        "hand_over_to_position_help",
        "留空：接手人任上述岗位时为该岗位，否则为其主岗。",
        "Left empty: the one that is handed over if he holds it, else his main one.",
    ),
    ("f_parts", "移交内容", "What"),
    ("parts_help", "不选则全部移交。", "Nothing ticked: all of it."),
    ("part_customers", "客户", "Customers"),
    ("part_planned", "待{follow}计划", "Planned {follow_up}s"),
    ("part_contracts", "合同", "Contracts"),
    ("part_instalments", "未{receipt}期次", "Open instalments"),
    ("part_shares", "共享给他的客户", "Shared with him"),
    ("part_pools", "{pool}职责", "Places in {pool}s"),
    ("hand_over_preview", "将移交", "What would go"),
    ("nothing_to_hand_over", "没有可移交的内容。", "There is nothing to hand over."),
    ("hand_over_stays", "未移交", "Stays"),
    ("handed_over_before", "交接记录", "Handed over before"),
    ("nothing_handed_over", "还没有交接记录。", "Nothing was handed over yet."),
    ("handed_over_what", "已移交", "Went"),
    ("handed_over_when", "交接时间", "When"),
    ("hand_over_running", "进行中", "Going on"),
    ("hand_over_stopped", "已中止", "Stopped"),
    ("stopped_owner_deactivated", "接手人已停用", "who was to get it left"),
    ("stopped_owner_elsewhere", "接手人已不在该岗位", "who was to get it left the position"),
    ("done_handed_over", "已全部移交。", "All of it was handed over."),
    (
        "done_handed_over_left",
        "已移交；部分内容未能移交，原因见交接记录。",
        "Handed over. Something stays where it is: the list says why.",
    ),
    ("hand_over_goes_on", "交接正在进行，稍后刷新查看。", "It goes on: look again in some minutes."),
    ("hand_over_stopped_short", "交接中止：接手人已停用或已不在该岗位。", "It stopped: who was to get it left."),
    ("op_hand_over", "交接", "Handed over"),
];
