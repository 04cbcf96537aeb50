#!/bin/sh
# Writes the pages with the version in them, into dist/ or where the first argument says.
set -eu
cd "$(dirname "$0")"
to=${1:-dist}
rm -rf "$to"
mkdir -p "$to"
cp -r src/pages/. "$to"
cp -r src/components ../shared "$to"
sed "s/@VERSION@/${WEBAPP_VERSION:-dev}/" src/pages/index.html > "$to/index.html"
