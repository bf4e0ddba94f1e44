use async_trait::async_trait;
use domain::{NewUser, RepositoryError, User, UserId, UserRepository, Username};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{OnConflict, Query, SelectStatement},
};

use crate::{
    SqlRepository,
    entity::users,
    error::repository_error,
    repository::{Change, ChangeError, Outcome},
    rows::{self, USER_COLUMNS},
    transaction::Transaction,
};

#[async_trait]
impl UserRepository for SqlRepository {
    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, RepositoryError> {
        let select = select_user(username);
        let row = self.database().reader().query_one(&select).await.map_err(repository_error)?;
        row.as_ref().map(rows::user).transpose()
    }

    async fn find_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, RepositoryError> {
        let mut select = select_users();
        select.and_where(users::Column::Id.is_in(ids.iter().map(|id| id.0)));
        let read = self.database().reader().query_all(&select).await.map_err(repository_error)?;
        read.iter().map(rows::user).collect()
    }

    async fn create(&self, user: &NewUser) -> Result<Option<User>, RepositoryError> {
        Ok(self.write(CreateUser(user.clone())).await?.0)
    }
}

/// Selects the user of that name.
pub(crate) fn select_user(username: &Username) -> SelectStatement {
    let mut select = select_users();
    select.and_where(users::Column::Username.eq(username.as_str()));
    select
}

fn select_users() -> SelectStatement {
    Query::select().columns(USER_COLUMNS).from(users::Entity).take()
}

struct CreateUser(NewUser);

#[async_trait]
impl Change for CreateUser {
    type Answer = Option<User>;

    async fn run<T: Transaction>(&self, transaction: &T) -> Result<Outcome<Option<User>>, ChangeError> {
        let insert = Query::insert()
            .into_table(users::Entity)
            .columns([users::Column::Username, users::Column::Email])
            .values_panic([self.0.username.as_str().into(), self.0.email.as_str().into()])
            .on_conflict(OnConflict::column(users::Column::Username).do_nothing().to_owned())
            .returning(Query::returning().columns(USER_COLUMNS))
            .take();
        Ok(match transaction.query_one(&insert).await? {
            Some(row) => Outcome::Commit(Some(rows::user(&row)?), None),
            None => Outcome::Rollback(None),
        })
    }
}
