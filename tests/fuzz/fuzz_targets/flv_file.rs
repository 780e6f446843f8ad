#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| replay::run("flv_file", data));
