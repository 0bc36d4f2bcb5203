//! The prelude that the local Lambda reads from a runtime.

// The command has it to itself; and to be fuzzed with all of the command would take the compiler.
#[expect(dead_code, reason = "the module has more than this needs")]
#[path = "../../cli/src/dev/prelude.rs"]
mod of_command;

// Its own tests use all of it.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the module has more than this needs")
)]
#[path = "../../cli/src/dev/fields.rs"]
mod fields;

use door::Door;
use of_command::PreludeReader;

/// As much of the command's doors as its prelude asks for.
mod door {
    use http::HeaderName;

    use super::fields::Reading;

    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub(super) enum Door {
        Url,
        Rest,
        Http,
        Alb,
        AlbMulti,
        Lattice,
    }

    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub(super) enum MultiValue {
        First,
        Only,
        Ignored,
    }

    impl Door {
        pub(super) fn multi_value_headers(self) -> MultiValue {
            match self {
                Self::Url | Self::Http | Self::Alb | Self::Lattice => MultiValue::Ignored,
                Self::Rest => MultiValue::First,
                Self::AlbMulti => MultiValue::Only,
            }
        }

        pub(super) fn is_load_balancer(self) -> bool {
            matches!(self, Self::Alb | Self::AlbMulti)
        }

        pub(super) fn takes_cookies(self) -> bool {
            matches!(self, Self::Url | Self::Rest | Self::Http)
        }

        pub(super) fn reading(self) -> Reading {
            if self.takes_cookies() {
                Reading::Lenient
            } else {
                Reading::Strict
            }
        }

        pub(super) fn service(self) -> &'static str {
            "a service"
        }

        pub(super) fn renamed(self, header: &HeaderName) -> Option<HeaderName> {
            let belongs = matches!(self, Self::Url) && *header == http::header::CONNECTION;
            belongs.then(|| HeaderName::from_static("x-amzn-remapped-connection"))
        }
    }
}

const DOORS: [Door; 6] = [
    Door::Url,
    Door::Rest,
    Door::Http,
    Door::Alb,
    Door::AlbMulti,
    Door::Lattice,
];

/// Cut anywhere, a prelude is read the same. The input is where to cut, in two bytes, and the prelude.
///
/// # Panics
///
/// When it is not.
pub fn check(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let cut = usize::from(u16::from_le_bytes(*cut)).min(bytes.len());
    for door in DOORS {
        let whole = PreludeReader::new(door).push(bytes);
        let (first, second) = bytes.split_at(cut);
        let mut reader = PreludeReader::new(door);
        let in_two = match reader.push(first) {
            Ok(None) => reader.push(second),
            Ok(Some((head, rest))) => Ok(Some((head, [&rest, second].concat().into()))),
            Err(error) => Err(error),
        };
        match (whole, in_two) {
            (Ok(Some((head, rest))), Ok(Some((head_in_two, rest_in_two)))) => {
                assert_eq!((head, rest), (head_in_two, rest_in_two));
            }
            (Ok(None), Ok(None)) | (Err(_), Err(_)) => {}
            (whole, in_two) => panic!("whole: {}, in two: {}", whole.is_ok(), in_two.is_ok()),
        }
    }
}
