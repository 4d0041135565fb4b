# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts share: packages, and where things are. Sourced, not run.

top=$(cd "$(dirname "$0")/.." && pwd)

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# The package that has each library's headers goes by other names in later
# releases: the first name that exists is taken.
build_packages="build-essential meson ninja-build pkg-config
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    libebur128-dev libaubio-dev libsndfile1-dev libfftw3-dev
    libtag-dev|libtag1-dev libjson-glib-dev"

# Those beside them that the test suite needs.
test_packages="gobject-introspection libgirepository1.0-dev
    gir1.2-gstreamer-1.0 python3 python3-gi python3-numpy python3-pytest
    python3-setuptools python3-pip python3-venv python3-torch libtorch-dev
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
    libcairo2-dev valgrind ccache clang lld llvm tzdata procps bash zsh
    slurmctld slurmd slurm-client munge"

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "packages are missing; run as root or install sudo: $*"
    fi
}

is_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# The installed or installable one of A|B.
choose() {
    for name in $(echo "$1" | tr '|' ' '); do
        if is_installed "$name" || apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "${1%%|*}"
}

# Installs what is missing of the packages named; asks for nothing and
# touches nothing where all are there.
install_packages() {
    command -v dpkg-query >/dev/null || die "this needs Debian 12 or 13"
    missing=
    for names in "$@"; do
        found=
        for name in $(echo "$names" | tr '|' ' '); do
            is_installed "$name" && found=$name
        done
        [ -n "$found" ] || missing="$missing $names"
    done
    [ -n "$missing" ] || return 0

    as_root apt-get update -qq
    wanted=
    for names in $missing; do
        wanted="$wanted $(choose "$names")"
    done
    echo "Installing:$wanted"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $wanted >/dev/null
}

# configure DIR OPTION...
configure() {
    dir=$1
    shift
    if [ -f "$dir/build.ninja" ]; then
        meson configure "$dir" "$@" >/dev/null
    else
        meson setup "$dir" "$top" "$@" >"$dir.log" 2>&1 || {
            cat "$dir.log" >&2
            die "configuring failed"
        }
        rm -f "$dir.log"
    fi
}
