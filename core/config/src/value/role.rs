use std::collections::BTreeMap;

use crate::Kind;
use crate::field::{Fault, Field};
use crate::macros::choice;
use crate::source::Given;

choice! {
    /// What a user may do; each role may also do what the ones before it may.
    pub enum Role {
        /// Watch and chat.
        Viewer = "viewer",
        /// Stream.
        Streamer = "streamer",
        /// Moderate every chat and the reports.
        Moderator = "moderator",
        /// Everything.
        Admin = "admin",
    }
}

/// The roles of the surrounding site's tokens in ours (`JWT_ROLE_MAP`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMap(BTreeMap<String, Role>);

impl RoleMap {
    /// Our role for one of the site's; `None` when the map does not name it.
    pub fn get(&self, role: &str) -> Option<Role> {
        self.0.get(&role.to_ascii_lowercase()).copied()
    }

    /// The site's roles in lower case, each with ours.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Role)> {
        self.0.iter().map(|(theirs, ours)| (theirs.as_str(), *ours))
    }
}

impl Field for RoleMap {
    fn parse(_: &Kind, given: &Given) -> Result<Self, Fault> {
        let mut map = BTreeMap::new();
        for item in given.items()? {
            let Some((theirs, ours)) = item.split_once(['=', ':']) else {
                return Err(Fault::value(item, "is not of the form ROLE=ROLE"));
            };
            let theirs = theirs.trim().to_ascii_lowercase();
            if theirs.is_empty() {
                return Err(Fault::value(item, "names no role"));
            }
            let ours = Role::parse(ours.trim())
                .ok_or_else(|| Fault::value(ours.trim(), "is not one of our roles"))?;
            if map.insert(theirs, ours).is_some_and(|before| before != ours) {
                return Err(Fault::value(item, "maps a role that is mapped differently before"));
            }
        }
        Ok(Self(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_mapped_in_any_case_and_the_unknown_stay_unknown() {
        let parse = |text: &str| RoleMap::parse(&Kind::Roles, &Given::Text(text.to_owned()));
        let map = parse("Creator=streamer, boss:admin").unwrap();
        assert_eq!(map.get("creator"), Some(Role::Streamer));
        assert_eq!(map.get("BOSS"), Some(Role::Admin));
        assert_eq!(map.get("guest"), None);
        for bad in ["boss", "boss=king", "=admin", "a=admin,a=viewer"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
