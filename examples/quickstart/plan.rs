//! What the `CodeGenerator` writes and the Executor runs: one aggregation over the table of sales.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The table: region, product, month, amount.
const SALES: &str = include_str!("sales.csv");

/// An aggregation of the amounts, by the values of a column.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    operation: Operation,
    group_by: Column,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Sum,
    Average,
    Max,
    Count,
    /// In no schema: stands for generated code that crashes what runs it.
    Crash,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Column {
    Region,
    Product,
    Month,
}

/// Why a text is no plan.
#[derive(Debug)]
pub(crate) struct PlanError(serde_json::Error);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the model's plan cannot be run: {}; it must fit {}",
            self.0,
            Plan::schema()
        )
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// The JSON schema that a plan must fit.
    pub(crate) fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "operation": { "type": "string", "enum": ["sum", "average", "max", "count"] },
                "group_by": { "type": "string", "enum": ["region", "product", "month"] },
            },
            "required": ["operation", "group_by"],
            "additionalProperties": false,
        })
    }

    /// Reads a plan that the model wrote.
    pub(crate) fn parse(text: &str) -> Result<Self, PlanError> {
        serde_json::from_str(text).map_err(PlanError)
    }

    /// Runs the plan: a line for each group.
    pub(crate) fn run(&self) -> String {
        let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for row in SALES.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            if let [region, product, month, amount] = cells[..] {
                let group = match self.group_by {
                    Column::Region => region,
                    Column::Product => product,
                    Column::Month => month,
                };
                groups.entry(group).or_default().extend(amount.parse::<f64>());
            }
        }
        let line =
            |(group, amounts): (&str, Vec<f64>)| format!("{group}: {}", self.operation.apply(&amounts));
        groups.into_iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Operation {
    fn apply(self, amounts: &[f64]) -> f64 {
        let count = amounts.len() as f64;
        match self {
            Self::Sum => amounts.iter().sum(),
            Self::Average => (amounts.iter().sum::<f64>() / count).round(),
            Self::Max => amounts.iter().copied().fold(f64::MIN, f64::max),
            Self::Count => count,
            #[expect(
                clippy::panic,
                reason = "how a panic looks in a trace is part of the demonstration"
            )]
            Self::Crash => panic!("the plan crashed"),
        }
    }
}
