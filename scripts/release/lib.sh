# Read by the scripts of a release.

# triple ARCH: the target of the executables.
triple() {
    case $1 in x86_64) echo x86_64-unknown-linux-musl ;; arm64) echo aarch64-unknown-linux-musl ;; esac
}

# machine ARCH: the processor, as Python names it.
machine() {
    case $1 in x86_64) echo x86_64 ;; arm64) echo aarch64 ;; esac
}

# archive FOLDER NAME OUT: writes FOLDER/NAME to OUT/NAME.tar.gz and its checksum beside it. Owner, time and order
# are always the same.
archive() {
    mkdir -p "$3"
    tar -C "$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=u+rwX,go+rX,go-w --format=ustar -cf - "$2" | gzip -n -9 >"$3/$2.tar.gz"
    (cd "$3" && sha256sum "$2.tar.gz" >"$2.tar.gz.sha256")
}
