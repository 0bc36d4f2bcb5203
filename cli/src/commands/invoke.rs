//! `bootstream invoke`: one event, and the response as it arrives.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use lambda_protocol::limits::{ERROR_DOCUMENT_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES};
use local_lambda::{FUNCTION_ERROR, Failure, Pool, REJECTION, ResponseHead, WhenFull, json_event};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::build::component_for;
use super::execution::{function_config, note, runtime};
use crate::args::InvokeArgs;
use crate::deployment::{HANDLER_NAME, project_file};
use crate::printer::{Printer, Tone};
use crate::project::Effort;
use crate::report;
use crate::source::Source;

/// Invokes and prints.
///
/// # Errors
///
/// The event cannot be read, the server does not respond, the handler fails, or the stream is cut.
pub(crate) fn run(args: InvokeArgs, printer: &Printer) -> Result<ExitCode> {
    let event = checked(read_event(&args.data)?)?;
    let output = Output {
        printer,
        timing: args.timing,
        include: args.include,
        // Building and compiling are not part of the invocation.
        started: None,
    };
    if args.handler.is_some() {
        invoke_once(args, event, output)?;
    } else {
        runtime()?.block_on(invoke_url(&args.url, event, output))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read_event(data: &str) -> Result<Bytes> {
    match data.strip_prefix('@') {
        None => Ok(data.to_owned().into()),
        Some("-") => {
            let mut event = Vec::new();
            std::io::stdin()
                .read_to_end(&mut event)
                .context("cannot read the event from standard input")?;
            Ok(event.into())
        }
        Some(file) => {
            let event = std::fs::read(file);
            Ok(event
                .with_context(|| format!("cannot read the event from `{file}`"))?
                .into())
        }
    }
}

/// Rejects events that Lambda rejects before it calls the function.
fn checked(event: Bytes) -> Result<Bytes> {
    if event.len() > PAYLOAD_LIMIT_BYTES {
        bail!(
            "the event has {} bytes, and Lambda takes at most {PAYLOAD_LIMIT_BYTES}: the function would not \
             be called",
            event.len()
        );
    }
    json_event(event).map_err(|error| {
        let message = format!(
            "the event is not JSON, so Lambda would not call the function: {}: {}",
            error.name, error.message
        );
        anyhow::Error::msg(message)
    })
}

/// Runs a handler for one invocation.
fn invoke_once(args: InvokeArgs, event: Bytes, output: Output<'_>) -> Result<()> {
    let handler = args.handler.context("no handler was named")?;
    let bootstrap = args.function.bootstrap.as_deref();
    let component = component_for(&handler, Effort::Full, *output.printer)?;
    let source = Source::component(component, bootstrap, project_file(&handler))?;
    note(&source, output.printer);
    let deployment = source.prepare(&source.included()?, None, *output.printer)?;
    let handler_name = HANDLER_NAME.to_owned();
    let mut config = function_config(args.function, &source, handler_name);
    config.reports_usage = args.timing;
    let observer = report::observer(*output.printer);
    runtime()?.block_on(async {
        let pool = Pool::new(config, 1, WhenFull::Wait, observer);
        pool.put(deployment);
        let result = print_response(&pool, event, output).await;
        pool.shutdown().await;
        result
    })
}

/// Invokes, and prints the response as it arrives.
async fn print_response(pool: &Arc<Pool>, event: Bytes, mut output: Output<'_>) -> Result<()> {
    output.start();
    let mut response = local_lambda::invoke(pool, event)
        .await
        .map_err(|failure| describe(&failure))?;
    output.response_head(&response.head)?;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => output.chunk(&chunk)?,
            Ok(None) => return Ok(()),
            Err(failure) => return Err(describe(&failure).context("the response was cut")),
        }
    }
}

/// Sends an empty event to a running server, and prints when each chunk arrives.
///
/// # Errors
///
/// The handler fails, or the stream is cut.
pub(super) async fn stream_from(address: SocketAddr, printer: &Printer) -> Result<()> {
    let output = Output {
        printer,
        timing: true,
        include: false,
        started: None,
    };
    invoke_url(&format!("http://{address}/invoke"), "{}".into(), output).await
}

/// Sends the event to a running server.
async fn invoke_url(url: &str, event: Bytes, mut output: Output<'_>) -> Result<()> {
    let url: Uri = url
        .parse()
        .with_context(|| format!("`{url}` is not a URL"))?;
    let mut connection = JoinSet::new();
    output.start();
    let response = post(&url, event, &mut connection)
        .await
        .with_context(|| format!("no response from {url}: is `bootstream dev HANDLER` running?"))?;
    let (head, mut body) = response.into_parts();
    if head.headers.contains_key(FUNCTION_ERROR) {
        return Err(describe(&Failure::from_document(
            document(body).await,
            None,
        )));
    }
    if head.headers.contains_key(REJECTION) {
        let reason = document(body).await;
        let reason = String::from_utf8_lossy(&reason);
        bail!("the server refused the event: {}", reason.trim_end());
    }
    output.head(head.status, &head.headers)?;
    while let Some(frame) = body.frame().await {
        let frame = frame.context(
            "the response was cut before its end: \
             the terminal of `bootstream dev` says why",
        )?;
        if let Ok(chunk) = frame.into_data() {
            output.chunk(&chunk)?;
        }
    }
    Ok(())
}

/// Reads the document in place of a response.
async fn document(body: Incoming) -> Bytes {
    let whole = http_body_util::Limited::new(body, ERROR_DOCUMENT_LIMIT_BYTES);
    let whole = whole.collect().await;
    whole.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes)
}

async fn post(
    url: &Uri,
    event: Bytes,
    connection: &mut JoinSet<hyper::Result<()>>,
) -> Result<Response<Incoming>> {
    let Some(authority) = url.authority().filter(|_| url.scheme_str() == Some("http")) else {
        bail!("the URL must begin with `http://`");
    };
    let stream = TcpStream::connect((host(authority.host()), url.port_u16().unwrap_or(80))).await?;
    stream.set_nodelay(true)?;
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    connection.spawn(driver);
    let path = url
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let mut request = Request::post(path).body(Full::new(event))?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(sender.send_request(request).await?)
}

/// Returns the host of a URL in the form for a resolver.
fn host(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn describe(failure: &Failure) -> anyhow::Error {
    let what = match failure.error_type.as_str() {
        "Runtime.HandlerNotFound" | "Runtime.InvalidComponent" | "Runtime.InvalidConfiguration" => {
            "the function can't start"
        }
        _ => "the handler failed",
    };
    anyhow::Error::msg(failure.to_string()).context(what)
}

/// Prints a response.
struct Output<'a> {
    printer: &'a Printer,
    timing: bool,
    include: bool,
    started: Option<Instant>,
}

impl Output<'_> {
    fn start(&mut self) {
        self.started = Some(Instant::now());
    }

    fn response_head(&self, head: &ResponseHead) -> Result<()> {
        for warning in &head.warnings {
            self.printer
                .message(Tone::Warn, &format!("warning: {warning}"));
        }
        self.head(head.status, &head.headers)
    }

    fn head(&self, status: StatusCode, headers: &HeaderMap) -> Result<()> {
        if !self.include {
            return Ok(());
        }
        let mut text = format!("{status}\n");
        for (name, value) in headers {
            text.push_str(&format!(
                "{name}: {}\n",
                String::from_utf8_lossy(value.as_bytes())
            ));
        }
        text.push('\n');
        self.data(text.as_bytes())
    }

    fn chunk(&self, chunk: &[u8]) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        if !self.timing {
            return self.data(chunk);
        }
        let elapsed = self
            .started
            .map(|started| started.elapsed())
            .unwrap_or_default();
        self.data(&timed(elapsed, chunk))
    }

    fn data(&self, bytes: &[u8]) -> Result<()> {
        Ok(self.printer.data(bytes)?)
    }
}

/// Formats a chunk with the time before it, on a line of its own.
fn timed(elapsed: Duration, chunk: &[u8]) -> Vec<u8> {
    let mut line = format!("[{:>6.3}s] ", elapsed.as_secs_f64()).into_bytes();
    line.extend_from_slice(chunk);
    if chunk.last() != Some(&b'\n') {
        line.push(b'\n');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_timed_piece_is_a_line() {
        let at = Duration::from_millis(1003);

        assert_eq!(timed(at, b"Number: 2"), b"[ 1.003s] Number: 2\n");
        assert_eq!(timed(at, b"Number: 2\n"), b"[ 1.003s] Number: 2\n");
    }
}
