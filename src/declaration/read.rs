//! A tree as a type: what serde asks for, out of nodes that are there already, so that no file is parsed twice.
//!
//! Whether the tree fits the type is told by `conform`, in words; what is left to tell here only the types themselves know.

use crate::declaration::node::{Entry, Node, Shape};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Why a tree is not what was asked for, and the byte where the value stands.
#[derive(Debug)]
pub struct Unfit {
    pub at: Option<usize>,
    pub message: String,
}

impl Unfit {
    /// The innermost value is the place.
    fn within(mut self, node: &Node) -> Unfit {
        self.at = self.at.or(Some(node.start));
        self
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unfit {}

impl Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Unfit {
        Unfit {
            at: None,
            message: message.to_string(),
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let read = match &self.shape {
            Shape::Text(text) => visitor.visit_borrowed_str(text),
            Shape::Integer(Some(number)) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (Err(_), Ok(number)) => visitor.visit_u64(number),
                (Err(_), Err(_)) => visitor.visit_i128(*number),
            },
            Shape::Integer(None) => Err(Unfit::invalid_value(
                Unexpected::Other("a number past 128 bits"),
                &visitor,
            )),
            Shape::Float(number) => visitor.visit_f64(*number),
            Shape::Boolean(is_so) => visitor.visit_bool(*is_so),
            Shape::Moment => Err(Unfit::invalid_type(
                Unexpected::Other("a date or time without quotes"),
                &visitor,
            )),
            Shape::List(members) => visitor.visit_seq(Members(members.iter())),
            Shape::Table(entries) => visitor.visit_map(Entries {
                left: entries.iter(),
                value: None,
            }),
        };
        read.map_err(|unfit| unfit.within(self))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    /// A word, or a table of one entry: the variant and what it holds.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let (name, held) = match &self.shape {
            Shape::Text(name) => (name, None),
            Shape::Table(entries) if entries.len() == 1 => {
                let entry = &entries[0];
                (&entry.key, Some(&entry.node))
            }
            _ => return self.deserialize_any(visitor),
        };
        let read = visitor.visit_enum(Variant { name, held });
        read.map_err(|unfit| unfit.within(self))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Unfit> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Members<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Members<'de> {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        self.0.next().map(|member| seed.deserialize(member)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'de> {
    left: std::slice::Iter<'de, Entry>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        let Some(entry) = self.left.next() else { return Ok(None) };
        self.value = Some(&entry.node);
        let key: StrDeserializer<'de, Unfit> = entry.key.as_str().into_deserializer();
        let key = seed.deserialize(key).map_err(|mut unfit: Unfit| {
            unfit.at = unfit.at.or(Some(entry.at));
            unfit
        })?;
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        match self.value.take() {
            Some(node) => seed.deserialize(node).map_err(|unfit| unfit.within(node)),
            None => Err(Unfit::custom("a value is asked for before its key")),
        }
    }
}

struct Variant<'de> {
    name: &'de str,
    held: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Unfit;
    type Variant = Held<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Held<'de>), Unfit> {
        let name: StrDeserializer<'de, Unfit> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Held(self.held)))
    }
}

/// What a variant holds.
struct Held<'de>(Option<&'de Node>);

impl<'de> Held<'de> {
    fn node(self) -> Result<&'de Node, Unfit> {
        self.0.ok_or_else(|| Unfit::custom("more is asked for than a word"))
    }
}

impl<'de> VariantAccess<'de> for Held<'de> {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        match self.0 {
            None => Ok(()),
            Some(node) => Err(Unfit::custom("a word is asked for").within(node)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self.node()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.node()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        self.node()?.deserialize_any(visitor)
    }
}
