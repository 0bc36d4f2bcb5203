#!/bin/sh
# wheels.sh WORK OUT - pack a wheel for each architecture. The executables are static, so they run on every Linux.
set -eu
work=$1 out=$2
. scripts/release/lib.sh
python=$(scripts/release/python.sh)
# The version of componentize-py that the template in Python is tested with.
componentize=$(sed -n 's/^dependencies = \["\(componentize-py==[^"]*\)"\]/\1/p' guest-python/pyproject.toml)
[ -n "$componentize" ] || { echo "wheels: no componentize-py in guest-python/pyproject.toml" >&2; exit 1; }
for arch in x86_64 arm64; do
    folder=$work/wheel-$arch
    data=$folder/bootstream-$VERSION.data
    info=$folder/bootstream-$VERSION.dist-info
    mkdir -p "$data" "$info/licenses"
    cp -R "$work/$arch/bin" "$data/scripts"
    mkdir "$data/data"
    cp -R "$work/$arch/lib" "$work/$arch/share" "$data/data/"
    cp LICENSE-MIT LICENSE-APACHE "$info/licenses/"
    cat >"$info/WHEEL" <<END
Wheel-Version: 1.0
Generator: bootstream-release
Root-Is-Purelib: false
Tag: py3-none-manylinux_2_17_$(machine $arch)
Tag: py3-none-musllinux_1_1_$(machine $arch)
END
    {
        cat <<END
Metadata-Version: 2.4
Name: bootstream
Version: $VERSION
Summary: The bootstream command: build, run and invoke WebAssembly handlers that stream on AWS Lambda
License-Expression: MIT OR Apache-2.0
License-File: LICENSE-MIT
License-File: LICENSE-APACHE
Requires-Python: >=3.8
Project-URL: Homepage, https://github.com/bootstream/bootstream
Provides-Extra: python
Requires-Dist: $componentize ; extra == 'python'
Description-Content-Type: text/markdown

END
        cat cli/README.md
    } >"$info/METADATA"
    find "$folder" -type f ! -perm -u=x -exec chmod 644 {} +
    "$python" -m wheel pack --dest-dir "$work" "$folder" >&2
    mv "$work"/bootstream-"$VERSION"-py3-none-*.whl "$out/"
done
