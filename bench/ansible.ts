import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LabHost } from '../src/lab/settings.ts'
import { packages } from './hundred.ts'

/** Writes the same hundred resources as an Ansible project (pipelining on, facts off); gives its playbook. */
export function writeAnsible(
  folder: string,
  hosts: readonly LabHost[],
  key: string,
  knownHosts: string,
): string {
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write(
    'hosts.ini',
    `[all]\n${hosts.map((h) => `${h.name} ansible_host=${h.address}`).join('\n')}\n[all:vars]\nansible_user=root\nansible_python_interpreter=/usr/bin/python3\n`,
  )
  write(
    'ansible.cfg',
    `[defaults]\ninventory = hosts.ini\nprivate_key_file = ${key}\nforks = 20\ngathering = explicit\n[ssh_connection]\npipelining = True\nssh_args = -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${knownHosts}\n`,
  )
  write('page.conf.j2', '# page {{ number }}\n{% for host in groups.all %}\nhost {{ host }}\n{% endfor %}\n')
  const tasks: object[] = [
    ...packages.map((name) => ({ apt: { name } })),
    ...range(5).map((i) => ({ group: { name: `bench${i}` } })),
    ...range(5).map((i) => ({ user: { name: `bench${i}`, group: `bench${i}`, shell: '/bin/bash' } })),
    ...range(15).map((i) => ({ file: { path: `/etc/bench/d${i}`, state: 'directory', mode: '0750' } })),
    ...range(40).map((i) => ({
      template: { src: 'page.conf.j2', dest: `/etc/bench/page${i}.conf`, mode: '0644' },
      vars: { number: i },
    })),
    // ansible.posix.sysctl is a collection: what a bare ansible-core user writes is this.
    ...range(10).map((i) => ({
      command: `sysctl -n net.ipv4.conf.${i % 2 ? 'all' : 'default'}.accept_redirects`,
      changed_when: false,
    })),
    ...range(5).map((i) => ({ lineinfile: { path: '/etc/bench-shared', line: `line ${i}`, create: true } })),
    ...range(3).map((i) => ({
      blockinfile: { path: '/etc/bench-shared', block: `block ${i}`, marker: `# {mark} provision b${i}` },
    })),
    ...range(2).map((i) => ({
      file: { path: `/etc/bench/link${i}`, src: `/etc/bench/page${i}.conf`, state: 'link' },
    })),
    ...range(5).map((i) => ({ command: `test -d /etc/bench/d${i}`, changed_when: false })),
  ]
  // JSON is YAML.
  write('site.yml', JSON.stringify([{ hosts: 'all', tasks }]))
  return 'site.yml'
}

function range(count: number): readonly number[] {
  return [...Array(count).keys()]
}
