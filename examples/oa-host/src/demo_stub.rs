//! A few people and customers until the demo organisation is there.

use crm_core::{
    Actor, Crm, CustomerId, EntryCode, Error, NewContact, NewCustomer, NewFollowUp, NewOrganisation, NewReply, PersonInput, PositionInput,
    SyncMode,
};

pub(crate) fn load(crm: &Crm) -> Result<(), Error> {
    let host = Actor::system("demo", "demo")?;
    let system = crm.as_user(&host);
    system.create_organisation(NewOrganisation::named("云帆办公演示公司"))?;
    let mut admin = PersonInput::new("admin", "管理员")?;
    admin.host_roles.push("crm_admin".to_owned());
    system.sync_people(
        vec![admin, PersonInput::new("zhao", "赵总")?, PersonInput::new("wang", "王经理")?, PersonInput::new("chen", "陈晨")?, PersonInput::new("li", "李雷")?],
        SyncMode::Delta,
    )?;
    system.sync_positions(
        vec![
            PositionInput::new("head", "销售总监", None, &["zhao"])?,
            PositionInput::new("east", "华东区经理", Some("head"), &["wang"])?,
            PositionInput::new("east-1", "华东一组", Some("east"), &["chen"])?,
            PositionInput::new("east-2", "华东二组", Some("east"), &["li"])?,
            PositionInput::new("north", "华北区经理", Some("head"), &[])?,
        ],
        SyncMode::Delta,
        false,
    )?;
    let mut first: Option<CustomerId> = None;
    for place in 0..60_i64 {
        let who = if place % 2 == 0 { "chen" } else { "li" };
        let actor = Actor::user("demo", who)?;
        let session = crm.as_user(&actor);
        let customer = session.create_customer(NewCustomer {
            name: format!("杭州云帆第{place}科技有限公司"),
            short_name: Some(format!("云帆{place}")),
            level: Some(EntryCode::new("a")?),
            stage: Some(EntryCode::new("needs")?),
            source: Some(EntryCode::new("website")?),
            industry: Some(EntryCode::new("it")?),
            region: Some("浙江省杭州市".to_owned()),
            address: Some("文三路 100 号 3 幢 1502 室".to_owned()),
            phones: vec!["0571-8888 0000".to_owned(), "0571-8888 0001".to_owned()],
            website: Some("https://example.com".to_owned()),
            email: Some("info@example.com".to_owned()),
            description: Some("长期合作的客户。\n每年十月续签。".to_owned()),
            contacts: vec![
                NewContact { name: "张伟".to_owned(), title: Some("采购经理".to_owned()), phones: vec!["13800001234".to_owned()], ..NewContact::default() },
                NewContact { name: "刘洋".to_owned(), title: Some("技术总监".to_owned()), phones: vec!["13900001234".to_owned()], ..NewContact::default() },
            ],
            ..NewCustomer::default()
        })?;
        if place % 3 == 0 {
            let written = session.follow_up(
                customer.id,
                NewFollowUp {
                    content: "电话沟通了报价，客户希望下周看到演示，并确认交付时间。".to_owned(),
                    method: Some(EntryCode::new("phone")?),
                    next_at: Some(crm.now().plus_millis(3_600_000 * (place - 5))).filter(|at| *at > crm.now()),
                    next_content: Some("准备演示环境".to_owned()),
                    ..NewFollowUp::default()
                },
            )?;
            let boss = Actor::user("demo", "wang")?;
            crm.as_user(&boss).reply(written.id, NewReply { content: "很好，注意跟进交付时间。".to_owned(), ..NewReply::default() })?;
        }
        first.get_or_insert(customer.id);
    }
    Ok(())
}
