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
fn the_sentence_names_the_service_and_the_times() {
    let prediction = Prediction {
        delivered: Vec::new(),
        end: 12 * SECOND,
        failure: None,
    };
    let rules = |front_end: FrontEnd| Some(front_end.response_rules());
    for (service, burst) in [
        (rules(FrontEnd::Url), 6),
        (rules(FrontEnd::Rest), 10),
        (None, 6),
    ] {
        let said = sentence(service, 31_000_000, SECOND, &prediction);
        let expected = format!(
            "ended after 12.0 s instead of 1.0 s: 29.6 MiB at 2 MiB/s after the first {burst}."
        );
        assert!(said.ends_with(&expected), "{said}");
    }
    let same = sentence(None, 1, 12 * SECOND, &prediction);
    assert_eq!(
        same,
        "On AWS this response would have ended at the same time."
    );
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
