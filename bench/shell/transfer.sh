#!/bin/sh
# What somebody would do by hand: a folder and an SQLite database into two files, and back. All is on the disk when it has ended.
#   sh transfer.sh out STORAGE DATABASE FOLDER | sh transfer.sh in FOLDER TARGET
set -eu
case $1 in
out)
  storage=$2 database=$3 folder=$4
  tar -C "$storage" -cf - . | zstd -3 -q -o "$folder/storage.tar.zst"
  sqlite3 "$database" ".backup '$folder/database.sqlite'"
  zstd -3 -q --rm "$folder/database.sqlite"
  sync "$folder/storage.tar.zst" "$folder/database.sqlite.zst"
  ;;
in)
  folder=$2 target=$3
  mkdir "$target" "$target/data"
  zstd -dcq "$folder/storage.tar.zst" | tar -C "$target/data" -xf -
  zstd -dq "$folder/database.sqlite.zst" -o "$target/database.sqlite"
  sqlite3 "$target/database.sqlite" 'PRAGMA quick_check' >"$target/check"
  sync -f "$target"
  ;;
esac
