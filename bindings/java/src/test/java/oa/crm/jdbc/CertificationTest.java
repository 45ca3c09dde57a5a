package oa.crm.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariDataSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import oa.crm.ffi.ConformanceReport;
import oa.crm.ffi.Crm_ffiKt;
import oa.crm.ffi.HostExecutor;
import oa.crm.ffi.SqlAnswer;
import oa.crm.ffi.SqlDialect;
import oa.crm.ffi.SqlStatement;
import oa.crm.ffi.WriteOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The CRM's own suite, run on what is made here. */
class CertificationTest {
    static ConformanceReport certify(Databases database, UnaryOperator<HostExecutor> as) {
        List<HikariDataSource> open = new ArrayList<>();
        try {
            return Crm_ffiKt.certifyExecutor(() -> {
                HikariDataSource source = database.fresh();
                open.add(source);
                // A check has a few at a time; a server has no more than so many connections.
                if (open.size() > 6) open.remove(0).close();
                return as.apply(new JdbcExecutor(source));
            });
        } finally {
            open.forEach(HikariDataSource::close);
        }
    }

    @ParameterizedTest
    @MethodSource("oa.crm.jdbc.Databases#present")
    void certified(Databases database) {
        ConformanceReport report = certify(database, executor -> executor);
        String failed = report.getFailed().stream().map(f -> f.getCheck() + ": " + f.getText())
                .collect(Collectors.joining("\n"));
        assertEquals("", failed);
        assertTrue(report.getPassed().size() > 30, "so many passed: " + report.getPassed().size());
    }

    /** What a careless executor does. */
    enum Fault {
        LOSES_A_WRITE {
            @Override
            WriteOutcome write(HostExecutor executor, List<SqlStatement> all) {
                boolean last = all.size() > 1 && all.get(all.size() - 1).getSql().startsWith("INSERT");
                return executor.write(last ? all.subList(0, all.size() - 1) : all);
            }
        },
        IGNORES_EXPECTATIONS {
            @Override
            WriteOutcome write(HostExecutor executor, List<SqlStatement> all) {
                return executor.write(all.stream()
                        .map(s -> new SqlStatement(s.getSql(), s.getParameters(), s.getColumns(), null))
                        .collect(Collectors.toList()));
            }
        },
        TEARS_A_COMMIT {
            @Override
            WriteOutcome write(HostExecutor executor, List<SqlStatement> all) {
                for (int place = 0; place < all.size(); place++) {
                    WriteOutcome one = executor.write(Collections.singletonList(all.get(place)));
                    if (!(one instanceof WriteOutcome.Done)) return new WriteOutcome.Unexpected(place);
                }
                return WriteOutcome.Done.INSTANCE;
            }
        };

        abstract WriteOutcome write(HostExecutor executor, List<SqlStatement> all);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void refused(Fault fault) {
        ConformanceReport report = certify(Databases.SQLITE, executor -> new HostExecutor() {
            @Override
            public SqlDialect dialect() {
                return executor.dialect();
            }

            @Override
            public List<SqlAnswer> read(List<SqlStatement> statements) {
                return executor.read(statements);
            }

            @Override
            public WriteOutcome write(List<SqlStatement> statements) {
                return fault.write(executor, statements);
            }

            @Override
            public boolean inTransaction() {
                return executor.inTransaction();
            }
        });
        assertFalse(report.getFailed().isEmpty());
        // It is refused for what it does, not for what it can't do at all.
        assertFalse(report.getPassed().isEmpty());
    }

    @Test
    void placeholdersAreConvertedOutsideQuotes() {
        Placeholders.Text text = Placeholders.convert("SELECT '$1', \"$2\", a ? b FROM t WHERE a = $2 AND b = $1 AND c = $12");
        assertEquals("SELECT '$1', \"$2\", a ?? b FROM t WHERE a = ? AND b = ? AND c = ?", text.sql);
        assertEquals(3, text.places(12));
        assertEquals(1, text.value(1));
        assertEquals(0, text.value(2));
        assertEquals(11, text.value(3));
    }

    @Test
    void olderEnginesAreTold() {
        assertTrue(Engines.older("3.51.2", 3, 51, 3));
        assertTrue(Engines.older("3.9", 3, 51, 3));
        assertFalse(Engines.older("3.51.3", 3, 51, 3));
        assertFalse(Engines.older("4.0", 3, 51, 3));
    }
}
