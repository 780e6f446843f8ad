use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use control::problem_type;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

/// The longest path that a problem repeats, in characters.
const MAX_PATH: usize = 200;
/// What `Retry-After` says of an outage, in seconds.
const RETRY_OUTAGE: u64 = 5;

/// A result of a handler.
pub(crate) type Answer<T> = Result<T, Problem>;

/// An error as RFC 9457 tells it. Boxed, as it is rare.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<Fault>,
    retry_after: Option<u64>,
}

/// `application/problem+json` (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct Body {
    /// A stable name of the kind of problem, such as `urn:shardcast:problem:not-found`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do.
    detail: String,
    /// Where the request's body is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// The request's id, also in `X-Request-Id` and in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// A place in the body that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemError)]
pub(crate) struct Fault {
    /// A JSON Pointer (RFC 6901) into the request's body.
    pub(crate) pointer: String,
    /// What is wrong there.
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        name: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self(Box::new(Parts { status, name, title, detail, errors: vec![], retry_after: None }))
    }

    /// The query or a header holds what cannot be meant.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-value", "A value is invalid", detail)
    }

    /// The body is JSON, but a value in it breaks its rule.
    pub(crate) fn invalid_at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let fault = Fault { pointer: pointer.into(), detail: detail.into() };
        let shown = if fault.pointer.is_empty() { "the body" } else { &fault.pointer };
        let told = format!("{shown}: {}", fault.detail);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut problem = Self::new(status, "invalid-value", "A value is invalid", told);
        problem.0.errors.push(fault);
        problem
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Log in first", detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not allowed", detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here", detail)
    }

    pub(crate) fn too_many(detail: impl Into<String>, retry_after: std::time::Duration) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut problem = Self::new(status, "too-many-requests", "Too many requests", detail);
        problem.0.retry_after = Some(retry_after.as_secs() + 1);
        problem
    }

    pub(crate) fn database_away() -> Self {
        let detail = "The database did not answer. Live streams go on; try again later.";
        Self::away("database", "The database is away", detail)
    }

    pub(crate) fn busy() -> Self {
        let detail = "Too many requests of this kind are being worked on. Try again later.";
        Self::away("busy", "The server is busy", detail)
    }

    pub(crate) fn internal() -> Self {
        let detail = "The server failed at this request; its log tells more. It is not your fault.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "The server failed", detail)
    }

    fn away(name: &'static str, title: &'static str, detail: &str) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, name, title, detail);
        problem.0.retry_after = Some(RETRY_OUTAGE);
        problem
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        use store::Error;
        let conflict =
            |name, title| Self::new(StatusCode::CONFLICT, name, title, format!("{error}."));
        match &error {
            Error::NoSuchUser(_) | Error::NoSuchStream(_) => Self::missing(format!("{error}.")),
            Error::EmailTaken(_) => conflict("email-taken", "The email is taken"),
            Error::LastAdministrator(_) => {
                conflict("last-administrator", "The last administrator stays")
            }
            Error::NoAdministrator => conflict("no-administrator", "There is no administrator"),
            Error::TooManyStreams(_) => conflict("too-many-streams", "Too many streams"),
            Error::TooManyModerators => conflict("too-many-moderators", "Too many moderators"),
            Error::OtherRequest => conflict("other-request", "The Idempotency-Key was used before"),
            Error::MayNotStream(_) => Self::forbidden(format!("{error}.")),
            Error::Invalid { field, reason } => Self::invalid_at(format!("/{field}"), *reason),
            _ => {
                error!("the database failed a request: {error}");
                Self::database_away()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { status, name, title, detail, errors, retry_after } = *self.0;
        let kind = problem_type(name);
        let body = Body { kind, title, status: status.as_u16(), detail, errors, request_id: None };
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // The request's id is known further out, where the body is written.
        response.extensions_mut().insert(Told(std::sync::Arc::new(body)));
        response
    }
}

/// The body of a problem on its way to the client.
#[derive(Clone, Debug)]
pub(crate) struct Told(pub(crate) std::sync::Arc<Body>);

/// Writes the problem into the response, if it carries one.
pub(crate) fn write(response: Response, request_id: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let Some(Told(problem)) = parts.extensions.remove::<Told>() else {
        return Response::from_parts(parts, body);
    };
    let told = Body {
        kind: problem.kind.clone(),
        title: problem.title,
        status: problem.status,
        detail: problem.detail.clone(),
        errors: problem.errors.clone(),
        request_id: Some(request_id.to_owned()),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut response = (parts, Json(told)).into_response();
    let problem_json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, problem_json);
    response
}

pub(crate) async fn not_found(uri: Uri) -> Problem {
    Problem::missing(format!("Nothing is served at {}.", shown(&uri)))
}

pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let detail =
        format!("{} does not take {method}; the Allow header tells what it takes.", shown(&uri));
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(status, "method-not-allowed", "The method is not allowed", detail)
}

/// The path without its query, which may hold a token.
fn shown(uri: &Uri) -> String {
    uri.path().chars().take(MAX_PATH).collect()
}
