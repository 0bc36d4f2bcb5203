//! The two kinds of machine Lambda has, and the least a processor of each kind can do.

/// What machine code is compiled for.
///
/// Code for one target is the same whichever machine compiled it: the features it may use are a
/// fixed list, not those of the machine at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// x86-64-v3, the level of Haswell: AWS documents AVX2 for functions on x86_64 (AWS Compute
    /// Blog, "Creating faster AWS Lambda functions with AVX2"), and its machines are no older.
    X86_64,
    /// Neoverse N1, the core of Graviton2: what AWS documents for functions on arm64 (Lambda
    /// Developer Guide, "Lambda instruction set architectures").
    Arm64,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// The target this program was built for.
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

    /// The name of the oldest processor that runs the code, as compilers call it.
    #[must_use]
    pub fn cpu(self) -> &'static str {
        match self {
            Self::X86_64 => "x86-64-v3",
            Self::Arm64 => "neoverse-n1",
        }
    }

    /// What that processor has of the features that Cranelift makes use of, by Cranelift's names.
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

    /// Whether the processor of this machine is at least the oldest of the kind that this program was
    /// built for.
    #[must_use]
    pub fn is_here() -> bool {
        // Names have to be literals. What compilers take for granted on these processors is more than
        // what Cranelift makes use of.
        macro_rules! all {
            ($detected:ident: $($feature:tt)*) => { $(std::arch::$detected!($feature))&&* };
        }
        #[cfg(target_arch = "x86_64")]
        let is_here = all!(is_x86_feature_detected: "sse3" "ssse3" "sse4.1" "sse4.2" "popcnt" "cmpxchg16b"
            "avx" "avx2" "bmi1" "bmi2" "fma" "lzcnt" "movbe" "f16c" "xsave" "pclmulqdq");
        #[cfg(target_arch = "aarch64")]
        let is_here = all!(is_aarch64_feature_detected: "lse" "fp16" "dotprod" "rcpc" "crc" "aes" "sha2" "rdm");
        is_here
    }
}
