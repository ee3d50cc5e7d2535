#!/bin/sh
# langid-model.sh FILE URL SHA256: gets a model that is missing. It appears whole, with the right content, or not at all.
set -eu
file=$1 url=$2 sha256=$3
if [ -s "$file" ]; then
  echo "$file is there"
  exit 0
fi
curl --fail --silent --show-error --location --retry 3 --output "$file.part" "$url"
echo "$sha256  $file.part" | sha256sum --check --quiet
mv "$file.part" "$file"
echo "$file downloaded"
