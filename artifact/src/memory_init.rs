//! The initialization of linear memories.

use serde::{Deserialize, Serialize};

/// How a linear memory is initialized with the data of the component's modules. Machine code is compiled for
/// one of the two, and an engine must be configured for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryInit {
    /// The data is copied, also into a recycled memory.
    Copy,
    /// The data is mapped from the file. The kernel copies each page at the first write to it.
    CopyOnWrite,
}

impl MemoryInit {
    /// Up to this size, copying the data costs less than a page fault for each touched page.
    const COPY_LIMIT_BYTES: usize = 256 * 1024;

    /// Returns the faster one for a component with this much data.
    #[must_use]
    pub fn for_data(bytes: usize) -> Self {
        if bytes > Self::COPY_LIMIT_BYTES {
            Self::CopyOnWrite
        } else {
            Self::Copy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_data_is_mapped() {
        assert_eq!(MemoryInit::for_data(0), MemoryInit::Copy);
        assert_eq!(MemoryInit::for_data(256 * 1024), MemoryInit::Copy);
        assert_eq!(
            MemoryInit::for_data(256 * 1024 + 1),
            MemoryInit::CopyOnWrite
        );
    }
}
