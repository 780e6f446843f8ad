use std::collections::BTreeMap;

use crate::sql::Sql;
use crate::{Result, Role};

/// `JWT_ROLE_MAP`: what the roles of the surrounding site, in lower case, are here. Our own names mean
/// themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMap(BTreeMap<String, Role>);

impl RoleMap {
    /// From pairs of the site's name and our role.
    pub fn new(pairs: impl IntoIterator<Item = (String, Role)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Every name that means the role.
    pub(crate) fn names(&self, role: Role) -> Vec<String> {
        let mapped = self.0.iter().filter(|(_, it)| **it == role).map(|(name, _)| name.clone());
        let own = role.as_str().to_owned();
        mapped.chain((!self.0.contains_key(&own)).then_some(own)).collect()
    }

    /// Every name that means more than a viewer.
    pub(crate) fn names_above_viewer(&self) -> Vec<String> {
        let above = [Role::Streamer, Role::Moderator, Role::Admin];
        above.into_iter().flat_map(|role| self.names(role)).collect()
    }

    /// Our role of a name; what nobody knows is a viewer.
    pub fn role(&self, name: &str) -> Role {
        let name = name.to_ascii_lowercase();
        self.0.get(&name).copied().or_else(|| Role::parse(&name)).unwrap_or(Role::Viewer)
    }
}

impl Default for RoleMap {
    /// The roles of the site that this server was made for.
    fn default() -> Self {
        let streamers = ["creator", "business", "interviewer", "promoter"];
        Self::new(streamers.map(|name| (name.to_owned(), Role::Streamer)))
    }
}

/// What the site's `role` column takes: anything, or the names of an ENUM.
#[derive(Debug, Default)]
pub(crate) struct SiteRoles(Option<Vec<String>>);

impl SiteRoles {
    /// From the type of the column, such as `enum('admin','user')`.
    pub(crate) fn of(column_type: &str) -> Self {
        let names = column_type.strip_prefix("enum(").and_then(|rest| rest.strip_suffix(')'));
        Self(
            names.map(|names| {
                names.split(',').map(|name| name.trim_matches('\'').to_owned()).collect()
            }),
        )
    }

    pub(crate) fn read(sql: &dyn Sql) -> Result<Self> {
        let query = "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = \
                     DATABASE() AND TABLE_NAME = 'users' AND COLUMN_NAME = 'role'";
        let found = sql.row(query, &[])?.map(|row| row.text(0)).transpose()?;
        Ok(Self::of(&found.unwrap_or_default()))
    }

    /// What the site's column says of a user with our role: its nearest name, never one with more rights.
    pub(crate) fn name(&self, role: Role) -> &str {
        let Some(names) = &self.0 else { return role.as_str() };
        let nearest: &[&str] = match role {
            Role::Admin => &["admin"],
            Role::Moderator => &["moderator"],
            Role::Streamer => &["streamer", "creator", "interviewer", "promoter", "business"],
            Role::Viewer => &[],
        };
        let harmless = ["viewer", "user", "interviewee", "guest"];
        let known = |name: &&&str| names.iter().any(|it| it == **name);
        nearest.iter().chain(&harmless).find(known).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enum_gets_the_nearest_name_that_it_knows() {
        let one = SiteRoles::of("enum('admin','creator','business','user')");
        let names = |roles: &SiteRoles| {
            [Role::Admin, Role::Moderator, Role::Streamer, Role::Viewer]
                .map(|role| roles.name(role).to_owned())
        };
        assert_eq!(names(&one), ["admin", "user", "creator", "user"]);
        let text = SiteRoles::of("varchar(50)");
        assert_eq!(names(&text), ["admin", "moderator", "streamer", "viewer"]);
    }
}
