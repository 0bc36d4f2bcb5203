//! Records an invocation, and puts its capsule where it belongs.

use std::path::Path;
use std::sync::Arc;

use tokio::time::Instant;

use crate::capsule::{Beginning, CapsuleSettings, Destination, Recorder, Seed, Tape};
use crate::invocation::Invocation;

/// Returns the tape of an invocation that has just arrived.
pub(super) fn begin(settings: &Arc<CapsuleSettings>, invocation: &Invocation) -> Option<Arc<Tape>> {
    let seed = Seed::new()
        .inspect_err(
            |error| tracing::warn!(%error, "cannot record: the system has no random numbers"),
        )
        .ok()?;
    let left = invocation
        .deadline
        .at
        .saturating_duration_since(Instant::now());
    let recorder = Recorder::new(&Beginning {
        invocation,
        settings,
        seed,
        left_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
    });
    Some(Arc::new(Tape::Record(recorder)))
}

/// Puts the capsule of an invocation that has ended into its folder, or into the log.
pub(super) fn end(tape: &Tape, settings: &CapsuleSettings, invocation: &Invocation) {
    let Some(recorder) = tape.recorder() else {
        return;
    };
    match &settings.destination {
        Destination::Folder(folder) => write(
            folder,
            &invocation.request_id,
            &recorder.text(&settings.hidden),
        ),
        Destination::Log => {
            if let Some(capsule) = recorder.packed_failure(&settings.hidden) {
                log(invocation, &capsule);
            }
        }
    }
}

fn write(folder: &Path, request_id: &str, capsule: &[u8]) {
    // Ids of Lambda are names of files; others may be anything.
    let is_safe = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let name = request_id.replace(|letter| !is_safe(letter), "-");
    let path = folder.join(format!("{name}.capsule"));
    let partial = folder.join(format!("{name}.capsule.partial"));
    let written = std::fs::write(&partial, capsule).and_then(|()| std::fs::rename(&partial, &path));
    if let Err(error) = written {
        tracing::error!(%error, "cannot write the capsule `{}`", path.display());
    }
}

fn log(invocation: &Invocation, capsule: &str) {
    tracing::error!(
        requestId = %invocation.request_id,
        tenantId = invocation.tenant_id.as_deref(),
        %capsule,
        "capsule of the failed invocation: give this line to `bootstream replay`"
    );
}
