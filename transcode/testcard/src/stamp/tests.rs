use super::*;

const STAMP: Stamp = Stamp { frame: 0x8001_2345, unix_ms: 1_700_000_123_456 };

fn stamped(width: usize, height: usize, stamp: Stamp) -> Vec<u8> {
    let mut luma: Vec<u8> = (0..width * height).map(|i| (i * 31 % 251) as u8).collect();
    write(&mut luma, width, width, height, stamp).unwrap();
    luma
}

/// Scales by averaging the area under each pixel.
fn scaled(luma: &[u8], from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
    let spans = |index: usize, from: usize, to: usize| {
        let (start, end) =
            (index as f64 * from as f64 / to as f64, (index + 1) as f64 * from as f64 / to as f64);
        (start as usize..(end.ceil() as usize).min(from))
            .map(move |i| (i, (end.min((i + 1) as f64) - start.max(i as f64))))
    };
    let mut out = Vec::with_capacity(to.0 * to.1);
    for y in 0..to.1 {
        for x in 0..to.0 {
            let (mut sum, mut area) = (0.0, 0.0);
            for (row, high) in spans(y, from.1, to.1) {
                for (column, wide) in spans(x, from.0, to.0) {
                    sum += f64::from(luma[row * from.0 + column]) * high * wide;
                    area += high * wide;
                }
            }
            out.push((sum / area) as u8);
        }
    }
    out
}

/// Adds noise of up to `level` either way, the same at each run.
fn noisy(luma: &mut [u8], level: i32) {
    let mut state = 0x9e37_79b9_u32;
    for value in luma {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let noise = state as i32 % (level + 1);
        *value = (i32::from(*value) + noise).clamp(0, 255) as u8;
    }
}

const SIZES: [(usize, usize); 9] = [
    (320, 180),
    (426, 240),
    (640, 360),
    (852, 480),
    (858, 482),
    (1280, 720),
    (1920, 1080),
    (720, 1280),
    (1366, 768),
];

#[test]
fn a_stamp_is_read_back_at_every_size() {
    for (width, height) in SIZES {
        let luma = stamped(width, height, STAMP);
        assert_eq!(read(&luma, width, width, height), Some(STAMP), "{width}x{height}");
    }
}

#[test]
fn extreme_values_survive() {
    for stamp in [
        Stamp { frame: 0, unix_ms: 0 },
        Stamp { frame: u32::MAX, unix_ms: (1 << 48) - 1 },
        Stamp { frame: 1, unix_ms: 1 << 47 },
    ] {
        let luma = stamped(640, 360, stamp);
        assert_eq!(read(&luma, 640, 640, 360), Some(stamp));
    }
}

#[test]
fn a_stamp_survives_scaling_and_noise() {
    for (width, height) in SIZES {
        let luma = stamped(width, height, STAMP);
        for (up, down) in [(1, 2), (3, 4), (3, 2), (2, 3), (9, 5)] {
            let to = (width * up / down, height * up / down);
            let mut small = scaled(&luma, (width, height), to);
            noisy(&mut small, 50);
            assert_eq!(read(&small, to.0, to.0, to.1), Some(STAMP), "{width}x{height} to {to:?}");
        }
    }
}

#[test]
fn a_stamp_survives_low_contrast_and_full_range() {
    let mut luma = stamped(640, 360, STAMP);
    for value in &mut luma {
        *value = if *value > 128 { 255 } else { 0 };
    }
    assert_eq!(read(&luma, 640, 640, 360), Some(STAMP));
    for value in &mut luma {
        *value = if *value > 128 { 150 } else { 90 };
    }
    assert_eq!(read(&luma, 640, 640, 360), Some(STAMP));
}

#[test]
fn padding_after_each_row_is_left_alone() {
    let (width, height, stride) = (640, 360, 700);
    let mut luma = vec![7; stride * height];
    write(&mut luma, stride, width, height, STAMP).unwrap();
    assert_eq!(read(&luma, stride, width, height), Some(STAMP));
    assert!(luma.chunks(stride).all(|row| row[width..].iter().all(|&value| value == 7)));
    assert!(luma[..stride * height * 43 / 45].iter().all(|&value| value == 7));
}

#[test]
fn a_wrong_bit_or_an_unstamped_picture_reads_as_nothing() {
    let (width, height) = (1280, 720);
    for column in 0..COLUMNS {
        for row in 0..ROWS {
            let mut luma = stamped(width, height, STAMP);
            let size = Size::new(luma.len(), width, width, height).unwrap();
            for y in size.row_start(row)..size.row_start(row + 1) {
                for x in size.column_start(column)..size.column_start(column + 1) {
                    luma[y * width + x] = 251 - luma[y * width + x];
                }
            }
            assert_eq!(read(&luma, width, width, height), None, "{row} {column}");
        }
    }
    assert_eq!(read(&vec![16; width * height], width, width, height), None);
    let mut noise = vec![128; width * height];
    noisy(&mut noise, 127);
    assert_eq!(read(&noise, width, width, height), None);
}

#[test]
fn impossible_planes_are_refused() {
    let mut short = vec![0; 100];
    assert_eq!(
        write(&mut short, 640, 640, 360, STAMP),
        Err(Error::Plane { need: 640 * 360, have: 100 })
    );
    assert_eq!(read(&short, 640, 640, 360), None);
    assert_eq!(read(&short, 0, 0, 0), None);
    assert_eq!(read(&short, usize::MAX, 640, 360), None);
    assert!(write(&mut short, 10, 10, 10, STAMP).is_err());
}

#[test]
fn the_check_is_ccitt_false() {
    // As Python has it: binascii.crc_hqx(bytes.fromhex("018bcfe768c080012345"), 0xffff).
    let stamp = Stamp { frame: 0x8001_2345, unix_ms: 0x018b_cfe7_68c0 };
    assert_eq!(check_of(stamp), 0x267f);
}
