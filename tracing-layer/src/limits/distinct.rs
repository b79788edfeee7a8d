//! A bound for the distinct values of a label.
//!
//! A label that the network chooses is a leak: each new value is a series that the metrics SDK holds until
//! the process ends. [`DistinctValues`] admits the first values and refuses the rest, whose label is then
//! `_OTHER`. An admitted value has its [`Place`] forever, so a value that was seen before a flood keeps its
//! label.
//!
//! It is a hash table of fixed size with open addressing, from which nothing is ever removed. Therefore a
//! filled slot never changes, and a lookup needs neither a lock nor an allocation: one hash, and usually one
//! comparison. Two threads that bring the same new value walk the same slots and meet at the first empty one,
//! where one of them wins and the other finds the value, so that no value is in the table twice. The table
//! has at least twice as many slots as values, so that a search always ends at an empty slot. An attacker who
//! forces values into one run of slots makes a search as long as the number of admitted values, but no
//! longer.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::StringValue;

use super::{MAX_LABEL_BYTES, truncate};
use crate::semconv::OTHER;

/// The maximum for [`DistinctValues::new`].
pub const MAX_DISTINCT_VALUES: usize = 300;

/// A bounded set of the values of one label. See the [module](super).
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::limits::{Claim, DistinctValues};
///
/// let models = DistinctValues::new(2).with_claims(1, 0);
/// let label = |model: &str| {
///     let claim = |model: &str| if model == "named" { Claim::Named } else { Claim::Unknown };
///     models.label(model.to_owned().into(), claim).0.to_string()
/// };
/// assert_eq!(["a", "b", "c", "a", "named"].map(label), ["a", "b", "_OTHER", "a", "named"]);
/// ```
pub struct DistinctValues {
    slots: Box<[OnceLock<Entry>]>,
    /// How many more values of each claim are admitted.
    open: AtomicUsize,
    named: AtomicUsize,
    related: AtomicUsize,
    max: usize,
}

/// A reason to admit a value, so that a flood of other values cannot displace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// No reason: it is admitted if it is one of the first.
    Unknown,
    /// The program names it, for example in a price or a rule.
    Named,
    /// It belongs to another value, as the dated version of a model does.
    Related,
}

/// The place of an admitted value, or [`Place::OTHER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place(u16);

struct Entry {
    text: Box<str>,
    number: u32,
}

impl DistinctValues {
    /// Creates a set that admits the first `max` values, at most [`MAX_DISTINCT_VALUES`].
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self::sized(max.min(MAX_DISTINCT_VALUES), 0, 0)
    }

    /// Also admits the given numbers of values with a [`Claim`], at any time: at most 200 named and 100
    /// related ones. Call it before the first value is added, since it clears the set.
    #[must_use]
    pub fn with_claims(self, named: usize, related: usize) -> Self {
        Self::sized(
            self.open.into_inner(),
            named.min(MAX_NAMED),
            related.min(MAX_RELATED),
        )
    }

    fn sized(open: usize, named: usize, related: usize) -> Self {
        let max = open + named + related;
        let slots = (2 * max).next_power_of_two().max(2);
        Self {
            slots: (0..slots).map(|_| OnceLock::new()).collect(),
            open: AtomicUsize::new(open),
            named: AtomicUsize::new(named),
            related: AtomicUsize::new(related),
            max,
        }
    }

    /// Returns the place of a value, and admits it if it is new and there is space. The value consists of the
    /// first [`MAX_LABEL_BYTES`] bytes of `text`, and of a `number`, such as the port of an address. `claim`
    /// is only called for a value without a place.
    #[inline]
    pub fn place(&self, text: &str, number: u32, claim: impl FnOnce() -> Claim) -> Place {
        let text = truncate(text, MAX_LABEL_BYTES);
        let start = place_of(text, number) & (self.slots.len() - 1);
        let first = self.slots.get(start).and_then(OnceLock::get);
        if first.is_some_and(|entry| entry.is(text, number)) {
            return Place::at(start);
        }
        self.search(text, number, start, claim)
    }

    // Separate from the first look, which ends most searches.
    #[inline(never)]
    fn search(&self, text: &str, number: u32, start: usize, claim: impl FnOnce() -> Claim) -> Place {
        let mask = self.slots.len() - 1;
        let (mut claim, mut taken) = (Some(claim), None);
        for offset in 0..self.slots.len() {
            let at = start.wrapping_add(offset) & mask;
            let Some(slot) = self.slots.get(at) else { break };
            if slot.get().is_none() {
                // An empty slot ends the search: the value is new. Space is taken once, even if another
                // thread fills this slot first and the search continues.
                if let Some(claim) = claim.take() {
                    taken = self.take_room(claim());
                }
                if taken.is_none() {
                    break;
                }
                let entry = Entry {
                    text: text.into(),
                    number,
                };
                if slot.set(entry).is_ok() {
                    return Place::at(at);
                }
            }
            if slot.get().is_some_and(|entry| entry.is(text, number)) {
                if let Some(room) = taken {
                    room.fetch_add(1, Ordering::Relaxed);
                }
                return Place::at(at);
            }
        }
        Place::OTHER
    }

    /// Returns the place of a value, if it was admitted before.
    pub(crate) fn find(&self, text: &str, number: u32) -> Option<Place> {
        let text = truncate(text, MAX_LABEL_BYTES);
        let start = place_of(text, number);
        let slots = (0..self.slots.len()).map(|offset| start.wrapping_add(offset) & (self.slots.len() - 1));
        // An empty slot ends the search.
        let mut entries = slots.map_while(|at| Some((at, self.slots.get(at)?.get()?)));
        let found = entries.find(|(_, entry)| entry.is(text, number));
        found.map(|(at, _)| Place::at(at))
    }

    /// Returns the label of a value: the value itself, cut to [`MAX_LABEL_BYTES`], or `_OTHER` if it is not
    /// admitted. Only new values and values that are too long allocate.
    #[inline]
    pub fn label(&self, value: StringValue, claim: impl FnOnce(&str) -> Claim) -> (StringValue, Place) {
        let place = self.place(value.as_str(), 0, || claim(value.as_str()));
        (place.label(value), place)
    }

    /// Returns the number of places.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Returns the maximum number of admitted values.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// Takes space for one value. If the space of its claim is used up, it may still be one of the first
    /// values.
    fn take_room(&self, claim: Claim) -> Option<&AtomicUsize> {
        let own = match claim {
            Claim::Unknown => None,
            Claim::Named => Some(&self.named),
            Claim::Related => Some(&self.related),
        };
        own.into_iter().chain([&self.open]).find(|room| take(room))
    }
}

fn take(room: &AtomicUsize) -> bool {
    let less = |room: usize| room.checked_sub(1);
    // Under a flood of refused values, threads only read.
    room.load(Ordering::Relaxed) > 0
        && room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
}

impl Entry {
    fn is(&self, text: &str, number: u32) -> bool {
        self.number == number && *self.text == *text
    }
}

impl Place {
    /// The place of all values that are not admitted.
    pub const OTHER: Self = Self(0);

    #[inline]
    fn at(slot: usize) -> Self {
        u16::try_from(slot + 1).map_or(Self::OTHER, Self)
    }

    /// Returns whether the value was not admitted.
    #[inline]
    #[must_use]
    pub fn is_other(self) -> bool {
        self == Self::OTHER
    }

    /// Returns a number that is unique in the set. [`Place::OTHER`] has 0.
    #[inline]
    #[must_use]
    pub fn id(self) -> u64 {
        u64::from(self.0)
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the label of the value at this place: cut to [`MAX_LABEL_BYTES`], or `_OTHER`.
    #[inline]
    #[must_use]
    pub fn label(self, value: StringValue) -> StringValue {
        if self.is_other() {
            return OTHER.into();
        }
        if value.as_str().len() <= MAX_LABEL_BYTES {
            return value;
        }
        truncate(value.as_str(), MAX_LABEL_BYTES).to_owned().into()
    }
}

impl fmt::Debug for DistinctValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DistinctValues")
            .field("max", &self.max)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// Hashes a text for [`series_id`](super::series_id). An attacker can construct collisions, so use it only
/// for texts that the program chooses. For literals, [`literal_id`] is cheaper.
#[inline]
#[must_use]
pub fn text_id(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut id = bytes.len() as u64;
    let mut add = |word: u64| id = (id.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    match (bytes.first_chunk(), bytes.last_chunk(), bytes.last_chunk()) {
        // The last word overlaps the one before it, unless the length is a multiple of the word size, so that
        // no single bytes are read.
        (_, _, Some(last)) => {
            let words = bytes.chunks_exact(8).filter_map(|word| word.try_into().ok());
            words.for_each(|word| add(u64::from_le_bytes(word)));
            add(u64::from_le_bytes(*last));
        }
        (Some(first), Some(last), None) => {
            let halves = [*first, *last].map(u32::from_le_bytes).map(u64::from);
            let [first, last] = halves;
            add(first << 32 | last);
        }
        _ => add(bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))),
    }
    id
}

/// Identifies a literal for [`series_id`](super::series_id) by its address. A literal that occurs twice in
/// the program may have two.
#[inline]
#[must_use]
pub fn literal_id(text: &'static str) -> u64 {
    let address = text.as_ptr().addr() as u64;
    address ^ (text.len() as u64) << 48
}

/// Hashes a value to its first slot. It need not withstand an attack: see the documentation of the module.
#[inline]
fn place_of(text: &str, number: u32) -> usize {
    let mixed = (text_id(text) ^ u64::from(number)).wrapping_mul(MULTIPLIER);
    (mixed >> 32) as usize
}

/// The fraction of the golden ratio, which spreads similar values.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
/// The maximum number of values that the program names, and of related values. With these and
/// [`MAX_DISTINCT_VALUES`], a budget of series still has some for every key.
const MAX_NAMED: usize = 200;
const MAX_RELATED: usize = 100;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    fn unknown() -> Claim {
        Claim::Unknown
    }

    #[test]
    fn the_first_values_are_admitted_and_stay() {
        for max in [0, 1, 7, 100, MAX_DISTINCT_VALUES] {
            let values = DistinctValues::new(max);
            let places: Vec<Place> = (0..2_000)
                .map(|n| values.place(&format!("value-{n}"), 0, unknown))
                .collect();
            let admitted: HashSet<Place> = places.iter().copied().filter(|it| !it.is_other()).collect();
            assert_eq!(admitted.len(), max, "so many of 2,000 are admitted");
            for (n, place) in places.iter().enumerate() {
                assert_eq!(!place.is_other(), n < max, "value {n} of at most {max}");
                let again = values.place(&format!("value-{n}"), 0, unknown);
                assert_eq!(again, *place, "value {n} again, at most {max}");
            }
        }
        let greedy = DistinctValues::new(usize::MAX);
        let admitted = (0..2_000).filter(|n| !greedy.place(&n.to_string(), 0, unknown).is_other());
        assert_eq!(
            admitted.count(),
            MAX_DISTINCT_VALUES,
            "no more than there is room for"
        );
    }

    #[test]
    fn those_with_a_claim_come_after_a_flood() {
        let values = DistinctValues::new(3).with_claims(20, 10);
        for n in 0..10_000 {
            values.place(&format!("flood-{n}"), 0, unknown);
        }
        for (claim, room) in [(Claim::Named, 20), (Claim::Related, 10)] {
            let admitted =
                (0..1_000).filter(|n| !values.place(&format!("{claim:?}-{n}"), 0, || claim).is_other());
            assert_eq!(admitted.count(), room, "{claim:?}: those of its own room");
        }
        let none = DistinctValues::new(0);
        assert!(
            none.place("named", 0, || Claim::Named).is_other(),
            "no claim is accepted"
        );
        let greedy = DistinctValues::new(0).with_claims(usize::MAX, usize::MAX);
        let admitted = (0..1_000).filter(|n| !greedy.place(&n.to_string(), 0, || Claim::Named).is_other());
        assert_eq!(admitted.count(), MAX_NAMED, "no more than there is room for");
        let place = values.place("Named-0", 0, unknown);
        assert!(!place.is_other(), "once admitted, it needs no claim");
    }

    #[test]
    fn labels() {
        let values = DistinctValues::new(2);
        let long = "é".repeat(1_000_000);
        let cases = [
            ("", ""),
            (&*long, &*"é".repeat(64)),
            ("third", "_OTHER"),
            (&*"é".repeat(64), &*"é".repeat(64)),
        ];
        for (value, expected) in cases {
            let (label, _) = values.label(value.to_owned().into(), |_| unknown());
            assert_eq!(label.as_str(), expected, "{} bytes", value.len());
        }
    }

    #[test]
    fn a_number_is_part_of_a_value() {
        let values = DistinctValues::new(2);
        let [one, other, third] = [80, 443, 8080].map(|port| values.place("host", port, unknown));
        assert!(one != other && !one.is_other() && !other.is_other(), "two ports");
        assert!(third.is_other(), "there is room for two");
    }

    #[test]
    fn threads_agree_on_the_places() {
        let values = DistinctValues::new(50);
        let start = Barrier::new(8);
        let places: Vec<Vec<Place>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        (0..50)
                            .map(|n| values.place(&n.to_string(), 0, unknown))
                            .collect()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|it| it.join().expect("no panic"))
                .collect()
        });
        for n in 0..50 {
            let of_value: HashSet<Place> = places
                .iter()
                .filter_map(|it| it.get(n).copied())
                .filter(|it| !it.is_other())
                .collect();
            assert!(of_value.len() <= 1, "value {n} has one place: {of_value:?}");
            let later = values.place(&n.to_string(), 0, unknown);
            assert!(!later.is_other(), "no race has lost the room of value {n}");
        }
        assert!(values.place("51st", 0, unknown).is_other(), "nor made more");
    }
}
