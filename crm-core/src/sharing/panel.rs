//! What of a customer a share opens.

use super::ShareRight;
use crate::record::ABSENT;
use crate::store::Value;
use serde::{Deserialize, Serialize};

/// A panel of a customer, as it is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum SharePanel {
    /// 客户资料: what is known of the customer beside its number and name, its relations and its history.
    Information,
    /// 联系人: its contacts.
    Contacts,
    /// 跟单: its follow-ups with their replies.
    FollowUps,
    /// 附件: its documents.
    Documents,
    /// 合同: its contracts, with how far each is paid.
    Contracts,
    /// 收款: each receipt, the payment plans of its contracts, and its balance.
    Receipts,
}

/// A panel and what a share allows on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SharedPanel {
    /// The panel.
    pub panel: SharePanel,
    /// To read or to edit.
    #[serde(default)]
    pub right: ShareRight,
}

impl SharePanel {
    /// Every panel.
    pub const ALL: [SharePanel; 6] = [
        SharePanel::Information,
        SharePanel::Contacts,
        SharePanel::FollowUps,
        SharePanel::Documents,
        SharePanel::Contracts,
        SharePanel::Receipts,
    ];

    /// The module whose rights are asked for what stands on it.
    pub(crate) fn module(self) -> &'static str {
        match self {
            SharePanel::Information => "customer",
            SharePanel::Contacts => "contact",
            SharePanel::FollowUps => "follow_up",
            SharePanel::Documents => "document",
            SharePanel::Contracts => "contract",
            SharePanel::Receipts => "payment",
        }
    }
}

/// What shares allow, panel by panel in the order of [`SharePanel::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rights([Option<ShareRight>; 6]);

impl Rights {
    /// The same on all panels.
    pub(crate) fn all(right: ShareRight) -> Self {
        Rights([Some(right); 6])
    }

    /// Those that are named, each at the higher right where it is named twice.
    pub(crate) fn named(panels: &[SharedPanel]) -> Self {
        let on = |panel| panels.iter().filter(|named| named.panel == panel).map(|named| named.right).max();
        Rights(SharePanel::ALL.map(on))
    }

    /// What is allowed on a panel.
    pub(crate) fn on(&self, panel: SharePanel) -> Option<ShareRight> {
        SharePanel::ALL.iter().zip(self.0).find(|(known, _)| **known == panel).and_then(|(_, right)| right)
    }

    /// Panel by panel the higher one.
    pub(crate) fn united(self, other: Rights) -> Self {
        Rights(SharePanel::ALL.map(|panel| self.on(panel).max(other.on(panel))))
    }

    /// As a share says it: the most that is allowed, and the panels, none where all six are alike.
    pub(crate) fn told(&self) -> (ShareRight, Vec<SharedPanel>) {
        let most = self.0.iter().flatten().max().copied().unwrap_or_default();
        if *self == Rights::all(most) {
            return (most, Vec::new());
        }
        let of = |panel| self.on(panel).map(|right| SharedPanel { panel, right });
        (most, SharePanel::ALL.into_iter().filter_map(of).collect())
    }

    /// As it stands in its column: absent where no panel is named.
    pub(super) fn to_value(self) -> Value {
        let letter = |right: &Option<ShareRight>| match right {
            None => '0',
            Some(ShareRight::Read) => 'r',
            Some(ShareRight::Edit) => 'e',
        };
        if self == Rights::default() { ABSENT.into() } else { self.0.iter().map(letter).collect::<String>().into() }
    }
}

/// What a share opens by its column; where none is named, all panels, at least to read.
pub(crate) fn rights_of(column: &str) -> Rights {
    if column == ABSENT {
        return Rights::all(ShareRight::Read);
    }
    let mut letters = column.chars();
    Rights(SharePanel::ALL.map(|_| match letters.next() {
        Some('r') => Some(ShareRight::Read),
        Some('e') => Some(ShareRight::Edit),
        _ => None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_rights_survive_their_column_and_their_panels() {
        let rights = [None, Some(ShareRight::Read), Some(ShareRight::Edit)];
        for number in 1..3_usize.pow(6) {
            let mut rest = number;
            let own = Rights(SharePanel::ALL.map(|_| {
                let right = rights[rest % 3];
                rest /= 3;
                right
            }));
            let (most, panels) = own.told();
            let again = if panels.is_empty() { Rights::all(most) } else { Rights::named(&panels) };
            assert_eq!(own, again);
            let column = Rights::named(&panels).to_value();
            match panels.is_empty() {
                true => assert_eq!(column, ABSENT.into()),
                false => assert_eq!(rights_of(column.as_text().unwrap()), own),
            }
            assert_eq!(own.united(Rights::default()), own);
            assert_eq!(own.united(Rights::all(ShareRight::Edit)), Rights::all(ShareRight::Edit));
        }
    }
}
