//! The processor architectures of Lambda, and the features of the oldest processor of each.

use std::fmt;
use std::str::FromStr;

/// A processor architecture of Lambda, for which machine code is compiled.
///
/// Code for one architecture is the same whichever machine compiles it: it may use a fixed list of
/// features, not those of the build machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// x86-64-v3, the level of Haswell: AWS documents AVX2 for functions on x86_64 (AWS Compute
    /// Blog, "Creating faster AWS Lambda functions with AVX2"), and its machines are no older.
    X86_64,
    /// Neoverse N1, the core of Graviton2: what AWS documents for functions on arm64 (Lambda
    /// Developer Guide, "Lambda instruction set architectures").
    Arm64,
}

impl Arch {
    /// Every architecture.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// The architecture this program was built for.
    pub const HOST: Self = if cfg!(target_arch = "aarch64") {
        Self::Arm64
    } else {
        Self::X86_64
    };

    /// The target triple.
    #[must_use]
    pub fn triple(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// The compilers' name of the oldest processor that runs the code.
    #[must_use]
    pub fn cpu(self) -> &'static str {
        match self {
            Self::X86_64 => "x86-64-v3",
            Self::Arm64 => "neoverse-n1",
        }
    }

    /// The features of that processor that Cranelift uses, by Cranelift's names.
    #[must_use]
    pub fn cpu_features(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &[
                "has_sse3",
                "has_ssse3",
                "has_sse41",
                "has_sse42",
                "has_popcnt",
                "has_cmpxchg16b",
                "has_avx",
                "has_avx2",
                "has_bmi1",
                "has_bmi2",
                "has_fma",
                "has_lzcnt",
            ],
            Self::Arm64 => &["has_lse", "has_fp16", "has_dotprod"],
        }
    }

    /// Returns the architecture with this target triple.
    #[must_use]
    pub fn from_triple(triple: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.triple() == triple)
    }

    /// Lambda's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// The name that other tools use for it.
    #[must_use]
    pub const fn alias(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Whether the CPU of this machine is at least the oldest one that runs code for [`Arch::HOST`].
    #[must_use]
    pub fn host_cpu_is_supported() -> bool {
        // Names have to be literals. Compilers rely on more features of these CPUs than Cranelift uses.
        macro_rules! all {
            ($detected:ident: $($feature:tt)*) => { $(std::arch::$detected!($feature))&&* };
        }
        #[cfg(target_arch = "x86_64")]
        let is_supported = all!(is_x86_feature_detected: "sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "cmpxchg16b"
            "avx" "avx2" "bmi1" "bmi2" "fma" "lzcnt" "movbe" "f16c" "xsave" "pclmulqdq");
        #[cfg(target_arch = "aarch64")]
        let is_supported = all!(is_aarch64_feature_detected: "lse" "fp16" "dotprod" "rcpc" "crc" "aes" "sha2" "rdm");
        is_supported
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not an architecture of Lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use `{}` or `{}`", Arch::X86_64, Arch::Arm64)]
pub struct UnknownArch;

impl FromStr for Arch {
    type Err = UnknownArch;

    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        let is_it = |arch: &Self| name == arch.name() || name == arch.alias();
        Self::ALL.into_iter().find(is_it).ok_or(UnknownArch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_architecture_has_two_names_and_a_triple() {
        for arch in Arch::ALL {
            assert_eq!(arch.to_string().parse(), Ok(arch));
            assert_eq!(arch.alias().parse(), Ok(arch));
            assert_eq!(Arch::from_triple(arch.triple()), Some(arch));
        }
        let unknown = "riscv64".parse::<Arch>().unwrap_err();
        assert_eq!(unknown.to_string(), "use `x86_64` or `arm64`");
        assert_eq!(Arch::from_triple("riscv64"), None);
    }
}
