package oa.crm

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class FirstCustomerTest {
    @Test
    fun `a customer is created and found`() {
        Crm.inMemory().use { crm ->
            val host = crm.asSystem("acme", "set-up")
            host.createOrganisation(NewOrganisation(name = "Acme"))
            host.syncPeople(listOf(PersonInput(id = "alice", name = "Alice")), SyncMode.DELTA)
            val alice = crm.asUser("acme", "alice")
            val customer = alice.createCustomer(NewCustomer(name = "杭州云帆科技有限公司"))
            alice.followUp(customer.id, NewFollowUp(content = "Called, offer next week"))
            val mine = alice.customers(CustomerQuery(View.Mine), PageRequest(size = 20))
            assertEquals(listOf("杭州云帆科技有限公司"), mine.items.map { it.name })
        }
    }
}
