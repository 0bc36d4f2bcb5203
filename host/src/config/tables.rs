//! The tables of `bootstream.toml` whose keys are names: `secrets` and `aws.endpoints`. They become lists of items
//! in the form of the variable.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::file::Document;
use super::values::Item;

/// The keys of a secret that is a table.
const SECRET_KEYS: [&str; 3] = ["hosts", "in", "from"];

impl Document<'_> {
    /// Returns each `NAME = ["host"]` or `NAME = { hosts = ["host"], in = ["body"], from = "ssm:/path" }` as
    /// `NAME@host`, or as `NAME:body@host` and `NAME=ssm:/path`.
    pub(super) fn secrets(&self, table: &DeTable<'_>) -> Result<Vec<Item>, ConfigError> {
        let mut all = Vec::new();
        for (name, value) in table {
            let name = name.get_ref();
            let key = format!("secrets.{name}");
            if let DeValue::Table(secret) = value.get_ref() {
                all.extend(self.secret(name, value, secret)?);
            } else {
                let expected = "a list of hosts, or a table with `hosts`";
                for host in self.strings(&key, value, expected)? {
                    all.push(renamed(&host, format!("{name}@{}", host.text)));
                }
            }
        }
        Ok(all)
    }

    fn secret(
        &self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        secret: &DeTable<'_>,
    ) -> Result<Vec<Item>, ConfigError> {
        let key = format!("secrets.{name}");
        for known in secret.keys() {
            if !SECRET_KEYS.contains(&known.get_ref().as_ref()) {
                return Err(ConfigError::UnknownKey {
                    origin: self.origin(self.line(known.span().start)).to_string(),
                    key: format!("{key}.{}", known.get_ref()),
                    known: format!("`{}`", SECRET_KEYS.join("`, `")),
                });
            }
        }
        let list = |part: &str, expected| {
            let found = secret.get(part);
            found.map(|it| self.strings(&format!("{key}.{part}"), it, expected))
        };
        let mut all = Vec::new();
        if let Some(source) = secret.get("from") {
            let source = self.item(&format!("{key}.from"), source)?;
            all.push(renamed(&source, format!("{name}={}", source.text)));
        }
        let places = match list("in", "a list of `header`, `basic` and `body`").transpose()? {
            None => String::new(),
            Some(places) => {
                let places: Vec<String> = places.into_iter().map(|place| place.text).collect();
                format!(":{}", places.join("+"))
            }
        };
        let hosts = list("hosts", "a list of hosts").transpose()?;
        let hosts = hosts.filter(|hosts| !hosts.is_empty());
        let hosts = hosts.ok_or_else(|| self.kind(&key, value, "`hosts`, a list of hosts"))?;
        for host in hosts {
            all.push(renamed(&host, format!("{name}{places}@{}", host.text)));
        }
        Ok(all)
    }

    fn strings(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &'static str,
    ) -> Result<Vec<Item>, ConfigError> {
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| self.kind(key, value, expected))?;
        list.iter().map(|item| self.item(key, item)).collect()
    }

    /// Returns `SERVICE = "URL"` or `SERVICE = ["URL"]` in the form of the variable: `SERVICE=URL`.
    pub(super) fn endpoints(&self, table: &DeTable<'_>) -> Result<Vec<Item>, ConfigError> {
        let mut all = Vec::new();
        for (service, urls) in table {
            let service = service.get_ref();
            let key = format!("aws.endpoints.{service}");
            let listed = urls.get_ref().as_array().map(|list| list.iter().collect());
            for url in listed.unwrap_or_else(|| vec![urls]) {
                let text = url.get_ref().as_str();
                let text = text.ok_or_else(|| self.kind(&key, url, "a URL or a list of URLs"))?;
                all.push(Item {
                    text: format!("{service}={text}"),
                    line: self.line(url.span().start),
                });
            }
        }
        Ok(all)
    }
}

/// An item in another form, of the same line.
fn renamed(item: &Item, text: String) -> Item {
    Item {
        text,
        line: item.line,
    }
}
