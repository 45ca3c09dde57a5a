package oa.crm

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Calls in a coroutine, on a thread that may block:
 *
 * ```kotlin
 * val mine = alice.io { customers(CustomerQuery(View.Mine), PageRequest()) }
 * ```
 *
 * Several calls in one block stay on one thread. It is not the caller's: a transaction that the host bound to its thread is not
 * there, so what shall stand or fall with it is called without [io]. A call that has begun is carried out whole, whether the
 * coroutine is cancelled or not.
 */
suspend fun <T> CrmSession.io(calls: CrmSession.() -> T): T = withContext(Dispatchers.IO) { calls() }

/** As [CrmSession.io], for what is done with the CRM itself. */
suspend fun <T> Crm.io(calls: Crm.() -> T): T = withContext(Dispatchers.IO) { calls() }
