//! The user's settings: one list for the file, the variables and the documentation.

/// The configuration file in the function's package.
pub const FILE_NAME: &str = "bootstream.toml";

/// Prefix of the settings' variables.
pub(super) const VARIABLE_PREFIX: &str = "BOOTSTREAM_";

/// Variables of the project's commands, scripts and tests. They may be set where a host starts, and are not
/// settings of the host.
const TOOL_VARIABLES: [&str; 6] = [
    "BOOTSTREAM_BOOTSTRAP",
    "BOOTSTREAM_LAMBDA_CGROUP",
    "BOOTSTREAM_LAMBDA_ROOT",
    "BOOTSTREAM_NO_RUSTUP",
    super::RECORD_FOLDER,
    "BOOTSTREAM_TARGET_DIR",
];

/// The variable of [`rehearsal`](crate::rehearsal). Any other build refuses it as unknown.
#[cfg(feature = "rehearsal")]
pub const REHEARSAL_VARIABLE: &str = "BOOTSTREAM_REHEARSAL";

/// Whether `name` is a variable that is not a setting, although it begins like one.
pub(super) fn is_no_setting(name: &str) -> bool {
    #[cfg(feature = "rehearsal")]
    if name == REHEARSAL_VARIABLE {
        return true;
    }
    TOOL_VARIABLES.contains(&name)
}

/// Keys of the file that belong to the `bootstream` command: the handler's build, the content of its
/// package, and the local Lambda with its functions.
pub const COMMAND_KEYS: [&str; 5] = ["build", "package", "dev", "default", "functions"];

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the file, such as `limits.memory-mib`.
    pub key: &'static str,
    /// Its default, in words.
    pub default: &'static str,
    /// Its meaning, with its unit.
    pub meaning: &'static str,
}

impl Setting {
    const fn new(key: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Self {
            key,
            default,
            meaning,
        }
    }

    /// The variable that overrides the file: `BOOTSTREAM_LIMITS_MEMORY_MIB`.
    #[must_use]
    pub fn variable(&self) -> String {
        let name = self.key.replace(['.', '-'], "_");
        format!("{VARIABLE_PREFIX}{}", name.to_ascii_uppercase())
    }
}

pub(super) const PASS_ENV: Setting = Setting::new(
    "pass-env",
    "none",
    "variables of the function that the handler sees; credentials are refused",
);
pub(super) const SECRETS: Setting = Setting::new(
    "secrets",
    "none",
    "variables that the handler sees as placeholders, each with the hosts that get the value: \
     `NAME@host`, `NAME:basic+body@host` for other places than headers, and `NAME=ssm:/path` for a value \
     from a store",
);
pub(super) const SECRETS_REFRESH_S: Setting = Setting::new(
    "secrets-refresh-s",
    "300",
    "age after which the value of a secret is fetched from its store again, in seconds, 10 to 86400",
);
pub(super) const HANDLER_SHA256: Setting = Setting::new(
    "handler-sha256",
    "none",
    "SHA-256 of the file that `_HANDLER` names, in hexadecimal; another file is not loaded, \
     nor another form of the handler beside it",
);
pub(super) const OUTBOUND_ALLOW: Setting = Setting::new(
    "outbound.allow",
    "none",
    "hosts the handler may send HTTP requests to: `api.example.com`, `*.example.com`, \
     `http://example.com:8080`; without a scheme it is `https`",
);
pub(super) const OUTBOUND_PRIVATE: Setting = Setting::new(
    "outbound.private-addresses",
    "none",
    "addresses and networks that are reached although they are not public: `10.0.0.0/8`",
);
pub(super) const OUTBOUND_REQUESTS: Setting = Setting::new(
    "outbound.requests",
    "16",
    "requests an invocation may have open at once, 1 to 1000",
);
pub(super) const OUTBOUND_CONNECT_MS: Setting = Setting::new(
    "outbound.connect-ms",
    "5000",
    "longest time for name lookup, connection and TLS, in milliseconds",
);
pub(super) const OUTBOUND_FIRST_BYTE_MS: Setting = Setting::new(
    "outbound.first-byte-ms",
    "60000",
    "longest wait for the head of a response, in milliseconds",
);
pub(super) const OUTBOUND_IDLE_MS: Setting = Setting::new(
    "outbound.idle-ms",
    "60000",
    "longest pause in the body of a response, in milliseconds",
);
pub(super) const OUTBOUND_HEADER_KIB: Setting = Setting::new(
    "outbound.header-kib",
    "64",
    "largest head of a request or a response, in KiB, 8 to 1024",
);
pub(super) const OUTBOUND_KEEP_ALIVE_S: Setting = Setting::new(
    "outbound.keep-alive-s",
    "50",
    "how long an idle connection is kept for the next request, also of a later invocation, in seconds, \
     0 to 300; 0 gives each request a connection of its own",
);
pub(super) const OUTBOUND_WARM: Setting = Setting::new(
    "outbound.warm",
    "none",
    "hosts of `outbound.allow` that the start connects to, for at most 2 seconds, so that the first request \
     finds a connection: `https://api.example.com`; at most 16",
);
pub(super) const OUTBOUND_CA_FILE: Setting = Setting::new(
    "outbound.ca-file",
    "none",
    "PEM file of certificate authorities that are trusted beside the public ones, relative to the \
     package",
);
pub(super) const OUTBOUND_TRACE: Setting = Setting::new(
    "outbound.trace",
    "off",
    "headers that pass the trace of an invocation on with each request that has none of its own: `w3c` `traceparent`, \
     `xray` `x-amzn-trace-id`, `both`, or `off`, because they tell other hosts about the caller",
);
pub(super) const AWS_ALLOW: Setting = Setting::new(
    "aws.allow",
    "none",
    "AWS services that the handler may call, with requests that the host signs: \
     `SERVICE[/BUCKET][@REGION][:OPERATION]`, such as `dynamodb`, `bedrock-runtime@us-west-2`, \
     `s3/my-bucket:read`, `sqs:SendMessage`; without a region it is the function's",
);
pub(super) const AWS_ENDPOINTS: Setting = Setting::new(
    "aws.endpoints",
    "none",
    "hosts of services that are not AWS's own names, for local stand-ins and for hosts of an account: \
     `SERVICE=URL`, such as `dynamodb=http://127.0.0.1:8000`",
);
pub(super) const AWS_BODY_KIB: Setting = Setting::new(
    "aws.body-kib",
    "a sixteenth of the function's memory, at most 6144",
    "largest body that is held, to be signed or to get a secret, in KiB, 1 to 65536; all together take at most \
     twice as much",
);
pub(super) const AWS_WARM: Setting = Setting::new(
    "aws.warm",
    "none",
    "services of `aws.allow` to which the start opens a connection: `dynamodb`",
);
pub(super) const FILES_TASK_ROOT: Setting = Setting::new(
    "files.task-root",
    "none",
    "`read-only` shows the handler the function's package as `/var/task`",
);
pub(super) const FILES_TMP: Setting = Setting::new(
    "files.tmp",
    "none",
    "`private` gives each instance an empty `/tmp`, removed with the instance",
);
pub(super) const FILES_TMP_MIB: Setting = Setting::new(
    "files.tmp-mib",
    "64",
    "most that an instance may write to its `/tmp`, in MiB, 1 to 10240",
);
pub(super) const LIMITS_MEMORY_MIB: Setting = Setting::new(
    "limits.memory-mib",
    "the function's memory less 16 and less `limits.hostcall-kib`, at most 4096",
    "memory of an instance in MiB, tables included, 1 to 4096",
);
pub(super) const LIMITS_STACK_KIB: Setting = Setting::new(
    "limits.stack-kib",
    "512",
    "call stack of an instance in KiB, 64 to 16384",
);
pub(super) const LIMITS_INSTANCES: Setting = Setting::new(
    "limits.instances",
    "64",
    "core instances in a component, 1 to 1000",
);
pub(super) const LIMITS_TABLES: Setting =
    Setting::new("limits.tables", "64", "tables in a component, 1 to 1000");
pub(super) const LIMITS_TABLE_ELEMENTS: Setting = Setting::new(
    "limits.table-elements",
    "1048576",
    "elements of one table, 1 to 16777216",
);
pub(super) const LIMITS_EVENT_KIB: Setting = Setting::new(
    "limits.event-kib",
    "32768",
    "largest event that is given to the handler, in KiB, 1 to 1048576",
);
pub(super) const LIMITS_HOSTCALL_KIB: Setting = Setting::new(
    "limits.hostcall-kib",
    "a sixteenth of the function's memory, at most 32768",
    "most that is passed to the host in one call, a chunk of the response too, in KiB, \
     64 to 1048576",
);
pub(super) const LIMITS_RESPONSE_MIB: Setting = Setting::new(
    "limits.response-mib",
    "none",
    "most bytes of a response in MiB, at least 1; Lambda's own limit is 200",
);
pub(super) const LIMITS_RESPONSE_WRITES: Setting = Setting::new(
    "limits.response-writes",
    "none",
    "most calls of `write` for a response, at least 1",
);

pub(super) const RESPONSE_EMPTY: Setting = Setting::new(
    "response.empty",
    "none",
    "`line-feed` sends a line feed as the body of a response that has none, unless it has a \
     `content-length`",
);
pub(super) const RESPONSE_BUFFERED: Setting = Setting::new(
    "response.buffered",
    "auto",
    "which front ends get a document in place of a stream: `auto` those that cannot read a stream (HTTP \
     APIs, load balancers, VPC Lattice); `always` REST APIs and function URLs too; `never` none",
);
pub(super) const LOG_USAGE: Setting = Setting::new(
    "log.usage",
    "debug",
    "`info` logs at the level INFO instead of DEBUG what each invocation has used, memory, time and bytes, and \
     what each of its requests has cost",
);
pub(super) const OBSERVE_XRAY: Setting = Setting::new(
    "observe.xray",
    "true",
    "`false` sends no subsegments to X-Ray; without it, each invocation whose trace is sampled has one, where Lambda \
     runs X-Ray's daemon",
);
pub(super) const OBSERVE_METRICS: Setting = Setting::new(
    "observe.metrics",
    "none",
    "`emf` logs the numbers of each invocation as metrics for CloudWatch, which cost money; `log` logs the same numbers \
     as a record, which Logs Insights finds",
);
pub(super) const OBSERVE_NAMESPACE: Setting = Setting::new(
    "observe.namespace",
    "`POWERTOOLS_METRICS_NAMESPACE`, or `Bootstream`",
    "namespace of the metrics of `observe.metrics`",
);
pub(super) const OBSERVE_RECORD: Setting = Setting::new(
    "observe.record",
    "none",
    "`failures` logs the capsule of each failed invocation, which `bootstream replay` runs again: all that the handler \
     was given and has written, without secrets that it recognises by their names",
);
pub(super) const OBSERVE_RECORD_KIB: Setting = Setting::new(
    "observe.record-kib",
    "256",
    "largest capsule in the log, in KiB before it is compressed, 16 to 704; a replay ends where a larger one was cut",
);
pub(super) const OBSERVE_WRITES: Setting = Setting::new(
    "observe.writes",
    "false",
    "`true` adds to the span of an invocation, for a collector, when the handler wrote and when its writes waited for \
     the reader, at most 2048 and 1024 events; `bootstream dev` sets it for its console",
);
pub(super) const REUSE_INVOCATIONS: Setting = Setting::new(
    "reuse.invocations",
    "1",
    "invocations an instance serves, all of one tenant; 1 makes a fresh one for each, at most 1000000",
);
pub(super) const REUSE_SECONDS: Setting = Setting::new(
    "reuse.seconds",
    "300",
    "age after which an instance is not used again, in seconds, 1 to 86400",
);
pub(super) const INIT_WARM: Setting = Setting::new(
    "init.warm",
    "auto",
    "`auto` reads the machine code and the data of a large handler ahead of its first invocation: during the start if \
     nobody waits for it (provisioned concurrency, SnapStart, Managed Instances), otherwise beside the first poll; \
     `off` reads each page when it is used",
);
pub(super) const EVENTS_PATH: Setting = Setting::new(
    "events-path",
    "/events",
    "path to which a component of `wasi:http` gets events that are not HTTP, as a `POST`; an empty string in the \
     file, or `none`, refuses such events",
);
pub(super) const STRIP_BASE_PATH: Setting = Setting::new(
    "strip-base-path",
    "none",
    "segments at the start of a path that a component of `wasi:http` does not see, such as the mapping of a custom \
     domain: `/orders` of `/orders/7`",
);
pub(super) const CONTEXT_HEADERS: Setting = Setting::new(
    "context-headers",
    "none",
    "`on` adds headers that tell a component of `wasi:http` about the event, the invocation and the tenant, as \
     Lambda Web Adapter does",
);

/// The settings whose value is a path in the package.
pub(super) const FILE_SETTINGS: [Setting; 1] = [OUTBOUND_CA_FILE];

/// Every setting, in the order of the documentation.
pub const SETTINGS: [Setting; 46] = [
    PASS_ENV,
    SECRETS,
    SECRETS_REFRESH_S,
    HANDLER_SHA256,
    OUTBOUND_ALLOW,
    OUTBOUND_PRIVATE,
    OUTBOUND_REQUESTS,
    OUTBOUND_CONNECT_MS,
    OUTBOUND_FIRST_BYTE_MS,
    OUTBOUND_IDLE_MS,
    OUTBOUND_HEADER_KIB,
    OUTBOUND_KEEP_ALIVE_S,
    OUTBOUND_WARM,
    OUTBOUND_CA_FILE,
    OUTBOUND_TRACE,
    AWS_ALLOW,
    AWS_ENDPOINTS,
    AWS_BODY_KIB,
    AWS_WARM,
    FILES_TASK_ROOT,
    FILES_TMP,
    FILES_TMP_MIB,
    LIMITS_MEMORY_MIB,
    LIMITS_STACK_KIB,
    LIMITS_INSTANCES,
    LIMITS_TABLES,
    LIMITS_TABLE_ELEMENTS,
    LIMITS_EVENT_KIB,
    LIMITS_HOSTCALL_KIB,
    LIMITS_RESPONSE_MIB,
    LIMITS_RESPONSE_WRITES,
    RESPONSE_EMPTY,
    RESPONSE_BUFFERED,
    EVENTS_PATH,
    STRIP_BASE_PATH,
    CONTEXT_HEADERS,
    LOG_USAGE,
    OBSERVE_XRAY,
    OBSERVE_METRICS,
    OBSERVE_NAMESPACE,
    OBSERVE_RECORD,
    OBSERVE_RECORD_KIB,
    OBSERVE_WRITES,
    INIT_WARM,
    REUSE_INVOCATIONS,
    REUSE_SECONDS,
];
