//! A ring that fills once a second, clockwise from the top, and a lamp in it that flashes on the
//! second.

use std::f32::consts::TAU;

use crate::FLASH_MS;
use crate::canvas::{Canvas, Mask, Rect, Yuv, mix};

const DIM: u8 = 52;
const LIT: u8 = 168;
const LAMP_OFF: u8 = 58;
const LAMP_ON: u8 = 235;
/// The ring's radii and the lamp's, as parts of the dial's half width.
const OUTER: f32 = 0.98;
const INNER: f32 = 0.72;
const LAMP: f32 = 0.52;

/// The dial of one card.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    rect: Rect,
    ring: Mask,
    lamp: Mask,
    /// For each pixel of the dial, the part of the second at which the hand passes it, in 65536ths.
    passed_at: Vec<u16>,
    /// The part of the second in which the hand moves one pixel at the ring's middle.
    step: u32,
}

impl Dial {
    pub(crate) fn new(rect: Rect) -> Self {
        let half = rect.width as f32 / 2.0;
        let disc =
            |radius: f32| move |x: f32, y: f32| radius * half - (x - half).hypot(y - half) + 0.5;
        let (outer, inner) = (disc(OUTER), disc(INNER));
        let between = |x, y| outer(x, y).clamp(0.0, 1.0) - inner(x, y).clamp(0.0, 1.0);
        let pixels = (0..rect.height).flat_map(|y| (0..rect.width).map(move |x| (x, y)));
        let passed_at = pixels.map(|(x, y)| {
            let (x, y) = (x as f32 + 0.5 - half, y as f32 + 0.5 - half);
            // Clockwise from the top.
            (((-x).atan2(y) / TAU + 0.5) * 65536.0) as u16
        });
        let circumference = TAU * half * f32::midpoint(OUTER, INNER);
        Self {
            rect,
            ring: Mask::new(rect.width, rect.height, between),
            lamp: Mask::new(rect.width, rect.height, disc(LAMP)),
            passed_at: passed_at.collect(),
            step: (65536.0 / circumference).ceil() as u32,
        }
    }

    /// Gives the ring its hue, which stays; only its luma moves.
    pub(crate) fn prepare(&self, canvas: &mut Canvas, hue: Yuv) {
        let Rect { x, y, width, height } = self.rect;
        for row in 0..height / 2 {
            for column in 0..width / 2 {
                if self.ring.coverage[2 * (row * width + column)] > 127 {
                    let place = (y / 2 + row) * (canvas.width / 2) + x / 2 + column;
                    (canvas.u[place], canvas.v[place]) = (hue.u, hue.v);
                }
            }
        }
    }

    /// Draws the dial at a millisecond of the second over the ground, which `ground` holds.
    pub(crate) fn draw(&self, canvas: &mut Canvas, ground: &Canvas, ms: u32) {
        canvas.restore(self.rect, ground);
        let now = ms * 65536 / 1000;
        let Rect { x, y, width, .. } = self.rect;
        let rows = self.ring.coverage.chunks_exact(width).zip(self.passed_at.chunks_exact(width));
        for (row, (cover, passed_at)) in rows.enumerate() {
            let line = &mut canvas.y[(y + row) * canvas.width + x..][..width];
            for ((luma, &cover), &at) in line.iter_mut().zip(cover).zip(passed_at) {
                if cover > 0 {
                    let lit = now.saturating_sub(u32::from(at)).min(self.step) * 255 / self.step;
                    *luma = mix(*luma, mix(DIM, LIT, lit as u8), cover);
                }
            }
        }
        let lamp = if ms < FLASH_MS { LAMP_ON } else { LAMP_OFF };
        canvas.blend(x, y, &self.lamp, lamp);
    }
}
