package oa.crm

import java.io.IOException
import java.nio.file.Path
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.HostDirectory
import oa.crm.ffi.HostEnvironment
import oa.crm.ffi.HostLog
import oa.crm.ffi.HostPanels
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** Clock, chance, directory and log of a host that fail, hesitate, or call the CRM themselves. */
class HostPartsTest {
    @TempDir
    lateinit var folder: Path

    /** A host whose parts do what a test says. */
    private class Host : HostEnvironment, HostDirectory, HostLog, HostPanels {
        val counted = Counted()
        var onNow: () -> Instant = counted::now
        var onEntropy: () -> ByteArray = counted::entropy
        var onSearch: (String) -> List<DirectoryPerson> = { emptyList() }
        var onLog: (LogEntry) -> Unit = {}
        var onRows: (PanelQuestion) -> PanelPage = { PanelPage(rows = emptyList()) }

        override fun now() = onNow()
        override fun entropy() = onEntropy()
        override fun searchPeople(organisation: OrgId, text: String, limit: Int) = onSearch(text)
        override fun log(entry: LogEntry) = onLog(entry)
        override fun panelRows(question: PanelQuestion) = onRows(question)

        fun heal() {
            onNow = counted::now
            onEntropy = counted::entropy
            onSearch = { emptyList() }
            onLog = {}
            onRows = { PanelPage(rows = emptyList()) }
        }

        val options get() = CrmOptions(environment = this, directory = this, log = this, logLevel = LogLevel.DEBUG, panels = this)
    }

    private val host = Host()

    private val failures = listOf(
        IOException("the network"),
        IllegalStateException("the host"),
        AssertionError("no exception at all"),
        StackOverflowError(),
        OutOfMemoryError("of the host's own"),
        NullPointerException(),
        RuntimeException("\uD800"),
        object : RuntimeException() {
            override fun toString() = throw IllegalStateException("not even its name")
        },
    )

    @ParameterizedTest
    @EnumSource
    internal fun `what they throw comes back as the cause`(keeping: Keeping) {
        keeping.open(folder, host.options).use { crm ->
            val alice = crm.founded()
            for (failure in failures) {
                val parts = mapOf<String, Pair<() -> Unit, () -> Any>>(
                    "now" to Pair({ host.onNow = { throw failure } }, { alice.createCustomer(NewCustomer(name = "N")) }),
                    "entropy" to Pair({ host.onEntropy = { throw failure } }, { alice.createCustomer(NewCustomer(name = "N")) }),
                    "directory" to Pair({ host.onSearch = { throw failure } }, { alice.searchPeople("a") }),
                )
                for ((part, what) in parts) {
                    what.first()
                    val name = "$part, ${failure.javaClass}"
                    val thrown = assertThrows(CrmException.Unavailable::class.java, { what.second() }, name)
                    assertEquals("unavailable", thrown.code, name)
                    assertSame(failure, thrown.cause, name)
                    host.heal()
                }
            }
            assertTrue(alice.customers(CustomerQuery(View.Mine), PageRequest(size = 5)).items.isEmpty(), "nothing was written")
            val refused = assertThrows(CrmException.Invalid::class.java) { alice.createCustomer(NewCustomer(name = "")) }
            assertNull(refused.cause, "an old cause belongs to its call")
        }
    }

    @ParameterizedTest
    @EnumSource
    internal fun `the rows of a panel are the host's`(keeping: Keeping) {
        keeping.open(folder, host.options).use { crm ->
            val alice = crm.founded()
            val columns = listOf(PanelColumn(key = "name", label = "名称"))
            val panel = crm.asSystem("acme", "test").savePanel(PanelInput(title = "项目", source = "projects", columns = columns))
            val customer = alice.createCustomer(NewCustomer(name = "N")).id
            val asked = mutableListOf<PanelQuestion>()
            val row = PanelRow(id = "1", cells = listOf(PanelCell(column = "name", text = "一期")), address = "/projects/1")
            host.onRows = { asked += it; PanelPage(rows = listOf(row), next = if (asked.size == 1) "1" else null) }
            val page = alice.panelRows(customer, panel.id, PageRequest(size = 1))
            assertEquals(listOf(row), page.items)
            alice.panelRows(customer, panel.id, PageRequest(size = 1, cursor = page.next))
            assertEquals(listOf(null, "1"), asked.map { it.cursor })
            assertEquals(listOf("projects", customer, "alice"), asked[1].let { listOf(it.source, it.customer, it.actor) })
            for (failure in failures) {
                host.onRows = { throw failure }
                val thrown = assertThrows(CrmException.Unavailable::class.java) { alice.panelRows(customer, panel.id, PageRequest(size = 1)) }
                assertSame(failure, thrown.cause)
            }
            host.onRows = { PanelPage(rows = listOf(row, row)) }
            assertThrows(CrmException.Unavailable::class.java) { alice.panelRows(customer, panel.id, PageRequest(size = 5)) }
        }
    }

    @Test
    fun `null where none is allowed`() {
        Crm.inMemory(host.options).use { crm ->
            val alice = crm.founded()
            @Suppress("UNCHECKED_CAST")
            fun <T> nothing() = null as T
            host.onNow = { nothing() }
            assertThrows(CrmException.Unavailable::class.java) { alice.createCustomer(NewCustomer(name = "N")) }
            host.heal()
            host.onEntropy = { nothing() }
            assertThrows(CrmException.Unavailable::class.java) { alice.createCustomer(NewCustomer(name = "N")) }
            host.heal()
            host.onSearch = { listOf(nothing()) }
            assertThrows(CrmException.Unavailable::class.java) { alice.searchPeople("a") }
            host.onSearch = { listOf(DirectoryPerson(id = "a", name = "\uD800")) }
            assertThrows(CrmException.Unavailable::class.java) { alice.searchPeople("a") }
        }
    }

    @Test
    fun `too little chance, and instants that are none`() {
        Crm.inMemory(host.options).use { crm ->
            val alice = crm.founded()
            for (bytes in listOf(0, 15, 17, 1_000_000)) {
                host.onEntropy = { ByteArray(bytes) }
                val thrown = assertThrows(CrmException.Unavailable::class.java) { alice.createCustomer(NewCustomer(name = "N")) }
                assertTrue(thrown.reason.contains("$bytes bytes"), thrown.reason)
            }
            host.heal()
            for (instant in listOf(Instant.MIN, Instant.MAX, Instant.parse("+10000-01-01T00:00:00Z"))) {
                host.onNow = { instant }
                assertThrows(CrmException.Unavailable::class.java, { alice.createCustomer(NewCustomer(name = "N")) }, "$instant")
            }
        }
    }

    @Test
    fun `a log that fails spoils no call`() {
        Crm.inMemory(host.options).use { crm ->
            val alice = crm.founded()
            for ((number, failure) in failures.withIndex()) {
                host.onLog = { throw failure }
                alice.createCustomer(NewCustomer(name = "N $number"))
            }
            host.heal()
            assertEquals(failures.size, alice.customers(CustomerQuery(View.Mine), PageRequest(size = 50)).items.size)
        }
    }

    @ParameterizedTest
    @EnumSource
    internal fun `they are called on the thread of the call, and may sleep`(keeping: Keeping) {
        val threads = CopyOnWriteArrayList<Thread>()
        host.onNow = { threads += Thread.currentThread(); Thread.sleep(5); host.counted.now() }
        host.onEntropy = { threads += Thread.currentThread(); host.counted.entropy() }
        host.onSearch = { threads += Thread.currentThread(); listOf(DirectoryPerson(id = "zoe", name = it)) }
        host.onLog = { threads += Thread.currentThread() }
        keeping.open(folder, host.options).use { crm ->
            val alice = crm.founded()
            alice.createCustomer(NewCustomer(name = "N"))
            assertEquals(listOf("佐伊"), alice.searchPeople("佐伊").map { it.name })
            assertTrue(threads.size > 5)
            assertEquals(setOf(Thread.currentThread()), threads.toSet())
        }
    }

    @ParameterizedTest
    @EnumSource
    internal fun `they may call the CRM themselves`(keeping: Keeping) {
        keeping.open(folder, host.options).use { crm ->
            val alice = crm.founded()
            var depth = 0
            val seen = CopyOnWriteArrayList<String>()
            fun again(part: String, then: () -> Unit = {}) {
                if (depth > 0) return then()
                depth++
                try {
                    crm.asUser("acme", "alice").use { session ->
                        val customer = session.createCustomer(NewCustomer(name = "From $part ${seen.size}"))
                        seen += session.customer(customer.id).name
                        assertThrows(CrmException.NotFound::class.java) {
                            session.customer("0193a000-0000-7000-8000-00000000dead")
                        }
                    }
                } finally {
                    depth--
                }
                then()
            }
            host.onNow = { again("now"); host.counted.now() }
            alice.createCustomer(NewCustomer(name = "A"))
            host.heal()
            host.onEntropy = { again("entropy"); host.counted.entropy() }
            alice.createCustomer(NewCustomer(name = "B"))
            host.heal()
            host.onSearch = { again("directory"); emptyList() }
            alice.searchPeople("x")
            host.heal()
            host.onLog = { again("log") }
            alice.createCustomer(NewCustomer(name = "C"))
            host.heal()
            for (part in listOf("now", "entropy", "directory", "log")) {
                assertTrue(seen.any { it.startsWith("From $part ") }, "$part: $seen")
            }
            val names = alice.customers(CustomerQuery(View.Mine), PageRequest(size = 50)).items.map { it.name }
            assertTrue(names.containsAll(listOf("A", "B", "C") + seen), "$names")
        }
    }

    @Test
    fun `the log names the call, the correlation and the error`() {
        val entries = CopyOnWriteArrayList<LogEntry>()
        host.onLog = { entries += it }
        Crm.inMemory(host.options).use { crm ->
            val alice = crm.founded()
            entries.clear()
            val customer = alice.correlated("request-7").createCustomer(NewCustomer(name = "N"))
            assertThrows(CrmException.Invalid::class.java) { alice.createCustomer(NewCustomer(name = "")) }
            assertEquals(listOf("create_customer", "create_customer"), entries.map { it.operation })
            assertEquals("request-7", entries[0].correlationId)
            assertEquals("invalid", entries[1].code)
            assertEquals(1, alice.customer(customer.id).version)
        }
    }
}
