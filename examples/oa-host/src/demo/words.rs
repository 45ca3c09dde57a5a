//! Words of the demo: names of companies, people, what is said. All of it is made up; phone
//! numbers begin as none in China does, addresses of mail and web end in `.example`.

use super::clock::Dice;
use crm_core::{Birthday, Calendar, Gender, NewContact};
use std::collections::BTreeSet;

/// Region as in names, the region in full, its dialling code.
const REGIONS: [(&str, &str, &str); 24] = [
    ("杭州", "浙江省杭州市", "0571"),
    ("上海", "上海市", "021"),
    ("苏州", "江苏省苏州市", "0512"),
    ("南京", "江苏省南京市", "025"),
    ("宁波", "浙江省宁波市", "0574"),
    ("合肥", "安徽省合肥市", "0551"),
    ("无锡", "江苏省无锡市", "0510"),
    ("绍兴", "浙江省绍兴市", "0575"),
    ("广州", "广东省广州市", "020"),
    ("深圳", "广东省深圳市", "0755"),
    ("东莞", "广东省东莞市", "0769"),
    ("佛山", "广东省佛山市", "0757"),
    ("厦门", "福建省厦门市", "0592"),
    ("福州", "福建省福州市", "0591"),
    ("长沙", "湖南省长沙市", "0731"),
    ("武汉", "湖北省武汉市", "027"),
    ("北京", "北京市", "010"),
    ("天津", "天津市", "022"),
    ("石家庄", "河北省石家庄市", "0311"),
    ("济南", "山东省济南市", "0531"),
    ("青岛", "山东省青岛市", "0532"),
    ("太原", "山西省太原市", "0351"),
    ("成都", "四川省成都市", "028"),
    ("西安", "陕西省西安市", "029"),
];

/// Brands are made of two of these, first and second, with their pinyin.
const FIRST: [(&str, &str); 20] = [
    ("云", "yun"),
    ("星", "xing"),
    ("禾", "he"),
    ("澜", "lan"),
    ("启", "qi"),
    ("柏", "bai"),
    ("景", "jing"),
    ("宸", "chen"),
    ("岚", "lan"),
    ("铭", "ming"),
    ("沐", "mu"),
    ("砚", "yan"),
    ("泽", "ze"),
    ("霁", "ji"),
    ("朗", "lang"),
    ("衡", "heng"),
    ("栖", "qi"),
    ("峻", "jun"),
    ("苇", "wei"),
    ("澄", "cheng"),
];
const SECOND: [(&str, &str); 20] = [
    ("岭", "ling"),
    ("川", "chuan"),
    ("木", "mu"),
    ("屿", "yu"),
    ("帆", "fan"),
    ("石", "shi"),
    ("谷", "gu"),
    ("舟", "zhou"),
    ("野", "ye"),
    ("杉", "shan"),
    ("塘", "tang"),
    ("岳", "yue"),
    ("汀", "ting"),
    ("禾", "he"),
    ("笙", "sheng"),
    ("桥", "qiao"),
    ("翎", "ling"),
    ("原", "yuan"),
    ("湾", "wan"),
    ("槐", "huai"),
];

/// Trade as in names, the code of the industry.
const TRADES: [(&str, &str); 24] = [
    ("科技", "it"),
    ("软件", "it"),
    ("信息技术", "it"),
    ("网络科技", "it"),
    ("精密机械", "manufacturing"),
    ("电子", "manufacturing"),
    ("新材料", "manufacturing"),
    ("智能装备", "manufacturing"),
    ("纺织", "manufacturing"),
    ("食品", "manufacturing"),
    ("商贸", "retail"),
    ("百货", "retail"),
    ("家居用品", "retail"),
    ("建筑工程", "construction"),
    ("装饰工程", "construction"),
    ("教育咨询", "education"),
    ("文化传播", "education"),
    ("医疗器械", "medical"),
    ("生物医药", "medical"),
    ("供应链管理", "logistics"),
    ("物流", "logistics"),
    ("投资管理", "finance"),
    ("融资租赁", "finance"),
    ("环保工程", "other"),
];
const FORMS: [&str; 6] = ["有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司"];

const SURNAMES: [(&str, &str); 24] = [
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("胡", "hu"),
    ("朱", "zhu"),
    ("高", "gao"),
    ("林", "lin"),
    ("何", "he"),
    ("郭", "guo"),
    ("罗", "luo"),
    ("梁", "liang"),
    ("宋", "song"),
    ("许", "xu"),
    ("邓", "deng"),
    ("欧阳", "ouyang"),
];
const GIVEN_FEMALE: [(&str, &str); 12] = [
    ("丽华", "lihua"),
    ("静", "jing"),
    ("晓燕", "xiaoyan"),
    ("婷", "ting"),
    ("雨欣", "yuxin"),
    ("敏", "min"),
    ("佳宁", "jianing"),
    ("思琪", "siqi"),
    ("慧", "hui"),
    ("文娟", "wenjuan"),
    ("雪", "xue"),
    ("若楠", "ruonan"),
];
const GIVEN_MALE: [(&str, &str); 12] = [
    ("建国", "jianguo"),
    ("伟", "wei"),
    ("志强", "zhiqiang"),
    ("浩然", "haoran"),
    ("磊", "lei"),
    ("俊杰", "junjie"),
    ("明远", "mingyuan"),
    ("海涛", "haitao"),
    ("鹏", "peng"),
    ("家豪", "jiahao"),
    ("旭东", "xudong"),
    ("子墨", "zimo"),
];
const TITLES: [(&str, &str); 10] = [
    ("采购经理", "采购部"),
    ("总经理", "总经办"),
    ("信息部主管", "信息部"),
    ("财务总监", "财务部"),
    ("行政主管", "行政部"),
    ("副总经理", "总经办"),
    ("采购专员", "采购部"),
    ("运营总监", "运营部"),
    ("人事经理", "人力资源部"),
    ("项目经理", "项目部"),
];
const PREFERENCES: [&str; 8] = [
    "喜欢喝龙井",
    "周末常打羽毛球",
    "不接电话，习惯微信联系",
    "上午开会，下午方便",
    "爱好摄影",
    "关注价格",
    "看重售后响应",
    "喜欢面谈",
];

/// A company's name in its parts.
pub(super) struct Company {
    pub(super) name: String,
    pub(super) short_name: String,
    pub(super) pinyin: String,
    pub(super) area: &'static str,
    pub(super) dialling: &'static str,
    pub(super) industry: &'static str,
}

/// A company of a name that is like another's: its place among all, name, short name, pinyin, region, industry.
type Alike = (usize, &'static str, &'static str, &'static str, &'static str, &'static str);

/// So that the check for duplicates has something to tell. They are owned by different people, and no brand above
/// makes one of them.
const ALIKE: [Alike; 6] = [
    (60, "杭州栖澜智能装备有限公司", "栖澜智能", "qilan", "杭州", "manufacturing"),
    (109, "杭州栖岚智能装备有限公司", "栖岚装备", "qilan-auto", "杭州", "manufacturing"),
    (80, "栖澜智能装备（深圳）有限公司", "深圳栖澜", "qilan-sz", "深圳", "manufacturing"),
    (173, "上海栖澜软件有限公司", "栖澜软件", "qilansoft", "上海", "it"),
    (35, "北京云杉汀教育咨询有限公司", "云杉汀", "yunshanting", "北京", "education"),
    (86, "云杉汀教育咨询（北京）有限公司", "云杉汀教育", "yunshanting-edu", "北京", "education"),
];

/// So many companies, no two of one name, nor of one brand and trade.
pub(super) fn companies(count: usize) -> Vec<Company> {
    let mut dice = Dice::new(20_260);
    let mut taken = BTreeSet::new();
    let mut companies = Vec::with_capacity(count);
    while companies.len() < count {
        let (region, area, dialling) = dice.pick(&REGIONS);
        let ((first, first_pinyin), (second, second_pinyin)) = (dice.pick(&FIRST), dice.pick(&SECOND));
        let (trade, industry) = dice.pick(&TRADES);
        let form = dice.pick(&FORMS);
        let brand = format!("{first}{second}");
        if first == second || !taken.insert(format!("{brand}{trade}")) {
            continue;
        }
        let name = if dice.percent(20) {
            format!("{brand}{trade}（{region}）{form}")
        } else {
            format!("{region}{brand}{trade}{form}")
        };
        // The dice have fallen: all others stay what they are.
        let alike = ALIKE.iter().find(|(place, ..)| *place == companies.len());
        if let Some(&(_, name, short_name, pinyin, region, industry)) = alike {
            let (_, area, dialling) = REGIONS.into_iter().find(|(known, ..)| *known == region).unwrap_or_default();
            let (name, short_name, pinyin) = (name.to_owned(), short_name.to_owned(), pinyin.to_owned());
            companies.push(Company { name, short_name, pinyin, area, dialling, industry });
            continue;
        }
        companies.push(Company {
            name,
            short_name: format!("{brand}{}", trade.chars().take(2).collect::<String>()),
            pinyin: format!("{first_pinyin}{second_pinyin}"),
            area,
            dialling,
            industry,
        });
    }
    companies
}

/// A mobile number; none in China begins with 12.
pub(super) fn mobile(dice: &mut Dice) -> String {
    format!("12{} {:04} {:04}", dice.below(10), dice.below(10_000), dice.below(10_000))
}

/// A landline number; no subscriber's number begins with 0.
pub(super) fn landline(dice: &mut Dice, dialling: &str) -> String {
    format!("{dialling}-0{:03} {:04}", dice.below(1_000), dice.below(10_000))
}

/// A person's name, its pinyin, whether it is a woman's.
pub(super) fn person(dice: &mut Dice) -> (String, String, bool) {
    let female = dice.percent(45);
    let (surname, surname_pinyin) = dice.pick(&SURNAMES);
    let (given, given_pinyin) = if female { dice.pick(&GIVEN_FEMALE) } else { dice.pick(&GIVEN_MALE) };
    (format!("{surname}{given}"), format!("{given_pinyin}.{surname_pinyin}"), female)
}

/// A birthday, one in three lunar, the year not always known.
pub(super) fn birthday(dice: &mut Dice) -> Birthday {
    let lunar = dice.percent(34);
    let year = i32::try_from(dice.between(1962, 1999)).unwrap_or(1980);
    let month = i32::try_from(dice.between(1, 12)).unwrap_or(1);
    // Every month of either calendar has these days.
    let day = i32::try_from(dice.between(1, 28)).unwrap_or(1);
    Birthday {
        calendar: if lunar { Calendar::Lunar } else { Calendar::Solar },
        year: Some(year).filter(|_| dice.percent(75)),
        month,
        day,
        leap_month: false,
    }
}

/// One to three contacts of a company.
pub(super) fn contacts(dice: &mut Dice, company: &Company) -> Vec<NewContact> {
    let mut contacts: Vec<NewContact> = Vec::new();
    for _ in 0..dice.between(1, 3) {
        let (name, pinyin, female) = person(dice);
        if contacts.iter().any(|known| known.name == name) {
            continue;
        }
        let (title, department) = dice.pick(&TITLES);
        let mut phones = vec![mobile(dice)];
        if dice.percent(30) {
            phones.push(landline(dice, company.dialling));
        }
        contacts.push(NewContact {
            name,
            gender: Some(if female { Gender::Female } else { Gender::Male }),
            title: Some(title.to_owned()),
            department: Some(department.to_owned()),
            phones,
            email: Some(format!("{pinyin}@{}.example", company.pinyin)).filter(|_| dice.percent(60)),
            wechat: Some(format!("demo_wx_{:05}", dice.below(100_000))).filter(|_| dice.percent(70)),
            qq: Some(format!("0{:07}", dice.below(10_000_000))).filter(|_| dice.percent(15)),
            birthday: Some(birthday(dice)).filter(|_| dice.percent(60)),
            preferences: Some(dice.pick(&PREFERENCES).to_owned()).filter(|_| dice.percent(30)),
            ..NewContact::default()
        });
    }
    contacts
}

/// Stages in the order in which a sale passes them, each with what is said then.
pub(super) const STAGES: [(&str, [&str; 4]); 6] = [
    (
        "contact",
        [
            "首次电话联系，介绍了公司和产品，对方愿意进一步了解",
            "展会上交换了名片，回访确认负责人",
            "添加微信并发送产品资料",
            "通过老客户介绍建立联系，约了见面时间",
        ],
    ),
    (
        "needs",
        [
            "上门拜访，梳理了现有流程和痛点",
            "与信息部主管开会，确认需求清单",
            "电话沟通，预算在第四季度审批",
            "对方希望先试用一个部门",
        ],
    ),
    (
        "proposal",
        [
            "提交了方案和报价，等待内部评估",
            "按对方意见修改方案第二版",
            "现场演示，参会六人，反馈良好",
            "报价已发邮件，约下周回复",
        ],
    ),
    (
        "negotiation",
        [
            "商谈付款方式，对方希望分三期",
            "法务审阅合同条款，提出两处修改",
            "价格还有分歧，需要申请折扣",
            "确认实施计划，等总经理签字",
        ],
    ),
    (
        "won",
        ["合同已签，安排实施启动会", "双方确认合作，感谢支持", "签约完成，交接给服务团队", "首期款已到账，客户满意"],
    ),
    (
        "lost",
        ["客户选择了其他供应商，保持联系", "项目暂停，明年再议", "预算被削减，暂不采购", "客户业务调整，需求取消"],
    ),
];
pub(super) const METHODS: [&str; 5] = ["phone", "visit", "wechat", "email", "meeting"];
pub(super) const SOURCES: [&str; 6] = ["referral", "website", "exhibition", "cold_call", "advertising", "other"];
pub(super) const LEVELS: [&str; 6] = ["a", "b", "b", "c", "c", "c"];
pub(super) const NEXT: [&str; 8] = [
    "电话确认方案意见",
    "上门演示",
    "发送正式报价",
    "约总经理面谈",
    "跟进合同审批",
    "回访试用情况",
    "提供案例资料",
    "确认付款节点",
];
pub(super) const REPLIES: [&str; 8] = [
    "很好，抓紧推进",
    "注意对方的预算周期",
    "需要售前支持可以找秦悦",
    "报价先发我看一下",
    "这个客户很重要，下周我一起去",
    "把竞争对手的情况补充一下",
    "折扣可以申请，先谈付款条件",
    "收到，继续跟进",
];
pub(super) const ANSWERS: [&str; 4] =
    ["好的，马上安排", "已补充在客户描述里", "明白，明天给您结果", "约好时间后告诉您"];
pub(super) const DESCRIPTIONS: [&str; 6] = [
    "员工约二百人，在用自建系统，计划年内更换。",
    "集团下属企业，采购需集团审批。",
    "成长较快，关注移动办公。",
    "老客户介绍，信任度高。",
    "现有供应商合同年底到期。",
    "对数据安全要求较高，倾向本地部署。",
];
