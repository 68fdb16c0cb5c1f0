import { type ClockOffset, clockOffset } from '../model/clock.ts'
import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface Hardware {
  /** MemTotal of /proc/meminfo, in kB as the kernel says it (KiB). */
  readonly ramKb: number
  readonly cores: number
  /** Huge pages of 2 MiB that are set aside now. */
  readonly hugePages: number
  /** Free KiB on the file systems of `/` and `/var`. */
  readonly freeKb: { readonly root: number; readonly var: number }
  /** Used KiB there: what a new machine must at least have room for. */
  readonly usedKb: { readonly root: number; readonly var: number }
  /** Whole disks; `rotational` false means SSD or NVMe. */
  readonly disks: readonly { readonly name: string; readonly rotational: boolean }[]
  readonly machineId: string
  /** Compare hosts, not with zero: ours may be the one that is wrong. */
  readonly clockOffset: ClockOffset
}

/** RAM, cores, disks, identity and clock. */
export const hardware: Fact<Hardware> = {
  name: 'hardware',
  probe: {
    // Our own time goes along: the question may wait long before it is sent.
    get script() {
      return sh`echo ${Date.now() / 1000}; grep -h ^MemTotal: /proc/meminfo; nproc; df -Pk / /var; date +%s.%N; cat /etc/machine-id; grep -h ^HugePages_Total: /proc/meminfo; echo --; grep '' /sys/block/*/queue/rotational 2>/dev/null; :`
    },
    parse({ stdout }) {
      const [
        sent = '',
        memory = '',
        cores = '',
        ,
        root = '',
        variable = '',
        clock = '',
        machineId = '',
        pages = '',
      ] = stdout.split('\n')
      return {
        ramKb: Number(memory.split(/\s+/)[1]),
        cores: Number(cores),
        hugePages: Number(pages.split(/\s+/)[1]) || 0,
        freeKb: { root: Number(root.split(/\s+/)[3]), var: Number(variable.split(/\s+/)[3]) },
        usedKb: { root: Number(root.split(/\s+/)[2]), var: Number(variable.split(/\s+/)[2]) },
        disks: [...stdout.matchAll(/^\/sys\/block\/([^/]+)\/queue\/rotational:([01])$/gm)]
          .filter(([, name]) => !/^(loop|ram|zram|dm-|sr)/.test(name ?? ''))
          .map(([, name = '', flag]) => ({ name, rotational: flag === '1' })),
        machineId,
        clockOffset: clockOffset(Number(clock), Number(sent), Date.now() / 1000),
      }
    },
  },
}
