//! The model in the path of a request, as Gemini's API has it.

use http::uri::PathAndQuery;

/// Returns the model in a path such as `/v1beta/models/gemini-2.5-pro:generateContent`.
pub(crate) fn model(path: &str) -> Option<&str> {
    let path = path.split('?').next()?;
    // Done for every request. For a short text, the standard library's searcher takes longer to set up.
    let at = memchr::memmem::find(path.as_bytes(), MODELS.as_bytes())?;
    let rest = path.get(at + MODELS.len()..)?;
    let (model, method) = rest.rsplit_once(':')?;
    (!model.is_empty() && !model.contains('/') && !method.contains('/')).then_some(model)
}

const MODELS: &str = "/models/";

/// Returns a path and query with another model. `None`: the model cannot stand in a path.
pub(crate) fn with_model(path: &PathAndQuery, model: &str) -> Option<PathAndQuery> {
    replaced(path.as_str(), model).try_into().ok()
}

fn replaced(path: &str, model: &str) -> String {
    let Some((before, rest)) = path.split_once("/models/") else {
        return path.to_owned();
    };
    let end = rest.find('?').unwrap_or(rest.len());
    let Some((head, query)) = rest.split_at_checked(end) else {
        return path.to_owned();
    };
    match head.rsplit_once(':') {
        Some((_, method)) => format!("{before}/models/{}:{method}{query}", encoded(model)),
        None => path.to_owned(),
    }
}

/// Encodes what would end the segment.
fn encoded(model: &str) -> String {
    model
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
        .replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_is_found_and_replaced() {
        for (path, found, replaced) in [
            (
                "/v1beta/models/g-2.5:generateContent",
                Some("g-2.5"),
                "/v1beta/models/new:generateContent",
            ),
            (
                "/v1/models/g:streamGenerateContent?alt=sse&x=:y",
                Some("g"),
                "/v1/models/new:streamGenerateContent?alt=sse&x=:y",
            ),
            ("/v1beta/models/g", None, "/v1beta/models/g"),
            ("/v1beta/models", None, "/v1beta/models"),
            (
                "/v1/projects/p/models/g:predict",
                Some("g"),
                "/v1/projects/p/models/new:predict",
            ),
        ] {
            assert_eq!(model(path), found, "{path}");
            let found = with_model(&PathAndQuery::from_static(path), "new").expect("a path");
            assert_eq!(found, replaced, "{path}");
        }
    }
}
