package oa.crm.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.CustomerQuery;
import oa.crm.LogEntry;
import oa.crm.PageRequest;
import oa.crm.View;
import oa.crm.ffi.HostLog;
import oa.crm.ffi.SqlDialect;
import oa.crm.java.Answers;
import oa.crm.java.Builders;
import oa.crm.java.Worlds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a careless or unlucky host meets: exceptions with code, data and cause. */
class BadInputTest {
    /** A provider that does something before it gives a connection. */
    private static final class Meddling implements ConnectionProvider {
        interface Before {
            void get() throws SQLException;
        }

        private final DataSourceConnections connections;
        volatile Before before = () -> {};

        Meddling(HikariDataSource source) {
            connections = new DataSourceConnections(source);
        }

        @Override
        public boolean inTransaction() {
            return connections.inTransaction();
        }

        @Override
        public Connection get() throws SQLException {
            before.get();
            return connections.get();
        }

        @Override
        public void release(Connection connection) throws SQLException {
            connections.release(connection);
        }
    }

    @Test
    void nullIsRefused() {
        assertThrows(NullPointerException.class, () -> new JdbcExecutor((ConnectionProvider) null));
        assertThrows(NullPointerException.class, () -> new DataSourceConnections(null));
        assertThrows(NullPointerException.class, () -> new SpringConnections(null));
    }

    @Test
    void aProviderThatThrowsIsTheCause() {
        try (HikariDataSource source = Databases.SQLITE.fresh()) {
            Meddling provider = new Meddling(source);
            try (Crm crm = Crm.onHost(new JdbcExecutor(provider))) {
                CrmSession alice = Worlds.founded(crm);
                SQLException refused = new SQLException("no route", "08001");
                provider.before = () -> {
                    throw refused;
                };
                CrmException.Unavailable unreachable = assertThrows(CrmException.Unavailable.class, alice::menu);
                assertEquals("unavailable", unreachable.getCode());
                assertSame(refused, unreachable.getCause());
                IllegalStateException wild = new IllegalStateException("the provider's own mistake");
                provider.before = () -> {
                    throw wild;
                };
                assertSame(wild, assertThrows(CrmException.Unavailable.class, alice::menu).getCause());
                provider.before = () -> {
                    throw new StackOverflowError();
                };
                assertThrows(Throwable.class, alice::menu);
                // The CRM lives.
                provider.before = () -> {};
                alice.createCustomer(Builders.newCustomer("After").build());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("oa.crm.jdbc.Databases#present")
    void aClosedDataSourceIsUnavailable(Databases database) {
        HikariDataSource source = database.fresh();
        try (Crm crm = Crm.onHost(new JdbcExecutor(source))) {
            CrmSession host = crm.asSystem("acme", "set-up");
            source.close();
            CrmException.Unavailable closed = assertThrows(CrmException.Unavailable.class, host::settings);
            assertInstanceOf(SQLException.class, closed.getCause());
            assertTrue(closed.problemJson(oa.crm.Language.CHINESE).contains("\"status\":503"));
        }
    }

    @Test
    void aStoreThatSleepsHoldsUpItsCallAlone() throws Exception {
        try (HikariDataSource source = Databases.SQLITE.fresh()) {
            Meddling provider = new Meddling(source);
            try (Crm crm = Crm.onHost(new JdbcExecutor(provider))) {
                CrmSession alice = Worlds.founded(crm);
                Thread sleeper = Thread.currentThread();
                provider.before = () -> {
                    if (Thread.currentThread() != sleeper) return;
                    try {
                        Thread.sleep(1_500);
                    } catch (InterruptedException e) {
                        throw new SQLException(e);
                    }
                };
                ExecutorService threads = Executors.newSingleThreadExecutor();
                Future<Long> other = threads.submit(() -> {
                    long from = System.nanoTime();
                    alice.menu();
                    return (System.nanoTime() - from) / 1_000_000;
                });
                alice.menu();
                assertTrue(other.get() < 1_400, "the other call took " + other.get() + " ms");
                threads.shutdown();
            }
        }
    }

    @Test
    void anotherEngineIsRefused() {
        try (HikariDataSource source = Databases.SQLITE.fresh()) {
            CrmException refused = assertThrows(CrmException.class,
                    () -> Crm.onHost(new JdbcExecutor(new DataSourceConnections(source), SqlDialect.POSTGRES)));
            assertEquals("unavailable", refused.getCode());
            assertInstanceOf(SQLException.class, refused.getCause());
        }
    }

    @ParameterizedTest
    @MethodSource("oa.crm.jdbc.Databases#present")
    void sixtyFourThreadsShareAPool(Databases database) throws Exception {
        try (HikariDataSource source = database.fresh(); Crm crm = Crm.onHost(new JdbcExecutor(source))) {
            CrmSession alice = Worlds.founded(crm);
            ExecutorService threads = Executors.newFixedThreadPool(64);
            List<Future<String>> created = new ArrayList<>();
            for (int n = 0; n < 64; n++) {
                String name = "Customer " + n;
                created.add(threads.submit(() -> {
                    String id = alice.createCustomer(Builders.newCustomer(name).build()).getId();
                    assertEquals(name, alice.customer(id).getName());
                    return id;
                }));
            }
            for (Future<String> one : created) one.get();
            threads.shutdown();
            CustomerQuery mine = new CustomerQuery(View.Mine.INSTANCE, Builders.customerFilter().build(), null, null, null);
            PageRequest page = Builders.pageRequest().size(50).build();
            assertEquals(64, Answers.all(page, p -> alice.customers(mine, p), p -> p.getItems(), p -> p.getNext()).count());
        }
    }

    @Test
    void aCallFromACallbackIsACall() {
        AtomicReference<Crm> again = new AtomicReference<>();
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        HostLog log = new HostLog() {
            @Override
            public void log(LogEntry entry) {
                if (again.get() == null || !entry.getOperation().equals("create_customer")) return;
                seen.add(again.get().asUser("acme", "alice").menu().getEntries().get(0).getId());
            }
        };
        try (HikariDataSource source = Databases.SQLITE.fresh();
                Crm crm = Crm.onHost(new JdbcExecutor(source), null, Builders.crmOptions().log(log).logLevel(oa.crm.LogLevel.DEBUG).build())) {
            CrmSession alice = Worlds.founded(crm);
            again.set(crm);
            alice.createCustomer(Builders.newCustomer("Seen").build());
            assertEquals(Collections.singletonList("quick_create"), seen);
            assertFalse(source.isClosed());
        }
    }
}
