import { setTimeout as sleep } from 'node:timers/promises'
import type { Document } from 'yaml'
import { isUp } from '../../src/lab/host.ts'
import { labHost } from '../../src/lab/settings.ts'
import { sh } from '../../src/shell/sh.ts'
import { good, provision } from './cli.ts'
import { asSuperuser } from './cluster.ts'
import { blank, inventoryWith, onMachine } from './machines.ts'

/** A machine beside the cluster's. */
export const store = 'h6'
const { address } = labHost(store)
export const bucket = 'backups'

const packages =
  'apt-get update -qq; DEBIAN_FRONTEND=noninteractive exec apt-get install -y -qq --no-install-recommends python3-moto python3-flask-cors haproxy curl openssl'
const packagesCome = async () =>
  (await onMachine(store, sh`systemctl is-active packages || :`)).startsWith('activ')

/**
 * An S3 server (Debian's python3-moto) behind TLS on a machine of its own, and a bucket. Gives its certificate in PEM. Its own
 * TLS leaves pgBackRest waiting for the end of the answer to a PUT: HAProxy stands in front. One that is up is gone on with.
 */
export async function storeUp(): Promise<string> {
  if (isUp(labHost(store))) {
    const there = await onMachine(store, sh`cat /root/store.crt 2>/dev/null || :`)
    if (there) return there
  }
  await blank(store)
  // A script has a minute: on a machine that is busy the packages take that long by themselves.
  await onMachine(store, sh`systemd-run -q --unit=packages sh -c ${packages}`)
  for (let i = 0; i < 300 && (await packagesCome()); i++) await sleep(1000)
  return onMachine(
    store,
    sh`set -e
command -v haproxy >/dev/null || { journalctl -u packages -n 5 >&2; exit 1; }
cd /root; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=store -addext ${`subjectAltName=IP:${address}`} -keyout store.key -out store.crt 2>/dev/null
systemd-run -q --unit=store --property=Restart=always python3 -m moto.server -H 127.0.0.1 -p 9000
cat store.crt store.key >/etc/haproxy/store.pem
printf 'defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\nfrontend store\n bind %s:443 ssl crt /etc/haproxy/store.pem\n default_backend store\nbackend store\n server store 127.0.0.1:9000\n' ${address} >/etc/haproxy/haproxy.cfg
systemctl restart haproxy
for i in $(seq 100); do curl -fs --cacert store.crt -X PUT ${`https://${address}/${bucket}`} >/dev/null && break; sleep 0.2; done
curl -fs --cacert store.crt ${`https://${address}/`} | grep -q ${bucket}
cat store.crt`,
  )
}

/** The lab's inventory with backups that hurry, and whatever else `change` does to it. */
export function inventoryWithBackup(
  backup: Readonly<Record<string, unknown>>,
  change: (document: Document) => void = () => undefined,
): readonly string[] {
  return inventoryWith((document) => {
    change(document)
    document.setIn(['vars', 'backup'], { archiveTimeout: 5, delayMinutes: 0, ...backup })
  })
}

/** The same, with a repository in that bucket. */
export function inventoryWithStore(
  authority: string,
  more: Readonly<Record<string, unknown>> = {},
  change?: (document: Document) => void,
): readonly string[] {
  const s3 = { bucket, endpoint: address, uriStyle: 'path', authority }
  return inventoryWithBackup({ s3, ...more }, change)
}

/** All that is written up to now is in the repository. Gives the WAL file that was the last. */
export async function untilArchived(limitSeconds = 60): Promise<string> {
  // The byte before: where nothing was written since the last switch, the segment in use is empty and is not archived for long.
  const segment = await asSuperuser('SELECT pg_walfile_name(pg_switch_wal() - 1)')
  const limit = Date.now() + limitSeconds * 1000
  while (Date.now() < limit) {
    const last = await asSuperuser("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")
    if (last >= segment) return segment
    await sleep(500)
  }
  throw new Error(`${segment} is not archived after ${limitSeconds} s`)
}

/** The keys of the store. */
export async function giveKeys(inventory: readonly string[]): Promise<void> {
  for (const name of ['backup-s3-key', 'backup-s3-secret'])
    await good(provision(['secrets', 'set', name, ...inventory], { input: `lab-${name}\n` }))
}

/** A restore on trial; gives what it found. It needs three rows of the canary in the repository: in a new cluster one comes each minute. */
export async function drilled(inventory: readonly string[]): Promise<string> {
  const drill = () => provision(['drill', 'restore', ...inventory])
  for (let tries = 5; tries > 0; tries--) {
    const { code, stdout } = await drill()
    if (code === 0) return stdout
    await sleep(45_000)
  }
  return good(drill())
}
