use super::*;
use crate::checker::playlist::Playlist;

/// A rendition as ffmpeg makes it: an init segment, and a fragment for each second, each from an IDR.
fn good() -> Rendition {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.mp4");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=4"]);
    command.args(["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-keyint_min", "30"]);
    command.args(["-movflags", "empty_moov+frag_keyframe+default_base_moof", "-f", "mp4"]);
    run_tool(command.arg(&path)).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let pieces = boxes(&bytes);
    let of = |kinds: [&[u8; 4]; 2]| -> Vec<&[u8]> {
        let wanted = |piece: &&&[u8]| kinds.iter().any(|kind| piece[4..8] == **kind);
        pieces.iter().filter(wanted).copied().collect()
    };
    let init = of([b"ftyp", b"moov"]).concat();
    let mut rendition = Rendition::default();
    rendition.files.insert("init".into(), init);
    for (index, pair) in of([b"moof", b"mdat"]).chunks_exact(2).enumerate() {
        let uri = format!("{index}.0");
        rendition.files.insert(uri.clone(), pair.concat());
        let segment = Segment {
            msn: index as u64,
            map: "init".into(),
            parts: vec![Part { uri, duration: 1.0, independent: true }],
            ..Segment::default()
        };
        rendition.segments.insert(index as u64, segment);
    }
    assert_eq!(rendition.segments.len(), 4);
    rendition.last = Playlist::default();
    rendition
}

fn boxes(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some(head) = bytes.first_chunk::<4>() {
        let (piece, rest) = bytes.split_at(u32::from_be_bytes(*head) as usize);
        found.push(piece);
        bytes = rest;
    }
    found
}

/// The complaints after a change.
fn after(change: impl FnOnce(&mut Rendition)) -> String {
    let mut rendition = good();
    change(&mut rendition);
    complaints(&rendition).join("\n")
}

#[test]
fn good_media_pass() {
    assert_eq!(after(|_| {}), "");
}

#[test]
fn a_gap_of_decode_times_is_found_unless_a_discontinuity_is_told() {
    let cut = |rendition: &mut Rendition| {
        rendition.segments.remove(&1);
        rendition.segments.get_mut(&2).unwrap().msn = 1;
        let moved = rendition.segments.remove(&2).unwrap();
        rendition.segments.insert(1, moved);
    };
    assert!(after(cut).contains("2.0 begins 1.0000 s after"));
    let told = after(|rendition| {
        cut(rendition);
        rendition.segments.get_mut(&1).unwrap().discontinuity = true;
    });
    assert!(!told.contains("begins"), "{told}");
}

#[test]
fn a_lie_about_a_part_is_found() {
    let wrong = after(|rendition| rendition.segments.get_mut(&2).unwrap().parts[0].duration = 0.9);
    assert!(wrong.contains("2.0 lasts 1 s, listed with 0.9 s"), "{wrong}");
    let wrong =
        after(|rendition| rendition.segments.get_mut(&2).unwrap().parts[0].independent = false);
    assert!(wrong.contains("2.0: INDEPENDENT false"), "{wrong}");
}

#[test]
fn bytes_that_do_not_decode_are_found() {
    let wrong = after(|rendition| {
        let file = rendition.files.get_mut("1.0").unwrap();
        let end = file.len();
        file[end - 3_000..].fill(0x55);
    });
    assert!(wrong.contains("from 0.0"), "{wrong}");
    let wrong = after(|rendition| {
        rendition.files.get_mut("1.0").unwrap().pop();
    });
    assert!(wrong.contains("1.0: a box is cut short"), "{wrong}");
    let wrong = after(|rendition| {
        rendition.files.remove("3.0");
    });
    assert!(wrong.contains("3.0 was not fetched"), "{wrong}");
}
