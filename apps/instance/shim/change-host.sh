# Runs a program that changes the packages of a host: sh change-host.sh ROOT [FILE]... -- PROGRAM [ARGUMENT]...
#
# H1. One at a time: it is run under a lock on the folder of dpkg (flock), which the program holds and not who has started it.
# H2. It does not run when one of the files is gone: what it was to be done for was given back, or somebody else has done it.
# H3. Below another root than / nothing is started by packages: no init runs there. What stood in its place before stays.
root=$1
shift
while [ "$1" != -- ]; do
  [ -e "$1" ] || { echo "slipway: $1 is gone" >&2; exit 193; }
  shift
done
shift

[ "$root" != / ] || exec "$@"

policy=$root/usr/sbin/policy-rc.d
ours='# Written by Slipway while it changes packages'
if [ ! -e "$policy" ] || grep -qxF "$ours" "$policy"; then
  printf '#!/bin/sh\n%s\nexit 101\n' "$ours" >"$policy" && chmod 755 "$policy" || exit 1
  trap 'rm -f "$policy"' EXIT
fi
"$@"
