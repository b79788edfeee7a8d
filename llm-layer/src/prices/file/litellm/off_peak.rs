//! The times at which a row of LiteLLM's table has other prices.
//!
//! `hours_utc` is `"16:30-00:30"` or a list of such windows. A window may extend past midnight. If it ends
//! where it begins, it is a whole day. Windows apply every day. Those in `windows` apply on their `weekdays`
//! (1 is Monday), in the given time zone.

use serde_json::Value;

use super::super::value::shown;
use crate::prices::price::{OffPeak, Window};

/// Returns the windows of a block `off_peak_pricing`, or what is not understood.
pub(super) fn windows(block: &Value) -> Result<OffPeak, String> {
    let zone = block.get("weekday_timezone").unwrap_or(&Value::Null);
    let zone = ZONES
        .iter()
        .find(|(name, _)| zone.as_str().unwrap_or("UTC") == *name);
    let problem = || {
        format!(
            "the time zone of weekdays is unknown: accepted are {}",
            ZONES.map(|(name, _)| name).join(", ")
        )
    };
    let (_, offset) = zone.ok_or_else(problem)?;
    let mut windows = Vec::new();
    let rules = block
        .get("windows")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for rule in rules.chain([block]) {
        let weekdays = weekdays(rule.get("weekdays"))?;
        let hours = match rule.get("hours_utc") {
            Some(Value::Array(hours)) => hours.iter().collect(),
            Some(hours) => vec![hours],
            None => Vec::new(),
        };
        for hours in hours {
            let problem = || {
                format!(
                    "{} is no window of time: \"16:30-00:30\" is accepted",
                    shown(hours)
                )
            };
            let (from, to) = window(hours).ok_or_else(problem)?;
            windows.push(Window { weekdays, from, to });
        }
    }
    Ok(OffPeak {
        windows,
        weekday_offset: *offset,
    })
}

fn window(hours: &Value) -> Option<(u64, u64)> {
    let (from, to) = hours.as_str()?.split_once('-')?;
    Some((second_of_day(from)?, second_of_day(to)?))
}

fn second_of_day(time: &str) -> Option<u64> {
    let (hours, minutes) = time.trim().split_once(':')?;
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60)
}

/// Returns whether each day, from Monday on, is one of these.
fn weekdays(days: Option<&Value>) -> Result<[bool; 7], String> {
    let Some(days) = days else {
        return Ok([true; 7]);
    };
    let problem = || {
        format!(
            "{} are no weekdays: [1, 2, 7] is accepted, where 1 is Monday",
            shown(days)
        )
    };
    let mut weekdays = [false; 7];
    for day in days.as_array().ok_or_else(problem)? {
        let slot = day
            .as_u64()
            .and_then(|day| usize::try_from(day.checked_sub(1)?).ok());
        let slot = slot.and_then(|day| weekdays.get_mut(day));
        *slot.ok_or_else(problem)? = true;
    }
    Ok(weekdays)
}

/// Time zones, and their offset from UTC in seconds. They have no summer time.
const ZONES: [(&str, u64); 2] = [("UTC", 0), ("Asia/Shanghai", 8 * 3_600)];
