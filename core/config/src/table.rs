use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::macros::settings;
use crate::resolve::{Resolved, Shown};
use crate::setting::{Unit, duration, row, seconds_or_old_millis};
use crate::value::{
    BaseUrl, Cidr, Embed, Host, IceUrl, LogLevel, Origins, Quality, Rate, Registration, RoleMap,
    Rung, Runtime, Secret, Size, Storage, Takeover, WebOrigin,
};
use crate::{Kind, Problem, Setting};

use crate::Reload::{Live, NextSession, Restart};

const WEB: Kind = Kind::Url(&["http", "https"]);
const MILLION: u64 = 1_000_000;

settings! {
    "Ports and addresses" {
        /// Port of the API, Socket.IO and the console.
        STREAMING_PORT => streaming_port: u16 = row("8081", Kind::Port, Restart).seed();
        /// Port of RTMP: publishing and playing.
        RTMP_PORT => rtmp_port: u16 = row("1935", Kind::Port, Restart).seed();
        /// Port of media over HTTP: HLS and the watch pages.
        HTTP_PORT => http_port: u16 = row("8080", Kind::Port, Restart).seed();
        /// First UDP port of WebRTC media, one per shard; also one TCP port of this number.
        WEBRTC_PORT => webrtc_port: u16 = row("8189", Kind::Port, Restart).later();
        /// The address to listen on; `[::]` takes IPv4 as well.
        BIND => bind: IpAddr = row("[::]", Kind::Address, Restart);
        /// Names or addresses of this server as others reach it: a list, the first one stands in URLs.
        PUBLIC_HOST => public_host: Vec<Host> = row("", Kind::Hosts, Live)
            .note("the interface's address").example("live.example.com");
        /// Scheme, name, port and path prefix of API URLs that the server hands out, where a proxy
        /// stands before it.
        PUBLIC_API_URL => public_api_url: Option<BaseUrl> = row("", WEB, Live)
            .later().note("from host and port").example("https://api.example.com");
        /// The same for media URLs.
        PUBLIC_MEDIA_URL => public_media_url: Option<BaseUrl> = row("", WEB, Live)
            .note("from host and port").example("https://live.example.com");
        /// Proxies whose word on the client's address (`X-Forwarded-For`) is believed; their connections are
        /// not limited by address.
        TRUSTED_PROXIES => trusted_proxies: Vec<Cidr> = row("", Kind::Cidrs, Live)
            .example("10.0.0.0/8");
    }

    "TLS" {
        /// Certificate chain in PEM. With it and the key the three TLS ports open.
        TLS_CERT => tls_cert: Option<PathBuf> = row("", Kind::Path, Live)
            .later().aliases(&["SSL_CERT_PATH"]).example("/etc/ssl/live.pem");
        /// Private key in PEM.
        TLS_KEY => tls_key: Option<PathBuf> = row("", Kind::Path, Live)
            .later().aliases(&["SSL_KEY_PATH"]).example("/etc/ssl/live.key");
        /// Makes a certificate for a LAN, which browsers warn of.
        TLS_SELF_SIGNED => tls_self_signed: bool = row("false", Kind::Bool, Restart).later();
        /// The old server's switch: false leaves TLS off although a certificate is named.
        SSL_ENABLED => ssl_enabled: Option<bool> = row("", Kind::Bool, Restart)
            .later().note("true with a certificate").example("false");
        /// Port of media over HTTPS.
        HTTPS_PORT => https_port: u16 = row("8443", Kind::Port, Restart).later();
        /// Port of the API over HTTPS.
        API_HTTPS_PORT => api_https_port: u16 = row("8444", Kind::Port, Restart).later();
        /// Port of RTMP over TLS.
        RTMPS_PORT => rtmps_port: u16 = row("1936", Kind::Port, Restart).later();
    }

    "Secrets and tokens" {
        /// Signs logins (HS256); the same as the surrounding site's, so that its tokens are
        /// accepted. Make one with `openssl rand -hex 32`.
        JWT_SECRET => jwt_secret: Option<Secret> = row("", Kind::SigningSecret(32), Restart)
            .note("made at first start, kept in DATA_DIR");
        /// Seals stream keys and signs playback; never the same as JWT_SECRET. Make one with
        /// `openssl rand -hex 32`.
        KEY_SECRET => key_secret: Option<Secret> = row("", Kind::SigningSecret(32), Restart)
            .note("made at first start, kept in DATA_DIR");
        /// How long a login holds.
        JWT_EXPIRES_IN => jwt_expires_in: Duration =
            row("24h", duration(Unit::Seconds, 60, 365 * 86_400), Live);
        /// The `iss` that tokens must have; none: any.
        JWT_ISSUER => jwt_issuer: Option<String> = row("", Kind::Text(255), Live)
            .note("any").example("interviews.tv");
        /// The `aud` that tokens must have; none: any.
        JWT_AUDIENCE => jwt_audience: Option<String> = row("", Kind::Text(255), Live)
            .note("any").example("interviews.tv");
        /// The site's roles in ours; replaces the whole default map.
        JWT_ROLE_MAP => jwt_role_map: RoleMap = row(
            "admin=admin,creator=streamer,business=streamer,interviewer=streamer,\
             promoter=streamer,user=viewer,interviewee=viewer,guest=viewer",
            Kind::Roles, Restart);
        /// E-mail address of the first administrator.
        ADMIN_EMAIL => admin_email: Option<String> = row("", Kind::Email, Restart)
            .note("made").example("admin@example.com");
        /// The first administrator's password.
        ADMIN_PASSWORD => admin_password: Option<Secret> = row("", Kind::Secret(8), Restart)
            .note("made, shown once on a terminal, else in DATA_DIR/admin-password");
        /// The role of who registers; closed: only an administrator adds users.
        REGISTRATION => registration: Registration =
            row("streamer", Kind::Choice(Registration::NAMES), Live);
        /// Also keeps stream keys in plain text in the database, for programs that read the table.
        PLAIN_STREAM_KEYS => plain_stream_keys: bool = row("false", Kind::Bool, Restart);
        /// Whether a stream key in the place of the id plays a stream.
        KEY_PLAYBACK => key_playback: bool = row("true", Kind::Bool, Live);
    }

    "Database and cache" {
        /// Host of MySQL or MariaDB. Without it the embedded database in DATA_DIR is used.
        DB_HOST => db_host: Option<Host> = row("", Kind::Host, Restart)
            .seed().note("the embedded database").example("localhost");
        /// Port of the database.
        DB_PORT => db_port: u16 = row("3306", Kind::Port, Restart).seed().example("3306");
        /// User of the database.
        DB_USER => db_user: String = row("root", Kind::Text(255), Restart)
            .seed().example("root");
        /// Password of the database.
        DB_PASSWORD => db_password: Option<Secret> = row("", Kind::Secret(1), Restart)
            .seed().example("your_password");
        /// Name of the database.
        DB_NAME => db_name: String = row("interviews_tv", Kind::Text(64), Restart)
            .seed().example("interviews_tv");
        /// Redis. Without it cache and counters live in this process.
        REDIS_URL => redis_url: Option<Secret> = row("", Kind::Url(&["redis", "rediss"]), Restart)
            .secret().seed().note("in this process").example("redis://localhost:6379");
        /// Password of Redis, where the URL has none.
        REDIS_PASSWORD => redis_password: Option<Secret> = row("", Kind::Secret(1), Restart)
            .seed().example("your_password");
    }

    "Streaming" {
        /// Streams that one user may have live at once; 0: no limit. Administrators are exempt.
        MAX_STREAMS_PER_USER => max_streams_per_user: u32 =
            row("3", Kind::Number(0, MILLION), Live).seed();
        /// What becomes of a second publisher of a live key: with stale it takes over once the first
        /// sent no media for 3 s.
        PUBLISH_TAKEOVER => publish_takeover: Takeover =
            row("stale", Kind::Choice(Takeover::NAMES), Live);
        /// Longest stream, after which its session ends; 0: no limit.
        MAX_STREAM_DURATION => max_stream_duration: Duration =
            row("0", duration(Unit::Hours, 0, 24 * 365), NextSession).later().seed();
        /// Target duration of HLS segments.
        HLS_SEGMENT_MS => hls_segment: Duration =
            row("2000", duration(Unit::Millis, 500, 20_000), NextSession);
        /// Target duration of LL-HLS parts; at most half a segment.
        HLS_PART_MS => hls_part: Duration =
            row("250", duration(Unit::Millis, 100, 5000), NextSession);
        /// Segments in the live playlist.
        HLS_WINDOW => hls_window: u32 = row("10", Kind::Number(3, 300), NextSession);
        /// Longest time that frames are gathered for one write to RTMP and FLV viewers on a busy shard;
        /// 0: never.
        GATHER_MS => gather: Duration = row("60", duration(Unit::Millis, 0, 1000), Live);
        /// Top rung of a stream that names none.
        DEFAULT_QUALITY => default_quality: Quality =
            row("720p", Kind::Choice(Quality::NAMES), NextSession).seed();
        /// The 360p rung.
        PRESET_360P => preset_360p: Rung =
            row("-vf scale=640:360 -b:v 800k -b:a 96k", Kind::Rung, NextSession).later().seed();
        /// The 480p rung.
        PRESET_480P => preset_480p: Rung =
            row("-vf scale=854:480 -b:v 1200k -b:a 128k", Kind::Rung, NextSession).later().seed();
        /// The 720p rung.
        PRESET_720P => preset_720p: Rung =
            row("-vf scale=1280:720 -b:v 2500k -b:a 128k", Kind::Rung, NextSession).later().seed();
        /// The 1080p rung.
        PRESET_1080P => preset_1080p: Rung =
            row("-vf scale=1920:1080 -b:v 4500k -b:a 192k", Kind::Rung, NextSession).later().seed();
    }

    "Recording and storage" {
        /// Default of a stream's recording switch.
        ENABLE_RECORDING => enable_recording: bool = row("true", Kind::Bool, NextSession).later().seed();
        /// Largest recording; 0: no limit.
        MAX_RECORDING_SIZE_GB => max_recording_size: Size =
            row("0", Kind::Size, NextSession).later().seed();
        /// Where recordings are kept in the end.
        STORAGE_PROVIDER => storage_provider: Option<Storage> =
            row("", Kind::Choice(Storage::NAMES), Restart)
            .later().seed().note("s3 with a bucket, else local").example("local");
        /// Endpoint of a store that speaks S3; none: Amazon's.
        S3_ENDPOINT => s3_endpoint: Option<BaseUrl> = row("", WEB, Restart)
            .later().note("Amazon's").example("https://s3.example.com");
        /// Bucket of recordings.
        S3_BUCKET => s3_bucket: Option<String> = row("", Kind::Text(255), Restart)
            .later().aliases(&["AWS_S3_BUCKET"]).example("recordings");
        /// Region of the bucket.
        S3_REGION => s3_region: String = row("us-east-1", Kind::Text(64), Restart)
            .later().aliases(&["AWS_REGION"]);
        /// Access key of the bucket.
        S3_ACCESS_KEY_ID => s3_access_key_id: Option<Secret> = row("", Kind::Secret(1), Restart)
            .later().aliases(&["AWS_ACCESS_KEY_ID"]).example("your_key_id");
        /// Secret of the access key.
        S3_SECRET_ACCESS_KEY => s3_secret_access_key: Option<Secret> =
            row("", Kind::Secret(1), Restart)
            .later().aliases(&["AWS_SECRET_ACCESS_KEY"]).example("your_secret_key");
        /// What the names of objects begin with.
        S3_PREFIX => s3_prefix: Option<String> = row("", Kind::Text(512), Restart)
            .later().example("live/");
        /// Base of media URLs handed to viewers.
        CDN_URL => cdn_url: Option<BaseUrl> = row("", WEB, Live)
            .later().seed().example("https://cdn.example.com");
        /// The old server's switch: false leaves CDN_URL unused.
        CDN_ENABLED => cdn_enabled: Option<bool> = row("", Kind::Bool, Live)
            .later().seed().note("true with CDN_URL").example("false");
    }

    "WebRTC" {
        /// STUN servers handed to browsers: a list.
        STUN_SERVERS => stun_servers: Vec<IceUrl> = row("", Kind::Ice(&["stun", "stuns"]), Live)
            .later().seed().example("stun:stun.example.com:3478");
        /// TURN server handed to browsers.
        TURN_SERVER => turn_server: Option<IceUrl> = row("", Kind::Ice(&["turn", "turns"]), Live)
            .later().seed().example("turn:turn.example.com:3478");
        /// User of the TURN server.
        TURN_USERNAME => turn_username: Option<String> = row("", Kind::Text(255), Live)
            .later().seed().example("your_user");
        /// Password of the TURN server.
        TURN_PASSWORD => turn_password: Option<Secret> = row("", Kind::Secret(1), Live)
            .later().seed().example("your_password");
        /// Secret shared with the TURN server: viewers get credentials that expire.
        TURN_SECRET => turn_secret: Option<Secret> = row("", Kind::Secret(1), Live)
            .later().example("your_secret");
    }

    "Access and limits" {
        /// Web origins that may call API, Socket.IO and media; our own always may.
        CORS_ORIGINS => cors_origins: Origins = row("*", Kind::Origins, Live)
            .seed().note("*: any, without credentials").example("https://www.example.com");
        /// The site that uses this server: narrows CORS_ORIGINS to it, or is added to the list there.
        FRONTEND_URL => frontend_url: Option<WebOrigin> = row("", WEB, Live)
            .seed().example("https://www.example.com");
        /// Who may show the player /embed/ID in a frame.
        EMBED_ORIGINS => embed_origins: Embed = row("self", Kind::Embed, Live);
        /// Open connections of one address; 0: no limit.
        MAX_CONN_PER_IP => max_conn_per_ip: u32 = row("2000", Kind::Number(0, MILLION), Live);
        /// New connections of one address.
        CONN_RATE_PER_IP => conn_rate_per_ip: Rate =
            row("50/s burst 500", Kind::Rate, Live).later();
        /// Networks that the limits of connections pass over.
        THROTTLE_EXEMPT => throttle_exempt: Vec<Cidr> =
            row("loopback", Kind::Cidrs, Live);
        /// Open connections of everybody together; when they are reached, /ready says full.
        MAX_CONNECTIONS => max_connections: Option<u32> =
            row("auto", Kind::NumberOrAuto(16, 100 * MILLION), Restart)
            .later().note("auto: from the limit of open files");
        /// The time that RATE_LIMIT_MAX_REQUESTS counts in.
        RATE_LIMIT_WINDOW_MS => rate_limit_window: Duration =
            row("900000", duration(Unit::Millis, 1000, 86_400_000), Live).seed();
        /// API requests of one user or address in that time; 0: no limit.
        RATE_LIMIT_MAX_REQUESTS => rate_limit_max_requests: u32 =
            row("1000", Kind::Number(0, 1000 * MILLION), Live).seed();
    }

    "Chat, analytics and events" {
        /// Longest chat message, in characters.
        MAX_MESSAGE_LENGTH => max_message_length: u32 =
            row("500", Kind::Number(1, 10_000), Live).later().seed();
        /// Chat messages of one user a minute; 0: no limit.
        CHAT_RATE_LIMIT => chat_rate_limit: u32 =
            row("30", Kind::Number(0, MILLION), Live).later().seed();
        /// Default of a stream's moderation switch.
        ENABLE_CHAT_MODERATION => enable_chat_moderation: bool =
            row("true", Kind::Bool, NextSession).later().seed();
        /// Whether chat is searched for blocked words.
        ENABLE_PROFANITY_FILTER => enable_profanity_filter: bool =
            row("true", Kind::Bool, Live).later().seed();
        /// Whether viewers are counted and kept for analytics.
        ENABLE_ANALYTICS => enable_analytics: bool = row("true", Kind::Bool, Live).later().seed();
        /// How long analytics are kept.
        ANALYTICS_RETENTION_DAYS => analytics_retention: Duration =
            row("90", duration(Unit::Days, 1, 3650), Live).later().seed();
        /// How often analytics are brought up to date.
        ANALYTICS_UPDATE_INTERVAL => analytics_update_interval: Duration =
            row("30", seconds_or_old_millis(1, 900), Live).later().seed();
        /// Where signed events are sent. It counts as a secret, since such URLs often hold a token.
        WEBHOOK_URL => webhook_url: Option<Secret> = row("", WEB, Live)
            .secret().later().seed().example("https://www.example.com/hook");
        /// Signs the events.
        WEBHOOK_SECRET => webhook_secret: Option<Secret> = row("", Kind::Secret(1), Live)
            .later().seed().example("your_secret");
    }

    "Files, logs and the process" {
        /// Embedded database and generated secrets.
        DATA_DIR => data_dir: PathBuf = row("./data", Kind::Path, Restart).seed();
        /// Log files.
        LOG_DIR => log_dir: PathBuf = row("./logs", Kind::Path, Restart).seed();
        /// Recordings.
        RECORDING_PATH => recording_path: PathBuf = row("./recordings", Kind::Path, Restart).seed();
        /// Pictures and work files.
        MEDIA_DIR => media_dir: PathBuf = row("./media", Kind::Path, Restart).seed();
        /// How much is logged.
        LOG_LEVEL => log_level: LogLevel = row("info", Kind::Choice(LogLevel::NAMES), Live).seed();
        /// Shard threads.
        SHARDS => shards: Option<u16> = row("auto", Kind::NumberOrAuto(1, 256), Restart)
            .note("auto: one per core");
        /// How sockets are driven; auto takes io_uring where the kernel allows it.
        RUNTIME => runtime: Runtime = row("auto", Kind::Choice(Runtime::NAMES), Restart);
        /// How long sessions may take to end when the server stops.
        SHUTDOWN_TIMEOUT => shutdown_timeout: Duration =
            row("30", seconds_or_old_millis(0, 600), Live).seed();
    }
}
