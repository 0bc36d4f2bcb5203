//! What the console predicts, and what the local Lambda with the limits of AWS then does.

use std::time::Instant;

use serde_json::json;

use super::{get, one_of_three};
use crate::support::{Dev, ready_guest, script};

#[test]
fn the_predicted_end_is_the_one_that_limits_enforce() {
    const SCALE: u32 = 10;
    let steps = script(&json!([
        {"write_headers": {"status": 200}}, {"write_pattern": {"total": 31_000_000, "chunk": 65_536}},
    ]));
    let mut free = Dev::start(&ready_guest(), &[]);
    let console = free.console();
    free.post("/", &steps).raw_rest();
    let list = get(&console, "/api/invocations").json();
    let id = list["invocations"][0]["requestId"]
        .as_str()
        .expect("an id")
        .to_owned();
    let details = get(&console, &format!("/api/invocations/{id}")).json();
    let predicted = details["predicted"]["endMs"].as_f64().expect("a time") / 1e3;
    let free_took = details["totalMs"].as_f64().expect("a time") / 1e3;
    let sentence = details["predicted"]["sentence"].as_str().expect("text");
    assert!(sentence.contains("would have ended after"), "{sentence}");

    let limited = Dev::start(&ready_guest(), &["--limits", "aws", "--clock-scale", "10"]);
    limited.assert_serves();
    // The machine's own work runs on the real clock, and takes longer on a busy machine.
    one_of_three(|| {
        let began = Instant::now();
        limited.post("/", &steps).raw_rest();
        let took = began.elapsed().as_secs_f64() * f64::from(SCALE);
        let is_close = (took - predicted).abs() < 0.02 * took + free_took * f64::from(SCALE);
        is_close
            .then_some(())
            .ok_or_else(|| format!("{took} s instead of {predicted} s"))
    });
}
