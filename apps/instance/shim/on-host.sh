# Runs the app of an instance on a host whose root is another folder of this machine, with what is its own beside:
#   sh ./on-host.sh ROOT NODE [NAME=PATH]... -- PROGRAM [ARGUMENT]...
# Started in the instance's folder, in a mount namespace that nobody else sees (unshare --mount): nothing is made in the host, and
# nothing stays mounted, whoever is killed. The app finds its folder at /mnt/instance, Node at /mnt/node, and what it is wired to at
# /mnt/<name>.
root=$1 node=$2
shift 2
for tree in proc sys dev; do
  mount --rbind "/$tree" "$root/$tree" || exit 1
done
mount -t tmpfs -o mode=0755,size=64k tmpfs "$root/mnt" || exit 1
mkdir "$root/mnt/instance" && mount --bind . "$root/mnt/instance" || exit 1
: >"$root/mnt/node" && mount --bind "$node" "$root/mnt/node" || exit 1
while [ "$1" != -- ]; do
  mkdir "$root/mnt/${1%%=*}" && mount --bind "${1#*=}" "$root/mnt/${1%%=*}" || exit 1
  shift
done
shift
exec chroot "$root" sh -c 'cd /mnt/instance/app && exec "$@"' sh "$@"
