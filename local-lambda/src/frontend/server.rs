//! Serves callers: checks each request, and hands it to a front end or to the Invoke API.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use tokio::net::TcpListener;

use super::exchange::{Exchange, direct_invocation};
use super::invoke_api::{self, ApiError, InvokeApi};
use super::reply::{CallerBody, denied, no_function, reject_body, reject_event, to_console};
use super::route::Route;
use super::{Cors, FrontEnd, NetworkSettings, alb};
use crate::body::{BodyError, read_limited};
use crate::event::Stage;
use crate::functions::LiveFunctions;
use crate::guard::{AllowedHosts, check_host, check_origin};
use crate::http_server::{self, Handler};
use crate::observer::{Observer, Received, Report, RequestRecord};
use crate::recorder::RequestLine;

/// The name of `/invoke` in records.
const INVOKE: &str = "invoke";

/// The path that leads to the console.
const CONSOLE_PATH: &str = "/@console";

/// Settings that all functions share.
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    /// The front end at `/`.
    pub front_end: FrontEnd,
    /// Limits, and faults to inject.
    pub network: NetworkSettings,
    /// Names of this server, besides IP addresses and `localhost`.
    pub allowed_hosts: AllowedHosts,
    /// The stage of REST and HTTP APIs.
    pub stage: Stage,
    /// The `Cors` setting of function URLs.
    pub cors: Option<Cors>,
    /// The console, to which `/@console` leads.
    pub console: Option<SocketAddr>,
}

/// Serves callers until it is dropped.
pub async fn serve(
    listener: TcpListener,
    functions: Arc<LiveFunctions>,
    settings: ServerSettings,
    observer: Observer,
) {
    let server = Server {
        functions,
        settings: Arc::new(settings),
        observer,
    };
    http_server::serve(listener, server).await;
}

#[derive(Clone, Debug)]
struct Server {
    functions: Arc<LiveFunctions>,
    settings: Arc<ServerSettings>,
    observer: Observer,
}

impl Handler for Server {
    type Body = CallerBody;

    /// AWS limits the bytes of headers, not their number. A load balancer has the largest limit, and the
    /// shortest header is `x-1: 1`. Twice this number would add 30 microseconds to each request.
    const MOST_HEADERS: usize = alb::HEAD_LIMIT_BYTES / "x-1: 1\r\n".len();

    async fn handle(self, request: Request<Incoming>, peer: IpAddr) -> Response<CallerBody> {
        let (mut parts, body) = request.into_parts();
        let line = RequestLine {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
        };
        let mut record = RequestRecord::start(self.observer, line);
        let settings = &*self.settings;
        let functions = self.functions.now();
        let host = check_host(&parts, &settings.allowed_hosts.names);
        if let Some(console) = settings.console
            && host.is_ok()
            && parts.uri.path() == CONSOLE_PATH
        {
            return to_console(console, record);
        }
        let (pool, route) = Route::of(&mut parts, &functions, settings.front_end);
        let permission = host.and_then(|()| match route {
            // A browser may send the same requests here as to AWS.
            Route::FrontEnd(_) | Route::Nowhere(_) => Ok(()),
            Route::Invoke | Route::InvokeApi(_) => check_origin(&parts.headers),
        });
        // Most clients read the response only after they have sent the body.
        let body = read_limited(body, PAYLOAD_LIMIT_BYTES).await;
        if let Err(denial) = permission {
            let advice = settings.allowed_hosts.advice;
            return match route {
                Route::InvokeApi(_) => {
                    invoke_api::reject(&ApiError::denied(denial.message(advice)), record)
                }
                _ => denied(&denial, advice, record),
            };
        }
        let body = match (body, &route) {
            (Ok(body), _) => body,
            (Err(BodyError::TooLarge(_)), Route::InvokeApi(_)) => {
                return invoke_api::reject(&ApiError::too_large(PAYLOAD_LIMIT_BYTES), record);
            }
            (Err(reason), _) => return reject_body(&reason, PAYLOAD_LIMIT_BYTES, record),
        };
        let exchange = |front_end| Exchange {
            settings,
            front_end,
            pool: &pool,
            request: &parts,
        };
        match route {
            Route::Invoke => {
                let invocation = match direct_invocation(&parts.headers, body) {
                    Ok(invocation) => invocation,
                    Err(error) => return reject_event(&error, record),
                };
                let received = Received {
                    function: pool.name(),
                    door: INVOKE,
                    headers: &parts.headers,
                    body: &invocation.event,
                    resent_from: None,
                };
                record.invocation(&invocation, &received);
                exchange(FrontEnd::Url).invoke(invocation, record).await
            }
            Route::FrontEnd(front_end) => exchange(front_end).serve(&body, peer, record).await,
            Route::InvokeApi(path) => {
                let api = InvokeApi {
                    functions: &functions,
                    network: settings.network,
                };
                api.serve(&path, &parts, body, record).await
            }
            Route::Nowhere(name) => no_function(&name, record),
        }
    }

    fn not_http(&self, peer: IpAddr, error: &hyper::Error) {
        self.observer.report(Report::NotHttp { peer, error });
    }
}
