//! The page and its JSON API. `API.md` documents it.

mod attribute;
mod compare;
mod events;
mod export;
mod failure;
mod groups;
mod list;
mod logs;
mod message;
mod model_call;
mod query;
mod services;
mod span;
mod state;
mod tokens;
mod trace;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{OriginalUri, Path, RawQuery, Request, State as Extract};
use axum::middleware::{self, Next};
use axum::routing::get;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use serde::Serialize;
use serde_json::json;

use crate::shared::Shared;
use crate::{answer, assets, guard, ids};

use self::query::Parameters;
use self::state::State;

type Viewer = Extract<Arc<Shared>>;
type Answer = Response<Body>;

/// Returns the page and the API.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let api = Router::new()
        .route("/api/state", get(state_of))
        .route("/api/traces", get(list_of))
        .route("/api/traces/{id}", get(trace_of))
        .route("/api/traces/{id}/find", get(find_in))
        .route("/api/traces/{id}/logs", get(logs_of))
        .route("/api/traces/{id}/values", get(values_of))
        .route("/api/traces/{id}/spans/{span}", get(span_of))
        .route(
            "/api/traces/{id}/spans/{span}/attributes/{*key}",
            get(attribute_of),
        )
        .route("/api/groups", get(groups_of))
        .route("/api/services", get(services))
        .route("/api/logs", get(newest_logs))
        .route("/api/tokens", get(tokens_of))
        .route("/api/compare", get(compare))
        .route("/api/events", get(events_of))
        .route("/api/export/{id}", get(export))
        .route("/api/{*path}", get(unknown));
    let page = Router::new()
        .route("/", get(page))
        .route("/trace/{id}", get(page))
        .route("/compare", get(page))
        .route("/services", get(page))
        .route("/tokens", get(page))
        .route("/logs", get(page))
        .route("/assets/{*path}", get(asset));
    api.merge(page)
        .method_not_allowed_fallback(only_get)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), guarded))
        .with_state(Arc::clone(shared))
}

async fn guarded(Extract(shared): Viewer, request: Request, next: Next) -> Answer {
    let mut response = match guard::refusal(&request, &shared.hosts) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    guard::confine(&mut response);
    response
}

async fn page(OriginalUri(original): OriginalUri, uri: Uri) -> Answer {
    // Nested below a path, the router sees the rest of it only.
    let prefix = original
        .path()
        .strip_suffix(uri.path().trim_start_matches('/'))
        .unwrap_or("/");
    assets::index(&format!("{}/", prefix.trim_end_matches('/')))
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Answer {
    assets::file(&path, &headers)
}

async fn unknown(uri: Uri) -> Answer {
    answer::error(
        StatusCode::NOT_FOUND,
        &format!("there is no {}; see API.md for the paths", uri.path()),
    )
}

async fn only_get(method: Method) -> Answer {
    answer::error(
        StatusCode::METHOD_NOT_ALLOWED,
        &format!("{method} is not accepted: GET is"),
    )
}

async fn state_of(Extract(shared): Viewer) -> Answer {
    answer::json(&State::new(&shared))
}

async fn list_of(Extract(shared): Viewer, RawQuery(query): RawQuery) -> Answer {
    compute(move || checked(list::traces(&shared, &Parameters::new(query.as_deref())))).await
}

async fn trace_of(Extract(shared): Viewer, Path(id): Path<String>) -> Answer {
    compute(move || with_trace(&id, |trace| trace::trace(&shared, trace))).await
}

async fn find_in(Extract(shared): Viewer, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let parameters = Parameters::new(query.as_deref());
    compute(move || {
        with_trace(&id, |trace| {
            let found = trace::find(&shared, trace, parameters.text("q").unwrap_or_default())?;
            Some(json!({ "spans": found }))
        })
    })
    .await
}

async fn logs_of(Extract(shared): Viewer, Path(id): Path<String>) -> Answer {
    compute(move || with_trace(&id, |trace| logs::of_trace(&shared, trace))).await
}

async fn span_of(Extract(shared): Viewer, Path((id, span)): Path<(String, String)>) -> Answer {
    compute(move || {
        with_span(&id, &span, |trace, span| {
            span::span(&shared, trace, span).map(|span| answer::json(&span))
        })
    })
    .await
}

async fn attribute_of(
    Extract(shared): Viewer,
    Path((id, span, key)): Path<(String, String, String)>,
) -> Answer {
    compute(move || {
        with_span(&id, &span, |trace, span| {
            let text = span::attribute(&shared, trace, span, &key)?;
            Some(answer::content("text/plain; charset=utf-8", text))
        })
    })
    .await
}

async fn values_of(Extract(shared): Viewer, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let parameters = Parameters::new(query.as_deref());
    compute(move || {
        with_trace(&id, |trace| {
            let values = trace::values(&shared, trace, parameters.text("key").unwrap_or_default())?;
            Some(json!({ "values": values }))
        })
    })
    .await
}

async fn groups_of(Extract(shared): Viewer, RawQuery(query): RawQuery) -> Answer {
    compute(move || checked(groups::groups(&shared, &Parameters::new(query.as_deref())))).await
}

async fn services(Extract(shared): Viewer) -> Answer {
    compute(move || services::services(&shared, |graph| answer::json(&graph))).await
}

async fn newest_logs(Extract(shared): Viewer, RawQuery(query): RawQuery) -> Answer {
    compute(move || checked(logs::newest(&shared, &Parameters::new(query.as_deref())))).await
}

async fn tokens_of(Extract(shared): Viewer, RawQuery(query): RawQuery) -> Answer {
    compute(move || checked(tokens::tokens(&shared, &Parameters::new(query.as_deref())))).await
}

async fn compare(Extract(shared): Viewer, RawQuery(query): RawQuery) -> Answer {
    let parameters = Parameters::new(query.as_deref());
    compute(move || {
        let [a, b] = ["a", "b"].map(|name| parameters.text(name).unwrap_or_default());
        if let Some(bad) = [a, b].into_iter().find(|id| ids::parse_trace_id(id).is_none()) {
            return bad_trace_id(bad);
        }
        let stored = [a, b].map(|id| shared.store.trace(ids::parse_trace_id(id)?));
        match &stored {
            [Some(a), Some(b)] => answer::json(&compare::compare(&shared, a, b)),
            [None, _] => not_stored(a),
            [_, None] => not_stored(b),
        }
    })
    .await
}

async fn events_of(Extract(shared): Viewer, headers: HeaderMap) -> Answer {
    events::events(&shared, &headers)
}

async fn export(Extract(shared): Viewer, Path(id): Path<String>) -> Answer {
    compute(move || {
        let mut response = with_trace(&id, |trace| Some(export::request(&shared.store.trace(trace)?)));
        if response.status().is_success()
            && let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"trace-{id}.json\""))
        {
            response.headers_mut().insert(CONTENT_DISPOSITION, name);
        }
        response
    })
    .await
}

/// Computes an answer on a thread that may take its time.
async fn compute(answer: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    match tokio::task::spawn_blocking(answer).await {
        Ok(answer) => answer,
        Err(error) => answer::error(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("the answer failed: {error}"),
        ),
    }
}

fn checked(answer: Result<impl Serialize, String>) -> Answer {
    match answer {
        Ok(value) => answer::json(&value),
        Err(message) => answer::error(StatusCode::BAD_REQUEST, &message),
    }
}

fn with_trace<T: Serialize>(id: &str, answer: impl FnOnce(u128) -> Option<T>) -> Answer {
    let Some(trace) = ids::parse_trace_id(id) else {
        return bad_trace_id(id);
    };
    answer(trace).map_or_else(|| not_stored(id), |value| answer::json(&value))
}

fn with_span(id: &str, span: &str, answer: impl FnOnce(u128, u64) -> Option<Answer>) -> Answer {
    let Some(trace) = ids::parse_trace_id(id) else {
        return bad_trace_id(id);
    };
    let Some(span_id) = ids::parse_span_id(span) else {
        let message = format!("the span id {span:?} is not accepted: 16 hexadecimal digits are");
        return answer::error(StatusCode::BAD_REQUEST, &message);
    };
    answer(trace, span_id).unwrap_or_else(|| {
        let message = format!("the trace {id} with the span {span}, or the attribute, is not in the store");
        answer::error(StatusCode::NOT_FOUND, &message)
    })
}

fn bad_trace_id(id: &str) -> Answer {
    let message = format!("the trace id {id:?} is not accepted: 32 hexadecimal digits are");
    answer::error(StatusCode::BAD_REQUEST, &message)
}

fn not_stored(id: &str) -> Answer {
    let message = format!("the trace {id} is not in the store; it may have been dropped for newer ones");
    answer::error(StatusCode::NOT_FOUND, &message)
}
