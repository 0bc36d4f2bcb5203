//! The stamp at the end of a precompiled component.
#![no_main]

use std::io::Cursor;

use bootstream_host::engine::{Fingerprint, Stamp, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, Vec<u8>, Option<(u16, u8)>)| {
    let (code, component, flip) = input;
    // Anything may be at the end of a file.
    let _ = Stamp::read(&mut Cursor::new(&code));
    let fingerprint = Fingerprint::of(Target::HOST);
    let mut file = Stamp::append(code, fingerprint.clone(), &component);
    if let Some((at, bits)) = flip
        && let Some(byte) = file.get_mut(usize::from(at))
    {
        *byte ^= bits;
        let changed = bits != 0;
        let mut file = Cursor::new(file);
        let accepted = Stamp::read(&mut file).is_ok_and(|stamp| {
            stamp.check_fits(&fingerprint).is_ok()
                && stamp.check_origin(&component[..]).is_ok()
                && stamp.check_code(&mut file).is_ok()
        });
        assert_eq!(accepted, !changed);
        return;
    }
    let stamp = Stamp::read(&mut Cursor::new(&file)).expect("it was just written");
    stamp.check_fits(&fingerprint).expect("it is the same");
    stamp.check_origin(&component[..]).expect("it is the same");
});
