import { expect, test } from 'vitest'
import { backupSecrets, sharedFolder } from '../../../roles/sheets/backup.ts'
import { archiveParameters, knownHosts, pgbackrestConf } from '../../../roles/sheets/pgbackrest.ts'
import type { Host } from '../../../src/model/host.ts'

const host = (n: number): Host =>
  ({ name: `db${n}`, address: `10.0.0.${n}`, groups: [], vars: {}, connection: {} }) as unknown as Host
const hosts = [host(1), host(2), host(3)]
const kept = { keepFull: 4, keepDiff: 14, processes: 2 }
const at = { scope: 'main', host: host(2), hosts, walVolumeGb: 64 }
const s3 = { bucket: 'b', endpoint: 's3.example.com', region: 'eu-1', port: 443, uriStyle: 'host' }

test('without a repository nothing is archived, and nothing must be restarted for one that comes', () => {
  expect(archiveParameters({ archiveTimeout: 60 })).toEqual({
    archive_mode: 'on',
    archive_command: '/bin/true',
    archive_timeout: '0',
  })
  expect(backupSecrets({})).toEqual({})
})

test('the member itself comes first, the others by their TLS server, which knows them by their names', () => {
  const conf = pgbackrestConf({ s3, ...kept }, at)
  expect(conf).toContain('repo1-path=/main\n')
  expect(conf).toContain('pg1-path=/var/lib/pg/data/main\n')
  expect(conf).toContain('pg2-host=10.0.0.1\n')
  expect(conf).toContain('pg3-host=10.0.0.3\n')
  expect(conf.match(/tls-server-auth=.*/g)).toEqual(['tls-server-auth=db1=main', 'tls-server-auth=db3=main'])
  // Half of the WAL's volume.
  expect(conf).toContain('archive-push-queue-max=32768MiB\n')
  expect(conf).not.toContain('ca-file=/etc')
})

test('a server of SFTP is known by its keys, and lets one in by a key', () => {
  const sftp = { host: 'keeper', port: 22, user: 'backups', hostKeys: ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'] }
  const conf = pgbackrestConf({ sftp, folder: '/srv/db', ...kept }, at)
  expect(conf).toContain(
    'repo1-type=sftp\nrepo1-sftp-host=keeper\nrepo1-sftp-host-port=22\nrepo1-sftp-host-user=backups\n',
  )
  expect(conf).toContain('repo1-path=/srv/db\n')
  expect(knownHosts(sftp)).toBe('keeper ssh-ed25519 AAAA\nkeeper ssh-rsa BBBB\n')
  expect(knownHosts({ ...sftp, port: 2222 })).toContain('[keeper]:2222 ssh-rsa')
  expect(Object.keys(backupSecrets({ sftp }))).toEqual(['cipher', 'sftpKey'])
  expect([sharedFolder({ sftp, folder: '/srv/db' }), sharedFolder({ folder: '/mnt/b' })]).toEqual([
    undefined,
    '/mnt/b',
  ])
  expect(() => backupSecrets({ s3, sftp })).toThrow('both set')
})

test('a shared folder needs no keys but that of the encryption', () => {
  expect(pgbackrestConf({ folder: '/mnt/backups', ...kept }, at)).toContain(
    'repo1-type=posix\nrepo1-path=/mnt/backups\n',
  )
  expect(Object.keys(backupSecrets({ folder: '/mnt/backups' }))).toEqual(['cipher'])
  expect(Object.keys(backupSecrets({ s3 }))).toEqual(['cipher', 's3Key', 's3Secret'])
})
