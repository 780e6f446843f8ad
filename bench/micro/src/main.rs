//! The hot paths on made-up media, one at a time: `micro CASE`. The test runs each under valgrind, which
//! counts the instructions inside [`measured`]; the same bytes give the same count every time.

mod batch;
mod footage;
mod log;
mod packager;
mod publisher;
// The batch is private to its crate; it is measured as it is.
#[path = "../../../delivery/delivery/src/wire.rs"]
#[expect(dead_code, reason = "what is not on the hot path is not called")]
mod wire;

use std::hint::black_box;
use std::process::ExitCode;

/// Something to measure, with all that it needs made before.
pub(crate) struct Case {
    /// Media messages that it works on.
    messages: usize,
    work: Box<dyn FnMut()>,
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let mut case = match name.as_str() {
        "rtmp" => publisher::case(),
        "log" => log::case(),
        "packager" => packager::case(),
        "batch" => batch::case(),
        _ => {
            eprintln!("usage: micro rtmp|log|packager|batch");
            return ExitCode::FAILURE;
        }
    };
    measured(&mut *case.work);
    #[expect(clippy::print_stdout, reason = "the result, for the test that divides by it")]
    {
        println!("{}", case.messages);
    }
    ExitCode::SUCCESS
}

/// What is counted: nothing else may have this name in its own.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Keeps the call from becoming a jump, after which this function would be over.
    black_box(());
}
