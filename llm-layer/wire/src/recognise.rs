//! Which requests are model calls.

use http::Method;

use crate::candidates::{Candidate, Candidates};
use crate::providers;
use crate::recognised::Recognised;
use crate::rule::Rule;
use crate::target::Target;

/// The formats that a request may be in: by the rules, else by its method and the end of its path, since a
/// proxy may have any host. The shape of its body decides among them.
pub(crate) fn candidates(target: &Target<'_>, rules: &[Rule]) -> Candidates {
    Candidates::new(all(target, target.path.trim_end_matches('/'), rules))
}

/// Returns what a request seems to be before its body is read. The body may show that it is another model
/// call, or none.
#[must_use]
pub fn recognise(target: &Target<'_>, rules: &[Rule]) -> Option<Recognised> {
    let path = target.path.trim_end_matches('/');
    let mut all = all(target, path, rules).into_iter();
    all.find(|candidate| candidate.comes_first(path))?
        .into_recognised()
}

fn all(target: &Target<'_>, path: &str, rules: &[Rule]) -> Vec<Candidate> {
    let is_post = target.method == Method::POST;
    // Few paths have more.
    let mut all = Vec::with_capacity(2);
    if is_post {
        let rules = rules.iter().filter(|rule| rule.is_about(target, path));
        all.extend(rules.map(Rule::candidate));
    }
    if is_post || target.method == Method::GET {
        providers::find(target, path, &mut all);
    }
    all
}
