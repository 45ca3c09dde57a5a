package oa.crm

import java.sql.SQLException
import oa.crm.ffi.ExecutorException
import oa.crm.ffi.HostExecutor
import oa.crm.ffi.MigrateMode
import oa.crm.ffi.SqlAnswer
import oa.crm.ffi.SqlColumn
import oa.crm.ffi.SqlDialect
import oa.crm.ffi.SqlRow
import oa.crm.ffi.SqlSettings
import oa.crm.ffi.SqlStatement
import oa.crm.ffi.SqlValue
import oa.crm.ffi.WriteOutcome
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A host's executor that throws or lies: every call is answered with a [CrmException], and the process lives. */
class ExecutorTest {
    private class Scripted(
        private val read: (List<SqlStatement>) -> List<SqlAnswer> = { it.map { SqlAnswer(emptyList()) } },
        private val write: (List<SqlStatement>) -> WriteOutcome = { WriteOutcome.Done },
        private val dialect: () -> SqlDialect = { SqlDialect.POSTGRES },
        private val joined: () -> Boolean = { false },
    ) : HostExecutor {
        override fun dialect() = dialect.invoke()
        override fun read(statements: List<SqlStatement>) = read.invoke(statements)
        override fun write(statements: List<SqlStatement>) = write.invoke(statements)
        override fun inTransaction() = joined.invoke()
    }

    private fun unlooked(executor: HostExecutor) = Crm.onHost(executor, SqlSettings(migrate = MigrateMode.OFF))

    private fun unavailable(executor: HostExecutor): CrmException.Unavailable =
        unlooked(executor).use { crm ->
            assertThrows(CrmException.Unavailable::class.java) { crm.asSystem("acme", "test").settings() }
        }

    private fun founding(executor: HostExecutor): CrmException =
        unlooked(executor).use { crm ->
            assertThrows(CrmException::class.java) {
                crm.asSystem("acme", "test").createOrganisation(NewOrganisation(name = "Acme"))
            }
        }

    private val failures = listOf(
        SQLException("no such table", "42P01"),
        IllegalStateException("the pool is closed"),
        AssertionError("no exception at all"),
        StackOverflowError(),
        RuntimeException("\uD800"),
    )

    @Test
    fun `what it throws is the cause`() {
        for (failure in failures) {
            val name = failure.toString()
            assertSame(failure, unavailable(Scripted(read = { throw failure })).cause, name)
            assertSame(failure, founding(Scripted(write = { throw failure })).cause, name)
            val refused = assertThrows(CrmException.Unavailable::class.java) { Crm.onHost(Scripted(dialect = { throw failure })) }
            assertSame(failure, refused.cause, name)
            val opened = assertThrows(CrmException.Unavailable::class.java) { Crm.onHost(Scripted(read = { throw failure })) }
            assertSame(failure, opened.cause, name)
        }
    }

    @Test
    fun `what it declares says whether trying again may help`() {
        val sql = SQLException("locked", "40001")
        val busy = unavailable(Scripted(read = { throw ExecutorException.Busy("locked").initCause(sql) }))
        assertSame(sql, busy.cause)
        assertTrue(busy.isRetryable)
        assertTrue(busy.reason.contains("locked"))
        val failed = unavailable(Scripted(read = { throw ExecutorException.Failed("broken") }))
        assertTrue(!failed.isRetryable)
        assertTrue(failed.cause is ExecutorException.Failed)
    }

    @Test
    fun `lies about reads are found out`() {
        fun row(vararg values: SqlValue) = SqlAnswer(listOf(SqlRow(values.toList())))
        fun honest(column: SqlColumn) = when (column) {
            SqlColumn.INTEGER -> SqlValue.Integer(1)
            SqlColumn.TEXT -> SqlValue.Text("x")
            SqlColumn.BYTES -> SqlValue.Bytes(byteArrayOf(1))
        }
        fun other(column: SqlColumn) = if (column == SqlColumn.TEXT) SqlValue.Integer(7) else SqlValue.Text("7")
        val lies = mapOf<String, (List<SqlStatement>) -> List<SqlAnswer>>(
            "no answers" to { emptyList() },
            "an answer more" to { asked -> asked.map { SqlAnswer(emptyList()) } + SqlAnswer(emptyList()) },
            "a column less" to { asked -> asked.map { row(*it.columns.drop(1).map(::honest).toTypedArray()) } },
            "a column more" to { asked -> asked.map { row(*it.columns.map(::honest).toTypedArray(), SqlValue.Integer(1)) } },
            "other types" to { asked -> asked.map { row(*it.columns.map(::other).toTypedArray()) } },
            "no JSON in a body" to { asked -> asked.map { row(*it.columns.map(::honest).toTypedArray()) } },
        )
        for ((lie, read) in lies) {
            val thrown = unavailable(Scripted(read = read))
            assertEquals("unavailable", thrown.code, lie)
            assertTrue(thrown.reason.isNotEmpty(), lie)
        }
    }

    @Test
    fun `null where none is allowed`() {
        @Suppress("UNCHECKED_CAST")
        fun <T> nothing() = null as T
        unavailable(Scripted(read = { nothing() }))
        unavailable(Scripted(read = { listOf(nothing()) }))
        unavailable(Scripted(read = { asked -> asked.map { SqlAnswer(listOf(SqlRow(listOf(nothing())))) } }))
        assertEquals("unavailable", founding(Scripted(write = { nothing() })).code)
        assertThrows(CrmException.Unavailable::class.java) { Crm.onHost(Scripted(dialect = { nothing() })) }
    }

    @Test
    fun `lies about writes are found out`() {
        for (statement in listOf(-1, Int.MIN_VALUE, 1_000_000, Int.MAX_VALUE)) {
            val thrown = founding(Scripted(write = { WriteOutcome.Unexpected(statement) }))
            assertEquals("unavailable", thrown.code, "$statement")
        }
        // That somebody else is always quicker is a conflict, in the end.
        assertNotNull(founding(Scripted(write = { WriteOutcome.Unexpected(0) })).code)
    }

    @Test
    fun `a transaction state that can't be told counts as one`() {
        var writes = 0
        val executor = Scripted(write = { writes++; WriteOutcome.Unexpected(0) }, joined = { throw IllegalStateException("?") })
        founding(executor)
        assertEquals(1, writes, "nothing is tried again inside a transaction of the host")
    }

    @Test
    fun `it is called on the thread of the call`() {
        val threads = HashSet<Thread>()
        unlooked(Scripted(read = { threads += Thread.currentThread(); it.map { SqlAnswer(emptyList()) } })).use { crm ->
            assertThrows(CrmException.ActorUnknown::class.java) { crm.asUser("acme", "alice").settings() }
        }
        assertEquals(setOf(Thread.currentThread()), threads)
    }

    @Test
    fun `tables that are not there, in a prefix that is none`() {
        assertThrows(CrmException::class.java) { Crm.onHost(Scripted(), SqlSettings(prefix = "x; drop table y")) }
    }
}
