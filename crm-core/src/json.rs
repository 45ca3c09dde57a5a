//! Writes JSON. Byte for byte what serde_json writes, but nothing of it is generic over where it goes: of each type
//! there is the little that names its fields, which is less code and, compiled for size, a faster page.

use serde::ser::{self, Serialize, Serializer};

/// A value as JSON.
pub(crate) fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, Unwritable> {
    let mut writer = Writer { out: String::with_capacity(256) };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// What has no form in JSON.
#[derive(Debug, thiserror::Error)]
#[error("there is no JSON for it")]
pub(crate) struct Unwritable;

impl ser::Error for Unwritable {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Unwritable
    }
}

pub(crate) struct Writer {
    out: String,
}

impl Writer {
    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        let mut written = 0;
        for (place, byte) in text.bytes().enumerate() {
            if byte >= b' ' && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.out.push_str(text.get(written..place).unwrap_or_default());
            written = place + 1;
            match byte {
                b'"' => self.out.push_str("\\\""),
                b'\\' => self.out.push_str("\\\\"),
                b'\n' => self.out.push_str("\\n"),
                b'\r' => self.out.push_str("\\r"),
                b'\t' => self.out.push_str("\\t"),
                0x08 => self.out.push_str("\\b"),
                0x0c => self.out.push_str("\\f"),
                _ => {
                    self.out.push_str("\\u00");
                    self.out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
                    self.out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
                }
            }
        }
        self.out.push_str(text.get(written..).unwrap_or_default());
        self.out.push('"');
    }

    #[inline(never)]
    fn signed(&mut self, value: i64) {
        self.out.push_str(itoa::Buffer::new().format(value));
    }

    #[inline(never)]
    fn unsigned(&mut self, value: u64) {
        self.out.push_str(itoa::Buffer::new().format(value));
    }

    #[inline(never)]
    fn float(&mut self, value: f64) -> Result<(), Unwritable> {
        self.out.push_str(&serde_json::to_string(&value).map_err(|_| Unwritable)?);
        Ok(())
    }

    /// Opens the object of a variant, where variants have no tag.
    fn variant(&mut self, name: &str) {
        self.out.push('{');
        self.quoted(name);
        self.out.push(':');
    }

    fn open(&mut self, bracket: char, close: &'static str) -> Parts<'_> {
        self.out.push(bracket);
        Parts { writer: self, first: true, close }
    }
}

/// The parts of a list or an object, and what stands behind the last.
pub(crate) struct Parts<'w> {
    writer: &'w mut Writer,
    first: bool,
    close: &'static str,
}

impl Parts<'_> {
    #[inline(never)]
    fn comma(&mut self) {
        if !self.first {
            self.writer.out.push(',');
        }
        self.first = false;
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.comma();
        self.writer.quoted(name);
        self.writer.out.push(':');
    }

    /// A name that was written as a value is: numbers get quotes.
    #[inline(never)]
    fn named_from(&mut self, start: usize) -> Result<(), Unwritable> {
        match self.writer.out.as_bytes().get(start) {
            Some(b'"') => {}
            Some(b'{' | b'[' | b'n') | None => return Err(Unwritable),
            Some(_) => {
                self.writer.out.insert(start, '"');
                self.writer.out.push('"');
            }
        }
        self.writer.out.push(':');
        Ok(())
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unwritable> {
        self.name(name);
        value.serialize(&mut *self.writer)
    }

    fn done(self) -> Result<(), Unwritable> {
        self.writer.out.push_str(self.close);
        Ok(())
    }
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Parts<'w>;
    type SerializeTuple = Parts<'w>;
    type SerializeTupleStruct = Parts<'w>;
    type SerializeTupleVariant = Parts<'w>;
    type SerializeMap = Parts<'w>;
    type SerializeStruct = Parts<'w>;
    type SerializeStructVariant = Parts<'w>;

    fn serialize_bool(self, value: bool) -> Result<(), Unwritable> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unwritable> {
        self.signed(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unwritable> {
        self.unsigned(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Unwritable> {
        self.out.push_str(&serde_json::to_string(&value).map_err(|_| Unwritable)?);
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unwritable> {
        self.float(value)
    }

    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        self.quoted(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unwritable> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.out.push('}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'w>, Unwritable> {
        Ok(self.open('[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'w>, Unwritable> {
        Ok(self.open('[', "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'w>, Unwritable> {
        Ok(self.open('[', "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'w>, Unwritable> {
        self.variant(variant);
        Ok(self.open('[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'w>, Unwritable> {
        Ok(self.open('{', "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'w>, Unwritable> {
        Ok(self.open('{', "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'w>, Unwritable> {
        self.variant(variant);
        Ok(self.open('{', "}}"))
    }
}

macro_rules! items {
    ($($of:ident $one:ident,)*) => {$(
        impl ser::$of for Parts<'_> {
            type Ok = ();
            type Error = Unwritable;

            fn $one<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
                self.item(value)
            }

            fn end(self) -> Result<(), Unwritable> {
                self.done()
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! fields {
    ($($of:ident,)*) => {$(
        impl ser::$of for Parts<'_> {
            type Ok = ();
            type Error = Unwritable;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unwritable> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Unwritable> {
                self.done()
            }
        }
    )*};
}

fields! { SerializeStruct, SerializeStructVariant, }

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.comma();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        self.named_from(start)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[derive(serde::Serialize)]
    enum Shape {
        Unit,
        New(i32),
        Two(u8, char),
        Named { a: Option<f32>, b: () },
    }

    #[derive(serde::Serialize)]
    struct Pair(bool, f64);

    #[test]
    fn every_shape_is_as_serde_json_writes_it() {
        let shapes = (
            [Shape::Unit, Shape::New(-7)],
            (Shape::Two(255, '"'), Shape::Named { a: Some(0.1), b: () }, Shape::Named { a: None, b: () }),
            (Pair(true, 1e300), Pair(false, f64::NAN), i64::MIN, u64::MAX),
            BTreeMap::from([(1_u64, "a"), (20, "b")]),
            BTreeMap::from([("", Vec::<u8>::new()), ("x\ny", vec![1, 2])]),
        );
        assert_eq!(text(&shapes).unwrap(), serde_json::to_string(&shapes).unwrap());
        assert!(text(&BTreeMap::from([([1], 2)])).is_err(), "a list names nothing");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\u{0}-\u{ff}\"\\\\]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_is_as_serde_json_writes_it(value in value()) {
            prop_assert_eq!(text(&value).unwrap(), serde_json::to_string(&value).unwrap());
        }
    }
}
