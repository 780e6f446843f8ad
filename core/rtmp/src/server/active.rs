use super::event::{Event, RequestId};
use crate::clock::Clock;
use crate::message::{Kind, Message};
use crate::{Error, Limits};

/// The one publish or play of a connection.
#[derive(Debug)]
pub(super) struct Active {
    /// Its message stream.
    pub(super) stream: u32,
    pub(super) stage: Stage,
    clock: Clock,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// Waits for leave to publish; clients that do not wait for it have their media held.
    AskedPublish {
        request: RequestId,
        held: Vec<Event>,
        held_bytes: usize,
    },
    Publishing,
    /// Waits for leave to play.
    AskedPlay {
        request: RequestId,
        reset: bool,
    },
    Playing,
}

impl Active {
    pub(super) fn new(stream: u32, stage: Stage) -> Self {
        Self { stream, stage, clock: Clock::default() }
    }

    pub(super) const fn request(&self) -> Option<RequestId> {
        match &self.stage {
            Stage::AskedPublish { request, .. } | Stage::AskedPlay { request, .. } => {
                Some(*request)
            }
            Stage::Publishing | Stage::Playing => None,
        }
    }

    pub(super) const fn is_publish(&self) -> bool {
        matches!(self.stage, Stage::AskedPublish { .. } | Stage::Publishing)
    }

    /// The event of a media message while publishing; messages without a body say nothing.
    pub(super) fn media(
        &mut self,
        message: Message,
        limits: &Limits,
    ) -> Result<Option<Event>, Error> {
        let (kind, timestamp) = (message.kind, message.timestamp);
        let body = message.into_amf0();
        if body.is_empty() || !self.is_publish() {
            return Ok(None);
        }
        let length = body.len();
        let timestamp = self.clock.unroll(timestamp);
        let event = match kind {
            Kind::Audio => Event::Audio { timestamp, body },
            Kind::Video => Event::Video { timestamp, body },
            _ => Event::Data { timestamp, body },
        };
        let Stage::AskedPublish { held, held_bytes, .. } = &mut self.stage else {
            return Ok(Some(event));
        };
        *held_bytes += length + Limits::HELD_OVERHEAD;
        if *held_bytes > limits.max_held_bytes {
            return Err(Error::TooMuchHeld(limits.max_held_bytes));
        }
        held.push(event);
        Ok(None)
    }
}
