//! Inputs that the tests of several letters give.

use crate::{World, user};
use crm_core::{EntryCode, NewContact, NewCustomer, NewRelation, PageRequest, Transfer, View};

/// A code of a dictionary.
pub fn entry(code: &str) -> EntryCode {
    EntryCode::new(code).unwrap()
}

/// A customer of a name.
pub fn named(name: &str) -> NewCustomer {
    NewCustomer::named(name)
}

/// A contact of a name.
pub fn contact(name: &str) -> NewContact {
    NewContact { name: name.to_owned(), ..NewContact::default() }
}

/// A transfer.
pub fn to(owner: &str) -> Transfer {
    Transfer { to: user(owner), to_position: None, keep_reader_until: None, reason: None }
}

/// A relation to a customer.
pub fn relation(customer: crm_core::CustomerId, kind: &str, inverse: bool) -> NewRelation {
    NewRelation { customer, kind: entry(kind), inverse, note: None }
}

/// The names in a view of somebody.
pub fn names(world: &World, who: &str, view: View) -> Vec<String> {
    let page = world.user(who).customers(view, PageRequest::first(500)).unwrap();
    page.items.into_iter().map(|customer| customer.name).collect()
}

/// A customer with something in every field.
pub fn full() -> NewCustomer {
    NewCustomer {
        number: Some("KH-1".to_owned()),
        short_name: Some("云杉".to_owned()),
        credit_code: Some("91330100ma2b0xyz1k".to_owned()),
        level: Some(entry("a")),
        stage: Some(entry("contact")),
        source: Some(entry("website")),
        industry: Some(entry("it")),
        region: Some("浙江杭州".to_owned()),
        address: Some("文三路 1 号".to_owned()),
        phones: vec!["0571-88880000".to_owned(), "400-1".to_owned()],
        website: Some("https://yunshan.example".to_owned()),
        email: Some("info@yunshan.example".to_owned()),
        description: Some("第一行\r\n第二行".to_owned()),
        ..named("云杉软件有限公司")
    }
}

/// One person may have as many customers as he likes.
pub fn without_limit(host: &crm_core::Session<'_>) {
    let mut settings = host.settings().unwrap();
    settings.pool.most_held = 0;
    host.change_settings(settings).unwrap();
}
