//! The attributes of the crate `bootstream`, which re-exports and documents them.
//!
//! Reads tokens directly, so that handlers do not have to compile a parser of Rust for one function
//! name.

mod signature;

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

use signature::Signature;

#[expect(missing_docs, reason = "documented where `bootstream` re-exports it")]
#[proc_macro_attribute]
pub fn handler(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let signature = Signature {
        attribute: "handler",
        parameters: 2,
        returns: true,
        example: "fn handle(event: Event, response: Response) -> Result<(), Error>",
    };
    expand(&signature, "__export_handler", arguments, function)
}

#[expect(missing_docs, reason = "documented where `bootstream` re-exports it")]
#[proc_macro_attribute]
pub fn preinit(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let signature = Signature {
        attribute: "preinit",
        parameters: 0,
        returns: false,
        example: "fn prepare()",
    };
    expand(&signature, "__export_preinit", arguments, function)
}

/// Keeps the function and adds `::bootstream::export_macro! { name }`, or an error.
fn expand(
    signature: &Signature,
    export_macro: &str,
    arguments: TokenStream,
    function: TokenStream,
) -> TokenStream {
    let name = match signature.check(arguments, function.clone()) {
        Ok(name) => name,
        Err((span, message)) => return compile_error(span, &message),
    };
    // The compiler reports a type mismatch at the macro call: show it at the function.
    let span = Span::call_site().located_at(name.span());
    let mut expanded = function;
    expanded.extend(call(
        &["bootstream", export_macro],
        span,
        TokenTree::Ident(name).into(),
    ));
    expanded
}

fn compile_error(span: Span, message: &str) -> TokenStream {
    let mut literal = proc_macro::Literal::string(message);
    literal.set_span(span);
    call(
        &["core", "compile_error"],
        span,
        TokenTree::Literal(literal).into(),
    )
}

/// Returns `::path::to::a_macro! { arguments }`.
fn call(path: &[&str], span: Span, arguments: TokenStream) -> TokenStream {
    let punct = |character, spacing| {
        let mut punct = Punct::new(character, spacing);
        punct.set_span(span);
        TokenTree::Punct(punct)
    };
    let mut tokens = Vec::new();
    for segment in path {
        tokens.push(punct(':', Spacing::Joint));
        tokens.push(punct(':', Spacing::Alone));
        tokens.push(TokenTree::Ident(Ident::new(segment, span)));
    }
    tokens.push(punct('!', Spacing::Alone));
    let mut group = Group::new(Delimiter::Brace, arguments);
    group.set_span(span);
    tokens.push(TokenTree::Group(group));
    tokens.into_iter().collect()
}
