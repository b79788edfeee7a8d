//! Finds the key that a misspelled key probably stands for.

/// Returns the most similar candidate, if it differs by at most two letters and by less than a third.
pub(super) fn similar<'a>(key: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let key: Vec<char> = key.to_lowercase().chars().take(MAX_KEY_CHARS).collect();
    let most = MAX_DISTANCE.min(key.len() / 3);
    let distances = candidates
        .into_iter()
        .map(|candidate| (distance(&key, candidate), candidate));
    let nearest = distances.min_by_key(|(distance, _)| *distance);
    nearest
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, candidate)| candidate)
}

/// The number of letters to insert, remove, replace or swap with their neighbour (the optimal string
/// alignment distance).
fn distance(one: &[char], other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // Each row has the distances of one prefix of `one` to all prefixes of `other`.
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut before: Vec<usize> = Vec::new();
    for (at, letter) in one.iter().enumerate() {
        let mut next = vec![at + 1];
        for (to, target) in other.iter().enumerate() {
            let cell = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(FAR);
            let replaced = cell(&row, to) + usize::from(letter != target);
            let mut least = replaced.min(cell(&row, to + 1) + 1).min(cell(&next, to) + 1);
            let previous =
                |list: &[char], index: usize| index.checked_sub(1).and_then(|index| list.get(index).copied());
            let is_swapped = previous(one, at) == Some(*target) && previous(&other, to) == Some(*letter);
            if is_swapped {
                least = least.min(cell(&before, to - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(FAR)
}

/// A distance that is greater than every other.
const FAR: usize = usize::MAX / 2;

/// The maximum distance of a similar key.
const MAX_DISTANCE: usize = 2;

/// The maximum length of a compared key.
const MAX_KEY_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_keys_are_found() {
        let keys = [
            "tracing.enabled",
            "tracing.endpoint",
            "tracing",
            "exporter",
            "tls.client_key",
        ];
        for (key, expected) in [
            ("trasing.enabled", Some("tracing.enabled")),
            ("tracing.enable", Some("tracing.enabled")),
            ("tracing.enbaled", Some("tracing.enabled")),
            ("Tracing.Endpoint", Some("tracing.endpoint")),
            ("trasing", Some("tracing")),
            ("tarcing", Some("tracing")),
            ("exproter", Some("exporter")),
            ("exprotr", Some("exporter")),
            ("llm.model", None),
            ("tls", None),
            ("traces.on", None),
            ("", None),
        ] {
            assert_eq!(similar(key, keys), expected, "{key}");
        }
        assert_eq!(similar(&"tracing".repeat(10_000), keys), None, "a long key");
    }
}
