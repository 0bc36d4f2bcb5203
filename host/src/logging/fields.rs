//! Fields of a handler's record: bounded, and with names that are not the host's.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use serde::ser::SerializeMap;

/// Most fields of a record.
const LIMIT: usize = 64;

/// Most bytes of the names and texts of a record's fields.
const LIMIT_BYTES: usize = 32 * 1024;

/// Members of a record that the host, or Lambda, sets or reads.
const RESERVED: [&str; 9] = [
    "_aws",
    "level",
    "message",
    OMITTED,
    "requestId",
    "target",
    "tenantId",
    "timestamp",
    "type",
];

/// The number of fields that were left out.
const OMITTED: &str = "omittedFields";

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Field {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

/// The fields of a record.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    kept: Vec<(String, Field)>,
    omitted: usize,
}

impl Fields {
    /// Keeps what is within the limits.
    pub(crate) fn new(fields: Vec<(String, Field)>) -> Self {
        let mut all = Self::default();
        let mut room = LIMIT_BYTES;
        for (name, field) in fields {
            let bytes = name.len() + field.text_bytes();
            if all.kept.len() == LIMIT || bytes > room {
                all.omitted += 1;
                continue;
            }
            room -= bytes;
            all.keep(free(name), field.finite());
        }
        all
    }

    fn keep(&mut self, name: String, field: Field) {
        match self.kept.iter_mut().find(|(kept, _)| *kept == name) {
            Some((_, kept)) => *kept = field,
            None => self.kept.push((name, field)),
        }
    }

    /// Adds each field as a member.
    pub(super) fn serialize_into<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        for (name, field) in &self.kept {
            object.serialize_entry(name, field)?;
        }
        if self.omitted > 0 {
            object.serialize_entry(OMITTED, &self.omitted)?;
        }
        Ok(())
    }
}

/// As text: ` name=value` for each.
impl Display for Fields {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (name, field) in &self.kept {
            formatter.write_str(" ")?;
            for c in name.chars() {
                let is_end = c.is_whitespace() || c == '=';
                write!(formatter, "{}", if is_end { '_' } else { c })?;
            }
            write!(formatter, "={field}")?;
        }
        match self.omitted {
            0 => Ok(()),
            omitted => write!(formatter, " {OMITTED}={omitted}"),
        }
    }
}

/// As text. Quoted where it would otherwise end early.
impl Display for Field {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => {
                let is_word = !text.is_empty()
                    && !text.contains(|c: char| c.is_whitespace() || matches!(c, '=' | '"'));
                if is_word {
                    formatter.write_str(text)
                } else {
                    write!(formatter, "{text:?}")
                }
            }
            Self::Integer(integer) => integer.fmt(formatter),
            Self::Number(number) => number.fmt(formatter),
            Self::Boolean(boolean) => boolean.fmt(formatter),
        }
    }
}

impl Field {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Integer(_) | Self::Number(_) | Self::Boolean(_) => 0,
        }
    }

    /// JSON has no number for infinity, and none for what is not a number.
    fn finite(self) -> Self {
        match self {
            Self::Number(number) if !number.is_finite() => Self::Text(number.to_string()),
            other => other,
        }
    }
}

/// A name that the host does not use.
fn free(name: String) -> String {
    if name.is_empty() || RESERVED.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use serde::Serializer as _;
    use serde_json::{Value, json};

    use super::*;

    fn fields(all: impl IntoIterator<Item = (&'static str, Field)>) -> Fields {
        let all = all.into_iter();
        Fields::new(all.map(|(name, field)| (name.to_owned(), field)).collect())
    }

    fn json_of(fields: &Fields) -> Value {
        let mut object = serde_json::value::Serializer.serialize_map(None).unwrap();
        fields.serialize_into(&mut object).unwrap();
        SerializeMap::end(object).unwrap()
    }

    #[test]
    fn every_kind_is_a_member_and_a_pair() {
        let fields = fields([
            ("text", Field::Text("two words".to_owned())),
            ("word", Field::Text("word".to_owned())),
            ("empty", Field::Text(String::new())),
            ("integer", Field::Integer(i64::MIN)),
            ("number", Field::Number(0.5)),
            ("infinite", Field::Number(f64::NEG_INFINITY)),
            ("boolean", Field::Boolean(true)),
        ]);
        assert_eq!(
            json_of(&fields),
            json!({
                "text": "two words", "word": "word", "empty": "", "integer": i64::MIN, "number": 0.5,
                "infinite": "-inf", "boolean": true,
            })
        );
        assert_eq!(
            fields.to_string(),
            " text=\"two words\" word=word empty=\"\" integer=-9223372036854775808 number=0.5 \
             infinite=-inf boolean=true"
        );
    }

    #[test]
    fn a_name_of_the_host_is_not_overwritten() {
        for name in RESERVED.into_iter().chain([""]) {
            let fields = fields([(name, Field::Boolean(true))]);
            let json = json_of(&fields);
            let found: Vec<_> = json.as_object().unwrap().keys().collect();
            assert_eq!(found, [&format!("{name}_")]);
        }
    }

    #[test]
    fn the_later_field_of_a_name_stays() {
        let twice = fields([("a", Field::Integer(1)), ("a", Field::Integer(2))]);
        assert_eq!(json_of(&twice), json!({"a": 2}));
        assert_eq!(twice.to_string(), " a=2");
    }

    #[test]
    fn what_is_over_a_limit_is_counted() {
        let names: Vec<_> = (0..LIMIT + 2).map(|n| format!("f{n}")).collect();
        let many = names.iter().map(|it| (it.clone(), Field::Integer(0)));
        let many = json_of(&Fields::new(many.collect()));
        assert_eq!(many.as_object().unwrap().len(), LIMIT + 1);
        assert_eq!(many[OMITTED], 2);

        let large = Field::Text("x".repeat(LIMIT_BYTES));
        let large = fields([
            ("a", Field::Integer(1)),
            ("large", large),
            ("b", Field::Integer(2)),
        ]);
        assert_eq!(json_of(&large), json!({"a": 1, "b": 2, OMITTED: 1}));
        assert_eq!(large.to_string(), " a=1 b=2 omittedFields=1");
    }

    #[test]
    fn a_name_in_text_ends_at_its_value() {
        let odd = fields([("a b=c", Field::Integer(1))]);
        assert_eq!(odd.to_string(), " a_b_c=1");
    }
}
