use crate::Username;

/// Who asks. Made by the transport from what it was told and could verify; every use case takes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// Sees and changes everything. Without authentication everyone is staff, and has no name.
    Staff {
        /// The name that a token gave.
        username: Option<Username>,
    },
    /// Sees and changes their own orders, and sees their own address.
    Customer {
        /// The name that a token gave.
        username: Username,
    },
}

/// The orders that a viewer's request reaches. Repositories take one with every call, so that no use case can read or
/// change past it; only [`Viewer::scope`] makes one from a viewer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every order.
    All,
    /// The orders of one user.
    Of(Username),
}

/// What a viewer sees of the data. Viewers of equal views see the same, whatever they ask for and follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    scope: Scope,
    permissions: &'static [Permission],
}

/// What a viewer may do, for clients that show or hide their controls by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the orders of every user.
    SeeAllOrders,
    /// Place, pay and cancel orders of every user.
    ChangeAllOrders,
    /// See their own orders.
    SeeOwnOrders,
    /// Place, pay and cancel their own orders.
    ChangeOwnOrders,
    /// See the address of every user.
    SeeAllEmails,
    /// Create users.
    CreateUsers,
}

impl Viewer {
    /// The viewer of a server without authentication.
    pub fn unauthenticated_staff() -> Self {
        Self::Staff { username: None }
    }

    /// The viewer's name, if one is known.
    pub fn username(&self) -> Option<&Username> {
        match self {
            Self::Staff { username } => username.as_ref(),
            Self::Customer { username } => Some(username),
        }
    }

    /// The orders that this viewer's requests reach.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Staff { .. } => Scope::All,
            Self::Customer { username } => Scope::Of(username.clone()),
        }
    }

    /// What this viewer may do.
    pub fn permissions(&self) -> &'static [Permission] {
        match self {
            Self::Staff { .. } => &[
                Permission::SeeAllOrders,
                Permission::ChangeAllOrders,
                Permission::SeeAllEmails,
                Permission::CreateUsers,
            ],
            Self::Customer { .. } => &[Permission::SeeOwnOrders, Permission::ChangeOwnOrders],
        }
    }

    /// What this viewer sees: a customer what is in their own scope, all of staff the same.
    pub fn view(&self) -> View {
        View { scope: self.scope(), permissions: self.permissions() }
    }

    /// Whether this viewer may do all that `permission` names.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// Whether the user of that name, and their orders, exist for this viewer.
    pub fn may_see(&self, username: &Username) -> bool {
        self.scope().includes(username)
    }

    pub(crate) fn may_see_email_of(&self, username: &Username) -> bool {
        self.may(Permission::SeeAllEmails) || self.username() == Some(username)
    }
}

impl Scope {
    /// Whether the orders of the user of that name are within.
    pub fn includes(&self, owner: &Username) -> bool {
        match self {
            Self::All => true,
            Self::Of(username) => username == owner,
        }
    }
}
