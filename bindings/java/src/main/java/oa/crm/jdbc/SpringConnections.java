package oa.crm.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Connections of Spring: a call inside {@code @Transactional} joins the transaction, one outside has its own.
 *
 * <p>A transaction counts when its manager binds connections of this data source to the thread, as those of JDBC, JPA
 * and Hibernate do. One of another data source does not, nor does JTA: a call inside those commits on its own.
 */
public final class SpringConnections implements ConnectionProvider {
    private final DataSource source;

    public SpringConnections(DataSource source) {
        Objects.requireNonNull(source, "source");
        // Spring binds what is below.
        DataSource below = source instanceof TransactionAwareDataSourceProxy
                ? ((TransactionAwareDataSourceProxy) source).getTargetDataSource() : source;
        this.source = Objects.requireNonNull(below, "the proxy has no target");
    }

    @Override
    public boolean inTransaction() throws SQLException {
        ConnectionHolder holder = holder();
        if (holder == null || !TransactionSynchronizationManager.isActualTransactionActive()) return false;
        // Under another source's transaction Spring binds connections, too: these commit by themselves.
        Connection connection = DataSourceUtils.doGetConnection(source);
        try {
            return !connection.getAutoCommit();
        } finally {
            DataSourceUtils.doReleaseConnection(connection, source);
        }
    }

    @Override
    public Connection get() throws SQLException {
        return inTransaction() ? DataSourceUtils.doGetConnection(source) : source.getConnection();
    }

    @Override
    public void release(Connection connection) throws SQLException {
        // Closes what is not bound to the thread.
        DataSourceUtils.doReleaseConnection(connection, source);
    }

    @Override
    public void lost(Connection connection) {
        ConnectionHolder holder = holder();
        if (holder != null) holder.setRollbackOnly();
    }

    /** What is left of {@code @Transactional(timeout = ..)}. */
    @Override
    public void prepare(Statement statement) throws SQLException {
        DataSourceUtils.applyTransactionTimeout(statement, source);
    }

    private ConnectionHolder holder() {
        Object bound = TransactionSynchronizationManager.getResource(source);
        return bound instanceof ConnectionHolder ? (ConnectionHolder) bound : null;
    }
}
