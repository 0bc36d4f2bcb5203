//! `doctor`: nothing is found in what is in order, and one seeded fault for each rule is found, at its
//! line, with a way out.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the tests themselves"
)]

use std::path::{Path, PathBuf};

use bootstream_host::engine::{Fingerprint, Stamp, Target};
use serde_json::Value;

use crate::support::{bootstrap, bootstream, packages, run, scripted_guest, text};

const ARCH: &str = if cfg!(target_arch = "aarch64") {
    "Architecture=arm64"
} else {
    "Architecture=x86_64"
};

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// A folder with both templates and the packages they name.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    for template in ["template.yaml", "template-url.yaml"] {
        std::fs::copy(repository(template), folder.path().join(template)).unwrap();
    }
    for zip in ["host-layer.zip", "function.zip"] {
        std::fs::copy(packages().join(zip), dist.join(zip)).unwrap();
    }
    std::fs::copy(scripted_guest(), folder.path().join("hello.wasm")).unwrap();
    folder
}

/// What doctor says about the templates of a folder, and its exit code.
fn diagnose(folder: &Path, args: &[&str]) -> (Vec<Value>, Option<i32>) {
    let fixed = ["doctor", "--only", "templates", "--output", "json"];
    let args = [&fixed[..], args].concat();
    let output = run(bootstream(&args).current_dir(folder));
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", text(&output.stderr)));
    (
        report["findings"].as_array().unwrap().clone(),
        output.status.code(),
    )
}

/// Seeds one fault into a template, and expects exactly the one finding about it.
#[track_caller]
fn seed(template: &str, sound: &str, faulty: &str, rule: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository(template)).unwrap();
    assert_eq!(source.matches(sound).count(), 1, "`{sound}` is there once");
    let broken = source.replace(sound, faulty);
    // The zips are the subject of other tests.
    let broken = broken
        .replace("dist/function.zip", "s3://bucket/function.zip")
        .replace("dist/host-layer.zip", "s3://bucket/layer.zip");
    let path = folder.path().join(template);
    std::fs::write(&path, &broken).unwrap();

    let (findings, code) = diagnose(folder.path(), &[]);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = findings[0].clone();
    assert_eq!(finding["rule"], rule, "{finding}");
    assert_eq!(finding["file"], template);
    let is_error = finding["severity"] == "error";
    assert_eq!(code, Some(i32::from(is_error)));
    assert!(!finding["fix"].as_str().unwrap().is_empty());
    let (allowed, code) = diagnose(folder.path(), &["--allow", rule]);
    assert_eq!((allowed.len(), code), (0, Some(0)), "it can be accepted");
    finding
}

/// The line, counted from 1, that holds a text.
#[track_caller]
fn line_of(template: &str, wanted: &str) -> usize {
    let source = std::fs::read_to_string(repository(template)).unwrap();
    source
        .lines()
        .position(|line| line.contains(wanted))
        .expect("the text is in the template")
        + 1
}

#[test]
fn nothing_is_wrong_with_the_templates_of_this_project() {
    let folder = project();

    let (findings, code) = diagnose(folder.path(), &["-p", ARCH]);

    assert_eq!(findings, [Value::Null; 0]);
    assert_eq!(code, Some(0));
}

#[test]
fn a_buffering_transfer_mode_is_found_at_its_line() {
    let sound = "responseTransferMode: STREAM";
    let finding = seed(
        "template.yaml",
        sound,
        "responseTransferMode: BUFFERED",
        "transfer-mode",
    );
    assert_eq!(finding["line"], line_of("template.yaml", sound));
    assert_eq!(finding["fix"], "set `responseTransferMode: STREAM`");
}

#[test]
fn the_uri_of_buffered_invocations_is_found() {
    let finding = seed(
        "template.yaml",
        "/response-streaming-invocations",
        "/invocations",
        "streaming-uri",
    );
    assert_eq!(
        finding["line"],
        line_of("template.yaml", "/response-streaming-invocations")
    );
}

#[test]
fn a_buffering_function_url_is_found() {
    let sound = "InvokeMode: RESPONSE_STREAM";
    let finding = seed(
        "template-url.yaml",
        sound,
        "InvokeMode: BUFFERED",
        "invoke-mode",
    );
    assert_eq!(finding["line"], line_of("template-url.yaml", sound));
}

#[test]
fn one_permission_of_the_two_for_urls_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository("template-url.yaml")).unwrap();
    let broken = source.replacen(
        "Action: lambda:InvokeFunction\n",
        "Action: lambda:GetFunction\n",
        1,
    );
    let broken = broken.replace("dist/", "s3://bucket/");
    std::fs::write(folder.path().join("template-url.yaml"), broken).unwrap();

    let args = ["-p", "DistributionArn=arn:aws:cloudfront::1:distribution/x"];
    let (findings, code) = diagnose(folder.path(), &args);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "url-permissions");
    let wanted = line_of("template-url.yaml", "Action: lambda:InvokeFunctionUrl");
    assert_eq!(findings[0]["line"], wanted);
    assert_eq!(code, Some(1));
}

#[test]
fn an_api_that_gives_up_before_the_function_is_found() {
    let finding = seed(
        "template.yaml",
        "timeoutInMillis: !Ref IntegrationTimeoutMillis",
        "timeoutInMillis: 30000",
        "timeout-order",
    );
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("is cut after 30000 ms"), "{message}");
    seed(
        "template.yaml",
        "                timeoutInMillis: !Ref IntegrationTimeoutMillis\n",
        "",
        "timeout-order",
    );
    seed(
        "template.yaml",
        "timeoutInMillis: !Ref IntegrationTimeoutMillis",
        "timeoutInMillis: 900001",
        "timeout-order",
    );
}

#[test]
fn a_timeout_beyond_lambda_s_is_found() {
    let (sound, faulty) = ("Timeout: !Ref FunctionTimeout", "Timeout: 901");
    let finding = seed("template-url.yaml", sound, faulty, "timeout-order");
    assert_eq!(finding["line"], line_of("template-url.yaml", sound));
    let faulty = "Description: streams";
    let finding = seed("template-url.yaml", sound, faulty, "timeout-order");
    assert_eq!(finding["severity"], "warning");
}

#[test]
fn an_edge_optimized_api_is_found() {
    let sound = "      EndpointConfiguration: {Type: REGIONAL}\n";
    let finding = seed("template.yaml", sound, "", "edge-idle-limit");
    assert_eq!(finding["line"], line_of("template.yaml", "  StreamingApi:"));
    let faulty = "      EndpointConfiguration: {Type: EDGE}\n";
    let finding = seed("template.yaml", sound, faulty, "edge-idle-limit");
    assert_eq!(finding["line"], line_of("template.yaml", sound.trim_end()));
}

#[test]
fn an_http_api_is_found() {
    let finding = seed(
        "template-url.yaml",
        "      FunctionUrlConfig:",
        "      Events: {Http: {Type: HttpApi}}\n      FunctionUrlConfig:",
        "http-api",
    );
    let wanted = line_of("template-url.yaml", "      FunctionUrlConfig:");
    assert_eq!(finding["line"], wanted);
}

#[test]
fn a_function_url_inside_a_vpc_is_found() {
    seed(
        "template-url.yaml",
        "      FunctionUrlConfig:",
        "      VpcConfig: {SubnetIds: [s], SecurityGroupIds: [g]}\n      FunctionUrlConfig:",
        "url-in-vpc",
    );
}

#[test]
fn a_public_api_is_found() {
    let finding = seed(
        "template.yaml",
        "              x-amazon-apigateway-auth:\n                type: !Ref AuthType\n",
        "",
        "public-api",
    );
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .contains("`ANY /stream`")
    );
    let (sound, faulty) = ("AuthType: !Ref AuthType", "AuthType: NONE");
    seed("template-url.yaml", sound, faulty, "public-api");
}

#[test]
fn a_parameter_is_judged_by_the_value_it_is_deployed_with() {
    let folder = project();
    let args = ["template.yaml", "-p", ARCH, "-p", "AuthType=NONE"];

    let (findings, code) = diagnose(folder.path(), &args);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "public-api");
    assert_eq!(
        findings[0]["line"],
        line_of("template.yaml", "type: !Ref AuthType")
    );
    assert_eq!(code, Some(1));
}

#[test]
fn a_stage_that_changes_do_not_reach_is_found() {
    seed(
        "template.yaml",
        "      AlwaysDeploy: true\n",
        "",
        "stage-update",
    );
}

#[test]
fn a_cache_in_front_of_a_stream_is_found() {
    let finding = seed(
        "template.yaml",
        "      AlwaysDeploy: true\n",
        "      AlwaysDeploy: true\n      CacheClusterEnabled: true\n",
        "stream-cache",
    );
    assert_eq!(finding["severity"], "warning");
}

#[test]
fn permissions_that_do_not_exist_or_are_too_wide_are_found() {
    seed(
        "template.yaml",
        "Action: sqs:SendMessage",
        "Action: [sqs:SendMessage, lambda:InvokeWithResponseStream]",
        "permission",
    );
    let wide = "  Wide:\n    Type: AWS::Lambda::Permission\n    Properties:\n      \
                Action: lambda:InvokeFunction\n      FunctionName: !Ref StreamingFunction\n      \
                Principal: apigateway.amazonaws.com\n\nOutputs:\n";
    seed("template.yaml", "Outputs:\n", wide, "permission");
}

#[test]
fn an_old_runtime_is_found() {
    let (sound, faulty) = (
        "      Runtime: provided.al2023",
        "      Runtime: provided.al2",
    );
    let finding = seed("template.yaml", sound, faulty, "runtime");
    assert_eq!(finding["line"], line_of("template.yaml", sound));
}

#[test]
fn a_layer_for_another_architecture_is_found() {
    seed(
        "template.yaml",
        "CompatibleArchitectures: [!Ref Architecture]",
        "CompatibleArchitectures: [x86_64]",
        "architecture",
    );
}

#[test]
fn what_is_no_template_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for (content, wanted) in [
        ("a: [", "is not YAML or JSON"),
        ("a: 1", "it has no `Resources`"),
    ] {
        std::fs::write(folder.path().join("template.yaml"), content).unwrap();

        let (findings, code) = diagnose(folder.path(), &[]);

        assert_eq!(findings[0]["rule"], "template");
        let message = findings[0]["message"].as_str().unwrap();
        assert!(message.contains(wanted), "{message}");
        assert_eq!(code, Some(1));
    }
    let output = run(bootstream(&["doctor", "nowhere.yaml"]).current_dir(folder.path()));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: there is no template at `nowhere.yaml`\n"
    );
}

#[test]
fn events_of_sam_and_plain_methods_are_read_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let template = "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: provided.al2023, Timeout: 20, Handler: h.cwasm}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Stream:
          Type: Api
          Properties: {Path: /, Method: GET, ResponseTransferMode: STREAM}
  Plain:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: AWS_IAM
      HttpMethod: GET
      Integration:
        Type: AWS_PROXY
        Uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${Hello.Arn}/response-streaming-invocations
        ResponseTransferMode: STREAM
        TimeoutInMillis: 10000
";
    std::fs::write(folder.path().join("template.yaml"), template).unwrap();

    let (findings, _) = diagnose(folder.path(), &[]);

    let found: Vec<_> = findings
        .iter()
        .map(|it| (it["rule"].as_str().unwrap(), it["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("edge-idle-limit", 10),
            ("public-api", 10),
            ("transfer-mode", 12),
            ("timeout-order", 22),
        ]
    );
}

/// Spoils a package of a project in order, and returns the only finding's rule and message.
#[track_caller]
fn spoil(args: &[&str], change: impl FnOnce(&Path)) -> (String, String) {
    let folder = project();
    change(folder.path());
    let args = [&["template.yaml", "-p", ARCH], args].concat();
    let (findings, code) = diagnose(folder.path(), &args);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(code, Some(1));
    let field = |name: &str| findings[0][name].as_str().unwrap().to_owned();
    (field("rule"), field("message"))
}

/// Replaces a zip by one with other content.
fn zip(path: &Path, files: &[(&str, u32, &[u8])]) {
    use std::io::Write as _;

    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, mode, content) in files {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .unix_permissions(*mode);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
}

fn machine_code() -> Vec<u8> {
    machine_code_of(&scripted_guest())
}

fn machine_code_of(component: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.cwasm");
    let output = run(bootstream(&["compile"]).arg(component).arg("-o").arg(&file));
    assert!(output.status.success(), "{}", text(&output.stderr));
    std::fs::read(file).unwrap()
}

#[test]
fn a_package_that_is_not_there_is_found() {
    let (rule, message) = spoil(&[], |folder| {
        std::fs::remove_file(folder.join("dist/function.zip")).unwrap();
    });
    assert_eq!(rule, "archive");
    assert!(
        message.starts_with("cannot read `dist/function.zip`"),
        "{message}"
    );
}

#[test]
fn a_handler_that_is_not_in_its_package_is_found() {
    let (rule, message) = spoil(&["-p", "HandlerFile=other"], |_| {});
    assert_eq!(rule, "missing-handler");
    assert_eq!(
        message,
        "the function's handler is `other`, but the zip has only `handler.cwasm`, `handler.wasm`"
    );
}

#[test]
fn packages_for_another_architecture_are_found() {
    let folder = project();
    let other = if ARCH.ends_with("arm64") {
        "Architecture=x86_64"
    } else {
        "Architecture=arm64"
    };

    let (findings, _) = diagnose(folder.path(), &["template.yaml", "-p", other]);

    let rules: Vec<_> = findings
        .iter()
        .map(|it| it["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["stale-precompiled", "architecture"]);
}

#[test]
fn a_bootstrap_in_the_function_s_package_is_found() {
    let code = machine_code();
    let (rule, message) = spoil(&[], |folder| {
        let files = [
            ("bootstrap", 0o755, &b"#!"[..]),
            ("handler.cwasm", 0o644, &code),
        ];
        zip(&folder.join("dist/function.zip"), &files);
    });
    assert_eq!(rule, "bootstrap");
    assert!(
        message.contains("which Lambda starts in place of the layer's"),
        "{message}"
    );
}

#[test]
fn a_function_without_a_layer_brings_its_own_host() {
    let folder = project();
    let source = std::fs::read_to_string(repository("template.yaml")).unwrap();
    let without = source
        .replace("      Layers: [!Ref HostLayer]\n", "")
        .replace("dist/function.zip", "dist/combined.zip");
    std::fs::write(folder.path().join("template.yaml"), without).unwrap();
    let args = ["template.yaml", "-p", ARCH];
    let combine = ["package", "hello.wasm", "--combined"];
    assert!(
        run(bootstream(&combine).current_dir(folder.path()))
            .status
            .success()
    );

    assert_eq!(diagnose(folder.path(), &args), (Vec::new(), Some(0)));

    let function = folder.path().join("dist/function.zip");
    std::fs::copy(function, folder.path().join("dist/combined.zip")).unwrap();
    let (findings, code) = diagnose(folder.path(), &args);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "bootstrap");
    assert_eq!(findings[0]["message"], "there is no `bootstrap`");
    assert_eq!(code, Some(1));
}

#[test]
fn a_layer_without_bootstrap_at_its_root_is_found() {
    let (rule, message) = spoil(&[], |folder| {
        let files = [("host/bootstrap", 0o755, &b"x"[..])];
        zip(&folder.join("dist/host-layer.zip"), &files);
    });
    assert_eq!(rule, "bootstrap");
    assert_eq!(
        message,
        "`bootstrap` is at `host/bootstrap`, not at the root"
    );
}

#[test]
fn a_bootstrap_that_cannot_be_executed_is_found() {
    let host = std::fs::read(bootstrap()).unwrap();
    let (rule, message) = spoil(&[], |folder| {
        zip(
            &folder.join("dist/host-layer.zip"),
            &[("bootstrap", 0o644, &host)],
        );
    });
    assert_eq!(rule, "archive");
    assert_eq!(
        message,
        "`bootstrap` has mode 0644: Lambda cannot execute it"
    );
}

#[test]
fn a_file_that_lambda_cannot_read_is_found() {
    let code = machine_code();
    let (rule, message) = spoil(&[], |folder| {
        zip(
            &folder.join("dist/function.zip"),
            &[("handler.cwasm", 0o600, &code)],
        );
    });
    assert_eq!(rule, "archive");
    assert!(
        message.starts_with("`handler.cwasm` has mode 0600"),
        "{message}"
    );
}

#[test]
fn a_bootstrap_that_needs_newer_libraries_is_found() {
    // Any program of this system will do, and this one is small and linked dynamically.
    let mut host = std::fs::read("/bin/true").unwrap();
    let at = host
        .windows(11)
        .position(|window| window == b"GLIBC_2.34\0")
        .unwrap();
    host[at..at + 10].copy_from_slice(b"GLIBC_2.38");
    let (rule, message) = spoil(&[], |folder| {
        zip(
            &folder.join("dist/host-layer.zip"),
            &[("bootstrap", 0o755, &host)],
        );
    });
    assert_eq!(rule, "system-libraries");
    assert_eq!(
        message,
        "`bootstrap` needs glibc 2.38; `provided.al2023` has 2.34"
    );
}

#[test]
fn machine_code_that_the_host_will_not_run_is_found() {
    let component = std::fs::read(scripted_guest()).unwrap();
    let code = machine_code();
    let of_other_release = Fingerprint {
        wasmtime: "47.0.0".to_owned(),
        ..Fingerprint::of(Target::HOST)
    };
    let mut damaged = code.clone();
    damaged[5000] ^= 1;
    for (code, why) in [
        (
            Stamp::append(code.clone(), of_other_release, &component),
            "`47.0.0`",
        ),
        (damaged, "its machine code differs from its checksum"),
        (code[..code.len() - 1].to_vec(), "its end is missing"),
    ] {
        let (rule, message) = spoil(&[], |folder| {
            zip(
                &folder.join("dist/function.zip"),
                &[("handler.cwasm", 0o644, &code)],
            );
        });
        assert_eq!(rule, "stale-precompiled");
        assert!(
            message.starts_with("the host will not run `handler.cwasm`: ") && message.contains(why),
            "{message}"
        );
    }
}

#[test]
fn machine_code_that_is_replaced_at_each_start_is_a_warning() {
    let folder = project();
    let args = ["package", "hello.wasm", "--only", "host", "--compiler"];
    assert!(
        run(bootstream(&args).current_dir(folder.path()))
            .status
            .success()
    );
    let component = std::fs::read(scripted_guest()).unwrap();
    let of_another = machine_code_of(&crate::support::component("streaming_numbers"));
    zip(
        &folder.path().join("dist/function.zip"),
        &[
            ("handler.cwasm", 0o644, &of_another),
            ("handler.wasm", 0o644, &component),
        ],
    );

    let (findings, code) = diagnose(folder.path(), &["template.yaml", "-p", ARCH]);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["severity"], "warning");
    let message = findings[0]["message"].as_str().unwrap();
    assert!(
        message.contains("compiled from another component"),
        "{message}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_package_that_is_too_large_is_found() {
    let code = machine_code();
    let zeros = vec![0; 251 * 1024 * 1024];
    let (rule, message) = spoil(&[], |folder| {
        let files = [("handler.cwasm", 0o644, &code[..]), ("data", 0o644, &zeros)];
        zip(&folder.join("dist/function.zip"), &files);
    });
    assert_eq!(rule, "package-size");
    assert!(
        message.contains("Lambda takes 262144000 (250 MB)"),
        "{message}"
    );
}

#[test]
fn text_for_people_names_file_line_rule_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository("template-url.yaml")).unwrap();
    let broken = source
        .replace("InvokeMode: RESPONSE_STREAM", "InvokeMode: BUFFERED")
        .replace("dist/", "s3://bucket/");
    std::fs::write(folder.path().join("template-url.yaml"), broken).unwrap();

    let output = run(bootstream(&["doctor", "--only", "templates"]).current_dir(folder.path()));

    let line = line_of("template-url.yaml", "InvokeMode: RESPONSE_STREAM");
    assert_eq!(
        text(&output.stdout),
        format!(
            "template-url.yaml:{line}: error[invoke-mode]: the function URL of `StreamingFunction` \
             has the mode `BUFFERED`, which buffers the response\n  \
             fix: set `InvokeMode: RESPONSE_STREAM`\n"
        )
    );
    assert_eq!(text(&output.stderr), "errors: 1, warnings: 0\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn tools_that_are_missing_are_warnings_with_a_way_to_get_them() {
    let empty = tempfile::tempdir().unwrap();
    let output = run(
        bootstream(&["doctor", "--only", "machine", "--output", "json"])
            .env("PATH", empty.path())
            .env("RUSTC", "/nowhere/rustc")
            .env("WASM_TOOLCHAIN_DIR", "/nowhere"),
    );

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let messages: Vec<_> = findings
        .iter()
        .map(|it| it["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "there is no `cargo` to build handlers in Rust",
            "there is no `node` to build handlers in JavaScript",
            "there is no `sam` to deploy with `bootstream deploy`",
            "there is no `aws` to swap a handler with `bootstream deploy --handler-only`",
            "no Rust compiler here has the target wasm32-wasip2",
        ]
    );
    assert!(findings.iter().all(|it| it["severity"] == "warning"));
    assert_eq!(output.status.code(), Some(0));
}
