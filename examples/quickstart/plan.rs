//! A plan: one aggregation over the table of sales. The `CodeGenerator` writes it, the Executor runs it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The table, with the columns region, product, month and amount.
const SALES: &str = include_str!("sales.csv");

/// An aggregation of the amounts, grouped by a column.
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
    /// Not part of the schema. Stands for generated code that crashes when it runs.
    Crash,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Column {
    Region,
    Product,
    Month,
}

/// The error of a text that is not a valid plan.
#[derive(Debug)]
pub(crate) struct PlanError(serde_json::Error);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid plan from the model: {}; expected JSON that matches {}",
            self.0,
            Plan::schema()
        )
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Returns the JSON schema of a plan.
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

    /// Parses a plan of the model.
    pub(crate) fn parse(text: &str) -> Result<Self, PlanError> {
        serde_json::from_str(text).map_err(PlanError)
    }

    /// Runs the plan. Returns each group with its result.
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
            #[expect(clippy::panic, reason = "the example shows how a trace records a panic")]
            Self::Crash => panic!("the plan crashed"),
        }
    }
}
