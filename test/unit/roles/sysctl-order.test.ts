import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keptAfterBoot } from '../../../roles/sheets/sysctl-order.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'provision-sysctl-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const values = new Map<string, string | number>([
  ['net.ipv4.ip_forward', 1],
  ['net.ipv4.conf.eth0/5.rp_filter', 2],
  ['net.ipv4.tcp_rmem', '4096 131072 16777216'],
])

/** What the real `sh` says when these files are there: its exit code and its words. */
function asked(files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const { status, stdout, stderr } = spawnSync('sh', ['-s'], {
    input: keptAfterBoot(values, root).text,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return `${status} ${stdout.trim().replaceAll(root, '')}`
}

const ours = { 'etc/sysctl.d/99-zz-provision.conf': 'net.ipv4.ip_forward = 1\n' }

test('files that are read before ours cannot win', () => {
  expect(
    asked({
      ...ours,
      'etc/sysctl.d/99-hardening.conf': 'net.ipv4.ip_forward = 0\n',
      'etc/sysctl.d/99-sysctl.conf': 'net.ipv4.ip_forward = 0\n',
      'usr/lib/sysctl.d/50-default.conf': 'net.ipv4.ip_forward = 0\n',
    }),
  ).toBe('0 no file comes after ours')
})

test.each([
  ['with dots', 'net.ipv4.ip_forward = 0'],
  ['with slashes', 'net/ipv4/ip_forward=0'],
  ['that may be missing', '-net.ipv4.ip_forward   =   0'],
])('a later file with a key %s is named with it', (_, line) => {
  expect(asked({ ...ours, 'etc/sysctl.d/99-zzz.conf': `# mine\n; too\n\n${line}\n` })).toBe(
    '1 /etc/sysctl.d/99-zzz.conf: net.ipv4.ip_forward = 0',
  )
})

test('an interface with a dot in its name is one key in both spellings', () => {
  expect(asked({ 'run/sysctl.d/zz.conf': 'net/ipv4/conf/eth0.5/rp_filter = 1\n' })).toBe(
    '1 /run/sysctl.d/zz.conf: net.ipv4.conf.eth0/5.rp_filter = 1',
  )
})

test('a later file that says the same, or whose last line does, is no obstacle', () => {
  expect(
    asked({
      'etc/sysctl.d/zz.conf':
        'net.ipv4.ip_forward = 0\nnet.ipv4.ip_forward = 1\nnet.ipv4.tcp_rmem = 4096\t131072   16777216\nvm.swappiness = 60\n',
    }),
  ).toBe('0 the same')
})

test('of two files of one name the first folder counts', () => {
  expect(
    asked({
      'etc/sysctl.d/zz.conf': 'net.ipv4.ip_forward = 1\n',
      'usr/lib/sysctl.d/zz.conf': 'net.ipv4.ip_forward = 0\n',
    }),
  ).toBe('0 the same')
})

test("ufw's own file counts where ufw is on", () => {
  const file = { 'etc/ufw/sysctl.conf': 'net/ipv4/ip_forward=0\n' }
  expect(asked({ ...file, 'etc/ufw/ufw.conf': 'ENABLED=no\n' })).toBe('0 no file comes after ours')
  expect(asked({ ...file, 'etc/ufw/ufw.conf': 'ENABLED=yes\n' })).toBe(
    '1 /etc/ufw/sysctl.conf: net.ipv4.ip_forward = 0',
  )
})
