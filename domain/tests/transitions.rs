//! Orders go from state to state as a small model says, whatever is asked of them and by whom.

use domain::{
    NewOrder, OrderFilter, OrderId, OrderQuery, OrderRepository, OrderState, PageRequest, Placement, Refusal,
    Scope, Transition, TransitionOutcome, UserRepository, Username, WithUser,
    testing::{
        InMemory,
        contract::{new_order, new_user},
    },
};
use proptest::prelude::*;

const OWNERS: [&str; 2] = ["caty88", "joe"];
/// One more than there ever are, so that some steps ask for an order that never was.
const MOST_ORDERS: usize = 4;

/// An order of the model: `state` is `None` once it is cancelled.
#[derive(Clone, Copy, Debug)]
struct Modelled {
    owner: usize,
    state: Option<OrderState>,
}

/// One request. `asking` is an index of [`OWNERS`], or staff.
#[derive(Clone, Copy, Debug)]
struct Step {
    asking: Option<usize>,
    order: usize,
    transition: Transition,
}

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Done(OrderState),
    Refused,
    NotFound,
}

impl Modelled {
    fn step(&mut self, step: Step) -> Told {
        let Some(state) = self.state.filter(|_| step.asking.is_none_or(|asking| asking == self.owner)) else {
            return Told::NotFound;
        };
        match (state, step.transition) {
            (OrderState::Paid, _) => Told::Refused,
            (OrderState::Unpaid, Transition::Pay) => {
                self.state = Some(OrderState::Paid);
                Told::Done(OrderState::Paid)
            }
            (OrderState::Unpaid, Transition::Cancel) => {
                self.state = None;
                Told::Done(OrderState::Unpaid)
            }
        }
    }
}

fn orders() -> impl Strategy<Value = Vec<Modelled>> {
    let state = prop_oneof![4 => Just(OrderState::Unpaid), 1 => Just(OrderState::Paid)];
    let order = (0..OWNERS.len(), state).prop_map(|(owner, state)| Modelled { owner, state: Some(state) });
    proptest::collection::vec(order, 0..MOST_ORDERS)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let asking = proptest::option::of(0..OWNERS.len());
    let transition = proptest::sample::select(Transition::ALL.to_vec());
    let step = (asking, 0..MOST_ORDERS, transition);
    let step = step.prop_map(|(asking, order, transition)| Step { asking, order, transition });
    proptest::collection::vec(step, 0..20)
}

fn owner(index: usize) -> Username {
    Username::parse(OWNERS[index]).expect("a valid username")
}

async fn place(storage: &InMemory, order: Modelled) -> OrderId {
    let state = order.state.expect("a new order has a state");
    let order = NewOrder { state, ..new_order(&owner(order.owner), 1) };
    match storage.place(&order).await.expect("a storage that works") {
        Placement::Placed(placed, _) => placed.id,
        other => panic!("expected a placed order, got {other:?}"),
    }
}

async fn states(storage: &InMemory) -> Vec<(OrderId, OrderState)> {
    let query = OrderQuery {
        scope: Scope::All,
        filter: OrderFilter::default(),
        page: PageRequest::first(100),
        with_user: WithUser::No,
    };
    let page = storage.page(&query).await.expect("a storage that works");
    page.orders.iter().map(|order| (order.id, order.state)).collect()
}

async fn steps_agree_with_the_model(mut model: Vec<Modelled>, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let storage = InMemory::new();
    for name in OWNERS {
        storage.create(&new_user(name)).await.expect("a storage that works").expect("a free name");
    }
    let mut ids = Vec::new();
    for order in &model {
        ids.push(place(&storage, *order).await);
    }
    let unknown = OrderId(ids.last().map_or(0, |id| id.0) + 1);
    for step in steps {
        let id = ids.get(step.order).copied().unwrap_or(unknown);
        let scope = step.asking.map_or(Scope::All, |index| Scope::Of(owner(index)));
        let outcome = storage.transition(&scope, id, step.transition).await.expect("a storage that works");
        let told = match outcome {
            TransitionOutcome::Done(order, _) => {
                prop_assert_eq!(order.id, id);
                Told::Done(order.state)
            }
            TransitionOutcome::Refused => Told::Refused,
            TransitionOutcome::NotFound => Told::NotFound,
        };
        let expected = model.get_mut(step.order).map_or(Told::NotFound, |order| order.step(step));
        prop_assert_eq!(told, expected, "{:?}", step);
        let left = ids.iter().zip(&model).filter_map(|(id, order)| Some((*id, order.state?)));
        prop_assert_eq!(states(&storage).await, left.collect::<Vec<_>>(), "after {:?}", step);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_requests_leave_the_orders_as_the_model_says(orders in orders(), steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(steps_agree_with_the_model(orders, steps))?;
    }
}

#[test]
fn only_an_unpaid_order_is_paid_or_cancelled() {
    assert_eq!((Transition::Pay.from(), Transition::Pay.to()), (OrderState::Unpaid, Some(OrderState::Paid)));
    assert_eq!((Transition::Cancel.from(), Transition::Cancel.to()), (OrderState::Unpaid, None));
}

#[test]
fn each_transition_is_refused_for_its_own_reason() {
    let id = OrderId(7);
    assert_eq!(Transition::Pay.refusal(id), Refusal::OrderAlreadyPaid(id));
    assert_eq!(Transition::Cancel.refusal(id), Refusal::OrderNotCancellable(id));
}

#[test]
fn a_state_is_known_by_its_exact_name_only() {
    assert_eq!(OrderState::from_name("PAID"), Some(OrderState::Paid));
    assert_eq!(OrderState::from_name("UNPAID"), Some(OrderState::Unpaid));
    for state in OrderState::ALL {
        assert_eq!(OrderState::from_name(state.name()), Some(state));
    }
    for name in ["", "paid", "Paid", " PAID", "PAID ", "CANCELLED"] {
        assert_eq!(OrderState::from_name(name), None, "{name:?}");
    }
}
