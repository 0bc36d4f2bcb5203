//! Extracts the commands and files of a Markdown document.

/// A step of a reader.
#[derive(Debug)]
pub(crate) enum Block {
    /// Writes a file.
    File {
        /// Relative to the root of the repository.
        path: String,
        text: String,
    },
    /// Runs commands.
    Commands(Vec<Command>),
}

/// A command and its expected output.
#[derive(Debug, Default)]
pub(crate) struct Command {
    pub(crate) line: String,
    pub(crate) expected: Vec<String>,
}

const BY_HAND: &str = "<!-- run by hand: ";

/// The blocks of `markdown` that a reader follows, in order.
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
