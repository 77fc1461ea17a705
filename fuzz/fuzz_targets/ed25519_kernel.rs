#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| asap_fuzz_bodies::ed25519_kernel(data));
