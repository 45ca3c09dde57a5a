package oa.crm.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.Customer;
import oa.crm.ffi.ExecutorException;
import oa.crm.ffi.SqlColumn;
import oa.crm.ffi.SqlStatement;
import oa.crm.ffi.SqlValue;
import oa.crm.ffi.WriteOutcome;
import oa.crm.java.Answers;
import oa.crm.java.Builders;
import oa.crm.java.Worlds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/** Inside the transaction of a host: statement by statement, and with Spring 5.3. */
class JoinedTest {
    private static SqlStatement statement(String sql, Long expected, SqlColumn... columns) {
        return new SqlStatement(sql, Collections.<SqlValue>emptyList(), Arrays.asList(columns), expected);
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String rows(HikariDataSource source) throws SQLException {
        StringBuilder rows = new StringBuilder();
        try (Connection connection = source.getConnection(); Statement statement = connection.createStatement();
                ResultSet set = statement.executeQuery("SELECT a FROM t ORDER BY a")) {
            while (set.next()) rows.append(set.getInt(1));
        }
        return rows.toString();
    }

    @ParameterizedTest
    @MethodSource("oa.crm.jdbc.Databases#present")
    void whatIsLentIsLeftAsItWas(Databases database) throws SQLException {
        try (HikariDataSource source = database.fresh()) {
            DataSourceConnections connections = new DataSourceConnections(source);
            JdbcExecutor executor = new JdbcExecutor(connections);
            executor.dialect();
            executor.write(Collections.singletonList(statement("CREATE TABLE t (a INTEGER PRIMARY KEY)", null)));
            try (Connection connection = source.getConnection()) {
                assertThrows(IllegalStateException.class, () -> connections.join(connection));
                connection.setAutoCommit(false);
                try (DataSourceConnections.Joined joined = connections.join(connection)) {
                    assertTrue(executor.inTransaction());
                    run(connection, "INSERT INTO t VALUES (1)");
                    assertSame(WriteOutcome.Done.INSTANCE,
                            executor.write(Collections.singletonList(statement("INSERT INTO t VALUES (2)", 1L))));
                    // A conflict undoes its own statements alone.
                    assertEquals(new WriteOutcome.Unexpected(1), executor.write(Arrays.asList(
                            statement("INSERT INTO t VALUES (3)", 1L), statement("DELETE FROM t WHERE a = 9", 1L))));
                    // A failure, too; the exception of the database is the cause.
                    ExecutorException failed = assertThrows(ExecutorException.class, () -> executor.write(Arrays.asList(
                            statement("INSERT INTO t VALUES (4)", 1L), statement("INSERT INTO t VALUES (1)", 1L))));
                    assertInstanceOf(SQLException.class, failed.getCause());
                    assertThrows(ExecutorException.class, () -> executor.read(
                            Collections.singletonList(statement("SELECT a FROM nowhere", null, SqlColumn.INTEGER))));
                    assertEquals(2, executor.read(Collections.singletonList(
                            statement("SELECT a FROM t", null, SqlColumn.INTEGER))).get(0).getRows().size());
                    run(connection, "INSERT INTO t VALUES (5)");
                }
                assertFalse(connection.getAutoCommit());
                assertFalse(executor.inTransaction());
                connection.commit();
                assertEquals("125", rows(source));
                try (DataSourceConnections.Joined joined = connections.join(connection)) {
                    executor.write(Collections.singletonList(statement("INSERT INTO t VALUES (6)", 1L)));
                }
                connection.rollback();
            }
            assertEquals("125", rows(source));
        }
    }

    @Test
    void aConnectionIsGivenBackAsItWas() throws SQLException {
        try (HikariDataSource source = Databases.SQLITE.fresh()) {
            try (Connection connection = source.getConnection()) {
                connection.setAutoCommit(false);
                ConnectionProvider one = new ConnectionProvider() {
                    @Override
                    public boolean inTransaction() {
                        return false;
                    }

                    @Override
                    public Connection get() {
                        return connection;
                    }

                    @Override
                    public void release(Connection back) {}
                };
                JdbcExecutor executor = new JdbcExecutor(one);
                executor.dialect();
                executor.write(Collections.singletonList(statement("CREATE TABLE t (a INTEGER PRIMARY KEY)", null)));
                assertThrows(ExecutorException.class, () -> executor.write(Arrays.asList(
                        statement("INSERT INTO t VALUES (1)", 1L), statement("no SQL", null))));
                assertFalse(connection.getAutoCommit());
            }
            assertEquals("", rows(source));
        }
    }

    @Test
    void springsTransactionIsJoinedAndNoOther() {
        try (HikariDataSource source = Databases.SQLITE.fresh(); HikariDataSource other = Databases.SQLITE.fresh();
                // As the proxy that hosts hand around for code that knows nothing of Spring.
                Crm crm = Crm.onHost(new JdbcExecutor(new SpringConnections(new TransactionAwareDataSourceProxy(source))))) {
            CrmSession alice = Worlds.founded(crm);
            TransactionTemplate template = new TransactionTemplate(new DataSourceTransactionManager(source));
            Customer[] customers = new Customer[2];
            template.execute(status -> {
                customers[0] = alice.createCustomer(Builders.newCustomer("Lost").build());
                assertThrows(CrmException.Invalid.class, () -> alice.createCustomer(Builders.newCustomer("").build()));
                assertFalse(status.isRollbackOnly());
                status.setRollbackOnly();
                return null;
            });
            assertFalse(Answers.find(() -> alice.customer(customers[0].getId())).isPresent());
            // The transaction of another data source is none for the CRM.
            new TransactionTemplate(new DataSourceTransactionManager(other)).execute(status -> {
                new JdbcTemplate(source).queryForList("SELECT 1");
                customers[1] = alice.createCustomer(Builders.newCustomer("Kept").build());
                status.setRollbackOnly();
                return null;
            });
            assertEquals("Kept", alice.customer(customers[1].getId()).getName());
        }
    }
}
