#!/bin/sh
# Called by engine.py in namespaces of its own, as their first process: makes an unpacked Debian the root folder, and becomes
# dockerd. What is mounted here nobody else sees, and it ends with the last process.
#
# become_engine.sh TREE SCRATCH PROJECT [OPTION OF dockerd …]
set -eu
tree=$1 scratch=$2 project=$3
shift 3

mount --make-rprivate /
# The unpacked tree stays as it is: what is written goes into memory.
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
cd "$scratch/root"
mkdir -p proc sys dev run tmp root etc var former
for name in bin sbin lib lib64; do [ -e "$name" ] || ln -s "usr/$name" "$name"; done
for name in iptables ip6tables; do ln -sf ../sbin/xtables-nft-multi "usr/bin/$name"; done
ln -sfn /run var/run
echo 'nameserver 10.0.2.3' >etc/resolv.conf
echo '127.0.0.1 localhost' >etc/hosts
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'root:x:0:' >etc/group

mount -t proc proc proc
# dockerd would raise limits of the kernel, which has no namespaces.
mount --bind proc/sys/kernel proc/sys/kernel
mount -o remount,bind,ro proc/sys/kernel
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
# By the same path, so that what Compose is told to mount is found; it may be below /tmp.
mkdir -p ".$project"
mount --rbind "$project" ".$project"

# A plain chroot would not do: runc joins a container's mounts from the root of its own.
pivot_root . former
exec chroot . /bin/sh -c 'umount -l /former && exec tini -s -- dockerd "$@"' sh "$@"
