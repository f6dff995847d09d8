# Runs initdb with a password that comes in by standard input, so that it stands on no command line.
#   $1 the initdb program, $2 a private folder for the password file, then initdb's arguments
# Standard input: one line, the password; then end-of-file means that the host is gone and initdb stops.
# It works only in its temporary folder, so a kill at any moment leaves nothing that looks like a cluster.

umask 077
program=$1 folder=$2
shift 2

IFS= read -r password || exit 2
printf '%s\n' "$password" >"$folder/password"
password=

exec 3<&0 </dev/null
"$program" --pwfile="$folder/password" "$@" 3<&- &
initdb=$!
(
  exec >/dev/null 2>&1
  read -r _ <&3
  kill -TERM "$initdb"
) &
watcher=$!

wait "$initdb"
code=$?
kill -KILL "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
rm -f "$folder/password"
exit "$code"
