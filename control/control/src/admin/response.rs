use serde::{Deserialize, Serialize};
use store::{Role, Secret, Status, Stream, User, UtcTime};
use stream::{Session, Side};
use utoipa::ToSchema;

use crate::{CutError, Links, StreamStats};

/// The answer to a [`Request`](super::Request).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Response {
    /// A user, with a made password if there is one.
    User(UserView),
    /// All users.
    Users(Vec<UserView>),
    /// A stream, with its key if the request was for it.
    Stream(Box<StreamView>),
    /// All streams.
    Streams(Vec<StreamView>),
    /// How a live stream is.
    Stats(Box<StreamStats>),
    /// Who publishes and watches a stream.
    Sessions(Vec<SessionView>),
    /// Something is gone.
    Removed(Removed),
    /// The settings were read again.
    Reloaded(Reloaded),
    /// Nothing was done.
    Fault(Fault),
}

/// What a reading of the settings changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reloaded {
    /// The settings that differ from what was in force, in the order of the reference page.
    pub changes: Vec<SettingChange>,
}

/// A setting that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingChange {
    /// Its name, such as `HLS_WINDOW`.
    pub name: String,
    /// The value that was in force; of a secret, `[secret]`.
    pub from: String,
    /// The value that was read.
    pub to: String,
    /// `now`, `next session`, `restart`, or `never` for one that this version does not act on.
    pub takes_effect: String,
}

/// A user, by the API's field names.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// The number.
    pub id: i64,
    /// The email.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The role.
    #[schema(value_type = String, example = "streamer")]
    pub role: Role,
    /// False for a user who is locked out.
    pub is_active: bool,
    /// When the user was added.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub created_at: Option<UtcTime>,
    /// When the user last logged in.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub last_login: Option<UtcTime>,
    /// A password that was made by this request: it is shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
}

/// A stream, by the API's field names. URLs of outputs that do not exist are null.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamView {
    /// The public id.
    pub id: String,
    /// The title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The category.
    pub category: String,
    /// The top rung.
    pub quality: String,
    /// Where it is in its life.
    #[schema(value_type = String, example = "scheduled")]
    pub status: Status,
    /// The owner's number.
    pub user_id: i64,
    /// The owner's email; for owners and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The owner's name.
    pub streamer_name: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Whether only those with a right may know of it.
    pub is_private: bool,
    /// Whether an administrator keeps it from being published; for owners and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether it was stopped, so that publishing is denied until it is started; for owners and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<bool>,
    /// The most viewers at a time; 0: no limit.
    pub max_viewers: i64,
    /// Whether it is recorded.
    pub recording_enabled: bool,
    /// Whether its chat is open.
    pub chat_enabled: bool,
    /// Whether its chat is moderated.
    pub moderation_enabled: bool,
    /// When it is announced for.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub scheduled_start: Option<UtcTime>,
    /// When the current or last session began.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub started_at: Option<UtcTime>,
    /// When the last session ended.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub ended_at: Option<UtcTime>,
    /// When it was added.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub created_at: Option<UtcTime>,
    /// When it was last changed.
    #[schema(value_type = Option<String>, example = "2030-01-31T18:00:00Z")]
    pub updated_at: Option<UtcTime>,
    /// The key, only in the answer that is for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub stream_key: Option<Secret>,
    /// What encoders with two fields call the server; the key is their other field. For owners and
    /// administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtmp_server: Option<String>,
    /// Where to publish by RTMP, key included; null where the key is not shown.
    #[schema(value_type = Option<String>)]
    pub rtmp_url: Option<Secret>,
    /// Where to publish by WHIP, key included; null where the key is not shown.
    #[schema(value_type = Option<String>)]
    pub whip_url: Option<Secret>,
    /// The multivariant playlist.
    pub hls_url: Option<String>,
    /// The DASH manifest.
    pub dash_url: Option<String>,
    /// The WHEP endpoint.
    pub whep_url: Option<String>,
    /// The HTTP-FLV stream.
    pub flv_url: Option<String>,
    /// The watch page.
    pub watch_url: Option<String>,
}

/// A session, by the API's field names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Its name for as long as it lasts.
    pub id: String,
    /// `publisher` or `viewer`.
    pub kind: String,
    /// `rtmp`, `flv`, `ws-flv` or `hls`.
    pub protocol: String,
    /// Where it connects from.
    #[schema(value_type = String)]
    pub address: std::net::IpAddr,
    /// Since when.
    #[schema(value_type = String)]
    pub since: UtcTime,
    /// How its program presents itself.
    pub user_agent: Option<String>,
    /// Bytes that the publisher sent, or that were sent to the viewer; null for HLS.
    pub bytes: Option<u64>,
    /// Times that it read too slowly and was moved on.
    pub skips: u64,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        let kind = match session.side {
            Side::Publisher => "publisher",
            Side::Viewer => "viewer",
        };
        Self {
            id: session.id.to_string(),
            kind: kind.into(),
            protocol: session.protocol.label().into(),
            address: session.address,
            since: UtcTime::from_unix(session.since_ms / 1000),
            user_agent: session.agent.map(|agent| agent.to_string()),
            bytes: session.bytes,
            skips: session.skips,
        }
    }
}

/// What is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The email of the user, or the id of the stream or session.
    pub removed: String,
    /// The streams that went with a user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<String>,
}

/// Why nothing was done: RFC 9457's fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// A stable name of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What HTTP would answer.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
}

impl Response {
    /// Why nothing was done, if so.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    pub(crate) fn stream(stream: Stream, key: Option<Secret>, links: &Links) -> Self {
        Self::Stream(Box::new(StreamView::new(stream, key, links)))
    }
}

impl UserView {
    /// With a password that was made for the user, if there is one.
    pub fn new(user: User, password: Option<Secret>) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            is_active: user.is_active,
            created_at: user.created_at,
            last_login: user.last_login,
            password,
        }
    }
}

impl StreamView {
    /// All of it, as its owner may see it; with the key where that was asked for.
    pub fn new(stream: Stream, key: Option<Secret>, links: &Links) -> Self {
        let id = stream.id;
        Self {
            rtmp_server: Some(links.rtmp_server()),
            rtmp_url: key.as_ref().map(|key| links.rtmp(key)),
            whip_url: key.as_ref().and_then(|key| links.whip(key)),
            hls_url: links.hls(&id),
            dash_url: links.dash(&id),
            whep_url: links.whep(&id),
            flv_url: links.flv(&id),
            watch_url: links.watch(&id),
            stream_key: key,
            id,
            title: stream.title,
            description: stream.description,
            category: stream.category,
            quality: stream.quality,
            status: stream.status,
            user_id: stream.owner_id,
            owner: Some(stream.owner),
            streamer_name: stream.owner_name,
            tags: stream.tags,
            is_private: stream.is_private,
            disabled: Some(stream.disabled),
            stopped: Some(stream.stopped),
            max_viewers: stream.max_viewers,
            recording_enabled: stream.recording_enabled,
            chat_enabled: stream.chat_enabled,
            moderation_enabled: stream.moderation_enabled,
            scheduled_start: stream.scheduled_start,
            started_at: stream.started_at,
            ended_at: stream.ended_at,
            created_at: stream.created_at,
            updated_at: stream.updated_at,
        }
    }

    /// Without what is the owner's business.
    #[must_use]
    pub fn for_viewers(self) -> Self {
        Self {
            owner: None,
            disabled: None,
            stopped: None,
            stream_key: None,
            rtmp_server: None,
            rtmp_url: None,
            whip_url: None,
            ..self
        }
    }
}

/// The stable `type` of a kind of problem: a URN, as there is nothing to fetch there.
pub fn problem_type(name: &str) -> String {
    format!("urn:shardcast:problem:{name}")
}

impl Fault {
    pub(crate) fn new(name: &str, status: u16, detail: impl Into<String>) -> Self {
        Self { kind: problem_type(name), status, detail: detail.into() }
    }
}

impl From<CutError> for Fault {
    fn from(error: CutError) -> Self {
        let (name, status) = match error {
            CutError::Unknown => ("not-found", 404),
            CutError::Stateless => ("stateless-session", 409),
            CutError::NoAnswer => ("no-answer", 503),
        };
        Self::new(name, status, error.to_string())
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        use store::Error;
        let (name, status) = match &error {
            Error::NoSuchUser(_) | Error::NoSuchStream(_) => ("not-found", 404),
            Error::EmailTaken(_) => ("email-taken", 409),
            Error::LastAdministrator(_) => ("last-administrator", 409),
            Error::NoAdministrator => ("no-administrator", 409),
            Error::MayNotStream(_) => ("may-not-stream", 403),
            Error::Invalid { .. } => ("invalid-value", 400),
            _ => ("database", 500),
        };
        Self::new(name, status, error.to_string())
    }
}
