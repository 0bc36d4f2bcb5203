//! Values of arguments that clap cannot read by itself.

use artifact::Arch;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Reads an architecture by Lambda's name for it or by its alias.
pub(crate) fn arch() -> impl TypedValueParser<Value = Arch> {
    let names = Arch::ALL.map(|arch| PossibleValue::new(arch.name()).alias(arch.alias()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// Reads a target triple.
///
/// # Errors
///
/// The triple is neither of the two that Lambda runs.
pub(crate) fn triple(text: &str) -> Result<Arch, String> {
    Arch::from_triple(text).ok_or_else(|| {
        let [one, other] = Arch::ALL.map(Arch::triple);
        format!("use `{one}` or `{other}`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triple_is_one_of_two() {
        assert_eq!(triple("aarch64-unknown-linux-gnu"), Ok(Arch::Arm64));
        assert_eq!(
            triple("riscv64"),
            Err("use `x86_64-unknown-linux-gnu` or `aarch64-unknown-linux-gnu`".to_owned())
        );
    }
}
