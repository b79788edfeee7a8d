//! Replaces variables in values
//! (<https://opentelemetry.io/docs/specs/otel/configuration/data-model/#environment-variable-substitution>).

use crate::config::variables::Variables;

/// Replaces `${NAME}`, `${env:NAME}` and `${NAME:-default}`; `$$` becomes `$`. The default is used if the
/// variable is unset or empty. What is inserted is not replaced again.
pub(super) fn substitute(text: &str, variables: &Variables) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some(reference) = after.strip_prefix('{') {
            let malformed =
                || "there is a malformed reference to a variable: use ${NAME} or ${NAME:-default}";
            let (reference, after) = reference.split_once('}').ok_or_else(malformed)?;
            let reference = reference.strip_prefix("env:").unwrap_or(reference);
            let (name, default) = reference.split_once(":-").unwrap_or((reference, ""));
            if !is_name(name) || default.contains('\n') {
                return Err(malformed().to_owned());
            }
            result.push_str(variables.get_raw(name).unwrap_or(default));
            rest = after;
        } else {
            result.push('$');
            rest = after;
        }
    }
    result.push_str(rest);
    Ok(result)
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
}
