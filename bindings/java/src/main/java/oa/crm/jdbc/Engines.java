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
        } else {
            // Tables name their character set; what travels to them must be able to hold it.
            demand("utf8mb4", ask(connection, "SELECT @@character_set_client"), "character_set_client");
        }
    }

    private static void demand(String wanted, String found, String of) {
        if (!wanted.equals(found)) throw Failures.refused(of + " is " + found + ", not " + wanted);
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
                return Collections.singletonList("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
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
                return Collections.singletonList("BEGIN ISOLATION LEVEL READ COMMITTED");
            default:
                return Arrays.asList("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION");
        }
    }

    /** MySQL commits whatever is open when a table is made. */
    static void refuseDefinitions(SqlDialect dialect, List<SqlStatement> statements) {
        if (dialect != SqlDialect.MYSQL && dialect != SqlDialect.MARIADB) return;
        for (SqlStatement statement : statements) {
            if (statement.getSql().startsWith("CREATE ") || statement.getSql().startsWith("ALTER ")) {
                throw Failures.refused("making tables would commit the transaction: open the CRM outside");
            }
        }
    }
}
