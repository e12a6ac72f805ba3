# Installs packages as a host's own package manager does, in the root of the host:
#   sh install-packages.sh MARK FOLDER HOW [REQUEST]... -- [AUTO]... <CONTROL
# CONTROL is the control file of the package MARK, which depends on all that is wanted: so the host itself knows what is needed, and
# keeps it. HOW: `fetch`, or `install` what was fetched (what comes from a folder is never fetched). REQUEST: `name=version` of what is not the version that the
# sources prefer. AUTO: which of them are to go with what needs them, though they were asked for by name.
#
# N1. What is about to be brought, and from which version something is changed, is noted before dpkg acts: by apt's own hook.
# N2. What an earlier run has left half-way is finished first.
mark=$1 folder=$2 how=$3
shift 3
[ "$how" = fetch ] && only=--download-only || only=--yes

umask 022
work=$folder/work
mkdir -p "$folder/brought" "$folder/changed" || exit 1
rm -rf "$work"
mkdir -p "$work/mark/DEBIAN" || exit 1
trap 'rm -rf "$work"' EXIT
cat >"$work/mark/DEBIAN/control" || exit 1
dpkg-deb --root-owner-group --build "$work/mark" "$work/$mark.deb" >/dev/null || exit 1

# Version 3 of apt's hook: a head that ends with an empty line, then `name version architecture multiarch < version architecture
# multiarch what`, with `-` for no version (apt.conf(5), DPkg::Pre-Install-Pkgs).
cat >"$work/note.sh" <<EOF
while read -r line && [ -n "\$line" ]; do :; done
while read -r name before arch multi way after arch2 multi2 what; do
  case \$name in slipway-*) continue ;; esac
  case \$what in '**'*) continue ;; esac
  if [ "\$before" != - ]; then
    [ -e "$folder/brought/\$name" ] || [ -e "$folder/changed/\$name" ] || echo "\$before" >"$folder/changed/\$name"
  else
    dpkg-query --show --showformat='\${db:Status-Status}' "\$name" 2>/dev/null >"$work/status"
    cat "$work/status" >"$folder/brought/\$name"
  fi
done
sync "$folder/brought" "$folder/changed"
EOF

dpkg --configure --pending 2>&1

requests=''
while [ "$1" != -- ]; do
  requests="$requests $1"
  shift
done
shift

# Names and versions of packages hold neither spaces nor signs of a shell.
set -f
apt-get --yes --quiet --no-install-recommends --no-remove --fix-broken "$only" \
  --option=Dpkg::Use-Pty=0 --option=DPkg::Lock::Timeout=120 \
  --option=Dpkg::Options::=--force-confold --option=Dpkg::Options::=--force-confdef \
  --option=DPkg::Pre-Install-Pkgs::="sh $work/note.sh" --option=DPkg::Tools::Options::sh::Version=3 \
  install "$work/$mark.deb" $requests || exit

[ "$how" = fetch ] || [ $# = 0 ] || apt-mark auto "$@"
