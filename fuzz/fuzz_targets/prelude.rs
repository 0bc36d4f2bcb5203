//! The prelude that the local Lambda reads from a runtime: cut anywhere, it is read the same.
#![no_main]
#![allow(dead_code, reason = "the module of the command has more than this needs")]

use libfuzzer_sys::fuzz_target;

mod dev {
    /// As much of the command's doors as its prelude asks for.
    pub(crate) mod door {
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Door {
            Url,
            Rest,
        }

        impl Door {
            pub(crate) fn reads_multi_value_headers(self) -> bool {
                matches!(self, Self::Rest)
            }

            pub(crate) fn streams(self) -> bool {
                true
            }
        }
    }

    #[path = "../../../../cli/src/dev/prelude.rs"]
    pub(crate) mod prelude;
}

use dev::door::Door;
use dev::prelude::PreludeReader;

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (cut, bytes) = input;
    let cut = usize::from(cut).min(bytes.len());
    for door in [Door::Url, Door::Rest] {
        let whole = PreludeReader::new(door).push(&bytes);
        let (first, second) = bytes.split_at(cut);
        let mut reader = PreludeReader::new(door);
        let in_two = match reader.push(first) {
            Ok(None) => reader.push(second),
            Ok(Some((head, rest))) => Ok(Some((head, [&rest, second].concat().into()))),
            Err(error) => Err(error),
        };
        match (whole, in_two) {
            (Ok(Some((_, rest))), Ok(Some((_, rest_in_two)))) => assert_eq!(rest, rest_in_two),
            (Ok(None), Ok(None)) | (Err(_), Err(_)) => {}
            (whole, in_two) => panic!("whole: {}, in two: {}", whole.is_ok(), in_two.is_ok()),
        }
    }
});
