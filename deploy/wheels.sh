#!/usr/bin/env bash
# Builds a wheel for each platform into dist/, on any machine with Python: Zig, a package as others, compiles for all.
# Usage: deploy/wheels.sh [PLATFORM...], as setup.py names them.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=build/wheel-tools
[ -x $tools/bin/auditwheel ] || {
    "${PYTHON:-python3}" -m venv $tools
    $tools/bin/pip install --quiet --disable-pip-version-check "setuptools>=77" "setuptools-scm>=8.1" \
        "ziglang==0.17.1" "auditwheel>=6"
}
[ $# -gt 0 ] || set -- manylinux_2_17_x86_64 manylinux_2_17_aarch64 macosx_11_0_arm64 win_amd64
for platform in "$@"; do
    rm -rf build/lib* build/bdist* build/temp*  # another platform's libraries
    VIDSHARP_WHEEL_FOR=$platform $tools/bin/pip wheel --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --wheel-dir dist .
done
# Refuses a library that wants more of the system than the wheel's name promises.
for wheel in dist/*manylinux*.whl; do
    [ -e "$wheel" ] || continue
    said=$($tools/bin/auditwheel show "$wheel")
    case ${said//$'\n'/ } in
        *manylinux_2_17_*|*manylinux_2_5_*) ;;
        *) echo "$wheel wants a newer Linux than its name says:" >&2; echo "$said" >&2; exit 1 ;;
    esac
done
ls -l dist/*.whl
