# Keeps one instance running, also while Slipway is down. Started detached, in the instance's folder, as
#   sh ./supervise.sh FOLDER NODE UID FIRST_MS LONGEST_MS STEADY_S GRACE_S LOG_BYTES ATTEMPTS
# UID `-`: no user of its own; ATTEMPTS `-`: started again without end.
#
# S1. Who holds the lock on run/lock (descriptor 9) is the only supervisor. Nothing that it starts inherits the lock.
# S2. It starts nothing in a folder that no longer stands under its name: that instance was destroyed.
# S3. When it starts the app, nothing that an earlier run has left behind still runs.
# S4. The log keeps at most twice LOG_BYTES and a MiB; a reader that dies is started again with the next run.
# S5. SIGTERM ends the app's process group, and after GRACE_S seconds all that is left; then the supervisor.
# S6. Having been started again ATTEMPTS times without having run for STEADY_S seconds it is left, and `failed`.
umask 077
folder=$1 node=$2 uid=$3 first=$4 longest=$5 steady=$6 grace=$7 bytes=$8 attempts=$9
tries=0 phase=stopped app='' logger='' stopping='' asked='' nap='' code=''

exec 9>>run/lock || exit 1
flock --timeout 2 9 || exit 75
[ "$folder" -ef . ] || exit 76

. ./processes.sh

say() {
  printf 'phase=%s\npid=%s\nrestarts=%s\nexit=%s\nsince=%s\ndelay=%s\n' \
    "$1" "$app" "$restarts" "$code" "$(date +%s)" "$delay" >run/state.new && mv run/state.new run/state
}

uptime() { read -r up _ </proc/uptime; up=${up%%.*}; }

pause() { # $1 milliseconds; not longer than $stopping is $2
  sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))" 7>&- 9>&- &
  nap=$!
  [ "$stopping" != "$2" ] || wait "$nap"
  kill "$nap" 2>/dev/null
  nap=''
}

read_log() {
  size=$(wc -c <log/app.log) || size=0
  while dd bs=4096 count=256 oflag=append conv=notrunc status=none of=log/app.log; do
    before=$size size=$(wc -c <log/app.log)
    [ "$size" -gt "$before" ] || break # the end: nobody writes any more
    [ "$size" -lt "$bytes" ] || { mv log/app.log log/app.1.log; size=0; }
  done
}

keep_log() {
  [ -z "$logger" ] || ! alive "$logger" || return 0
  rm -f run/output
  mkfifo run/output
  exec 8<>run/output 7>run/output # opened both ways for a moment, so that neither end waits for the other
  : >>log/app.log
  # Not as redirections of the function: the shell would keep copies of what it closes, lock included, to give them back.
  { exec <run/output 7>&- 8>&- 9>&-; read_log; } &
  logger=$!
  exec 8>&-
}

send() { kill -s "$1" -- "-$app" 2>/dev/null || kill -s "$1" "$app" 2>/dev/null; }

ask() { # once: to some a second SIGTERM means "at once"
  [ -z "$asked" ] && [ -n "$app" ] && send TERM && asked=1
}

trap 'stopping=1; ask; [ -z "$nap" ] || kill "$nap"' TERM INT

alive "$$"
echo "$$ $started" >run/supervisor.new && mv run/supervisor.new run/supervisor
restarts=0 delay=$first
[ ! -e run/state ] || while IFS='=' read -r key value; do [ "$key" != restarts ] || restarts=$value; done <run/state
sweep "$folder" "$uid" 7>&- 9>&-

while [ -z "$stopping" ] && [ "$folder" -ef . ]; do
  keep_log
  sh ./launch.sh "$node" >run/output 2>&1 7>&- 9>&- &
  app=$!
  say running
  uptime
  began=$up
  while [ -z "$stopping" ]; do
    wait "$app"
    code=$?
    alive "$app" || break
  done
  if [ -n "$stopping" ]; then
    ask
    left=$((grace * 10))
    while alive "$app" && [ "$left" -gt 0 ]; do
      pause 100 1
      left=$((left - 1))
    done
    send KILL
    wait "$app"
    code=$?
  fi
  app=''
  sweep "$folder" "$uid" 7>&- 9>&-
  [ -z "$stopping" ] || break
  uptime
  [ $((up - began)) -lt "$steady" ] || { delay=$first; tries=0; }
  [ "$attempts" = - ] || [ "$tries" -lt "$attempts" ] || { phase=failed; break; }
  tries=$((tries + 1))
  say waiting
  pause "$delay" ''
  delay=$((delay * 2))
  [ "$delay" -le "$longest" ] || delay=$longest
  [ -n "$stopping" ] || restarts=$((restarts + 1))
done

say "$phase"
exec 7>&- # its end, for the log's reader; what holds it open nevertheless does not matter
left=20
while [ -n "$logger" ] && alive "$logger" && [ "$left" -gt 0 ]; do
  pause 50 "$stopping"
  left=$((left - 1))
done
[ -z "$logger" ] || kill "$logger" 2>/dev/null
exit 0
