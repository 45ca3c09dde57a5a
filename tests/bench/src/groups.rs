//! `crm-bench groups NAMES [QUERIES] [--to COUNT] [STORE]...`: how long a search for groups of duplicates takes among many, and
//! how many labelled pairs land in one group.
//!
//! NAMES is a gzipped list of names, one a line; QUERIES a gzipped tsv with the columns `kind`, `query` and `true_name`: both names
//! become customers. With `--to` so many names are made of the list: each again with a place before it and a trade and a legal form
//! behind it, other ones each time. Every third customer has a phone, every tenth its neighbour's. For each store one line of JSON.

use crate::Result;
use crate::duplicates::{founded, lines};
use crm_core::store::sql::sqlite::{Durability, SqliteOptions, SqliteStore};
use crm_core::store::{MemoryStore, Store, sql::SqlOptions};
use crm_core::{CustomerId, NewCustomer, PageRequest};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Instant;

const PLACES: [&str; 40] = [
    "北京",
    "上海",
    "广州",
    "深圳",
    "杭州",
    "宁波",
    "苏州",
    "无锡",
    "南京",
    "成都",
    "重庆",
    "武汉",
    "长沙",
    "西安",
    "郑州",
    "济南",
    "青岛",
    "大连",
    "沈阳",
    "长春",
    "哈尔滨",
    "天津",
    "厦门",
    "福州",
    "泉州",
    "合肥",
    "南昌",
    "昆明",
    "贵阳",
    "南宁",
    "海口",
    "兰州",
    "太原",
    "石家庄",
    "温州",
    "东莞",
    "佛山",
    "珠海",
    "中山",
    "惠州",
];
const TRADES: [&str; 25] = [
    "科技",
    "贸易",
    "电子",
    "机械",
    "软件",
    "信息技术",
    "新材料",
    "建筑工程",
    "食品",
    "物流",
    "医疗器械",
    "环保科技",
    "文化传媒",
    "投资管理",
    "生物科技",
    "餐饮管理",
    "服饰",
    "化工",
    "装饰工程",
    "汽车配件",
    "网络科技",
    "电气",
    "家具",
    "教育咨询",
    "农业发展",
];
const FORMS: [&str; 4] = ["有限公司", "有限责任公司", "股份有限公司", "集团有限公司"];

/// As many names as are wanted, the same each time.
fn enough(names: &[String], wanted: usize) -> Vec<String> {
    let mut all: Vec<String> = names.iter().take(wanted).cloned().collect();
    let mut round = 1_u64;
    while all.len() < wanted && !names.is_empty() {
        for (place, name) in names.iter().enumerate().take(wanted - all.len()) {
            let dice = ((place as u64) * 2_654_435_761 + round * 318_547_390) >> 7;
            let of = |list: &'static [&'static str], by: u64| list[((dice / by) % list.len() as u64) as usize];
            all.push(format!("{}{name}{}{}", of(&PLACES, 1), of(&TRADES, 40), of(&FORMS, 1_000)));
        }
        round += 1;
    }
    all
}

/// The command.
pub fn run(args: impl Iterator<Item = String>) -> Result<()> {
    let (mut files, mut stores, mut wanted) = (Vec::new(), Vec::new(), None);
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--to" => wanted = Some(args.next().ok_or("--to needs a count")?.parse()?),
            "memory" | "sqlite" => stores.push(arg),
            _ => files.push(arg),
        }
    }
    let Some(names) = files.first() else {
        return Err("crm-bench groups NAMES [QUERIES] [--to COUNT] [memory|sqlite]...".into());
    };
    let mut names = lines(names)?;
    let mut pairs: Vec<[String; 3]> = Vec::new();
    for line in files.get(1).map(|file| lines(file)).transpose()?.unwrap_or_default().iter().skip(1) {
        let mut fields = line.split('\t').map(str::to_owned);
        if let (Some(kind), Some(query)) = (fields.next(), fields.next()) {
            pairs.push([kind, query, fields.next().unwrap_or_default()]);
        }
    }
    if let Some(wanted) = wanted {
        names = enough(&names, wanted);
    }
    // The one and the other of each pair are there, first of all.
    let labelled = pairs.iter().flat_map(|[_, query, name]| [query, name]).filter(|name| !name.is_empty());
    let mut all: Vec<String> = labelled.cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let known: HashSet<String> = all.iter().cloned().collect();
    let room = names.len().max(all.len()) - all.len();
    all.extend(names.into_iter().filter(|name| !known.contains(name)).take(room));
    let stores = if stores.is_empty() { vec!["memory".to_owned(), "sqlite".to_owned()] } else { stores };
    for store in stores {
        let dir = tempfile::tempdir()?;
        if store == "memory" {
            measure(&store, MemoryStore::new(), &all, &pairs)?;
        } else {
            let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
            let path = dir.path().join("groups.db");
            measure(&store, SqliteStore::open_file(path, options, SqlOptions::new(crm_core::KINDS))?, &all, &pairs)?;
        }
    }
    Ok(())
}

/// A line of what the system tells of this process, in MiB.
fn memory(of: &str) -> Result<i64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(of)).unwrap_or_default();
    Ok(line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<i64>().unwrap_or_default() / 1024)
}

fn measure(
    name: &str,
    store: impl Store + Send + Sync + 'static,
    names: &[String],
    labelled: &[[String; 3]],
) -> Result<()> {
    let (crm, host) = founded(store)?;
    let session = || crm.as_user(&host);
    let alice = crm_core::UserId::new("alice")?;
    let asked: HashSet<&String> = labelled.iter().flat_map(|[_, query, name]| [query, name]).collect();
    let mut ids: HashMap<&String, CustomerId> = HashMap::new();
    for (place, own) in names.iter().enumerate() {
        let name: String = own.chars().take(200).collect();
        let phone = (place % 3 == 0).then(|| format!("0571-{:08}", if place % 30 == 0 { place + 3 } else { place }));
        let phones = phone.into_iter().collect();
        let customer = NewCustomer { owner: Some(alice.clone()), phones, ..NewCustomer::named(name) };
        let made = session().create_customer(customer)?.id;
        if asked.contains(own) {
            ids.insert(own, made);
        }
    }
    let began = Instant::now();
    crm.tick_all()?;
    let folded = began.elapsed();
    // From here on the peak is that of the search.
    std::fs::write("/proc/self/clear_refs", "5").ok();
    let before = memory("VmRSS:")?;
    let began = Instant::now();
    let search = session().find_duplicate_groups(None)?;
    let took = began.elapsed();
    let peak = memory("VmHWM:")?;
    let (mut pages, mut slowest) = (0, 0.0_f64);
    let (mut group_of, mut page) = (HashMap::<CustomerId, usize>::new(), PageRequest::first(500));
    let mut groups = 0;
    loop {
        let began = Instant::now();
        let answer = session().duplicate_groups(page)?;
        slowest = slowest.max(began.elapsed().as_secs_f64() * 1e3);
        pages += 1;
        for group in answer.items {
            for member in group.customers {
                group_of.insert(member.customer, groups);
            }
            groups += 1;
        }
        match answer.next {
            Some(next) => page = PageRequest::first(500).after(next),
            None => break,
        }
    }
    let mut kinds: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for [kind, query, name] in labelled {
        let of = |name: &String| ids.get(name).and_then(|id| group_of.get(id));
        let together = of(query).is_some() && of(query) == of(name);
        let counts = kinds.entry(kind).or_default();
        // Of who is nobody's duplicate: whether a group has it.
        counts[0] += usize::from(if kind == "none" { of(query).is_some() } else { together });
        counts[1] += 1;
    }
    let share = |[found, of]: &[usize; 2]| (*found as f64 / (*of).max(1) as f64 * 1e4).round() / 1e4;
    let found = kinds
        .iter()
        .filter(|(kind, _)| **kind != "none")
        .fold([0; 2], |sum, (_, own)| [sum[0] + own[0], sum[1] + own[1]]);
    println!(
        "{}",
        json!({
            "measure": format!("groups/{name}"),
            "customers": names.len(),
            "seconds": (took.as_secs_f64() * 10.0).round() / 10.0,
            "seconds_to_fold_before": (folded.as_secs_f64() * 10.0).round() / 10.0,
            "mib": {"before": before, "peak": peak},
            "search": search,
            "labelled_in_one_group": share(&found),
            "labelled": kinds.iter().map(|(kind, counts)| (*kind, share(counts))).collect::<BTreeMap<_, _>>(),
            "pages_of_500": {"count": pages, "slowest_ms": slowest.round()},
        })
    );
    Ok(())
}
