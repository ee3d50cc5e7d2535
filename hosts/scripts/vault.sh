#!/bin/sh
# vault.sh VERB …: a system's folder of backups, $BACKUPS. Runs in the container `postgres-backup`, as root:
# `docker exec -i -u root CONTAINER sh -s -- VERB … < vault.sh`. STAMP is a backup's name, the UTC time at which it began.
#   begin STAMP            removes what killed runs left, makes the folder of a new one and prints its path, and the newest verified one's
#   seal STAMP SECONDS     writes manifest.json: of every file its size and sha256; and its own sum beside it. Large files that the newest
#                          verified one has too become hard links to it
#   check STAMP            compares every byte with the manifest; a line for each file that differs, and exit code 1
#   publish STAMP          it takes its name at once, whole; `latest` points to it
#   copied SNAPSHOT        notes that all published ones are in a snapshot of the copy off the host
#   copy-failed            notes that no copy could be made, until one is
#   verified STAMP HOW     notes when it was verified, and how (quick, deep); and of the newest verified one writes metrics/backup.prom
#   list                   a line for each: STAMP, bytes, seconds it took, how and when it was verified, its line of WAL,
#                          the identifier of its database system (another one is a server that was made anew),
#                          the snapshot off the host that it is in, and since when; and its parts, with commas between
#   sizes STAMP            a line for each part: its name and bytes, of postgres those that a restore copies; and wal, of the WAL after it
#   chosen WHEN            STAMP and LINE of the backup that an empty server is filled from: the newest verified one (latest), or
#                          of those that ended before a moment (seconds since 1970); nothing where there is none
#   window                 whether WAL is received (`receiving SECONDS-BEHIND` or `away`), the line of WAL, the checkpoints,
#                          and when the last copy off the host failed
#   checkpoint NAME        names this moment, for a restore
#   before WHAT            names this moment before-WHAT-TIME, where there is a backup to go back from
#   prune LAST DAILY WEEKLY MONTHLY   removes what none of these counts keeps, WAL that no backup needs, and checkpoints before all of them
set -eu
umask 077
export LC_ALL=C
cd "$BACKUPS" 2> /dev/null || { echo "vault: there is no folder ${BACKUPS##*/}: a folder of backups has one for each system" >&2; exit 1; }
verb=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# stamps: the published backups, oldest first.
stamps() { for one in 2*Z; do if [ -f "$one/manifest.json" ]; then echo "$one"; fi; done; }

# system_of STAMP: the database system that a backup is of.
system_of() { sed -n 's/.*"system" : "\([0-9]*\)".*/\1/p' "$1/manifest.json" | grep . || echo -; }

newest_verified() { stamps | sort -r | while read -r one; do if [ -s "verified/$one" ]; then echo "$one"; break; fi; done; }

begin() {
  # Names are moments: an older one would never be the newest, and one that is there would be written into.
  newest=$(stamps | tail -n 1)
  if [ "$newest" = "$1" ] || [ "$(printf '%s\n%s\n' "$newest" "$1" | sort | tail -n 1)" != "$1" ]; then
    echo "vault: there is a backup of $newest, and this host's clock says $1: set the clock; or, if it was wrong before and is right now," \
      "rename what is of a time to come: mv $BACKUPS/$newest $BACKUPS/later-$newest (a name that is no moment is kept, and not used)" >&2
    exit 1
  fi
  # A run that was killed on the host goes on in its containers. Here it is ended; elsewhere it loses the folder it writes to.
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' < "$process/cmdline"; } 2> /dev/null | grep -q '/\.2[0-9TZ]*\.partial'; then
      kill -9 "${process#/proc/}" 2> /dev/null || true
    fi
  done
  for half in .2*.partial; do if [ -e "$half" ]; then mv "$half" "$half.gone"; fi; done
  rm -rf .2*.gone 2> /dev/null || { sleep 1; rm -rf .2*.gone; }
  mkdir ".$1.partial" verified 2>/dev/null || [ -d ".$1.partial" ]
  chown postgres ".$1.partial" || true
  echo "$BACKUPS/.$1.partial"
  last=$(newest_verified)
  if [ -n "$last" ]; then echo "$BACKUPS/$last"; fi
}

# The files of a backup, without what speaks of them.
files() { find . -type f ! -path ./manifest.json ! -path ./manifest.sha256 | sed 's|^\./||' | sort; }

# Folders without a file: a server does not start on a copy that lacks them.
empty_folders() { find . -type d -empty | sed 's|^\./||' | sort; }

measure() { tr '\n' '\0' < "$scratch/files" | xargs -0 stat -c %s > "$scratch/sizes"; }

# describe STAMP SECONDS: the manifest of the files that $scratch/files lists, with their sums in $scratch/sums, and of the folders that
# $scratch/folders lists.
describe() {
  measure
  printf '{"format": 1, "stamp": "%s", "seconds": %s, "bytes": %s,\n"parts": [' "$1" "$2" "$(awk '{ sum += $1 } END { printf "%.0f", sum }' "$scratch/sizes")"
  separator=
  for part in */part.json; do printf '%s\n' "$separator"; tr -d '\n' < "$part"; separator=,; done
  printf '],\n"files": [\n'
  paste "$scratch/sizes" "$scratch/sums" "$scratch/files" | sed 's/^\([0-9]*\)\t\([0-9a-f]*\)\t\(.*\)$/{"size": \1, "sha256": "\2", "path": "\3"},/; $ s/,$//'
  if [ -f "$scratch/folders" ]; then
    printf '],\n"folders": [\n'
    sed 's/.*/"&",/; $ s/,$//' "$scratch/folders"
  fi
  printf ']}\n'
}

# listed MANIFEST: SHA256  PATH of each file that it names.
listed() { sed -n 's/^{"size": [0-9]*, "sha256": "\([0-9a-f]*\)", "path": "\(.*\)"},\{0,1\}$/\1  \2/p' "$1"; }

# paced WHAT OUTPUT COMMAND…: the command writes into OUTPUT, a line for each file whose size $scratch/sizes has; every ten seconds it is said
# how far it is.
paced() {
  what=$1 output=$2
  shift 2
  : > "$output"
  begun=$(date +%s)
  # A sleep that outlives its shell must not hold what the host waits for.
  while sleep 10 > /dev/null 2>&1; do
    awk -v what="$what" -v seconds="$(($(date +%s) - begun))" -v lines="$(wc -l < "$output")" '
      { total += $1 } NR <= lines { there += $1 }
      END { rate = there / (seconds > 0 ? seconds : 1); printf "vault: %s: %.0f of %.0f MB, %.0f MB/s, %.0f s left\n", what, there / 1e6, total / 1e6, rate / 1e6, (total - there) / (rate + 1) }
    ' "$scratch/sizes" >&2
  done &
  watcher=$!
  code=0
  "$@" > "$output" || code=$?
  kill "$watcher"
  return "$code"
}
compared() { sha256sum -c "$scratch/check" 2> /dev/null; }
hashed() { tr '\n' '\0' < "$scratch/files" | xargs -0 sha256sum; }

# share PREVIOUS: what is byte for byte as in the backup before, and larger than a megabyte, becomes one file with it. Both are read: what rotted
# there must not take the place of what was copied just now.
share() {
  paste -d' ' "$scratch/sums" /dev/null "$scratch/files" | sort > "$scratch/own"
  find . -type f -size +1024k | sed 's|^\./||' | sort > "$scratch/large"
  listed "$1/manifest.json" | sort | comm -12 - "$scratch/own" | cut -c67- | sort | comm -12 - "$scratch/large" | while IFS= read -r file; do
    if [ "$(stat -c %i "$file")" = "$(stat -c %i "$1/$file")" ] || ! cmp -s "$file" "$1/$file"; then continue; fi
    # As on file systems without links.
    ln "$1/$file" "$file.linked" 2> /dev/null || continue
    stat -c %s "$file"
    mv -f "$file.linked" "$file"
  done | awk '{ sum += $1 } END { if (NR > 0) printf "vault: %d files, %.0f MB, are as in the backup before and take no room\n", NR, sum / 1e6 }' >&2
}

seal() {
  previous=$(newest_verified)
  cd ".$1.partial"
  files > "$scratch/files"
  empty_folders > "$scratch/folders"
  if grep -n '["\\]' "$scratch/files" "$scratch/folders"; then echo "vault: these names cannot stand in a manifest" >&2; exit 1; fi
  measure
  paced "writes the manifest" "$scratch/hashed" hashed
  cut -d' ' -f1 < "$scratch/hashed" > "$scratch/sums"
  if [ -n "$previous" ]; then share "$BACKUPS/$previous"; fi
  describe "$1" "$2" > manifest.json
  sha256sum manifest.json > manifest.sha256
}

check() {
  cd "$1" 2>/dev/null || { echo "vault: there is no backup $1" >&2; exit 1; }
  wrong=0
  sha256sum manifest.json 2> /dev/null | cmp -s - manifest.sha256 || { echo "$1/manifest.json: does not have its own checksum"; exit 1; }
  listed manifest.json > "$scratch/check"
  cut -c67- "$scratch/check" | sort > "$scratch/declared"
  files > "$scratch/found"
  for file in $(comm -23 "$scratch/declared" "$scratch/found"); do echo "$1/$file: missing"; wrong=1; done
  for file in $(comm -13 "$scratch/declared" "$scratch/found"); do echo "$1/$file: not in the manifest"; wrong=1; done
  # Manifests of before 2026-11-26 have none.
  if grep -qx '"folders": \[' manifest.json; then
    empty_folders > "$scratch/folders"
    sed '1,/^"folders": \[$/d; s/^"\(.*\)",\{0,1\}$/\1/; /^\]}$/d' manifest.json > "$scratch/declared"
    for folder in $(comm -23 "$scratch/declared" "$scratch/folders"); do echo "$1/$folder: this folder is missing, or no longer empty"; wrong=1; done
  fi
  sed -n 's/^{"size": \([0-9]*\), .*/\1/p' manifest.json > "$scratch/sizes"
  paced "reads every byte" "$scratch/read" compared || true
  grep -v ': OK$' "$scratch/read" > "$scratch/wrong" || true
  while IFS= read -r line; do
    file=${line%: *}
    if [ -e "$file" ]; then echo "$1/$file: its bytes are not those of the manifest"; fi
    wrong=1
  done < "$scratch/wrong"
  # Whatever else it says, sizes and parts, has to be what it would say now; only how long it took nothing can tell.
  if [ "$wrong" = 0 ]; then
    mv "$scratch/found" "$scratch/files"
    cut -c1-64 "$scratch/check" > "$scratch/sums"
    describe "$1" "$(sed -n '1s/.*"seconds": \([0-9]*\),.*/\1/p' manifest.json)" | cmp -s - manifest.json ||
      { echo "$1/manifest.json: does not say what its files and parts are"; wrong=1; }
  fi
  return "$wrong"
}

publish() {
  mv ".$1.partial" "$1"
  ln -s "$1" ".latest.$$"
  mv -T ".latest.$$" latest
}

verified() {
  echo "$2 $(date -u +%Y-%m-%dT%H:%M:%SZ)" >> "verified/$1"
  if [ -d metrics ]; then metrics; fi
}

# began STAMP: when a backup began, in seconds since 1970.
began() { date -u -d "$(echo "$1" | sed 's/^\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z$/\1-\2-\3 \4:\5:\6/')" +%s; }

# gauge NAME VALUE [LABEL]: a metric as Prometheus reads it.
gauge() {
  echo "# TYPE robotoff_protea_backup_$1 gauge"
  echo "robotoff_protea_backup_$1{system=\"${BACKUPS##*/}\"${3:+,$3}} $2"
}

# For node_exporter's textfile collector; moments instead of ages, so that a file that is no longer written tells.
metrics() {
  one=$(newest_verified)
  # The newest that is off the host as well.
  off=$(stamps | sort -r | while read -r copy; do if [ -s "copied/$copy" ]; then echo "$copy"; break; fi; done)
  # shellcheck disable=SC2046 # words of numbers
  set -- $(list | grep "^$one ")
  {
    gauge timestamp_seconds "$(began "$one")"
    gauge oldest_timestamp_seconds "$(began "$(stamps | while read -r old; do if [ -s "verified/$old" ]; then echo "$old"; break; fi; done)")"
    gauge size_bytes "$2"
    gauge duration_seconds "$3"
    gauge verified_timestamp_seconds "$(date -u -d "$5" +%s)" "how=\"$4\""
    if [ -n "$off" ]; then gauge copied_timestamp_seconds "$(began "$off")"; fi
  } > metrics/.backup.prom
  chmod 644 metrics/.backup.prom
  mv metrics/.backup.prom metrics/backup.prom
}

copied() {
  mkdir -p copied
  stamps | while read -r one; do echo "$1 $(date -u +%Y-%m-%dT%H:%M:%SZ)" > "copied/$one"; done
  rm -f copied/failed
  if [ -d metrics ]; then metrics; fi
}

copy_failed() {
  mkdir -p copied
  date -u +%Y-%m-%dT%H:%M:%SZ > copied/failed
}

list() {
  stamps | while read -r one; do
    size=$(head -n 1 "$one/manifest.json" | sed 's/.*"seconds": \([0-9]*\), "bytes": \([0-9]*\),.*/\2 \1/')
    how='- -'
    if [ -s "verified/$one" ]; then how=$(tail -n 1 "verified/$one"); fi
    line=$(sed -n 's/.*"wal" : "\([0-9TZ]*\)".*/\1/p' "$one/manifest.json")
    copy='- -'
    if [ -s "copied/$one" ]; then copy=$(cat "copied/$one"); fi
    echo "$one $size $how ${line:--} $(system_of "$one") $copy $(for part in "$one"/*/part.json; do basename "${part%/*}"; done | paste -s -d, -)"
  done
}

sizes() {
  sed -n 's/^{"size": \([0-9]*\), "sha256": "[0-9a-f]*", "path": "\([^/]*\/[^/"]*\).*/\1 \2/p' "$1/manifest.json" | awk '
    { part = $2; sub("/.*", "", part) }
    part != "postgres" || $2 == "postgres/base" { sum[part] += $1 }
    END { for (part in sum) printf "%s %.0f\n", part, sum[part] }'
  line=$(sed -n 's/.*"wal" : "\([0-9TZ]*\)".*/\1/p' "$1/manifest.json")
  from=$(sed -n 's/.*"walFrom" : "\([0-9A-F]*\)".*/\1/p' "$1/manifest.json")
  if [ -d "wal/$line" ]; then
    # shellcheck disable=SC2012 # names of segments
    ls "wal/$line" | awk -v from="$from" 'length($1) >= 24 && $1 ~ /^[0-9A-F]+([.]partial)?$/ && $1 >= from { segments += 1 } END { print "wal", segments * 16777216 }'
  fi
}

chosen() {
  list | while read -r one _ took how _ line _; do
    [ "$how" != - ] || continue
    if [ "$1" = latest ] || [ $(($(began "$one") + took + 1)) -le "$1" ]; then echo "$one $line"; fi
  done | tail -n 1
}

ask() { psql -qAtX -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres "$@"; }

window() {
  ask -c "select 'receiving ' || coalesce(extract(epoch from flush_lag), 0) from pg_stat_replication where application_name = 'backup'" 2> /dev/null | grep . || echo away
  echo "line $(readlink wal/current || echo -)"
  if [ -f checkpoints ]; then sed 's/^/checkpoint /' checkpoints; fi
  if [ -s copied/failed ]; then sed 's/^/copy-failed /' copied/failed; fi
}

checkpoint() {
  if grep -q "^$1 " checkpoints 2> /dev/null; then echo "vault: there is a checkpoint $1 already" >&2; exit 1; fi
  # shellcheck disable=SC2016
  at=$(ask -v name="$1" <<'SQL'
select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from pg_create_restore_point(:'name');
SQL
)
  echo "$1 $at $(readlink wal/current)" >> checkpoints
  echo "$1 $at"
}

before() {
  if [ -n "$(newest_verified)" ]; then checkpoint "before-$1-$(date -u +%Y%m%dT%H%M%SZ)"; fi
}

# kept LAST DAILY WEEKLY MONTHLY: of the stamps on standard input, newest first, those that are kept.
kept() {
  awk -v last="$1" -v daily="$2" -v weekly="$3" -v monthly="$4" '
    # Days since 1970-01-01 (H. Hinnant, chrono-compatible low-level date algorithms).
    function days(y, m, d,   era, yoe, doy) {
      if (m <= 2) y -= 1
      era = int(y / 400); yoe = y - era * 400
      doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
      return era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy - 719468
    }
    # The first of each period, and of so many periods.
    function first(kind, period, most) {
      if ((kind, period) in seen || count[kind] >= most) return 0
      seen[kind, period] = 1; count[kind] += 1
      return 1
    }
    {
      day = days(substr($1, 1, 4) + 0, substr($1, 5, 2) + 0, substr($1, 7, 2) + 0)
      keep = NR <= last
      if (first("day", day, daily)) keep = 1
      # 1970-01-01 was a Thursday; weeks begin on Monday.
      if (first("week", int((day + 3) / 7), weekly)) keep = 1
      if (first("month", substr($1, 1, 6), monthly)) keep = 1
      if (keep) print $1
    }'
}

prune() {
  newest=$(newest_verified)
  if [ -z "$newest" ]; then echo "vault: nothing is verified, so nothing is removed" >&2; return; fi
  # Of every database system the newest verified one stays: a server that came up empty must not push out what it lost.
  stamps | sort -r | while read -r one; do
    if [ -s "verified/$one" ]; then echo "$(system_of "$one") $one"; fi
  done | awk '!seen[$1]++ { print $2 }' > "$scratch/newest"
  { stamps | sort -r | kept "$@"; cat "$scratch/newest"; } | sort -u > "$scratch/kept"
  stamps | comm -23 - "$scratch/kept" | while read -r one; do
    echo "vault: $one is no longer kept" >&2
    # Out of sight first: half of one must not look like a backup.
    mv "$one" ".$one.partial"
    rm -rf ".$one.partial" "verified/$one" "copied/$one"
  done
  # The dumps for others, of backups that are gone: those whose file has no other name any more.
  for dump in public/*_20*.dump; do
    [ -f "$dump" ] || continue
    case "$(stat -c %h "$dump") $(readlink public/robotoff_postgres_latest.dump)" in
      *" ${dump#public/}") ;;
      "1 "*) rm "$dump" ;;
    esac
  done
  # A line of WAL goes back to the oldest backup on it; one that is not written any more, and of no backup, goes.
  current=$(readlink wal/current || true)
  for line in wal/2*Z; do
    [ -d "$line" ] || continue
    oldest=$(stamps | while read -r one; do sed -n "s|.*\"wal\" : \"${line#wal/}\", \"walFrom\" : \"\([0-9A-F]*\)\".*|\1|p" "$one/manifest.json"; done | sort | head -n 1)
    if [ -n "$oldest" ]; then
      pg_archivecleanup "$line" "$oldest"
    elif [ "${line#wal/}" != "$current" ]; then
      echo "vault: no backup goes on with the WAL in $line: removed" >&2
      rm -rf "$line"
    fi
  done
  # Before the oldest backup no moment can be restored.
  oldest=$(stamps | head -n 1 | sed 's/^\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z$/\1-\2-\3T\4:\5:\6/')
  if [ -f checkpoints ]; then
    awk -v oldest="$oldest" '$2 >= oldest' checkpoints > .checkpoints.new
    mv .checkpoints.new checkpoints
  fi
}

case $verb in copy-failed) verb=copy_failed ;; esac
"$verb" "$@"
