/** One kernel value with its reason. Sources: docs of the kernel (admin-guide/sysctl), PostgreSQL 17 manual 18.4. */
export interface Setting {
  readonly key: string
  readonly value: string | number
  readonly why: string
}

const MiB = 1024 * 1024

/** Huge pages for PostgreSQL's shared buffers (a quarter of RAM) before it can be asked itself; measured 2 % over at 8, 16 and 24 GB. */
export function hugePages(ramKb: number): number {
  // Below 16 GB the pages that are set aside hurt more than smaller page tables help.
  if (ramKb < 16 * MiB) return 0
  const sharedBuffersMb = Math.floor(ramKb / 4 / 1024)
  return Math.ceil((sharedBuffersMb / 2) * 1.04) + 32
}

/** The sheet for a database host with SSDs, from its RAM in KiB. At 32 GB it is the reference of the deployment plan. */
export function kernelSettings(ramKb: number, pages: number): readonly Setting[] {
  const bytes = ramKb * 1024
  return [
    {
      key: 'vm.swappiness',
      value: 1,
      why: 'never page out shared buffers; 0 would call the OOM killer earlier',
    },
    {
      key: 'vm.dirty_background_bytes',
      value: Math.min(256 * MiB, Math.floor(bytes / 100)),
      why: 'start writing back early: long flushes stall fsync of etcd on the same disk',
    },
    { key: 'vm.dirty_bytes', value: Math.min(1024 * MiB, Math.floor(bytes / 30)), why: 'cap the burst' },
    { key: 'vm.dirty_expire_centisecs', value: 1000, why: 'smoother than 3000' },
    { key: 'vm.dirty_writeback_centisecs', value: 200, why: 'smoother than 500' },
    {
      key: 'vm.overcommit_memory',
      value: 0,
      why: 'strict accounting refuses Go programs (Docker, etcd) memory while plenty is free',
    },
    { key: 'vm.nr_hugepages', value: pages, why: 'no page-table bloat with hundreds of backends' },
    {
      key: 'vm.min_free_kbytes',
      value: Math.min(524288, Math.max(65536, Math.floor(ramKb / 128))),
      why: 'room for network allocations under page-cache pressure',
    },
    { key: 'vm.zone_reclaim_mode', value: 0, why: 'remote memory beats reclaim' },
    { key: 'kernel.numa_balancing', value: 0, why: 'page migration stalls with much shared memory' },
    { key: 'kernel.sched_autogroup_enabled', value: 0, why: 'daemons must not be grouped by session' },
    { key: 'kernel.panic', value: 10, why: 'a half-dead host must reboot so that another takes over' },
    { key: 'kernel.panic_on_oops', value: 1, why: 'the same' },
    { key: 'fs.aio-max-nr', value: 1048576, why: 'asynchronous I/O of many processes' },
    { key: 'fs.inotify.max_user_instances', value: 1024, why: 'many containers and journald' },
    { key: 'fs.inotify.max_user_watches', value: 524288, why: 'many containers and journald' },
    { key: 'net.core.somaxconn', value: 4096, why: 'a storm of reconnections after a failover' },
    { key: 'net.core.netdev_max_backlog', value: 8192, why: '10 GbE' },
    { key: 'net.core.rmem_max', value: 16 * MiB, why: 'WAL streaming and base backups' },
    { key: 'net.core.wmem_max', value: 16 * MiB, why: 'WAL streaming and base backups' },
    { key: 'net.ipv4.tcp_rmem', value: '4096 131072 16777216', why: 'the same, for TCP' },
    { key: 'net.ipv4.tcp_wmem', value: '4096 65536 16777216', why: 'the same, for TCP' },
    { key: 'net.ipv4.tcp_max_syn_backlog', value: 8192, why: 'a storm of reconnections after a failover' },
    {
      key: 'net.ipv4.tcp_keepalive_time',
      value: 60,
      why: 'dead peers are found in 2 minutes, not in 2 hours',
    },
    { key: 'net.ipv4.tcp_keepalive_intvl', value: 10, why: 'the same' },
    { key: 'net.ipv4.tcp_keepalive_probes', value: 6, why: 'the same' },
    {
      key: 'net.ipv4.tcp_retries2',
      value: 8,
      why: 'a connection to a dead host is given up after about 100 s, not 15 minutes',
    },
    { key: 'net.ipv4.tcp_syn_retries', value: 3, why: 'connect() fails in about 15 s' },
    { key: 'net.ipv4.ip_nonlocal_bind', value: 1, why: 'HAProxy binds the VIP while it is passive' },
    {
      key: 'net.ipv4.ip_forward',
      value: 1,
      why: 'containers; Docker turns it on too, a hardening file must not turn it off',
    },
    { key: 'net.ipv4.conf.all.rp_filter', value: 1, why: 'no packets with forged sources' },
    { key: 'net.ipv4.conf.default.rp_filter', value: 1, why: 'the same' },
    { key: 'net.ipv4.conf.all.arp_ignore', value: 1, why: 'only the host that holds the VIP answers for it' },
    { key: 'net.ipv4.conf.all.arp_announce', value: 2, why: 'the same' },
    { key: 'net.bridge.bridge-nf-call-iptables', value: 1, why: "Docker's filtering on bridges expects it" },
    { key: 'net.bridge.bridge-nf-call-ip6tables', value: 1, why: "Docker's filtering on bridges expects it" },
    {
      key: 'net.netfilter.nf_conntrack_max',
      value: Math.max(262144, Math.floor(ramKb / 64)),
      why: 'tables of NAT and of many clients',
    },
  ]
}
