package oa.crm

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ArrayNode
import com.fasterxml.jackson.databind.node.ObjectNode
import java.io.File
import java.lang.reflect.InvocationTargetException
import java.nio.file.Path
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.operationArguments
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir

/** The scenarios, through the typed methods: records go in and come out, and are written back byte by byte. */
class ScenarioTest {
    @TempDir
    lateinit var folder: Path

    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val files = File(System.getProperty("crm.root"), "tests/scenarios").listFiles { file -> file.name.endsWith(CALLS) }
        val names = files!!.map { it.name.removeSuffix(CALLS) }.sorted()
        assertTrue(names.size > 10, "scenarios are missing: $names")
        return names.flatMap { name -> Keeping.entries.map { keeping -> dynamicTest("$name, $keeping") { replay(name, keeping) } } }
    }

    private fun replay(name: String, keeping: Keeping) {
        val calls = lines("$name$CALLS")
        val expected = lines("$name.answers.jsonl")
        assertEquals(calls.size, expected.size, "as many answers as calls")
        val environment = Counted()
        keeping.open(folder, CrmOptions(environment = environment)).use { crm ->
            val answers = ArrayList<String>()
            for ((number, line) in calls.withIndex()) {
                val call = Wire.mapper.readTree(line)
                environment.advance(call.path("advance").asLong(0))
                val answer = session(crm, call).use { answer(it, call, answers) }
                assertEquals(expected[number], answer, "$name:${number + 1}: $line")
                answers += answer
            }
        }
    }

    private fun session(crm: Crm, call: JsonNode): CrmSession {
        var session = call["as"]?.let { crm.asUser("acme", it.asText()) } ?: crm.asSystem("acme", call["system"].asText())
        call["key"]?.let { session = session.idempotent(it.asText()) }
        call["correlation"]?.let { session = session.correlated(it.asText()) }
        return session
    }

    private fun answer(session: CrmSession, call: JsonNode, answers: List<String>): String =
        try {
            val raw = call["raw"]
            val operation = call["call"].asText()
            if (raw != null) session.dispatch(operation, raw.asText())
            else Wire.write(typed(session, operation, resolved(call["with"] ?: Wire.mapper.createObjectNode(), answers)))
        } catch (refused: CrmException) {
            """{"error":${refused.problemJson(Language.CHINESE)}}"""
        }

    private fun typed(session: CrmSession, operation: String, with: JsonNode): Any? {
        val method = methodOf(operation)
        val names = operationArguments(operation)!!
        assertEquals(emptySet<String>(), with.fieldNames().asSequence().toSet() - names.toSet(), "unknown arguments")
        (with["settings"] as ObjectNode?)?.let(Wire::completed)
        val arguments = names.zip(method.genericParameterTypes).map { (name, type) ->
            with[name]?.let { Wire.mapper.readerFor(Wire.mapper.constructType(type)).readValue<Any?>(it) }
        }
        try {
            return method.invoke(session, *arguments.toTypedArray())
        } catch (thrown: InvocationTargetException) {
            throw thrown.targetException
        }
    }

    /** With the values of earlier answers where references stand. */
    private fun resolved(node: JsonNode, answers: List<String>): JsonNode {
        when (node) {
            is ObjectNode -> node.fieldNames().asSequence().toList().forEach { node.replace(it, resolved(node[it], answers)) }
            is ArrayNode -> node.indices().forEach { node.set(it, resolved(node[it], answers)) }
        }
        val (line, path) = REFERENCE.matchEntire(node.textValue() ?: return node)?.destructured ?: return node
        val value = Wire.mapper.readTree(answers[line.toInt() - 1]).at(path)
        assertTrue(!value.isMissingNode, "${node.asText()} leads nowhere")
        return value
    }

    private fun ArrayNode.indices() = 0 until size()

    private fun lines(file: String) =
        File(System.getProperty("crm.root"), "tests/scenarios/$file").readText().removeSuffix("\n").split('\n')

    private companion object {
        const val CALLS = ".calls.jsonl"
        val REFERENCE = Regex("""\$([1-9][0-9]*)((?:/[a-z0-9_]+)+)""")
    }
}
