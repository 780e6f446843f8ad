//! A frame number and a time of day, burned into the picture for programs to read.
//!
//! # Layout
//!
//! The lowest 2/45 of the picture, over its full width, is a grid of 2 rows and 52 columns of black
//! and white cells; 16 rows of pixels to a row at 720p. With W and H the picture's sides and all
//! divisions rounded down:
//!
//! - column c (0 to 51) spans the pixels from `c*W/52` to before `(c+1)*W/52`;
//! - row r (0, 1) spans the pixels from `(43+r)*H/45` to before `(44+r)*H/45`.
//!
//! White is a 1, black a 0, most significant bit first, left to right:
//!
//! | row | columns 0, 1 | columns 2 to 49 | columns 50, 51 |
//! | --- | --- | --- | --- |
//! | 0 (upper) | 1 0 | 48 bits: milliseconds since 1970-01-01 UTC | 0 1 |
//! | 1 (lower) | 0 1 | 32 bits: frame number; 16 bits: check | 1 0 |
//!
//! The check is CRC-16 with polynomial 0x1021, start 0xffff, neither reflected nor inverted (known as
//! CCITT-FALSE), over 10 bytes: the 6 of the time, then the 4 of the frame number, each big-endian.
//!
//! # Reading
//!
//! The picture may have been scaled to any size (the whole of it, without borders) and may use limited
//! or full range. A cell's value is the mean of its middle: columns from `(4c+1)*W/208` to before
//! `(4c+3)*W/208` and rows from `(4*(43+r)+1)*H/180` to before `(4*(43+r)+3)*H/180`, at least one pixel
//! each way. The eight fixed cells at the ends give white and black: halfway between their means lies
//! the threshold, they must differ by [`MIN_CONTRAST`] and each must lie on its own side. Then the check
//! must hold.

use crate::Error;

/// Cells in a row.
pub const COLUMNS: usize = 52;
/// Rows of cells.
pub const ROWS: usize = 2;
/// The picture's height in rows of cells.
pub const ROWS_IN_PICTURE: usize = 45;
/// Luma of a 1 that [`write()`] draws: white in limited range.
pub const WHITE: u8 = 235;
/// Luma of a 0 that [`write()`] draws: black in limited range.
pub const BLACK: u8 = 16;
/// White and black of a readable picture differ by this much luma at least.
pub const MIN_CONTRAST: u32 = 48;
/// Pixels; narrower pictures hold no stamp: two for a cell.
pub const MIN_WIDTH: usize = 2 * COLUMNS;
/// Pixels; lower pictures hold no stamp: two for a cell.
pub const MIN_HEIGHT: usize = 2 * ROWS_IN_PICTURE;

const FIXED: [(usize, usize, bool); 8] = [
    (0, 0, true),
    (0, 1, false),
    (0, COLUMNS - 2, false),
    (0, COLUMNS - 1, true),
    (1, 0, false),
    (1, 1, true),
    (1, COLUMNS - 2, true),
    (1, COLUMNS - 1, false),
];
/// Cells at each end of a row that carry no data.
const MARGIN: usize = 2;
const BITS: usize = COLUMNS - 2 * MARGIN;
const TIME_MASK: u64 = (1 << BITS) - 1;

/// What is burned in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The frame's number.
    pub frame: u32,
    /// Milliseconds since 1970-01-01 UTC; 48 bits, enough for 8900 years.
    pub unix_ms: u64,
}

/// Burns a stamp into the lowest rows of a luma plane. For clean cells the chroma below must be neutral.
pub fn write(
    luma: &mut [u8],
    stride: usize,
    width: usize,
    height: usize,
    stamp: Stamp,
) -> Result<(), Error> {
    let size = Size::new(luma.len(), stride, width, height)?;
    let rows = rows_of(stamp);
    for (row, bits) in rows.into_iter().enumerate() {
        for y in size.row_start(row)..size.row_start(row + 1) {
            let line = &mut luma[y * stride..][..width];
            for column in 0..COLUMNS {
                let value = if is_set(bits, column) { WHITE } else { BLACK };
                line[size.column_start(column)..size.column_start(column + 1)].fill(value);
            }
        }
    }
    Ok(())
}

/// Reads a stamp back from a luma plane, which may be of another size than the one it was burned into.
/// `None` when the picture holds no stamp, or none that can be trusted.
pub fn read(luma: &[u8], stride: usize, width: usize, height: usize) -> Option<Stamp> {
    let size = Size::new(luma.len(), stride, width, height).ok()?;
    let cell = |row, column| size.mean(luma, row, column);
    let mean_of = |white| {
        let ends = FIXED.iter().filter(|fixed| fixed.2 == white);
        ends.map(|&(row, column, _)| cell(row, column)).sum::<u32>() / 4
    };
    let (white, black) = (mean_of(true), mean_of(false));
    if white < black + MIN_CONTRAST {
        return None;
    }
    let threshold = u32::midpoint(white, black);
    if FIXED.iter().any(|&(row, column, white)| (cell(row, column) > threshold) != white) {
        return None;
    }
    let data = [0, 1].map(|row| {
        (MARGIN..MARGIN + BITS)
            .fold(0, |bits, column| bits << 1 | u64::from(cell(row, column) > threshold))
    });
    let stamp = Stamp { frame: (data[1] >> 16) as u32, unix_ms: data[0] };
    (check_of(stamp) == data[1] as u16).then_some(stamp)
}

/// The rows' cells as bits, column 0 in the highest of [`COLUMNS`].
fn rows_of(stamp: Stamp) -> [u64; ROWS] {
    let time = stamp.unix_ms & TIME_MASK;
    let frame = u64::from(stamp.frame) << 16 | u64::from(check_of(stamp));
    let ends = |left: u64, right: u64| left << (COLUMNS - MARGIN) | right;
    [ends(0b10, 0b01) | time << MARGIN, ends(0b01, 0b10) | frame << MARGIN]
}

fn is_set(bits: u64, column: usize) -> bool {
    bits >> (COLUMNS - 1 - column) & 1 == 1
}

fn check_of(stamp: Stamp) -> u16 {
    let time = (stamp.unix_ms & TIME_MASK).to_be_bytes();
    let bytes = time.into_iter().skip(2).chain(stamp.frame.to_be_bytes());
    bytes.fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| {
            crc << 1 ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
        })
    })
}

/// The geometry of a plane that was checked to hold its pixels.
struct Size {
    stride: usize,
    width: usize,
    height: usize,
}

impl Size {
    fn new(have: usize, stride: usize, width: usize, height: usize) -> Result<Self, Error> {
        let sane = MIN_WIDTH..=crate::Card::MAX_SIDE;
        if !sane.contains(&width) || !(MIN_HEIGHT..=crate::Card::MAX_SIDE).contains(&height) {
            return Err(Error::Size { width, height });
        }
        let need = stride.saturating_mul(height - 1).saturating_add(width);
        if stride < width || have < need {
            return Err(Error::Plane { need, have });
        }
        Ok(Self { stride, width, height })
    }

    fn row_start(&self, row: usize) -> usize {
        (ROWS_IN_PICTURE - ROWS + row) * self.height / ROWS_IN_PICTURE
    }

    fn column_start(&self, column: usize) -> usize {
        column * self.width / COLUMNS
    }

    /// The mean luma of a cell's middle.
    fn mean(&self, luma: &[u8], row: usize, column: usize) -> u32 {
        let middle = |index: usize, side: usize, cells: usize| {
            let start = (4 * index + 1) * side / (4 * cells);
            start..((4 * index + 3) * side / (4 * cells)).max(start + 1)
        };
        let columns = middle(column, self.width, COLUMNS);
        let rows = middle(ROWS_IN_PICTURE - ROWS + row, self.height, ROWS_IN_PICTURE);
        let count = (columns.len() * rows.len()) as u32;
        let line = |y| &luma[y * self.stride..][columns.clone()];
        rows.flat_map(line).map(|&value| u32::from(value)).sum::<u32>() / count
    }
}

#[cfg(test)]
mod tests;
