import {
  file,
  hardware,
  kernelModule,
  kernelValue,
  limits,
  precondition,
  role,
  sysctl,
  t,
  udevRule,
} from 'provision'
import { hugePages, kernelSettings } from './sheets/kernel.ts'
import { keptAfterBoot, sysctlFile } from './sheets/sysctl-order.ts'

const vars = t.Object({
  hugePages: t.Optional(
    t.Integer({ minimum: 0, description: 'Pages of 2 MB; without it by formula from RAM.' }),
  ),
  settings: t.Record(t.String(), t.Union([t.String(), t.Integer()]), {
    default: {},
    description: 'Values over those of the sheet, or beside them.',
  }),
  readAheadKb: t.Integer({ default: 256, description: 'Read-ahead of SSDs in KiB.' }),
  openFiles: t.Integer({ default: 65536, description: 'Soft limit of open files for logins.' }),
})

const modules = ['br_netfilter', 'nf_conntrack', 'overlay', 'vxlan', 'ip_vs']
const hugePage = '/sys/kernel/mm/transparent_hugepage'

/** Kernel values for a database host with SSDs, now and after a boot. */
export default role({
  name: 'kernel',
  vars,
  facts: { hardware },
  resources({ vars, facts }) {
    const sheet = kernelSettings(facts.hardware.ramKb, vars.hugePages ?? hugePages(facts.hardware.ramKb))
    const values = new Map(sheet.map(({ key, value, why }) => [key, { value, why }]))
    for (const [key, value] of Object.entries(vars.settings))
      values.set(key, { value, why: 'set in the inventory' })
    // `-`: a kernel without the key does not fail systemd-sysctl.
    const lines = [...values].map(([key, { value, why }]) => `# ${why}\n-${key} = ${value}\n`)
    return [
      precondition('kernel values after a boot', {
        needs: `no file that is read after ${sysctlFile} and says something else`,
        measure: keptAfterBoot(new Map([...values].map(([key, { value }]) => [key, value]))),
        next: 'take the key out of that file, or set what it says as kernel.settings in the inventory',
      }),
      file('/etc/modules-load.d/provision.conf', { content: `${modules.join('\n')}\n` }),
      modules.map((name) => kernelModule(name, { ifAvailable: true })),
      file(sysctlFile, { content: `# Written by provision (role kernel).\n${lines.join('')}` }),
      // Its name until it was moved behind the files of others.
      file('/etc/sysctl.d/80-provision.conf', { ensure: 'absent' }),
      [...values].map(([key, { value }]) => sysctl(key, value, { ifPresent: true })),
      // The newline matters to nobody but the lab, whose plain files are not truncated by a write.
      file('/etc/tmpfiles.d/provision-thp.conf', {
        content: ['enabled', 'defrag'].map((name) => `w ${hugePage}/${name} - - - - never\\n\n`).join(''),
      }),
      ['enabled', 'defrag'].map((name) => kernelValue(`${hugePage}/${name}`, 'never', { ifPresent: true })),
      udevRule('60-provision-io', ioRules(vars.readAheadKb)),
      limits('provision', [{ domain: '*', type: 'soft', item: 'nofile', value: vars.openFiles }]),
    ]
  },
})

/** SSDs only: a spinning disk keeps the scheduler that its kernel chose. */
function ioRules(readAheadKb: number): string {
  const disk = 'ACTION=="add|change", SUBSYSTEM=="block", ENV{DEVTYPE}=="disk"'
  return `# Written by provision (role kernel).
${disk}, KERNEL=="nvme[0-9]*n[0-9]*", ATTR{queue/scheduler}="none", ATTR{queue/read_ahead_kb}="${readAheadKb}"
${disk}, KERNEL=="sd[a-z]*|vd[a-z]*", ATTR{queue/rotational}=="0", ATTR{queue/scheduler}="mq-deadline", ATTR{queue/read_ahead_kb}="${readAheadKb}"
`
}
