use serde::{Deserialize, Serialize};
use store::{Role, Secret};

/// A command of an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "command",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Request {
    /// `user add`: the answer carries a made password when none is given.
    UserAdd {
        /// The email.
        email: String,
        /// The name that others see.
        #[serde(default)]
        name: Option<String>,
        /// The role; the command line's default is streamer.
        role: Role,
        /// The password, when one was chosen.
        #[serde(default)]
        password: Option<Secret>,
    },
    /// `user list`.
    UserList,
    /// `user passwd`: the answer carries a made password when none is given.
    UserPasswd {
        /// The user.
        email: String,
        /// The new password, when one was chosen.
        #[serde(default)]
        password: Option<Secret>,
    },
    /// `user rm`: the user's streams go too, live ones are cut.
    UserRm {
        /// The user.
        email: String,
    },
    /// `stream add`: the answer carries the key.
    StreamAdd {
        /// The title.
        title: String,
        /// The owner's email; without one the stream is the administrator's.
        #[serde(default)]
        owner: Option<String>,
        /// The most viewers at a time, when one was chosen; 0 is no limit.
        #[serde(default)]
        max_viewers: Option<u32>,
    },
    /// `stream list`.
    StreamList,
    /// `stream key`: the answer carries the key.
    StreamKey {
        /// The stream.
        id: String,
        /// Replace it: the old key stops working and its publisher is cut.
        #[serde(default)]
        new: bool,
    },
    /// `stream disable`: publishing is denied and a publisher is cut.
    StreamDisable {
        /// The stream.
        id: String,
    },
    /// `stream enable`.
    StreamEnable {
        /// The stream.
        id: String,
    },
    /// `stream limit`.
    StreamLimit {
        /// The stream.
        id: String,
        /// The most viewers at a time; 0 is no limit.
        max_viewers: u32,
    },
    /// `stream stats`.
    StreamStats {
        /// The stream.
        id: String,
    },
    /// `stream sessions`.
    StreamSessions {
        /// The stream.
        id: String,
    },
    /// `stream cut`.
    StreamCut {
        /// The stream.
        id: String,
        /// The session, as `stream sessions` lists it.
        session: String,
    },
    /// `stream rm`: a publisher is cut.
    StreamRm {
        /// The stream.
        id: String,
    },
    /// `reload`: the running server reads its settings again.
    Reload,
}

impl Request {
    /// What the audit log calls it: the command without its secrets.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::UserAdd { .. } => "user add",
            Self::UserList => "user list",
            Self::UserPasswd { .. } => "user passwd",
            Self::UserRm { .. } => "user rm",
            Self::StreamAdd { .. } => "stream add",
            Self::StreamList => "stream list",
            Self::StreamKey { new: false, .. } => "stream key",
            Self::StreamKey { new: true, .. } => "stream key --new",
            Self::StreamDisable { .. } => "stream disable",
            Self::StreamEnable { .. } => "stream enable",
            Self::StreamLimit { .. } => "stream limit",
            Self::StreamStats { .. } => "stream stats",
            Self::StreamSessions { .. } => "stream sessions",
            Self::StreamCut { .. } => "stream cut",
            Self::StreamRm { .. } => "stream rm",
            Self::Reload => "reload",
        }
    }

    /// Whom or what it is about.
    pub(crate) fn subject(&self) -> &str {
        match self {
            Self::UserAdd { email, .. }
            | Self::UserPasswd { email, .. }
            | Self::UserRm { email } => email,
            Self::StreamAdd { title, .. } => title,
            Self::StreamKey { id, .. }
            | Self::StreamDisable { id }
            | Self::StreamEnable { id }
            | Self::StreamLimit { id, .. }
            | Self::StreamStats { id }
            | Self::StreamSessions { id }
            | Self::StreamCut { id, .. }
            | Self::StreamRm { id } => id,
            Self::UserList | Self::StreamList | Self::Reload => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_flat_json_object() {
        let request: Request =
            serde_json::from_str(r#"{"command":"streamKey","id":"abc","new":true}"#).unwrap();
        assert_eq!(request, Request::StreamKey { id: "abc".into(), new: true });
        assert_eq!(serde_json::to_string(&Request::UserList).unwrap(), r#"{"command":"userList"}"#);
    }

    #[test]
    fn unknown_commands_fields_and_roles_are_refused() {
        for text in [
            r#"{"command":"drop"}"#,
            r#"{"command":"streamRm","id":"a","force":true}"#,
            r#"{"command":"userAdd","email":"a@b","role":"king"}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Request>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_output_shows_no_password() {
        let request =
            Request::UserPasswd { email: "a@b".into(), password: Some(Secret::new("visible")) };
        assert!(!format!("{request:?}").contains("visible"));
    }
}
