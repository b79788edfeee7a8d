//! The three services that the agents call, each with its own data.

use axum::Json;
use axum::routing::{MethodRouter, post};

use crate::caller::Failure;
use crate::services::{Answer, Order, Service};

type Reply = Result<Json<Answer>, Failure>;

const PAYMENTS: &[(&str, &str)] = &[("ada", "is paid"), ("bob", "is overdue")];
const ACCOUNTS: &[(&str, &str)] = &[("ada", "is open"), ("bob", "was locked and is open again")];
const STOCK: &[(&str, &str)] = &[("chair", "in stock"), ("desk", "in stock"), ("lamp", "sold out")];

/// Verifies the payment status.
pub(crate) fn payment() -> MethodRouter {
    post(async |Json(order): Json<Order>| -> Reply {
        let status = look_up(Service::Payment, PAYMENTS, "account", &order.account)?;
        Ok(answer(format!("The bill of {} {status}.", order.account)))
    })
}

/// Resolves account access issues.
pub(crate) fn tech_support() -> MethodRouter {
    post(async |Json(order): Json<Order>| -> Reply {
        let status = look_up(Service::TechSupport, ACCOUNTS, "account", &order.account)?;
        Ok(answer(format!("The account {status}.")))
    })
}

/// Checks stock and availability.
pub(crate) fn inventory() -> MethodRouter {
    post(async |Json(order): Json<Order>| -> Reply {
        let status = look_up(Service::Inventory, STOCK, "item", &order.item)?;
        Ok(answer(format!("The {} is {status}.", order.item)))
    })
}

fn look_up(
    service: Service,
    records: &[(&str, &'static str)],
    what: &str,
    key: &str,
) -> Result<&'static str, Failure> {
    let record = records.iter().find(|(name, _)| *name == key);
    record
        .map(|(_, status)| *status)
        .ok_or_else(|| Failure::not_found(service, &format!("{what} {key:?}")))
}

fn answer(text: String) -> Json<Answer> {
    Json(Answer { text })
}
