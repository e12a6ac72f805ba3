# Brings packages back to the versions that they had, in the root of a host: sh change-back.sh REQUEST... -- [AUTO]...
# REQUEST: `name=version`. Nothing else goes for that: where something needs the newer version, it stays.
requests=''
while [ "$1" != -- ]; do
  requests="$requests $1"
  shift
done
shift
set -f
apt-get --yes --quiet --no-install-recommends --no-remove --allow-downgrades \
  --option=Dpkg::Use-Pty=0 --option=DPkg::Lock::Timeout=120 \
  --option=Dpkg::Options::=--force-confold --option=Dpkg::Options::=--force-confdef \
  install $requests || exit
[ $# = 0 ] || apt-mark auto "$@"
