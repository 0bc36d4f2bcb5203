//! Responds with where its table was computed: at build time, or in this instance.
//!
//! The memory of a fresh instance tells the two apart; no clock is involved.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bootstream::{Error, Event, Response};

/// Whether this instance has handled an event: set at the first invocation, never at build time.
static HANDLING: AtomicBool = AtomicBool::new(false);

static TABLE: LazyLock<Table> = LazyLock::new(|| Table {
    computed_in_an_instance: HANDLING.load(Ordering::Relaxed),
    squares: (0..20_000).map(|n| (n, n * n)).collect(),
});

struct Table {
    computed_in_an_instance: bool,
    squares: HashMap<u64, u64>,
}

#[bootstream::preinit]
fn prepare() {
    LazyLock::force(&TABLE);
}

#[bootstream::handler]
fn handle(_event: Event, response: Response) -> Result<(), Error> {
    HANDLING.store(true, Ordering::Relaxed);
    let origin = if TABLE.computed_in_an_instance {
        "computed in an instance"
    } else {
        "computed when it was built"
    };
    let sum: u64 = TABLE.squares.values().sum();
    // Later allocations do not disturb preinitialized memory.
    let more: Vec<u64> = TABLE.squares.keys().copied().collect();
    let text = format!("{origin}, {} squares, sum {sum}\n", more.len());
    response.into_body().write_and_finish(text)?;
    Ok(())
}
