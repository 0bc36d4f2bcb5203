//! Checks the signature of an exported function. The compiler checks the types.

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// What an attribute requires of its function.
pub(crate) struct Signature {
    pub(crate) attribute: &'static str,
    pub(crate) parameters: usize,
    /// Whether the function returns a value.
    pub(crate) returns: bool,
    pub(crate) example: &'static str,
}

/// The location of an error, and its text.
type Refusal = (Span, String);

impl Signature {
    /// Returns the name of the function.
    pub(crate) fn check(
        &self,
        arguments: TokenStream,
        function: TokenStream,
    ) -> Result<Ident, Refusal> {
        if let Some(argument) = arguments.into_iter().next() {
            return Err(self.refuse(argument.span(), "takes no arguments"));
        }
        let mut tokens = function.into_iter().peekable();
        self.skip_to_fn(&mut tokens)?;
        let Some(TokenTree::Ident(name)) = tokens.next() else {
            return Err(self.refuse(Span::call_site(), "needs a function with a name"));
        };
        let parameters = match tokens.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
            _ => return Err(self.refuse(name.span(), "does not take a generic function")),
        };
        self.check_parameters(&name, &parameters)?;
        let returns =
            matches!(&tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '-');
        match (self.returns, returns) {
            (true, false) => {
                Err(self.refuse(name.span(), "needs a function that returns a `Result`"))
            }
            (false, true) => Err(self.refuse(name.span(), "needs a function that returns nothing")),
            _ => Ok(name),
        }
    }

    /// Skips attributes, the visibility and the keyword `fn`.
    fn skip_to_fn(&self, tokens: &mut impl Iterator<Item = TokenTree>) -> Result<(), Refusal> {
        for token in tokens {
            match &token {
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "fn" => return Ok(()),
                    "pub" => {}
                    "async" => {
                        let reason = "needs a function that is not `async`: each invocation has an \
                                      instance of its own, in which waiting blocks no other";
                        return Err(self.refuse(word.span(), reason));
                    }
                    word @ ("const" | "unsafe" | "extern") => {
                        let reason = format!("needs a function that is not `{word}`");
                        return Err(self.refuse(token.span(), &reason));
                    }
                    _ => return Err(self.refuse(word.span(), "goes in front of a function")),
                },
                // `#` and `[...]` of an attribute, `(crate)` of a visibility.
                TokenTree::Punct(_) | TokenTree::Group(_) => {}
                TokenTree::Literal(_) => break,
            }
        }
        Err(self.refuse(Span::call_site(), "goes in front of a function"))
    }

    fn check_parameters(&self, name: &Ident, parameters: &Group) -> Result<(), Refusal> {
        let found = count(parameters.stream());
        if found == self.parameters {
            return Ok(());
        }
        let reason = match self.parameters {
            0 => format!("needs a function without parameters, `{name}` has {found}"),
            expected => {
                format!("needs a function with {expected} parameters, `{name}` has {found}")
            }
        };
        Err(self.refuse(parameters.span(), &reason))
    }

    fn refuse(&self, span: Span, reason: &str) -> Refusal {
        let Self {
            attribute, example, ..
        } = self;
        let message = format!("`#[bootstream::{attribute}]` {reason}: write `{example}`");
        (span, message)
    }
}

/// Counts parameters, separated by commas outside `<...>`. Brackets and parentheses are single
/// tokens.
fn count(parameters: TokenStream) -> usize {
    let (mut found, mut depth, mut is_empty, mut after_dash) = (0, 0_usize, true, false);
    for token in parameters {
        let character = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match character {
            '<' => depth += 1,
            // The `>` of `->` closes nothing.
            '>' if !after_dash => depth = depth.saturating_sub(1),
            _ => {}
        }
        after_dash = character == '-';
        if character == ',' && depth == 0 {
            is_empty = true;
        } else if is_empty {
            found += 1;
            is_empty = false;
        }
    }
    found
}
