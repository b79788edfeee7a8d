//! Models and other names in the paths of URLs.

/// The model that a path of Google's names, or the endpoint at which a customer's model is deployed.
pub(crate) fn model_in(path: &str) -> Option<String> {
    let endpoint = || Some(["endpoints/", &segment(path, "/endpoints/", ':')?].concat());
    segment(path, "/models/", ':').or_else(endpoint)
}

/// The model that a path of Hugging Face's names, with or without its owner, before the task.
pub(crate) fn hub_model(path: &str) -> Option<String> {
    let (_, model) = path.split_once("/models/")?;
    let (model, _) = model.split_once("/pipeline/").unwrap_or((model, ""));
    (!model.is_empty()).then(|| model.to_owned())
}

/// The deployment that a path of Azure's, SageMaker's, Databricks' or Predibase's names.
pub(crate) fn deployment(path: &str) -> Option<String> {
    // Predibase has `/deployments/v2/llms/{model}`.
    let befores = ["/llms/", "/deployments/", "/serving-endpoints/", "/endpoints/"];
    befores.iter().find_map(|before| segment(path, before, '/'))
}

/// Returns the part of a path's segment between `before` and `stop`, percent-decoded.
pub(crate) fn segment(path: &str, before: &str, stop: char) -> Option<String> {
    let (_, after) = path.rsplit_once(before)?;
    let (segment, _) = after
        .split_once(stop)
        .filter(|(segment, _)| !segment.contains('/'))?;
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
    (!decoded.is_empty()).then(|| decoded.into_owned())
}
