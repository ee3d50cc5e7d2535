#!/bin/sh
# Makes the repository that `local` takes Robotoff's data folder from. Usage: repository.sh BARE_REPOSITORY
# Names, dates and contents are fixed, so the commit is always the same one: Pulumi.local.yaml declares it.
set -eu
export GIT_AUTHOR_NAME=miniature GIT_AUTHOR_EMAIL=miniature@localhost GIT_AUTHOR_DATE='2026-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=miniature GIT_COMMITTER_EMAIL=miniature@localhost GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
work=$(mktemp -d)
git init --quiet --bare --initial-branch=main "$1"
git -C "$1" config uploadpack.allowAnySHA1InWant true
git init --quiet --initial-branch=main "$work"
cd "$work"
mkdir -p data/taxonomies cache datasets models
# As upstream: what ends in .gz is kept by LFS.
echo '*.gz filter=lfs diff=lfs merge=lfs -text' >.gitattributes
echo '{"en:plant-based-foods": {"name": {"en": "Plant-based foods"}}}' | gzip -n >data/taxonomies/categories.full.json.gz
touch cache/.gitkeep datasets/.gitkeep models/.gitkeep
git add .
git commit --quiet --message 'What the miniature reads'
git push --quiet "file://$1" main
git rev-parse HEAD
