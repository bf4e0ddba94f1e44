//! Which page a client's arguments ask for, and what a page made from a read holds.

use std::collections::BTreeSet;

use domain::{
    Direction, Order, OrderId, OrderState, Page, PageArguments, PageError, PageRequest, UserId, UserRef,
    testing::contract::april,
};
use proptest::prelude::*;

const DEFAULT: u32 = 20;
const LIMIT: u32 = 100;

fn parse(first: Option<i32>, last: Option<i32>) -> Result<PageRequest, PageError> {
    PageRequest::parse(PageArguments { first, last, ..PageArguments::default() }, DEFAULT, LIMIT)
}

fn page(limit: u32, direction: Direction) -> PageRequest {
    PageRequest { direction, ..PageRequest::first(limit) }
}

#[test]
fn without_a_count_a_page_has_the_default_number_of_orders_from_the_start() {
    assert_eq!(parse(None, None), Ok(page(DEFAULT, Direction::Forward)));
}

#[test]
fn the_default_number_is_never_above_the_limit() {
    let parsed = PageRequest::parse(PageArguments::default(), 500, LIMIT);
    assert_eq!(parsed, Ok(page(LIMIT, Direction::Forward)));
}

#[test]
fn first_counts_from_the_start_and_last_from_the_end() {
    for count in [0_u8, 1, 99, 100] {
        let given = Some(i32::from(count));
        assert_eq!(parse(given, None), Ok(page(count.into(), Direction::Forward)));
        assert_eq!(parse(None, given), Ok(page(count.into(), Direction::Backward)));
    }
}

#[test]
fn first_and_last_are_refused_together() {
    for (first, last) in [(1, 1), (0, 0), (-1, 1), (1, 101)] {
        assert_eq!(parse(Some(first), Some(last)), Err(PageError::FirstAndLast), "{first}, {last}");
    }
}

#[test]
fn a_negative_count_is_refused() {
    for given in [-1, i32::MIN] {
        assert_eq!(parse(Some(given), None), Err(PageError::Negative { argument: "first", given }));
        assert_eq!(parse(None, Some(given)), Err(PageError::Negative { argument: "last", given }));
    }
}

#[test]
fn a_count_above_the_limit_is_refused_and_not_cut() {
    for given in [101, i32::MAX] {
        let refused = |argument| Err(PageError::TooLarge { argument, given, limit: LIMIT });
        assert_eq!(parse(Some(given), None), refused("first"));
        assert_eq!(parse(None, Some(given)), refused("last"));
    }
}

#[test]
fn a_refusal_tells_the_client_which_argument_is_wrong() {
    let text = |first, last| parse(first, last).expect_err("wrong arguments").to_string();
    assert_eq!(text(Some(1), Some(2)), "`first` and `last` cannot be given together");
    assert_eq!(text(Some(-1), None), "`first` must not be negative, and is -1");
    assert_eq!(text(None, Some(101)), "`last` must be at most 100, and is 101");
}

#[test]
fn a_page_without_bounds_holds_all_that_was_read() {
    for direction in [Direction::Forward, Direction::Backward] {
        let made = Page::from_read(vec![order(1)], &page(u32::MAX, direction));
        assert_eq!(made, Page { orders: vec![order(1)], has_previous: false, has_next: false });
    }
}

fn order(id: i64) -> Order {
    let user = UserRef::Id(UserId(1));
    Order { id: OrderId(id), date: april(1), state: OrderState::Unpaid, user }
}

fn ids(page: &Page) -> Vec<i64> {
    page.orders.iter().map(|order| order.id.0).collect()
}

/// The ids of `list` that lie between the request's cursors.
fn window(list: &BTreeSet<i64>, request: &PageRequest) -> Vec<i64> {
    let mut window: Vec<_> = list.iter().copied().collect();
    window.retain(|id| request.after.is_none_or(|after| *id > after.0));
    window.retain(|id| request.before.is_none_or(|before| *id < before.0));
    window
}

/// Reads as an adapter does: one order more than the page may have, in the order of the direction.
fn read(list: &BTreeSet<i64>, request: &PageRequest) -> Page {
    let mut found = window(list, request);
    if request.direction == Direction::Backward {
        found.reverse();
    }
    let one_more = request.limit as usize + 1;
    Page::from_read(found.into_iter().take(one_more).map(order).collect(), request)
}

fn list() -> impl Strategy<Value = BTreeSet<i64>> {
    proptest::collection::btree_set(0_i64..30, 0..12)
}

fn cursor() -> impl Strategy<Value = Option<OrderId>> {
    proptest::option::of((-1_i64..31).prop_map(OrderId))
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Forward), Just(Direction::Backward)]
}

/// Counts close to the limits below are as likely as any number at all.
fn count() -> impl Strategy<Value = Option<i32>> {
    proptest::option::of(prop_oneof![-2..12, any::<i32>()])
}

proptest! {
    #[test]
    fn arguments_are_taken_as_they_are_or_refused(
        first in count(), last in count(), after in cursor(), before in cursor(),
        default in 0_u32..12, limit in 0_u32..12,
    ) {
        let parsed = PageRequest::parse(PageArguments { first, after, last, before }, default, limit);
        let in_range = |given: i32| given >= 0 && i64::from(given) <= i64::from(limit);
        let Ok(request) = parsed else {
            let wrong = first.is_some() && last.is_some() || !first.or(last).is_none_or(in_range);
            prop_assert!(wrong, "refused with {parsed:?}");
            return Ok(());
        };
        prop_assert!(first.is_none() || last.is_none());
        prop_assert_eq!((request.after, request.before), (after, before));
        prop_assert_eq!(request.direction == Direction::Backward, last.is_some());
        prop_assert!(request.limit <= limit);
        let given = first.or(last).map(i64::from);
        prop_assert_eq!(i64::from(request.limit), given.unwrap_or(default.min(limit).into()));
    }

    #[test]
    fn a_page_is_one_end_of_what_lies_between_the_cursors(
        list in list(), limit in 0_u32..8, direction in direction(), after in cursor(), before in cursor(),
    ) {
        let request = PageRequest { limit, direction, after, before };
        let window = window(&list, &request);
        let size = window.len().min(limit as usize);
        let more = window.len() > size;
        let expected = match direction {
            Direction::Forward => (window[..size].to_vec(), after.is_some(), more),
            Direction::Backward => (window[window.len() - size..].to_vec(), more, before.is_some()),
        };
        let page = read(&list, &request);
        prop_assert_eq!((ids(&page), page.has_previous, page.has_next), expected);
    }

    #[test]
    fn pages_that_follow_each_other_show_each_order_once(
        list in list(), limit in 1_u32..5, direction in direction(),
    ) {
        let mut request = page(limit, direction);
        let mut shown = Vec::new();
        loop {
            let page = read(&list, &request);
            let more = match direction {
                Direction::Forward => {
                    shown.extend(ids(&page));
                    request.after = page.orders.last().map(|order| order.id);
                    page.has_next
                }
                Direction::Backward => {
                    shown.splice(0..0, ids(&page));
                    request.before = page.orders.first().map(|order| order.id);
                    page.has_previous
                }
            };
            if !more {
                break;
            }
            prop_assert!(!page.orders.is_empty(), "a page that has more on a side is full");
        }
        prop_assert_eq!(shown, list.into_iter().collect::<Vec<_>>());
    }
}
