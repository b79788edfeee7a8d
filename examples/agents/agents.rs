//! The three agents. Their decisions are fixed here; a real agent would ask a model.

use axum::Json;
use axum::extract::State;
use axum::routing::{MethodRouter, post};

use crate::caller::{Caller, Failure};
use crate::services::{Answer, Order, Service};

type Reply = Result<Json<Answer>, Failure>;

/// Agent 1: calls the payment service, then forwards the request to Agent 2 and Agent 3.
pub(crate) fn main() -> MethodRouter<Caller> {
    post(
        async |State(caller): State<Caller>, Json(order): Json<Order>| -> Reply {
            let payment = caller.call(Service::Payment, &order).await?;
            let access = caller.call(Service::Support, &order).await?;
            let stock = caller.call(Service::Orders, &order).await?;
            let text = [payment.text, access.text, stock.text].join(" ");
            Ok(Json(Answer { text }))
        },
    )
}

/// Agent 2: calls tech support about the account.
pub(crate) fn support() -> MethodRouter<Caller> {
    post(
        async |State(caller): State<Caller>, Json(order): Json<Order>| -> Reply {
            Ok(Json(caller.call(Service::TechSupport, &order).await?))
        },
    )
}

/// Agent 3: calls the inventory about the item.
pub(crate) fn orders() -> MethodRouter<Caller> {
    post(
        async |State(caller): State<Caller>, Json(order): Json<Order>| -> Reply {
            Ok(Json(caller.call(Service::Inventory, &order).await?))
        },
    )
}
