//! The totals that follow from the parts of a report: see [`super`] for the rules.

use super::{Usage, UsagePart};

/// The totals that follow from the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Totals {
    input: Option<u64>,
    output: Option<u64>,
    is_consistent: bool,
}

impl Usage {
    /// Returns all input tokens, including cached ones. If the provider reports billed tokens, returns these.
    #[must_use]
    pub fn input(&self) -> Option<u64> {
        self.totals().input
    }

    /// Returns all output tokens, including reasoning. If the provider reports billed tokens, returns these.
    #[must_use]
    pub fn output(&self) -> Option<u64> {
        self.totals().output
    }

    /// Returns whether input and output add up to the reported total, in one of the ways in which providers
    /// count, or no total is reported.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        self.totals().is_consistent
    }

    /// Returns the output tokens that were spent on reasoning.
    #[must_use]
    pub fn reasoning(&self) -> Option<u64> {
        self.part(UsagePart::Reasoning)
            .or_else(|| self.part(UsagePart::Thoughts))
    }

    fn totals(&self) -> Totals {
        let cached = self.cached();
        let excludes_cached = |input| self.excludes_cached || input < cached;
        let with_cached = |input| {
            if excludes_cached(input) {
                input + cached
            } else {
                input
            }
        };
        let tools = self.part(UsagePart::ToolInput).unwrap_or(0);
        let input = self
            .part(UsagePart::BilledInput)
            .or_else(|| self.part(UsagePart::Input).map(with_cached))
            .or_else(|| self.part(UsagePart::UncachedInput).map(|input| input + cached))
            .map(|input| input + tools);
        let output = self
            .part(UsagePart::BilledOutput)
            .or_else(|| self.part(UsagePart::Output));
        let output = match (output, self.part(UsagePart::Thoughts)) {
            (None, None) => None,
            (output, thoughts) => Some(output.unwrap_or(0) + thoughts.unwrap_or(0)),
        };
        let is_cached_added = self.part(UsagePart::Input).is_some_and(excludes_cached);
        let (input, output, is_consistent) = match (input, output, self.part(UsagePart::Total)) {
            // Input and total exclude cached tokens alike.
            (Some(_), Some(_), Some(_)) if is_cached_added => (input, output, true),
            (Some(input), Some(output), Some(total)) => self.reconcile(input, output, total),
            (Some(input), None, Some(total)) => {
                // Nothing is left if a prompt was blocked.
                (Some(input), total.checked_sub(input), true)
            }
            (input, output, _) => (input, output, true),
        };
        // Perplexity's output excludes reasoning: then reasoning may be more than the output.
        let beside = self.part(UsagePart::Reasoning);
        let beside = beside.filter(|beside| Some(*beside) > output);
        Totals {
            input,
            output: output.map(|output| output + beside.unwrap_or(0)),
            is_consistent,
        }
    }

    /// Finds the reading of the counts that adds up to the total.
    fn reconcile(&self, input: u64, output: u64, total: u64) -> (Option<u64>, Option<u64>, bool) {
        let [read, written, reasoning] = [UsagePart::CacheRead, UsagePart::CacheWrite, UsagePart::Reasoning]
            .map(|part| self.part(part).unwrap_or(0));
        let readings = [
            (0, 0),
            (read, 0),
            (written, 0),
            (read + written, 0),
            (0, reasoning),
            (read, reasoning),
            (written, reasoning),
            (read + written, reasoning),
        ];
        let consistent = readings.into_iter().find(|(more_input, more_output)| {
            let sum = input + more_input + output + more_output;
            sum == total
        });
        // Vertex has reported thoughts within the output.
        let thoughts = self.part(UsagePart::Thoughts).unwrap_or(0);
        let is_within = consistent.is_none() && input + output == total + thoughts;
        match consistent {
            None if is_within => (Some(input), Some(output - thoughts), true),
            Some((more_input, more_output)) => (Some(input + more_input), Some(output + more_output), true),
            None if output == 0 && total > input => (Some(input), Some(total - input), true),
            None => (Some(input), Some(output), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::usage;
    use super::UsagePart;

    #[test]
    fn the_reading_that_adds_up_to_the_total() {
        use UsagePart::{CacheRead, CacheWrite, Input, Output, Reasoning, Total};
        let base = [(Input, 1000), (Output, 50)];
        type Case<'a> = (&'a str, &'a [(UsagePart, u64)], (u64, u64, bool));
        let cases: [Case<'_>; 9] = [
            (
                "as it stands",
                &[(Total, 1050), (CacheRead, 400)],
                (1000, 50, true),
            ),
            (
                "beside a cache read",
                &[(Total, 1450), (CacheRead, 400)],
                (1400, 50, true),
            ),
            (
                "beside a cache write",
                &[(Total, 1350), (CacheWrite, 300)],
                (1300, 50, true),
            ),
            (
                "beside both",
                &[(Total, 1750), (CacheRead, 400), (CacheWrite, 300)],
                (1700, 50, true),
            ),
            (
                "beside reasoning",
                &[(Total, 1080), (Reasoning, 30)],
                (1000, 80, true),
            ),
            (
                "beside a cache read and reasoning",
                &[(Total, 1480), (CacheRead, 400), (Reasoning, 30)],
                (1400, 80, true),
            ),
            ("nowhere", &[(Total, 2000), (CacheRead, 400)], (1000, 50, false)),
            ("no total", &[(CacheRead, 400)], (1000, 50, true)),
            (
                "less than a part",
                &[(Total, 1050), (CacheRead, 1400)],
                (2400, 50, true),
            ),
        ];
        for (name, parts, expected) in cases {
            let usage = usage(&[&base, parts].concat());
            let totals = (usage.input(), usage.output(), usage.is_consistent());
            assert_eq!(totals, (Some(expected.0), Some(expected.1), expected.2), "{name}");
        }
        let totals = usage(&[(Input, 10), (Total, 17)]);
        assert_eq!(totals.output(), Some(7), "no output");
        let totals = usage(&[(Input, 10), (Total, 10)]);
        assert_eq!(totals.output(), Some(0), "no output, and none is left");
        let totals = usage(&[(Input, 10), (Output, 0), (Total, 17)]);
        assert_eq!(totals.output(), Some(7), "an output of 0");
    }

    #[test]
    fn thoughts_within_the_output() {
        use UsagePart::{Input, Output, Thoughts, Total};
        let beside = usage(&[(Input, 10), (Output, 100), (Thoughts, 60), (Total, 170)]);
        assert_eq!(
            (beside.output(), beside.is_consistent()),
            (Some(160), true),
            "beside it"
        );
        let within = usage(&[(Input, 10), (Output, 100), (Thoughts, 60), (Total, 110)]);
        assert_eq!(
            (within.output(), within.is_consistent()),
            (Some(100), true),
            "within it"
        );
    }
}
