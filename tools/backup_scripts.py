"""The scripts that make and restore backups, built from lines that are quoted already. Pure.

What was stopped is started again whatever happens, for one script does it all: were it several visits, a bot that dies
between two of them would leave a service down. Shells run no EXIT trap when they are ended by a signal, as at a limit,
so a second process, in a session of its own, waits for the end of the script and starts what it left. What is stopped
is noted in a file first: after a power cut the next script starts it.
"""

import shlex
from collections.abc import Sequence

NO_ROOM, ABSENT = 75, 66
# $1 the directory of all backups. It inherits the fence's lock, so nothing else happens there before it is done. An
# engine goes on with a stop whose client has died, and would take a start meanwhile for done: so it is waited for.
_WATCH = """\
exec < "$1/.watched"
cat > /dev/null
rm -rf -- "$1"/.part.*
for one in "$1"/.stopped/*; do
  [ -e "$one" ] || continue
  docker stop "${one##*/}"
  docker start "${one##*/}" && rm -f -- "$one"
done
rmdir -- "$1/.stopped"
"""
_WATCHED = f"watch={shlex.quote(_WATCH)}\n"
# $1 the directory of all backups.
_COMMON = """\
set -eu
umask 077
export LC_ALL=C
all=$1
started() {
  failed=0
  for mark in "$all"/.stopped/*; do
    [ -e "$mark" ] || continue
    said=$(docker start "${mark##*/}" 2>&1) || case $said in
      *'o such container'*) ;;
      *) echo "$said" >&2; failed=1; continue;;
    esac
    rm -f -- "$mark"
  done
  rmdir -- "$all/.stopped" 2> /dev/null || :
  return "$failed"
}
halted() {
  [ $# -gt 0 ] || return 0
  mkdir -p -- "$all/.stopped"
  rm -f -- "$all/.watched"
  mkfifo "$all/.watched"
  $(command -v setsid) sh -c "$watch" watch "$all" > /dev/null 2>&1 &
  exec 8> "$all/.watched"
  rm -f -- "$all/.watched"
  for one; do
    [ "$(docker inspect --type container --format '{{.State.Running}}' "$one")" = true ] || continue
    : > "$all/.stopped/$one"
    docker stop "$one" > /dev/null
  done
}
trap 'started || :' EXIT
proved() { (cd "$1" && sha256sum --check --quiet SHA256SUMS >&2); }
on_host() { case $1 in /*) echo "$1";; *) docker volume inspect --format '{{.Mountpoint}}' "$1";; esac; }
"""
# $2 the name, $3 how many are kept, $4 bytes that must stay free. A pipe has no memory of how its first part ended, so
# that speaks up on its own.
_UNLESS_MADE = """\
if [ -d "$1/$2" ] && proved "$1/$2" 2> /dev/null; then cat -- "$1/$2/CONTENTS"; exit; fi
"""
_MAKE = """\
place=$1/$2 keep=$3 spare=$4 needed=0
mkdir -p -- "$all"
rm -rf -- "$all"/.part.* "$place"
work=$(mktemp -d "$all/.part.XXXXXX")
trap 'started || :; rm -rf -- "$work"' EXIT
need() {
  if said=$(du -sk -- "$(on_host "$3")" 2> /dev/null); then size=$(($(echo "$said" | tail -n 1 | cut -f 1) * 1024))
  else size=$(docker cp "$1:$2" - | wc -c); fi
  needed=$((needed + size))
}
room() {
  free=$(($(df -P -k -- "$all" | tail -n 1 | awk '{print $4}') * 1024))
  [ "$free" -ge $((needed + spare)) ] || { echo "$((needed + spare)) $free" >&2; exit 75; }
}
kept() {
  file=$1
  shift
  rm -f -- "$work/pipe"
  mkfifo "$work/pipe"
  sha256sum < "$work/pipe" > "$work/sum" &
  summing=$!
  said=$({ { "$@" 2> "$work/errors" || echo broken >&3; } | tee "$work/pipe" > "$work/$file" || echo full >&3; } 3>&1)
  wait "$summing"
  if [ -n "$said" ]; then tail -n 5 -- "$work/errors" >&2; echo "$file is not whole" >&2; exit 1; fi
  [ -s "$work/$file" ] || { echo "$file is empty" >&2; exit 1; }
  printf '%s  %s\\n' "$(cut -d ' ' -f 1 "$work/sum")" "$file" >> "$work/SHA256SUMS"
}
save() {
  kind=$1 file=$2 container=$3 what=$4
  shift 4
  if [ "$kind" = tar ]; then kept "$file" docker cp "$container:$what" -
  else kept "$file" docker exec "$container" "$@"; fi
  printf '%s\\t%s\\t%s\\n' "$kind" "$file" "$what" >> "$work/pieces"
}
"""
_READ_BACK = """\
sync -- "$work"/* 2> /dev/null || sync
proved "$work"
while IFS=$(printf '\\t') read -r kind file what; do
  entries=0
  if [ "$kind" = tar ]; then
    tar -t -f "$work/$file" > "$work/list"
    entries=$(wc -l < "$work/list")
  fi
  printf '%s\\t%s\\t%s\\t%s\\t%s\\n' "$kind" "$file" "$what" "$(wc -c < "$work/$file")" "$entries" >> "$work/CONTENTS"
done < "$work/pieces"
for one in pipe sum errors list pieces; do rm -f -- "$work/$one"; done
mv -- "$work" "$place"
ls -1 -- "$all" | grep '^[0-9]' | sort -r | tail -n "+$((keep + 1))" |
  while IFS= read -r old; do rm -rf -- "${all:?}/$old"; done
cat -- "$place/CONTENTS"
"""
_TO_RESTORE = """\
back=$1/$5
[ -f "$back/SHA256SUMS" ] || exit 66
proved "$back"
"""
# Files keep their owners without `--archive`, which would give all of them to the container's own user.
# What is only one file is overwritten where it is. Names, owners, modes and sizes are compared, and what is in the
# files; times are not.
_RESTORE = """\
emptied() {
  where=$(on_host "$1")
  if [ -w "$where" ] && find "$where" -mindepth 1 -delete 2> /dev/null; then return; fi
  docker run --rm --pull never --network none --user 0 --entrypoint find --volume "$1:/emptied" "$2" \\
    /emptied -mindepth 1 -delete
}
listed() { tar -t -v -f - --numeric-owner | awk '{ $4 = ""; $5 = ""; print }' | sort; }
held() { "$@" | tar -x -O -f - | sha256sum; }
differing() {
  { docker cp "$1:$2" - | listed; listed < "$3"; } | sort | uniq -u | head -n 4
  [ "$(held docker cp "$1:$2" -)" = "$(held cat -- "$3")" ] || echo 'what is in the files'
}
refilled() {
  case $(tar -t -f "$back/$4" | head -n 1) in */) emptied "$3" "$5";; esac
  docker cp - "$1:$(dirname -- "$2")" < "$back/$4"
  unlike=$(differing "$1" "$2" "$back/$4")
  if [ -n "$unlike" ]; then
    printf '%s is not as %s has it:\n%s\n' "$2" "$4" "$unlike" >&2
    exit 1
  fi
}
"""


def making(needs: Sequence[str], dumps: Sequence[str], halt: str, tars: Sequence[str]) -> str:
    """Build the script that measures, saves and reads back; a dump is taken of what still runs."""
    lines = (*needs, "room", *dumps, f"halted {halt}", *tars, "started")
    return "\n".join((_WATCHED + _COMMON + _UNLESS_MADE + _MAKE, *lines, _READ_BACK))


def restoring(needs: Sequence[str], halt: str, tars: Sequence[str], refills: Sequence[str]) -> str:
    """Build the script that proves the backup $5, saves what is there, and puts the backup in its place.

    What writes there stays stopped from the first to the last of it, so nothing is written that neither of them has.
    """
    saved = "\n".join((*needs, "room", f"halted {halt}", *tars, _READ_BACK))
    return "\n".join((_WATCHED + _COMMON + _TO_RESTORE + _MAKE, saved + _RESTORE, *refills, "started", ""))
