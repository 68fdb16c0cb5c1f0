/**
 * `npm run test:long`: an upgrade of packages and images whose control machine is lost in the middle. Images are built
 * anew, and the distribution must have two versions of docker.io and openssl: not part of `npm test`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { act, runs } from '../lab/acting.ts'
import { labInventory, provision, type Run } from '../lab/cli.ts'
import { Writer } from '../lab/client.ts'
import { clusterUp, on, untilWell } from '../lab/cluster.ts'

const root = join(import.meta.dirname, '..', '..')
const hosts = ['h1', 'h2', 'h3']

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

/** Four images are built anew on a machine that may be busy: a minute when it is not. */
const patience = 15 * 60_000

/** The two versions that the distribution has of a package at this moment, the older one first; undefined where there is one. */
async function versions(name: string): Promise<readonly [string, string] | undefined> {
  const text = await on('h1', sh`apt-cache madison ${name} | cut -d'|' -f2 | tr -d ' ' | sort -uV`)
  const [older, newer] = text.trim().split('\n').slice(-2)
  return older && newer ? [older, newer] : undefined
}

const install = (host: string, name: string, version: string) =>
  on(
    host,
    sh`DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --allow-downgrades --allow-change-held-packages --no-install-recommends ${`${name}=${version}`} >/dev/null 2>&1`,
  )

const versionOf = (host: string, name: string) =>
  on(host, sh`dpkg-query -W -f='\${Version}' ${name}`).then((text) => text.trim())

/** Images of the stack that run on a host. */
const running = async (host: string) =>
  (
    await on(
      host,
      sh`docker ps --filter label=com.docker.swarm.service.name --format '{{.Image}}' | sed 's|.*/||' | sort -u`,
    )
  )
    .trim()
    .split('\n')

/** The image of the proxy on h1 as it was before OpenSSL's last fix: what an old image is. */
async function age(version: string): Promise<void> {
  await on(
    'h1',
    sh`tag=$(docker ps --format '{{.Image}}' --filter label=com.docker.swarm.service.name=haproxy-h1)
printf 'FROM %s\nUSER root\nRUN apt-get update -qq && apt-get install -y -qq --allow-downgrades openssl=%s libssl3t64=%s && rm -rf /var/lib/apt/lists/*\n' "$tag" ${version} ${version} | DOCKER_BUILDKIT=0 docker build -q --network host --build-arg http_proxy=http://10.77.0.1:3142 -t "$tag" - >/dev/null
docker ps -q --filter label=com.docker.swarm.service.name=haproxy-h1 | xargs docker kill >/dev/null`,
  )
}

/** Another clone of the project, as a second operator has it. */
async function inClone(work: (clone: string) => Promise<void>): Promise<void> {
  const clone = mkdtempSync(join(tmpdir(), 'provision-clone-'))
  try {
    execFileSync('git', ['clone', '-q', root, clone])
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
    await work(clone)
  } finally {
    rmSync(clone, { recursive: true, force: true })
  }
}

const elsewhere = (clone: string, ...args: readonly string[]): Promise<Run> =>
  provision([...args, '--inventory', join(root, 'inventory/lab.yaml'), '--yes', '--output', 'plain'], {
    root: clone,
  })

test(
  'an upgrade whose machine is lost in the middle is taken over from another clone; nothing acknowledged is lost',
  async () => {
    const [docker, openssl] = [await versions('docker.io'), await versions('openssl')]
    if (!openssl || !docker) throw new Error('the distribution has one version only of docker.io or openssl')
    await install('h2', 'docker.io', docker[0])
    await install('h1', 'openssl', openssl[0])
    await install('h3', 'openssl', openssl[0])
    await on('h3', sh`apt-mark -qq hold openssl; : > /run/reboot-required`)
    await age(openssl[0])
    await untilWell()

    const before = await running('h1')
    const plan = await act(['upgrade', '--check'])
    expect(plan.code).toBe(0)
    expect(plan.stdout).toMatch(/images: outdated inside, so edition \d{8}\S* is built/)
    expect(plan.stdout).toContain(`  proxy  openssl ${openssl[0]} → ${openssl[1]}`)
    expect(plan.stdout).toMatch(
      new RegExp(`h1:\n  ~ pkg-upgrade.distribution.  openssl ${escaped(openssl[0])} → `),
    )
    expect(plan.stdout).toMatch(
      new RegExp(`h2:\n  ~ pkg-upgrade.distribution.  docker.io ${escaped(docker[0])} → `),
    )
    expect(plan.stdout).not.toMatch(/h3:\n {2}~ pkg-upgrade/)
    // Only Docker takes the swarm's member down with it: a new edition of the images does not.
    expect(plan.stdout).toMatch(/one host after the other, leaders last: members of .*swarm/)
    expect([await running('h1'), await versionOf('h2', 'docker.io')]).toEqual([before, docker[0]])

    const writer = await Writer.start()
    try {
      const killed = await act(['upgrade'], { killWhen: 'changed  pkg-upgrade[distribution]' })
      expect(killed.code).toBe(null)
      const [open] = await runs()
      expect([open?.playbook, open?.unfinished?.isRunning]).toEqual(['upgrade', false])
      const started = performance.now()
      await inClone(async (clone) => {
        const resumed = await elsewhere(clone, 'resume')
        if (resumed.code !== 0) throw new Error(resumed.stdout.slice(-3000) + resumed.stderr)
        expect(resumed.stdout).toContain(`takes over ${open?.id} of ${open?.who}`)
        expect(resumed.stdout).toContain('h3 wants a boot')
      })
      await writer.untilCalm()
      const { outage, lost, acknowledged } = await writer.stop()
      console.log(
        `upgrade taken over: ${((performance.now() - started) / 1000).toFixed(0)} s, ${outage.toFixed(1)} s without a write at the longest, ${lost.length} of ${acknowledged} lost`,
      )
      expect(lost).toEqual([])
      expect(outage).toBeLessThan(10)
    } catch (error) {
      writer.kill()
      throw error
    }

    expect(await Promise.all(['h1', 'h3'].map((h) => versionOf(h, 'openssl')))).toEqual([
      openssl[1],
      openssl[0],
    ])
    expect(await versionOf('h2', 'docker.io')).toBe(docker[1])
    const after = await Promise.all(hosts.map(running))
    for (const images of after)
      for (const image of images) expect(image).toMatch(/^\w+:\d{8}(-\d+)?-[0-9a-f]{12}$/)
    expect((await runs()).filter((r) => r.unfinished)).toEqual([])
    // The edition is the hosts': an ordinary run, from anywhere, has nothing to do.
    expect((await provision(['plan', ...labInventory, '--detailed-exitcode'])).code).toBe(0)
    await on('h3', sh`apt-mark -qq unhold openssl; rm /run/reboot-required`)
  },
  patience,
)

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
