package oa.crm

import oa.crm.ffi.Caller
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.HostExecutor
import oa.crm.ffi.SqlSettings
import oa.crm.ffi.Crm as NativeCrm

/**
 * The CRM: one per process, shared by all threads, closed at the end.
 *
 * ```kotlin
 * Crm.sqlite("crm.db").use { crm ->
 *     val host = crm.asSystem("acme", "set-up")
 *     host.createOrganisation(NewOrganisation(name = "Acme"))
 * }
 * ```
 *
 * Calls block, and call the host back on the same thread. In coroutines: [io].
 */
class Crm private constructor(private val native: NativeCrm) : AutoCloseable {

    /** A person of an organisation, at work. Make one per request. */
    fun asUser(organisation: String?, user: String?): CrmSession = calling {
        session(Caller(given("organisation", organisation), user = given("user", user)))
    }

    /** The host itself, for what no person does; the reason stands in the history. */
    fun asSystem(organisation: String?, reason: String?): CrmSession = calling {
        session(Caller(given("organisation", organisation), systemReason = given("reason", reason)))
    }

    /** Ticks every organisation that has something due: what a scheduler calls every minute. */
    fun tickAll(): TickReport = calling { native.tickAll() }

    /** Organisations that have something due, at most 1,000, by id. */
    fun dueOrganisations(): List<String> = calling { native.dueOrganisations() }

    /** Calls on their way end as they would; later ones are refused with the code `closed`. */
    override fun close() {
        native.closeStore()
    }

    internal fun session(caller: Caller): CrmSession = sessionOf(this, caller, calling { native.session(caller) })

    companion object {
        /** In memory: for tries and tests. */
        @JvmStatic
        @JvmOverloads
        fun inMemory(options: CrmOptions? = null): Crm = Crm(calling { NativeCrm.inMemory(options?.kept()) })

        /** In a SQLite file, made when absent; every commit is on the disk when its call returns. */
        @JvmStatic
        @JvmOverloads
        fun sqlite(path: String?, options: CrmOptions? = null): Crm =
            Crm(calling { NativeCrm.sqlite(given("path", path), options?.kept()) })

        /** On the host's own database: the CRM renders its SQL, the host's executor runs it. */
        @JvmStatic
        @JvmOverloads
        fun onHost(executor: HostExecutor?, settings: SqlSettings? = null, options: CrmOptions? = null): Crm =
            Crm(calling { NativeCrm.onHost(KeptExecutor(given("executor", executor)), settings, options?.kept()) })

        /** The names of all operations, each a method of a session. */
        @JvmStatic
        fun operations(): List<String> = oa.crm.ffi.operationNames()

        /** The module as a host registers it, in JSON. */
        @JvmStatic
        fun pluginManifestJson(): String = calling { oa.crm.ffi.pluginManifestJson() }

        /** Every text of the library, with terms in braces: what a translation has to say. */
        @JvmStatic
        fun texts(): List<CoreText> = oa.crm.ffi.texts()

        /** Understands the name of a company: where, who, what, in which legal form. */
        @JvmStatic
        fun companyName(name: String?): CompanyName = calling { oa.crm.ffi.companyName(given("name", name)) }

        /** How alike two names of companies are, from 0 to 1,000, and why. */
        @JvmStatic
        fun nameSimilarity(one: String?, other: String?): NameSimilarity =
            calling { oa.crm.ffi.nameSimilarity(given("one", one), given("other", other)) }

        private fun CrmOptions.kept() = copy(
            environment = environment?.let(::KeptEnvironment),
            directory = directory?.let(::KeptDirectory),
            log = log?.let(::KeptLog),
            panels = panels?.let(::KeptPanels),
        )
    }
}

/** What Java may have left out, where there must be something. */
internal fun <T : Any> given(name: String, value: T?): T = value ?: throw NullPointerException("parameter $name")

/** Carries out a call; whatever goes wrong is a [CrmException]. */
internal inline fun <T> calling(work: () -> T): T {
    Causes.clear()
    try {
        return work()
    } catch (thrown: Throwable) {
        throw CrmException.of(thrown)
    } finally {
        Causes.clear()
    }
}
