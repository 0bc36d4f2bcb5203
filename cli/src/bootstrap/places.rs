//! Where the executables of the host are looked for. No I/O, except for reading where this process is.

use std::path::{Path, PathBuf};

use anyhow::Result;
use artifact::Arch;
use artifact::release::VERSION;

use super::files::HostFile;
use crate::files::own_executable;

/// What the places depend on.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// The path of this executable, with links resolved.
    pub(super) executable: PathBuf,
    /// The user's folder for data: `$XDG_DATA_HOME`, else `~/.local/share`.
    data: Option<PathBuf>,
}

impl Base {
    /// # Errors
    ///
    /// The system does not say where this executable is.
    pub(super) fn of_this_process() -> Result<Self> {
        let executable = own_executable()?;
        let set = |name| std::env::var_os(name).map(PathBuf::from);
        Ok(Self {
            executable: executable.canonicalize().unwrap_or(executable),
            data: data(set("XDG_DATA_HOME"), set("HOME")),
        })
    }

    fn folder(&self) -> &Path {
        self.executable.parent().unwrap_or(Path::new("/"))
    }

    /// Returns the folder that `bootstream host install` fills for an architecture, if there is one.
    pub(super) fn installed(&self, arch: Arch) -> Option<PathBuf> {
        let data = self.data.as_ref()?;
        Some(data.join("bootstream").join(VERSION).join(arch.to_string()))
    }
}

/// Returns the user's folder for data, by the XDG Base Directory Specification, which makes relative paths
/// invalid.
fn data(xdg: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    xdg.filter(absolute)
        .or_else(|| Some(home.filter(absolute)?.join(".local/share")))
}

/// Returns where a file of the host is looked for, in this order: in the checkout that this command was built
/// in, in the package that it came with, in the user's folder.
pub(super) fn places(base: &Base, file: HostFile, arch: Arch) -> Vec<PathBuf> {
    let folder = base.folder();
    let mut places = Vec::new();
    if arch == Arch::HOST {
        // A build of the whole workspace leaves a `bootstrap` with another profile beside this executable.
        places.push(folder.with_file_name(file.profile()).join(file.name()));
        places.push(folder.join(file.name()));
    } else {
        let built = folder.with_file_name(arch.to_string());
        places.push(built.join(file.profile()).join(file.name()));
    }
    let package = folder.with_file_name("lib").join("bootstream");
    places.push(package.join(arch.to_string()).join(file.name()));
    places.extend(base.installed(arch).map(|folder| folder.join(file.name())));
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use artifact::Concurrency;

    use super::*;

    const BOOTSTRAP: HostFile = HostFile::Bootstrap(Concurrency::Off);

    fn base() -> Base {
        Base {
            executable: "/opt/x/bin/bootstream".into(),
            data: Some("/home/me/.local/share".into()),
        }
    }

    fn other() -> Arch {
        let mut all = Arch::ALL.into_iter();
        all.find(|arch| *arch != Arch::HOST).unwrap()
    }

    #[test]
    fn the_host_of_this_machine_is_in_the_checkout_the_package_or_the_user_s_folder() {
        let arch = Arch::HOST;
        let found = places(&base(), BOOTSTRAP, arch);
        let wanted = [
            "/opt/x/lambda/bootstrap".to_owned(),
            "/opt/x/bin/bootstrap".to_owned(),
            format!("/opt/x/lib/bootstream/{arch}/bootstrap"),
            format!("/home/me/.local/share/bootstream/{VERSION}/{arch}/bootstrap"),
        ];
        assert_eq!(found, wanted.map(PathBuf::from));
    }

    #[test]
    fn the_host_of_another_machine_is_not_beside_the_command() {
        let arch = other();
        let found = places(&base(), HostFile::Bootstrap(Concurrency::On), arch);
        let wanted = [
            format!("/opt/x/{arch}/lambda/bootstrap-wasi-p3"),
            format!("/opt/x/lib/bootstream/{arch}/bootstrap-wasi-p3"),
            format!("/home/me/.local/share/bootstream/{VERSION}/{arch}/bootstrap-wasi-p3"),
        ];
        assert_eq!(found, wanted.map(PathBuf::from));
    }

    #[test]
    fn the_compiler_is_found_the_same_way() {
        let mut base = base();
        base.executable = "/w/target/release/bootstream".into();
        base.data = None;
        let found = places(&base, HostFile::Compiler, Arch::HOST);
        let arch = Arch::HOST;
        let wanted = [
            "/w/target/release/bootstream-compile".to_owned(),
            format!("/w/target/lib/bootstream/{arch}/bootstream-compile"),
        ];
        assert_eq!(found, wanted.map(PathBuf::from));
    }

    #[test]
    fn relative_folders_for_data_are_ignored() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(data(path("/d"), path("/h")), path("/d"));
        assert_eq!(data(path("d"), path("/h")), path("/h/.local/share"));
        assert_eq!(data(None, path("h")), None);
        assert_eq!(data(None, None), None);
    }
}
