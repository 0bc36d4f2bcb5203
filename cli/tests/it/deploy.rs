//! `deploy`: its calls of `sam` and `aws`, and its output without them.
//!
//! Neither is installed: scripts of these names on the path record their arguments.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bootstream_test_support::{ARCH, OTHER_ARCH, assert_contains};

use crate::support::{bootstream, fail, failure, packages, scripted_guest, succeed, text};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:hello";

/// A folder with a template, its packages, and recording tools.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        std::fs::copy(template, folder.path().join("template.yaml")).unwrap();
        std::fs::create_dir(folder.path().join("tools")).unwrap();
        let dist = folder.path().join("dist");
        std::fs::create_dir(&dist).unwrap();
        for zip in ["host-layer.zip", "function.zip"] {
            std::fs::copy(packages().join(zip), dist.join(zip)).unwrap();
        }
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn notes(&self) -> PathBuf {
        self.path().join("notes")
    }

    /// Puts a tool on the path that records its arguments and then runs the script `answer`.
    fn tool(&self, name: &str, answer: &str) {
        let path = self.path().join("tools").join(name);
        let notes = self.notes();
        let script = format!(
            "#!/bin/sh\n{{ printf '%s' {name}; printf ' [%s]' \"$@\"; echo; }} >> {}\n{answer}\n",
            notes.display()
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts an AWS CLI on the path that knows one stack with one function.
    fn aws(&self, arch: &str, handler: &str) {
        let configuration = format!(
            r#"{{"FunctionName":"hello","Handler":"{handler}","Architectures":["{arch}"],"Layers":[{{"Arn":"x"}}]}}"#
        );
        self.tool(
            "aws",
            &format!(
                "case \"$1 $2\" in\n\
                 'cloudformation describe-stacks') echo {FUNCTION} ;;\n\
                 'lambda get-function-configuration') echo '{configuration}' ;;\n\
                 esac"
            ),
        );
    }

    fn deploy(&self, args: &[&str]) -> Command {
        let mut command = bootstream(&[&["deploy"], args].concat());
        command
            .env("PATH", self.path().join("tools"))
            .current_dir(self.path());
        command
    }

    /// The recorded calls of the tools, one per line.
    fn calls(&self) -> Vec<String> {
        let notes = std::fs::read_to_string(self.notes()).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }
}

fn architecture() -> String {
    format!("Architecture={ARCH}")
}

#[test]
fn a_stack_is_deployed_by_sam() {
    let desk = Desk::new();
    desk.tool("sam", "");

    let args = ["--stack", "hello", "--region", "eu-central-1", "-p"];
    succeed(&mut desk.deploy(&[&args[..], &[&architecture(), "-p", "LogLevel=DEBUG"]].concat()));

    assert_eq!(
        desk.calls(),
        [format!(
            "sam [deploy] [--template-file] [template.yaml] [--stack-name] [hello] [--capabilities] \
             [CAPABILITY_IAM] [--resolve-s3] [--region] [eu-central-1] [--parameter-overrides] \
             [{}] [LogLevel=DEBUG]",
            architecture()
        )]
    );
}

#[test]
fn further_arguments_are_passed_to_sam() {
    let desk = Desk::new();
    desk.tool("sam", "");

    let output =
        succeed(&mut desk.deploy(&["-p", "AuthType=NONE", "--", "--guided", "--profile", "me"]));

    assert!(text(&output.stderr).contains("warning[public-api]"));
    assert_eq!(
        desk.calls(),
        [
            "sam [deploy] [--template-file] [template.yaml] [--parameter-overrides] [AuthType=NONE] \
             [--guided] [--profile] [me]"
        ]
    );
}

#[test]
fn a_failure_of_sam_is_one_of_deploy() {
    let desk = Desk::new();
    desk.tool("sam", "exit 3");

    let output = fail(&mut desk.deploy(&["--stack", "hello", "-p", &architecture()]));

    assert!(text(&output.stderr).contains("failed: exit status: 3"));
}

#[test]
fn what_doctor_finds_stops_it_unless_it_is_accepted() {
    let desk = Desk::new();
    desk.tool("sam", "");
    let args = [
        "--stack",
        "hello",
        "-p",
        &architecture(),
        "-p",
        "AuthType=NONE",
    ];

    let output = fail(&mut desk.deploy(&args));

    let said = text(&output.stderr);
    assert_contains(&said, "error[public-api]: anybody may call `ANY /stream`");
    assert_contains(
        &said,
        "error: nothing was deployed because of the errors above",
    );
    assert_eq!(desk.calls(), [""; 0]);
    succeed(&mut desk.deploy(&[&args[..], &["--allow", "public-api"]].concat()));

    assert_eq!(desk.calls().len(), 1);
}

#[test]
fn without_sam_the_commands_are_printed() {
    let desk = Desk::new();

    let output = fail(&mut desk.deploy(&["--stack", "hello", "-p", &architecture()]));

    assert_eq!(
        text(&output.stdout).lines().collect::<Vec<_>>(),
        [
            format!(
                "sam deploy --template-file template.yaml --stack-name hello --capabilities \
                 CAPABILITY_IAM --resolve-s3 --parameter-overrides {}",
                architecture()
            ),
            "aws cloudformation package --template-file template.yaml --s3-bucket BUCKET \
             --output-template-file dist/packaged.yaml"
                .to_owned(),
            format!(
                "aws cloudformation deploy --template-file dist/packaged.yaml --stack-name hello \
                 --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameter-overrides {}",
                architecture()
            ),
        ]
    );
    assert!(text(&output.stderr).contains("error: there is no `sam`, so nothing was deployed"));
}

#[test]
fn a_dry_run_runs_nothing() {
    let desk = Desk::new();
    desk.tool("sam", "");

    let output =
        succeed(&mut desk.deploy(&["--stack", "hello", "--dry-run", "-p", &architecture()]));

    assert!(text(&output.stdout).starts_with("sam deploy --template-file template.yaml"));
    assert_eq!(desk.calls(), [""; 0]);
}

#[test]
fn a_stack_needs_a_name_and_a_template() {
    let desk = Desk::new();
    desk.tool("sam", "");

    let nameless = failure(&mut desk.deploy(&[]));
    let missing = failure(&mut desk.deploy(&["nowhere.yaml", "--stack", "hello"]));

    assert!(nameless.contains("name the stack with `--stack NAME`"));
    assert_eq!(missing, "error: there is no template at `nowhere.yaml`\n");
    assert_eq!(desk.calls(), [""; 0]);
    // SAM keeps name and parameters in this file.
    let config = format!(
        "[default.deploy.parameters]\nstack_name = 'hello'\nparameter_overrides = '{}'\n",
        architecture()
    );
    std::fs::write(desk.path().join("samconfig.toml"), config).unwrap();
    succeed(&mut desk.deploy(&[]));
}

#[test]
fn the_handler_alone_is_uploaded() {
    let desk = Desk::new();
    desk.aws(ARCH, "handler");

    let output = succeed(&mut desk.deploy(&["--handler-only", "--stack", "hello"]));

    assert_eq!(text(&output.stdout), "hello serves dist/function.zip\n");
    assert_eq!(
        desk.calls(),
        [
            "aws [cloudformation] [describe-stacks] [--stack-name] [hello] [--query] \
             [Stacks[0].Outputs[?OutputKey=='LambdaArn'].OutputValue] [--output] [text]"
                .to_owned(),
            format!(
                "aws [lambda] [get-function-configuration] [--function-name] [{FUNCTION}] [--output] \
                 [json]"
            ),
            format!(
                "aws [lambda] [update-function-code] [--function-name] [{FUNCTION}] [--zip-file] \
                 [fileb://dist/function.zip] [--output] [json]"
            ),
            format!("aws [lambda] [wait] [function-updated] [--function-name] [{FUNCTION}]"),
        ]
    );
}

#[test]
fn a_package_that_does_not_fit_the_function_is_not_uploaded() {
    let desk = Desk::new();
    for (arch, handler, wanted) in [
        // The component beside it fits, but whether it can be compiled there is unknown.
        (
            ARCH,
            "other",
            "error[missing-handler]: the function's handler is `other`",
        ),
        (
            OTHER_ARCH,
            "handler.cwasm",
            "[stale-precompiled]: the host will not run `handler.cwasm`",
        ),
    ] {
        desk.aws(arch, handler);
        if handler == "handler.cwasm" {
            let args = ["compile", "-o", "code.cwasm"];
            let guest = scripted_guest();
            succeed(bootstream(&args).arg(&guest).current_dir(desk.path()));
            let args = ["package", "code.cwasm", "--only", "function"];
            succeed(bootstream(&args).current_dir(desk.path()));
        }

        let output = fail(&mut desk.deploy(&["--handler-only", "--function", "hello"]));

        let said = text(&output.stderr);
        assert_contains(&said, wanted);
    }
    let is_update = |line: &String| line.contains("update-function-code");
    assert!(!desk.calls().iter().any(is_update));
}

#[test]
fn without_aws_the_commands_are_printed() {
    let desk = Desk::new();

    let output = fail(&mut desk.deploy(&["--handler-only", "--function", "hello"]));

    assert_eq!(
        text(&output.stdout),
        "aws lambda update-function-code --function-name hello --zip-file \
         fileb://dist/function.zip --output json\n\
         aws lambda wait function-updated --function-name hello\n"
    );
    assert!(text(&output.stderr).contains("error: there is no `aws`, so nothing was deployed"));
}

#[test]
fn a_handler_needs_a_package_and_a_function() {
    let desk = Desk::new();
    desk.aws(ARCH, "handler");

    let nameless = failure(&mut desk.deploy(&["--handler-only"]));
    let missing =
        failure(&mut desk.deploy(&["--handler-only", "--function", "f", "--zip", "nowhere.zip"]));

    assert!(nameless.contains("name the function with `--function NAME`"));
    assert!(missing.contains("there is no package at `nowhere.zip`"));
    assert_eq!(desk.calls(), [""; 0]);
}
