import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Path
import java.time.LocalDate
import java.time.ZoneId
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class MainTest {
    @TempDir
    lateinit var folder: Path

    private fun answer(vararg arguments: String, exit: Int = 0, user: String = "alice"): String {
        val out = ByteArrayOutputStream()
        val file = folder.resolve("crm.db").toString()
        assertEquals(exit, run(listOf(file) + arguments, user, PrintStream(out, true, "UTF-8")), out.toString("UTF-8"))
        return out.toString("UTF-8").trim()
    }

    @Test
    fun `from a first customer to the calls of today`() {
        val made = answer("new", "杭州云帆科技有限公司", "0571-8888 0000").split('\t')
        assertEquals(listOf("杭州云帆科技有限公司", "0571-8888 0000"), made.drop(1))
        answer("new", "上海远洋贸易")
        assertEquals(2, answer("list").lines().size)
        assertEquals(made, answer("list", "云帆").split('\t'))
        assertEquals("", answer("list", "没有"))
        assertEquals("", answer("today"))
        val tomorrow = LocalDate.now(ZoneId.of("Asia/Shanghai")).plusDays(1).toString()
        assertEquals(tomorrow, answer("follow-up", made[0], "报价已发", tomorrow).split('\t').last())
        assertEquals("", answer("today"))
        assertEquals("", answer("list", user = "bob"))
    }

    @Test
    fun `what is refused is said, and the exit code is 1`() {
        answer("new", "甲公司")
        assertTrue(answer("new", "甲公司", exit = 1).isNotEmpty())
        assertTrue(answer("new", "", exit = 1).isNotEmpty())
        answer("follow-up", "NO-1", "x", exit = 1)
        val number = answer("list").substringBefore('\t')
        answer("follow-up", number, "x", "2020-01-01", exit = 1)
        answer("follow-up", number, "x", "soon", exit = 1)
    }

    @Test
    fun `anything else shows how it is used`() {
        assertTrue(answer("dance", exit = 2).startsWith("usage:"))
        assertTrue(answer("new", exit = 2).startsWith("usage:"))
        assertEquals(2, run(emptyList(), "alice", System.out))
    }
}
