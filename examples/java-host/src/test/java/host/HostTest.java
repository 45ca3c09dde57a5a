package host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.Customer;
import oa.crm.java.Answers;
import oa.crm.java.Builders;
import oa.crm.jdbc.ConnectionProvider;
import oa.crm.jdbc.JdbcExecutor;
import oa.crm.jdbc.SpringConnections;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.transaction.PlatformTransactionManager;

@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {"host.database=target/host-${random.uuid}.db", "host.tick-every=100"})
class HostTest {
    @Autowired Crm crm;
    @Autowired Orders orders;
    @Autowired Organisation organisation;
    @Autowired JdbcTemplate jdbc;
    @Autowired DataSource source;
    @Autowired PlatformTransactionManager transactions;
    @Autowired Environment environment;

    private CrmSession alice;

    @BeforeEach
    void staff() {
        if (jdbc.queryForObject("SELECT count(*) FROM host_user", Integer.class) == 0) {
            jdbc.update("INSERT INTO host_department VALUES ('sales', 'Sales', NULL), ('east', 'East', 'sales')");
            jdbc.update("INSERT INTO host_user VALUES ('alice', 'Alice', 'east', 1), ('bob', 'Bob', 'sales', 1)");
            organisation.sync();
        }
        alice = crm.asUser(HostApplication.ORGANISATION, "alice");
    }

    private int orders(String number) {
        return jdbc.queryForObject("SELECT count(*) FROM host_order WHERE number = ?", Integer.class, number);
    }

    private static String some(String prefix) {
        return prefix + UUID.randomUUID();
    }

    @Test
    void orderAndCustomerAreKeptTogether() {
        String number = some("K-");
        Customer customer = orders.take("alice", number, "Kept");
        assertEquals(1, orders(number));
        assertEquals("Kept", alice.customer(customer.getId()).getName());
    }

    @Test
    void aRollbackOfTheHostTakesTheCustomerAlong() {
        String number = some("R-");
        orders.take("alice", number, "First");
        int before = jdbc.queryForObject("SELECT count(*) FROM crm_customer", Integer.class);
        List<String> created = new ArrayList<>();
        assertThrows(IllegalStateException.class, () -> new TransactionTemplate(transactions).execute(status -> {
            String id = orders.take("alice", some("R-"), "Lost").getId();
            created.add(id);
            // Seen inside the transaction, by the CRM and by the host.
            assertEquals("Lost", alice.customer(id).getName());
            throw new IllegalStateException("the host thinks better of it");
        }));
        assertFalse(Answers.find(() -> alice.customer(created.get(0))).isPresent());
        // The host's own statement fails after the CRM wrote: both are lost.
        assertThrows(org.springframework.dao.DataAccessException.class, () -> orders.take("alice", number, "Second"));
        assertEquals(before, jdbc.queryForObject("SELECT count(*) FROM crm_customer", Integer.class));
    }

    @Test
    void aRefusalLeavesTheTransactionUsable() {
        String number = some("U-");
        new TransactionTemplate(transactions).executeWithoutResult(status -> {
            Customer customer = alice.createCustomer(Builders.newCustomer("Used").build());
            assertThrows(CrmException.Invalid.class, () -> alice.createCustomer(Builders.newCustomer("").build()));
            // A stale version.
            assertThrows(CrmException.Conflict.class, () -> alice.editCustomer(customer.getId(),
                    Builders.customerEdit(customer.getVersion() + 7).website("https://example.com").build()));
            assertFalse(status.isRollbackOnly());
            assertFalse(orders.takeAnyway("alice", number, ""));
            assertFalse(status.isRollbackOnly());
            alice.createCustomer(Builders.newCustomer("After").build());
        });
        assertEquals(1, orders(number));
    }

    /** What the executor is given, and where. */
    @Test
    void theCallbackRunsOnTheCallingThreadInTheTransaction() {
        List<Thread> threads = new ArrayList<>();
        List<Boolean> joined = new ArrayList<>();
        List<Connection> used = new ArrayList<>();
        SpringConnections spring = new SpringConnections(source);
        ConnectionProvider watched = new ConnectionProvider() {
            @Override
            public boolean inTransaction() throws SQLException {
                return spring.inTransaction();
            }

            @Override
            public Connection get() throws SQLException {
                threads.add(Thread.currentThread());
                joined.add(spring.inTransaction());
                Connection connection = spring.get();
                used.add(connection);
                return connection;
            }

            @Override
            public void release(Connection connection) throws SQLException {
                spring.release(connection);
            }
        };
        try (Crm own = Crm.onHost(new JdbcExecutor(watched))) {
            CrmSession session = own.asUser(HostApplication.ORGANISATION, "alice");
            session.customer(session.createCustomer(Builders.newCustomer("Outside").build()).getId());
            assertFalse(joined.contains(true));
            threads.clear();
            joined.clear();
            used.clear();
            new TransactionTemplate(transactions).executeWithoutResult(status -> {
                Connection bound = DataSourceUtils.getConnection(source);
                session.createCustomer(Builders.newCustomer("Inside").build());
                assertTrue(threads.size() >= 2);
                assertTrue(threads.stream().allMatch(thread -> thread == Thread.currentThread()));
                assertFalse(joined.contains(false));
                used.forEach(connection -> assertSame(bound, connection));
                status.setRollbackOnly();
            });
        }
    }

    @Test
    void chartAndUsersAreCarriedOver() {
        assertEquals(2, crm.asUser(HostApplication.ORGANISATION, "alice").people(null).size());
        assertTrue(crm.asSystem(HostApplication.ORGANISATION, "test").positions().stream()
                .anyMatch(p -> p.getId().equals("east") && p.getParent().equals("sales") && p.getHolders().contains("alice")));
    }

    private HttpResponse<String> post(String operation, String user, String body) throws Exception {
        String port = environment.getProperty("local.server.port");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/crm/" + operation))
                .header("X-User", user).header("X-Request-Id", "req-9").header("Content-Type", "application/json")
                .header("Accept-Language", "zh-CN").POST(HttpRequest.BodyPublishers.ofString(body)).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theApiIsMounted() throws Exception {
        HttpResponse<String> created = post("create_customer", "alice", "{\"customer\":{\"name\":\"云帆科技\"}}");
        assertEquals(200, created.statusCode(), created.body());
        assertTrue(created.body().contains("\"name\":\"云帆科技\""), created.body());
        HttpResponse<String> refused = post("customer", "alice", "{\"customer\":\"00000000-0000-7000-8000-000000000000\"}");
        assertEquals(404, refused.statusCode());
        assertEquals("application/problem+json", refused.headers().firstValue("Content-Type").orElse("").split(";")[0]);
        assertTrue(refused.body().contains("\"code\":\"not_found\""), refused.body());
        assertEquals(404, post("make_coffee", "alice", "{}").statusCode());
        assertTrue(jdbc.queryForObject("SELECT count(*) FROM crm_event WHERE body LIKE '%req-9%'", Integer.class) > 0);
    }
}
