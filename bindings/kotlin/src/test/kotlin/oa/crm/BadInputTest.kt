package oa.crm

import java.lang.reflect.InvocationTargetException
import java.nio.file.Path
import java.time.Instant
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Whatever is given is answered with an exception that has a code; afterwards the CRM works as before. */
class BadInputTest {
    private val crm = Crm.inMemory()
    private val alice = crm.founded()

    @AfterEach
    fun `it works as before`() {
        crm.asUser("acme", "alice").use { session ->
            val customer = session.createCustomer(NewCustomer(name = "Afterwards"))
            assertEquals("Afterwards", session.customer(customer.id).name)
        }
        crm.close()
    }

    private fun invalid(field: String, code: String, call: () -> Unit): CrmException.Invalid {
        val thrown = assertThrows(CrmException.Invalid::class.java) { call() }
        assertEquals(listOf(field to code), thrown.violations.map { it.field to it.code }, thrown.toString())
        assertEquals("invalid", thrown.code)
        return thrown
    }

    /** As Java calls it, where nothing keeps `null` out. */
    private fun called(operation: String, vararg arguments: Any?): Any? =
        try {
            methodOf(operation).invoke(alice, *arguments)
        } catch (thrown: InvocationTargetException) {
            throw thrown.targetException
        }

    @Test
    fun `null where none is allowed, in every operation`() {
        for (operation in Crm.operations()) {
            val method = methodOf(operation)
            val takes = method.parameterTypes.map { if (it.isPrimitive) null else it }
            if (takes.isEmpty() || takes.any { it == null } || operation in NULLABLE) continue
            val thrown = assertThrows(CrmException.Invalid::class.java, { called(operation, *arrayOfNulls(takes.size)) }, operation)
            assertEquals("required", thrown.violations.single().code, operation)
            assertNotNull(thrown.cause, operation)
        }
        invalid("customer", "required") { called("customer", null) }
        assertThrows(CrmException.Invalid::class.java) { called("sync_people", listOf(null), SyncMode.DELTA) }
        assertThrows(CrmException.Invalid::class.java) { called("sync_people", listOf(7), SyncMode.DELTA) }
        invalid("user", "required") { crm.asUser("acme", null) }
        invalid("reason", "required") { crm.asSystem("acme", null) }
        invalid("executor", "required") { Crm.onHost(null) }
        invalid("key", "required") { CrmSession::class.java.getMethod("idempotent", String::class.java).call(alice, null) }
    }

    private fun java.lang.reflect.Method.call(on: Any, vararg arguments: Any?) {
        try {
            invoke(on, *arguments)
        } catch (thrown: InvocationTargetException) {
            throw thrown.targetException
        }
    }

    @Test
    fun `ids that are none`() {
        for (id in listOf("", "no id", "\u0000", "0193a000-0000-7000-8000-00000000000", "'; drop table crm_customer; --")) {
            val thrown = assertThrows(CrmException.Invalid::class.java, { alice.customer(id) }, id)
            assertEquals("malformed", thrown.violations.single().code, id)
        }
        val thrown = assertThrows(CrmException.NotFound::class.java) { alice.customer("0193a000-0000-7000-8000-00000000dead") }
        assertEquals("not_found", thrown.code)
        assertEquals("0193a000-0000-7000-8000-00000000dead", thrown.data["id"])
        assertEquals("customer", thrown.data["record"])
    }

    @Test
    fun `callers that are none`() {
        for (organisation in listOf("", "\u0000", "a\nb", "x".repeat(1_000))) {
            assertThrows(CrmException.Invalid::class.java, { crm.asUser(organisation, "alice") }, organisation)
            assertThrows(CrmException.Invalid::class.java, { crm.asUser("acme", organisation) }, organisation)
        }
        assertThrows(CrmException.ActorUnknown::class.java) { crm.asUser("acme", "nobody").settings() }
        assertThrows(CrmException.ActorUnknown::class.java) { crm.asUser("nowhere", "alice").settings() }
        assertThrows(CrmException.Invalid::class.java) { alice.idempotent("").createCustomer(NewCustomer(name = "x")) }
    }

    @Test
    fun `lone surrogates are no characters`() {
        for (text in listOf("\uD800", "a\uDC00b", "\uDBFF")) {
            invalid("$", "malformed") { alice.createCustomer(NewCustomer(name = text)) }
            invalid("$", "malformed") { alice.dispatch("create_customer", text) }
            invalid("$", "malformed") { crm.asUser("acme", text) }
        }
        assertEquals("𠮷野家", alice.createCustomer(NewCustomer(name = "𠮷野家")).name)
    }

    @Test
    fun `NUL and other control characters`() {
        invalid("name", "control_character") { alice.createCustomer(NewCustomer(name = "a\u0000b")) }
        invalid("short_name", "control_character") { alice.createCustomer(NewCustomer(name = "a", shortName = "\u001f")) }
        assertThrows(CrmException.Invalid::class.java) { alice.dispatch("create_customer", "{\u0000}") }
        val unknown = assertThrows(CrmException.Refused::class.java) { alice.dispatch("\u0000", "{}") }
        assertEquals("operation_unknown", unknown.code)
    }

    @Test
    fun `huge texts and lists`() {
        val huge = "界".repeat(8_000_000)
        invalid("name", "too_long") { alice.createCustomer(NewCustomer(name = huge)) }
        assertThrows(CrmException::class.java) { alice.dispatch("create_customer", """{"customer":{"name":"$huge"}}""") }
        assertThrows(CrmException::class.java) { alice.dispatch(huge, "{}") }
        invalid("views", "too_many") { alice.countCustomers(List(100_000) { View.Mine }) }
        assertThrows(CrmException::class.java) { alice.dispatch("customers", "[".repeat(1_000_000)) }
    }

    @Test
    fun `numbers and instants out of range`() {
        val customer = alice.createCustomer(NewCustomer(name = "N"))
        invalid("$", "out_of_range") { alice.followUp(customer.id, NewFollowUp(content = "x", at = Instant.MAX)) }
        invalid("timestamp", "out_of_range") {
            alice.followUp(customer.id, NewFollowUp(content = "x", at = Instant.parse("+10000-01-01T00:00:00Z")))
        }
        for (size in listOf(0, -1, Int.MIN_VALUE, Int.MAX_VALUE)) {
            assertThrows(CrmException.Invalid::class.java, { alice.customers(CustomerQuery(View.Mine), PageRequest(size = size)) }, "$size")
        }
        for (version in listOf(Long.MIN_VALUE, -1, Long.MAX_VALUE)) {
            val thrown = assertThrows(CrmException.Conflict::class.java) {
                alice.editCustomer(customer.id, CustomerEdit(version = version, name = "M"))
            }
            assertEquals("conflict", thrown.code)
            assertEquals(customer.id, thrown.data["id"])
        }
    }

    @Test
    fun `an error says itself in both languages and as problem details`() {
        val thrown = assertThrows(CrmException.Invalid::class.java) { alice.createCustomer(NewCustomer(name = "")) }
        assertTrue(thrown.text(Language.CHINESE).any { it.code > 0x4e00 }, thrown.text(Language.CHINESE))
        assertTrue(thrown.text(Language.ENGLISH).all { it.code < 128 }, thrown.text(Language.ENGLISH))
        val problem = Wire.mapper.readTree(thrown.problemJson(Language.ENGLISH))
        assertEquals("invalid", problem["code"].asText())
        assertEquals("name", problem["violations"][0]["field"].asText())
    }

    @Test
    fun `a file that is no database`(@TempDir folder: Path) {
        val file = folder.resolve("crm.db").toFile().apply { writeText("This is no database. ".repeat(100)) }
        for (path in listOf(file.path, folder.toString(), folder.resolve("no/such/folder/crm.db").toString())) {
            val thrown = assertThrows(CrmException.Unavailable::class.java, { Crm.sqlite(path) }, path)
            assertEquals("unavailable", thrown.code)
            assertTrue(thrown.reason.isNotEmpty())
        }
    }

    private companion object {
        /** Every argument may be absent. */
        val NULLABLE = setOf("people", "find_duplicate_groups")
    }
}
