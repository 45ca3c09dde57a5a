package oa.crm.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import oa.crm.ffi.SqlDialect;
import oa.crm.ffi.SqlStatement;

/** What differs between databases when they are reached through JDBC. */
final class Engines {
    private Engines() {}

    static SqlDialect dialect(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        switch (product) {
            case "SQLite":
                return SqlDialect.SQLITE;
            case "PostgreSQL":
                return SqlDialect.POSTGRES;
            case "MySQL":
                // MySQL's own driver calls both by its name.
                return ask(connection, "SELECT VERSION()").contains("MariaDB") ? SqlDialect.MARIADB : SqlDialect.MYSQL;
            case "MariaDB":
                return SqlDialect.MARIADB;
            case "KingbaseES":
                return SqlDialect.KINGBASE;
            case "DM DBMS":
                return SqlDialect.DM;
            default:
                throw Failures.refused("the database is " + product + ": say which dialect it speaks");
        }
    }

    /** Refuses an engine or an encoding that text or commits would suffer from. */
    static void check(SqlDialect dialect, Connection connection) throws SQLException {
        if (dialect == SqlDialect.SQLITE) {
            String version = ask(connection, "SELECT sqlite_version()");
            if (older(version, 3, 51, 3)) {
                throw Failures.refused(
                        "SQLite " + version + " may lose commits when it resets its WAL: take 3.51.3 or later");
            }
            demand("UTF-8", ask(connection, "PRAGMA encoding"), "the database's encoding");
        } else if (dialect == SqlDialect.POSTGRES) {
            demand("UTF8", ask(connection, "SHOW server_encoding"), "the database's encoding");
        } else if (dialect == SqlDialect.KINGBASE) {
            demand("UTF8", ask(connection, "SHOW server_encoding"), "the database's encoding");
            never(connection, "'' IS NULL", "the empty text is NULL: set ora_input_emptystr_isnull to off for the role");
        } else if (dialect == SqlDialect.DM) {
            // Asked by what they do, whatever the settings are called.
            never(connection, "'' IS NULL", "the empty text is NULL: COMPATIBLE_MODE must not be that of Oracle");
            never(connection, "CAST('a' AS VARCHAR(2)) = CAST('A' AS VARCHAR(2))",
                    "small and capital letters are the same: make the database with CASE_SENSITIVE = Y");
            never(connection, "CAST('a ' AS VARCHAR(2)) = CAST('a' AS VARCHAR(2))",
                    "trailing blanks do not count: make the database with BLANK_PAD_MODE = 1");
            never(connection, "LENGTHB('\u5ba2') <> 3", "the encoding is not UTF-8: make the database with CHARSET = 1");
        } else {
            // Tables name their character set; what travels to them must be able to hold it.
            demand("utf8mb4", ask(connection, "SELECT @@character_set_client"), "character_set_client");
        }
    }

    private static void demand(String wanted, String found, String of) {
        if (!wanted.equals(found)) throw Failures.refused(of + " is " + found + ", not " + wanted);
    }

    /** Refuses a database in which a condition holds. */
    private static void never(Connection connection, String condition, String reason) throws SQLException {
        boolean holds = ask(connection, "SELECT CASE WHEN " + condition + " THEN 1 ELSE 0 END").equals("1");
        if (holds) throw Failures.refused(reason);
    }

    /** Whether a query that fails ends the transaction, and placeholders are numbered. */
    static boolean likePostgres(SqlDialect dialect) {
        return dialect == SqlDialect.POSTGRES || dialect == SqlDialect.KINGBASE;
    }

    /** Whether a transaction is begun by turning the driver's commits off, for want of a statement. */
    static boolean beginsByItself(SqlDialect dialect) {
        return dialect == SqlDialect.DM;
    }

    /** Whether a savepoint is released; on DM it goes with the transaction, or with the next of its name. */
    static boolean releases(SqlDialect dialect) {
        return dialect != SqlDialect.DM;
    }

    /** Whether a version is below another. */
    static boolean older(String version, int... than) {
        String[] parts = version.split("[^0-9]+");
        for (int place = 0; place < than.length; place++) {
            int part = place < parts.length && !parts[place].isEmpty() ? Integer.parseInt(parts[place]) : 0;
            if (part != than[place]) return part < than[place];
        }
        return false;
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet set = statement.executeQuery(sql)) {
            return set.next() ? String.valueOf(set.getString(1)) : "";
        }
    }

    /** All queries of the transaction see its first one's state. */
    static List<String> beginRead(SqlDialect dialect) {
        switch (dialect) {
            case SQLITE:
                return Collections.singletonList("BEGIN");
            case POSTGRES:
            case KINGBASE:
                return Collections.singletonList("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            case DM:
                // All its queries see one state at this level only.
                return Collections.singletonList("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
            default:
                return Arrays.asList(
                        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ ONLY");
        }
    }

    /** Statements compare and set by themselves: each must see what is committed, not a snapshot. */
    static List<String> beginWrite(SqlDialect dialect) {
        switch (dialect) {
            case SQLITE:
                return Collections.singletonList("BEGIN IMMEDIATE");
            case POSTGRES:
            case KINGBASE:
                return Collections.singletonList("BEGIN ISOLATION LEVEL READ COMMITTED");
            case DM:
                return Collections.singletonList("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
            default:
                return Arrays.asList("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION");
        }
    }

    /** MySQL and DM commit whatever is open when a table is made. */
    static void refuseDefinitions(SqlDialect dialect, List<SqlStatement> statements) {
        boolean commits = dialect == SqlDialect.MYSQL || dialect == SqlDialect.MARIADB || dialect == SqlDialect.DM;
        if (!commits) return;
        for (SqlStatement statement : statements) {
            if (statement.getSql().startsWith("CREATE ") || statement.getSql().startsWith("ALTER ")) {
                throw Failures.refused("making tables would commit the transaction: open the CRM outside");
            }
        }
    }
}
