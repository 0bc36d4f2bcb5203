//! Responses that end in every other way.

use std::time::Duration;

use wasip3::http::types::{ErrorCode, Fields};
use wasip3::wit_bindgen::spawn_local;

use crate::answers::wait;
use crate::{Answer, Body, respond, text};

/// Longer than any invocation.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn end(path: &str, query: &str) -> Option<Answer> {
    Some(match path {
        "/trap-first" => panic!("no response"),
        "/exit-first" => {
            exit(query).await;
            text("unreachable")
        }
        "/error-and-works-on" => {
            works_on();
            Err(ErrorCode::InternalError(Some("out of ideas".to_owned())))
        }
        "/failure-and-works-on" => {
            works_on();
            let (response, mut body) = respond(&[]);
            response.set_status_code(503).expect("a status");
            spawn_local(async move {
                body.write("out of ideas").await;
            });
            Ok(response)
        }
        "/error" => Err(ErrorCode::InternalError(Some("out of ideas".to_owned()))),
        "/stuck" => {
            wait(A_DAY).await;
            text("late")
        }
        "/spin" => spin(),
        "/hoard" => hoard(),
        "/length" => length(query),
        _ => return after_hello(path, query),
    })
}

/// Responds with `hello`, and then does what the path says.
fn after_hello(path: &str, query: &str) -> Option<Answer> {
    let (response, mut body) = respond(&[]);
    let (path, query) = (path.to_owned(), query.to_owned());
    if !KNOWN.contains(&path.as_str()) {
        return None;
    }
    spawn_local(async move {
        body.write("hello").await;
        hello_sent(&path, &query, body).await;
    });
    Some(Ok(response))
}

const KNOWN: [&str; 15] = [
    "/trap",
    "/exit",
    "/leak",
    "/trailers-error",
    "/trailers",
    "/trailers-never",
    "/ends-and",
    "/fails-and-panics",
    "/works-on",
    "/traps-late",
    "/never-ends",
    "/waits",
    "/spins-on",
    "/transmitted",
    "/until-gone",
];

#[expect(clippy::mem_forget, reason = "a body that nobody ends")]
async fn hello_sent(path: &str, query: &str, body: Body) {
    match path {
        "/trap" => panic!("after hello"),
        "/exit" => exit(query).await,
        "/leak" => std::mem::forget(body),
        "/trailers-error" => {
            trailers(body, Err(ErrorCode::InternalError(Some("half".to_owned())))).await;
        }
        "/trailers" => trailers(body, Ok(Some(forged_trailers()))).await,
        "/trailers-never" => {
            drop(body.bytes);
            std::mem::forget(body.trailers);
        }
        "/ends-and" => ends_and(query, body).await,
        "/fails-and-panics" => {
            trailers(body, Err(ErrorCode::InternalError(None))).await;
            wait(Duration::from_millis(20)).await;
            panic!("after the failure");
        }
        "/works-on" => {
            drop(body);
            wait(Duration::from_millis(200)).await;
            println!("worked on");
        }
        "/traps-late" => {
            drop(body);
            wait(Duration::from_millis(20)).await;
            panic!("too late");
        }
        "/never-ends" => {
            drop(body);
            wait(A_DAY).await;
        }
        "/waits" => {
            wait(A_DAY).await;
            drop(body);
        }
        "/spins-on" => {
            spin();
        }
        "/transmitted" => {
            let transmitted = body.transmitted;
            drop((body.bytes, body.trailers));
            println!("transmitted: {:?}", transmitted.await);
        }
        _ => until_gone(body).await,
    }
}

/// Goes on for a while after the answer.
fn works_on() {
    spawn_local(async {
        wait(Duration::from_millis(200)).await;
        println!("worked on");
    });
}

/// Ends the response, and goes on without a pause.
async fn ends_and(query: &str, body: Body) {
    drop(body.bytes);
    drop(body.trailers.write(Ok(None)).await);
    match query {
        "panics" => panic!("too late"),
        "exits" => wasip3::cli::exit::exit(Ok(())),
        "fails" => wasip3::cli::exit::exit(Err(())),
        "spins" => {
            spin();
        }
        _ => {
            let started = std::time::Instant::now();
            while started.elapsed() < Duration::from_millis(300) {
                std::hint::black_box(0);
            }
        }
    }
}

async fn trailers(body: Body, trailers: Result<Option<Fields>, ErrorCode>) {
    drop(body.bytes);
    drop(body.trailers.write(trailers).await);
}

fn forged_trailers() -> Fields {
    let forged = [
        ("lambda-runtime-function-error-type", "Forged"),
        ("x-checksum", "1"),
    ];
    let fields = forged.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    Fields::from_list(&fields).expect("valid trailers")
}

/// Writes until the receiver is gone, and tells what it learns.
async fn until_gone(mut body: Body) {
    let mut writes = 0_u64;
    while body.write(vec![b'.'; 64 * 1024]).await == 0 {
        writes += 1;
    }
    drop((body.bytes, body.trailers));
    println!("gone after {writes} writes: {:?}", body.transmitted.await);
}

async fn exit(status: &str) {
    wait(Duration::from_millis(5)).await;
    wasip3::cli::exit::exit(if status == "0" { Ok(()) } else { Err(()) });
}

/// Makes streams, and keeps them all.
fn hoard() -> ! {
    loop {
        Box::leak(Box::new(wasip3::wit_stream::new::<u8>()));
    }
}

fn spin() -> ! {
    loop {
        std::hint::black_box(0);
    }
}

/// Promises some bytes, and writes others: `promised,written`, with a status after it if it is not 200.
fn length(query: &str) -> Answer {
    let (promised, written) = query.split_once(',').expect("two lengths");
    let (written, status) = written.split_once(',').unwrap_or((written, "200"));
    let (response, mut body) = respond(&[("content-length", promised)]);
    let status = status.parse().expect("a number");
    response.set_status_code(status).expect("a status");
    let written: usize = written.parse().expect("a length");
    spawn_local(async move {
        let left = body.write(vec![b'.'; written]).await;
        let Body {
            bytes,
            trailers,
            transmitted,
        } = body;
        drop((bytes, trailers));
        println!("left {left}, transmitted: {:?}", transmitted.await);
    });
    Ok(response)
}
