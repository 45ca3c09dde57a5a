//! What a caller gives as JSON, read into the core's types; what does not fit is named by its path.
//! The text becomes a tree first: every type is then read out of the tree alone, which takes little code for each,
//! and knows where it stands.

use crate::error::Violation;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use std::borrow::Cow;

/// Reads a JSON object.
pub(super) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Violation> {
    let (tree, whole) = parse(json);
    let input = T::deserialize(&tree).map_err(Misfit::violation)?;
    if whole { Ok(input) } else { Err(Misfit::here().violation()) }
}

/// The tree, as far as the text is JSON, and whether it is to its end: what fits nothing before that is told first.
fn parse(json: &str) -> (Json<'_>, bool) {
    let mut reader = serde_json::Deserializer::from_str(json);
    let mut broken = None;
    let tree = Reading(&mut broken).deserialize(&mut reader);
    let whole = tree.is_ok() && reader.end().is_ok();
    (tree.unwrap_or_else(|_| broken.unwrap_or(Json::Broken)), whole)
}

/// JSON as it was written: a name may stand twice, and the text may end within.
enum Json<'j> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'j, str>),
    List(Vec<Json<'j>>),
    Object(Vec<(Cow<'j, str>, Json<'j>)>, End),
    Broken,
}

/// Whether an object is there to its end.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Whole,
    Broken,
}

/// Reads a tree. What there is of the one that is broken is left for whoever reads around it.
struct Reading<'p, 'de>(&'p mut Option<Json<'de>>);

impl<'de> DeserializeSeed<'de> for Reading<'_, 'de> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_, 'de> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        loop {
            match list.next_element_seed(Reading(self.0)) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(Json::List(items)),
                Err(error) => {
                    items.push(self.0.take().unwrap_or(Json::Broken));
                    *self.0 = Some(Json::List(items));
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        loop {
            // A name is read as every text is.
            let name = match object.next_key_seed(Reading(self.0)) {
                Ok(Some(Json::Text(name))) => name,
                Ok(_) => return Ok(Json::Object(fields, End::Whole)),
                Err(error) => {
                    *self.0 = Some(Json::Object(fields, End::Broken));
                    return Err(error);
                }
            };
            match object.next_value_seed(Reading(self.0)) {
                Ok(value) => fields.push((name, value)),
                Err(error) => {
                    fields.push((name, self.0.take().unwrap_or(Json::Broken)));
                    *self.0 = Some(Json::Object(fields, End::Broken));
                    return Err(error);
                }
            }
        }
    }
}

/// What does not fit, and where.
#[derive(Debug)]
struct Misfit(Box<Fault>);

#[derive(Debug)]
struct Fault {
    kind: fn(String) -> Violation,
    /// The way to it, as far as it is known.
    path: String,
}

impl Misfit {
    #[cold]
    #[inline(never)]
    fn new(kind: fn(String) -> Violation, field: &str) -> Self {
        Misfit(Box::new(Fault { kind, path: field.to_owned() }))
    }

    /// Not what was expected.
    #[cold]
    #[inline(never)]
    fn here() -> Self {
        Misfit::new(|path| Violation::malformed(if path.is_empty() { "$".to_owned() } else { path }), "")
    }

    fn violation(self) -> Violation {
        (self.0.kind)(self.0.path)
    }

    #[cold]
    #[inline(never)]
    fn in_field(mut self, name: &str) -> Self {
        let path = &mut self.0.path;
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        *path = [name, dot, path].concat();
        self
    }

    #[cold]
    #[inline(never)]
    fn in_place(self, place: usize) -> Self {
        self.in_field(&["[", &place.to_string(), "]"].concat())
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.path)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Misfit::here()
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Misfit::here()
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Misfit::here()
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Misfit::here()
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Misfit::here()
    }

    fn missing_field(field: &'static str) -> Self {
        Misfit::new(Violation::required, field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Misfit::new(Violation::repeated, field)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Misfit::new(Violation::not_allowed, field)
    }
}

impl<'t> Deserializer<'t> for &'t Json<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(*value),
            Json::Unsigned(value) => visitor.visit_u64(*value),
            Json::Signed(value) => visitor.visit_i64(*value),
            Json::Float(value) => visitor.visit_f64(*value),
            Json::Text(value) => visitor.visit_borrowed_str(value),
            Json::List(items) => visitor.visit_seq(Items { rest: items.iter(), place: 0 }),
            Json::Object(fields, end) => visitor.visit_map(Fields { rest: fields.iter(), at: None, end: *end }),
            Json::Broken => Err(Misfit::here()),
        }
    }

    fn deserialize_bool<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Bool(value) => visitor.visit_bool(*value),
            _ => Err(Misfit::here()),
        }
    }

    fn deserialize_i64<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Unsigned(value) => visitor.visit_u64(*value),
            Json::Signed(value) => visitor.visit_i64(*value),
            _ => Err(Misfit::here()),
        }
    }

    fn deserialize_i32<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Text(value) => visitor.visit_borrowed_str(value),
            _ => Err(Misfit::here()),
        }
    }

    fn deserialize_string<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    /// The name of a variant: its number would do, too.
    fn deserialize_identifier<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::List(items) => visitor.visit_seq(Items { rest: items.iter(), place: 0 }),
            _ => Err(Misfit::here()),
        }
    }

    fn deserialize_map<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Json::Object(fields, end) => visitor.visit_map(Fields { rest: fields.iter(), at: None, end: *end }),
            _ => Err(Misfit::here()),
        }
    }

    /// By name alone: a list of values is no record.
    fn deserialize_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    /// A word, or an object whose one field is called as the variant. Variants with a tag among their fields arrive as
    /// objects of another kind.
    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Json::Text(word) => visitor.visit_enum(BorrowedStrDeserializer::new(word)),
            Json::Object(fields, End::Whole) => match fields.as_slice() {
                [(name, value)] => visitor.visit_enum(Variant { name, value }),
                _ => Err(Misfit::here()),
            },
            _ => Err(Misfit::here()),
        }
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'t>>
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct ignored_any
    }
}

/// A variant with what it holds.
struct Variant<'t, 'j> {
    name: &'t str,
    value: &'t Json<'j>,
}

impl<'t> EnumAccess<'t> for Variant<'t, '_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'t>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let variant = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((variant, self))
    }
}

impl<'t> VariantAccess<'t> for Variant<'t, '_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Err(Misfit::here())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'t>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self.value).map_err(|misfit| misfit.in_field(self.name))
    }

    fn tuple_variant<V: Visitor<'t>>(self, _: usize, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::here())
    }

    fn struct_variant<V: Visitor<'t>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.value.deserialize_map(visitor).map_err(|misfit| misfit.in_field(self.name))
    }
}

/// The items of a list that are left.
struct Items<'t, 'j> {
    rest: std::slice::Iter<'t, Json<'j>>,
    place: usize,
}

impl<'t> SeqAccess<'t> for Items<'t, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'t>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.rest.next() else { return Ok(None) };
        let place = self.place;
        self.place += 1;
        match seed.deserialize(item) {
            Ok(value) => Ok(Some(value)),
            Err(misfit) => Err(misfit.in_place(place)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The fields of an object that are left, and the one that was named last.
struct Fields<'t, 'j> {
    rest: std::slice::Iter<'t, (Cow<'j, str>, Json<'j>)>,
    at: Option<&'t (Cow<'j, str>, Json<'j>)>,
    end: End,
}

impl<'t> Fields<'t, '_> {
    fn step(&mut self) -> Result<Option<&'t str>, Misfit> {
        self.at = self.rest.next();
        match self.at {
            Some((name, _)) => Ok(Some(name)),
            None if self.end == End::Broken => Err(Misfit::here()),
            None => Ok(None),
        }
    }
}

impl<'t> MapAccess<'t> for Fields<'t, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'t>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        match self.step()? {
            Some(name) => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some((name, value)) = self.at else { return Err(serde::de::Error::custom("a value before its name")) };
        seed.deserialize(value).map_err(|misfit| misfit.in_field(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}
