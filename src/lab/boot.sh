# Boots one host: run in the lab's network namespace by `unshare -m`. Arguments: name, root, cgroup, bridge, docker, data, images.
set -u
name=$1 root=$2 cgroup=$3 bridge=$4 docker=$5 data=$6 images=$7
mount --make-rprivate /
umount -l /sys/fs/cgroup
umount -l /sys 2>/dev/null
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# /run may be on disk here: nspawn then refuses to clean its propagate folder, and a reboot dies.
mkdir -p /run/systemd
mount -t tmpfs -o mode=755 tmpfs /run/systemd
mkdir -p "/sys/fs/cgroup/$cgroup/$name"
echo $$ >"/sys/fs/cgroup/$cgroup/$name/cgroup.procs"
# `network`: a host may write net.*, but never the kernel values that it shares with this machine (see shim.sh).
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_SECCOMP=0
trap : TERM
while :; do
  systemd-nspawn --quiet --boot --keep-unit --register=no --link-journal=no --console=pipe \
    --directory="$root" --machine="$name" --hostname="$name" --capability=all --drop-capability=CAP_SYS_TIME \
    --network-bridge="$bridge" --bind="$docker:/var/lib/docker" --bind="$data:/data" --bind-ro="$images:/var/lib/lab" \
    --resolv-conf=off --timezone=off --kill-signal=SIGRTMIN+3
  code=$?
  # With --keep-unit a reboot ends nspawn with 133: start it again.
  [ "$code" = 133 ] || exit "$code"
done
