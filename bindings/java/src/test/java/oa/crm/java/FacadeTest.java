package oa.crm.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import oa.crm.Contract;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.Customer;
import oa.crm.CustomerPage;
import oa.crm.CustomerQuery;
import oa.crm.LogLevel;
import oa.crm.PageRequest;
import oa.crm.Receipt;
import oa.crm.ReportOf;
import oa.crm.ReportPer;
import oa.crm.SalesBasis;
import oa.crm.SalesReport;
import oa.crm.Settings;
import oa.crm.View;
import oa.crm.Violation;
import oa.crm.ffi.SessionInterface;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

class FacadeTest {
    private static Map<String, String> fields(Class<?> type) {
        Map<String, String> fields = new TreeMap<>();
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) fields.put(field.getName(), field.getGenericType().getTypeName());
        }
        return fields;
    }

    /** What a record gains its builder must gain, too. */
    @Test
    void buildersHaveTheFieldsOfTheirRecords() throws Exception {
        Set<Class<?>> built = new java.util.HashSet<>();
        for (Method entry : Builders.class.getDeclaredMethods()) {
            if (!Modifier.isPublic(entry.getModifiers())) continue;
            Class<?> builder = entry.getReturnType();
            Class<?> record = builder.getMethod("build").getReturnType();
            built.add(record);
            assertEquals(fields(record), fields(builder), builder.getSimpleName());
            for (Field field : builder.getDeclaredFields()) {
                boolean set = Arrays.stream(builder.getMethods()).anyMatch(m -> m.getName().equals(field.getName()));
                assertEquals(!Modifier.isFinal(field.getModifiers()), set, builder.getSimpleName() + "." + field.getName());
            }
        }
        Set<String> without = new TreeSet<>();
        for (Method operation : SessionInterface.class.getMethods()) {
            for (Type type : operation.getGenericParameterTypes()) inputs(type, built, without);
        }
        assertEquals(Collections.emptySet(), without, "records of an input with more than four fields, without a builder");
        assertTrue(built.size() > 50, built.size() + " builders");
    }

    private static void inputs(Type type, Set<Class<?>> built, Set<String> without) {
        if (type instanceof ParameterizedType) {
            for (Type argument : ((ParameterizedType) type).getActualTypeArguments()) inputs(argument, built, without);
        } else if (type instanceof Class && ((Class<?>) type).getName().startsWith("oa.crm.")) {
            Class<?> record = (Class<?>) type;
            if (record.isEnum() || Modifier.isAbstract(record.getModifiers())) return;
            if (fields(record).size() > 4 && !built.contains(record)) {
                without.add(record.getSimpleName());
            }
            for (Field field : record.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) inputs(field.getGenericType(), built, without);
            }
        }
    }

    @Test
    void callsThatTheReadmeNamesExist() throws Exception {
        String readme = new String(Files.readAllBytes(Paths.get(System.getProperty("crm.root"), "bindings", "java", "README.md")), StandardCharsets.UTF_8);
        String rooms = readme.substring(readme.indexOf("## The rooms"), readme.indexOf("## In the host's own database"));
        Set<String> calls = Arrays.stream(SessionInterface.class.getMethods()).map(Method::getName).collect(Collectors.toSet());
        Set<String> named = new TreeSet<>();
        Matcher names = Pattern.compile("`([a-z]\\w*)`").matcher(rooms);
        while (names.find()) named.add(names.group(1));
        assertTrue(named.size() > 40, named.toString());
        named.removeAll(calls);
        assertEquals(Collections.emptySet(), named);
    }

    @Test
    void namesOfCompaniesAreUnderstoodWithoutACrm() {
        assertEquals("北斗星通", Crm.companyName("北斗星通導航技術（北京）股份有限公司").getBrand());
        assertEquals(1_000, Crm.nameSimilarity("云帆科技（杭州）有限公司", "杭州雲帆科技有限公司").getScore());
    }

    @Test
    void nullIsRefusedByName() {
        assertEquals("name", assertThrows(NullPointerException.class, () -> Builders.newCustomer(null)).getMessage());
        assertEquals("phones", assertThrows(NullPointerException.class,
                () -> Builders.newCustomer("x").phones("1", null)).getMessage());
        try (Crm crm = Crm.inMemory()) {
            CrmSession alice = Worlds.founded(crm);
            CrmException.Invalid refusal = assertThrows(CrmException.Invalid.class, () -> alice.customer(null));
            assertEquals("required", refusal.getViolations().get(0).getCode());
        }
    }

    @Test
    void recordsComeBackAsTheyWereBuilt() {
        try (Crm crm = Crm.inMemory()) {
            CrmSession alice = Worlds.founded(crm);
            Customer customer = alice.createCustomer(Builders.newCustomer("杭州云帆科技有限公司").shortName("云帆")
                    .phones("0571-88001234").contacts(Collections.singletonList(
                            Builders.newContact("王芳").title("经理").primary(true).build())).build());
            assertEquals("云帆", customer.getShortName());
            assertEquals(Collections.singletonList("0571-88001234"), customer.getPhones());
            Customer edited = alice.editCustomer(customer.getId(), Builders.customerEdit(customer.getVersion())
                    .website("https://example.com").clear("short_name").build());
            assertEquals(Optional.empty(), Optional.ofNullable(edited.getShortName()));
            CrmSession host = crm.asSystem("acme", "set-up");
            Settings settings = host.changeSettings(Builders.settings(host.settings()).recycleBinDays(7).build());
            assertEquals(7, settings.getRecycleBinDays());
        }
    }

    @Test
    void moneyIsBigDecimalAndDaysAreLocalDates() {
        try (Crm crm = Crm.inMemory(Builders.crmOptions().environment(new Worlds.Counted()).build())) {
            CrmSession alice = Worlds.founded(crm);
            LocalDate today = LocalDate.of(2026, 11, 23);
            String customer = alice.createCustomer(Builders.newCustomer("A").build()).getId();
            Contract draft = alice.createContract(customer, Builders.newContract("Machines").startsOn(today).lines(
                    Builders.newContractLine(new BigDecimal("3"), new BigDecimal("1200.50")).name("Lathe").build()).build());
            assertEquals(new BigDecimal("3601.50"), draft.getAmount());
            Contract contract = alice.submitContract(draft.getId(), draft.getVersion(), null);
            assertEquals(today, contract.getSignedOn());
            BigDecimal thousand = new BigDecimal("1000").stripTrailingZeros();
            assertEquals(-3, thousand.scale(), "a number that is written with an exponent");
            Receipt receipt = alice.recordReceipt(contract.getId(), Builders.newReceipt(today, thousand).build());
            assertEquals(new BigDecimal("1000.00"), receipt.getAmount());
            SalesReport report = alice.salesReport(Builders.salesQuery(
                    ReportOf.Mine.INSTANCE, SalesBasis.RECEIVED, today, today, ReportPer.WHOLE).build());
            assertEquals(Collections.singletonList(new BigDecimal("1000.00")),
                    report.getTotals().stream().map(row -> row.getFigures().getReceived()).collect(Collectors.toList()));
            alice.attachDocument(customer, Builders.newDocument("a.pdf", "application/pdf", 7, String.join("", Collections.nCopies(64, "0")), "files/1")
                    .contract(contract.getId()).build());

            for (String amount : Arrays.asList("9007199254740992", "0.0000001", "1e999999999", "1e-999999999")) {
                refused("decimal", () -> alice.recordReceipt(contract.getId(), Builders.newReceipt(today, new BigDecimal(amount)).build()));
            }
            for (LocalDate day : Arrays.asList(LocalDate.MIN, LocalDate.MAX, LocalDate.of(1899, 12, 31))) {
                refused("date", () -> alice.recordReceipt(contract.getId(), Builders.newReceipt(day, BigDecimal.ONE).build()));
            }
        }
    }

    private static void refused(String field, Executable call) {
        CrmException.Invalid refusal = assertThrows(CrmException.Invalid.class, call);
        assertEquals(Collections.singletonList(field), refusal.getViolations().stream().map(Violation::getField).collect(Collectors.toList()));
    }

    @Test
    void whatIsNotThereIsEmptyAndOtherRefusalsStay() {
        try (Crm crm = Crm.inMemory()) {
            CrmSession alice = Worlds.founded(crm);
            Customer customer = alice.createCustomer(Builders.newCustomer("A").build());
            assertEquals(Optional.of("A"), Answers.find(() -> alice.customer(customer.getId())).map(Customer::getName));
            String absent = "00000000-0000-7000-8000-000000000000";
            assertFalse(Answers.find(() -> alice.customer(absent)).isPresent());
            // What bob may not see is not there for him.
            assertFalse(Answers.find(() -> crm.asUser("acme", "bob").customer(customer.getId())).isPresent());
            assertThrows(CrmException.Invalid.class, () -> Answers.find(() -> alice.customer("no id")));
            assertThrows(CrmException.ActorUnknown.class,
                    () -> Answers.find(() -> crm.asUser("acme", "nobody").customer(customer.getId())));
        }
    }

    @Test
    void pagesFollowEachOther() {
        try (Crm crm = Crm.inMemory()) {
            CrmSession alice = Worlds.founded(crm);
            for (int n = 0; n < 7; n++) alice.createCustomer(Builders.newCustomer("C" + n).build());
            CustomerQuery query = new CustomerQuery(View.Mine.INSTANCE, Builders.customerFilter().build(), null, null, null);
            List<Integer> sizes = new ArrayList<>();
            List<String> names = Answers.all(Builders.pageRequest().size(3).build(), page -> {
                CustomerPage answer = alice.customers(query, page);
                sizes.add(answer.getItems().size());
                return answer;
            }, CustomerPage::getItems, CustomerPage::getNext).map(Customer::getName).sorted().collect(Collectors.toList());
            assertEquals(Arrays.asList("C0", "C1", "C2", "C3", "C4", "C5", "C6"), names);
            assertEquals(Arrays.asList(3, 3, 1), sizes);
            assertEquals(Optional.empty(), Answers.next(new PageRequest(3, null, true), null));
        }
    }

    @Test
    void problemsSpeakTheReadersLanguage() {
        try (Crm crm = Crm.inMemory()) {
            CrmSession alice = Worlds.founded(crm);
            CrmException refusal = assertThrows(CrmException.Invalid.class, () -> alice.createCustomer(Builders.newCustomer("").build()));
            ProblemDetails english = ProblemDetails.of(refusal, Locale.US);
            assertEquals(422, english.status());
            assertTrue(english.json().contains("\"status\":422"), english.json());
            assertFalse(english.json().equals(ProblemDetails.of(refusal, Locale.SIMPLIFIED_CHINESE).json()));
        }
    }

    @Test
    void entriesGoToSlf4jWithTheCorrelationIdInTheMdc() {
        Logger logger = (Logger) LoggerFactory.getLogger("test.crm");
        ListAppender<ILoggingEvent> seen = new ListAppender<ILoggingEvent>() {
            @Override
            protected void append(ILoggingEvent event) {
                // The MDC is what it is now.
                event.prepareForDeferredProcessing();
                super.append(event);
            }
        };
        seen.start();
        logger.setLevel(Level.DEBUG);
        logger.setAdditive(false);
        logger.addAppender(seen);
        MDC.put("correlationId", "the host's");
        try (Crm crm = Crm.inMemory(Builders.crmOptions().log(new Slf4jLog(logger)).logLevel(LogLevel.DEBUG).build())) {
            CrmSession alice = Worlds.founded(crm);
            seen.list.clear();
            assertThrows(CrmException.class, () -> alice.correlated("req-7").customer("00000000-0000-7000-8000-000000000000"));
            assertEquals(1, seen.list.size());
            ILoggingEvent event = seen.list.get(0);
            assertEquals("req-7", event.getMDCPropertyMap().get("correlationId"));
            assertEquals("acme", event.getMDCPropertyMap().get("organisation"));
            assertTrue(event.getFormattedMessage().startsWith("customer: not_found"), event.getFormattedMessage());
            assertEquals("the host's", MDC.get("correlationId"));
        } finally {
            MDC.remove("correlationId");
        }
    }
}
