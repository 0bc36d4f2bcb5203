//! The resource limits of one instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

use crate::invocation::Invocation;

/// The configured limits of an instance.
#[derive(Clone, Debug)]
pub(crate) struct LimitSettings {
    /// Most bytes of memories and tables together.
    pub(crate) memory_bytes: usize,
    /// Whether the user set the memory limit, instead of deriving it from the function's memory.
    pub(crate) memory_is_set: bool,
    pub(crate) stack_bytes: usize,
    /// Core instances in one component instance. Tools make two to four.
    pub(crate) instances: usize,
    /// Tables in one component instance. Tools make two to six.
    pub(crate) tables: usize,
    /// Elements of one table: a function pointer each.
    pub(crate) table_elements: usize,
    pub(crate) event_bytes: usize,
    /// Most bytes that a guest may pass to the host in one call. Bounds what a WASI call copies, and
    /// stops a list that refers to the same text a million times. The engine also counts the chunk of a
    /// `write`, although that is never copied as a whole.
    pub(crate) hostcall_bytes: usize,
    pub(crate) response_bytes: Option<u64>,
    pub(crate) response_writes: Option<u64>,
}

/// An event too large to be passed to the guest.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the event has {bytes} bytes, more than the limit of {limit}; send less, or raise \
     `limits.event-kib`"
)]
pub(crate) struct EventTooLarge {
    bytes: u64,
    limit: usize,
}

impl LimitSettings {
    pub(crate) fn check_event(&self, invocation: &Invocation) -> Result<(), EventTooLarge> {
        // The client has enforced the limit.
        match invocation.surplus_bytes {
            Some(bytes) => Err(EventTooLarge {
                bytes,
                limit: self.event_bytes,
            }),
            None => Ok(()),
        }
    }
}

/// A guest has exceeded a limit of its response. Ends the guest.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the handler wrote {used} {unit} of response, more than its limit of {limit}; \
     write less, or raise `{setting}`"
)]
pub(crate) struct ResponseTooLarge {
    used: u64,
    limit: u64,
    unit: &'static str,
    setting: &'static str,
}

/// How much a guest has written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    // Only the thread that runs the guest writes them.
    bytes: AtomicU64,
    writes: AtomicU64,
}

impl Written {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Counts `writes` of `bytes` together.
    pub(crate) fn count(
        &self,
        bytes: usize,
        writes: u64,
        limits: &LimitSettings,
    ) -> Result<(), ResponseTooLarge> {
        let bytes = add(&self.bytes, u64::try_from(bytes).unwrap_or(u64::MAX));
        let writes = add(&self.writes, writes);
        let within = |used: u64, limit: Option<u64>, unit, setting| match limit {
            Some(limit) if used > limit => Err(ResponseTooLarge {
                used,
                limit,
                unit,
                setting,
            }),
            Some(_) | None => Ok(()),
        };
        within(bytes, limits.response_bytes, "bytes", "limits.response-mib")?;
        within(
            writes,
            limits.response_writes,
            "writes",
            "limits.response-writes",
        )
    }
}

fn add(total: &AtomicU64, more: u64) -> u64 {
    let sum = total.load(Ordering::Relaxed).saturating_add(more);
    total.store(sum, Ordering::Relaxed);
    sum
}

/// Size of a table element in the host's memory.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();
/// Most linear memories in one component instance. The limit on memory bounds them together.
const MEMORY_LIMIT: usize = 64;

/// Enforces an instance's limit on memory, tables included, and records the growth it refused: a guest
/// out of memory ends in an ordinary trap, which does not name the cause.
#[derive(Debug)]
pub(crate) struct Limits {
    settings: Arc<LimitSettings>,
    /// Bytes in all memories and tables of the instance.
    used_bytes: usize,
    refused: Option<RefusedGrowth>,
}

/// A growth that was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RefusedGrowth {
    /// Of memories or tables, beyond the memory of the instance.
    Memory {
        wanted_bytes: usize,
        limit_bytes: usize,
        is_set: bool,
    },
    /// Of one table.
    Table { wanted: usize, limit: usize },
}

impl Limits {
    pub(crate) fn new(settings: Arc<LimitSettings>) -> Self {
        Self {
            settings,
            used_bytes: 0,
            refused: None,
        }
    }

    /// Starts another invocation: forgets the growth that an earlier one was refused.
    pub(crate) fn begin(&mut self) {
        self.refused = None;
    }

    /// Counts `bytes` more. Returns `false` if that exceeds the limit.
    fn take(&mut self, bytes: usize) -> bool {
        let wanted_bytes = self.used_bytes.saturating_add(bytes);
        let limit_bytes = self.settings.memory_bytes;
        if wanted_bytes > limit_bytes {
            self.refused = Some(RefusedGrowth::Memory {
                wanted_bytes,
                limit_bytes,
                is_set: self.settings.memory_is_set,
            });
            return false;
        }
        self.used_bytes = wanted_bytes;
        true
    }

    pub(crate) fn settings(&self) -> &Arc<LimitSettings> {
        &self.settings
    }

    /// Bytes in all memories and tables of the instance.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    pub(crate) fn refused(&self) -> Option<RefusedGrowth> {
        self.refused
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The engine asks before it checks the memory's own maximum. Counted bytes cannot be undone on
        // failure: the engine also reports failures of growth it never asked about.
        let possible = maximum.is_none_or(|maximum| desired <= maximum);
        Ok(possible && self.take(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let limit = self.settings.table_elements;
        if desired > limit {
            self.refused = Some(RefusedGrowth::Table {
                wanted: desired,
                limit,
            });
            return Ok(false);
        }
        let grown = desired.saturating_sub(current);
        Ok(self.take(grown.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn instances(&self) -> usize {
        self.settings.instances
    }

    fn tables(&self) -> usize {
        self.settings.tables
    }

    fn memories(&self) -> usize {
        MEMORY_LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn settings() -> LimitSettings {
        LimitSettings {
            memory_bytes: 10 * MIB,
            memory_is_set: true,
            stack_bytes: MIB,
            instances: 1,
            tables: 1,
            table_elements: MIB,
            event_bytes: MIB,
            hostcall_bytes: MIB,
            response_bytes: Some(10),
            response_writes: Some(3),
        }
    }

    fn limits() -> Limits {
        Limits::new(Arc::new(settings()))
    }

    #[test]
    fn what_a_memory_cannot_have_by_its_own_type_is_not_counted() {
        let mut limits = limits();
        assert!(!limits.memory_growing(0, 8 * MIB, Some(4 * MIB)).unwrap());
        assert!(limits.refused().is_none());
        assert!(limits.memory_growing(0, 9 * MIB, None).unwrap());
    }

    #[test]
    fn tables_count_as_memory() {
        let mut limits = limits();
        assert!(limits.table_growing(0, MIB, None).unwrap());
        assert!(!limits.memory_growing(0, 3 * MIB, None).unwrap());
        let refused = limits.refused().unwrap();
        assert!(
            matches!(refused, RefusedGrowth::Memory { wanted_bytes, .. } if wanted_bytes == 11 * MIB)
        );
    }

    #[test]
    fn one_table_has_a_limit_of_its_own() {
        let mut limits = limits();
        assert!(!limits.table_growing(0, 2 * MIB, None).unwrap());
        let refused = limits.refused().unwrap();
        assert!(matches!(refused, RefusedGrowth::Table { wanted, .. } if wanted == 2 * MIB));
    }

    #[test]
    fn a_response_is_counted_in_bytes_and_in_writes() {
        let settings = settings();
        let write = |sizes: &[usize]| {
            let written = Written::default();
            sizes
                .iter()
                .try_for_each(|size| written.count(*size, 1, &settings))
                .map_err(|error| error.to_string())
        };
        assert_eq!(write(&[10, 0, 0]), Ok(()));
        let too_many_bytes = write(&[8, 3]).unwrap_err();
        for words in ["11 bytes", "limit of 10", "`limits.response-mib`"] {
            assert!(too_many_bytes.contains(words), "{too_many_bytes}");
        }
        let too_many_writes = write(&[0; 4]).unwrap_err();
        assert!(too_many_writes.contains("`limits.response-writes`"));
    }
}
