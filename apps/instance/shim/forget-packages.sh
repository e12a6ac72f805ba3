# Forgets what was noted of packages that are as they were before, in the root of a host: sh forget-packages.sh FOLDER [NAME]...
# What is named is forgotten whatever it is.
folder=$1
shift
for name in "$@"; do rm -f "$folder/changed/$name"; done
for note in "$folder"/brought/*; do
  [ -e "$note" ] || continue
  case $(dpkg-query --show --showformat='${db:Status-Status}' "${note##*/}" 2>/dev/null) in
    '' | not-installed | config-files) rm -f "$note" ;;
  esac
done
for note in "$folder"/changed/*; do
  [ -e "$note" ] || continue
  read -r before <"$note"
  [ "$(dpkg-query --show --showformat='${Version}' "${note##*/}" 2>/dev/null)" != "$before" ] || rm -f "$note"
done
rm -rf "$folder/work"
# Only what is empty goes.
rmdir "$folder/brought" "$folder/changed" "$folder" "${folder%/*}" 2>/dev/null
exit 0
