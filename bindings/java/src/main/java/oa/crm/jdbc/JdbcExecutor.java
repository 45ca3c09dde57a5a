package oa.crm.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;
import oa.crm.ffi.HostExecutor;
import oa.crm.ffi.SqlAnswer;
import oa.crm.ffi.SqlColumn;
import oa.crm.ffi.SqlDialect;
import oa.crm.ffi.SqlRow;
import oa.crm.ffi.SqlStatement;
import oa.crm.ffi.SqlValue;
import oa.crm.ffi.WriteOutcome;

/**
 * The CRM's tables in a database behind JDBC: SQLite, PostgreSQL, MySQL or MariaDB; KingbaseES and DM, whose SQL was
 * never run.
 *
 * <pre>{@code
 * Crm crm = Crm.onHost(new JdbcExecutor(new SpringConnections(dataSource)));
 * }</pre>
 *
 * <p>Outside the host's transaction each command has its own, and each batch of queries sees one state. Inside, the
 * commands are written between a savepoint and its release; the transaction is never committed, and stays usable when
 * a command is refused or fails. Queries then see what the host's isolation level lets them see.
 */
public final class JdbcExecutor implements HostExecutor {
    private final ConnectionProvider connections;
    private final Placeholders placeholders = new Placeholders();
    private volatile SqlDialect dialect;

    /** The dialect is that of the database. */
    public JdbcExecutor(ConnectionProvider connections) {
        this.connections = Objects.requireNonNull(connections, "connections");
    }

    /** The dialect is given, for a database whose driver names another product. */
    public JdbcExecutor(ConnectionProvider connections, SqlDialect dialect) {
        this(connections);
        this.dialect = Objects.requireNonNull(dialect, "dialect");
    }

    /** On plain JDBC, without a transaction of the host. */
    public JdbcExecutor(DataSource source) {
        this(new DataSourceConnections(source));
    }

    @Override
    public SqlDialect dialect() {
        return lent((connection, joined) -> {
            SqlDialect found = known(connection);
            Engines.check(found, connection);
            return found;
        });
    }

    /** Asked of the connection at hand: a second one, from a pool that is used up, would wait for the first. */
    private SqlDialect known(Connection connection) throws SQLException {
        if (dialect == null) dialect = Engines.dialect(connection);
        return dialect;
    }

    @Override
    public boolean inTransaction() {
        try {
            return connections.inTransaction();
        } catch (SQLException e) {
            throw Failures.unreachable(e);
        }
    }

    @Override
    public List<SqlAnswer> read(List<SqlStatement> statements) {
        return lent((connection, joined) -> {
            // One query sees one state by itself.
            if (!joined && statements.size() == 1) return answers(connection, statements);
            if (joined && !Engines.likePostgres(known(connection))) return answers(connection, statements);
            // In PostgreSQL a query that fails, by a timeout say, would end the host's transaction.
            if (joined) return inSavepoint(connection, () -> answers(connection, statements), any -> true);
            return inTransaction(connection, Engines.beginRead(known(connection)), () -> answers(connection, statements),
                    any -> false);
        });
    }

    @Override
    public WriteOutcome write(List<SqlStatement> statements) {
        return lent((connection, joined) -> {
            Work<WriteOutcome> work = () -> written(connection, statements);
            Check<WriteOutcome> done = outcome -> outcome instanceof WriteOutcome.Done;
            if (!joined) return inTransaction(connection, Engines.beginWrite(known(connection)), work, done);
            Engines.refuseDefinitions(known(connection), statements);
            return inSavepoint(connection, work, done);
        });
    }

    private interface Work<T> {
        T run() throws SQLException;
    }

    private interface Check<T> {
        boolean keeps(T result);
    }

    private interface Lent<T> {
        T run(Connection connection, boolean joined) throws SQLException;
    }

    /** Runs with a connection; again, where the database asks for it and the transaction is ours. */
    private <T> T lent(Lent<T> work) {
        for (int tried = 1; ; tried++) {
            boolean joined = inTransaction();
            Connection connection;
            try {
                connection = Objects.requireNonNull(connections.get(), "the provider gives no connection");
            } catch (SQLException e) {
                throw Failures.unreachable(e);
            }
            SQLException failed = null;
            try {
                return joined ? work.run(connection, true) : committing(connection, work);
            } catch (SQLException e) {
                failed = e;
                if (joined || tried >= Failures.tries(e)) throw Failures.of(e);
            } finally {
                try {
                    connections.release(connection);
                } catch (SQLException e) {
                    // What was done is done: it is the pool that will notice.
                    if (failed != null) failed.addSuppressed(e);
                }
            }
            pause(tried);
        }
    }

    /** Our own transactions are opened by SQL, so that nothing of the connection's settings is to be put back but this. */
    private static <T> T committing(Connection connection, Lent<T> work) throws SQLException {
        if (connection.getAutoCommit()) return work.run(connection, false);
        connection.setAutoCommit(true);
        try {
            return work.run(connection, false);
        } finally {
            restore(connection, false);
        }
    }

    /** What was done is done, whatever becomes of the connection: one that can't be put back as it was is of no more use. */
    private static void restore(Connection connection, boolean autoCommit) {
        try {
            if (!connection.isClosed()) connection.setAutoCommit(autoCommit);
        } catch (SQLException e) {
            try {
                connection.abort(Runnable::run);
            } catch (SQLException again) {
                e.addSuppressed(again);
            }
        }
    }

    private <T> T inTransaction(Connection connection, List<String> begin, Work<T> work, Check<T> check)
            throws SQLException {
        boolean ended = false;
        try {
            if (Engines.beginsByItself(dialect)) connection.setAutoCommit(false);
            for (String sql : begin) run(connection, sql);
            T result = work.run();
            if (check.keeps(result)) {
                run(connection, "COMMIT");
                ended = true;
            }
            return result;
        } catch (SQLException e) {
            ended = true;
            undo(connection, e);
            throw e;
        } finally {
            if (!ended) undo(connection, null);
            if (Engines.beginsByItself(dialect)) restore(connection, true);
        }
    }

    /** A connection that can't be rolled back must not go back into its pool. */
    private void undo(Connection connection, SQLException because) throws SQLException {
        try {
            run(connection, "ROLLBACK");
        } catch (SQLException e) {
            // SQLite ends the transaction by itself on some errors, and says so here.
            boolean over = e.getMessage() != null && e.getMessage().contains("no transaction is active");
            if (!over) connection.abort(Runnable::run);
            if (because == null && !over) throw e;
            if (because != null) because.addSuppressed(e);
        }
    }

    private <T> T inSavepoint(Connection connection, Work<T> work, Check<T> check) throws SQLException {
        run(connection, "SAVEPOINT crm_unit");
        boolean kept = false;
        Throwable failed = null;
        try {
            T result = work.run();
            kept = check.keeps(result);
            return result;
        } catch (SQLException | RuntimeException e) {
            failed = e;
            throw e;
        } finally {
            try {
                if (!kept) run(connection, "ROLLBACK TO SAVEPOINT crm_unit");
                if (Engines.releases(dialect)) run(connection, "RELEASE SAVEPOINT crm_unit");
            } catch (SQLException e) {
                connections.lost(connection);
                if (failed == null) throw e;
                failed.addSuppressed(e);
            }
        }
    }

    private void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            connections.prepare(statement);
            statement.execute(sql);
        }
    }

    private List<SqlAnswer> answers(Connection connection, List<SqlStatement> statements) throws SQLException {
        List<SqlAnswer> answers = new ArrayList<>(statements.size());
        for (SqlStatement statement : statements) {
            try (PreparedStatement prepared = prepare(connection, statement); ResultSet set = prepared.executeQuery()) {
                List<SqlRow> rows = new ArrayList<>();
                while (set.next()) rows.add(row(set, statement.getColumns()));
                answers.add(new SqlAnswer(rows));
            }
        }
        return answers;
    }

    private WriteOutcome written(Connection connection, List<SqlStatement> statements) throws SQLException {
        for (int place = 0; place < statements.size(); place++) {
            SqlStatement statement = statements.get(place);
            long rows = affected(connection, statement);
            Long expected = statement.getExpected();
            if (expected != null && expected != rows) return new WriteOutcome.Unexpected(place);
        }
        return WriteOutcome.Done.INSTANCE;
    }

    private long affected(Connection connection, SqlStatement statement) throws SQLException {
        try (PreparedStatement prepared = prepare(connection, statement)) {
            if (statement.getColumns().isEmpty()) return prepared.executeUpdate();
            long rows = 0;
            try (ResultSet set = prepared.executeQuery()) {
                while (set.next()) rows++;
            }
            return rows;
        }
    }

    private PreparedStatement prepare(Connection connection, SqlStatement statement) throws SQLException {
        Placeholders.Text text = placeholders.of(statement.getSql(), Engines.likePostgres(dialect));
        PreparedStatement prepared = connection.prepareStatement(text.sql);
        try {
            connections.prepare(prepared);
            List<SqlValue> values = statement.getParameters();
            for (int place = 1; place <= text.places(values.size()); place++) {
                set(prepared, place, values.get(text.value(place)));
            }
            return prepared;
        } catch (SQLException | RuntimeException e) {
            prepared.close();
            throw e;
        }
    }

    private static void set(PreparedStatement prepared, int place, SqlValue value) throws SQLException {
        if (value instanceof SqlValue.Integer) prepared.setLong(place, ((SqlValue.Integer) value).getNumber());
        else if (value instanceof SqlValue.Text) prepared.setString(place, ((SqlValue.Text) value).getText());
        else prepared.setBytes(place, ((SqlValue.Bytes) value).getBytes());
    }

    private static SqlRow row(ResultSet set, List<? extends SqlColumn> columns) throws SQLException {
        List<SqlValue> values = new ArrayList<>(columns.size());
        for (int place = 1; place <= columns.size(); place++) {
            SqlColumn column = columns.get(place - 1);
            if (column == SqlColumn.INTEGER) {
                values.add(new SqlValue.Integer(set.getLong(place)));
                if (set.wasNull()) throw absent(place);
            } else if (column == SqlColumn.TEXT) {
                String text = set.getString(place);
                if (text == null) throw absent(place);
                values.add(new SqlValue.Text(text));
            } else {
                byte[] bytes = set.getBytes(place);
                if (bytes == null) throw absent(place);
                values.add(new SqlValue.Bytes(bytes));
            }
        }
        return new SqlRow(Collections.unmodifiableList(values));
    }

    private static SQLException absent(int place) {
        return new SQLException("column " + place + " of the answer is NULL");
    }

    /** Longer and longer, and each a time of its own: those who met in a deadlock are not to meet there again. */
    private static void pause(int tried) {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextLong(Math.min(10L << tried, 2_000)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failures.of(new SQLException("interrupted between two tries", e));
        }
    }
}
