package oa.crm.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import oa.crm.Crm;
import oa.crm.CrmException;
import oa.crm.CrmSession;
import oa.crm.Language;
import oa.crm.ffi.CrmOptions;
import oa.crm.jdbc.Databases;
import oa.crm.jdbc.JdbcExecutor;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The scenarios through {@code dispatch}, byte by byte, on every store that a host of Java may choose. */
class ScenarioTest {
    private static final Pattern REFERENCE = Pattern.compile("\\$[1-9][0-9]*(/[a-z0-9_]+)+");
    private static final Path FOLDER = Paths.get(System.getProperty("crm.root"), "tests", "scenarios");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path temporary;

    private interface Replay {
        void on(String scenario) throws Exception;
    }

    @TestFactory
    Stream<DynamicContainer> scenarios() throws IOException {
        List<String> names;
        try (Stream<Path> files = Files.list(FOLDER)) {
            names = files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".calls.jsonl"))
                    .map(file -> file.replace(".calls.jsonl", "")).sorted().collect(Collectors.toList());
        }
        assertTrue(names.size() > 10, "scenarios are missing: " + names);
        Stream<DynamicContainer> own = Stream.of(
                container("memory", names, name -> on(name, environment -> Crm.inMemory(options(environment)))),
                container("sqlite", names, name -> on(name, environment -> Crm.sqlite(
                        Files.createTempDirectory(temporary, "crm").resolve("crm.db").toString(), options(environment)))));
        return Stream.concat(own, Databases.present().map(database -> container("JDBC " + database, names, name -> {
            try (HikariDataSource source = database.fresh()) {
                on(name, environment -> Crm.onHost(new JdbcExecutor(source), null, options(environment)));
            }
        })));
    }

    private static DynamicContainer container(String store, List<String> names, Replay replay) {
        return DynamicContainer.dynamicContainer(store,
                names.stream().map(name -> DynamicTest.dynamicTest(name, () -> replay.on(name))));
    }

    private static CrmOptions options(Worlds.Counted environment) {
        return Builders.crmOptions().environment(environment).build();
    }

    private interface Opening {
        Crm open(Worlds.Counted environment) throws Exception;
    }

    private static void on(String name, Opening opening) throws Exception {
        List<String> calls = lines(name + ".calls.jsonl");
        List<String> expected = lines(name + ".answers.jsonl");
        assertEquals(calls.size(), expected.size(), "as many answers as calls");
        assertFalse(calls.isEmpty());
        Worlds.Counted environment = new Worlds.Counted();
        try (Crm crm = opening.open(environment)) {
            List<String> answers = new ArrayList<>();
            for (String line : calls) {
                JsonNode call = JSON.readTree(line);
                environment.advance(call.path("advance").asLong(0));
                try (CrmSession session = session(crm, call)) {
                    answers.add(answer(session, call, answers));
                }
                int number = answers.size();
                assertEquals(expected.get(number - 1), answers.get(number - 1), name + ":" + number + ": " + line);
            }
        }
    }

    private static List<String> lines(String file) throws IOException {
        return Files.readAllLines(FOLDER.resolve(file), StandardCharsets.UTF_8);
    }

    private static CrmSession session(Crm crm, JsonNode call) {
        CrmSession session = call.has("as") ? crm.asUser("acme", call.get("as").asText())
                : crm.asSystem("acme", call.get("system").asText());
        if (call.has("key")) session = session.idempotent(call.get("key").asText());
        return call.has("correlation") ? session.correlated(call.get("correlation").asText()) : session;
    }

    private static String answer(CrmSession session, JsonNode call, List<String> answers) throws IOException {
        String input = call.has("raw") ? call.get("raw").asText()
                : resolved(call.has("with") ? call.get("with") : JSON.createObjectNode(), answers).toString();
        try {
            return session.dispatch(call.get("call").asText(), input);
        } catch (CrmException refusal) {
            return "{\"error\":" + refusal.problemJson(Language.CHINESE) + "}";
        }
    }

    private static JsonNode resolved(JsonNode node, List<String> answers) throws IOException {
        if (node instanceof ObjectNode) {
            ObjectNode object = JSON.createObjectNode();
            for (String name : (Iterable<String>) node::fieldNames) object.set(name, resolved(node.get(name), answers));
            return object;
        }
        if (node instanceof ArrayNode) {
            ArrayNode list = JSON.createArrayNode();
            for (JsonNode item : node) list.add(resolved(item, answers));
            return list;
        }
        if (!node.isTextual() || !REFERENCE.matcher(node.asText()).matches()) return node;
        String reference = node.asText();
        int slash = reference.indexOf('/');
        JsonNode answer = JSON.readTree(answers.get(Integer.parseInt(reference.substring(1, slash)) - 1));
        JsonNode value = answer.at(reference.substring(slash));
        assertFalse(value.isMissingNode(), reference + " leads nowhere");
        return value;
    }
}
