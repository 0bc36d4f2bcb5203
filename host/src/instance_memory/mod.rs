//! Memories and stacks of instances, used again by the next ones.

mod memory;
mod page_map;
mod recycle;
mod region;

pub(crate) use memory::{Memories, Stacks};
