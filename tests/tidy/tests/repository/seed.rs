//! docs/seed.md answers every promise of the README that this project was created from: where it is
//! kept and by which test, or what is missing.

use std::collections::BTreeSet;

use tidy::{Complaints, File, Tree, rows};

const PAGE: &str = "docs/seed.md";

/// The promises, in the order of that README.
const PROMISES: &[&str] = &[
    // Features
    "RTMP Ingestion",
    "HLS/DASH Output",
    "WebRTC Support",
    "Multi-Quality Streaming",
    "Recording",
    "Live Chat",
    "Viewer Analytics",
    "Stream Statistics",
    "Interactive Elements",
    "Stream Authentication",
    "User Management",
    "Content Moderation",
    "Rate Limiting",
    // Architecture and prerequisites
    "Database (MySQL 8.0+)",
    "Cache (Redis 6.0+)",
    "FFmpeg (for video processing)",
    // Installation
    "`./setup.sh`",
    "`cp .env.example .env`",
    "`008_create_live_streaming_tables.sql`",
    "`npm run dev`",
    "`npm start`",
    // API endpoints
    "`POST /api/streams`",
    "`GET /api/streams/:id`",
    "`PUT /api/streams/:id`",
    "`DELETE /api/streams/:id`",
    "`POST /api/streams/:id/start`",
    "`POST /api/streams/:id/stop`",
    "`GET /api/streams/live`",
    "`GET /api/streams/:id/stats`",
    "`webrtc:join-stream`",
    "`webrtc:leave-stream`",
    "`webrtc:offer`",
    "`webrtc:answer`",
    "`webrtc:ice-candidate`",
    "`webrtc:connection-state`",
    "`POST /api/chat/:streamId/message`",
    "`GET /api/chat/:streamId`",
    "`GET /api/analytics/:streamId`",
    // Broadcasting
    "OBS: server `rtmp://localhost:1935/live`",
    "OBS: stream key from `/api/streams`",
    "OBS: recommended settings",
    "FFmpeg: `rtmp://localhost:1935/live/YOUR_STREAM_KEY`",
    // Viewing
    "`http://localhost:8080/live/{stream_key}/index.m3u8`",
    "`io('http://localhost:8081')`",
    // Monitoring
    "`curl http://localhost:8081/health`",
    "`curl http://localhost:8081/api/streams/live`",
    "Current viewer count",
    "Stream quality metrics",
    "Chat activity",
    "Connection statistics",
    // Configuration
    "`STREAMING_PORT`",
    "`RTMP_PORT`",
    "`HTTP_PORT`",
    "`DB_HOST`",
    "`DB_USER`",
    "`DB_PASSWORD`",
    "`DB_NAME`",
    "`REDIS_URL`",
    "`JWT_SECRET`",
    "`MAX_STREAMS_PER_USER`",
    "`DEFAULT_QUALITY`",
    "`ENABLE_RECORDING`",
    "`PRESET_360P`",
    "`PRESET_480P`",
    "`PRESET_720P`",
    "`PRESET_1080P`",
    // Security
    "JWT token-based authentication",
    "Stream key validation",
    "Role-based access control",
    "API request limiting",
    "Chat message rate limiting",
    "Connection throttling",
    "Stream encryption",
    "CORS protection",
    "Input validation and sanitization",
    // Performance and scaling
    "Redis caching for session data",
    "Database connection pooling",
    "Efficient WebSocket handling",
    "CDN integration support",
    "Horizontal scaling with load balancers",
    "Microservices architecture ready",
    "Cloud storage integration",
    "Auto-scaling configuration",
    // Testing
    "`npm test`",
    "`npm run test:load`",
    "`npm run test:integration`",
    // Development
    "Project structure",
    "Adding New Features",
    // Troubleshooting, logs, support
    "Stream not starting",
    "High latency",
    "Connection issues",
    "`tail -f logs/combined.log`",
    "`tail -f logs/error.log`",
    "`tail -f logs/nms.log`",
    "API documentation",
    "MIT License",
];

#[test]
fn every_promise_has_its_line() {
    let tree = Tree::read();
    check(PROMISES, &tree.file(PAGE), |path| tree.has(path)).finish();
}

fn check(promises: &[&str], page: &File, has: impl Fn(&str) -> bool) -> Complaints {
    let mut complaints = Complaints::default();
    let rows = rows(&page.text);
    let mut seen = BTreeSet::new();
    for row in &rows {
        let promise = row.cells[0].as_str();
        if !promises.contains(&promise) {
            let what = format!("{promise} is no promise of the seed, or not in its words");
            complaints.add(&page.path, row.line, what);
        }
        if !seen.insert(promise) {
            complaints.add(&page.path, row.line, format!("{promise} has a line already"));
        }
        let [_, kept, test] = row.cells.as_slice() else {
            complaints.add(
                &page.path,
                row.line,
                "a line is: promise | where it is kept | its test",
            );
            continue;
        };
        if let Some(what) = unproven(kept, test) {
            complaints.add(&page.path, row.line, format!("{promise}: {what}"));
        }
        for path in [kept, test].into_iter().flat_map(|cell| paths(cell)) {
            if !has(path) {
                let what = format!("{promise}: there is no `{path}`: name what exists");
                complaints.add(&page.path, row.line, what);
            }
        }
    }
    for promise in promises.iter().filter(|promise| !seen.contains(**promise)) {
        complaints.add(&page.path, 1, format!("no line for {promise}"));
    }
    complaints
}

/// What is missing in a line, if anything.
fn unproven(kept: &str, test: &str) -> Option<&'static str> {
    let missing = test.strip_prefix("not yet").map(str::trim);
    match missing {
        _ if kept.is_empty() || test.is_empty() => Some("say where it is kept and its test"),
        Some(what) if !what.starts_with('(') || !what.ends_with(')') || what.len() < 8 => {
            Some("say what is missing: not yet (what)")
        }
        _ => None,
    }
}

/// The repository's paths that a cell names in backticks.
fn paths(cell: &str) -> impl Iterator<Item = &str> {
    let tops = [
        "control/",
        "core/",
        "delivery/",
        "docs/",
        "ingest/",
        "migrations/",
        "tests/",
        "transcode/",
    ];
    let code = cell.split('`').skip(1).step_by(2);
    code.filter(move |code| tops.iter().any(|top| code.starts_with(top)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &str) -> Complaints {
        let page = File::new(PAGE, &format!("| p | k | t |\n| - | - | - |\n{table}"));
        check(&["Recording", "`DB_HOST`"], &page, |path| path == "tests/e2e")
    }

    #[test]
    fn a_whole_page_has_no_complaint() {
        let table =
            "| Recording | - | not yet (no recorder) |\n| `DB_HOST` | x | see `tests/e2e` |";
        assert!(found(table).is_empty(), "{:?}", found(table));
    }

    #[test]
    fn missing_unknown_double_and_empty_lines_are_complaints() {
        let table = "| Recording | | not yet (no recorder) |\n| Recording | a | b |\n\
                     | Magic | a | b |\n| `DB_HOST` | a |";
        let found = found(table);
        assert!(found.mention(&["seed.md:3", "where it is kept"]), "{found:?}");
        assert!(found.mention(&["seed.md:4", "already"]));
        assert!(found.mention(&["seed.md:5", "Magic is no promise"]));
        assert!(found.mention(&["seed.md:6", "a line is"]));
        assert!(
            super::check(&["Chat"], &File::new(PAGE, ""), |_| true).mention(&["no line for Chat"])
        );
    }

    #[test]
    fn not_yet_without_a_reason_and_invented_paths_are_complaints() {
        let found = found("| Recording | a | not yet |\n| `DB_HOST` | a | `tests/none.rs` |");
        assert!(found.mention(&["Recording", "what is missing"]), "{found:?}");
        assert!(found.mention(&["tests/none.rs"]));
    }
}
