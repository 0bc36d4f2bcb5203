//! What the host asks of the operating system itself.

pub(crate) mod epoch_timer;
