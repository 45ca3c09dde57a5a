//! Reports 报表 (T1-T4): figures that are kept with what they count, so that a report costs what it shows.
//!
//! Every commit that changes a record adds the difference of its figures to sums (`rollup`, and `rollup_year` for money), by
//! whose it is, month and currency: `figures` says what a record counts for, purely, `commit` does it for every command in one place.
//! A report adds up the sums of those whom its reader sees; what it costs does not depend on how many records there are.

mod activity;
mod ageing;
mod commit;
mod customers;
mod figures;
mod money_rows;
mod period;
mod reached;
mod rebuild;
mod rows;
mod sales;
mod sums;
mod whose;

pub(crate) use activity::MOST_ROWS;
pub use activity::{ActivityPer, ActivityQuery, ActivityReport, ActivityRow};
pub use ageing::{AgeingBucket, AgeingBy, AgeingReport, AgeingRow};
pub use customers::{CustomerDimension, CustomerReport, CustomerReportRow};
pub(crate) use figures::{EDITION, ROLLUP, ROLLUP_YEAR, counts};
pub use money_rows::{
    ReportInstalment, ReportInstalmentPage, ReportInstalmentQuery, ReportReceipt, ReportReceiptPage, ReportReceiptQuery,
};
pub use period::ReportPer;
pub(crate) use period::Span;
pub(crate) use reached::{Bearer, Circle, Measure, Measures, Sight, add, home};
pub use rebuild::RebuildReport;
pub use rows::{
    ReportContract, ReportContractPage, ReportContractQuery, ReportCustomerQuery, ReportFollowUp, ReportFollowUpPage,
    ReportFollowUpQuery,
};
pub use sales::{Compare, SalesBasis, SalesBy, SalesFigures, SalesQuery, SalesReport, SalesRow};
pub use whose::ReportOf;

use crate::error::refusals;

refusals! {
    /// Why a report can't be given.
    pub enum ReportRefusal {
        /// Sums were never made for what the organisation holds, or for days of another time zone.
        FiguresNotBuilt = "figures_not_built", "The sums of the reports have to be rebuilt first", "报表汇总尚未建立，请先重建汇总";
    }
}
