//! The key-values of records of the crate `log`.

use log::Record;
use log::kv::{Error, Key, Value, VisitSource, VisitValue};

use super::host::Field;

/// The fields of `record`.
pub(super) fn fields(record: &Record<'_>) -> Vec<(String, Field)> {
    let mut fields = Vec::new();
    // A value that fails to show itself is left out.
    let _ = record.key_values().visit(&mut Fields(&mut fields));
    fields
}

struct Fields<'a>(&'a mut Vec<(String, Field)>);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let mut kind = Kind(None);
        value.visit(&mut kind)?;
        self.0.extend(kind.0.map(|field| (key.to_string(), field)));
        Ok(())
    }
}

/// The kind of a value.
struct Kind(Option<Field>);

impl<'v> VisitValue<'v> for Kind {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.0 = Some(Field::Text(value.to_string()));
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        self.0 = Some(Field::Text(value.to_owned()));
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0 = Some(Field::Boolean(value));
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.0 = Some(Field::Integer(value));
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        // An integer that fits no field is text, which keeps its digits.
        let integer = i64::try_from(value).map(Field::Integer);
        self.0 = Some(integer.unwrap_or_else(|_| Field::Text(value.to_string())));
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0 = Some(Field::Number(value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_is_a_field() {
        let nothing: Option<u32> = None;
        let pairs: &[(&str, Value<'_>)] = &[
            ("text", Value::from("New Zealand")),
            ("integer", Value::from(-7_i32)),
            ("large", Value::from(u64::MAX)),
            ("number", Value::from(0.5)),
            ("boolean", Value::from(true)),
            ("shown", Value::from_debug(&[1])),
            ("nothing", Value::from_debug(&nothing)),
            ("null", Value::null()),
        ];
        let record = Record::builder().key_values(&pairs).build();
        let shown: Vec<_> = fields(&record)
            .into_iter()
            .map(|(name, field)| format!("{name} {field:?}"))
            .collect();
        assert_eq!(
            shown,
            [
                "text Field::Text(\"New Zealand\")",
                "integer Field::Integer(-7)",
                "large Field::Text(\"18446744073709551615\")",
                "number Field::Number(0.5)",
                "boolean Field::Boolean(true)",
                "shown Field::Text(\"[1]\")",
                "nothing Field::Text(\"None\")",
            ]
        );
    }
}
