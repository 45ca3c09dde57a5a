package oa.crm

import oa.crm.ffi.ExecutorException
import oa.crm.ffi.HostDirectory
import oa.crm.ffi.HostEnvironment
import oa.crm.ffi.HostException
import oa.crm.ffi.HostExecutor
import oa.crm.ffi.HostLog
import oa.crm.ffi.HostPanels
import oa.crm.ffi.SqlStatement

/**
 * What a part of the host threw on this thread, on its way to the exception of the call it belongs to: the
 * library answers with text, and the host wants its own exception back.
 */
internal object Causes {
    private val thrown = ThreadLocal<Throwable?>()

    fun clear() = thrown.remove()

    fun take(): Throwable? = thrown.get().also { thrown.remove() }

    inline fun <T> kept(declared: (Throwable) -> Exception, work: () -> T): T =
        try {
            work()
        } catch (failure: Throwable) {
            if (failure is InterruptedException) Thread.currentThread().interrupt()
            thrown.set(failure.cause?.takeIf { failure is ExecutorException } ?: failure)
            throw declared(failure)
        }
}

private fun executorFailure(failure: Throwable): Exception =
    if (failure is ExecutorException && crosses(failure)) failure else ExecutorException.Failed(said(failure))

private fun hostFailure(failure: Throwable): Exception =
    if (failure is HostException && crosses(failure)) failure else HostException.Failed(said(failure))

/** Whether its text can cross the border; a lone surrogate can't. */
private fun crosses(failure: Throwable): Boolean = said(failure) == failure.toString()

/** Its text, whatever the host's exception makes of being asked for it. */
private fun said(failure: Throwable): String {
    val text = try {
        failure.toString()
    } catch (_: Throwable) {
        failure.javaClass.name
    }
    return String(text.toByteArray(Charsets.UTF_8), Charsets.UTF_8)
}

internal class KeptExecutor(private val host: HostExecutor) : HostExecutor {
    override fun dialect() = Causes.kept(::executorFailure) { host.dialect() }
    override fun read(statements: List<SqlStatement>) = Causes.kept(::executorFailure) { host.read(statements) }
    override fun write(statements: List<SqlStatement>) = Causes.kept(::executorFailure) { host.write(statements) }

    /** What goes wrong here ends no call, so it is nobody's cause. */
    override fun inTransaction() =
        try {
            host.inTransaction()
        } catch (failure: Exception) {
            throw executorFailure(failure)
        }
}

internal class KeptEnvironment(private val host: HostEnvironment) : HostEnvironment {
    override fun now() = Causes.kept(::hostFailure) { host.now() }
    override fun entropy() = Causes.kept(::hostFailure) { host.entropy() }
}

internal class KeptDirectory(private val host: HostDirectory) : HostDirectory {
    override fun searchPeople(organisation: OrgId, text: String, limit: Int) =
        Causes.kept(::hostFailure) { host.searchPeople(organisation, text, limit) }
}

internal class KeptPanels(private val host: HostPanels) : HostPanels {
    override fun panelRows(question: PanelQuestion) = Causes.kept(::hostFailure) { host.panelRows(question) }
}

/** What a log throws stays with the log: the call is over. */
internal class KeptLog(private val host: HostLog) : HostLog {
    override fun log(entry: LogEntry) =
        try {
            host.log(entry)
        } catch (failure: Throwable) {
            throw hostFailure(failure)
        }
}
