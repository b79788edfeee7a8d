//! The core schema of YAML 1.2, which says which type a plain scalar has
//! (<https://yaml.org/spec/1.2.2/#103-core-schema>). `yes` is a text, and so is `1_000`.

use serde_json::{Number, Value};

pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

pub(super) fn resolve(text: &str) -> Value {
    match text {
        _ if is_null(text) => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let is_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            return is_digits
                .then(|| u64::from_str_radix(digits, radix).ok())?
                .map(Number::from);
        }
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let signed = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = signed.parse::<u64>() {
            return Some(number.into());
        }
        if let Ok(number) = signed.parse::<i64>() {
            return Some(number.into());
        }
    }
    // Infinity and "not a number" are no JSON numbers, and no setting accepts them.
    is_float(unsigned).then(|| text.parse().ok().and_then(Number::from_f64))?
}

/// Whether a text is digits with at most one point and an exponent.
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |text: &str| {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        !text.is_empty() && is_digits(text)
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    has_digits && is_digits(whole) && is_digits(fraction) && exponent.is_none_or(is_exponent)
}
