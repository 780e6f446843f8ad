//! Capitals, digits and a few signs, drawn as round-capped strokes: sharp at any size.

use crate::canvas::{Canvas, Mask};

/// Thickness of a stroke, in units of the grid that the glyphs are drawn on.
const STROKE: f32 = 0.95;
/// The grid's height; a glyph's own height is this and one stroke.
const GRID_HEIGHT: f32 = 6.0;
/// Space between two glyphs.
const GAP: f32 = 1.05;
/// Width of the space between words.
const SPACE: f32 = 1.6;

/// A set of glyphs of one height.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    glyphs: Vec<(char, Glyph)>,
    unit: f32,
}

#[derive(Clone, Debug)]
struct Glyph {
    mask: Mask,
    advance: f32,
}

impl Face {
    /// Draws the glyphs of `characters`, `height` pixels high.
    pub(crate) fn new(height: f32, characters: &str) -> Self {
        let unit = height / (GRID_HEIGHT + STROKE);
        let mut wanted: Vec<char> = characters.chars().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let glyphs = wanted.into_iter().map(|c| (c, Glyph::new(c, unit))).collect();
        Self { glyphs, unit }
    }

    /// The height of a face in which `text` is no wider than `width` and no higher than `height`.
    pub(crate) fn fit(text: &str, width: usize, height: usize) -> f32 {
        let units: f32 = text.chars().map(advance_of).sum::<f32>() - GAP;
        (width as f32 / units * (GRID_HEIGHT + STROKE)).min(height as f32)
    }

    /// The width of a text in pixels.
    pub(crate) fn width(&self, text: &str) -> usize {
        let advances = text.chars().filter_map(|c| self.glyph(c)).map(|glyph| glyph.advance);
        (advances.sum::<f32>() - GAP * self.unit).max(0.0).ceil() as usize
    }

    /// Writes a text with its upper left corner at a place; characters not in the face are left out.
    pub(crate) fn write(&self, canvas: &mut Canvas, x: usize, y: usize, text: &str, luma: u8) {
        let mut pen = x as f32;
        for glyph in text.chars().filter_map(|c| self.glyph(c)) {
            canvas.blend(pen as usize, y, &glyph.mask, luma);
            pen += glyph.advance;
        }
    }

    fn glyph(&self, character: char) -> Option<&Glyph> {
        self.glyphs.iter().find(|(c, _)| *c == character).map(|(_, glyph)| glyph)
    }
}

impl Glyph {
    fn new(character: char, unit: f32) -> Self {
        let width = ((width_of(character) + STROKE) * unit).ceil() as usize;
        let height = ((GRID_HEIGHT + STROKE) * unit).ceil() as usize;
        let lines = lines_of(character);
        let mask = Mask::new(width, height, |x, y| {
            let place = (x / unit - STROKE / 2.0, y / unit - STROKE / 2.0);
            let distances = lines.iter().map(|line| distance(place, *line));
            (STROKE / 2.0 - distances.fold(f32::INFINITY, f32::min)) * unit + 0.5
        });
        Self { mask, advance: advance_of(character) * unit }
    }
}

fn advance_of(character: char) -> f32 {
    width_of(character) + STROKE + GAP
}

fn width_of(character: char) -> f32 {
    match character {
        // All alike, so that a running number stands still.
        '0'..='9' => 4.0,
        ' ' => SPACE - STROKE,
        _ => points_of(character).map(|point| point.0).fold(0.0, f32::max),
    }
}

type Point = (f32, f32);

fn distance(place: Point, (from, to): (Point, Point)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = (place.0 - from.0) * dx + (place.1 - from.1) * dy;
    let t = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
    (place.0 - from.0 - t * dx).hypot(place.1 - from.1 - t * dy)
}

fn lines_of(character: char) -> Vec<(Point, Point)> {
    let strokes = strokes_of(character).split('|');
    let lines = strokes.flat_map(|stroke| {
        let points: Vec<Point> = points_in(stroke).collect();
        points.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    });
    lines.collect()
}

fn points_of(character: char) -> impl Iterator<Item = Point> {
    strokes_of(character).split('|').flat_map(points_in)
}

fn points_in(stroke: &str) -> impl Iterator<Item = Point> {
    let digit = |byte: u8| f32::from(byte - b'0');
    stroke.split_ascii_whitespace().map(move |pair| {
        let pair = pair.as_bytes();
        (digit(pair[0]), digit(pair[1]))
    })
}

/// A glyph's strokes: points as two digits, right and down from the upper left corner of the grid; a
/// bar lifts the pen. Characters without a glyph are blank.
fn strokes_of(character: char) -> &'static str {
    match character {
        '0' | 'O' => "10 30 41 45 36 16 05 01 10",
        '1' => "11 20 26|16 36",
        '2' => "01 10 30 41 42 06 46",
        '3' => "00 40 22 32 43 45 36 16 05",
        '4' => "36 30 04 44",
        '5' => "40 00 02 32 43 45 36 16 05",
        '6' => "41 30 10 01 05 16 36 45 44 33 03",
        '7' => "00 40 16",
        '8' => "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
        '9' => "43 13 02 01 10 30 41 45 36 16 05",
        'A' => "06 02 20 42 46|04 44",
        'B' => "33 03 00 30 41 42 33 44 45 36 06 03",
        'C' => "41 30 10 01 05 16 36 45",
        'D' => "00 30 41 45 36 06 00",
        'E' => "40 00 06 46|03 33",
        'F' => "40 00 06|03 33",
        'G' => "41 30 10 01 05 16 36 45 43 23",
        'H' => "00 06|40 46|03 43",
        'I' => "00 06",
        'J' => "40 45 36 16 05",
        'K' => "00 06|40 03 46",
        'L' => "00 06 46",
        'M' => "06 00 23 40 46",
        'N' => "06 00 46 40",
        'P' => "06 00 30 41 42 33 03",
        'Q' => "10 30 41 45 36 16 05 01 10|34 46",
        'R' => "06 00 30 41 42 33 03|23 46",
        'S' => "41 30 10 01 02 13 33 44 45 36 16 05",
        'T' => "00 40|20 26",
        'U' => "00 05 16 36 45 40",
        'V' => "00 26 40",
        'W' => "00 06 23 46 40",
        'X' => "00 46|40 06",
        'Y' => "00 23 40|23 26",
        'Z' => "00 40 06 46",
        ':' => "02 02|05 05",
        '.' => "06 06",
        ',' => "16 07",
        '-' => "03 33",
        '+' => "03 43|21 25",
        '/' => "06 40",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glyph_has_ink_and_stays_in_its_box() {
        let characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:.-+/";
        let face = Face::new(40.0, characters);
        for c in characters.chars() {
            let glyph = face.glyph(c).unwrap();
            let ink = glyph.mask.coverage.iter().filter(|&&cover| cover > 200).count();
            assert!(ink > 15, "{c}: {ink}");
            assert!(glyph.mask.width as f32 <= glyph.advance.ceil(), "{c}");
        }
    }

    #[test]
    fn digits_are_equally_wide() {
        let face = Face::new(33.0, "0123456789:");
        assert_eq!(face.width("11:11"), face.width("00:48"));
    }

    #[test]
    fn a_fitted_text_fits() {
        for (width, height) in [(100, 80), (600, 20), (37, 37)] {
            let size = Face::fit("FRAME 0123", width, height);
            let face = Face::new(size, "FRAME 0123");
            assert!(face.width("FRAME 0123") <= width + 1);
            assert!(size <= height as f32);
        }
    }

    #[test]
    fn unknown_characters_are_blank() {
        let mut canvas = Canvas::new(64, 64);
        let blank = canvas.y.clone();
        Face::new(20.0, "\u{e9}*").write(&mut canvas, 0, 0, "\u{e9}*?", 235);
        assert_eq!(canvas.y, blank);
    }
}
