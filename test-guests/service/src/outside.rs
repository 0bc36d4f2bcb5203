//! What a service reaches outside of itself.

use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme};
use wasip3::sockets::types::{IpAddressFamily, TcpSocket};
use wasip3::wit_bindgen::spawn_local;
use wasip3::{wit_future, wit_stream};

use crate::{Answer, text};

pub(crate) async fn outside(path: &str, query: &str) -> Answer {
    match path {
        "/pass" => pass(query).await,
        "/forward" => send(query).await,
        "/forward-head" => send_as(&Method::Head, query).await,
        "/consume" => text(consumed(send(query).await?).await),
        "/consume-head" => text(consumed(send_as(&Method::Head, query).await?).await),
        "/pass-with-error" => pass_with_error(query).await,
        "/pass-and-watch" => pass_and_watch(query, None).await,
        "/pass-and-watch-short" => pass_and_watch(query, Some("3")).await,
        "/wrap" => wrap(),
        "/upload-trap" => upload_trap(query).await,
        "/upload" => text(upload(query).await),
        "/status-of" => match send(query).await {
            Ok(response) => text(response.get_status_code().to_string()),
            Err(error) => text(format!("{error:?}")),
        },
        "/environment" => text(format!("{:?}", wasip3::cli::environment::get_environment())),
        "/clocks" => text(clocks().await),
        "/random" => text(format!("{:?}", wasip3::random::random::get_random_bytes(4))),
        "/socket" => text(format!(
            "{:?}",
            TcpSocket::create(IpAddressFamily::Ipv4).err()
        )),
        "/resolve" => {
            let name = "localhost".to_owned();
            let resolved = wasip3::sockets::ip_name_lookup::resolve_addresses(name).await;
            text(format!("{resolved:?}"))
        }
        "/file" => text(file(query).await),
        "/file-as-body" => file_as_body(query).await,
        _ => text(format!("unknown path {path}")),
    }
}

/// Passes on the answer of another server.
async fn pass(authority: &str) -> Answer {
    let answer = send(authority).await?;
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, trailers) = Response::consume_body(answer, result);
    Ok(Response::new(Fields::new(), Some(contents), trailers).0)
}

/// Passes on the body of another server's answer, with an error of its own at the end.
async fn pass_with_error(authority: &str) -> Answer {
    let answer = send(authority).await?;
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, _) = Response::consume_body(answer, result);
    let (end, trailers) = wit_future::new(|| Ok(None));
    spawn_local(async move {
        let error = ErrorCode::InternalError(Some("half".to_owned()));
        drop(end.write(Err(error)).await);
    });
    Ok(Response::new(Fields::new(), Some(contents), trailers).0)
}

/// Passes on the body of another server's answer, and logs how it ended.
async fn pass_and_watch(authority: &str, length: Option<&str>) -> Answer {
    let answer = send(authority).await?;
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, end) = Response::consume_body(answer, result);
    spawn_local(async move {
        println!("passed on: {:?}", end.await.map(|_| ()));
    });
    let headers = length.map(|length| ("content-length".to_owned(), length.into()));
    let headers = Fields::from_list(headers.as_slice()).expect("valid headers");
    let (_, trailers) = wit_future::new(|| Ok(None));
    Ok(Response::new(headers, Some(contents), trailers).0)
}

/// Wraps a response of its own, as middleware does.
fn wrap() -> Answer {
    let inner = text("inner")?;
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, trailers) = Response::consume_body(inner, result);
    let headers = [("x-wrapped".to_owned(), b"yes".to_vec())];
    let headers = Fields::from_list(&headers).expect("valid headers");
    Ok(Response::new(headers, Some(contents), trailers).0)
}

/// Reads the answer of another server. Returns its length, and how it ended.
async fn consumed(answer: Response) -> String {
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, trailers) = Response::consume_body(answer, result);
    let read = contents.collect().await.len();
    let end = trailers.await.map(|_| ());
    format!("{read} {end:?}")
}

async fn send(target: &str) -> Result<Response, ErrorCode> {
    send_as(&Method::Get, target).await
}

async fn send_as(method: &Method, target: &str) -> Result<Response, ErrorCode> {
    send_headers(Fields::new(), method, target).await
}

/// Sends a request whose headers are those of `incoming` after `send-`, with the values of variables for `${NAME}`.
/// Responds with the answer's status and text.
pub(crate) async fn send_with(incoming: Request, target: &str) -> Answer {
    let headers: Vec<_> = incoming
        .get_headers()
        .copy_all()
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("send-")?.to_owned(), expand(value))))
        .collect();
    let headers = Fields::from_list(&headers).expect("valid headers");
    let answer = match send_headers(headers, &Method::Get, target).await {
        Ok(answer) => answer,
        Err(error) => return text(format!("{error:?}")),
    };
    let status = answer.get_status_code();
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, _) = Response::consume_body(answer, result);
    let body = contents.collect().await;
    text(format!("{status} {}", String::from_utf8_lossy(&body)))
}

fn expand(value: Vec<u8>) -> Vec<u8> {
    let mut value = String::from_utf8(value).expect("a text");
    for (name, variable) in wasip3::cli::environment::get_environment() {
        value = value.replace(&format!("${{{name}}}"), &variable);
    }
    value.into_bytes()
}

async fn send_headers(headers: Fields, method: &Method, target: &str) -> Answer {
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(headers, None, trailers, None);
    client::send(aimed(request, method, target)).await
}

/// Sends a body in two writes, and returns the status of the answer.
async fn upload(target: &str) -> String {
    let (mut body, contents) = wit_stream::new();
    let (end, trailers) = wit_future::new(|| Ok(None));
    let (request, sent) = Request::new(Fields::new(), Some(contents), trailers, None);
    spawn_local(async move {
        body.write_all(b"hello ".to_vec()).await;
        body.write_all(b"there".to_vec()).await;
        drop((body, end));
    });
    let answer = client::send(aimed(request, &Method::Post, target)).await;
    match answer {
        Ok(answer) => format!("{} {:?}", answer.get_status_code(), sent.await),
        Err(error) => format!("{error:?}"),
    }
}

/// Traps in the middle of a body.
async fn upload_trap(target: &str) -> Answer {
    let (mut body, contents) = wit_stream::new();
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(Fields::new(), Some(contents), trailers, None);
    spawn_local(async move {
        body.write_all(b"half of".to_vec()).await;
        crate::answers::wait(std::time::Duration::from_millis(50)).await;
        panic!("in the middle of a body");
    });
    client::send(aimed(request, &Method::Post, target)).await
}

/// Aims a request at `authority/path`.
fn aimed(request: Request, method: &Method, target: &str) -> Request {
    let (authority, path) = target.split_once('/').expect("a target with a path");
    let path = format!("/{path}");
    request.set_method(method).expect("a method");
    request.set_scheme(Some(&Scheme::Http)).expect("a scheme");
    request
        .set_authority(Some(authority))
        .expect("an authority");
    request.set_path_with_query(Some(&path)).expect("a path");
    request
}

async fn clocks() -> String {
    let before = wasip3::clocks::monotonic_clock::now();
    crate::answers::wait(std::time::Duration::from_millis(5)).await;
    let waited = wasip3::clocks::monotonic_clock::now() - before;
    let now = wasip3::clocks::system_clock::now();
    format!("{} {}", waited >= 5_000_000, now.seconds > 1_700_000_000)
}

/// Writes this number of bytes to a file in `/tmp`, and reads them.
async fn file(query: &str) -> String {
    match write_and_read(query.parse().expect("a size")).await {
        Ok(read) => format!("read {read}"),
        Err(error) => format!("{error:?}"),
    }
}

/// Writes this number of bytes to a file, and returns all but the first as the body of the response.
async fn file_as_body(query: &str) -> Answer {
    let file = written(query.parse().expect("a size")).await;
    let Ok(Some(file)) = file else {
        return text(format!("{file:?}"));
    };
    let (contents, _) = file.read_via_stream(1);
    let (_, trailers) = wit_future::new(|| Ok(None));
    Ok(Response::new(Fields::new(), Some(contents), trailers).0)
}

async fn write_and_read(bytes: usize) -> Result<usize, wasip3::filesystem::types::ErrorCode> {
    let Some(file) = written(bytes).await? else {
        return Ok(0);
    };
    let (read, _) = file.read_via_stream(0);
    Ok(read.collect().await.len())
}

/// Creates a file in `/tmp` with this number of bytes. Returns `None` without that folder.
async fn written(
    bytes: usize,
) -> Result<Option<wasip3::filesystem::types::Descriptor>, wasip3::filesystem::types::ErrorCode> {
    use wasip3::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};

    let folders = wasip3::filesystem::preopens::get_directories();
    let Some((tmp, _)) = folders.into_iter().find(|(_, name)| name == "/tmp") else {
        return Ok(None);
    };
    let file = tmp
        .open_at(
            PathFlags::empty(),
            "file".to_owned(),
            OpenFlags::CREATE,
            DescriptorFlags::READ | DescriptorFlags::WRITE,
        )
        .await?;
    let (mut writer, data) = wit_stream::new();
    let written = file.write_via_stream(data, 0);
    writer.write_all(vec![b'f'; bytes]).await;
    drop(writer);
    written.await?;
    Ok(Some(file))
}
