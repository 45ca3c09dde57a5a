package oa.crm.bench

import com.fasterxml.jackson.databind.JsonNode
import java.io.File
import java.nio.file.Files
import kotlin.system.exitProcess
import oa.crm.Crm
import oa.crm.CrmSession
import oa.crm.CustomerQuery
import oa.crm.LogEntry
import oa.crm.LogLevel
import oa.crm.NewCustomer
import oa.crm.NewOrganisation
import oa.crm.PageRequest
import oa.crm.PersonInput
import oa.crm.SyncMode
import oa.crm.View
import oa.crm.Wire
import oa.crm.ffi.CrmOptions
import oa.crm.ffi.HostLog

/** Microseconds that a call may take over Rust. */
private val ALLOWED = mapOf("customer" to 40.0, "customers_50" to 500.0)

/**
 * What a call costs over JNA, beside the same call in Rust in the same run, on the same SQLite file. A line of JSON per
 * measure; with `--check` it fails where Kotlin takes more over Rust than it may.
 *
 * `BenchKt RUST_BENCH [--check]`, where RUST_BENCH is the example `bench_languages` of crm-ffi, built for release.
 */
fun main(arguments: Array<String>) {
    val folder = Files.createTempDirectory("crm-bench").toFile()
    try {
        val file = File(folder, "crm.db").path
        val process = ProcessBuilder(arguments[0], file).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val rust = process.inputStream.bufferedReader().readLines().map(Wire.mapper::readTree)
        check(process.waitFor() == 0) { "${arguments[0]} failed" }
        rust.forEach(::println)
        val missed = measured("memory", rust, ::filled) + measured("sqlite", rust) { Crm.sqlite(file, it) }
        if (missed.isNotEmpty() && "--check" in arguments) exitProcess(1)
    } finally {
        folder.deleteRecursively()
    }
}

private object Silent : HostLog {
    override fun log(entry: LogEntry) = Unit
}

private fun measured(store: String, rust: List<JsonNode>, open: (CrmOptions?) -> Crm): List<String> {
    val missed = ArrayList<String>()
    fun report(name: String, session: CrmSession, target: Double?, call: () -> Unit) {
        val us = median(call)
        val beside = rust.firstOrNull { it["measure"].asText() == name.removeSuffix("_logged") && it["store"].asText() == store }
        val over = us - beside!!["us"].asDouble()
        val line = linkedMapOf<String, Any?>("measure" to name, "in" to "kotlin", "store" to store, "us" to round(us), "over_us" to round(over))
        if (target != null) {
            line["target"] = "<= $target"
            line["met"] = over <= target
            if (over > target) missed += name
        }
        println(Wire.write(line))
        session.close()
    }
    fun reads(suffix: String, options: CrmOptions?) = open(options).use { crm ->
        val page = crm.asUser("acme", "alice")
        val ids = page.customers(CustomerQuery(View.Mine), PageRequest(size = 100)).items.map { it.id }
        var turn = 0
        val one = crm.asUser("acme", "alice")
        report("customer$suffix", one, ALLOWED["customer$suffix"]) { one.customer(ids[turn++ % ids.size]) }
        report("customers_50$suffix", page, ALLOWED["customers_50$suffix"]) {
            page.customers(CustomerQuery(View.Mine), PageRequest(size = 50))
        }
    }
    reads("", null)
    // With a line in the host's log for each call.
    reads("_logged", CrmOptions(log = Silent, logLevel = LogLevel.DEBUG))
    return missed
}

private fun filled(options: CrmOptions?): Crm {
    val crm = Crm.inMemory(options)
    val host = crm.asSystem("acme", "set-up")
    host.createOrganisation(NewOrganisation(name = "Acme"))
    host.syncPeople(listOf(PersonInput(id = "alice", name = "Alice")), SyncMode.DELTA)
    val settings = host.settings()
    host.changeSettings(settings.copy(pool = settings.pool.copy(mostHeld = 0)))
    val alice = crm.asUser("acme", "alice")
    repeat(1_000) {
        alice.createCustomer(
            NewCustomer(
                number = "N-$it",
                name = "杭州云帆科技有限公司$it",
                region = "浙江杭州",
                address = "文三路 90 号",
                phones = listOf("0571-8888 0000"),
                description = "两年合作，季度回访",
            ),
        )
    }
    return crm
}

/** The median of 15 rounds of a fifth of a second, after ten to warm up. */
private fun median(call: () -> Unit): Double {
    val rounds = ArrayList<Double>()
    for (round in 0 until 25) {
        val from = System.nanoTime()
        var calls = 0
        while (System.nanoTime() - from < 200_000_000) {
            repeat(10) { call() }
            calls += 10
        }
        if (round >= 10) rounds += (System.nanoTime() - from) / 1e3 / calls
    }
    return rounds.sorted()[7]
}

private fun round(value: Double) = Math.round(value * 100) / 100.0
