import java.io.PrintStream
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.DateTimeParseException
import kotlin.system.exitProcess
import oa.crm.Crm
import oa.crm.CrmException
import oa.crm.CrmSession
import oa.crm.Customer
import oa.crm.CustomerFilter
import oa.crm.CustomerQuery
import oa.crm.Language
import oa.crm.NewCustomer
import oa.crm.NewFollowUp
import oa.crm.NewOrganisation
import oa.crm.PageRequest
import oa.crm.PersonInput
import oa.crm.SyncMode
import oa.crm.View

/** One person's customers in a SQLite file. The host knows one organisation, and takes its user from the system. */
fun main(arguments: Array<String>) {
    exitProcess(run(arguments.toList(), System.getProperty("user.name"), System.out))
}

private const val USAGE = """usage: kotlin-host FILE COMMAND
  new NAME [PHONE...]             a customer of mine
  list [TEXT]                     my customers, those whose names or numbers hold the text
  follow-up NUMBER TEXT [DATE]    what was said, and when to call next
  today                           whom to call today"""

private val zone: ZoneId = ZoneId.of("Asia/Shanghai")

/** Carries out a command line; the exit code. */
fun run(arguments: List<String>, user: String, out: PrintStream): Int {
    val (file, command) = arguments.takeIf { it.size >= 2 } ?: return 2.also { out.println(USAGE) }
    val rest = arguments.drop(2)
    return try {
        Crm.sqlite(file).use { crm ->
            val me = signedIn(crm, user)
            when {
                command == "new" && rest.isNotEmpty() -> show(out, me.createCustomer(NewCustomer(name = rest[0], phones = rest.drop(1))))
                command == "list" && rest.size <= 1 -> pages(me, View.Mine, rest.firstOrNull()).forEach { show(out, it) }
                command == "follow-up" && rest.size in 2..3 -> return followUp(me, rest, out)
                command == "today" && rest.isEmpty() -> pages(me, View.Today, null).forEach { show(out, it) }
                else -> return 2.also { out.println(USAGE) }
            }
        }
        0
    } catch (refused: CrmException) {
        // What a refusal says is for the person; its code is for the program.
        out.println(refused.text(Language.CHINESE))
        1
    }
}

/** The session of a user; the organisation is founded when the file is new. */
private fun signedIn(crm: Crm, user: String): CrmSession {
    val host = crm.asSystem("own", "kotlin-host")
    try {
        host.createOrganisation(NewOrganisation(name = "Own"))
    } catch (refused: CrmException.Refused) {
        if (refused.code != "organisation_exists") throw refused
    }
    host.syncPeople(listOf(PersonInput(id = user, name = user)), SyncMode.DELTA)
    return crm.asUser("own", user)
}

/** All pages of a view, read as they are needed. */
private fun pages(me: CrmSession, view: View, text: String?): Sequence<Customer> = sequence {
    var cursor: String? = null
    do {
        val page = me.customers(CustomerQuery(view, CustomerFilter(text = text)), PageRequest(size = 100, cursor = cursor))
        yieldAll(page.items)
        cursor = page.next
    } while (cursor != null)
}

private fun followUp(me: CrmSession, rest: List<String>, out: PrintStream): Int {
    val customer = pages(me, View.Mine, rest[0]).firstOrNull { it.number == rest[0] }
    if (customer == null) {
        out.println("没有编号为 ${rest[0]} 的客户")
        return 1
    }
    val next: Instant? = try {
        rest.getOrNull(2)?.let { LocalDate.parse(it).atTime(18, 0).atZone(zone).toInstant() }
    } catch (_: DateTimeParseException) {
        out.println("日期应写作 2026-11-30")
        return 1
    }
    me.followUp(customer.id, NewFollowUp(content = rest[1], nextAt = next))
    show(out, me.customer(customer.id))
    return 0
}

private fun show(out: PrintStream, customer: Customer) {
    val next = customer.nextFollowUpAt?.atZone(zone)?.format(DateTimeFormatter.ISO_LOCAL_DATE)
    out.println(listOfNotNull(customer.number, customer.name, customer.phones.joinToString(), next).joinToString("\t"))
}
