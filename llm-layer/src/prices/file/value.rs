//! Values in files of prices.

use serde_json::Value;

/// Returns an amount of money, or what is accepted in its place. Some tables write numbers as strings.
pub(super) fn amount(value: &Value) -> Result<f64, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|amount| amount.is_finite() && *amount >= 0.0)
        .ok_or_else(|| format!("{} is no price: a number from 0 is accepted", shown(value)))
}

/// Returns a value for an error message, cut to a length that is bearable.
pub(super) fn shown(value: &Value) -> String {
    const MAX_CHARS: usize = 60;
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}
