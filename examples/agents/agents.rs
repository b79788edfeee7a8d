//! The three agents. What each decides is written here; a model would decide it elsewhere.

use axum::Json;
use axum::extract::State;
use axum::routing::{MethodRouter, post};

use crate::caller::{Caller, Failure};
use crate::services::{Answer, Order, Service};

type Reply = Result<Json<Answer>, Failure>;

/// Agent 1: has the payment verified, then access and order looked at by the agents that can.
pub(crate) fn main() -> MethodRouter<Caller> {
    post(
        async |State(caller): State<Caller>, Json(order): Json<Order>| -> Reply {
            let payment = caller.ask(Service::Payment, &order).await?;
            let access = caller.ask(Service::Support, &order).await?;
            let stock = caller.ask(Service::Orders, &order).await?;
            let text = [payment.text, access.text, stock.text].join(" ");
            Ok(Json(Answer { text }))
        },
    )
}

/// Agent 2: has tech support look at the account.
pub(crate) fn support() -> MethodRouter<Caller> {
    post(
        async |State(caller): State<Caller>, Json(order): Json<Order>| -> Reply {
            Ok(Json(caller.ask(Service::TechSupport, &order).await?))
        },
    )
}

/// Agent 3: has the inventory look for the item.
pub(crate) fn orders() -> MethodRouter<Caller> {
    post(
        async |State(caller): State<Caller>, Json(order): Json<Order>| -> Reply {
            Ok(Json(caller.ask(Service::Inventory, &order).await?))
        },
    )
}
