package oa.crm

import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import java.util.concurrent.atomic.AtomicLong
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.HostEnvironment
import oa.crm.ffi.SessionInterface

/** A clock that stands until it is advanced, and draws that are counted. */
internal class Counted(start: String = "2026-11-23T01:00:00.000Z") : HostEnvironment {
    private val millis = AtomicLong(Instant.parse(start).toEpochMilli())
    private val draws = AtomicLong()

    fun advance(by: Long) {
        millis.addAndGet(by)
    }

    override fun now(): Instant = Instant.ofEpochMilli(millis.get())

    override fun entropy(): ByteArray = ByteBuffer.allocate(16).putLong(0).putLong(draws.getAndIncrement()).array()
}

/** Where a CRM of a test keeps its rows. */
internal enum class Keeping {
    MEMORY {
        override fun open(folder: Path, options: CrmOptions) = Crm.inMemory(options)
    },
    SQLITE {
        override fun open(folder: Path, options: CrmOptions) =
            Crm.sqlite(Files.createTempDirectory(folder, "crm").resolve("crm.db").toString(), options)
    }, ;

    abstract fun open(folder: Path, options: CrmOptions = CrmOptions()): Crm
}

/** Founds `acme` with the salesperson alice. */
internal fun Crm.founded(): CrmSession {
    val host = asSystem("acme", "set-up")
    host.createOrganisation(NewOrganisation(name = "Acme"))
    host.syncPeople(listOf(PersonInput(id = "alice", name = "Alice")), SyncMode.DELTA)
    return asUser("acme", "alice")
}

/** One person may have as many customers as he likes. */
internal fun CrmSession.withoutLimit() {
    val settings = settings()
    changeSettings(settings.copy(pool = settings.pool.copy(mostHeld = 0)))
}

/** The method of an operation. */
internal fun methodOf(operation: String) =
    SessionInterface::class.java.methods.single { it.name == Wire.camel(operation) }
