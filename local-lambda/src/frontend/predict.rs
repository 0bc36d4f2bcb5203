//! When Lambda would have delivered a recorded response, by its documented limits. Knows nothing about the
//! network between AWS and a caller.

use std::time::Duration;

use lambda_protocol::limits::{LOAD_BALANCER_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES};
use serde_json::{Value, json};

use super::FrontEnd;
use super::limits::{
    HTTP_API_LIMIT, LAMBDA_RATE, REST_IDLE_LIMIT, REST_LIFETIME, REST_RATE, TOTAL_BYTES,
};
use crate::recorder::{Chunk, Record};
use crate::response::{Rate, STEP, STEPS_PER_SECOND};

/// Most points of the predicted delivery.
const MOST_POINTS: usize = 500;

/// Differences below this are not worth a sentence, in microseconds.
const SMALL_MICROS: u64 = 50_000;

/// The predicted delivery of a response. Times are in microseconds from the start of the request.
#[derive(Debug, PartialEq)]
struct Prediction {
    /// When each chunk has been delivered.
    delivered: Vec<u64>,
    /// When the response ends.
    end: u64,
    /// Why it ends early or fails.
    failure: Option<&'static str>,
}

/// Predicts the delivery of a response that has ended. `null` if there is nothing to predict.
pub(crate) fn predict(record: &Record) -> Value {
    let chunks = record.chunks.kept();
    let Some(end) = record.ended_at().filter(|_| !chunks.is_empty()) else {
        return Value::Null;
    };
    let front_end = FrontEnd::ALL
        .into_iter()
        .find(|it| it.name() == record.door);
    let service = front_end.map_or("Lambda", |front_end| front_end.response_rules().service);
    let prediction = predicted(front_end, chunks, end);
    let step = prediction.delivered.len().div_ceil(MOST_POINTS).max(1);
    let last = prediction.delivered.len().saturating_sub(1);
    let points = prediction.delivered.iter().zip(chunks).enumerate();
    let points = points.filter(|(at, _)| at % step == 0 || *at == last);
    json!({
        "endMs": prediction.end as f64 / 1e3,
        "actualMs": end as f64 / 1e3,
        "failure": prediction.failure,
        "sentence": sentence(service, record.body.total(), end, &prediction),
        "delivered": points
            .map(|(_, (at, chunk))| json!({ "at": at, "offset": chunk.offset + chunk.bytes }))
            .collect::<Vec<_>>(),
    })
}

fn sentence(service: &str, bytes: usize, end: u64, prediction: &Prediction) -> String {
    let seconds = |micros: u64| format!("{:.1} s", Duration::from_micros(micros).as_secs_f64());
    let mib = bytes as f64 / (1024.0 * 1024.0);
    if let Some(failure) = prediction.failure {
        let after = seconds(prediction.end);
        return format!(
            "Behind {service} of AWS this response would have failed after {after}: {failure}."
        );
    }
    if prediction.end.abs_diff(end) < SMALL_MICROS {
        return format!("Behind {service} of AWS this response would have ended at the same time.");
    }
    format!(
        "Behind {service} of AWS this response would have ended after {} instead of {}: {mib:.1} MiB, \
         first a burst and then 2 MiB/s.",
        seconds(prediction.end),
        seconds(end)
    )
}

fn predicted(front_end: Option<FrontEnd>, chunks: &[Chunk], end: u64) -> Prediction {
    match front_end {
        Some(FrontEnd::Http | FrontEnd::Alb | FrontEnd::AlbMulti | FrontEnd::Lattice) => {
            buffered(front_end, chunks, end)
        }
        Some(FrontEnd::Rest) => streamed(REST_RATE, Some(REST_IDLE_LIMIT), chunks, end),
        Some(FrontEnd::Url) | None => streamed(LAMBDA_RATE, None, chunks, end),
    }
}

/// A service that buffers delivers everything at the end.
fn buffered(front_end: Option<FrontEnd>, chunks: &[Chunk], end: u64) -> Prediction {
    let bytes: usize = chunks.iter().map(|chunk| chunk.bytes).sum();
    let is_load_balancer = front_end.is_some_and(FrontEnd::is_load_balancer);
    let limit = micros(HTTP_API_LIMIT);
    let (end, failure) = if bytes > PAYLOAD_LIMIT_BYTES {
        (end, Some("a buffered response has at most 6 MiB"))
    } else if is_load_balancer && bytes > LOAD_BALANCER_LIMIT_BYTES {
        (end, Some("a load balancer passes on at most 1 MiB"))
    } else if front_end == Some(FrontEnd::Http) && end > limit {
        (limit, Some("an HTTP API waits 30 s at most"))
    } else {
        (end, None)
    };
    Prediction {
        delivered: vec![end; chunks.len()],
        end,
        failure,
    }
}

/// Delivers chunks through a token bucket, as the local Lambda does with `--limits aws`.
fn streamed(rate: Rate, idle: Option<Duration>, chunks: &[Chunk], end: u64) -> Prediction {
    let mut bucket = Bucket::new(rate, chunks.first().map_or(0, |chunk| chunk.at_runtime));
    let (mut delivered, mut now, mut bytes) = (Vec::with_capacity(chunks.len()), 0, 0);
    let mut failure = None;
    for chunk in chunks {
        let silence = idle.map(|idle| now + micros(idle));
        if let Some(silence) = silence.filter(|at| now > 0 && chunk.at_runtime > *at) {
            (now, failure) = (silence, Some("nothing was written for 5 minutes"));
            break;
        }
        bytes += chunk.bytes;
        now = bucket.deliver(now.max(chunk.at_runtime), chunk.bytes);
        if bytes > TOTAL_BYTES {
            failure = Some("a stream has at most 200 MiB");
            break;
        }
        if idle.is_some() && now > micros(REST_LIFETIME) {
            (now, failure) = (
                micros(REST_LIFETIME),
                Some("a REST API streams for 15 minutes at most"),
            );
            break;
        }
        delivered.push(now);
    }
    // What the function did after its last chunk takes as long as it took here.
    let last = chunks.last().map_or(end, |chunk| chunk.at_sent);
    let end = if failure.is_none() {
        now.max(end).max(now + end.saturating_sub(last))
    } else {
        now
    };
    Prediction {
        delivered,
        end,
        failure,
    }
}

/// A token bucket with one token per byte, refilled in steps. Times are in microseconds.
struct Bucket {
    rate: Rate,
    tokens: usize,
    refilled: u64,
}

impl Bucket {
    fn new(rate: Rate, now: u64) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            refilled: now,
        }
    }

    /// Delivers bytes from `now` on. Returns when the last of them has passed.
    fn deliver(&mut self, mut now: u64, bytes: usize) -> u64 {
        let mut left = bytes;
        loop {
            self.refill(now);
            let passing = left.min(self.tokens);
            self.tokens -= passing;
            left -= passing;
            if left == 0 {
                return now;
            }
            now = self.refilled + micros(STEP);
        }
    }

    fn refill(&mut self, now: u64) {
        while now.saturating_sub(self.refilled) >= micros(STEP) {
            if self.tokens >= self.rate.burst {
                self.refilled = now;
                return;
            }
            self.refilled += micros(STEP);
            let step = self.rate.per_second.div_ceil(STEPS_PER_SECOND);
            self.tokens = self.tokens.saturating_add(step).min(self.rate.burst);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn chunks(written: &[(u64, usize)]) -> Vec<Chunk> {
        let mut offset = 0;
        let chunks = written.iter().map(|(at, bytes)| {
            offset += bytes;
            Chunk {
                at_runtime: *at,
                at_sent: *at,
                at_taken: Some(*at),
                bytes: *bytes,
                offset: offset - bytes,
                joined: 1,
            }
        });
        chunks.collect()
    }

    #[test]
    fn beyond_the_burst_the_rate_decides() {
        let mib = 1024 * 1024;
        for (front_end, bytes, expected) in [
            (Some(FrontEnd::Url), 6 * mib, 0),
            (Some(FrontEnd::Url), 16 * mib, 5 * SECOND),
            (Some(FrontEnd::Rest), 16 * mib, 3 * SECOND),
            (None, 31_000_000, 11_875_000),
        ] {
            let written = vec![(0, bytes / 100); 100];
            let seen = predicted(front_end, &chunks(&written), 0);
            assert_eq!(seen.failure, None);
            assert_eq!(seen.end, expected, "{front_end:?}");
            assert!(seen.delivered.is_sorted());
        }
    }

    #[test]
    fn a_slow_function_is_delivered_as_it_writes() {
        let written = [(0, 10), (SECOND, 10), (2 * SECOND, 10)];
        let seen = predicted(Some(FrontEnd::Url), &chunks(&written), 3 * SECOND);
        assert_eq!(seen.delivered, [0, SECOND, 2 * SECOND]);
        assert_eq!(seen.end, 3 * SECOND);
    }

    #[test]
    fn services_that_buffer_deliver_at_the_end() {
        let written = [(0, 10), (SECOND, 10)];
        for front_end in [FrontEnd::Http, FrontEnd::Alb, FrontEnd::Lattice] {
            let seen = predicted(Some(front_end), &chunks(&written), 2 * SECOND);
            assert_eq!(seen.delivered, [2 * SECOND; 2], "{front_end:?}");
        }
        let late = predicted(Some(FrontEnd::Http), &chunks(&written), 31 * SECOND);
        assert_eq!((late.end, late.failure.is_some()), (30 * SECOND, true));
        let large = chunks(&[(0, LOAD_BALANCER_LIMIT_BYTES + 1)]);
        assert!(
            predicted(Some(FrontEnd::Alb), &large, SECOND)
                .failure
                .is_some()
        );
        assert!(
            predicted(Some(FrontEnd::Http), &large, SECOND)
                .failure
                .is_none()
        );
    }

    #[test]
    fn limits_end_a_stream() {
        let silent = chunks(&[(SECOND, 1), (302 * SECOND, 1)]);
        let seen = predicted(Some(FrontEnd::Rest), &silent, 303 * SECOND);
        assert_eq!(seen.end, 301 * SECOND);
        assert!(seen.failure.unwrap().contains("5 minutes"));
        assert_eq!(
            predicted(Some(FrontEnd::Url), &silent, 303 * SECOND).failure,
            None
        );
        let large = chunks(&vec![(0, 1024 * 1024); 201]);
        let seen = predicted(Some(FrontEnd::Url), &large, SECOND);
        assert!(seen.failure.unwrap().contains("200 MiB"));
    }
}
