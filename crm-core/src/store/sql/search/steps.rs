//! The page of a scope of many values, on MariaDB, which has neither lateral joins nor recursive queries with an order.

use super::Plan;
use crate::store::sql::dialect::name;
use crate::store::{ColumnType, Direction, Value};
use sea_query::{CommonTableExpression, Condition, Expr, ExprTrait as _, JoinType, Query, SelectStatement};
use sea_query::{UnionType, WithClause};

/// The longest page that is merged: MariaDB gives a recursion up after 1,000 steps, without an error.
const LONGEST: i64 = 600;

/// Behind so many bytes a sort does not look (`max_sort_length`).
const SORTED: &str = "SUBSTR(`k`, 1025)";

impl Plan<'_> {
    /// Whether the page can be merged so. In the order of ids alone MariaDB would look for each head through the whole
    /// organisation, in the order of its key.
    pub(super) fn is_merged_by_steps(&self) -> bool {
        self.search.limit <= LONGEST && self.search.order.is_some()
    }

    /// First the best heads, one seek in the index for each value. If there are as many as the page has rows, the last
    /// of them bounds it. Then all of their values go forward side by side, a row a step, until they pass the bound. Whole rows
    /// are only read for the page. Order and id travel as one key, since a subquery answers one value only.
    pub(super) fn merge_by_steps(&self, column: &'static str, values: &[Value]) -> (String, Vec<Value>) {
        let head = |scope: Expr, behind: Option<Expr>| {
            let mut first = self.first(Some(self.x(column).eq(scope)), behind);
            self.filter(&mut first);
            first.expr(self.packed()).limit(1);
            Expr::SubQuery(None, Box::new(first.into()))
        };
        let value = || self.dialect.set_value("v", self.scope_type);
        let limit = self.limit();
        let mut heads = Query::select();
        heads
            .expr_as(value(), "s")
            .expr_as(head(value(), self.behind_after()), "k")
            .from_function(self.dialect.set(self.scope_type, values), "v")
            .and_having(Expr::col("k").is_not_null());
        self.by_key(&mut heads);
        let (last, within) = match self.search.direction {
            Direction::Ascending => ("MAX(`h`.`k`) OVER ()", "`q`.`k` <= `q`.`b`"),
            Direction::Descending => ("MIN(`h`.`k`) OVER ()", "`q`.`k` >= `q`.`b`"),
        };
        let (order, id) = self.unpacked("q");
        let mut step = Query::select();
        step.column(("q", "s"))
            .expr(head(Expr::col(("q", "s")), Some(self.behind(order, id))))
            .expr(Expr::cust("`q`.`n` + 1"))
            .column(("q", "b"))
            .from("q")
            .and_where(Expr::col(("q", "k")).is_not_null())
            .and_where(Expr::col(("q", "n")).lt(limit))
            .and_where(Expr::col(("q", "b")).is_null().or(Expr::cust(within)));
        let mut rows = Query::select();
        rows.column(("h", "s"))
            .column(("h", "k"))
            .expr_as(Expr::cust("1"), "n")
            .expr_as(Expr::cust_with_values(format!("IF(COUNT(*) OVER () = ?, {last}, NULL)"), [limit]), "b")
            .from_subquery(heads, "h")
            .union(UnionType::All, step);
        let mut places = Query::select();
        places.column(("q", "k")).from("q").and_where(Expr::col(("q", "k")).is_not_null());
        self.by_key(&mut places);
        let mut page = Query::select();
        self.select_row(&mut page);
        page.from_subquery(places, "p")
            .join_as(JoinType::CrossJoin, name(&self.texts.table), "x", Condition::all())
            .and_where(self.x("org_id").eq(self.org))
            .and_where(self.x("id").eq(self.unpacked("p").1));
        self.by_key(&mut page);
        let mut cte = CommonTableExpression::new();
        cte.table_name("q").columns(["s", "k", "n", "b"]).query(rows);
        let mut with = WithClause::new();
        with.recursive(true).cte(cte);
        self.dialect.render_with(&page.with(with))
    }

    /// In the order of the keys, as many as the page has rows.
    fn by_key(&self, query: &mut SelectStatement) {
        query.order_by("k", self.direction());
        if self.order_type != ColumnType::Integer {
            query.order_by_expr(Expr::cust(SORTED), self.direction());
        }
        query.limit(self.limit());
    }

    /// Order and id of a row as bytes that sort like them: an integer as 20 digits, counted from the least; text and
    /// bytes as hexadecimal digits, ended by a sign that is less than any.
    fn packed(&self) -> Expr {
        let id = self.x("id");
        match self.search.order {
            None => Expr::cust_with_exprs("CAST(? AS BINARY)", [id]),
            Some(order) if self.order_type == ColumnType::Integer => Expr::cust_with_exprs(
                "CAST(CONCAT(LPAD(CAST(? AS DECIMAL(20)) + 9223372036854775808, 20, '0'), ?) AS BINARY)",
                [self.x(order), id],
            ),
            Some(order) => Expr::cust_with_exprs("CAST(CONCAT(HEX(?), '!', ?) AS BINARY)", [self.x(order), id]),
        }
    }

    /// Order and id out of the key of a table.
    fn unpacked(&self, table: &str) -> (Option<Expr>, Expr) {
        let text = |bytes: &str| Expr::cust(format!("CONVERT({bytes} USING utf8mb4) COLLATE utf8mb4_nopad_bin"));
        let key = format!("`{table}`.`k`");
        let (digits, rest) =
            (format!("SUBSTRING_INDEX({key}, '!', 1)"), format!("SUBSTR({key}, LOCATE('!', {key}) + 1)"));
        match (self.search.order, self.order_type) {
            (None, _) => (None, text(&key)),
            (_, ColumnType::Integer) => (
                Some(Expr::cust(format!("(CAST(LEFT({key}, 20) AS DECIMAL(20)) - 9223372036854775808)"))),
                text(&format!("SUBSTR({key}, 21)")),
            ),
            (_, ColumnType::Text) => (Some(text(&format!("UNHEX({digits})"))), text(&rest)),
            (_, ColumnType::Bytes) => (Some(Expr::cust(format!("UNHEX({digits})"))), text(&rest)),
        }
    }
}
