//! The stamp at the end of a precompiled component, and the source map in front of it.

use artifact::source_map::SourceMap;
use artifact::{Arch, Concurrency, Flavour, MemoryInit, Stamp};
use bootstream_host::engine;

/// A stamped file is accepted, and refused once any of its bytes changes. The input is the position of the
/// byte, in two bytes; the bits to flip; the length of the component; the component, and the code.
///
/// # Panics
///
/// When a stamped file is refused or a changed one accepted.
pub fn check(bytes: &[u8]) {
    let Some(([low, high, bits, length], bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let (component, code) = bytes.split_at(usize::from(*length).min(bytes.len()));
    // A file may end in anything.
    let _ = Stamp::read(code);
    let map = SourceMap::read(code);
    for offset in [0, u32::from(*length), u32::MAX] {
        assert!(map.frames_at(offset).count() <= code.len());
    }
    let flavour = Flavour {
        memory_init: MemoryInit::Copy,
        concurrency: if bits.is_multiple_of(2) {
            Concurrency::Off
        } else {
            Concurrency::On
        },
    };
    let fingerprint = engine::fingerprint(Arch::HOST, flavour.concurrency);
    let mut file = Stamp::append(code.to_vec(), &[], flavour, fingerprint.clone(), component);
    let mut changed = false;
    if let Some(byte) = file.get_mut(usize::from(u16::from_le_bytes([*low, *high]))) {
        *byte ^= bits;
        changed = *bits != 0;
    }
    let accepted = Stamp::read(&file).and_then(|stamp| {
        stamp.check_fits(&fingerprint)?;
        stamp.check_origin(component)?;
        stamp.check_tables(&file)?;
        stamp.check_code(&file)
    });
    assert_eq!(accepted.is_err(), changed, "{accepted:?}");
}
