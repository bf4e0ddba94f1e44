//! The use cases of orders, over mocks of their ports: what each asks of a port, and what it makes of the answer.

use std::{collections::HashMap, io, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    Direction, Done, Failure, IdempotencyKey, Limits, NewOrder, Order, OrderFilter, OrderId, OrderQuery,
    OrderState, Orders, Page, PageArguments, PageError, PageRequest, PlaceOrder, Placement, Ports, Refusal,
    RepositoryError, Scope, Transition, TransitionOutcome, UserId, UserRef, Username, Viewer, WithUser,
    testing::{InMemory, MockClock, MockOrderFeed, MockOrderRepository, contract::april},
};

const LIMITS: Limits = Limits { page_default: 20, page_limit: 100, list_limit: 3 };
const WORKS: &str = "ports that work";

fn name(text: &str) -> Username {
    Username::parse(text).expect("a valid username")
}

fn customer(text: &str) -> Viewer {
    Viewer::Customer { username: name(text) }
}

/// Each kind of viewer, and the scope that must reach the port. Not made with `Viewer::scope`, which is under test.
fn viewers() -> [(Viewer, Scope); 4] {
    [
        (Viewer::unauthenticated_staff(), Scope::All),
        (Viewer::Staff { username: Some(name("caty88")) }, Scope::All),
        (customer("caty88"), Scope::Of(name("caty88"))),
        (customer("joe"), Scope::Of(name("joe"))),
    ]
}

/// The use cases over this repository. A mock fails its test when it is asked what it does not expect, so the feed
/// and the clock must be left alone.
fn orders(repository: MockOrderRepository) -> Orders {
    let (feed, clock) = (MockOrderFeed::new(), MockClock::new());
    Orders::new(Ports { orders: Arc::new(repository), feed: Arc::new(feed), clock: Arc::new(clock) }, LIMITS)
}

fn done(id: i64) -> Done<Order> {
    Done { value: order(id), cursor: None }
}

fn order(id: i64) -> Order {
    let user = UserRef::Id(UserId(1));
    Order { id: OrderId(id), date: april(12), state: OrderState::Unpaid, user }
}

fn page_of(ids: std::ops::RangeInclusive<i64>) -> Page {
    Page { orders: ids.map(order).collect(), has_previous: false, has_next: false }
}

fn filter() -> OrderFilter {
    OrderFilter { username: Some(name("joe")), date_from: Some(april(2)), ..OrderFilter::default() }
}

fn request(username: &str) -> PlaceOrder {
    let idempotency_key = Some(IdempotencyKey::parse("key").expect("a valid key"));
    PlaceOrder { username: name(username), date: Some(april(12)), state: OrderState::Unpaid, idempotency_key }
}

fn fault() -> RepositoryError {
    RepositoryError::Unavailable(Box::new(io::Error::other("no connection")))
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> Refusal {
    match result {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn is_fault<T>(result: &Result<T, RepositoryError>) -> bool {
    matches!(result, Err(RepositoryError::Unavailable(_)))
}

#[tokio::test]
async fn an_order_is_looked_for_in_the_viewers_scope() {
    for (viewer, scope) in viewers() {
        for with_user in [WithUser::Yes, WithUser::No] {
            let (mut repository, scope) = (MockOrderRepository::new(), scope.clone());
            let asked = repository.expect_find();
            let asked = asked.withf(move |s, id, with| (s, *id, *with) == (&scope, OrderId(7), with_user));
            asked.once().returning(|_, id, _| Ok(Some(order(id.0))));
            let found = orders(repository).find(&viewer, OrderId(7), with_user).await;
            assert_eq!(found.expect(WORKS), Some(order(7)));
        }
    }
}

#[tokio::test]
async fn a_page_is_of_the_viewers_scope_and_as_it_was_asked_for() {
    for (viewer, scope) in viewers() {
        let page = PageRequest { direction: Direction::Backward, ..PageRequest::first(5) };
        let expected = OrderQuery { scope, filter: filter(), page, with_user: WithUser::Yes };
        let mut repository = MockOrderRepository::new();
        let query = expected.clone();
        repository.expect_page().withf(move |q| *q == query).once().returning(|_| Ok(page_of(1..=2)));
        repository
            .expect_pages_by_user()
            .withf(move |users, query| users == [UserId(1), UserId(2)] && *query == expected)
            .once()
            .returning(|_, _| Ok(HashMap::from([(UserId(1), page_of(1..=1))])));
        let orders = orders(repository);
        let read = orders.page(&viewer, filter(), page, WithUser::Yes).await;
        assert_eq!(read.expect(WORKS), page_of(1..=2));
        let users = [UserId(1), UserId(2)];
        let read = orders.pages_by_user(&viewer, &users, filter(), page, WithUser::Yes).await;
        assert_eq!(read.expect(WORKS), HashMap::from([(UserId(1), page_of(1..=1))]));
    }
}

#[tokio::test]
async fn orders_are_counted_in_the_viewers_scope() {
    for (viewer, scope) in viewers() {
        let mut repository = MockOrderRepository::new();
        let all = scope.clone();
        repository
            .expect_count()
            .withf(move |s, f| (s, f) == (&all, &filter()))
            .once()
            .returning(|_, _| Ok(4));
        repository
            .expect_count_by_user()
            .withf(move |users, s, f| (users, s, f) == (&[UserId(1)], &scope, &filter()))
            .once()
            .returning(|_, _, _| Ok(HashMap::from([(UserId(1), 3)])));
        let orders = orders(repository);
        assert_eq!(orders.count(&viewer, &filter()).await.expect(WORKS), 4);
        let counts = orders.count_by_user(&viewer, &[UserId(1)], &filter()).await;
        assert_eq!(counts.expect(WORKS), HashMap::from([(UserId(1), 3)]));
    }
}

#[tokio::test]
async fn the_list_is_every_order_of_the_viewers_scope() {
    for (viewer, scope) in viewers() {
        let expected = OrderQuery {
            scope,
            filter: OrderFilter::default(),
            page: PageRequest::first(LIMITS.list_limit),
            with_user: WithUser::No,
        };
        let mut repository = MockOrderRepository::new();
        repository.expect_page().withf(move |q| *q == expected).once().returning(|_| Ok(page_of(1..=3)));
        let listed = orders(repository).list(&viewer, WithUser::No).await;
        assert_eq!(listed.expect(WORKS), Ok(page_of(1..=3).orders));
    }
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused_with_the_limit_and_not_cut() {
    let mut repository = MockOrderRepository::new();
    repository.expect_page().once().returning(|_| Ok(Page { has_next: true, ..page_of(1..=3) }));
    let listed = orders(repository).list(&Viewer::unauthenticated_staff(), WithUser::No).await;
    assert_eq!(listed.expect(WORKS), Err(LIMITS.list_limit));
}

#[test]
fn a_clients_page_keeps_to_the_settings() {
    let orders = orders(MockOrderRepository::new());
    let first = |first| orders.parse_page(PageArguments { first, ..PageArguments::default() });
    assert_eq!(first(None), Ok(PageRequest::first(20)));
    assert_eq!(first(Some(100)), Ok(PageRequest::first(100)));
    assert_eq!(first(Some(101)), Err(PageError::TooLarge { argument: "first", given: 101, limit: 100 }));
}

#[tokio::test]
async fn paying_and_cancelling_reach_the_viewers_scope() {
    for (viewer, scope) in viewers() {
        let mut repository = MockOrderRepository::new();
        for transition in [Transition::Pay, Transition::Cancel] {
            let scope = scope.clone();
            let asked = repository.expect_transition();
            let asked = asked.withf(move |s, id, t| (s, *id, *t) == (&scope, OrderId(7), transition));
            asked.once().returning(|_, id, _| Ok(TransitionOutcome::Done(order(id.0), None)));
        }
        let orders = orders(repository);
        assert_eq!(orders.pay(&viewer, OrderId(7)).await.expect("a paid order"), done(7));
        assert_eq!(orders.cancel(&viewer, OrderId(7)).await.expect("a cancelled order"), done(7));
    }
}

#[tokio::test]
async fn what_a_transition_met_is_told_as_its_refusal() {
    let id = OrderId(7);
    let cases = [
        (TransitionOutcome::NotFound, Refusal::OrderNotFound(id), Refusal::OrderNotFound(id)),
        (TransitionOutcome::Refused, Refusal::OrderAlreadyPaid(id), Refusal::OrderNotCancellable(id)),
    ];
    for (outcome, of_paying, of_cancelling) in cases {
        let mut repository = MockOrderRepository::new();
        repository.expect_transition().times(2).returning(move |_, _, _| Ok(outcome.clone()));
        let orders = orders(repository);
        assert_eq!(refusal(orders.pay(&customer("joe"), id).await), of_paying);
        assert_eq!(refusal(orders.cancel(&customer("joe"), id).await), of_cancelling);
    }
}

#[tokio::test]
async fn customers_place_orders_of_their_own_and_staff_for_everyone() {
    for viewer in [customer("joe"), Viewer::unauthenticated_staff()] {
        let request = request("joe");
        let expected = NewOrder {
            username: name("joe"),
            date: april(12),
            requested_date: Some(april(12)),
            state: OrderState::Unpaid,
            idempotency_key: request.idempotency_key.clone(),
        };
        let mut repository = MockOrderRepository::new();
        let asked = repository.expect_place().withf(move |new| *new == expected);
        asked.once().returning(|_| Ok(Placement::Placed(order(1), None)));
        let placed = orders(repository).place(&viewer, request).await;
        assert_eq!(placed.expect("a placed order"), done(1), "{viewer:?}");
    }
}

#[tokio::test]
async fn a_customer_cannot_place_an_order_for_another_user() {
    let orders = orders(MockOrderRepository::new());
    let placed = orders.place(&customer("caty88"), request("joe")).await;
    assert_eq!(refusal(placed), Refusal::UserNotFound(name("joe")));
}

#[tokio::test]
async fn a_foreign_user_is_refused_to_a_customer_as_an_unknown_one_is_to_staff() {
    let mut repository = MockOrderRepository::new();
    repository.expect_place().once().returning(|_| Ok(Placement::UserNotFound));
    let orders = orders(repository);
    let unknown = orders.place(&Viewer::unauthenticated_staff(), request("joe")).await;
    let foreign = orders.place(&customer("caty88"), request("joe")).await;
    assert_eq!(refusal(unknown), refusal(foreign));
}

#[tokio::test]
async fn without_a_date_an_order_is_for_the_day_of_the_clock_in_utc() {
    for (now, today) in [("2026-04-12T00:00:00Z", april(12)), ("2026-04-12T23:30:00-01:00", april(13))] {
        let now: DateTime<Utc> = now.parse().expect("a time");
        let (mut repository, mut clock) = (MockOrderRepository::new(), MockClock::new());
        clock.expect_now().once().return_const(now);
        let asked = repository.expect_place();
        let asked = asked.withf(move |new| (new.date, new.requested_date) == (today, None));
        asked.once().returning(|_| Ok(Placement::Placed(order(1), None)));
        let feed = Arc::new(MockOrderFeed::new());
        let ports = Ports { orders: Arc::new(repository), feed, clock: Arc::new(clock) };
        let today = PlaceOrder { date: None, ..request("joe") };
        let placed = Orders::new(ports, LIMITS).place(&customer("joe"), today).await;
        assert_eq!(placed.expect("a placed order"), done(1));
    }
}

#[tokio::test]
async fn what_became_of_a_placement_is_told_as_its_refusal() {
    let cases = [
        (Placement::UserNotFound, Refusal::UserNotFound(name("joe"))),
        (Placement::KeyReused, Refusal::IdempotencyKeyReused),
        (Placement::OrderGone, Refusal::IdempotentOrderGone),
    ];
    for (placement, expected) in cases {
        let mut repository = MockOrderRepository::new();
        repository.expect_place().once().returning(move |_| Ok(placement.clone()));
        assert_eq!(refusal(orders(repository).place(&customer("joe"), request("joe")).await), expected);
    }
}

#[tokio::test]
async fn the_newest_order_is_followed_in_the_viewers_scope() {
    for (viewer, scope) in viewers() {
        let mut feed = MockOrderFeed::new();
        let asked = feed.expect_newest().withf(move |s| *s == scope);
        asked.once().returning(|_| Err(fault()));
        let ports = Ports {
            orders: Arc::new(InMemory::new()),
            feed: Arc::new(feed),
            clock: Arc::new(MockClock::new()),
        };
        let followed = Orders::new(ports, LIMITS).watch_newest(&viewer).await;
        assert!(is_fault(&followed), "the fault of the feed is passed on");
    }
}

#[tokio::test]
async fn a_fault_of_reading_is_passed_on() {
    let mut repository = MockOrderRepository::new();
    repository.expect_find().once().returning(|_, _, _| Err(fault()));
    repository.expect_page().times(2).returning(|_| Err(fault()));
    repository.expect_pages_by_user().once().returning(|_, _| Err(fault()));
    repository.expect_count().once().returning(|_, _| Err(fault()));
    repository.expect_count_by_user().once().returning(|_, _, _| Err(fault()));
    let (orders, staff) = (orders(repository), Viewer::unauthenticated_staff());
    let page = PageRequest::first(1);
    assert!(is_fault(&orders.find(&staff, OrderId(1), WithUser::No).await));
    assert!(is_fault(&orders.page(&staff, filter(), page, WithUser::No).await));
    assert!(is_fault(&orders.list(&staff, WithUser::No).await));
    assert!(is_fault(&orders.pages_by_user(&staff, &[UserId(1)], filter(), page, WithUser::No).await));
    assert!(is_fault(&orders.count(&staff, &filter()).await));
    assert!(is_fault(&orders.count_by_user(&staff, &[UserId(1)], &filter()).await));
}

#[tokio::test]
async fn a_fault_of_writing_is_passed_on_and_is_no_refusal() {
    let mut repository = MockOrderRepository::new();
    repository.expect_place().once().returning(|_| Err(fault()));
    repository.expect_transition().times(2).returning(|_, _, _| Err(fault()));
    let (orders, staff) = (orders(repository), Viewer::unauthenticated_staff());
    let failures = [
        orders.place(&staff, request("joe")).await,
        orders.pay(&staff, OrderId(1)).await,
        orders.cancel(&staff, OrderId(1)).await,
    ];
    for failure in failures {
        assert!(matches!(failure, Err(Failure::Fault(RepositoryError::Unavailable(_)))), "{failure:?}");
    }
}
