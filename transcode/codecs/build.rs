//! Refuses a build whose H.264 encoder would silently be slow.
//!
//! `openh264-sys2` leaves its assembler code out without a word when nasm is missing, which costs
//! 60 % of the encoder's speed. It also compiles its AVX2 code only when both nasm and the C++
//! compiler are told to, which `.cargo/config.toml` does.

use std::process::{Command, Stdio};

const AVX2_FLAG: &str = "-DHAVE_AVX2";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(openh264_avx2)");
    println!("cargo::rerun-if-changed=build.rs");
    for variable in ["NASM", "NASMENV", "CXXFLAGS", "OPENH264_NO_ASM"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        require_nasm();
        look_for_avx2();
    }
}

fn require_nasm() {
    if std::env::var_os("OPENH264_NO_ASM").is_some() {
        println!(
            "cargo::error=OPENH264_NO_ASM is set, which makes the H.264 encoder slow: unset it"
        );
    }
    let nasm = std::env::var_os("NASM").unwrap_or_else(|| "nasm".into());
    let found = Command::new(nasm)
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        println!(
            "cargo::error=nasm is missing: run ./setup.sh (or apt-get install nasm), then \
             cargo clean -p openh264-sys2 (without nasm the H.264 encoder would be slow)"
        );
    }
}

fn look_for_avx2() {
    let told = |name| std::env::var(name).is_ok_and(|flags| flags.contains(AVX2_FLAG));
    if told("NASMENV") && told("CXXFLAGS") {
        println!("cargo::rustc-cfg=openh264_avx2");
    } else {
        println!(
            "cargo::warning=the H.264 encoder is built without AVX2 (10 % slower): build inside the \
             repository, and add {AVX2_FLAG} to NASMENV and CXXFLAGS if you set them yourself"
        );
    }
}
