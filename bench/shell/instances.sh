#!/bin/sh
# Makes so many guestbooks by hand, without any record: for each a folder for its files, a database with its schema, a key, its
# program and a process; at the end all of them answer.   sh instances.sh FOLDER COUNT FIRST_PORT NODE SAMPLE SCHEMA
set -eu
root=$1 count=$2 port=$3 node=$4 sample=$5 schema=$6

number=0
while [ "$number" -lt "$count" ]; do
  home=$root/guestbook-$number
  mkdir -p "$home/data" "$home/run"
  chmod 750 "$home/data"
  "$node" --no-warnings -e '
    const { DatabaseSync } = require("node:sqlite");
    const db = new DatabaseSync(process.argv[1]);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    db.exec(require("node:fs").readFileSync(process.argv[2], "utf8"));
    db.close();
  ' "$home/guestbook.sqlite" "$schema"
  cp -r "$sample" "$home/app"
  (umask 277 && head -c 32 /dev/urandom >"$home/run/session-key")
  (
    cd "$home/app"
    exec setsid env -i PATH="$PATH" HOST=127.0.0.1 PORT="$((port + number))" DATABASE="$home/guestbook.sqlite" DATA="$home/data" \
      SESSION_KEY_FILE="$home/run/session-key" "$node" server.mjs >"$home/run/log" 2>&1
  ) &
  echo "$!" >>"$root/pids"
  number=$((number + 1))
done

number=0
while [ "$number" -lt "$count" ]; do
  until curl --silent --fail --output /dev/null "http://127.0.0.1:$((port + number))/health"; do sleep 0.05; done
  number=$((number + 1))
done
