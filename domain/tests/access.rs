//! Who may see and do what: viewers, their scopes and permissions, the addresses that they read, the users that exist
//! for them.

use std::{io, sync::Arc};

use domain::{
    Email, Failure, Permission, Refusal, RepositoryError, Scope, User, UserId, Username, Users, Viewer,
    testing::{InMemory, MockUserRepository, contract::new_user},
};

fn name(text: &str) -> Username {
    Username::parse(text).expect("a valid username")
}

fn customer(text: &str) -> Viewer {
    Viewer::Customer { username: name(text) }
}

fn named_staff(text: &str) -> Viewer {
    Viewer::Staff { username: Some(name(text)) }
}

fn user(id: i64, text: &str) -> User {
    let new = new_user(text);
    User::new(UserId(id), new.username, new.email)
}

fn users(repository: MockUserRepository) -> Users {
    Users::new(Arc::new(repository), Arc::new(InMemory::new()))
}

fn fault() -> RepositoryError {
    RepositoryError::Unavailable(Box::new(io::Error::other("no connection")))
}

#[test]
fn staff_reach_every_order_with_or_without_a_name() {
    for viewer in [Viewer::unauthenticated_staff(), named_staff("caty88")] {
        assert_eq!(viewer.scope(), Scope::All);
        assert!(viewer.may_see(&name("joe")));
    }
}

#[test]
fn a_customer_reaches_their_own_orders_only() {
    let viewer = customer("caty88");
    assert_eq!(viewer.scope(), Scope::Of(name("caty88")));
    assert!(viewer.may_see(&name("caty88")));
    for other in ["joe", "Caty88", "caty8", "caty888"] {
        assert!(!viewer.may_see(&name(other)), "{other}");
    }
}

#[test]
fn a_scope_includes_whose_orders_it_holds() {
    let (caty, joe) = (name("caty88"), name("joe"));
    assert!(Scope::All.includes(&caty) && Scope::All.includes(&joe));
    assert!(Scope::Of(caty.clone()).includes(&caty));
    assert!(!Scope::Of(caty).includes(&joe));
}

#[test]
fn a_viewer_has_the_name_that_the_token_gave() {
    assert_eq!(Viewer::unauthenticated_staff().username(), None);
    assert_eq!(named_staff("caty88").username(), Some(&name("caty88")));
    assert_eq!(customer("joe").username(), Some(&name("joe")));
}

#[test]
fn staff_may_do_everything_to_everyone_and_customers_only_to_themselves() {
    let everyones = [
        Permission::SeeAllOrders,
        Permission::ChangeAllOrders,
        Permission::SeeAllEmails,
        Permission::CreateUsers,
    ];
    for permission in everyones {
        assert!(Viewer::unauthenticated_staff().may(permission), "{permission:?}");
        assert!(named_staff("joe").may(permission), "{permission:?}");
        assert!(!customer("caty88").may(permission), "{permission:?}");
    }
    for permission in [Permission::SeeOwnOrders, Permission::ChangeOwnOrders] {
        assert!(customer("caty88").may(permission), "{permission:?}");
    }
}

#[test]
fn staff_read_every_address() {
    let caty = user(1, "caty88");
    for viewer in [Viewer::unauthenticated_staff(), named_staff("joe")] {
        assert_eq!(caty.email_for(&viewer).map(Email::as_str), Some("caty88@dev.io"));
    }
}

#[test]
fn a_customer_reads_their_own_address_only() {
    let caty = user(1, "caty88");
    assert_eq!(caty.email_for(&customer("caty88")).map(Email::as_str), Some("caty88@dev.io"));
    assert_eq!(caty.email_for(&customer("joe")), None);
}

#[test]
fn a_debugged_user_does_not_show_the_address() {
    let shown = format!("{:?}", user(1, "caty88"));
    assert!(shown.contains("caty88") && !shown.contains("dev.io"), "{shown}");
}

#[tokio::test]
async fn a_customer_finds_themselves_and_staff_find_everyone() {
    for viewer in [customer("caty88"), named_staff("joe"), Viewer::unauthenticated_staff()] {
        let mut repository = MockUserRepository::new();
        let asked = repository.expect_find_by_username().withf(|username| username.as_str() == "caty88");
        asked.once().returning(|_| Ok(Some(user(1, "caty88"))));
        let found = users(repository).find(&viewer, &name("caty88")).await;
        assert_eq!(found.expect("a repository that works"), Some(user(1, "caty88")), "{viewer:?}");
    }
}

#[tokio::test]
async fn a_customer_cannot_find_another_user_and_the_repository_is_not_asked() {
    let users = users(MockUserRepository::new());
    let found = users.find(&customer("caty88"), &name("joe")).await;
    assert_eq!(found.expect("a repository that works"), None);
}

#[tokio::test]
async fn users_whom_the_viewer_may_not_see_are_left_out() {
    let (caty, joe) = (user(1, "caty88"), user(2, "joe"));
    let cases = [
        (customer("caty88"), vec![caty.clone()]),
        (customer("nobody"), vec![]),
        (Viewer::unauthenticated_staff(), vec![caty, joe]),
    ];
    for (viewer, expected) in cases {
        let mut repository = MockUserRepository::new();
        let asked = repository.expect_find_by_ids().withf(|ids| ids == [UserId(1), UserId(2)]);
        asked.once().returning(|_| Ok(vec![user(1, "caty88"), user(2, "joe")]));
        let found = users(repository).find_by_ids(&viewer, &[UserId(1), UserId(2)]).await;
        assert_eq!(found.expect("a repository that works"), expected, "{viewer:?}");
    }
}

#[tokio::test]
async fn staff_create_users() {
    let mut repository = MockUserRepository::new();
    let asked = repository.expect_create().withf(|new| *new == new_user("joe"));
    asked.once().returning(|_| Ok(Some(user(7, "joe"))));
    let created = users(repository).create(&Viewer::unauthenticated_staff(), new_user("joe")).await;
    let created = created.expect("a created user");
    assert_eq!(created.value, user(7, "joe"));
    assert!(created.cursor.is_some(), "a position to follow from");
}

#[tokio::test]
async fn a_customer_cannot_create_users_not_even_of_their_own_name() {
    for username in ["caty88", "joe"] {
        let users = users(MockUserRepository::new());
        let created = users.create(&customer("caty88"), new_user(username)).await;
        assert!(matches!(created, Err(Failure::Refused(Refusal::NotAllowed))), "{created:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_with_the_name() {
    let mut repository = MockUserRepository::new();
    repository.expect_create().once().returning(|_| Ok(None));
    let created = users(repository).create(&Viewer::unauthenticated_staff(), new_user("joe")).await;
    let Err(Failure::Refused(refusal)) = created else { panic!("expected a refusal, got {created:?}") };
    assert_eq!(refusal, Refusal::UsernameTaken(name("joe")));
    assert_eq!(refusal.to_string(), "the username `joe` is taken");
}

#[tokio::test]
async fn a_fault_of_the_users_repository_is_passed_on() {
    let mut repository = MockUserRepository::new();
    repository.expect_find_by_username().once().returning(|_| Err(fault()));
    repository.expect_find_by_ids().once().returning(|_| Err(fault()));
    repository.expect_create().once().returning(|_| Err(fault()));
    let (users, staff) = (users(repository), Viewer::unauthenticated_staff());
    let found = users.find(&staff, &name("joe")).await;
    assert!(matches!(found, Err(RepositoryError::Unavailable(_))), "{found:?}");
    let found = users.find_by_ids(&staff, &[UserId(1)]).await;
    assert!(matches!(found, Err(RepositoryError::Unavailable(_))), "{found:?}");
    let created = users.create(&staff, new_user("joe")).await;
    assert!(matches!(created, Err(Failure::Fault(RepositoryError::Unavailable(_)))), "{created:?}");
}
