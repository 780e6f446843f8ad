//! A picture in planar 4:2:0 and the few ways of drawing on it.

/// A colour in BT.709, limited range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Yuv {
    pub(crate) y: u8,
    pub(crate) u: u8,
    pub(crate) v: u8,
}

impl Yuv {
    /// From red, green and blue between 0 and 1 (ITU-R BT.709, 3.2 to 3.4).
    pub(crate) fn rgb(r: f32, g: f32, b: f32) -> Self {
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        Self {
            y: (16.5 + 219.0 * y) as u8,
            u: (128.5 + 224.0 * (b - y) / 1.8556) as u8,
            v: (128.5 + 224.0 * (r - y) / 1.5748) as u8,
        }
    }
}

/// A part of a picture, in luma pixels. All sides are even.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// How much of each pixel a shape covers: 0 none, 255 all.
#[derive(Clone, Debug)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) coverage: Vec<u8>,
}

impl Mask {
    /// Computes each pixel from the place of its centre.
    pub(crate) fn new(width: usize, height: usize, coverage: impl Fn(f32, f32) -> f32) -> Self {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let value =
            |(x, y)| (255.0 * coverage(x as f32 + 0.5, y as f32 + 0.5).clamp(0.0, 1.0)) as u8;
        Self { width, height, coverage: pixels.map(value).collect() }
    }
}

/// A whole picture with tight planes and even sides.
#[derive(Clone, Debug)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) y: Vec<u8>,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let (luma, chroma) = (width * height, width * height / 4);
        Self { width, height, y: vec![16; luma], u: vec![128; chroma], v: vec![128; chroma] }
    }

    pub(crate) fn fill(&mut self, rect: Rect, colour: Yuv) {
        self.paint(rect, |_, _| colour);
    }

    /// Colours each pixel by its place in the rectangle, from 0 to 1 both ways.
    pub(crate) fn paint(&mut self, rect: Rect, colour: impl Fn(f32, f32) -> Yuv) {
        let at = |x: usize, y: usize, step: usize| {
            let middle = |place: usize, side: usize| {
                ((place * step) as f32 + step as f32 / 2.0) / side as f32
            };
            colour(middle(x, rect.width), middle(y, rect.height))
        };
        for y in 0..rect.height {
            let line = &mut self.y[(rect.y + y) * self.width + rect.x..][..rect.width];
            for (x, luma) in line.iter_mut().enumerate() {
                *luma = at(x, y, 1).y;
            }
        }
        for y in 0..rect.height / 2 {
            let start = (rect.y / 2 + y) * (self.width / 2) + rect.x / 2;
            for x in 0..rect.width / 2 {
                let value = at(x, y, 2);
                (self.u[start + x], self.v[start + x]) = (value.u, value.v);
            }
        }
    }

    /// Lays brightness over the luma alone; what falls outside the picture is cut.
    pub(crate) fn blend(&mut self, x: usize, y: usize, mask: &Mask, luma: u8) {
        let visible = mask.width.min(self.width.saturating_sub(x));
        for (row, cover) in mask.coverage.chunks_exact(mask.width).enumerate() {
            if y + row >= self.height {
                break;
            }
            let line = &mut self.y[(y + row) * self.width..][..self.width];
            for (below, &cover) in line[x.min(self.width)..].iter_mut().zip(&cover[..visible]) {
                *below = mix(*below, luma, cover);
            }
        }
    }

    /// Takes a part of the luma over from a picture of the same size.
    pub(crate) fn restore(&mut self, rect: Rect, from: &Self) {
        for y in rect.y..rect.y + rect.height {
            let start = y * self.width + rect.x;
            self.y[start..][..rect.width].copy_from_slice(&from.y[start..][..rect.width]);
        }
    }
}

/// The value `cover`/255 of the way from one to the other.
pub(crate) fn mix(from: u8, to: u8, cover: u8) -> u8 {
    let (from, to, cover) = (u32::from(from), u32::from(to), u32::from(cover));
    ((from * (255 - cover) + to * cover + 127) / 255) as u8
}
