#!/usr/bin/env bash
# Answers: which Pulumi engine does this checkout run? Prints the directory that holds it.
#
# Order: a new enough `pulumi` on PATH; else one that is in the cache; else the official installer; else a
# build from pinned Go modules (setup/engine/), kept in the cache under the digest of those pins.
set -euo pipefail

# Where both are installed by default: sudo and a shell older than the installation do not look there.
PATH=$PATH:${HOME:-/root}/.pulumi/bin:/usr/local/go/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${PISTON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/piston-iac}/engine
need=3.200.0
cli_version=v3.200.0
official=$cache/official
built=$cache/built-$({ cat "$here"/engine/*/go.mod; echo "$cli_version"; } | sha256sum | cut -c1-16)

say() { echo "engine: $*" >&2; }

# True when version $2 is at least $1. A release candidate counts as its release.
at_least() { [ "$(printf '%s\n%s\n' "$1" "${2%%-*}" | sort -V | head -n 1)" = "$1" ]; }

engine_version() { "$1" version 2>/dev/null | sed 's/^v//'; }

usable() { # directory
    [ -x "$1/pulumi" ] && [ -x "$1/pulumi-language-python" ] && at_least "$need" "$(engine_version "$1/pulumi")"
}

from_path() {
    local found
    # bin/pulumi of a checkout is a wrapper, not an engine.
    found=$(type -ap pulumi | while read -r path; do
        [ -e "$(dirname "$path")/at-operator" ] || { echo "$path"; break; }
    done)
    [ -n "$found" ] || return 1
    found=$(dirname "$(readlink -f "$found")")
    usable "$found" && echo "$found"
}

from_cache() {
    local dir
    for dir in "$official/bin" "$built"; do
        usable "$dir" && echo "$dir" && return
    done
    return 1
}

from_installer() {
    say "no pulumi $need or newer on PATH or in the cache; trying the official installer"
    curl -fsSL --connect-timeout 5 --max-time 20 https://get.pulumi.com -o "$cache/install.sh" 2>/dev/null || return 1
    sh "$cache/install.sh" --install-root "$official" --no-edit-path >&2 || return 1
    usable "$official/bin" && echo "$official/bin"
}

build_one() { # module directory, package, output file
    (cd "$1" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -buildvcs=false -trimpath \
        -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$cli_version" \
        -o "$3" "$2") >&2
}

# Go 1.21 and newer fetch the toolchain that a go.mod asks for; Debian 12's own Go cannot.
go_can_build() { at_least 1.21 "$(go env GOVERSION 2>/dev/null | sed 's/^go//')"; }

from_go_modules() {
    local scripts
    go_can_build || {
        say "the official installer cannot be reached, and to build the engine there is no Go 1.21 or newer on PATH;" \
            "install Pulumi $need or newer, or Go, then run this again"
        return 1
    }
    say "building Pulumi $cli_version from pinned Go modules (about 5 minutes, once)"
    work=$(mktemp -d "$cache/build.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # Built from copies: the checkout stays as committed.
    cp -r "$here/engine/cli" "$here/engine/language-python" "$work/"
    build_one "$work/cli" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi "$work/out/pulumi"
    build_one "$work/language-python" github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python \
        "$work/out/pulumi-language-python"
    scripts=$(cd "$work/cli" && go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)/python
    install -m 755 "$scripts/cmd/pulumi-language-python-exec" "$scripts/dist/pulumi-resource-pulumi-python" \
        "$scripts/dist/pulumi-analyzer-policy-python" "$work/out/"
    rm -rf "$built"
    mv "$work/out" "$built"
    say "built; \`go clean -cache -modcache\` frees the 2.5 GB that Go keeps of it"
    usable "$built" && echo "$built"
}

mkdir -p "$cache"
from_path || from_cache || from_installer || from_go_modules
