package oa.crm

import java.io.File
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.HostLog
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/**
 * Calls by the hundred thousand, each with calls back into the host: what the process holds outside the JVM's heap stays.
 * `-Dcrm.calls` says how many.
 */
class LeakTest {
    @Test
    fun `nothing is left behind`() {
        val calls = Integer.getInteger("crm.calls", 200_000)
        var said = 0
        val log = object : HostLog {
            override fun log(entry: LogEntry) {
                if (said++ % 100 == 0) throw IllegalStateException("now and then")
            }
        }
        Crm.inMemory(CrmOptions(environment = Counted(), log = log, logLevel = LogLevel.DEBUG)).use { crm ->
            val alice = crm.founded()
            val customer = alice.createCustomer(NewCustomer(name = "杭州云帆科技有限公司", description = "x".repeat(1_000)))
            repeat(50) { alice.createCustomer(NewCustomer(name = "C $it")) }
            fun call(number: Int) {
                when (number % 8) {
                    0 -> alice.customers(CustomerQuery(View.Mine), PageRequest(size = 10))
                    1 -> assertThrows(CrmException.Invalid::class.java) { alice.createCustomer(NewCustomer(name = "")) }
                    2 -> crm.asUser("acme", "alice").use { it.menu() }
                    3 -> alice.dispatch("customer", """{"customer":"${customer.id}"}""")
                    4 -> assertThrows(CrmException.Invalid::class.java) { alice.dispatch("customer", "\uD800") }
                    else -> alice.customer(customer.id)
                }
            }
            // The JVM takes and gives back megabytes of its own; what is lost with calls is lost in every round.
            val round = calls / 6
            repeat(2 * round, ::call)
            val grown = List(4) {
                val before = resident()
                repeat(round, ::call)
                resident() - before
            }
            println("""{"measure":"leak","calls_a_round":$round,"grown_kib":$grown,"said":$said}""")
            assertTrue(said >= calls * 3 / 4, "the host was called back: $said")
            // A lost buffer of one call in ten would be some 100 bytes a call.
            assertTrue(grown.min() * 1024 < round * 64L, "$grown KiB more in rounds of $round calls")
        }
    }

    /** What the process holds beside the heap of the JVM, in KiB. */
    private fun resident(): Long {
        repeat(3) {
            System.gc()
            Thread.sleep(50)
        }
        val pages = File("/proc/self/smaps_rollup").readLines().first { it.startsWith("Rss:") }
        return pages.filter(Char::isDigit).toLong()
    }
}
