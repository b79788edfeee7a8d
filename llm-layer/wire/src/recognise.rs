//! Which requests are model calls.

use http::Method;

use crate::candidates::{Candidate, Candidates};
use crate::{Recognised, Rule, Target, providers};

/// The formats that a request may be in: by the rules, else by its method and the end of its path, since a
/// proxy may have any host. The shape of its body decides among them.
pub(crate) fn candidates(target: &Target<'_>, rules: &[Rule]) -> Candidates {
    Candidates::new(all(target, target.path.trim_end_matches('/'), rules).collect())
}

/// Returns what a request seems to be before its body is read. The body may show that it is another model
/// call, or none.
#[must_use]
pub fn recognise(target: &Target<'_>, rules: &[Rule]) -> Option<Recognised> {
    let path = target.path.trim_end_matches('/');
    let mut all = all(target, path, rules);
    all.find(|candidate| candidate.comes_first(path))?
        .into_recognised()
}

fn all<'a>(target: &'a Target<'_>, path: &'a str, rules: &'a [Rule]) -> impl Iterator<Item = Candidate> + 'a {
    let is_post = target.method == Method::POST;
    let by_rule = rules
        .iter()
        .filter(move |rule| is_post && rule.is_about(target, path));
    let is_call = is_post || target.method == Method::GET;
    let built_in = is_call.then(|| providers::find(target, path));
    by_rule.map(Rule::candidate).chain(built_in.into_iter().flatten())
}
