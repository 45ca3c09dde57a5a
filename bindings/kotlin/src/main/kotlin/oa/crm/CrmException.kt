package oa.crm

import java.nio.charset.CharacterCodingException
import oa.crm.ffi.InternalException
import oa.crm.ffi.errorFacts
import oa.crm.ffi.problemJson

/**
 * Why a call was not carried out. Branch on the class or on [code], which stays the same from version to
 * version; show [text].
 *
 * Unchecked: it passes through a host's code like any refusal, and rolls back what the host lets it roll back.
 * The exception of the host's own part (its database, its clock) is the [cause].
 */
sealed class CrmException(
    /** The stable code. */
    val code: String,
    /** What the code speaks of, by name. */
    val data: Map<String, String>,
    /** What is wrong with the input, field by field. */
    val violations: List<Violation>,
    private val english: String,
    private val chinese: String,
    private val core: CoreException?,
    cause: Throwable?,
) : RuntimeException(if (code == english) english else "$code: $english", cause) {

    /** There is no such record, or the actor may not see it: the two answer alike. */
    class NotFound internal constructor(f: Facts) : CrmException(f)

    /** The actor has no right to do this with anything. */
    class Forbidden internal constructor(f: Facts) : CrmException(f)

    /** The actor is not a person of the organisation, or was deactivated, or there is no such organisation. */
    class ActorUnknown internal constructor(f: Facts) : CrmException(f)

    /** The input does not fit; each of the violations names its field. */
    class Invalid internal constructor(f: Facts) : CrmException(f)

    /** A rule of the trade says no; [code] names it. */
    class Refused internal constructor(f: Facts) : CrmException(f)

    /** Somebody else changed the record since it was read: read it again and decide again. */
    class Conflict internal constructor(f: Facts) : CrmException(f)

    /** The store or a part of the host can't answer. */
    class Unavailable internal constructor(f: Facts, /** For the log. */ val reason: String) : CrmException(f) {
        /** Whether trying again may help. */
        val isRetryable: Boolean get() = data["retryable"] == "true"
    }

    private constructor(f: Facts) : this(f.code, f.data, f.violations, f.english, f.chinese, f.core, f.cause)

    /** What it says to a person. */
    fun text(language: Language): String = if (language == Language.CHINESE) chinese else english

    /** The status of HTTP that says the same. */
    val status: Int get() = errorFacts(core ?: asCore()).problem.status

    /** As problem details (RFC 9457) in JSON: the body for a host that answers over HTTP. */
    fun problemJson(language: Language): String = problemJson(core ?: asCore(), language)

    private fun asCore(): CoreException =
        if (violations.isEmpty()) CoreException.Refused(Refusal(code, data, english, chinese))
        else CoreException.Invalid(violations)

    internal class Facts(
        val code: String,
        val data: Map<String, String> = emptyMap(),
        val violations: List<Violation> = emptyList(),
        val english: String,
        val chinese: String,
        val core: CoreException? = null,
        val cause: Throwable? = null,
    )

    internal companion object {
        /** Whatever comes out of the library, as one of these. Errors of the JVM are none of them. */
        fun of(thrown: Throwable): Throwable = when (thrown) {
            is CrmException, is Error -> thrown
            is CoreException -> of(thrown)
            // A lone surrogate is no character.
            is CharacterCodingException -> violated(Violation("$", "malformed", null), thrown)
            is NullPointerException -> missing(thrown)
            // A list of Java that holds something else than its type says.
            is ClassCastException -> violated(Violation("$", "malformed", null), thrown)
            // An instant that has no count of milliseconds.
            is ArithmeticException -> violated(Violation("$", "out_of_range", null), thrown)
            is IllegalStateException -> closed(thrown)
            is InternalException -> {
                val reason = thrown.message ?: thrown.toString()
                of(CoreException.Unavailable(reason, false))
            }
            else -> thrown
        }

        private fun of(core: CoreException): CrmException {
            val thrown = Causes.take()
            // What the core went on in spite of explains nothing else.
            val facts = Facts(core, thrown.takeIf { core is CoreException.Unavailable })
            return when (core) {
                is CoreException.NotFound -> NotFound(facts)
                is CoreException.Forbidden -> Forbidden(facts)
                is CoreException.ActorUnknown -> ActorUnknown(facts)
                is CoreException.Invalid -> Invalid(facts)
                is CoreException.Refused -> Refused(facts)
                is CoreException.Conflict -> Conflict(facts)
                is CoreException.Unavailable -> Unavailable(facts, core.reason)
            }
        }

        private fun Facts(core: CoreException, cause: Throwable?): Facts {
            val said = errorFacts(core)
            val problem = said.problem
            return Facts(problem.code, problem.data, problem.violations, problem.title, said.chinese, core, cause)
        }

        private fun violated(violation: Violation, cause: Throwable): CrmException {
            val core = CoreException.Invalid(listOf(violation))
            return Invalid(Facts(core, cause))
        }

        /** Kotlin names the parameter that Java left `null`. */
        private fun missing(thrown: NullPointerException): Throwable {
            val name = thrown.message?.substringAfterLast("parameter ", "") ?: ""
            return if (name.isEmpty()) thrown else violated(Violation(name, "required", null), thrown)
        }

        private fun closed(thrown: IllegalStateException): Throwable {
            if (thrown.message?.contains("destroyed") != true) return thrown
            return Refused(Facts("closed", english = "The CRM was closed", chinese = "CRM 已关闭", cause = thrown))
        }
    }
}
