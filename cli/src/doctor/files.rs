//! The files that a template is made of.

use std::path::{Path, PathBuf};

use super::yaml::Node;

/// The file of a template, and those of its parts.
#[derive(Debug)]
pub(crate) struct Files {
    paths: Vec<PathBuf>,
}

impl Files {
    pub(crate) fn new(template: &Path) -> Self {
        Self {
            paths: vec![template.to_owned()],
        }
    }

    /// Returns the path of a file by its number; that of the template if the number is unknown.
    pub(crate) fn path(&self, file: usize) -> &Path {
        let path = self.paths.get(file).or_else(|| self.paths.first());
        path.map_or(Path::new(""), PathBuf::as_path)
    }

    /// Reads a part that one of the files refers to, relative to the template.
    ///
    /// The error says why it was not read, as a sentence.
    pub(crate) fn read(&mut self, from: usize, place: &str) -> Result<Node, String> {
        let path = self.local(from, place)?;
        let text = std::fs::read_to_string(&path).map_err(|error| why_not(&error))?;
        let number = self.paths.len();
        let node = Node::parse(&text, number)
            .map_err(|error| format!("it is not YAML or JSON: {error}"))?;
        self.paths.push(path);
        Ok(node)
    }

    /// Returns the path of a part on this machine. The error is a sentence that says why it is
    /// elsewhere.
    pub(crate) fn local(&self, from: usize, place: &str) -> Result<PathBuf, String> {
        if is_elsewhere(place) {
            return Err("it is not on this machine".to_owned());
        }
        // SAM takes paths relative to the template, and an included file is part of that.
        let beside = |file: usize| {
            let folder = self.path(file).parent();
            folder.map_or_else(|| PathBuf::from(place), |folder| folder.join(place))
        };
        let [of_template, of_part] = [beside(0), beside(from)];
        Ok(if of_template.exists() {
            of_template
        } else {
            of_part
        })
    }
}

fn why_not(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        return "there is no such file".to_owned();
    }
    format!("it cannot be read: {error}")
}

/// Returns whether a place is not a path on this machine.
pub(crate) fn is_elsewhere(place: &str) -> bool {
    place.contains("://") || place.starts_with("arn:")
}
