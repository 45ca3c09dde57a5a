package oa.crm

import oa.crm.ffi.SessionInterface
import oa.crm.ffi.operationArguments
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** One list of operations. */
class TableTest {
    @Test
    fun `every operation is a method, every method is an operation`() {
        val methods = SessionInterface::class.java.methods.map { it.name }.filter { !it.contains('$') }
        assertEquals(methods.toSet().size, methods.size, "a name stands for one method")
        assertEquals((Crm.operations().map(Wire::camel) + "dispatch").toSortedSet(), methods.toSortedSet())
        assertTrue(Crm.operations().size > 40)
    }

    @Test
    fun `methods take the arguments of the table`() {
        for (operation in Crm.operations()) {
            assertEquals(operationArguments(operation)!!.size, methodOf(operation).parameterCount, operation)
        }
        assertEquals(null, operationArguments("make_coffee"))
    }

    @Test
    fun `names of companies are understood without a CRM`() {
        val name = Crm.companyName("北斗星通導航技術（北京）股份有限公司")
        assertEquals(listOf("北京", "北斗星通", "导航技术", "股份有限公司"), listOf(name.region, name.brand, name.trade, name.legalForm))
        val alike = Crm.nameSimilarity("杭州云帆科技有限公司", "杭州云凡科技有限公司")
        assertEquals(listOf(NameReason.SAME_SOUND), alike.reasons)
        assertTrue(alike.score in 801..999)
        val refused = assertThrows<CrmException.Invalid> { Crm.companyName(null) }
        assertEquals(listOf("name" to "required"), refused.violations.map { it.field to it.code })
    }

    @Test
    fun `no number without a sign crosses, which Java could not name`() {
        val mangled = SessionInterface::class.java.methods.map { it.name }.filter { it.contains('-') }
        assertEquals(emptyList<String>(), mangled)
    }
}
