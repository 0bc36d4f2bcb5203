//! Finds in a Markdown document what its reader types.

/// Something a reader does.
#[derive(Debug)]
pub(crate) enum Block {
    /// Puts a text into a file.
    File {
        /// Relative to the root of the repository.
        path: String,
        text: String,
    },
    /// Types commands.
    Commands(Vec<Command>),
}

/// A command and what it should print.
#[derive(Debug, Default)]
pub(crate) struct Command {
    pub(crate) line: String,
    pub(crate) expected: Vec<String>,
}

const BY_HAND: &str = "<!-- run by hand: ";

/// The blocks of `markdown` that are to be followed, in order.
pub(crate) fn parse(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    let mut by_hand = false;
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if !by_hand {
                blocks.extend(block(fence, &text));
            }
        }
        by_hand = line.starts_with(BY_HAND) || (by_hand && line.is_empty());
    }
    blocks
}

fn block(fence: &str, text: &[&str]) -> Option<Block> {
    if fence == "console" {
        return Some(Block::Commands(commands(text)));
    }
    let (_language, path) = fence.split_once(' ')?;
    Some(Block::File {
        path: path.to_owned(),
        text: text.join("\n") + "\n",
    })
}

fn commands(text: &[&str]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for line in text {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(line), _) => {
                commands.push(Command {
                    line: line.to_owned(),
                    ..Command::default()
                });
            }
            (None, Some(command)) => command.expected.push((*line).to_owned()),
            (None, None) => panic!("a console block starts with output: {line}"),
        }
    }
    commands
}
