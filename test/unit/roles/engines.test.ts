import { expect, test } from 'vitest'
import { enginePackages, engineRefused, releases, supportedText } from '../../../roles/sheets/engines.ts'

const all = (
  id: string,
  version: string,
  source: 'distribution' | 'docker' = 'distribution',
  found?: Parameters<typeof enginePackages>[2],
) => {
  const { pinned, beside } = enginePackages({ id, version }, source, found)
  return [...pinned, ...beside].join(' ')
}

test.each([
  ['debian', '12', 'docker.io apparmor ca-certificates curl'],
  ['debian', '13', 'docker.io docker-cli apparmor ca-certificates curl'],
  ['ubuntu', '22.04', 'docker.io apparmor ca-certificates curl'],
  ['ubuntu', '24.04', 'docker.io apparmor ca-certificates curl'],
])("%s %s: its own Engine's packages", (id, version, packages) => {
  expect(all(id, version)).toBe(packages)
})

test.each(releases.map((r) => [r.id, r.version] as const))(
  "%s %s: Docker's own packages have one list everywhere",
  (id, version) => {
    expect(all(id, version, 'docker')).toBe('docker-ce docker-ce-cli containerd.io curl')
  },
)

test('an Engine that is there is kept, whatever it came from: nobody is asked for a package that conflicts with it', () => {
  expect(all('ubuntu', '24.04', 'distribution', 'docker-ce')).toBe(
    'docker-ce docker-ce-cli containerd.io curl',
  )
  expect(all('ubuntu', '24.04', 'distribution', 'moby-engine')).toBe('moby-engine curl')
  expect(all('debian', '13', 'distribution', 'docker.io')).not.toContain('docker-ce')
})

test('what cannot be used is refused with the way out', () => {
  expect(engineRefused('snap', 'distribution')?.next).toContain('snap remove docker')
  expect(engineRefused('podman-docker', 'distribution')?.next).toContain('apt-get remove podman-docker')
  expect(engineRefused('docker.io', 'docker')?.why).toContain('remove')
  for (const source of ['distribution', 'docker'] as const) {
    expect(engineRefused(undefined, source)).toBeUndefined()
    expect(engineRefused('docker-ce', source)).toBeUndefined()
  }
})

test('the systems that are supported are told as they are known', () => {
  expect(supportedText()).toBe('Debian 12 or 13, Ubuntu 22.04 or 24.04')
})
