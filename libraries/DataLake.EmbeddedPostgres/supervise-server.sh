# Runs a PostgreSQL server that ends when its host ends.
#   $1 the postgres program, $2 its log file, $3 seconds granted to a fast shutdown, then the server's arguments
# Standard input is a pipe whose other end only the host holds: a line or end-of-file on it means stop. However the host
# dies, the kernel closes that end. Standard output carries one line, the server's process id.

# The terminal's Ctrl-C is the host's to handle. Where setsid is missing, job control gives the server a group of its own.
trap '' INT HUP TERM
[ "$DATALAKE_OWN_SESSION" = 1 ] || set -m 2>/dev/null
unset DATALAKE_OWN_SESSION
umask 077

program=$1 log=$2 seconds=$3
shift 3

# A background command's standard input becomes /dev/null; descriptor 3 keeps the pipe for the watcher.
exec 3<&0 </dev/null

"$program" "$@" >>"$log" 2>&1 3<&- &
server=$!

(
  exec >/dev/null 2>&1
  read -r _ <&3
  trap '' USR1
  kill -INT "$server"
  waits=0
  while kill -0 "$server"; do
    [ "$waits" -eq $((seconds * 20)) ] && kill -QUIT "$server"
    [ "$waits" -eq $((seconds * 20 + 200)) ] && kill -KILL "$server"
    waits=$((waits + 1))
    sleep 0.05 || sleep 1
  done
) &
watcher=$!

echo "$server"
exec >/dev/null 2>&1 3<&-

wait "$server"
code=$?

# Ends a watcher that still reads. One that is past that ends by itself; waiting for it leaves no process behind, dead or alive.
kill -USR1 "$watcher"
wait "$watcher"
exit "$code"
