package oa.crm.jdbc;

import static org.junit.jupiter.api.Assertions.fail;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** New, empty databases for tests, each behind a pool; all are dropped at the end. */
public enum Databases {
    SQLITE {
        @Override
        String make(String name) throws IOException {
            Path file = Files.createTempDirectory("crm-java").resolve("crm.db");
            return "jdbc:sqlite:" + file + "?journal_mode=WAL&transaction_mode=IMMEDIATE&busy_timeout=20000";
        }
    },
    POSTGRES {
        @Override
        String make(String name) throws SQLException {
            // A schema each: `current_schema()` is what the CRM looks at.
            String url = server();
            control(url, "CREATE SCHEMA " + name);
            return url + (url.contains("?") ? "&" : "?") + "currentSchema=" + name;
        }
    },
    MARIADB {
        @Override
        String make(String name) throws SQLException {
            return database(name);
        }
    },
    /** The same server through MySQL's own driver. */
    CONNECTOR_J {
        @Override
        String make(String name) throws SQLException {
            return database(name).replace("jdbc:mariadb:", "jdbc:mysql:");
        }
    };

    private static final String RUN = "crm_java_" + Long.toString(System.currentTimeMillis(), 36);
    private static final AtomicInteger COUNT = new AtomicInteger();

    abstract String make(String name) throws IOException, SQLException;

    /** What there are servers for. Where one is missing that must be there, the test that asks fails. */
    public static Stream<Databases> present() {
        List<Databases> present = new ArrayList<>();
        for (Databases database : values()) if (database == SQLITE || database.server() != null) present.add(database);
        return present.stream();
    }

    String server() {
        String variable = this == POSTGRES ? "CRM_POSTGRES_URL" : "CRM_MYSQL_URL";
        String url = System.getenv(variable);
        if (url == null || url.isEmpty()) {
            String missing = name() + " is not tested: " + variable + " is not set";
            if ("1".equals(System.getenv("CRM_REQUIRE_SERVERS"))) fail(missing);
            System.err.println(missing);
            return null;
        }
        // postgres://user:password@host:port/database, as the other languages' tests read it.
        URI uri = URI.create(url);
        String[] user = (uri.getUserInfo() == null ? "" : uri.getUserInfo()).split(":", 2);
        String query = "?user=" + user[0] + (user.length > 1 ? "&password=" + user[1] : "");
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        String protocol = this == POSTGRES ? "postgresql" : "mariadb";
        return "jdbc:" + protocol + "://" + uri.getHost() + port + uri.getPath() + query;
    }

    String database(String name) throws SQLException {
        String url = server();
        control(url, "CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        return url.replaceFirst("/[^/?]*\\?", "/" + name + "?");
    }

    public HikariDataSource fresh() {
        String name = RUN + "_" + COUNT.getAndIncrement();
        HikariConfig config = new HikariConfig();
        try {
            config.setJdbcUrl(make(name));
        } catch (IOException | SQLException e) {
            throw new IllegalStateException(e);
        }
        config.setMaximumPoolSize(8);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(60_000);
        HikariDataSource source = new HikariDataSource(config);
        if (this == POSTGRES) drop(server(), "DROP SCHEMA " + name + " CASCADE", source);
        else if (this != SQLITE) drop(server(), "DROP DATABASE " + name, source);
        return source;
    }

    private static void drop(String server, String sql, HikariDataSource source) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            source.close();
            try {
                control(server, sql);
            } catch (SQLException e) {
                System.err.println(sql + ": " + e);
            }
        }));
    }

    static void control(String url, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
