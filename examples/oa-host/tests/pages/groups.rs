//! Groups of duplicates on the pages: looked through, merged, said to be none; and the search for them.

use crate::deals::{gone, post};
use crate::duplicates::two;
use crate::run::{Answer, Browser, Host, field};
use crm_core::store::sql::sqlite::SqliteOptions;
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::{
    Actor, Crm, DuplicateSearch, DuplicateSearchState, Environment, HostFailure, KINDS, SystemEnvironment, Timestamp,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

const GROUPS: &str = "/duplicates/groups";
const SEARCH: &str = "/duplicates/search";

/// Makes a customer; its id.
fn create(browser: &Browser, name: &str) -> String {
    let answer = browser.api("create_customer", &json!({"customer": {"name": name}}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let created: Value = serde_json::from_str(&answer.body).unwrap();
    created["id"].as_str().unwrap().to_owned()
}

/// Presses a button of the search.
fn press(browser: &Browser, deed: &str) -> String {
    gone(&browser.post(SEARCH, &[("_csrf", field(&browser.get(GROUPS).body, "_csrf")), ("deed", deed.to_owned())]))
}

/// Searches, and waits for the end as the script of the page does; the page.
fn searched(browser: &Browser) -> String {
    assert_eq!(press(browser, "begin"), GROUPS);
    let since = Instant::now();
    while !browser.get(SEARCH).body.is_empty() {
        assert!(since.elapsed() < Duration::from_secs(30), "the search does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    browser.get(GROUPS).body
}

/// Decides of some customers of a group.
fn decide(browser: &Browser, deed: &str, customers: &[&str], more: &[(&str, &str)]) -> Answer {
    let mut values = vec![("deed", deed)];
    values.extend(customers.iter().map(|customer| ("customer", *customer)));
    values.extend(more);
    post(browser, GROUPS, GROUPS, &values)
}

/// How many groups a page has.
fn groups(page: &str) -> usize {
    page.matches("<article").count()
}

/// A clock that stands still at its third look until it may go on.
struct Slow {
    looks: AtomicUsize,
    /// How many milliseconds it is behind.
    behind: i64,
    reached: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl Environment for Slow {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        if self.looks.fetch_add(1, Ordering::SeqCst) == 2 {
            self.reached.send(()).unwrap();
            // Whoever waited may be gone: then there is nothing to wait for.
            let _ = self.go.lock().unwrap().recv();
        }
        Ok(Timestamp::from_millis(SystemEnvironment.now()?.millis() - self.behind).unwrap())
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        SystemEnvironment.entropy()
    }
}

/// Does something while another host's search goes on; what becomes of that one.
fn while_searching(database: &Path, behind: i64, then: impl FnOnce()) -> DuplicateSearch {
    let ((reached, waits), (going, go)) = (channel(), channel());
    let store = SqliteStore::open_file(database, SqliteOptions::default(), SqlOptions::new(KINDS)).unwrap();
    let crm = Crm::new(store, Slow { looks: AtomicUsize::new(0), behind, reached, go: Mutex::new(go) });
    let admin = Actor::user("demo", "admin").unwrap();
    std::thread::scope(|scope| {
        // Gone with this, also where something fails.
        let going = going;
        let search = scope.spawn(|| crm.as_user(&admin).find_duplicate_groups(None).unwrap());
        waits.recv().unwrap();
        then();
        going.send(()).unwrap();
        search.join().unwrap()
    })
}

#[test]
fn d4_groups_are_looked_through_merged_and_dismissed() {
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let admin = host.sign_in("admin");
    let (one, other) = (create(&mei, "杭州云杉软件有限公司"), create(&mei, "云杉软件（杭州）有限公司"));
    let of_lan = create(&lan, "杭州云杉软件股份有限公司");
    create(&lan, "<b>粗体</b>软件有限公司");
    create(&lan, "<b>粗体</b>软件股份有限公司");
    // Before a search: who may begin one is told so, others that an administrator does.
    let (never, nothing) = (admin.get(GROUPS).body, mei.get(GROUPS).body);
    assert!(never.contains("请先开始查重") && never.contains("value=\"begin\""), "{never}");
    assert!(nothing.contains("管理员查重后") && !nothing.contains(SEARCH), "{nothing}");
    assert!(mei.get("/").body.contains(&format!("href=\"{GROUPS}\"")), "the menu leads there");
    let page = searched(&admin);
    assert_eq!(groups(&page), 2, "{page}");
    for text in
        ["基本确定重复", "相似度 1000 / 1000", "名称相同", "谁与谁相似", "杭州云杉软件股份有限公司", "所属销售 兰"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains("&#60;b&#62;粗体") && !page.contains("<b>"), "{page}");
    // All are ticked, and the first one stays, unless somebody says otherwise.
    assert_eq!(
        (page.matches(" checked aria-label=\"选择").count(), page.matches(" checked aria-label=\"保留").count()),
        (5, 2)
    );
    let english = admin.clone().header("accept-language", "en").get(GROUPS).body;
    assert!(english.contains("Almost certainly the same") && english.contains("The same name"), "{english}");
    // Everybody sees those of whom he may open two.
    let own = mei.get(GROUPS).body;
    assert!(groups(&own) == 1 && !own.contains("股份") && !own.contains("谁与谁相似"), "{own}");
    // The merge is looked at first, with whom was chosen as the one that stays.
    let both = [one.as_str(), other.as_str()];
    let merge = |more: &[(&str, &str)]| gone(&decide(&mei, "merge", &both, more));
    let address = format!("/customers/{one}/merge?source={other}");
    assert_eq!(merge(&[]), address);
    assert_eq!(merge(&[("survivor", &other)]), format!("/customers/{other}/merge?source={one}"));
    assert_eq!(merge(&[("survivor", &of_lan)]), address, "who is not ticked does not stay");
    let shown = mei.get(&address);
    assert!(shown.status == 200 && shown.body.contains("name=\"field_name\""), "{}", shown.body);
    // Too few, or who may not be told apart.
    assert_eq!(gone(&decide(&mei, "dismiss", &[&one], &[])), GROUPS);
    assert!(mei.get(GROUPS).body.contains("请至少选择两个客户"));
    assert_eq!(gone(&decide(&mei, "dismiss", &[&one, &of_lan], &[])), GROUPS);
    assert!(mei.get(GROUPS).body.contains("class=\"notice problem\""));
    assert_eq!(decide(&mei, "dismiss", &[&one, "x"], &[]).status, 404);
    assert_eq!(decide(&mei, "nonsense", &both, &[]).status, 404);
    let share = json!({"customer": of_lan, "share": {"person": "mei", "right": "read"}});
    assert_eq!(lan.api("share_customer", &share).status, 200);
    assert_eq!(gone(&decide(&mei, "dismiss", &[&one, &of_lan], &[])), GROUPS);
    assert!(mei.get(GROUPS).body.contains("无权编辑"));
    // No duplicates: they are left out from now on.
    let all = [one.as_str(), &other, &of_lan];
    assert_eq!(gone(&decide(&admin, "dismiss", &all, &[])), GROUPS);
    let page = admin.get(GROUPS).body;
    assert!(page.contains("已标记为不是重复：3 对客户") && groups(&page) == 1, "{page}");
    assert!(!mei.get(GROUPS).body.contains(&one));
    assert_eq!(groups(&searched(&admin)), 1);
    // Who may not merge has neither link nor page.
    let role = json!({"id": "no_merge", "name": "x", "deny": ["customer.merge"], "people": ["mei"]});
    assert_eq!(admin.api("sync_roles", &json!({"roles": [role], "mode": "delta"})).status, 200);
    let home = mei.get("/").body;
    assert!(!home.contains(GROUPS) && mei.get(GROUPS).status == 403);
    let form = [("_csrf", field(&home, "_csrf")), ("deed", "merge".to_owned())];
    assert_eq!(mei.post(GROUPS, &form).status, 403);
    assert_eq!(admin.post(GROUPS, &[("deed", "dismiss".to_owned())]).status, 403, "a form needs its token");
}

/// What the button sends that takes a dismissal back.
fn undoing(page: &str) -> Vec<(&str, String)> {
    let form = page.split("<div class=\"notice done\">").nth(1).unwrap().split("</form>").next().unwrap();
    assert!(
        form.contains(&format!("method=\"post\" action=\"{GROUPS}\"")) && form.contains(">撤销</button>"),
        "{form}"
    );
    let mut sent = Vec::new();
    for input in form.split("name=\"").skip(1) {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        sent.push((name, rest.split('"').next().unwrap().to_owned()));
    }
    sent
}

#[test]
fn d4_what_was_said_to_be_none_is_taken_back_at_once() {
    let host = Host::start(&[]);
    let (mei, lan) = two(&host);
    let admin = host.sign_in("admin");
    let (one, other) = (create(&mei, "杭州云杉软件有限公司"), create(&mei, "云杉软件（杭州）有限公司"));
    assert_eq!(groups(&searched(&admin)), 1);
    gone(&decide(&mei, "dismiss", &[&one, &other], &[]));
    let page = mei.get(GROUPS).body;
    assert!(page.contains("已标记为不是重复：1 对客户") && groups(&page) == 0, "{page}");
    let undo = undoing(&page);
    assert!(!mei.get(GROUPS).body.contains(">撤销</button>"), "it is offered once");
    assert_eq!(gone(&mei.post(GROUPS, &undo)), GROUPS);
    let page = mei.get(GROUPS).body;
    assert!(page.contains("已撤销，1 对客户重新列为可能重复") && groups(&page) == 1, "{page}");
    assert!(!page.contains(">撤销</button>"), "{page}");
    // Sent twice it is one; sent anew there is nothing left to take back.
    gone(&mei.post(GROUPS, &undo));
    assert!(mei.get(GROUPS).body.contains("已撤销，1 对客户"));
    assert_eq!(gone(&decide(&mei, "reopen", &[&one, &other], &[])), GROUPS);
    assert!(mei.get(GROUPS).body.contains("无需撤销"));
    // Nobody takes back what he could not have said, and a form needs its token.
    let mut hers = vec![("_csrf", field(&lan.get(GROUPS).body, "_csrf"))];
    hers.extend(undo.iter().filter(|(name, _)| *name != "_csrf").cloned());
    assert_eq!(gone(&lan.post(GROUPS, &hers)), GROUPS);
    assert!(lan.get(GROUPS).body.contains("class=\"notice problem\""));
    let forged: Vec<_> = undo.into_iter().filter(|(name, _)| *name != "_csrf").collect();
    assert_eq!(mei.post(GROUPS, &forged).status, 403);
    let english = mei.clone().header("accept-language", "en");
    gone(&decide(&english, "dismiss", &[&one, &other], &[]));
    assert!(english.get(GROUPS).body.contains(">Undo</button>"));
}

#[test]
fn d4_groups_come_in_pages_and_are_come_back_to() {
    let host = Host::start(&[]);
    let admin = host.sign_in("admin");
    let places = ["春", "夏", "秋", "冬", "东", "南", "西", "北", "金", "银", "铜"];
    for (place, other) in
        places.iter().zip(["软件", "餐饮", "物流", "纺织", "医疗", "化工", "园艺", "影视", "教育", "建材", "能源"])
    {
        create(&admin, &format!("{place}鹏{other}有限公司"));
        create(&admin, &format!("{place}鹏{other}股份有限公司"));
    }
    let page = searched(&admin);
    assert_eq!(groups(&page), 10, "{page}");
    let next = page.split("href=\"").find(|part| part.contains("rel=\"next\"")).unwrap().split('"').next().unwrap();
    let second = admin.get(next).body;
    assert!(groups(&second) == 1 && second.contains(&format!("href=\"{GROUPS}\"")), "{second}");
    let cursor = field(&second, "cursor");
    let customers: Vec<&str> =
        second.split("name=\"customer\" value=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    assert_eq!(gone(&decide(&admin, "dismiss", &customers, &[("cursor", &cursor)])), next);
    assert!(admin.get(next).body.contains("没有需要处理的重复客户"));
    // The marker of what an earlier search found leads to the first page.
    searched(&admin);
    assert_eq!(gone(&admin.get(next)), GROUPS);
    assert!(admin.get(GROUPS).body.contains("class=\"notice problem\""));
}

#[test]
fn d4_a_search_is_begun_followed_and_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("oa.db");
    let host = Host::on(&format!("sqlite:{}", path.display()), &[]);
    let (mei, _) = two(&host);
    let admin = host.sign_in("admin");
    assert_eq!(admin.get(SEARCH).body, "", "there was none");
    let token = field(&mei.get(GROUPS).body, "_csrf");
    for deed in ["begin", "cancel"] {
        assert_eq!(mei.post(SEARCH, &[("_csrf", token.clone()), ("deed", deed.to_owned())]).status, 403, "{deed}");
        assert_eq!(admin.post(SEARCH, &[("deed", deed.to_owned())]).status, 403, "a form needs its token");
    }
    assert_eq!(mei.get(SEARCH).status, 403);
    let nonsense = [("_csrf", field(&admin.get(GROUPS).body, "_csrf")), ("deed", "x".to_owned())];
    assert_eq!(admin.post(SEARCH, &nonsense).status, 404);
    create(&mei, "杭州云杉软件有限公司");
    create(&mei, "云杉软件（杭州）有限公司");
    // While it goes on, the page has what its script asks for again and again, and a link for who has no script.
    let cancelled = while_searching(&path, 0, || {
        let page = admin.get(GROUPS).body;
        let told = admin.get(SEARCH).body;
        assert!(
            told.contains("<progress max=\"100\"") && told.contains("更新于 20") && !told.contains("<html"),
            "{told}"
        );
        for part in
            [&format!("data-poll=\"{SEARCH}\""), "<progress", "正在查重", "value=\"cancel\"", "刷新", "查重完成后"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("value=\"begin\"") && !page.contains("已长时间没有进展"), "{page}");
        assert_eq!(press(&admin, "cancel"), GROUPS);
        let page = admin.get(GROUPS).body;
        assert!(
            page.contains("查重已取消") && page.contains("已取消</span>") && page.contains("value=\"begin\""),
            "{page}"
        );
        assert_eq!(admin.get(SEARCH).body, "");
    });
    assert_eq!(cancelled.state, DuplicateSearchState::Cancelled);
    let page = searched(&admin);
    assert!(groups(&page) == 1 && page.contains("已完成</span>") && page.contains("重新查重"), "{page}");
    assert!(page.contains("<dt>客户</dt><dd>2</dd>") && page.contains("<dt>重复分组</dt><dd>1</dd>"), "{page}");
    assert!(page.contains("<dt>发起人</dt><dd>管理员</dd>"), "{page}");
    // Nothing goes on that could be cancelled, and the page does not say that something was.
    press(&admin, "cancel");
    assert!(!admin.get(GROUPS).body.contains("查重已取消"));
    // One that was not heard of for long may have broken off; the groups of the one before are shown meanwhile.
    let finished = while_searching(&path, 600_000, || {
        let page = admin.get(GROUPS).body;
        assert!(page.contains("已长时间没有进展") && page.contains("<progress") && groups(&page) == 1, "{page}");
        assert!(page.contains("以下是上一次查重的结果"), "{page}");
    });
    assert_eq!(finished.state, DuplicateSearchState::Finished);
}
