package oa.crm

import java.lang.reflect.InvocationHandler
import java.lang.reflect.InvocationTargetException
import java.lang.reflect.Method
import java.lang.reflect.Proxy
import oa.crm.ffi.Caller
import oa.crm.ffi.Session
import oa.crm.ffi.SessionInterface

/**
 * One actor at work: a method for each operation. May be used from many threads.
 *
 * Errors are [CrmException]s.
 */
interface CrmSession : SessionInterface, AutoCloseable {
    /**
     * The same actor, whose next command is idempotent under a key of 1 to 100 characters: the same request under
     * the same key within 30 days happens once and answers alike.
     */
    fun idempotent(key: String): CrmSession

    /** The same actor, in a request of the host that is named in history, events and log. */
    fun correlated(id: String): CrmSession

    /** Lets go of what the library holds for this session; otherwise that goes with the object. */
    override fun close()
}

internal fun sessionOf(crm: Crm, caller: Caller, native: Session): CrmSession =
    Proxy.newProxyInstance(
        CrmSession::class.java.classLoader,
        arrayOf(CrmSession::class.java),
        SessionHandler(crm, caller, native),
    ) as CrmSession

/** Every method of the table goes the same way: none is written here. */
private class SessionHandler(private val crm: Crm, private val caller: Caller, private val native: Session) :
    InvocationHandler {

    override fun invoke(proxy: Any, method: Method, arguments: Array<Any?>?): Any? {
        val given = arguments ?: emptyArray()
        if (method.declaringClass == Any::class.java) {
            return when (method.name) {
                "equals" -> proxy === given[0]
                "hashCode" -> System.identityHashCode(proxy)
                else -> "CrmSession(${caller.organisation}, ${caller.user ?: "system:" + caller.systemReason})"
            }
        }
        return when (method.name) {
            "idempotent" -> crm.session(caller.copy(idempotencyKey = text("key", given)))
            "correlated" -> crm.session(caller.copy(correlationId = text("id", given)))
            "close" -> native.close()
            else -> calling {
                try {
                    method.invoke(native, *given)
                } catch (thrown: InvocationTargetException) {
                    throw thrown.targetException
                }
            }
        }
    }

    private fun text(name: String, arguments: Array<Any?>): String =
        calling { given(name, arguments[0] as String?) }
}
