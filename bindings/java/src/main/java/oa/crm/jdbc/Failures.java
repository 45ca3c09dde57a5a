package oa.crm.jdbc;

import java.sql.SQLException;
import java.sql.SQLTransientException;
import oa.crm.ffi.ExecutorException;

/** What a database's refusals mean. The exception stays the cause. */
final class Failures {
    private static final int DM_UNIQUE = -6602;
    private static final int DM_DEADLOCK = -6403;

    private Failures() {}

    /** How often the same is tried, where everything was undone for the sake of somebody else. */
    static int tries(SQLException e) {
        String state = state(e);
        int code = e.getErrorCode();
        // Of those in a deadlock one goes on each time; the longer the queue, the more often another one gives way.
        if (!isSqlite(e) && (state.equals("40001") || state.equals("40P01") || code == 1213)) return 20;
        // DM, where two merges met at a key that neither found: the one that is tried again finds it.
        if (code == DM_UNIQUE || code == DM_DEADLOCK) return 20;
        // Waited for as long as the host allows already.
        boolean waited = isSqlite(e) ? code == 5 || code == 6 : code == 1205;
        return waited ? 2 : 1;
    }

    static RuntimeException of(SQLException e) {
        String state = state(e);
        int code = e.getErrorCode();
        String reason = String.valueOf(e.getMessage());
        ExecutorException failure;
        if (isSqlite(e)) {
            failure = sqlite(code, reason);
        } else if (state.startsWith("40") || state.equals("55P03") || state.equals("57014")
                || code == DM_UNIQUE || code == DM_DEADLOCK || code == 1213 || code == 1205 || code == 3572) {
            failure = new ExecutorException.Busy(reason);
        } else if (state.equals("53100") || code == 1114 || code == 1021) {
            failure = new ExecutorException.Full(reason);
        } else if (state.equals("25006") || code == 1290 || code == 1792 || code == 1836) {
            failure = new ExecutorException.ReadOnly(reason);
        } else if (state.startsWith("08") || state.startsWith("57P") || state.equals("53300")) {
            failure = new ExecutorException.Unreachable(reason);
        } else {
            failure = new ExecutorException.Failed(reason);
        }
        failure.initCause(e);
        throw Failures.<RuntimeException>unchecked(failure);
    }

    private static ExecutorException sqlite(int code, String reason) {
        switch (code) {
            case 5: // SQLITE_BUSY
            case 6: // SQLITE_LOCKED
                return new ExecutorException.Busy(reason);
            case 13: // SQLITE_FULL
                return new ExecutorException.Full(reason);
            case 8: // SQLITE_READONLY
                return new ExecutorException.ReadOnly(reason);
            case 14: // SQLITE_CANTOPEN
                return new ExecutorException.Unreachable(reason);
            case 26: // SQLITE_NOTADB
                return new ExecutorException.Refused(reason);
            default:
                return new ExecutorException.Failed(reason);
        }
    }

    /** No connection: the pool is empty, closed, or has nobody to connect to. */
    static RuntimeException unreachable(SQLException e) {
        boolean waited = e instanceof SQLTransientException && e.getCause() == null;
        String reason = String.valueOf(e.getMessage());
        ExecutorException failure =
                waited ? new ExecutorException.Busy(reason) : new ExecutorException.Unreachable(reason);
        failure.initCause(e);
        throw Failures.<RuntimeException>unchecked(failure);
    }

    static RuntimeException refused(String reason) {
        throw Failures.<RuntimeException>unchecked(new ExecutorException.Refused(reason));
    }

    /** Kotlin's interface does not declare what its library expects to be thrown. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable failure) throws T {
        throw (T) failure;
    }

    private static boolean isSqlite(SQLException e) {
        return e.getClass().getName().startsWith("org.sqlite.");
    }

    private static String state(SQLException e) {
        return e.getSQLState() == null ? "" : e.getSQLState();
    }
}
