//! Users by their numbers: lists, and what administrators and users themselves change.

use std::fmt::Write;

use crate::logins::log_out_everywhere;
use crate::sql::Value;
use crate::streams::like_escaped;
use crate::users::{COLUMNS, administrators, checked_name, choose_password};
use crate::{Error, MAX_LISTED, RemovedUser, Result, Role, Secret, Store, User, UtcTime, password};

/// What is to be different about a user; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The name that others see.
    pub name: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// False locks the user out.
    pub is_active: Option<bool>,
    /// The password; it ends every log-in.
    pub password: Option<Secret>,
}

/// Which users are asked for.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// A part of the email or the name, in any case of letters.
    pub search: Option<String>,
    /// The role.
    pub role: Option<Role>,
}

/// A changed user.
#[derive(Clone, Debug)]
pub struct ChangedUser {
    /// The user as it is now.
    pub user: User,
    /// The streams whose right to publish ended with the change.
    pub silenced: Vec<String>,
}

impl Store {
    /// The user with this number.
    pub fn user_by_id(&self, id: i64) -> Result<User> {
        self.transaction(|sql| self.inner.user_by_id(sql, id))
    }

    /// Users in the order of their numbers: at most `limit` after the number `after`.
    pub fn users_page(&self, filter: &UserFilter, limit: usize, after: i64) -> Result<Vec<User>> {
        let mut clause = String::new();
        let mut parameters: Vec<Value> = vec![after.into()];
        if let Some(search) = &filter.search {
            let pattern = Value::from(format!("%{}%", like_escaped(&search.to_ascii_lowercase())));
            clause
                .push_str(" AND (LOWER(email) LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!')");
            parameters.extend([pattern.clone(), pattern]);
        }
        if let Some(role) = filter.role {
            // A name that nobody knows means a viewer, so viewers are all who are nothing else.
            let (names, not) = match role {
                Role::Viewer => (self.inner.options.roles.names_above_viewer(), "NOT"),
                other => (self.inner.options.roles.names(other), ""),
            };
            let places = vec!["?"; names.len()].join(", ");
            let _ = write!(clause, " AND COALESCE(own_role, role) {not} IN ({places})");
            parameters.extend(names.iter().map(Value::from));
        }
        let limit = limit.min(MAX_LISTED);
        let query =
            format!("SELECT {COLUMNS} FROM users WHERE id > ?{clause} ORDER BY id LIMIT {limit}");
        self.transaction(|sql| self.inner.users(&sql.rows(&query, &parameters)?))
    }

    /// Changes a user. A new password and a lock end every log-in. The last administrator keeps the role and
    /// is not locked out.
    pub fn change_user(&self, id: i64, change: &UserChange, now: UtcTime) -> Result<ChangedUser> {
        let name = change.name.as_deref().map(checked_name).transpose()?;
        if change.password.is_some() {
            choose_password(change.password.as_ref())?;
        }
        let hash = change.password.as_ref().map(password::hash).transpose()?;
        self.transaction(|sql| {
            let user = self.inner.user_by_id(sql, id)?;
            let role = change.role.unwrap_or(user.role);
            let is_active = change.is_active.unwrap_or(user.is_active);
            let stays = role == Role::Admin && is_active;
            if user.role == Role::Admin && user.is_active && !stays && administrators(sql)? <= 1 {
                return Err(Error::LastAdministrator(user.email));
            }
            let mut sets = vec![("is_active", Value::from(is_active))];
            if change.role.is_some() {
                sets.push(("role", self.inner.site_roles.name(role).into()));
                sets.push(("own_role", role.as_str().into()));
            }
            sets.extend(name.as_ref().map(|name| ("name", Value::from(name))));
            sets.extend(hash.as_ref().map(|hash| ("password_hash", Value::from(hash))));
            let names: Vec<_> = sets.iter().map(|(name, _)| format!("{name} = ?")).collect();
            let update = format!("UPDATE users SET {} WHERE id = ?", names.join(", "));
            let values = sets.into_iter().map(|(_, value)| value);
            sql.execute(&update, &values.chain([id.into()]).collect::<Vec<_>>())?;
            if hash.is_some() || (user.is_active && !is_active) {
                log_out_everywhere(sql, id, now)?;
            }
            let silenced = if is_active && role >= Role::Streamer {
                Vec::new()
            } else {
                let query = "SELECT id FROM live_streams WHERE user_id = ?";
                let rows = sql.rows(query, &[id.into()])?;
                rows.iter().map(|row| row.text(0)).collect::<Result<_>>()?
            };
            Ok(ChangedUser { user: self.inner.user_by_id(sql, id)?, silenced })
        })
    }

    /// Whether the password is the user's.
    pub fn is_password(&self, id: i64, password: &Secret) -> Result<bool> {
        let hash = self.transaction(|sql| {
            let query = "SELECT password_hash FROM users WHERE id = ?";
            sql.row(query, &[id.into()])?.map(|row| row.text(0)).transpose()
        })?;
        Ok(hash.is_some_and(|hash| password::verify(password, &hash)))
    }

    /// Removes the user with this number and the user's streams. The last administrator stays.
    pub fn remove_user_by_id(&self, id: i64) -> Result<RemovedUser> {
        let email = self.user_by_id(id)?.email;
        self.remove_user(&email)
    }
}

#[cfg(test)]
mod tests;
