//! Where things stand on the card, as parts of its sides.

use crate::canvas::Rect;
use crate::stamp;

/// The card's areas.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// The title, left in the header.
    pub(crate) title: Rect,
    /// Two lines, right in the header.
    pub(crate) caption: Rect,
    /// The line under the header.
    pub(crate) rule: Rect,
    /// The colour bars.
    pub(crate) bars: Rect,
    /// Steps from black to white.
    pub(crate) steps: Rect,
    /// All hues.
    pub(crate) hues: Rect,
    /// The time of day.
    pub(crate) clock: Rect,
    /// The frame number.
    pub(crate) counter: Rect,
    /// The dial, a square.
    pub(crate) dial: Rect,
    /// Where the ball runs.
    pub(crate) rail: Rect,
    /// The machine-readable stamp.
    pub(crate) stamp: Rect,
}

impl Layout {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let column = |thousandths: usize| even(width * thousandths / 1000);
        let row = |thousandths: usize| even(height * thousandths / 1000);
        let rect = |x: [usize; 2], y: [usize; 2]| Rect {
            x: column(x[0]),
            y: row(y[0]),
            width: column(x[1]) - column(x[0]),
            height: row(y[1]) - row(y[0]),
        };
        let below = even((stamp::ROWS_IN_PICTURE - stamp::ROWS) * height / stamp::ROWS_IN_PICTURE);
        let dial = even((row(870) - row(630)).min(width / 4));
        let dial = Rect { x: column(960) - dial, y: row(630), width: dial, height: dial };
        let beside_dial = |y| {
            let area = rect([40, 720], y);
            Rect { width: area.width.min(dial.x - column(30) - area.x), ..area }
        };
        Self {
            title: rect([40, 560], [50, 140]),
            caption: rect([640, 960], [54, 136]),
            rule: Rect { height: even(height / 180).max(2), ..rect([40, 960], [170, 200]) },
            bars: rect([40, 960], [205, 430]),
            steps: rect([40, 960], [430, 500]),
            hues: rect([40, 960], [500, 570]),
            clock: beside_dial([635, 770]),
            counter: beside_dial([805, 866]),
            dial,
            rail: rect([40, 960], [892, 936]),
            stamp: Rect { x: 0, y: below, width, height: height - below },
        }
    }
}

fn even(value: usize) -> usize {
    value & !1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_even_inside_the_picture_and_apart_at_any_size() {
        let sizes = [(320, 180), (854, 480), (1280, 720), (1920, 1080), (720, 1280), (320, 8192)];
        for (width, height) in sizes {
            let l = Layout::new(width, height);
            let all = [
                l.title, l.caption, l.rule, l.bars, l.steps, l.hues, l.clock, l.counter, l.dial,
                l.rail, l.stamp,
            ];
            for (i, a) in all.iter().enumerate() {
                assert!([a.x, a.y, a.width, a.height].iter().all(|side| side % 2 == 0), "{a:?}");
                assert!(a.width > 0 && a.height > 0, "{a:?}");
                assert!(a.x + a.width <= width && a.y + a.height <= height, "{a:?}");
                for b in &all[i + 1..] {
                    let apart = a.x + a.width <= b.x
                        || b.x + b.width <= a.x
                        || a.y + a.height <= b.y
                        || b.y + b.height <= a.y;
                    assert!(apart, "{width}x{height}: {a:?} {b:?}");
                }
            }
        }
    }
}
