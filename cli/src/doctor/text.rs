//! Text of which a part is known only to the deployment.

use std::fmt;

/// A text as a sequence of literals and placeholders.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Text {
    pieces: Vec<Piece>,
    /// Whether the text may be absent: one branch of an `Fn::If` is `AWS::NoValue`.
    pub(crate) may_be_absent: bool,
}

/// A literal or a placeholder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    Literal(String),
    /// A resource of the template or an attribute of one, or a pseudo parameter such as `AWS::Region`.
    Reference {
        name: String,
        attribute: Option<String>,
    },
    /// What it depends on, as a noun: `` `!ImportValue shared` ``.
    Unknown(String),
}

impl Text {
    pub(crate) fn of(piece: Piece) -> Self {
        let mut text = Self::default();
        text.push(piece);
        text
    }

    /// Parses the syntax of `Fn::Sub`: the inverse of `Display`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut all = Self::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            all.push(Piece::Literal(before.to_owned()));
            all.push(match name {
                "?" => Piece::Unknown(format!("`{UNKNOWN}`")),
                path => Piece::reference(path),
            });
            rest = after;
        }
        all.push(Piece::Literal(rest.to_owned()));
        all
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Adds a piece. Merges adjacent literals.
    pub(crate) fn push(&mut self, piece: Piece) {
        match (self.pieces.last_mut(), piece) {
            (_, Piece::Literal(more)) if more.is_empty() => {}
            (Some(Piece::Literal(text)), Piece::Literal(more)) => text.push_str(&more),
            (_, piece) => self.pieces.push(piece),
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for piece in other.pieces {
            self.push(piece);
        }
    }

    /// Returns the whole text, if all of it is known.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns what the text depends on, as a noun.
    pub(crate) fn why(&self) -> String {
        let unknown = self.pieces.iter().find_map(|piece| match piece {
            Piece::Unknown(why) => Some(why.clone()),
            Piece::Literal(_) | Piece::Reference { .. } => None,
        });
        unknown.unwrap_or_else(|| format!("`{self}`"))
    }

    pub(crate) fn has_unknown(&self) -> bool {
        let mut pieces = self.pieces.iter();
        pieces.any(|piece| matches!(piece, Piece::Unknown(_)))
    }
}

impl Piece {
    /// Creates a reference to a resource, an attribute of one, or a pseudo parameter.
    pub(crate) fn reference(path: &str) -> Self {
        let (name, attribute) = match path.split_once('.') {
            Some((name, attribute)) => (name, Some(attribute.to_owned())),
            None => (path, None),
        };
        Self::Reference {
            name: name.to_owned(),
            attribute,
        }
    }
}

/// In the syntax of `Fn::Sub`, with `${?}` for unknown pieces.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => f.write_str(text)?,
                Piece::Reference { name, attribute } => {
                    write!(f, "${{{name}")?;
                    if let Some(attribute) = attribute {
                        write!(f, ".{attribute}")?;
                    }
                    f.write_str("}")?;
                }
                Piece::Unknown(_) => f.write_str(UNKNOWN)?,
            }
        }
        Ok(())
    }
}

/// The placeholder of an unknown piece.
pub(crate) const UNKNOWN: &str = "${?}";
