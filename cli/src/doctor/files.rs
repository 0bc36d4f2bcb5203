//! The files that a template is made of.

use std::path::{Path, PathBuf};

use super::yaml::Node;

/// A template's file, and those that are parts of it.
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

    /// The path of a file by its number; that of the template if there is none.
    pub(crate) fn path(&self, file: usize) -> &Path {
        let path = self.paths.get(file).or_else(|| self.paths.first());
        path.map_or(Path::new(""), PathBuf::as_path)
    }

    /// Reads a part that one of the files names, relative to the template.
    ///
    /// The error says why it was not read, as a noun.
    pub(crate) fn read(&mut self, from: usize, place: &str) -> Result<Node, String> {
        let path = self.local(from, place)?;
        let text = std::fs::read_to_string(&path).map_err(|error| format!("`{error}`"))?;
        let number = self.paths.len();
        let node = Node::parse(&text, number)
            .map_err(|error| format!("its text, which is not YAML or JSON: {error}"))?;
        self.paths.push(path);
        Ok(node)
    }

    /// Where a part is on this machine. The error says where it is in its place, as a noun.
    pub(crate) fn local(&self, from: usize, place: &str) -> Result<PathBuf, String> {
        if is_elsewhere(place) {
            return Err("another place than this machine".to_owned());
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

/// Whether a place is not a path of this machine.
pub(crate) fn is_elsewhere(place: &str) -> bool {
    place.contains("://") || place.starts_with("arn:")
}
