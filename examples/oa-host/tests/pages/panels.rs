//! Panels of the host's own data: A6, C4 on the pages.

use crate::deals::{gone, post};
use crate::pools::{call, lacks, says, staff};
use crate::run::Host;
use crm_core::store::sql::sqlite::rusqlite::Connection;
use serde_json::json;

#[test]
fn a6_an_administrator_shows_projects_on_the_page_of_a_customer() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::on(&format!("sqlite:{}", dir.path().join("oa.db").display()), &[]);
    let (admin, mei, lan) = staff(&host);
    let made = call(&mei, "create_customer", &json!({"customer": {"name": "杭州云帆科技有限公司"}}));
    let page = format!("/customers/{}", made["id"].as_str().unwrap());
    says(&admin.get("/panels"), &["还没有面板"]);
    assert_eq!(mei.get("/panels").status, 403);
    lacks(&mei.get("/"), &["href=\"/panels\""]);
    let columns = "name text 项目\namount number 预算\ndue date 计划完成";
    let panel = [("title", "项目"), ("source", "projects"), ("columns", columns), ("order", "0")];
    for (name, bad) in [
        ("columns", "name"),
        ("columns", "name picture 图"),
        ("columns", "Name text 项目"),
        ("source", "a b"),
        ("order", "x"),
    ] {
        let typed: Vec<(&str, &str)> =
            panel.iter().map(|(own, value)| (*own, if *own == name { bad } else { *value })).collect();
        let answer = post(&admin, "/panels/edit", "/panels/edit", &typed);
        assert_eq!(answer.status, 422, "{bad}: {}", answer.body);
        assert!(answer.body.contains("aria-invalid"), "{bad}");
    }
    assert_eq!(gone(&post(&admin, "/panels/edit", "/panels/edit", &panel)), "/panels");
    let kept = admin.get("/panels");
    says(&kept, &["项目", "projects", "计划完成", "所有能查看客户资料的人"]);
    says(&mei.get(&page), &["项目", "暂无数据"]);

    let projects = Connection::open(dir.path().join("oa.projects.db")).unwrap();
    for number in 0..23 {
        let values = (made["id"].as_str().unwrap(), number, format!("<一期> {number}"), "2027-03-01");
        projects.execute("INSERT INTO project VALUES ('demo', ?1, ?2, ?3, '立项', '5000.00', ?4)", values).unwrap();
    }
    let shown = mei.get(&page);
    says(&shown, &["&#60;一期&#62; 0", "&#60;一期&#62; 4", "5000.00", "2027-03-01", "查看全部"]);
    lacks(&shown, &["&#60;一期&#62; 5", "立项"]);
    let id = kept.body.split("/panels/edit?id=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let rows = format!("{page}/panels/{id}");
    let first = mei.get(&rows);
    says(&first, &["&#60;一期&#62; 0", "&#60;一期&#62; 19", "cursor="]);
    lacks(&first, &["&#60;一期&#62; 20"]);
    let next = first.body.split(&format!("{rows}?cursor=")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    says(&mei.get(&format!("{rows}?cursor={next}")), &["&#60;一期&#62; 20", "&#60;一期&#62; 22"]);
    assert_eq!(lan.get(&rows).status, 404);

    // For others alone; then from a source that the host does not know.
    let edit = format!("/panels/edit?id={id}");
    let changed = |values: &[(&str, &str)]| {
        gone(&post(&admin, &edit, "/panels/edit", &[&[("id", id.as_str())], &panel[..], values].concat()))
    };
    changed(&[("people", "lan")]);
    says(&admin.get("/panels"), &["兰"]);
    lacks(&mei.get(&page), &["一期"]);
    assert_eq!(mei.get(&rows).status, 404);
    let other = [("title", "项目"), ("source", "tickets"), ("columns", columns), ("order", "0")];
    gone(&post(&admin, &edit, "/panels/edit", &[&[("id", id.as_str())], &other[..]].concat()));
    says(&mei.get(&page), &["杭州云帆科技有限公司", "数据暂时无法读取"]);
    assert_eq!(mei.get(&rows).status, 503);
}
