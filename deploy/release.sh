#!/usr/bin/env bash
# Makes all that is released of the tagged commit, in dist/: wheels, source, notes. Uploads nothing; says what would.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

[ -z "$(git status --porcelain)" ] || { echo "commit or stash what has changed: a release is a commit" >&2; exit 1; }
tag=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null) ||
    { echo "this commit has no tag: git tag -a v1.2.3 -m 'vidsharp 1.2.3'" >&2; exit 1; }
version=${tag#v}

rm -rf dist
mkdir dist
"$python" deploy/release_notes.py "$version" >dist/notes.md
PYTHON=$python deploy/wheels.sh
tools=build/wheel-tools
$tools/bin/pip install --quiet --disable-pip-version-check "build>=1.2" "twine>=6"
# As a program: `python -m build` would take the folder build/ for its module.
$tools/bin/pyproject-build --sdist --no-isolation --outdir dist . >/dev/null
for file in dist/*.whl dist/*.tar.gz; do
    case $file in
        dist/vidsharp-"$version"[-.]*) ;;
        *) echo "$file is not of version $version" >&2; exit 1 ;;
    esac
done
$tools/bin/twine check --strict dist/*.whl dist/*.tar.gz
echo "$version is in dist/. To publish it:"
echo "    git push origin $tag"
echo "    $tools/bin/twine upload dist/*.whl dist/*.tar.gz"
echo "    gh release create $tag --notes-file dist/notes.md dist/*.whl dist/*.tar.gz"
