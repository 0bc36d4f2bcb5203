//! Memories and stacks of instances, recycled from one instance to the next.

mod hot_pages;
mod mappings;
mod memory;
mod page_map;
mod recycle;
mod region;

pub(crate) use hot_pages::HotPages;
pub(crate) use memory::{Memories, Stacks};
