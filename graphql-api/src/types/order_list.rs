//! Lists of orders of which plain values are asked for. The library makes a future of each field of each object, which for
//! a hundred orders costs more than reading them; here the values are taken at once, and only what needs more than the
//! order is left to it.

use std::{borrow::Cow, iter::zip};

use async_graphql::{
    Context, ContextSelectionSet, Name, OutputType, Positioned, ScalarType, SelectionField, ServerResult,
    Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::Registry,
    resolver_utils::{enum_value, resolve_list},
};
use domain::Viewer;

use super::{Date, Order, OrderState, User};
use crate::node_id::NodeId;

/// Orders as a list field answers them.
pub(crate) struct OrderList {
    orders: Vec<domain::Order>,
    /// `None` where the library has to resolve them.
    values: Option<Values<OrderValue>>,
}

/// What is asked for of each object of one type, in the order of the answer.
struct Values<V> {
    /// The object to be filled in.
    object: IndexMap<Name, Value>,
    values: Vec<V>,
}

enum OrderValue {
    TypeName,
    Id,
    Date,
    State,
    User(Values<UserValue>),
}

enum UserValue {
    TypeName,
    Id,
    Username,
    Email,
}

impl OrderList {
    /// The orders that this field answers.
    pub(crate) fn new(orders: Vec<domain::Order>, context: &Context<'_>) -> Self {
        let values = Values::asked_for(context.field(), OrderValue::of);
        let has_users = orders.iter().all(|order| order.user.loaded().is_some());
        let needs_users =
            |values: &Values<_>| values.values.iter().any(|value| matches!(value, OrderValue::User(_)));
        Self { orders, values: values.filter(|values| has_users || !needs_users(values)) }
    }
}

impl<V> Values<V> {
    /// `None` if one of them is no plain value, or two have one name.
    fn asked_for(
        field: SelectionField<'_>,
        value_of: impl Fn(SelectionField<'_>) -> Option<V>,
    ) -> Option<Self> {
        let (mut object, mut values) = (IndexMap::new(), Vec::new());
        // Fragments are told as the fields that they have: after validation each of them applies to the type.
        for field in field.selection_set() {
            values.push(value_of(field)?);
            let name = Name::new(field.alias().unwrap_or(field.name()));
            if object.insert(name, Value::Null).is_some() {
                return None;
            }
        }
        Some(Self { object, values })
    }

    fn fill(&self, value: impl Fn(&V) -> Value) -> Value {
        let mut object = self.object.clone();
        for (place, of) in zip(object.values_mut(), &self.values) {
            *place = value(of);
        }
        Value::Object(object)
    }
}

impl OrderValue {
    fn of(field: SelectionField<'_>) -> Option<Self> {
        Some(match field.name() {
            "__typename" => Self::TypeName,
            "id" => Self::Id,
            "date" => Self::Date,
            "state" => Self::State,
            "user" => Self::User(Values::asked_for(field, UserValue::of)?),
            _ => return None,
        })
    }

    fn value(&self, order: &domain::Order, viewer: &Viewer) -> Value {
        match self {
            Self::TypeName => Order::type_name().into_owned().into(),
            Self::Id => NodeId::Order(order.id).to_string().into(),
            Self::Date => Date(order.date).to_value(),
            Self::State => enum_value(OrderState::from(order.state)),
            Self::User(values) => order
                .user
                .loaded()
                .map(|user| values.fill(|value| value.value(user, viewer)))
                .unwrap_or_default(),
        }
    }
}

impl UserValue {
    fn of(field: SelectionField<'_>) -> Option<Self> {
        Some(match field.name() {
            "__typename" => Self::TypeName,
            "id" => Self::Id,
            "username" => Self::Username,
            "email" => Self::Email,
            _ => return None,
        })
    }

    fn value(&self, user: &domain::User, viewer: &Viewer) -> Value {
        match self {
            Self::TypeName => User::type_name().into_owned().into(),
            Self::Id => NodeId::User(user.id()).to_string().into(),
            Self::Username => user.username().as_str().into(),
            Self::Email => user.email_for(viewer).map(|email| email.as_str().into()).unwrap_or_default(),
        }
    }
}

impl OutputType for OrderList {
    fn type_name() -> Cow<'static, str> {
        Vec::<Order>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Order>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Order>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match &self.values {
            Some(values) => {
                let viewer = context.data_unchecked();
                let value = |order| values.fill(|value| value.value(order, viewer));
                Ok(Value::List(self.orders.iter().map(value).collect()))
            }
            None => {
                let orders = self.orders.iter().cloned().map(Order::from);
                resolve_list(context, field, orders, Some(self.orders.len())).await
            }
        }
    }
}
