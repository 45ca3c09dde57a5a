//! Replies 回复 to follow-ups (F2).

use super::commands::not_found;
use super::{FollowUp, FollowUpRefusal};
use crate::access::{Access, Reach};
use crate::actor::{Actor, UserId};
use crate::crm::Session;
use crate::customer::Customer;
use crate::error::{Error, Violation};
use crate::history;
use crate::id::{FollowUpId, ReplyId};
use crate::operations::op;
use crate::record::{Columns, Record};
use crate::sharing::SharePanel;
use crate::sorted::Gather as _;
use crate::store::{Column, ColumnType, Index, Kind, Search, Value};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Replies by id.
pub(crate) static REPLY: Kind = Kind {
    name: "reply",
    columns: &[Column::live("follow_up", ColumnType::Text), Column::projected("at", ColumnType::Integer)],
    indexes: &[Index::on("follow_up", &["follow_up", "at"])],
    since: 1,
};

/// A reply to a follow-up, or to another reply to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Reply {
    /// The id.
    pub id: ReplyId,
    /// The follow-up.
    pub follow_up: FollowUpId,
    /// The reply it answers, where it answers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ReplyId>,
    /// Who wrote it.
    pub author: UserId,
    /// When.
    pub at: Timestamp,
    /// The text.
    pub content: String,
    /// Whom it addresses (@).
    #[serde(default)]
    pub addressed: Vec<UserId>,
    /// When its author corrected the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_at: Option<Timestamp>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// A reply to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct NewReply {
    /// The text, 1 to 2,000 characters.
    pub content: String,
    /// The reply it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to: Option<ReplyId>,
    /// Whom it addresses (@), at most 50.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub addressed: Vec<UserId>,
}

/// A reply that was written, and who hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ReplyAnswer {
    /// The reply.
    pub reply: Reply,
    /// The author and those addressed who are told.
    pub notified: Vec<UserId>,
    /// Those who are not told: they can't see the customer (any more).
    pub not_notified: Vec<UserId>,
}

impl Record for Reply {
    const KIND: &'static Kind = &REPLY;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.follow_up.to_string().into(), self.at.millis().into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
    }
}

impl Session<'_> {
    /// Replies to a follow-up that the actor sees. Its author, the author of the reply that is
    /// answered, and those addressed are told, if they can still see the customer.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.view`; [`Error::NotFound`];
    /// [`Error::Invalid`]; `in_recycle_bin`.
    pub fn reply(&self, follow_up: FollowUpId, reply: NewReply) -> Result<ReplyAnswer, Error> {
        self.command(
            &op::reply,
            &(follow_up, &reply),
            |work| {
                let (customer, answered) = work.follow_up_within(follow_up)?;
                customer.check_active()?;
                let author = work.access()?.person().ok_or(FollowUpRefusal::NoPerson)?.id.clone();
                let before = match reply.to {
                    Some(to) => {
                        let row = work.get_one(&REPLY, to.to_string())?;
                        let known = row.map(|row| Reply::from_row(&row)).transpose()?;
                        Some(
                            known
                                .filter(|known| known.follow_up == follow_up)
                                .ok_or_else(|| Violation::unknown("to"))?,
                        )
                    }
                    None => None,
                };
                let written = checked(work, &answered, author, &reply)?;
                work.insert(&REPLY, written.to_row()?);
                work.rely_on_customer(&customer);
                let answer = work.hearers(&answered, before.as_ref(), written)?;
                let data =
                    serde_json::json!({"customer": customer.id, "follow_up": follow_up, "author": answer.reply.author});
                work.announce("follow_up_replied", "reply", answer.reply.id, data.clone())?;
                work.notify("reply_received", "reply", answer.reply.id, &answer.notified, data)?;
                work.remind_of_reply(&answer.reply, &answer.notified)?;
                work.made(answer.reply.id);
                Ok(answer)
            },
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                let row = work.get_one(&REPLY, id)?.ok_or_else(|| not_found(follow_up))?;
                let written = Reply::from_row(&row)?;
                let (_, answered) = work.follow_up_within(written.follow_up)?;
                let before = match written.to {
                    Some(to) => work.get_one(&REPLY, to.to_string())?.map(|row| Reply::from_row(&row)).transpose()?,
                    None => None,
                };
                work.hearers(&answered, before.as_ref(), written)
            },
        )
    }

    /// Corrects the text of one's own reply, within the time of the settings. It shows that and
    /// when it was corrected, and the history keeps what it was.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `follow_up.view`; [`Error::NotFound`];
    /// [`Error::Conflict`]; [`Error::Invalid`]; refusals of [`FollowUpRefusal`].
    pub fn correct_reply(&self, reply: ReplyId, version: i64, content: String) -> Result<Reply, Error> {
        self.command(
            &op::correct_reply,
            &(reply, version, &content),
            |work| {
                let (customer, before) = work.reply_within(reply)?;
                let content = work.corrected(&before.author, before.at, &content, 2_000)?;
                if before.version != version {
                    return Err(Error::Conflict { record: ReplyId::RECORD.to_owned(), id: reply.to_string() }.into());
                }
                work.made(reply);
                let mut after = Reply { content, ..before.clone() };
                let changes = history::changes(&before, &after, &["content"]);
                if changes.is_empty() {
                    return Ok(before);
                }
                after.corrected_at = Some(work.now);
                work.rely_on_customer(&customer);
                work.save(&before, &after)?;
                work.remember(ReplyId::RECORD, reply, "correct_reply", changes)?;
                work.announce(
                    "reply_corrected",
                    ReplyId::RECORD,
                    reply,
                    serde_json::json!({"follow_up": after.follow_up}),
                )?;
                after.version += 1;
                Ok(after)
            },
            |work, _| Ok(work.reply_within(reply)?.1),
        )
    }
}

impl Work<'_> {
    /// A reply to a follow-up on a customer that the actor sees and that is in the lists.
    pub(crate) fn reply_within(&mut self, id: ReplyId) -> Result<(Customer, Reply), Stop> {
        let not_found = || Error::NotFound { record: ReplyId::RECORD.to_owned(), id: id.to_string() };
        let row = self.get_one(&REPLY, id.to_string())?.ok_or_else(not_found)?;
        let reply = Reply::from_row(&row)?;
        match self.follow_up_within(reply.follow_up) {
            Ok((customer, _)) => {
                customer.check_active()?;
                Ok((customer, reply))
            }
            Err(Stop::Error(Error::NotFound { .. })) => Err(not_found().into()),
            Err(other) => Err(other),
        }
    }

    /// Who is told of a reply, and who of those addressed is not.
    fn hearers(&mut self, answered: &FollowUp, before: Option<&Reply>, reply: Reply) -> Result<ReplyAnswer, Stop> {
        let (customer, shares) = self.customer_with_shares(answered.customer, (Reach::Read, SharePanel::FollowUps))?;
        let mut concerned: BTreeSet<UserId> = reply.addressed.iter().cloned().into_set();
        concerned.insert(answered.author.clone());
        concerned.extend(before.map(|before| before.author.clone()));
        concerned.remove(&reply.author);
        let context = self.context.clone();
        let (mut notified, mut not_notified) = (Vec::new(), Vec::new());
        for person in concerned {
            let actor = Actor::user(self.actor().org().as_str(), person.as_str())?;
            let sees = Access::of(&context, &actor).is_ok_and(|access| {
                let reaches = access.reach_into(&customer.stands(), &shares, self.now);
                access.may("follow_up.view") && reaches.is_some_and(|reaches| reaches.opens(SharePanel::FollowUps))
            });
            if sees { notified.push(person) } else { not_notified.push(person) }
        }
        Ok(ReplyAnswer { reply, notified, not_notified })
    }
}

fn checked(work: &Work<'_>, answered: &FollowUp, author: UserId, input: &NewReply) -> Result<Reply, Error> {
    let mut check = Checker::new();
    check.ensure(input.addressed.len() <= 50, || Violation::too_many("addressed", 50));
    for (place, person) in input.addressed.iter().enumerate() {
        check.ensure(work.context.people.contains_key(person), || Violation::unknown(format!("addressed[{place}]")));
    }
    let reply = Reply {
        id: ReplyId(work.draw()?),
        follow_up: answered.id,
        to: input.to,
        author,
        at: work.now,
        content: check.lines("content", &input.content, 2_000),
        addressed: input.addressed.clone(),
        corrected_at: None,
        version: 1,
    };
    check.done()?;
    Ok(reply)
}

/// The replies to a follow-up, oldest first.
pub(crate) fn replies_to(follow_up: FollowUpId) -> Search {
    Search::of(&REPLY)
        .within("follow_up", vec![follow_up.to_string().into()])
        .ordered("at", crate::store::Direction::Ascending)
}
