#!/bin/sh
# Writes the pages into dist/, with the version in them.
set -eu
rm -rf dist
mkdir dist
for page in src/pages/*.html; do
  sed "s/@VERSION@/${ASTRAGO_VERSION:-dev}/" "$page" > "dist/$(basename "$page")"
done
echo ok > dist/health
