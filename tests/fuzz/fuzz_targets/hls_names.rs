#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("hls_names", data));
