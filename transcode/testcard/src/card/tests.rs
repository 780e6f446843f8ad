use super::*;

fn ink(canvas: &[u8], stride: usize, area: Rect) -> usize {
    let rows = canvas.chunks_exact(stride).skip(area.y).take(area.height);
    rows.flat_map(|row| &row[area.x..area.x + area.width]).filter(|&&luma| luma > 130).count()
}

#[test]
fn the_stamp_says_what_was_drawn_at_every_size() {
    for (width, height) in [(320, 180), (854, 480), (1280, 720), (1920, 1080), (720, 1280)] {
        let mut card = Card::new(width, height, "30 fps").unwrap();
        for frame in [0, 1, 99] {
            let unix_ms = 1_700_000_000_000 + u64::from(frame) * 33;
            let picture = card.draw(frame, unix_ms);
            assert_eq!(picture.y.len(), width * height);
            assert_eq!(picture.u.len(), width * height / 4);
            let read = stamp::read(picture.y, picture.y_stride, width, height);
            assert_eq!(read, Some(stamp::Stamp { frame, unix_ms }));
        }
    }
}

#[test]
fn title_clock_and_counter_are_visible() {
    for (width, height) in [(320, 180), (1280, 720), (720, 1280)] {
        let mut card = Card::new(width, height, "DEMO").unwrap();
        let layout = card.layout;
        let luma = card.draw(7, 1_700_000_000_500).y.to_vec();
        for area in [layout.title, layout.caption, layout.clock, layout.counter] {
            let part = ink(&luma, width, area) * 1000 / (area.width * area.height);
            assert!((15..600).contains(&part), "{width}x{height} {area:?}: {part} in 1000");
        }
    }
}

#[test]
fn drawing_does_not_depend_on_what_was_drawn_before() {
    let mut used = Card::new(640, 360, "DEMO").unwrap();
    for frame in 0..40 {
        used.draw(frame, 1_700_000_000_000 + u64::from(frame) * 41);
    }
    let mut fresh = Card::new(640, 360, "DEMO").unwrap();
    let want = fresh.draw(3, 86_399_999);
    let got = used.draw(3, 86_399_999);
    assert_eq!((got.y, got.u, got.v), (want.y, want.u, want.v));
}

#[test]
fn the_lamp_is_lit_in_the_first_tenth_of_a_second() {
    let mut card = Card::new(1280, 720, "").unwrap();
    let dial = card.layout.dial;
    let middle = (dial.y + dial.height / 2) * 1280 + dial.x + dial.width / 2;
    for (ms, lit) in [(0, true), (99, true), (100, false), (999, false)] {
        assert_eq!(card.draw(0, 1_700_000_000_000 + ms).y[middle] > 200, lit, "{ms}");
    }
}

#[test]
fn the_ring_fills_clockwise_within_the_second() {
    let mut card = Card::new(1280, 720, "").unwrap();
    let dial = card.layout.dial;
    let radius = dial.width as f32 / 2.0 * 0.85;
    let mut lit_at = |ms: u64, turn: f32| {
        let angle = turn * std::f32::consts::TAU;
        let x = dial.x + (dial.width as f32 / 2.0 + radius * angle.sin()) as usize;
        let y = dial.y + (dial.height as f32 / 2.0 - radius * angle.cos()) as usize;
        card.draw(0, ms).y[y * 1280 + x] > 110
    };
    assert!(!lit_at(0, 0.02));
    assert!(lit_at(300, 0.2));
    assert!(!lit_at(300, 0.4));
    assert!(lit_at(999, 0.97));
}

#[test]
fn successive_frames_differ() {
    let mut card = Card::new(640, 360, "").unwrap();
    let first = card.draw(0, 1_700_000_000_000).y.to_vec();
    let second = card.draw(1, 1_700_000_000_033).y.to_vec();
    let changed = first.iter().zip(&second).filter(|(a, b)| a != b).count();
    assert!(changed > 500, "{changed}");
    assert!(changed < 640 * 360 / 10, "{changed}");
}

#[test]
fn odd_small_and_huge_sizes_are_errors() {
    for (width, height) in [(0, 0), (318, 180), (320, 178), (321, 180), (320, 181), (9000, 180)] {
        assert_eq!(Card::new(width, height, "").unwrap_err(), Error::Size { width, height });
    }
}

#[test]
fn captions_of_any_length_and_kind_are_drawn() {
    for caption in ["", "\u{fffd}\u{0}", "stra\u{df}e", &"W".repeat(5000)] {
        assert!(Card::new(320, 180, caption).is_ok());
    }
}

#[test]
fn the_clock_shows_the_time_of_day_in_utc() {
    assert_eq!(clock_text(0), "00:00:00.000 UTC");
    assert_eq!(clock_text(1_700_000_123_456), "22:15:23.456 UTC");
}
