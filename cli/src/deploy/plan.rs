//! Command lines, to run or to print.

use std::fmt;

use crate::args::DeployArgs;

/// A program and its arguments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CommandLine {
    pub(crate) program: &'static str,
    pub(crate) arguments: Vec<String>,
}

impl CommandLine {
    fn new(program: &'static str, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|text| (*text).to_owned());
        self.arguments.extend(arguments);
        self
    }

    fn in_region(self, args: &DeployArgs) -> Self {
        match &args.region {
            Some(region) => self.with(&["--region", region]),
            None => self,
        }
    }

    fn with_parameters(mut self, args: &DeployArgs) -> Self {
        if args.parameters.is_empty() {
            return self;
        }
        self.arguments.push("--parameter-overrides".to_owned());
        let pairs = args.parameters.iter();
        self.arguments
            .extend(pairs.map(|(name, value)| format!("{name}={value}")));
        self
    }
}

/// In shell syntax.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(argument))?;
        }
        Ok(())
    }
}

/// Quotes an argument for a shell, if necessary.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// Returns the command that creates or updates the stack with SAM.
pub(crate) fn with_sam(args: &DeployArgs) -> CommandLine {
    let template = args.template.display().to_string();
    let mut line = CommandLine::new("sam", &["deploy", "--template-file", &template]);
    if let Some(stack) = &args.stack {
        line = line.with(&["--stack-name", stack]);
    }
    // With `--guided`, SAM asks for these itself and saves them.
    if !args.more.iter().any(|argument| argument == "--guided") {
        line = line.with(&["--capabilities", "CAPABILITY_IAM", "--resolve-s3"]);
    }
    line = line.in_region(args).with_parameters(args);
    line.arguments.extend(args.more.iter().cloned());
    line
}

/// Returns the equivalent commands of the AWS CLI, which need a bucket.
pub(crate) fn without_sam(args: &DeployArgs) -> [CommandLine; 2] {
    const PACKAGED: &str = "dist/packaged.yaml";
    let template = args.template.display().to_string();
    let stack = args.stack.as_deref().unwrap_or("STACK");
    let package = CommandLine::new("aws", &["cloudformation", "package"]).with(&[
        "--template-file",
        &template,
        "--s3-bucket",
        "BUCKET",
        "--output-template-file",
        PACKAGED,
    ]);
    let deploy = CommandLine::new("aws", &["cloudformation", "deploy"]).with(&[
        "--template-file",
        PACKAGED,
        "--stack-name",
        stack,
        "--capabilities",
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ]);
    [
        package.in_region(args),
        deploy.in_region(args).with_parameters(args),
    ]
}

/// Returns the command that prints the ARN of a stack's function.
pub(crate) fn function_of_stack(args: &DeployArgs, stack: &str) -> CommandLine {
    CommandLine::new("aws", &["cloudformation", "describe-stacks"])
        .with(&["--stack-name", stack])
        .with(&[
            "--query",
            "Stacks[0].Outputs[?OutputKey=='LambdaArn'].OutputValue",
            "--output",
            "text",
        ])
        .in_region(args)
}

/// Returns the command that prints a function's configuration in JSON.
pub(crate) fn configuration(args: &DeployArgs, function: &str) -> CommandLine {
    CommandLine::new("aws", &["lambda", "get-function-configuration"])
        .with(&["--function-name", function, "--output", "json"])
        .in_region(args)
}

/// Returns the commands that replace the code of a function and wait until it is active.
pub(crate) fn update(args: &DeployArgs, function: &str) -> [CommandLine; 2] {
    let zip = format!("fileb://{}", args.zip.display());
    let upload = CommandLine::new("aws", &["lambda", "update-function-code"]).with(&[
        "--function-name",
        function,
        "--zip-file",
        &zip,
        "--output",
        "json",
    ]);
    let wait = CommandLine::new("aws", &["lambda", "wait", "function-updated"])
        .with(&["--function-name", function]);
    [upload.in_region(args), wait.in_region(args)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_pasted() {
        let line = CommandLine::new("sam", &["deploy", "a b", "it's", "", "K=V", "$HOME"]);

        assert_eq!(
            line.to_string(),
            r"sam deploy 'a b' 'it'\''s' '' K=V '$HOME'"
        );
    }
}
