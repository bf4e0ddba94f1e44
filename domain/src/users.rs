use std::sync::Arc;

use crate::{
    Done, Failure, NewUser, OrderFeed, Permission, Refusal, RepositoryError, User, UserId, UserRepository,
    Username, Viewer,
};

/// The use cases of users. A user whom the viewer may not see is not there.
#[derive(Clone)]
pub struct Users {
    users: Arc<dyn UserRepository>,
    feed: Arc<dyn OrderFeed>,
}

impl Users {
    /// The use cases over this repository, beside this feed.
    pub fn new(users: Arc<dyn UserRepository>, feed: Arc<dyn OrderFeed>) -> Self {
        Self { users, feed }
    }

    /// The user of that name.
    pub async fn find(&self, viewer: &Viewer, username: &Username) -> Result<Option<User>, RepositoryError> {
        if viewer.may_see(username) { self.users.find_by_username(username).await } else { Ok(None) }
    }

    /// The users of these ids, in any order, in one read.
    pub async fn find_by_ids(&self, viewer: &Viewer, ids: &[UserId]) -> Result<Vec<User>, RepositoryError> {
        let mut users = self.users.find_by_ids(ids).await?;
        users.retain(|user| viewer.may_see(user.username()));
        Ok(users)
    }

    /// Creates a user, which the log does not tell: the cursor is a position after it.
    ///
    /// Refused with `NotAllowed` or `UsernameTaken`.
    pub async fn create(&self, viewer: &Viewer, user: NewUser) -> Result<Done<User>, Failure> {
        if !viewer.may(Permission::CreateUsers) {
            return Err(Refusal::NotAllowed.into());
        }
        match self.users.create(&user).await? {
            Some(value) => Ok(Done { value, cursor: Some(self.feed.position().await?) }),
            None => Err(Refusal::UsernameTaken(user.username).into()),
        }
    }
}
