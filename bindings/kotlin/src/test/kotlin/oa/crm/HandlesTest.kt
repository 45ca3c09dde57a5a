package oa.crm

import java.nio.file.Path
import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit.SECONDS
import java.util.concurrent.atomic.AtomicInteger
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.HostLog
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** Closing, and many threads. */
class HandlesTest {
    @TempDir
    lateinit var folder: Path

    private fun closed(call: () -> Unit) {
        assertEquals("closed", assertThrows(CrmException.Refused::class.java) { call() }.code)
    }

    @Test
    fun `a closed CRM refuses, and may be closed again`() {
        val crm = Crm.inMemory()
        val alice = crm.founded()
        crm.close()
        crm.close()
        closed { alice.settings() }
        closed { alice.dispatch("settings", "{}") }
        closed { crm.asUser("acme", "alice") }
        closed { crm.tickAll() }
        closed { crm.dueOrganisations() }
    }

    @Test
    fun `a closed session refuses, others go on`() {
        Crm.inMemory().use { crm ->
            val alice = crm.founded()
            val again = crm.asUser("acme", "alice")
            alice.close()
            alice.close()
            closed { alice.settings() }
            assertTrue(again.customers(CustomerQuery(View.Mine), PageRequest(size = 1)).items.isEmpty())
            assertEquals("CrmSession(acme, alice)", again.toString())
            assertEquals(again, again)
            assertEquals(again.hashCode(), again.hashCode())
        }
    }

    @ParameterizedTest
    @EnumSource
    internal fun `a call that is on its way ends as it would when the CRM is closed`(keeping: Keeping) {
        val inside = CountDownLatch(1)
        val goOn = CountDownLatch(1)
        val armed = AtomicInteger()
        val environment = object : oa.crm.ffi.HostEnvironment {
            val counted = Counted()
            override fun now() = counted.now()
            override fun entropy(): ByteArray {
                if (armed.compareAndSet(1, 2)) {
                    inside.countDown()
                    goOn.await(10, SECONDS)
                }
                return counted.entropy()
            }
        }
        val crm = keeping.open(folder, CrmOptions(environment = environment))
        val alice = crm.founded()
        armed.set(1)
        val pool = Executors.newSingleThreadExecutor()
        val created = pool.submit(Callable { alice.createCustomer(NewCustomer(name = "On its way")) })
        assertTrue(inside.await(10, SECONDS))
        crm.close()
        closed { alice.settings() }
        goOn.countDown()
        assertEquals("On its way", created.get(10, SECONDS).name)
        pool.shutdown()
        alice.close()
    }

    @ParameterizedTest
    @EnumSource
    internal fun `64 threads on one CRM`(keeping: Keeping) {
        val said = AtomicInteger()
        val log = object : HostLog {
            override fun log(entry: LogEntry) {
                said.incrementAndGet()
            }
        }
        keeping.open(folder, CrmOptions(log = log, logLevel = LogLevel.DEBUG)).use { crm ->
            val alice = crm.founded()
            crm.asSystem("acme", "set-up").withoutLimit()
            val before = said.get()
            val pool = Executors.newFixedThreadPool(64)
            val start = CountDownLatch(1)
            val work = List(64) { thread ->
                pool.submit(Callable {
                    start.await()
                    List(CUSTOMERS) { number ->
                        // One session for all of them, and one of its own.
                        val session = if (number % 2 == 0) alice else crm.asUser("acme", "alice")
                        val customer = session.createCustomer(NewCustomer(name = "C $thread $number"))
                        assertEquals("C $thread $number", session.customer(customer.id).name)
                        assertThrows(CrmException.Refused::class.java) {
                            session.createCustomer(NewCustomer(name = "D", number = customer.number))
                        }
                        customer.id
                    }
                })
            }
            start.countDown()
            val ids = work.flatMap { it.get(120, SECONDS) }
            pool.shutdown()
            assertEquals(64 * CUSTOMERS, ids.toSet().size)
            assertEquals(64L * CUSTOMERS, alice.customers(CustomerQuery(View.Mine), PageRequest(size = 1, count = true)).count!!.value)
            assertEquals(64 * CUSTOMERS * 3 + 1, said.get() - before, "a line for each call")
        }
    }

    @Test
    fun `the CRM is closed while 64 threads are at work`() {
        repeat(5) {
            val crm = Crm.inMemory()
            val alice = crm.founded()
            crm.asSystem("acme", "set-up").withoutLimit()
            val pool = Executors.newFixedThreadPool(64)
            val busy = CountDownLatch(64)
            val work = List(64) {
                pool.submit(Callable {
                    busy.countDown()
                    var number = 0
                    while (true) {
                        try {
                            alice.createCustomer(NewCustomer(name = "C $it ${number++}"))
                        } catch (refused: CrmException.Refused) {
                            return@Callable refused.code
                        }
                    }
                    @Suppress("UNREACHABLE_CODE") ""
                })
            }
            assertTrue(busy.await(10, SECONDS))
            crm.close()
            alice.close()
            assertEquals(setOf("closed"), work.map { it.get(30, SECONDS) }.toSet())
            pool.shutdown()
        }
    }

    private companion object {
        const val CUSTOMERS = 10
    }
}
