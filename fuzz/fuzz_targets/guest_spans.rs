#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bootstream_fuzz::guest_spans::check(bytes));
