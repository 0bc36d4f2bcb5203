//! The setting `secrets`.
//!
//! In the form of the variable, an item is `NAME[:PLACE[+PLACE]]@HOST`, a host that gets the secret, or
//! `NAME=SOURCE`, where its value comes from.

use super::error::ConfigError;
use super::setting::SECRETS;
use super::values::{Given, Values};
use super::vars::{NEVER_PASSED, Vars};
use crate::outbound::{Place, Secret, SecretText, SecretUse, SecretValue, target};

/// The expected form of an item, for errors.
const EXPECTED: &str = "`NAME@host`, `NAME:basic+body@host` or `NAME=ssm:/path`";

/// The expected name of a secret, for errors.
const NAME: &str = "the name of a variable: letters, digits and `_`, and no digit first";

/// The expected places, for errors.
const PLACES: &str = "`header`, `basic` or `body`, with `+` between several";

/// One item, as far as it is valid in form.
enum Item<'a> {
    Use {
        places: Option<&'a str>,
        host: &'a str,
    },
    From(&'a str),
}

/// Reads the secrets. Errors name a variable and never show its value.
pub(super) fn secrets(vars: &dyn Vars, values: &Values) -> Result<Vec<Secret>, ConfigError> {
    let listed = values.list(&SECRETS)?;
    let mut found: Vec<(Secret, &Given)> = Vec::new();
    for (text, given) in &listed {
        let invalid = |expected: &str| given.invalid_item(&SECRETS, text, expected);
        let (name, item) = split(text).ok_or_else(|| invalid(EXPECTED))?;
        if !is_name(name) {
            return Err(invalid(NAME));
        }
        if NEVER_PASSED.contains(&name) {
            return Err(invalid("no credentials of the function's role"));
        }
        if !found.iter().any(|(secret, _)| secret.name == name) {
            let value = value(vars, &listed, name, given)?;
            found.push((Secret::new(name, value), given));
        }
        if let Item::Use { places, host } = item {
            let places = parse_places(places).ok_or_else(|| invalid(PLACES))?;
            let target = host.parse().map_err(|_| invalid(target::EXPECTED))?;
            let mut named = found.iter_mut().filter(|(secret, _)| secret.name == name);
            if let Some((secret, _)) = named.next() {
                secret.uses.push(SecretUse { target, places });
            }
        }
    }
    for (secret, given) in &found {
        check(secret, given)?;
    }
    Ok(found.into_iter().map(|(secret, _)| secret).collect())
}

/// Whether any secret comes from a store, from which the host fetches it.
pub(super) fn any_is_stored(values: &Values) -> Result<bool, ConfigError> {
    let listed = values.list(&SECRETS)?;
    let mut items = listed.iter().filter_map(|(text, _)| split(text));
    Ok(items.any(|(_, item)| matches!(item, Item::From(_))))
}

/// Returns the name and the rest of an item.
fn split(text: &str) -> Option<(&str, Item<'_>)> {
    let at = text.find(['@', ':', '=']).filter(|at| *at > 0)?;
    let (name, rest) = text.split_at(at);
    if let Some(source) = rest.strip_prefix('=') {
        return Some((name, Item::From(source)));
    }
    let (places, host) = rest.split_once('@')?;
    let places = places.strip_prefix(':');
    Some((name, Item::Use { places, host }))
}

/// Whether `text` can be the name of a variable. The handler sees the placeholder in one of this name.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_part) && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn parse_places(text: Option<&str>) -> Option<Vec<Place>> {
    let Some(text) = text else {
        return Some(vec![Place::Header]);
    };
    let places = text.split('+').map(|place| place.trim().parse().ok());
    places.collect()
}

/// Returns where the value of the secret `name` comes from: its source, or its variable.
fn value(
    vars: &dyn Vars,
    listed: &[(String, Given)],
    name: &str,
    given: &Given,
) -> Result<SecretValue, ConfigError> {
    let mut sources = listed
        .iter()
        .filter_map(|(text, given)| match split(text)? {
            (of, Item::From(source)) if of == name => Some((text, given, source)),
            _ => None,
        });
    if let Some((text, given, source)) = sources.next() {
        let invalid = |expected: &str| given.invalid_item(&SECRETS, text, expected);
        if sources.next().is_some() {
            return Err(invalid("one source for each secret"));
        }
        let source = source.parse();
        let source = source.map_err(|_| invalid(crate::outbound::SOURCE_EXPECTED))?;
        return Ok(SecretValue::Stored(source));
    }
    let value = vars.get(name).filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| ConfigError::UnsetSecret {
        name: name.to_owned(),
        origin: given.origin.to_string(),
    })?;
    Ok(SecretValue::Given(SecretText::new(&value)))
}

fn check(secret: &Secret, given: &Given) -> Result<(), ConfigError> {
    let invalid = |expected: &str| given.invalid_item(&SECRETS, &secret.name, expected);
    if secret.uses.is_empty() {
        return Err(invalid("at least one host that gets the secret"));
    }
    match &secret.value {
        SecretValue::Given(text) if secret.has_place(Place::Header) && !text.fits_header() => Err(
            invalid("a variable whose value can stand in an HTTP header"),
        ),
        SecretValue::Given(_) | SecretValue::Stored(_) => Ok(()),
    }
}
