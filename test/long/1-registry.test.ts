/** `npm run test:long`: images from a registry. All of them are built once more for it, and fetched by all hosts. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sh } from '../../src/shell/sh.ts'
import { changed, events, labInventory, provision } from '../lab/cli.ts'
import { clusterUp, on, untilWell } from '../lab/cluster.ts'

beforeAll(async () => {
  await clusterUp()
  await untilWell()
})
// The next suite goes on with the cluster.
afterAll(() => untilWell())

test('images come from a registry that the inventory names: built once and put there, pulled by the others', async () => {
  // A registry of Debian's package, with the certificate of its host and a password.
  const login = sh`apt-get install -y -qq docker-registry apache2-utils >/dev/null 2>&1; systemctl stop docker-registry
mkdir -p /run/registry; htpasswd -Bbn images canary-of-the-registry > /run/registry/htpasswd
cat > /run/registry/config.yml <<'END'
version: 0.1
storage: { filesystem: { rootdirectory: /run/registry/data } }
http: { addr: '10.77.0.11:5000', tls: { certificate: /etc/provision/tls/host.crt, key: /etc/provision/tls/host.key } }
auth: { htpasswd: { realm: lab, path: /run/registry/htpasswd } }
END
systemd-run --quiet --unit=lab-registry docker-registry serve /run/registry/config.yml`
  await on('h1', login)
  const trust = sh`mkdir -p /etc/docker/certs.d/10.77.0.11:5000; cp /etc/provision/tls/ca.crt /etc/docker/certs.d/10.77.0.11:5000/ca.crt`
  for (const name of ['h1', 'h2', 'h3']) await on(name, trust)
  const set = ['--set', 'images.registry=10.77.0.11:5000/provision', '--set', 'images.registryUser=images']
  const open = `firewall.allow=[{from: [peers], ports: [5000], reason: registry of the test, owner: lab}]`
  try {
    await provision([...labInventory, '--yes', '--tags', 'firewall', '--set', open.replace('peers', 'db')])
    const secret = (input: string) =>
      provision(['secrets', 'set', 'registry-password', ...labInventory], { input })
    await secret('not-the-password')
    const wrong = await provision([...labInventory, ...set, '--yes', '--tags', 'images'])
    expect(wrong.stdout + wrong.stderr).toContain('10.77.0.11:5000 refuses the login of images')
    const given = await secret('canary-of-the-registry')
    expect(given.code, given.stderr).toBe(0)
    const run = await provision([...labInventory, ...set, '--yes', '--tags', 'images', '--verbose'])
    expect(run.code, run.stdout + run.stderr).toBe(0)
    expect(run.stdout).not.toContain('canary-of-the-registry')
    const tags = sh`docker images --format '{{.Repository}}:{{.Tag}}' | grep ^10.77.0.11:5000/ | sort`
    const built = await on('h1', tags)
    expect(built.split('\n')).toHaveLength(4)
    expect(await on('h3', tags)).toBe(built)
    expect(
      await on(
        'h1',
        sh`ls /root/.docker/config.json 2>/dev/null; ls /run/registry/data/docker/registry/v2/repositories/provision`,
      ),
    ).toBe('base\netcd\npostgres\nproxy')
    expect(await on('h2', sh`ls /root/.docker/config.json 2>/dev/null; :`)).toBe('')
  } finally {
    await on(
      'h1',
      sh`systemctl stop lab-registry; rm -rf /run/registry; apt-get purge -y -qq docker-registry apache2-utils >/dev/null 2>&1; :`,
    )
    const gone = sh`docker images --format '{{.Repository}}:{{.Tag}}' | grep ^10.77.0.11:5000/ | xargs -r docker rmi >/dev/null; rm -rf /etc/docker/certs.d`
    for (const name of ['h1', 'h2', 'h3']) await on(name, gone)
    await provision([...labInventory, '--yes', '--tags', 'firewall'])
  }
  expect(changed(await events(['--yes']))).toEqual([])
})
