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
    private final ThreadLocal<Lent> lent = new ThreadLocal<>();

    private static final class Lent {
        final Connection connection;
        boolean lost;

        Lent(Connection connection) {
            this.connection = connection;
        }
    }

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
        lent.set(new Lent(connection));
        return lent::remove;
    }

    @Override
    public boolean inTransaction() {
        return lent.get() != null;
    }

    @Override
    public Connection get() throws SQLException {
        Lent own = lent.get();
        if (own == null) return source.getConnection();
        // Whatever came now would be committed without what the host wrote before.
        if (own.lost) throw new SQLException("the database has ended the transaction: roll it back", "25000");
        return own.connection;
    }

    @Override
    public void release(Connection connection) throws SQLException {
        Lent own = lent.get();
        if (own == null || connection != own.connection) connection.close();
    }

    /** Until the connection is no longer lent, every further call of the thread fails. */
    @Override
    public void lost(Connection connection) {
        Lent own = lent.get();
        if (own != null) own.lost = true;
    }
}
