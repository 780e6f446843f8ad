use crate::canvas::{Canvas, Mask, Rect, Yuv};
use crate::dial::Dial;
use crate::font::Face;
use crate::layout::Layout;
use crate::{Error, FLASH_MS, stamp};

const TITLE: &str = "SHARDCAST";
const TEXT_LUMA: u8 = 225;
const QUIET_LUMA: u8 = 150;
const RAIL_LUMA: u8 = 70;
const GREY_STEPS: usize = 16;
/// Milliseconds in which the ball runs there and back.
const BALL_PERIOD_MS: u64 = 4000;

/// A finished picture: planar 4:2:0, 8 bits, BT.709, limited range.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Luma.
    pub y: &'a [u8],
    /// Blue difference, half the width and half the height.
    pub u: &'a [u8],
    /// Red difference, half the width and half the height.
    pub v: &'a [u8],
    /// Bytes from one row of luma to the next.
    pub y_stride: usize,
    /// Bytes from one row of chroma to the next.
    pub uv_stride: usize,
}

/// A test card of one size. What never changes is drawn once; a picture costs about 0.15 ms
/// at 720p, because only luma moves and only in a few places.
#[derive(Clone, Debug)]
pub struct Card {
    layout: Layout,
    ground: Canvas,
    canvas: Canvas,
    dial: Dial,
    clock: Face,
    counter: Face,
}

impl Card {
    /// Pixels.
    pub const MIN_WIDTH: usize = 320;
    /// Pixels.
    pub const MIN_HEIGHT: usize = 180;
    /// Pixels.
    pub const MAX_SIDE: usize = 8192;
    /// Characters of a caption that are shown.
    pub const MAX_CAPTION: usize = 24;

    /// Draws the still part of a card. `caption` stands in the header's second line, in capitals;
    /// characters that the card's own font lacks are left out.
    pub fn new(width: usize, height: usize, caption: &str) -> Result<Self, Error> {
        let fits = (Self::MIN_WIDTH..=Self::MAX_SIDE).contains(&width)
            && (Self::MIN_HEIGHT..=Self::MAX_SIDE).contains(&height);
        if !fits || !width.is_multiple_of(2) || !height.is_multiple_of(2) {
            return Err(Error::Size { width, height });
        }
        let layout = Layout::new(width, height);
        let mut ground = Canvas::new(width, height);
        let dial = Dial::new(layout.dial);
        draw_ground(&mut ground, &layout);
        draw_header(&mut ground, &layout, caption);
        draw_patterns(&mut ground, &layout);
        dial.prepare(&mut ground, Yuv::rgb(0.0, 0.62, 0.62));
        Ok(Self {
            clock: face_for("00:00:00.000 UTC", layout.clock, "0123456789:. UTC"),
            counter: face_for("FRAME 0000000000", layout.counter, "0123456789 FRAME"),
            canvas: ground.clone(),
            layout,
            ground,
            dial,
        })
    }

    /// Draws one picture: this frame number and this time (milliseconds since 1970-01-01 UTC), for
    /// people and as a [`stamp`]. The lamp is lit in the first [`FLASH_MS`] of each second.
    pub fn draw(&mut self, frame: u32, unix_ms: u64) -> Picture<'_> {
        let Self { layout, ground, canvas, dial, clock, counter } = self;
        let text = clock_text(unix_ms);
        write_line(canvas, ground, layout.clock, clock, &text, TEXT_LUMA);
        let text = format!("FRAME {frame:06}");
        write_line(canvas, ground, layout.counter, counter, &text, QUIET_LUMA);
        dial.draw(canvas, ground, (unix_ms % 1000) as u32);
        draw_ball(canvas, ground, layout.rail, unix_ms);
        let stamp = stamp::Stamp { frame, unix_ms };
        stamp::write(&mut canvas.y, canvas.width, canvas.width, canvas.height, stamp)
            .expect("a card is never smaller than a stamp");
        self.picture()
    }

    /// The picture that was drawn last.
    pub fn picture(&self) -> Picture<'_> {
        let Canvas { width, y, u, v, .. } = &self.canvas;
        Picture { y, u, v, y_stride: *width, uv_stride: width / 2 }
    }
}

fn clock_text(unix_ms: u64) -> String {
    let (seconds, ms) = (unix_ms / 1000, unix_ms % 1000);
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{ms:03} UTC", seconds % 60)
}

fn face_for(widest: &str, area: Rect, characters: &str) -> Face {
    Face::new(Face::fit(widest, area.width, area.height), characters)
}

fn write_line(canvas: &mut Canvas, ground: &Canvas, area: Rect, face: &Face, text: &str, luma: u8) {
    canvas.restore(area, ground);
    face.write(canvas, area.x, area.y, text, luma);
}

fn draw_ground(canvas: &mut Canvas, layout: &Layout) {
    let whole = Rect { x: 0, y: 0, width: canvas.width, height: canvas.height };
    let tint = Yuv::rgb(0.06, 0.09, 0.13);
    canvas.paint(whole, |_, y| Yuv { y: (44.0 - 14.0 * y) as u8, ..tint });
    canvas.fill(layout.stamp, Yuv { y: stamp::BLACK, u: 128, v: 128 });
    let Rect { x, y, width, height } = layout.rail;
    let line = Mask::new(width, (height / 8).max(1), |_, _| 1.0);
    canvas.blend(x, y + (height - line.height) / 2, &line, RAIL_LUMA);
    let tick = Mask::new((height / 8).max(1), height, |_, _| 1.0);
    for place in [x, x + (width - tick.width) / 2, x + width - tick.width] {
        canvas.blend(place, y, &tick, RAIL_LUMA);
    }
}

fn draw_header(canvas: &mut Canvas, layout: &Layout, caption: &str) {
    let area = layout.title;
    let size = Face::fit(TITLE, area.width, area.height);
    Face::new(size, TITLE).write(canvas, area.x, area.y, TITLE, TEXT_LUMA);

    let caption: String =
        caption.chars().take(Card::MAX_CAPTION).collect::<String>().to_uppercase();
    let lines = [format!("{}X{}", canvas.width, canvas.height), caption];
    let area = layout.caption;
    let line_height = area.height * 2 / 5;
    for (line, y) in lines.iter().zip([area.y, area.y + area.height - line_height]) {
        let face = Face::new(Face::fit(line, area.width, line_height), line);
        let x = area.x + area.width.saturating_sub(face.width(line));
        face.write(canvas, x, y, line, QUIET_LUMA);
    }
    canvas.fill(layout.rule, Yuv::rgb(0.0, 0.62, 0.62));
}

fn draw_patterns(canvas: &mut Canvas, layout: &Layout) {
    // The 75 % bars of SMPTE ECR 1: green, red and blue each switch at half the rate of the next.
    const BARS: usize = 7;
    let bar = |place: f32| {
        let off = (place * BARS as f32) as usize;
        let level = |bit: usize| if off & bit == 0 { 0.75 } else { 0.0 };
        Yuv::rgb(level(2), level(4), level(1))
    };
    // Edges fall between chroma samples, which are two pixels wide.
    let pairs = (layout.bars.width / 2) as f32;
    canvas.paint(layout.bars, |x, _| bar(((x * pairs).floor() + 0.5) / pairs));
    canvas.paint(layout.steps, |x, _| {
        let step = (x * GREY_STEPS as f32).floor() / (GREY_STEPS - 1) as f32;
        Yuv::rgb(step, step, step)
    });
    canvas.paint(layout.hues, |x, _| {
        let wave = |shift: f32| {
            let place = ((x + shift).fract() * 6.0 - 3.0).abs();
            0.12 + 0.63 * (place - 1.0).clamp(0.0, 1.0)
        };
        Yuv::rgb(wave(0.0), wave(2.0 / 3.0), wave(1.0 / 3.0))
    });
}

/// The ball runs at constant speed and lights up with the lamp: on full seconds it is at an end or in
/// the middle of its way.
fn draw_ball(canvas: &mut Canvas, ground: &Canvas, rail: Rect, unix_ms: u64) {
    canvas.restore(rail, ground);
    let radius = rail.height as f32 / 2.0;
    let phase = (unix_ms % BALL_PERIOD_MS) as f32 / BALL_PERIOD_MS as f32;
    let place = 1.0 - (2.0 * phase - 1.0).abs();
    let left = place * (rail.width - rail.height) as f32;
    // The mask starts on a whole pixel; what is left over moves the ball inside it.
    let inside = left.fract();
    let ball = Mask::new(rail.height + 1, rail.height, |x, y| {
        radius - (x - inside - radius).hypot(y - radius)
    });
    let lit = unix_ms % 1000 < u64::from(FLASH_MS);
    let luma = if lit { stamp::WHITE } else { QUIET_LUMA };
    canvas.blend(rail.x + left as usize, rail.y, &ball, luma);
}

#[cfg(test)]
mod tests;
