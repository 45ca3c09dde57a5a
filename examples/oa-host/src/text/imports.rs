//! Texts of imports.

use super::Text;

pub(super) const TEXTS: &[Text] = &[
    ("imports", "导入客户", "Import customers"),
    (
        "import_help",
        "Excel（xlsx）或 CSV（UTF-8、GB18030）文件，首行为列名，最大 25 MB，最多 200000 行。",
        "An Excel (xlsx) or csv file (UTF-8, GB18030) with headers in its first row, up to 25 MB and 200,000 rows.",
    ),
    ("import_upload", "上传", "Upload"),
    ("imports_busy", "当前导入过多，请稍后再试。", "Too much is being imported; try again later."),
    ("import_line", "（第 {n} 行）", " (line {n})"),
    ("import_columns", "选择各列对应的字段", "Which column is what"),
    ("import_header", "列名", "Column"),
    ("import_samples", "示例", "Examples"),
    ("import_field", "字段", "Field"),
    ("import_leave", "（不导入）", "(left out)"),
    ("import_reason", "与已有客户相似时仍要导入的理由", "Why rows are imported that are like customers that are there"),
    (
        "import_reason_help",
        "留空则跳过需要理由的相似行。试运行不写入任何数据；文件内部的重复在正式导入时才会发现。",
        "Left empty, such rows are skipped. A dry run writes nothing; what two rows of the file have in common is found by the import itself.",
    ),
    ("import_look", "试运行", "Dry run"),
    ("import_run", "导入", "Import"),
    ("import_dry", "试运行", "Dry run"),
    ("import_no_name", "请为客户名称选择一列。", "Choose a column for the name."),
    ("import_running", "正在导入", "Importing"),
    ("import_so_far", "已处理 {n} / {all} 行", "{n} of {all} rows"),
    ("import_report", "导入报告", "Report of the import"),
    ("import_report_file", "下载报告", "Download the report"),
    ("import_created", "成功", "Created"),
    ("import_skipped", "重复跳过", "Skipped as duplicates"),
    ("import_failed", "失败", "Failed"),
    ("import_row", "行", "Row"),
    ("import_errors", "原因", "Why"),
    ("import_no_errors", "没有未导入的行。", "No row was left out."),
];
