package oa.crm.jdbc;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import oa.crm.ffi.ExecutorException;
import oa.crm.ffi.SqlDialect;
import oa.crm.ffi.SqlStatement;
import oa.crm.ffi.SqlValue;
import oa.crm.ffi.WriteOutcome;
import org.junit.jupiter.api.Test;

/** Engines that are not at hand: a connection of our own says what theirs would, and keeps what it was told. */
class EnginesTest {
    private static final class Told {
        final List<String> calls = new ArrayList<>();
        final String product;
        final Function<String, String> answers;
        boolean autoCommit = true;
        int affected = 1;
        SQLException once;

        Told(String product, Function<String, String> answers) {
            this.product = product;
            this.answers = answers;
        }

        Connection connection() {
            return proxy(Connection.class, (name, args) -> {
                switch (name) {
                    case "getMetaData":
                        return proxy(DatabaseMetaData.class, (of, none) -> product);
                    case "createStatement":
                        return statement();
                    case "prepareStatement":
                        return prepared((String) args[0]);
                    case "getAutoCommit":
                        return autoCommit;
                    case "setAutoCommit":
                        autoCommit = (Boolean) args[0];
                        calls.add("autoCommit " + autoCommit);
                        return null;
                    case "isClosed":
                        return false;
                    default:
                        throw new AssertionError(name);
                }
            });
        }

        private Statement statement() {
            return proxy(Statement.class, (name, args) -> {
                if (name.equals("execute")) {
                    calls.add((String) args[0]);
                    return false;
                }
                if (!name.equals("executeQuery")) return null;
                String answer = answers.apply((String) args[0]);
                return proxy(ResultSet.class, (of, place) -> of.equals("next") ? (Object) true : of.equals("getString") ? answer : null);
            });
        }

        private PreparedStatement prepared(String sql) {
            return proxy(PreparedStatement.class, (name, args) -> {
                if (!name.equals("executeUpdate")) return null;
                calls.add(sql);
                SQLException failure = once;
                once = null;
                if (failure != null) throw failure;
                return affected;
            });
        }
    }

    private interface Answering {
        Object answer(String name, Object[] args) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Answering answering) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> answering.answer(method.getName(), args)));
    }

    private static ConnectionProvider provider(Connection connection, boolean joined) {
        return new ConnectionProvider() {
            @Override
            public boolean inTransaction() {
                return joined;
            }

            @Override
            public Connection get() {
                return connection;
            }

            @Override
            public void release(Connection same) {}
        };
    }

    private static List<SqlStatement> writing(String sql) {
        return Collections.singletonList(new SqlStatement(
                sql, Collections.singletonList(new SqlValue.Text("o")), Collections.emptyList(), 1L));
    }

    /** A sound DM: no condition that is asked for holds. */
    private static String sound(String sql) {
        return sql.startsWith("SHOW") ? "UTF8" : "0";
    }

    @Test
    void theProductNamesTheDialect() throws SQLException {
        assertEquals(SqlDialect.KINGBASE, Engines.dialect(new Told("KingbaseES", EnginesTest::sound).connection()));
        assertEquals(SqlDialect.DM, Engines.dialect(new Told("DM DBMS", EnginesTest::sound).connection()));
        Connection unknown = new Told("Oracle", EnginesTest::sound).connection();
        assertThrows(ExecutorException.Refused.class, () -> Engines.dialect(unknown));
    }

    @Test
    void settingsThatChangeTextAreRefused() {
        for (SqlDialect dialect : Arrays.asList(SqlDialect.KINGBASE, SqlDialect.DM)) {
            assertDoesNotThrow(() -> Engines.check(dialect, new Told("", EnginesTest::sound).connection()));
            refused(dialect, "'' IS NULL", "the empty text is NULL");
        }
        refused(SqlDialect.DM, "'A'", "CASE_SENSITIVE");
        refused(SqlDialect.DM, "'a '", "BLANK_PAD_MODE");
        refused(SqlDialect.DM, "LENGTHB", "UTF-8");
        Connection gbk = new Told("", sql -> sql.startsWith("SHOW") ? "GBK" : "0").connection();
        assertThrows(ExecutorException.Refused.class, () -> Engines.check(SqlDialect.KINGBASE, gbk));
    }

    private static void refused(SqlDialect dialect, String condition, String says) {
        Connection one = new Told("", sql -> sql.contains(condition) ? "1" : sound(sql)).connection();
        ExecutorException.Refused refusal =
                assertThrows(ExecutorException.Refused.class, () -> Engines.check(dialect, one));
        assertTrue(refusal.getMessage().contains(says), refusal.getMessage());
    }

    @Test
    void onDmTheDriverBeginsAndIsPutBack() {
        Told told = new Told("DM DBMS", EnginesTest::sound);
        JdbcExecutor executor = new JdbcExecutor(provider(told.connection(), false));
        assertEquals(WriteOutcome.Done.INSTANCE, executor.write(writing("A ?")));
        List<String> begun = Arrays.asList("autoCommit false", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "A ?");
        List<String> whole = new ArrayList<>(begun);
        whole.addAll(Arrays.asList("COMMIT", "autoCommit true"));
        assertEquals(whole, told.calls);

        told.calls.clear();
        told.affected = 0;
        assertEquals(new WriteOutcome.Unexpected(0), executor.write(writing("A ?")));
        List<String> undone = new ArrayList<>(begun);
        undone.addAll(Arrays.asList("ROLLBACK", "autoCommit true"));
        assertEquals(undone, told.calls);
    }

    @Test
    void onDmTwoInsertsOfOneKeyAreTriedAgain() {
        Told told = new Told("DM DBMS", EnginesTest::sound);
        told.once = new SQLException("unique", "23000", -6602);
        JdbcExecutor executor = new JdbcExecutor(provider(told.connection(), false));
        assertEquals(WriteOutcome.Done.INSTANCE, executor.write(writing("A ?")));
        assertEquals(2, Collections.frequency(told.calls, "A ?"));
        assertEquals(1, Collections.frequency(told.calls, "ROLLBACK"));
    }

    @Test
    void insideTheHostsTransactionSavepointsAreUsed() {
        Told dm = new Told("DM DBMS", EnginesTest::sound);
        new JdbcExecutor(provider(dm.connection(), true)).write(writing("A ?"));
        assertEquals(Arrays.asList("SAVEPOINT crm_unit", "A ?"), dm.calls);
        JdbcExecutor defining = new JdbcExecutor(provider(dm.connection(), true));
        assertThrows(ExecutorException.Refused.class, () -> defining.write(writing("CREATE TABLE t")));

        Told kingbase = new Told("KingbaseES", EnginesTest::sound);
        new JdbcExecutor(provider(kingbase.connection(), true)).write(writing("A $1"));
        assertEquals(Arrays.asList("SAVEPOINT crm_unit", "A ?", "RELEASE SAVEPOINT crm_unit"), kingbase.calls);
    }
}
