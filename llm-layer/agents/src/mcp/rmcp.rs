//! rmcp, the Rust SDK of MCP.
//!
//! | side | use |
//! |---|---|
//! | a client | [`Mcp::rmcp_call`] around a request |
//! | a server over a stream, such as stdio | [`Mcp::rmcp_service`] around the handler |
//! | a server over HTTP, whose service takes a `ServerHandler` only | [`Mcp::rmcp_handle`] in the handler's methods |
//!
//! ```
//! use rmcp::model::{CallToolRequestParams, CallToolResult, ErrorData};
//! use rmcp::service::{Peer, ServiceError};
//! use rmcp::{RoleClient, ServerHandler, ServiceExt};
//! use throughline_agents::mcp::{Mcp, Transport};
//!
//! async fn search(mcp: &Mcp, server: &Peer<RoleClient>) -> Result<CallToolResult, ServiceError> {
//!     let params = CallToolRequestParams::new("search");
//!     mcp.rmcp_call(params, |params| server.call_tool(params)).await
//! }
//!
//! async fn serve(tools: impl ServerHandler) -> Result<(), Box<dyn std::error::Error>> {
//!     let mcp = Mcp::new().with_transport(Transport::Stdio);
//!     let stdio = (tokio::io::stdin(), tokio::io::stdout());
//!     mcp.rmcp_service(tools).serve(stdio).await?.waiting().await?;
//!     Ok(())
//! }
//! ```
//!
//! The trace context is in `_meta` of the messages. The arguments and results of tools are neither serialised
//! nor recorded, even if content is captured. Requests of a server to its client, and notifications, pass
//! without a span: for those, use [`Mcp::client`] and [`Mcp::server`].

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;

use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientNotification, ClientRequest, ErrorData,
    GetPromptRequestParams, MetaObject, ProtocolVersion, ReadResourceRequestParams, RequestMetaObject,
    RequestParamsMeta, ServerConfig, ServerResult,
};
use rmcp::service::{NotificationContext, RequestContext, Service, ServiceError};
use serde_json::{Map, Value, json};
use throughline_tracing_layer::span::InContextExt;

use super::Mcp;
use super::exchange::McpExchange;

impl Mcp {
    /// Sends a request of an rmcp client within an exchange. `send` is called once with `params`, whose
    /// `_meta` then has the trace context.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub async fn rmcp_call<P, T, F>(
        &self,
        mut params: P,
        send: impl FnOnce(P) -> F,
    ) -> Result<T, ServiceError>
    where
        P: RmcpParams,
        T: 'static,
        F: Future<Output = Result<T, ServiceError>>,
    {
        let meta = params.meta_mut().take();
        let mut message = message(P::METHOD, params.target(), meta.map(|meta| meta.0.0));
        let mut exchange = self.client(&mut message);
        if let Some(Value::Object(meta)) = message.pointer_mut("/params/_meta").map(Value::take) {
            *params.meta_mut() = Some(RequestMetaObject(MetaObject(meta)));
        }
        let result = send(params).in_context(exchange.context().clone()).await;
        match &result {
            Ok(answer) => exchange.answer(&answered(answer)),
            Err(ServiceError::McpError(error)) => exchange.answer(&json!({ "error": error })),
            Err(error) => exchange.fail(error),
        }
        result
    }

    /// Answers a request within an exchange, in a method of a `ServerHandler`.
    ///
    /// ```
    /// use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData};
    /// use rmcp::service::RequestContext;
    /// use rmcp::{RoleServer, ServerHandler};
    /// use throughline_agents::mcp::Mcp;
    ///
    /// struct Tools(Mcp);
    ///
    /// impl ServerHandler for Tools {
    ///     async fn call_tool(
    ///         &self,
    ///         params: CallToolRequestParams,
    ///         context: RequestContext<RoleServer>,
    ///     ) -> Result<CallToolResponse, ErrorData> {
    ///         let work = async { Ok(CallToolResult::success(Vec::new()).into()) };
    ///         self.0.rmcp_handle(&params, &context, work).await
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn rmcp_handle<P, T, F>(
        &self,
        params: &P,
        context: &RequestContext<RoleServer>,
        work: F,
    ) -> Result<T, ErrorData>
    where
        P: RmcpParams,
        T: 'static,
        F: Future<Output = Result<T, ErrorData>>,
    {
        let exchange = self.received(P::METHOD, params.target(), context);
        let result = work.in_context(exchange.context().clone()).await;
        end(exchange, &result, answered);
        result
    }

    /// Wraps a server of rmcp, so that each request is an exchange.
    pub fn rmcp_service<S>(&self, service: S) -> RmcpService<S> {
        RmcpService {
            service,
            mcp: self.clone(),
        }
    }

    /// Starts the exchange of a request whose `_meta` is in the context.
    fn received(
        &self,
        method: &str,
        target: Option<Target<'_>>,
        context: &RequestContext<RoleServer>,
    ) -> McpExchange {
        let mut message = message(method, target, Some(context.meta.0.0.clone()));
        if let Some(message) = message.as_object_mut() {
            message.insert("id".to_owned(), json!(context.id));
        }
        self.server(&message)
    }
}

/// A service of rmcp whose requests are exchanges. Created by [`Mcp::rmcp_service`].
#[derive(Debug, Clone)]
pub struct RmcpService<S> {
    service: S,
    mcp: Mcp,
}

#[deny(clippy::missing_trait_methods)]
impl<S: Service<RoleServer>> Service<RoleServer> for RmcpService<S> {
    async fn handle_request(
        &self,
        request: ClientRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let exchange = self.mcp.received(request.method(), target(&request), &context);
        let answer = self.service.handle_request(request, context);
        let result = answer.in_context(exchange.context().clone()).await;
        end(exchange, &result, |answer| match answer {
            ServerResult::CallToolResult(answer) => answered(answer),
            ServerResult::InitializeResult(answer) => {
                json!({ "result": { "protocolVersion": answer.protocol_version } })
            }
            _ => json!({ "result": {} }),
        });
        result
    }

    async fn handle_notification(
        &self,
        notification: ClientNotification,
        context: NotificationContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.service.handle_notification(notification, context).await
    }

    fn get_info(&self) -> ServerConfig {
        self.service.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.service.supported_protocol_versions()
    }
}

/// What a request is about: the key and the value of a parameter.
type Target<'a> = (&'static str, &'a str);

/// The parameters of a request about a tool, a prompt or a resource.
///
/// The trait is sealed.
pub trait RmcpParams: RequestParamsMeta + sealed::Sealed {
    /// The method.
    const METHOD: &'static str;

    /// Returns the key and the value of the parameter that names the tool, prompt or resource.
    fn target(&self) -> Option<(&'static str, &str)>;
}

impl RmcpParams for CallToolRequestParams {
    const METHOD: &'static str = "tools/call";

    fn target(&self) -> Option<(&'static str, &str)> {
        Some(("name", &self.name))
    }
}

impl RmcpParams for GetPromptRequestParams {
    const METHOD: &'static str = "prompts/get";

    fn target(&self) -> Option<(&'static str, &str)> {
        Some(("name", &self.name))
    }
}

impl RmcpParams for ReadResourceRequestParams {
    const METHOD: &'static str = "resources/read";

    fn target(&self) -> Option<(&'static str, &str)> {
        Some(("uri", &self.uri))
    }
}

mod sealed {
    use rmcp::model::{CallToolRequestParams, GetPromptRequestParams, ReadResourceRequestParams};

    #[expect(unnameable_types, reason = "it seals the trait")]
    pub trait Sealed {}

    impl Sealed for CallToolRequestParams {}
    impl Sealed for GetPromptRequestParams {}
    impl Sealed for ReadResourceRequestParams {}
}

fn target(request: &ClientRequest) -> Option<Target<'_>> {
    match request {
        ClientRequest::CallToolRequest(request) => request.params.target(),
        ClientRequest::GetPromptRequest(request) => request.params.target(),
        ClientRequest::ReadResourceRequest(request) => request.params.target(),
        ClientRequest::SubscribeRequest(request) => Some(("uri", &request.params.uri)),
        ClientRequest::UnsubscribeRequest(request) => Some(("uri", &request.params.uri)),
        _ => None,
    }
}

/// Returns a message without the arguments, which may be long and are not read.
fn message(method: &str, target: Option<Target<'_>>, meta: Option<Map<String, Value>>) -> Value {
    let mut params = Map::new();
    if let Some((key, value)) = target {
        params.insert(key.to_owned(), value.into());
    }
    if let Some(meta) = meta {
        params.insert("_meta".to_owned(), meta.into());
    }
    json!({ "method": method, "params": params })
}

/// Returns an answer without its content. A tool's own error is in the answer.
fn answered<T: 'static>(answer: &T) -> Value {
    let answer: &dyn Any = answer;
    let result = match answer.downcast_ref() {
        Some(CallToolResponse::Complete(result)) => Some(result),
        _ => answer.downcast_ref::<CallToolResult>(),
    };
    let is_error = result.is_some_and(|result| result.is_error == Some(true));
    json!({ "result": { "isError": is_error } })
}

/// Ends an exchange on the responding side.
fn end<T>(mut exchange: McpExchange, result: &Result<T, ErrorData>, answer: impl FnOnce(&T) -> Value) {
    exchange.answer(&match result {
        Ok(result) => answer(result),
        Err(error) => json!({ "error": error }),
    });
}
