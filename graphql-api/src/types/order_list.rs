//! Lists of orders of which plain values are asked for. The library makes a future of each field of each object, which for
//! a hundred orders costs more than reading them; here the values are taken at once, and only what needs more than the
//! order is left to it. A list that is all that is asked for becomes JSON right away, without the objects between.

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
use crate::{context::ApiContext, node_id::NodeId};

/// Orders as a list field answers them.
pub(crate) struct OrderList {
    orders: Vec<domain::Order>,
    /// `None` where the library has to resolve them.
    values: Option<Values<OrderValue>>,
    /// Whether the answer is to be JSON already, in a [`Value::Binary`]. The library does not merge that with another
    /// answer of the same name.
    is_json: bool,
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
    /// The orders that this field of an operation answers.
    pub(crate) fn of_root(orders: Vec<domain::Order>, context: &Context<'_>) -> Self {
        Self { is_json: context.has_one_root_field(), ..Self::new(orders, context) }
    }

    /// The orders that this field answers.
    pub(crate) fn new(orders: Vec<domain::Order>, context: &Context<'_>) -> Self {
        let values = Values::asked_for(context.field(), OrderValue::of);
        let has_users = orders.iter().all(|order| order.user.loaded().is_some());
        let needs_users =
            |values: &Values<_>| values.values.iter().any(|value| matches!(value, OrderValue::User(_)));
        Self { orders, values: values.filter(|values| has_users || !needs_users(values)), is_json: false }
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

    /// The same, as JSON.
    fn write(&self, json: &mut Vec<u8>, mut write: impl FnMut(&V, &mut Vec<u8>)) {
        json.push(b'{');
        for (index, (name, of)) in zip(self.object.keys(), &self.values).enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.push(b'"');
            json.extend_from_slice(name.as_bytes());
            json.extend_from_slice(b"\":");
            write(of, json);
        }
        json.push(b'}');
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

    fn write(&self, order: &domain::Order, viewer: &Viewer, json: &mut Vec<u8>) {
        match (self, order.user.loaded()) {
            (Self::User(values), Some(user)) => {
                values.write(json, |value, json| write(&value.value(user, viewer), json));
            }
            _ => write(&self.value(order, viewer), json),
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
        let viewer = context.data_unchecked();
        match &self.values {
            Some(values) if self.is_json => {
                let mut json = vec![b'['];
                for order in &self.orders {
                    if json.len() > 1 {
                        json.push(b',');
                    }
                    values.write(&mut json, |value, json| value.write(order, viewer, json));
                }
                json.push(b']');
                Ok(Value::Binary(json.into()))
            }
            Some(values) => {
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

fn write(value: &Value, json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("a plain value is JSON, and memory takes it");
}
