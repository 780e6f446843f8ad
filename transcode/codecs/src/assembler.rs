use std::fmt;

use openh264_sys2::{API as _, OpenH264Version, source::APILoader};

/// Which hand-written machine code the H.264 encoder is built with; its `Display` is one line for
/// `shardcast check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assembler {
    /// OpenH264's version: major, minor, revision.
    pub version: (u32, u32, u32),
    /// The family of instructions that is compiled in.
    pub instructions: Instructions,
    /// Whether the AVX2 code is compiled in.
    pub avx2_built: bool,
    /// Whether this processor runs AVX2 code.
    pub avx2_here: bool,
}

/// A family of machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// SSE2 to SSE4.2, assembled by nasm.
    X86,
    /// NEON, assembled by the C compiler.
    Neon,
    /// None: plain C++, less than half as fast.
    None,
}

/// Reports the machine code of the linked H.264 encoder. On x86-64 a build without it does not link.
pub fn assembler() -> Assembler {
    require();
    let mut version = OpenH264Version::default();
    // SAFETY: the call fills the struct that it is given and keeps no pointer to it.
    unsafe { APILoader.WelsGetCodecVersionEx(&raw mut version) };
    Assembler {
        version: (version.uMajor, version.uMinor, version.uRevision),
        instructions: if cfg!(target_arch = "x86_64") {
            Instructions::X86
        } else if cfg!(any(target_arch = "aarch64", target_arch = "arm")) {
            Instructions::Neon
        } else {
            Instructions::None
        },
        avx2_built: cfg!(openh264_avx2),
        avx2_here: avx2_here(),
    }
}

impl fmt::Display for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, revision) = self.version;
        write!(f, "OpenH264 {major}.{minor}.{revision} with ")?;
        f.write_str(match (self.instructions, self.avx2_built, self.avx2_here) {
            (Instructions::X86, true, true) => "x86 assembler code, AVX2 in use",
            (Instructions::X86, true, false) => "x86 assembler code, AVX2 not on this processor",
            (Instructions::X86, false, _) => "x86 assembler code, AVX2 not compiled in",
            (Instructions::Neon, ..) => "NEON assembler code",
            (Instructions::None, ..) => "no assembler code (slow)",
        })
    }
}

/// Makes the program depend on OpenH264's assembler code, so that a library that was built before
/// nasm was there, and lies in cargo's cache, fails to link instead of being slow.
pub(crate) fn require() {
    #[cfg(target_arch = "x86_64")]
    std::hint::black_box(openh264_was_built_without_nasm_run_cargo_clean_p_openh264_sys2());
}

/// The linker shows this name when the symbols are missing.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn openh264_was_built_without_nasm_run_cargo_clean_p_openh264_sys2() -> [*const (); 2] {
    // SAFETY: OpenH264's assembler code defines both; they are never called.
    unsafe extern "C" {
        fn WelsSampleSad16x16_sse2();
        #[cfg(openh264_avx2)]
        fn WelsSampleSatd16x16_avx2();
    }
    #[cfg(openh264_avx2)]
    let satd = WelsSampleSatd16x16_avx2 as *const ();
    #[cfg(not(openh264_avx2))]
    let satd = std::ptr::null();
    [WelsSampleSad16x16_sse2 as *const (), satd]
}

fn avx2_here() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assembler_code_is_linked_and_named() {
        let report = assembler();
        assert!(report.version >= (2, 0, 0));
        if cfg!(target_arch = "x86_64") {
            assert_eq!(report.instructions, Instructions::X86);
            assert!(report.to_string().contains("x86 assembler code"), "{report}");
        }
    }
}
