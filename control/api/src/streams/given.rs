//! What owners say of their streams.
#![expect(clippy::option_option, reason = "a field is not given, cleared or set")]

use serde::{Deserialize, Deserializer};
use store::{StreamFields, UtcTime};
use utoipa::ToSchema;

use crate::problem::{Answer, Problem};
use control::InForce;

/// A word to find a stream by.
#[derive(Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 50)]
pub(super) struct Tag(String);

fn texts(tags: Vec<Tag>) -> Vec<String> {
    tags.into_iter().map(|Tag(text)| text).collect()
}

/// A stream to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewStream {
    /// The title.
    #[schema(min_length = 1, max_length = 255, example = "Evening news")]
    title: String,
    /// What it is about.
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// The category, such as interview, business, technology, arts, education or entertainment.
    #[schema(min_length = 1, max_length = 50)]
    category: Option<String>,
    /// Words to find it by.
    #[schema(max_items = 20)]
    tags: Option<Vec<Tag>>,
    /// When it is announced for (RFC 3339).
    #[serde(alias = "scheduled_start")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2030-01-31T18:00:00Z")]
    scheduled_start: Option<UtcTime>,
    /// Whether only those with a right may know of it.
    #[serde(alias = "is_private")]
    is_private: Option<bool>,
    /// The top rung; without it, DEFAULT_QUALITY.
    #[schema(pattern = "^(360|480|720|1080)p$")]
    quality: Option<String>,
    /// Whether it is recorded; without it, ENABLE_RECORDING.
    #[serde(alias = "recording_enabled")]
    recording_enabled: Option<bool>,
    /// Whether its chat is open; it is if nothing is said.
    #[serde(alias = "chat_enabled")]
    chat_enabled: Option<bool>,
    /// Whether its chat is moderated; without it, ENABLE_CHAT_MODERATION.
    #[serde(alias = "moderation_enabled")]
    moderation_enabled: Option<bool>,
    /// The most viewers at a time; 0: no limit.
    #[serde(default, alias = "max_viewers", deserialize_with = "crate::body::whole")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    max_viewers: Option<i64>,
}

/// What is to be different about a stream.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StreamChange {
    /// The title.
    #[schema(min_length = 1, max_length = 255)]
    title: Option<String>,
    /// What it is about; null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 5000)]
    description: Option<Option<String>>,
    /// The category.
    #[schema(min_length = 1, max_length = 50)]
    category: Option<String>,
    /// Words to find it by.
    #[schema(max_items = 20)]
    tags: Option<Vec<Tag>>,
    /// When it is announced for (RFC 3339); null clears it.
    #[serde(default, alias = "scheduled_start", deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2030-01-31T18:00:00Z")]
    scheduled_start: Option<Option<UtcTime>>,
    /// Whether only those with a right may know of it.
    #[serde(alias = "is_private")]
    is_private: Option<bool>,
    /// The top rung.
    #[schema(pattern = "^(360|480|720|1080)p$")]
    quality: Option<String>,
    /// Whether it is recorded.
    #[serde(alias = "recording_enabled")]
    recording_enabled: Option<bool>,
    /// Whether its chat is open.
    #[serde(alias = "chat_enabled")]
    chat_enabled: Option<bool>,
    /// Whether its chat is moderated.
    #[serde(alias = "moderation_enabled")]
    moderation_enabled: Option<bool>,
    /// The most viewers at a time; 0: no limit.
    #[serde(default, alias = "max_viewers", deserialize_with = "crate::body::whole")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    max_viewers: Option<i64>,
    /// `cancelled` calls the stream off; the other states follow from what happens.
    #[schema(pattern = "^cancelled$")]
    status: Option<String>,
}

impl NewStream {
    /// With the configuration's defaults.
    pub(super) fn fields(self, settings: &InForce) -> StreamFields {
        let quality =
            self.quality.unwrap_or_else(|| settings.config.default_quality.as_str().to_owned());
        StreamFields {
            title: Some(self.title),
            description: Some(self.description),
            category: self.category,
            tags: self.tags.map(texts),
            scheduled_start: Some(self.scheduled_start),
            is_private: self.is_private,
            quality: Some(quality),
            recording_enabled: Some(
                self.recording_enabled.unwrap_or(settings.config.enable_recording),
            ),
            chat_enabled: self.chat_enabled,
            moderation_enabled: Some(
                self.moderation_enabled.unwrap_or(settings.config.enable_chat_moderation),
            ),
            max_viewers: self.max_viewers,
        }
    }
}

impl StreamChange {
    pub(super) fn is_cancelled(&self) -> Answer<bool> {
        match self.status.as_deref() {
            None => Ok(false),
            Some("cancelled") => Ok(true),
            Some(_) => {
                let detail = "can only be set to cancelled: use start and stop for the rest";
                Err(Problem::invalid_at("/status", detail))
            }
        }
    }

    pub(super) fn fields(self) -> StreamFields {
        StreamFields {
            title: self.title,
            description: self.description,
            category: self.category,
            tags: self.tags.map(texts),
            scheduled_start: self.scheduled_start,
            is_private: self.is_private,
            quality: self.quality,
            recording_enabled: self.recording_enabled,
            chat_enabled: self.chat_enabled,
            moderation_enabled: self.moderation_enabled,
            max_viewers: self.max_viewers,
        }
    }
}

/// Tells a null, which clears, from a field that is not there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
