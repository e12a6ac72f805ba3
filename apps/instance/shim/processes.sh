# What the supervisor, and whoever ends an instance, do with processes.

# The start time (proc_pid_stat(5), field 22) of process $1 in $started; fails when it has ended.
alive() { # PID
  started=''
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- ${stat##*) }
  [ "$1" != Z ] || return 1
  started=${20}
}

# Signals a process only if it is the one that started then: its number may have been given to another since.
signal() { # NAME PID STARTED
  alive "$2" && [ "$started" = "$3" ] && kill -s "$1" "$2"
}

# Ends at once all that runs of an instance: what its user UID runs; without one (`-`), what carries its folder in its
# environment. FOLDER is the name under which it was started, even if it has been moved since.
sweep() { # FOLDER UID
  if [ "$2" != - ]; then
    # kill(2) with -1: in one go, so that nothing escapes by forking.
    setpriv --reuid="$2" --regid="$2" --clear-groups sh -c 'kill -s KILL -- -1' 2>/dev/null
    return 0
  fi
  rounds=20
  while [ "$rounds" -gt 0 ]; do
    rounds=$((rounds - 1)) found=''
    for environ in $(grep -lzsxF "SLIPWAY_FOLDER=$1" /proc/[0-9]*/environ); do
      pid=${environ#/proc/}
      kill -s KILL "${pid%/environ}" 2>/dev/null && found=1
    done
    [ -n "$found" ] || return 0
    sleep 0.05
  done
}
