import { expect, test } from 'vitest'
import { idOf } from '../../../src/model/resource.ts'
import { absentOf } from '../../../src/resources/absent.ts'

test('what runs goes before its secrets, files and users; what others may use is only forgotten', () => {
  const taken = absentOf([
    'directory[/var/lib/monitoring]',
    'file[/etc/systemd/system/provision-x.service]',
    'file[/odd]name]',
    'pkg[prometheus-node-exporter]',
    'service[chrony]',
    'service[provision-x]',
    'swarm-secret[pg-monitor_0123456789ab]',
    'swarm-service[prometheus-h1]',
    'user[keepalived]',
  ])
  expect([...taken].map(([id, resource]) => [id, idOf(resource)])).toEqual([
    ['swarm-service[prometheus-h1]', 'no-swarm-service[prometheus-h1]'],
    ['service[provision-x]', 'service[provision-x]'],
    ['swarm-secret[pg-monitor_0123456789ab]', 'no-swarm-secret[pg-monitor_0123456789ab]'],
    ['file[/etc/systemd/system/provision-x.service]', 'file[/etc/systemd/system/provision-x.service]'],
    ['file[/odd]name]', 'file[/odd]name]'],
    ['user[keepalived]', 'user[keepalived]'],
  ])
})

test('of the swarm only what no other host asks for; files are each host’s own', () => {
  const ids = ['file[/x]', 'swarm-secret[a_0123456789ab]', 'swarm-secret[b_0123456789ab]']
  const taken = absentOf(ids, new Set(['file[/x]', 'swarm-secret[a_0123456789ab]']))
  expect([...taken.keys()]).toEqual(['swarm-secret[b_0123456789ab]', 'file[/x]'])
})
