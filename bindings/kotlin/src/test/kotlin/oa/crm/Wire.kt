package oa.crm

import com.fasterxml.jackson.annotation.JsonInclude
import com.fasterxml.jackson.annotation.JsonProperty
import com.fasterxml.jackson.annotation.JsonRawValue
import com.fasterxml.jackson.annotation.JsonTypeInfo
import com.fasterxml.jackson.core.JsonGenerator
import com.fasterxml.jackson.core.JsonParser
import com.fasterxml.jackson.core.json.JsonWriteFeature
import com.fasterxml.jackson.databind.DeserializationContext
import com.fasterxml.jackson.databind.JsonDeserializer
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.JsonSerializer
import com.fasterxml.jackson.databind.MapperFeature
import com.fasterxml.jackson.databind.PropertyNamingStrategies
import com.fasterxml.jackson.databind.SerializationFeature
import com.fasterxml.jackson.databind.SerializerProvider
import com.fasterxml.jackson.databind.annotation.JsonDeserialize
import com.fasterxml.jackson.databind.json.JsonMapper
import com.fasterxml.jackson.databind.module.SimpleModule
import com.fasterxml.jackson.databind.node.ObjectNode
import com.fasterxml.jackson.module.kotlin.KotlinFeature
import com.fasterxml.jackson.module.kotlin.kotlinModule
import java.math.BigDecimal
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneOffset
import java.time.format.DateTimeFormatter
import java.util.Locale
import kotlin.reflect.full.primaryConstructor
import kotlin.reflect.jvm.javaType

/** Records as JSON, letter by letter as the core writes them (tests/scenarios/README.md). */
internal object Wire {
    private val instants: DateTimeFormatter =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC)

    val mapper: JsonMapper = JsonMapper.builder()
        .addModule(kotlinModule {
            enable(KotlinFeature.NullToEmptyCollection)
            enable(KotlinFeature.SingletonSupport)
        })
        .addModule(SimpleModule().apply {
            addSerializer(Instant::class.java, writing { at, json -> json.writeString(instants.format(at)) })
            addDeserializer(Instant::class.java, InstantReader)
            addSerializer(BigDecimal::class.java, writing { number, json -> json.writeString(number.toPlainString()) })
            addSerializer(LocalDate::class.java, writing { day, json -> json.writeString(day.toString()) })
            addDeserializer(LocalDate::class.java, DayReader)
            addSerializer(Enum::class.java, writing { value, json -> json.writeString(nameOf(value)) })
            setMixInAnnotation(View::class.java, ByKind::class.java)
            setMixInAnnotation(FollowUps::class.java, ByKind::class.java)
            setMixInAnnotation(Contracts::class.java, ByKind::class.java)
            setMixInAnnotation(DocumentsOf::class.java, ByKind::class.java)
            setMixInAnnotation(Payments::class.java, ByKind::class.java)
            setMixInAnnotation(ReportOf::class.java, ByKind::class.java)
            addSerializer(FieldValue::class.java, FieldValueWriter)
            addDeserializer(FieldValue::class.java, FieldValueReader)
            for (narrowed in listOf(CustomerQuery::class, ContactFilter::class, FollowUpQuery::class, ContractQuery::class)) {
                setMixInAnnotation(narrowed.java, Matches::class.java)
            }
            setMixInAnnotation(CustomField::class.java, Shown::class.java)
            setMixInAnnotation(FormField::class.java, Shown::class.java)
            setMixInAnnotation(CustomFieldInput::class.java, Shown::class.java)
            setMixInAnnotation(Language::class.java, Languages::class.java)
            setMixInAnnotation(FieldChange::class.java, Change::class.java)
            setMixInAnnotation(Event::class.java, Happened::class.java)
            setMixInAnnotation(Approval::class.java, Asked::class.java)
            setMixInAnnotation(MergeValue::class.java, Had::class.java)
            setMixInAnnotation(RevealedField::class.java, Told::class.java)
            setMixInAnnotation(Share::class.java, Opens::class.java)
            setMixInAnnotation(AccessGrant::class.java, Opens::class.java)
            val tagged = listOf(
                View::class, FollowUps::class, Contracts::class, DocumentsOf::class, Payments::class, ReportOf::class,
            )
            for (kinds in tagged) {
                for (kind in kinds.sealedSubclasses) {
                    registerSubtypes(com.fasterxml.jackson.databind.jsontype.NamedType(kind.java, snake(kind.simpleName!!)))
                }
            }
        })
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .serializationInclusion(JsonInclude.Include.NON_NULL)
        .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
        .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
        .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
        .build()

    fun write(value: Any?): String = mapper.writeValueAsString(value)

    /** Settings with what JSON may leave out and Kotlin may not. */
    fun completed(settings: ObjectNode): ObjectNode {
        val whole = mapper.readTree(
            """{"contract":{"number":"HT{yyyyMMdd}{seq:4}","number_reset":"prefix","base_currency":"CNY",
            "agreed_price":"marked","amendable":["in_force","completed"],"plan_over":"warn","receipt_over":"credit"},
            "sharing":{"end_with_owner":true},
            "reminders":{"leads":{"contract_end":[30,7,1],"instalment_due":[7,1,0],"instalment_overdue":true,"birthday":[3,0],
            "follow_up_due":true,"recycle_warning":true,"share_end":[1],"reply":true},"hour":9,"payments_before_holidays":false,
            "escalate_after_days":0,"leap_day":"before","leap_month":"ordinary"},
            "report":{"fiscal_year_month":1}}""",
        )
        for ((name, default) in whole.properties()) {
            val given = settings[name] as ObjectNode?
            if (given == null) settings.set<JsonNode>(name, default)
            else default.properties().filter { it.key !in given.fieldNames().asSequence().toSet() }.forEach { given.set<JsonNode>(it.key, it.value) }
        }
        return settings
    }

    /** `createCustomer` as `create_customer`. */
    fun snake(name: String): String =
        name.replace(Regex("(?<=[a-z0-9])(?=[A-Z])"), "_").lowercase(Locale.ROOT)

    /** `create_customer` as `createCustomer`. */
    fun camel(name: String): String = name.replace(Regex("_([a-z0-9])")) { it.groupValues[1].uppercase(Locale.ROOT) }

    private fun nameOf(value: Enum<*>): String = when (value) {
        Language.CHINESE -> "zh"
        Language.ENGLISH -> "en"
        else -> value.name.lowercase(Locale.ROOT)
    }

    private fun <T> writing(write: (T, JsonGenerator) -> Unit) = object : JsonSerializer<T>() {
        override fun serialize(value: T, json: JsonGenerator, provider: SerializerProvider) = write(value, json)
    }

    private object InstantReader : JsonDeserializer<Instant>() {
        override fun deserialize(json: JsonParser, context: DeserializationContext): Instant = Instant.parse(json.text)
    }

    private object DayReader : JsonDeserializer<LocalDate>() {
        override fun deserialize(json: JsonParser, context: DeserializationContext): LocalDate = LocalDate.parse(json.text)
    }

    /** A value is an object whose one field is called as its type. */
    private object FieldValueWriter : JsonSerializer<FieldValue>() {
        override fun serialize(value: FieldValue, json: JsonGenerator, provider: SerializerProvider) {
            json.writeStartObject()
            json.writeFieldName(snake(value::class.simpleName!!))
            provider.defaultSerializeValue(value.javaClass.getMethod("getV1").invoke(value), json)
            json.writeEndObject()
        }
    }

    private object FieldValueReader : JsonDeserializer<FieldValue>() {
        override fun deserialize(json: JsonParser, context: DeserializationContext): FieldValue {
            val (name, value) = json.readValueAsTree<ObjectNode>().properties().single()
            val type = FieldValue::class.sealedSubclasses.single { snake(it.simpleName!!) == name }
            val make = type.primaryConstructor!!
            return make.call(mapper.convertValue(value, mapper.constructType(make.parameters.single().type.javaType)))
        }
    }

    /** A condition is JSON itself. */
    private object Tree : JsonDeserializer<String>() {
        override fun deserialize(json: JsonParser, context: DeserializationContext): String =
            json.readValueAsTree<JsonNode>().toString()
    }

    private interface Matches {
        @get:JsonRawValue
        @get:JsonDeserialize(using = Tree::class)
        val matching: String?
    }

    private interface Shown {
        @get:JsonRawValue
        @get:JsonDeserialize(using = Tree::class)
        val visibleWhen: String?
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    private interface ByKind

    @Suppress("unused")
    private enum class Languages {
        @JsonProperty("zh") CHINESE,
        @JsonProperty("en") ENGLISH,
    }

    /** Values that are JSON themselves are records' texts. */
    private interface Change {
        @get:JsonRawValue
        val was: String?

        @get:JsonRawValue
        val became: String?
    }

    private interface Happened {
        @get:JsonRawValue
        val data: String
    }

    private interface Asked {
        @get:JsonRawValue
        val snapshot: String
    }

    private interface Told {
        @get:JsonRawValue
        val value: String?
    }

    private interface Had {
        @get:JsonRawValue
        val value: String
    }
}

/** That no panel is named is left out: all are meant. */
private interface Opens {
    @get:JsonInclude(JsonInclude.Include.NON_EMPTY)
    val panels: List<SharedPanel>
}
