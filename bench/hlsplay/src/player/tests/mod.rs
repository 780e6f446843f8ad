mod server;

use proptest::prelude::*;

use self::server::{Answer, Log, MS, SECOND, Stream, play, player};
use super::*;

const TS: &[u8] = include_bytes!("../../../tests/fixtures/nginx.ts");
const MP4: &[u8] = include_bytes!("../../../tests/fixtures/muxed.mp4");

fn times(log: &Log, lane: usize, ending: &str) -> Vec<u64> {
    let of =
        log.requests.iter().filter(|(_, other, target)| *other == lane && target.ends_with(ending));
    of.map(|(at, ..)| at / MS).collect()
}

#[test]
fn a_plain_player_polls_the_playlist_and_never_stalls() {
    let stream = Stream::default();
    let mut player = player("http://h/index.m3u8", false);
    let log = play(&mut player, 20_300 * MS, 50 * SECOND, |target, now| stream.answer(target, now));
    let video = log.targets(0);
    assert_eq!(video[..4], ["/index.m3u8", "/v/v.m3u8", "/v/init.mp4", "/v/7"]);
    assert_eq!(log.targets(1)[..3], ["/a/a.m3u8", "/a/init.mp4", "/a/7"]);
    let segments: Vec<u64> =
        video.iter().filter_map(|target| target.rsplit('/').next()?.parse().ok()).collect();
    assert_eq!(segments, (7..=23).collect::<Vec<_>>(), "each segment once, in order");
    // A target duration after a change, counted from the request.
    let reloads = times(&log, 0, "v.m3u8");
    assert!(
        reloads.windows(2).all(|pair| (2_000..=2_010).contains(&(pair[1] - pair[0]))),
        "{reloads:?}"
    );
    assert_eq!((player.stalls(50 * SECOND), player.counters().errors), ((0, 0), 0));
    let counters = player.counters();
    assert_eq!((counters.parts, counters.blocked_reloads), (0, 0));
    assert_eq!(counters.requests, log.requests.len() as u64);
    assert_eq!(player.media_us(), 17 * 2 * SECOND);
}

#[test]
fn an_unchanged_playlist_is_asked_for_after_half_a_target_duration() {
    let stream = Stream { ends: u64::MAX, ..Stream::default() };
    let mut player = player("http://h/v.m3u8", false);
    // The stream stands still at 20 s.
    let log = play(&mut player, 20_100 * MS, 26 * SECOND, |target, now| Answer {
        at: now + MS,
        ..stream.answer(target, 20_100 * MS)
    });
    let reloads = times(&log, 0, "v.m3u8");
    let gaps: Vec<u64> = reloads.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[..4], [2_000, 1_000, 1_000, 1_000]);
    assert_eq!(player.lanes(), 1);
}

#[test]
fn a_low_latency_player_takes_each_part_as_it_is_made() {
    let stream = Stream { low_latency: true, window: 10, ..Stream::default() };
    let mut player = player("http://h/index.m3u8", true);
    let log = play(&mut player, 40_100 * MS, 60 * SECOND, |target, now| stream.answer(target, now));
    let video = log.targets(0);
    // 0.75 s before 40 s: the part with a key frame before that begins segment 19.
    assert_eq!(video[..4], ["/index.m3u8", "/v/v.m3u8", "/v/init.mp4", "/v/19.0"]);
    let parts: Vec<&str> = video
        .iter()
        .filter_map(|target| target.strip_prefix("/v/"))
        .filter(|name| name.contains('.') && !name.contains('m'))
        .collect();
    let expected: Vec<String> = (19..30)
        .flat_map(|msn| (0..8).map(move |part| format!("{msn}.{part}")))
        .take(parts.len())
        .collect();
    assert_eq!(parts, expected);
    assert_eq!(parts.len(), 8 + 79);
    // Each part is asked for at once when it is there: two answers after its time.
    for (at, _, target) in
        log.requests.iter().filter(|(at, lane, _)| *lane == 0 && *at > 41 * SECOND)
    {
        if let Some((msn, part)) = target.strip_prefix("/v/").and_then(|name| name.split_once('.'))
            && let (Ok(msn), Ok(part)) = (msn.parse::<u64>(), part.parse::<u64>())
        {
            let made = msn * 2_000 + (part + 1) * 250;
            assert!((made..made + 20).contains(&(at / MS)), "{target} at {at}");
        }
    }
    let blocked = video.iter().filter(|target| target.contains("_HLS_msn")).count();
    assert_eq!(blocked, 80);
    assert!(video.contains(&"/v/v.m3u8?_HLS_msn=20&_HLS_part=3&_HLS_skip=YES"));
    assert!(video.contains(&"/v/v.m3u8?_HLS_msn=21&_HLS_part=0&_HLS_skip=YES"));
    assert_eq!((player.stalls(60 * SECOND), player.counters().errors), ((0, 0), 0));
    assert_eq!(log.count("Missed") + log.count("Broken"), 0);
}

#[test]
fn media_that_is_not_looked_into_is_skipped_and_counts_all_the_same() {
    let mut player = player("http://h/v.m3u8", false);
    player.look_away();
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nx.ts\n#EXT-X-ENDLIST\n";
    let mut wanted = Vec::new();
    for now in [0, 1] {
        let want = match player.poll(0, now, &mut |_| {}) {
            Action::Request(request) => request.want,
            other => panic!("a request is due, not {other:?}"),
        };
        wanted.push(want);
        player.handle_response(0, &Head { status: 200, keep_alive: true, location: None });
        let body = if want == Want::Body { text } else { "the start of what is skipped" };
        let mut emit =
            |event: Event<'_>| assert!(!matches!(event, Event::Broken { .. }), "{event:?}");
        player.handle_body(0, body.as_bytes(), &mut emit);
        player.handle_end(0, now, &mut |_| {});
    }
    assert_eq!(wanted, [Want::Body, Want::Skip]);
    assert_eq!((player.counters().segments, player.media_us()), (1, 2 * SECOND));
}

#[test]
fn low_latency_can_be_left_off() {
    let stream = Stream { low_latency: true, ..Stream::default() };
    let mut player = player("http://h/index.m3u8", false);
    let log = play(&mut player, 40 * SECOND, 60 * SECOND, |target, now| stream.answer(target, now));
    assert!(log.requests.iter().all(|(_, _, target)| !target.contains("_HLS")));
    assert_eq!((player.counters().parts, player.stalls(60 * SECOND)), (0, (0, 0)));
}

#[test]
fn a_server_that_is_silent_for_longer_than_the_buffer_stalls_the_player() {
    for (low_latency, silence) in [(false, 9 * SECOND), (true, 2 * SECOND)] {
        let quiet = (50 * SECOND, 50 * SECOND + silence);
        let stream = Stream { low_latency, silence: quiet, window: 10, ..Stream::default() };
        let mut player = player("http://h/index.m3u8", low_latency);
        let log =
            play(&mut player, 40 * SECOND, 70 * SECOND, |target, now| stream.answer(target, now));
        let (stalls, stalled_us) = player.stalls(70 * SECOND);
        assert_eq!(stalls, 1, "{low_latency}");
        assert!((SECOND..silence).contains(&stalled_us), "{stalled_us}");
        assert_eq!(log.count("Resumed"), 1);
        assert_eq!(player.counters().errors, 0);
    }
}

#[test]
fn what_has_ended_is_played_to_its_end_and_not_far_ahead() {
    let stream = Stream { ends: 60 * SECOND, window: 100, ..Stream::default() };
    let mut player = player("http://h/v.m3u8", true);
    let log =
        play(&mut player, 70 * SECOND, 200 * SECOND, |target, now| stream.answer(target, now));
    assert_eq!(times(&log, 0, "v.m3u8").len(), 1);
    assert_eq!(player.counters().segments, 30);
    assert_eq!((log.count("Ended"), player.stalls(200 * SECOND)), (1, (0, 0)));
    // 30 s of media at once and the rest as it is played.
    let last = log.requests.last().unwrap().0;
    assert!((97 * SECOND..101 * SECOND).contains(&last), "{last}");
    assert_eq!(player.poll(0, 201 * SECOND, &mut |_| {}), Action::Done);
}

#[test]
fn a_segment_that_is_gone_is_passed_over() {
    let stream = Stream::default();
    let mut player = player("http://h/v.m3u8", false);
    let log = play(&mut player, 20_100 * MS, 40 * SECOND, |target, now| match target {
        "/12" => Answer::new(now + MS, 404, b"no such file"),
        _ => stream.answer(target, now),
    });
    assert_eq!(log.targets(0).iter().filter(|target| **target == "/12").count(), 1);
    assert!(
        log.events.iter().any(|(_, event)| event.contains("404") && event.contains("no such file"))
    );
    assert_eq!((log.count("Missed"), player.counters().errors), (1, 1));
    assert_eq!(player.counters().segments, 18 - 7 - 1 + 1);
}

#[test]
fn trouble_of_the_server_is_waited_out() {
    let stream = Stream::default();
    let mut player = player("http://h/v.m3u8", false);
    let mut troubles = 0;
    let log = play(&mut player, 20_100 * MS, 40 * SECOND, |target, now| match target {
        "/9" if troubles < 2 => {
            troubles += 1;
            Answer::new(now + MS, 503, b"busy")
        }
        _ => stream.answer(target, now),
    });
    let tries: Vec<u64> = times(&log, 0, "/9");
    assert_eq!(tries.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(), [1_001, 2_001]);
    assert_eq!((log.count("Missed"), player.counters().errors), (0, 2));
}

#[test]
fn a_stream_that_does_not_exist_fails_at_once_and_one_that_never_answers_after_some_tries() {
    let mut unknown = player("http://h/index.m3u8", false);
    let log = play(&mut unknown, 0, SECOND, |_, now| Answer::new(now + MS, 404, b"offline"));
    assert_eq!((log.requests.len(), log.count("Failed")), (1, 1));
    let mut silent = player("http://h/index.m3u8", false);
    let log = play(&mut silent, 0, 60 * SECOND, |_, now| Answer {
        at: now + MS,
        closes: true,
        ..Answer::default()
    });
    assert_eq!((log.requests.len(), log.count("Failed"), log.count("Broken")), (4, 1, 3));
    assert_eq!(silent.poll(0, 99 * SECOND, &mut |_| {}), Action::Done);
}

#[test]
fn redirections_are_followed_and_the_playlist_is_where_they_lead() {
    let stream = Stream::default();
    let mut moved = player("http://h/key/index.m3u8", false);
    let log = play(&mut moved, 20 * SECOND, 25 * SECOND, |target, now| match target {
        "/key/index.m3u8" => Answer {
            location: Some("../id/index.m3u8".to_owned()),
            ..Answer::new(now + MS, 307, b"")
        },
        _ => stream.answer(target, now),
    });
    assert_eq!(log.targets(0)[..3], ["/key/index.m3u8", "/id/index.m3u8", "/id/v/v.m3u8"]);
    let mut circle = player("http://h/a", false);
    let log = play(&mut circle, 0, 60 * SECOND, |_, now| Answer {
        location: Some("/a".to_owned()),
        ..Answer::new(now + MS, 302, b"")
    });
    assert_eq!(log.count("Failed"), 1);
    assert!(log.requests.len() <= 24, "{}", log.requests.len());
}

#[test]
fn an_address_of_another_scheme_in_a_playlist_is_given_up() {
    let mut player = player("http://h/v.m3u8", false);
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttps://h/x.ts\n";
    let log =
        play(&mut player, 0, 9 * SECOND, |_, now| Answer::new(now + MS, 200, text.as_bytes()));
    assert_eq!((log.count("Broken"), log.count("Failed")), (1, 1));
}

#[test]
fn a_body_that_breaks_off_is_fetched_again_and_told_once() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nx.ts\n#EXT-X-ENDLIST\n";
    for cut in [0, 500, 9_000] {
        let mut player = player("http://h/v.m3u8", false);
        let mut broken = false;
        let log = play(&mut player, 0, 9 * SECOND, |target, now| match target {
            "/x.ts" if !broken => {
                broken = true;
                Answer { closes: true, ..Answer::new(now + MS, 200, &TS[..cut]) }
            }
            "/x.ts" => Answer::new(now + MS, 200, TS),
            _ => Answer::new(now + MS, 200, text.as_bytes()),
        });
        assert_eq!(log.units.iter().filter(|(video, _)| *video).count(), 25);
        for kind in [true, false] {
            let times: Vec<i64> =
                log.units.iter().filter(|(video, _)| *video == kind).map(|(_, dts)| *dts).collect();
            assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{cut}: {times:?}");
        }
        assert_eq!((log.count("Segment"), log.count("Ended")), (1, 1));
    }
}

#[test]
fn a_kept_connection_that_ended_meanwhile_costs_nothing() {
    let stream = Stream::default();
    let mut player = player("http://h/v.m3u8", false);
    let mut lost = false;
    let log = play(&mut player, 20_100 * MS, 30 * SECOND, |target, now| {
        if target == "/10" && !std::mem::replace(&mut lost, true) {
            return Answer { at: now + MS, closes: true, ..Answer::default() };
        }
        stream.answer(target, now)
    });
    assert_eq!(times(&log, 0, "/10").len(), 2);
    assert_eq!((player.counters().errors, log.count("Broken")), (0, 0));
}

#[test]
fn initialization_sections_are_fetched_once_for_each_that_applies() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:1,\na\n#EXTINF:1,\nb\n\
                #EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"j\"\n#EXTINF:1,\nc\n#EXT-X-ENDLIST\n";
    let mut player = player("http://h/v.m3u8", false);
    let (init, segment) = MP4.split_at(1_372);
    let log = play(&mut player, 0, 9 * SECOND, |target, now| {
        let body = match target {
            "/i" | "/j" => init,
            "/v.m3u8" => text.as_bytes(),
            _ => segment,
        };
        Answer::new(now + MS, 200, body)
    });
    assert_eq!(log.targets(0), ["/v.m3u8", "/i", "/a", "/b", "/j", "/c"]);
    assert_eq!((log.units.len(), log.count("Discontinuity")), (3 * 73, 1));
}

#[test]
fn a_stream_whose_numbers_begin_anew_is_played_on() {
    let stream = Stream::default();
    let mut player = player("http://h/v.m3u8", false);
    let log = play(&mut player, 40 * SECOND, 80 * SECOND, |target, now| {
        // At 60 s the server is a new one.
        let answer = stream.answer(target, if now < 60 * SECOND { now } else { now - 55 * SECOND });
        Answer { at: now + 5 * MS, ..answer }
    });
    assert_eq!(log.count("BegunAnew"), 1);
    let after: Vec<&str> =
        log.targets(0).into_iter().skip_while(|target| *target != "/28").collect();
    assert!(after.contains(&"/0") && after.contains(&"/10"), "{after:?}");
}

#[test]
fn a_delta_update_that_does_not_fit_is_replaced_by_a_full_playlist() {
    let full = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:5\n\
                #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12\n#EXTINF:2,\na\n";
    let delta = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:8\n\
                 #EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXTINF:2,\nd\n";
    let mut player = player("http://h/v.m3u8", true);
    let log = play(&mut player, 0, 300 * MS, |target, now| {
        let body = if target.contains("skip") { delta } else { full };
        Answer::new(now + 50 * MS, 200, body.as_bytes())
    });
    let expected = ["/v.m3u8", "/a", "/v.m3u8?_HLS_msn=6&_HLS_skip=YES", "/v.m3u8?_HLS_msn=6"];
    assert_eq!(log.targets(0)[..4], expected);
    assert_eq!(player.counters().errors, 0);
}

/// Playlists as a confused server may send them.
fn playlist() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => (0..4_u32).prop_map(|name| format!("#EXTINF:{name}.5,\nseg{name}")),
        3 => (0..4_u32).prop_map(|name| format!("#EXT-X-PART:DURATION=0.{name},URI=\"part{name}\",INDEPENDENT=YES")),
        1 => (0..3_u32).prop_map(|name| format!("#EXT-X-MAP:URI=\"map{name}\"")),
        1 => (1..9_u32).prop_map(|count| format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={count}")),
        1 => Just("#EXT-X-PART-INF:PART-TARGET=0.3".to_owned()),
        1 => Just("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12".to_owned()),
        1 => Just("#EXT-X-DISCONTINUITY".to_owned()),
        1 => Just("#EXT-X-GAP".to_owned()),
    ];
    (0..20_u64, prop::collection::vec(line, 0..12), prop::bool::weighted(0.1)).prop_map(
        |(msn, lines, ended)| {
            let end = if ended { "\n#EXT-X-ENDLIST" } else { "" };
            format!(
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{msn}\n{}{end}",
                lines.join("\n")
            )
        },
    )
}

fn answer() -> impl Strategy<Value = (u64, u16, String, bool)> {
    let status =
        prop_oneof![8 => Just(200_u16), 1 => Just(404_u16), 1 => Just(503_u16), 1 => Just(302_u16)];
    (1..400_u64, status, playlist(), prop::bool::weighted(0.1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_server_confuses_a_player_or_makes_it_run_wild(
        answers in prop::collection::vec(answer(), 1..40), low_latency: bool,
    ) {
        let mut player = player("http://h/index.m3u8", low_latency);
        let mut answers = answers.into_iter().cycle();
        let log = play(&mut player, 0, 30 * SECOND, |target, now| {
            let (delay, status, text, closes) = answers.next().unwrap();
            let body = if target.contains(".m3u8") { text.as_bytes() } else { TS };
            let location = (status == 302).then(|| "index.m3u8".to_owned());
            Answer { location, closes, ..Answer::new(now + delay * MS, status, body) }
        });
        // Each answer takes a millisecond or more: far fewer requests than that mean pauses were made.
        prop_assert!(log.requests.len() < 20_000);
        let (stalls, stalled_us) = player.stalls(30 * SECOND);
        prop_assert!(stalled_us <= 30 * SECOND && (stalls > 0 || stalled_us == 0));
    }
}
