//! Writes one raw I420 picture of the test card and tells how long a picture takes.
//!
//! `cargo run --release -p testcard --example frame -- 1280 720 frame.yuv`, then
//! `ffmpeg -f rawvideo -pix_fmt yuv420p -s 1280x720 -i frame.yuv frame.png`.

use std::hint::black_box;
use std::io::{Error, Write as _};
use std::time::Instant;

const ROUNDS: u32 = 300;
const START_MS: u64 = 1_700_000_000_000;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [width, height, path] = arguments.as_slice() else {
        return Err(Error::other("usage: frame WIDTH HEIGHT FILE"));
    };
    let side = |text: &String| text.parse::<usize>().map_err(Error::other);
    let before = Instant::now();
    let mut card =
        testcard::Card::new(side(width)?, side(height)?, "demo 30 fps").map_err(Error::other)?;
    let made = before.elapsed();
    let before = Instant::now();
    for frame in 0..ROUNDS {
        black_box(card.draw(frame, START_MS + u64::from(frame) * 33));
    }
    let each = before.elapsed() / ROUNDS;
    eprintln!("made in {made:?}, {each:?} a picture");
    let picture = card.draw(1234, START_MS + 43_050);
    let mut file = std::fs::File::create(path)?;
    [picture.y, picture.u, picture.v].iter().try_for_each(|plane| file.write_all(plane))
}
