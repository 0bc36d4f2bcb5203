#!/bin/sh
# manual.sh WORK - check completions and manual pages with the programs that read them.
set -eu
work=$1
. scripts/release/tests/lib.sh
needs zsh fish mandoc
tar -xzf "$work"/one/bootstream-v*-"$(uname -m)"-*.tar.gz -C "$work" --one-top-level=manual --strip-components=1
share=$work/manual/share
zsh -n "$share/zsh/site-functions/_bootstream"
fish --no-execute "$share/fish/vendor_completions.d/bootstream.fish"
bash -n "$share/bash-completion/completions/bootstream"
# Style remarks are not about what a reader sees.
mandoc -T lint -W error "$share"/man/man1/*.1
