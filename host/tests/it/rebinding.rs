//! DNS rebinding: a name whose address changes from one request to the next.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use bootstream_test_support::process::{Bootstrap, Running, executable};
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{assert_contains, guests};
use serde_json::json;
use tempfile::TempDir;

use crate::reaching::{fetch, outcomes};
use crate::web::Web;

const NAME: &str = "changing.example";

/// A hosts file of its own for a process, which resolves names as usual.
struct Names {
    folder: TempDir,
}

impl Names {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let names = Self { folder };
        names.lead_to(&[]);
        names
    }

    /// Makes the name resolve to these addresses, in this order, from now on.
    fn lead_to(&self, addresses: &[&str]) {
        let lines: String = addresses
            .iter()
            .map(|it| format!("{it} {NAME}\n"))
            .collect();
        // Written in place: the file is mounted.
        fs::write(self.folder.path().join("hosts"), lines).expect("an own file");
    }

    /// Writes a program that runs `bootstrap` with these names and no name server.
    fn launcher(&self) -> std::path::PathBuf {
        let folder = self.folder.path().display();
        let bootstrap = executable();
        let script = format!(
            "#!/bin/sh\nexec bwrap --die-with-parent --dev-bind / / \
             --ro-bind {folder}/hosts /etc/hosts --ro-bind {folder}/nsswitch /etc/nsswitch.conf \
             {}\n",
            bootstrap.display()
        );
        fs::write(self.folder.path().join("nsswitch"), "hosts: files\n").expect("an own file");
        let path = self.folder.path().join("launch");
        fs::write(&path, script).expect("an own file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an own file");
        path
    }
}

/// Starts a host with these names, that may reach the port by the name at 127.0.0.1.
fn start(lambda: &Recorder, names: &Names, port: u16, settings: &str) -> Running {
    let handler = guests::component("reaching_guest");
    let host = Bootstrap::with_executable(lambda, &names.launcher(), &handler)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let settings = format!(
        "[outbound]\nallow = ['http://{NAME}:{port}']\nprivate-addresses = ['127.0.0.1']\n{settings}\n"
    );
    fs::write(host.package().join("bootstream.toml"), settings).expect("a fresh folder");
    host.start()
}

#[test]
fn a_name_is_judged_by_the_address_that_it_has_when_its_connection_opens() {
    let (web, names, lambda) = (Web::start(), Names::new(), Recorder::start());
    let port = web.port();
    let victim = Web::start_at(([127, 0, 0, 2], port).into());
    let running = start(&lambda, &names, port, "keep-alive-s = 0");
    let steps = json!([fetch(&format!("http://{NAME}:{port}/"))]);
    let reached = "ok: 200 5 hello";
    let prohibited = "error: ErrorCode::DestinationIpProhibited";

    for (id, addresses, outcome) in [
        ("allowed", &["127.0.0.1"][..], reached),
        ("loopback", &["127.0.0.2"], prohibited),
        ("metadata", &["169.254.169.254"], prohibited),
        ("mapped", &["::ffff:127.0.0.2"], prohibited),
        ("both", &["127.0.0.2", "127.0.0.1"], reached),
        ("again", &["127.0.0.1"], reached),
    ] {
        names.lead_to(addresses);
        assert_eq!(outcomes(&lambda, id, &steps), [outcome], "{id}");
    }

    names.lead_to(&[]);
    let nowhere = outcomes(&lambda, "nowhere", &steps).remove(0);
    assert!(
        nowhere.starts_with("error: ErrorCode::DnsError"),
        "{nowhere}"
    );
    let line = running.logged("failed");
    for word in ["requestId=nowhere", NAME] {
        assert_contains(&line, word);
    }
    assert_eq!(web.heads().len(), 3);
    assert!(victim.heads().is_empty());
}

/// The connection leads to the address that was checked, for as long as it lives.
#[test]
fn a_kept_connection_outlives_a_change_of_its_name_and_leads_nowhere_else() {
    let (web, names, lambda) = (Web::start(), Names::new(), Recorder::start());
    let port = web.port();
    let victim = Web::start_at(([127, 0, 0, 2], port).into());
    let _host = start(&lambda, &names, port, "");
    let url = format!("http://{NAME}:{port}/");
    let fetch = |id| outcomes(&lambda, id, &json!([fetch(&url)])).remove(0);

    names.lead_to(&["127.0.0.1"]);
    assert_eq!(fetch("checked"), "ok: 200 5 hello");
    names.lead_to(&["127.0.0.2"]);
    assert_eq!(fetch("kept"), "ok: 200 5 hello");
    web.close_all();
    assert_eq!(
        fetch("looked-up"),
        "error: ErrorCode::DestinationIpProhibited"
    );

    assert_eq!(web.connections(), [0, 0]);
    assert!(victim.heads().is_empty());
}
