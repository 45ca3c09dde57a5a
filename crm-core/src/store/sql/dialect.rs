//! What differs between databases, as data: a new dialect is a new arm in each table here.

use crate::store::{ColumnType, Value};
use crate::text::hex;
use sea_query::{
    Alias, DynIden, Expr, ExprTrait as _, Func, FunctionCall, IntoIden as _, MysqlQueryBuilder, PostgresQueryBuilder,
    SelectStatement, SqliteQueryBuilder, Value as Bound, Values, WithQuery,
};

/// The dialect of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite, from 3.51.3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL 8, with `utf8mb4`.
    Mysql,
    /// MariaDB from 10.6, with `utf8mb4`: MySQL but for collations and lateral joins.
    Mariadb,
    /// KingbaseES 人大金仓 in a mode that keeps the empty text apart from NULL. Not run here: its SQL is tested as
    /// text. PostgreSQL's, but for what a setting would turn into NULL.
    Kingbase,
    /// DM 8 达梦, UTF-8, case sensitive, comparing trailing blanks. Not run here: its SQL is tested as text.
    Dm,
}

/// What a column of a table holds, in the words of the definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// An organisation: text of at most 64 characters.
    Org,
    /// A typed column, or a key.
    Value(ColumnType),
    /// The JSON body.
    Body,
}

impl Dialect {
    /// The type of a column. All text is compared byte by byte.
    pub(super) fn column_type(self, holds: Holds) -> &'static str {
        use ColumnType::{Bytes, Integer, Text};
        match (self, holds) {
            // SQLite's tables are STRICT, so that a column holds what it says; INTEGER is 64 bits.
            (Dialect::Sqlite, Holds::Value(Integer)) => "INTEGER",
            (Dialect::Sqlite, Holds::Value(Bytes)) => "BLOB",
            (Dialect::Sqlite, _) => "TEXT",
            (_, Holds::Value(Integer)) => "BIGINT",
            // Lengths count bytes, of which a character has up to four.
            (Dialect::Dm, Holds::Org) => "VARCHAR(256)",
            (Dialect::Dm, Holds::Value(Text)) => "VARCHAR(764)",
            (Dialect::Dm, Holds::Value(Bytes)) => "VARBINARY(255)",
            // Of a row only half a page stands in its page: a body need not fit there.
            (Dialect::Dm, Holds::Body) => "CLOB",
            (Dialect::Postgres | Dialect::Kingbase, Holds::Org) => "VARCHAR(64) COLLATE \"C\"",
            (Dialect::Postgres | Dialect::Kingbase, Holds::Value(Text)) => "VARCHAR(191) COLLATE \"C\"",
            (Dialect::Postgres | Dialect::Kingbase, Holds::Value(Bytes)) => "BYTEA",
            (Dialect::Postgres | Dialect::Kingbase, Holds::Body) => "TEXT",
            // Collations that do not pad: what ends in a blank is another text.
            (Dialect::Mysql, Holds::Org) => "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
            (Dialect::Mysql, Holds::Value(Text)) => "VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
            (Dialect::Mysql, Holds::Body) => "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
            (Dialect::Mariadb, Holds::Org) => "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
            (Dialect::Mariadb, Holds::Value(Text)) => "VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
            (Dialect::Mariadb, Holds::Body) => "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
            (Dialect::Mysql | Dialect::Mariadb, Holds::Value(Bytes)) => "VARBINARY(255)",
        }
    }

    /// The collation that compares text byte by byte and takes no blank for nothing; none where there is no other.
    pub(super) fn collation(self) -> Option<&'static str> {
        match self {
            // DM compares as its database was made to.
            Dialect::Sqlite | Dialect::Dm => None,
            Dialect::Postgres | Dialect::Kingbase => Some("C"),
            Dialect::Mysql => Some("utf8mb4_0900_bin"),
            Dialect::Mariadb => Some("utf8mb4_nopad_bin"),
        }
    }

    /// The statement that gives a column the type and the collation that it should have.
    pub(super) fn retype(self, table: &str, column: &str, holds: Holds) -> String {
        let (table, column, ty) = (self.quote(table), self.quote(column), self.column_type(holds));
        match self {
            Dialect::Mysql | Dialect::Mariadb => format!("ALTER TABLE {table} MODIFY {column} {ty} NOT NULL"),
            _ => format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE {ty}"),
        }
    }

    /// The text that a member of a body has.
    pub(super) fn body_text(self, body: &str, member: &str) -> String {
        match self {
            Dialect::Sqlite => format!("json_extract({body}, '$.{member}')"),
            Dialect::Postgres | Dialect::Kingbase => format!("{body}::json ->> '{member}'"),
            Dialect::Mysql | Dialect::Mariadb => format!("JSON_UNQUOTE(JSON_EXTRACT({body}, '$.{member}'))"),
            Dialect::Dm => format!("JSON_VALUE({body}, '$.{member}')"),
        }
    }

    /// What an added column holds in the rows that were there before.
    pub(super) fn column_default(self, ty: ColumnType) -> &'static str {
        match (self, ty) {
            (_, ColumnType::Integer) => "0",
            (_, ColumnType::Text) => "'-'",
            (Dialect::Sqlite, ColumnType::Bytes) => "x''",
            // No bytes, in a literal that is not the empty text.
            (Dialect::Kingbase, ColumnType::Bytes) => "'\\x'::bytea",
            (Dialect::Dm, ColumnType::Bytes) => "HEXTORAW('')",
            (_, ColumnType::Bytes) => "''",
        }
    }

    /// A single byte 0 as a literal, where indexes may have some rows alone: a statement that is to use one repeats what it says of them.
    pub(super) fn zero_byte(self) -> Option<&'static str> {
        match self {
            Dialect::Sqlite => Some("x'00'"),
            Dialect::Postgres | Dialect::Kingbase => Some("'\\x00'::bytea"),
            Dialect::Mysql | Dialect::Mariadb | Dialect::Dm => None,
        }
    }

    /// The sum of integers as an integer of 64 bits.
    pub(super) fn whole_sum(self) -> &'static str {
        match self {
            // Beyond 64 bits it is an error.
            Dialect::Sqlite => "SUM(?)",
            Dialect::Postgres | Dialect::Kingbase => "CAST(SUM($1) AS BIGINT)",
            Dialect::Dm => "CAST(SUM(?) AS BIGINT)",
            // Held at the bounds of 64 bits, far beyond what an amount may be.
            Dialect::Mysql | Dialect::Mariadb => "CAST(SUM(?) AS SIGNED)",
        }
    }

    /// What stands in a column where there is nothing to say.
    pub(super) fn nothing(self, ty: ColumnType) -> &'static str {
        match (self, ty) {
            (_, ColumnType::Integer) => "0",
            (Dialect::Kingbase, ColumnType::Text) => "'-'",
            (Dialect::Kingbase, ColumnType::Bytes) => "'\\x'::bytea",
            (_, ColumnType::Text) => "''",
            (Dialect::Postgres, ColumnType::Bytes) => "''::bytea",
            (_, ColumnType::Bytes) => "x''",
        }
    }

    /// Whether reads of several kinds can be branches of one. On DM bodies are of a type of their own, and a branch
    /// with fewer columns would meet them with text.
    pub(super) fn unites_reads(self) -> bool {
        self.is_remote() && self != Dialect::Dm
    }

    /// Whether each statement is a round trip.
    pub(super) fn is_remote(self) -> bool {
        self != Dialect::Sqlite
    }

    /// What stands behind the columns of a table.
    pub(super) fn table_options(self) -> Option<&'static str> {
        match self {
            Dialect::Sqlite => Some("STRICT"),
            Dialect::Postgres | Dialect::Kingbase => None,
            // Rows of more than half a page (of 8 KB, as a rule) would be refused.
            Dialect::Dm => Some("STORAGE (USING LONG ROW)"),
            Dialect::Mysql => Some("ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin"),
            Dialect::Mariadb => Some("ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin"),
        }
    }

    /// An identifier in quotes. Names come from descriptions and checked prefixes only.
    pub(super) fn quote(self, name: &str) -> String {
        match self {
            Dialect::Mysql | Dialect::Mariadb => format!("`{name}`"),
            _ => format!("\"{name}\""),
        }
    }

    /// The placeholder of the parameter at a place, from 1.
    pub(super) fn placeholder(self, place: usize) -> String {
        match self {
            Dialect::Postgres | Dialect::Kingbase => format!("${place}"),
            _ => "?".to_owned(),
        }
    }

    /// Behind a query whose rows must not change until the commit.
    pub(super) fn shared_lock(self) -> &'static str {
        match self {
            // One writer at a time: nothing can change.
            Dialect::Sqlite => "",
            Dialect::Mariadb => " LOCK IN SHARE MODE",
            // It has no lock that several hold: those who rely on one row wait for each other.
            Dialect::Dm => " FOR UPDATE",
            Dialect::Postgres | Dialect::Kingbase | Dialect::Mysql => " FOR SHARE",
        }
    }

    /// The function of the greater or the smaller of two values.
    pub(super) fn extreme(self, greatest: bool) -> &'static str {
        match (self, greatest) {
            (Dialect::Sqlite, true) => "max",
            (Dialect::Sqlite, false) => "min",
            (_, true) => "GREATEST",
            (_, false) => "LEAST",
        }
    }

    /// Whether `(a, b) < (?, ?)` seeks in an index over both. MySQL reads the index's whole
    /// range for it and wants it spelled out; of DM it is not known.
    pub(super) fn seeks_by_row(self) -> bool {
        !matches!(self, Dialect::Mysql | Dialect::Mariadb | Dialect::Dm)
    }

    /// Whether a query may join the rows of a subquery that looks at what stands before it.
    pub(super) fn joins_laterally(self) -> bool {
        matches!(self, Dialect::Postgres | Dialect::Kingbase | Dialect::Mysql)
    }

    /// Whether an update answers how many rows it changed, not how many it found.
    pub(super) fn counts_changed_rows(self) -> bool {
        matches!(self, Dialect::Mysql | Dialect::Mariadb)
    }

    /// Where bytes stand in a column, from 1; 0: nowhere.
    pub(super) fn position(self, column: Expr, bytes: &[u8]) -> Expr {
        let needle = Expr::val(bytes.to_vec());
        match self {
            Dialect::Sqlite => Func::cust("instr").arg(column).arg(needle).into(),
            Dialect::Postgres | Dialect::Kingbase => Expr::cust_with_exprs("position($1 in $2)", [needle, column]),
            Dialect::Mysql | Dialect::Mariadb => Func::cust("LOCATE").arg(needle).arg(column).into(),
            // Its functions for places look into text. Of the digits only whole bytes may match.
            Dialect::Dm => {
                let pattern = Expr::val(format!("^(..)*{}", hex(bytes).to_uppercase()));
                Func::cust("REGEXP_INSTR").arg(Func::cust("RAWTOHEX").arg(column)).arg(pattern).into()
            }
        }
    }

    /// A set of values of one type as a table with one column, `value`: all of them travel in
    /// one JSON parameter, so that the text of the statement does not depend on their number.
    pub(super) fn set(self, ty: ColumnType, values: &[Value]) -> FunctionCall {
        let json = Expr::val(json_set(values));
        match self {
            Dialect::Sqlite => Func::cust("json_each").arg(json),
            Dialect::Postgres | Dialect::Kingbase => {
                Func::cust("json_array_elements_text").arg(Expr::cust_with_exprs("$1::text::json", [json]))
            }
            Dialect::Mysql | Dialect::Mariadb | Dialect::Dm => Func::cust("JSON_TABLE").arg(Expr::cust_with_exprs(
                match (self, ty) {
                    // A name without quotes would be one in capitals.
                    (Dialect::Dm, ColumnType::Integer) => "?, '$[*]' COLUMNS (\"value\" BIGINT PATH '$')",
                    (Dialect::Dm, ColumnType::Bytes) => "?, '$[*]' COLUMNS (\"value\" VARCHAR(510) PATH '$')",
                    (Dialect::Dm, ColumnType::Text) => "?, '$[*]' COLUMNS (\"value\" VARCHAR(764) PATH '$')",
                    (_, ColumnType::Integer) => "?, '$[*]' COLUMNS (value BIGINT PATH '$')",
                    (_, ColumnType::Bytes) => "?, '$[*]' COLUMNS (value VARCHAR(510) PATH '$')",
                    (Dialect::Mariadb, ColumnType::Text) => {
                        "?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PATH '$')"
                    }
                    (_, ColumnType::Text) => {
                        "?, '$[*]' COLUMNS (value VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin PATH '$')"
                    }
                },
                [json],
            )),
        }
    }

    /// The value of a row of [`Dialect::set`], as its type.
    pub(super) fn set_value(self, alias: &'static str, ty: ColumnType) -> Expr {
        let value = Expr::col((alias, "value"));
        match (self, ty) {
            (Dialect::Postgres | Dialect::Kingbase, ColumnType::Integer) => value.cast_as(Alias::new("bigint")),
            (Dialect::Postgres | Dialect::Kingbase, ColumnType::Bytes) => {
                Func::cust("decode").arg(value).arg(Expr::cust("'hex'")).into()
            }
            (Dialect::Dm, ColumnType::Bytes) => Func::cust("HEXTORAW").arg(value).into(),
            (_, ColumnType::Bytes) => Func::cust("unhex").arg(value).into(),
            _ => value,
        }
    }

    /// The text and the parameters of a query.
    pub(super) fn render(self, query: &SelectStatement) -> (String, Vec<Value>) {
        let (sql, values) = match self {
            Dialect::Sqlite | Dialect::Dm => query.build(SqliteQueryBuilder),
            Dialect::Postgres | Dialect::Kingbase => query.build(PostgresQueryBuilder),
            Dialect::Mysql | Dialect::Mariadb => query.build(MysqlQueryBuilder),
        };
        (sql, parameters(values))
    }

    /// The text and the parameters of a query with common table expressions.
    pub(super) fn render_with(self, query: &WithQuery) -> (String, Vec<Value>) {
        let (sql, values) = match self {
            Dialect::Sqlite | Dialect::Dm => query.build(SqliteQueryBuilder),
            Dialect::Postgres | Dialect::Kingbase => query.build(PostgresQueryBuilder),
            Dialect::Mysql | Dialect::Mariadb => query.build(MysqlQueryBuilder),
        };
        (sql, parameters(values))
    }
}

/// An identifier that is no constant.
pub(super) fn name(name: &str) -> DynIden {
    Alias::new(name).into_iden()
}

/// A value as a parameter of an expression.
pub(super) fn bind(value: &Value) -> Expr {
    match value {
        Value::Integer(i) => Expr::val(*i),
        Value::Text(t) => Expr::val(t.as_str()),
        Value::Bytes(b) => Expr::val(b.clone()),
    }
}

/// The values of a set as a JSON array; bytes as hexadecimal digits.
pub(super) fn json_set(values: &[Value]) -> String {
    // Thousands of texts are the common case: written without a tree of values between.
    let texts: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
    if let Some(Ok(json)) = texts.map(|texts| serde_json::to_string(&texts)) {
        return json;
    }
    let items = values.iter().map(|value| match value {
        Value::Integer(i) => serde_json::Value::from(*i),
        Value::Text(t) => serde_json::Value::from(t.as_str()),
        Value::Bytes(b) => serde_json::Value::from(hex(b)),
    });
    serde_json::Value::from_iter(items).to_string()
}

/// The keys of a set as a JSON array.
pub(super) fn json_keys(keys: &[String]) -> String {
    // Texts always can be written.
    serde_json::to_string(keys).unwrap_or_default()
}

/// The parameters of a statement in our own values. The renderer only ever holds the four that
/// are given to it here; anything else would be a mistake of ours and shows as a text that no
/// column takes.
fn parameters(values: Values) -> Vec<Value> {
    let own = |value| match value {
        Bound::BigInt(Some(i)) => Value::Integer(i),
        Bound::BigUnsigned(Some(i)) => Value::Integer(i64::try_from(i).unwrap_or(i64::MAX)),
        Bound::String(Some(t)) => Value::Text(t),
        Bound::Bytes(Some(b)) => Value::Bytes(b),
        other => Value::Text(format!("{other:?}")),
    };
    values.into_iter().map(own).collect()
}
