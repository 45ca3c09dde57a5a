package oa.crm.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Where a {@link JdbcExecutor} gets the connection for one call, on the thread of that call.
 *
 * <p>{@link DataSourceConnections} serves plain JDBC, {@link SpringConnections} Spring's transactions.
 */
public interface ConnectionProvider {
    /** Whether the calling thread is inside a transaction of the host, which {@link #get} would join. */
    boolean inTransaction() throws SQLException;

    /** The connection of the host's transaction, or, outside of one, a connection nobody else uses. */
    Connection get() throws SQLException;

    /** Takes back what {@link #get} gave. One of the host's transaction stays open and uncommitted. */
    void release(Connection connection) throws SQLException;

    /**
     * The database has ended the host's transaction (a deadlock in MySQL does), or nobody knows what stands in it:
     * the host must not commit it. The call fails in any case; a provider that can mark the transaction does so here.
     */
    default void lost(Connection connection) {}

    /** Called for each statement before it runs: for a time limit of the host's transaction. */
    default void prepare(Statement statement) throws SQLException {}
}
