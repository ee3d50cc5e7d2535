#!/bin/sh
# schedule.sh set|look NAME WHEN DOCKER-HOST SCRIPT ARG… | remove NAME: a script that the host runs by itself. WHEN is a time of day
# in the host's own time, 03:15, or with a weekday before it, "Sun 05:00"; DOCKER-HOST is - for docker's default.
#   set      writes what will be run into a file, and hands that file to systemd (a timer), or to this user's crontab: whichever
#            the host has and this user may use. What was set before under NAME is replaced.
#   remove   takes both away, and leaves everything else of the crontab as it is. What has run stays.
#   look     changes nothing; says with a line each what is not as set with the same words would have it. Exit code 0.
# SYSTEMD_RUNS and SYSTEMD_UNITS: other folders than systemd's, for the tests.
# Each run's output is in the file NAME.log beside what is run; the one before it in NAME.log.1.
set -eu
verb=$1 name=$2
folder=$HOME/.local/share/robotoff-protea/schedule
job=$folder/$name.sh
mark="# robotoff-protea schedule: $name"

die() { echo "schedule: $name was not set: $*" >&2; exit 1; }
has() { command -v "$1" > /dev/null 2>&1; }

# By root for the host; by another user for that user, where the host lets its jobs run while nobody is logged in.
if [ "$(id -u)" = 0 ]; then units=/etc/systemd/system user=; else units=$HOME/.config/systemd/user user=--user; fi
# The folder is there exactly where systemd runs the host: sd_booted(3).
systemd() {
  [ -d "${SYSTEMD_RUNS:-/run/systemd/system}" ] || return 1
  [ -z "$user" ] || [ "$(loginctl show-user "$(id -un)" --property Linger 2> /dev/null)" = Linger=yes ]
}
units=${SYSTEMD_UNITS:-$units}
control() { systemctl ${user:+"$user"} --quiet "$@"; }

# read_table: $table is the crontab, and $others its lines that are not of NAME. No crontab yet is an empty one; one that
# cannot be read must not be taken for that.
read_table() {
  if ! table=$(LC_ALL=C crontab -l 2>&1); then
    case $table in "no crontab for "*) table= ;; *) echo "schedule: crontab -l: $table" >&2; return 1 ;; esac
  fi
  others=$(printf '%s\n' "$table" | awk -v mark="$mark" 'substr($0, length($0) - length(mark) + 1) != mark')
}

remove_timer() {
  [ -f "$units/$name.timer" ] || return 0
  ! systemd || control disable --now "$name.timer"
  rm -f "$units/$name.timer" "$units/$name.service"
  ! systemd || control daemon-reload
}

remove_line() {
  has crontab && read_table && [ "$others" != "$table" ] || return 0
  # Without a line it goes, so that none is left where there was none.
  if [ -n "$others" ]; then printf '%s\n' "$others" | crontab -; else crontab -r; fi
}

# word TEXT, words TEXT…: as a shell reads them back.
word() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
words() { for one in "$@"; do printf '%s ' "$(word "$one")"; done; }

# shellcheck disable=SC2016 # what it writes is read by another shell
job_text() {
  docker_host=$1 script=$2
  shift 2
  echo "#!/bin/sh"
  echo "$mark. Made by an up of the stack; to change or remove it, change host:backups.schedule and run it again."
  echo 'exec > "$0.new" 2>&1'
  # cron's own PATH may be without docker.
  echo 'export PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"'
  if [ "$docker_host" != - ]; then printf '%s\n' "export DOCKER_HOST=$(word "$docker_host")"; fi
  echo 'date -u +%Y-%m-%dT%H:%M:%SZ'
  echo "code=0"
  printf '%s\n' "$(words "$script" "$@")|| code=\$?"
  echo 'echo "exit code $code"'
  printf '%s\n' "log=$(word "$folder/$name.log")"
  echo '[ ! -f "$log" ] || mv "$log" "$log.1"'
  echo 'mv "$0.new" "$log"'
  echo 'exit "$code"'
}

service_text() {
  # systemd reads a % for itself.
  run=$(printf %s "$job" | sed 's/%/%%/g')
  printf '[Unit]\nDescription=%s\n\n[Service]\nType=oneshot\nExecStart=/bin/sh "%s"\nNice=10\nIOSchedulingClass=idle\n' "$name" "$run"
}

timer_text() {
  # What was missed while the host was off is made up for.
  case $when in *" "*) calendar="${when% *} *-*-* ${when#* }:00" ;; *) calendar="*-*-* $when:00" ;; esac
  printf '[Unit]\nDescription=%s\n\n[Timer]\nOnCalendar=%s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n' "$name" "$calendar"
}

by_systemd() {
  mkdir -p "$units"
  service_text > "$units/$name.service"
  timer_text > "$units/$name.timer"
  control daemon-reload
  control enable --now "$name.timer"
}

cron_line() {
  case $when in *" "*) day=${when% *} ;; *) day='*' ;; esac
  time=${when#* }
  # cron takes a % for a line's end.
  printf '%s\n' "${time#*:} ${time%:*} * * $day nice -n 10 sh $(word "$job" | sed 's/%/\\%/g') $mark"
}

by_cron() { printf '%s\n' ${others:+"$others"} "$(cron_line)" | crontab -; }

# same FILE: it is what comes in.
same() {
  if [ ! -f "$1" ]; then
    cat > /dev/null
    echo "$1 is missing"
  else
    cmp -s - "$1" || echo "$1 has another content"
  fi
}

look() {
  job_text "$@" | same "$job"
  if systemd; then
    service_text | same "$units/$name.service"
    timer_text | same "$units/$name.timer"
    control is-active "$name.timer" || echo "the timer $name.timer does not run"
    control is-enabled "$name.timer" || echo "the timer $name.timer is not enabled"
  elif has crontab; then
    read_table || exit 1
    own=$(printf '%s\n' "$table" | awk -v mark="$mark" 'substr($0, length($0) - length(mark) + 1) == mark')
    if [ -z "$own" ]; then
      echo "its line in the crontab is missing"
    elif [ "$own" != "$(cron_line)" ]; then
      echo "its line in the crontab is another"
    fi
  else
    echo "neither systemd nor cron runs it"
  fi
}

if [ "$verb" = look ]; then
  when=$3
  shift 3
  look "$@"
  exit 0
fi

# Another Command of this stack may change the crontab at the same moment.
mkdir -p "$folder"
exec 9> "$folder/.lock"
flock 9
if [ "$verb" = remove ]; then
  remove_timer
  remove_line
  rm -f "$job"
  exit 0
fi
when=$3
shift 3
# First what it takes; then what is changed.
if systemd; then
  how=by_systemd
elif has crontab; then
  read_table || die "this user's crontab cannot be read; see above"
  how=by_cron
else
  die "this host has neither systemd for this user (loginctl enable-linger $(id -un)) nor cron; install cron, or take host:backups.schedule out of the stack file"
fi
remove_timer
[ "$how" = by_cron ] || remove_line
job_text "$@" > "$job.$$"
mv "$job.$$" "$job"
"$how"
echo "schedule: $name runs at $when ($how), by $job"
