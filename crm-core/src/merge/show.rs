//! What of a merge somebody may see.

use super::MergeItem;
use crate::work::{Stop, Work};

impl Work<'_> {
    /// Leaves out what the actor may not see elsewhere: records of modules that are closed to him, and with whom the customer is
    /// shared unless he disposes of it.
    pub(super) fn only_shown(&self, items: Vec<MergeItem>, own: bool) -> Result<Vec<MergeItem>, Stop> {
        let access = self.access()?;
        let shows = |item: &MergeItem| match item.record.as_str() {
            "contract" | "contact" | "document" | "follow_up" | "approval" => {
                access.may(&format!("{}.view", item.record))
            }
            "receipt" | "instalment" | "customer_credit" => access.may("payment.view"),
            "share" => own && access.may("sharing.view"),
            _ => true,
        };
        Ok(items.into_iter().filter(shows).collect())
    }
}
