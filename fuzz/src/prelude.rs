//! The prelude that the local Lambda reads from a runtime.

use local_lambda::{FrontEnd, PreludeReader};

/// A prelude is parsed the same wherever it is split. The input is the position of the split, in two bytes,
/// and the prelude.
///
/// # Panics
///
/// When the results differ.
pub fn check(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let cut = usize::from(u16::from_le_bytes(*cut)).min(bytes.len());
    for front_end in FrontEnd::ALL {
        let rules = front_end.response_rules();
        let whole = PreludeReader::new(rules).push(bytes);
        let (first, second) = bytes.split_at(cut);
        let mut reader = PreludeReader::new(rules);
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
