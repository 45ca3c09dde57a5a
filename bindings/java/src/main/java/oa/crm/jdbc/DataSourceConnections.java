package oa.crm.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import javax.sql.DataSource;

/**
 * Connections of a data source, each call of the CRM in its own transaction, unless the thread has
 * {@linkplain #join lent} the connection of its own.
 *
 * <pre>{@code
 * connection.setAutoCommit(false);
 * try (DataSourceConnections.Joined joined = connections.join(connection)) {
 *     insertOrder(connection);
 *     alice.createCustomer(customer);
 * }
 * connection.commit();
 * }</pre>
 */
public final class DataSourceConnections implements ConnectionProvider {
    private final DataSource source;
    private final ThreadLocal<Connection> lent = new ThreadLocal<>();

    public DataSourceConnections(DataSource source) {
        this.source = Objects.requireNonNull(source, "source");
    }

    /** What is lent, until it is closed. */
    public interface Joined extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Lends the connection of the thread's transaction to the calls that the thread makes until the answer is closed.
     *
     * @throws IllegalStateException if the connection commits by itself, or another one is lent
     */
    public Joined join(Connection connection) throws SQLException {
        if (connection.getAutoCommit()) throw new IllegalStateException("the connection has no transaction");
        if (lent.get() != null) throw new IllegalStateException("the thread lends a connection already");
        lent.set(connection);
        return lent::remove;
    }

    @Override
    public boolean inTransaction() {
        return lent.get() != null;
    }

    @Override
    public Connection get() throws SQLException {
        Connection connection = lent.get();
        return connection != null ? connection : source.getConnection();
    }

    @Override
    public void release(Connection connection) throws SQLException {
        if (connection != lent.get()) connection.close();
    }
}
