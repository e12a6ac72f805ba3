# Runs a program in another root folder of this machine, as on a host of its own: sh in-root.sh ROOT BESIDE PROGRAM [ARGUMENT]...
# BESIDE is a folder of this machine that the program finds at /mnt, `-` for none. Started in a mount namespace that nobody else sees
# (unshare --mount), so that nothing stays mounted, whoever is killed.
root=$1 beside=$2
shift 2
for tree in proc sys dev; do
  mount --rbind "/$tree" "$root/$tree" || exit 194
done
[ "$beside" = - ] || mount --bind "$beside" "$root/mnt" || exit 194
exec chroot "$root" "$@"
