import { serviceGone } from '../docker/api.ts'
import { enginePage, runningContainers, secretNames, swarmInfo } from '../docker/pages.ts'
import type { Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, sh } from '../shell/sh.ts'

interface Wanted {
  readonly name: string
}

/** No service of this name in the swarm, and no container of it on the host. What it kept on the host stays. */
export function noSwarmService(name: string, meta: Meta = {}): Resource<Wanted, boolean> {
  return resource(services, name, { name }, meta)
}

/** No secret of this full name (`secretName`) in the swarm. */
export function noSwarmSecret(name: string, meta: Meta = {}): Resource<Wanted, boolean> {
  return resource(secrets, name, { name }, meta)
}

/** The host is in no swarm. */
export function noSwarm(meta: Meta = {}): Resource<Record<never, never>, boolean> {
  return resource(membership, 'membership', {}, meta)
}

const services: Kind<Wanted, boolean> = {
  name: 'no-swarm-service',
  timeoutSeconds: 300,
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/services'), enginePage('/containers/json')],
    parse(_, [services, containers]) {
      const known = JSON.parse(services ?? '[]') as readonly { readonly Spec: { readonly Name: string } }[]
      const there = new Set([
        ...known.map((service) => service.Spec.Name),
        ...runningContainers(containers).map((c) => c.Labels['com.docker.swarm.service.name']),
      ])
      return wanted.map(({ name }) => there.has(name))
    },
  }),
  plan: (_, isThere) => (isThere ? [{ attribute: 'service', from: 'present', to: 'absent' }] : []),
  apply: (planned) => lines(planned.map(({ desired: { name } }) => serviceGone(name, 150))),
  risks: () => ['restart'],
}

const secrets: Kind<Wanted, boolean> = {
  name: 'no-swarm-secret',
  timeoutSeconds: 300,
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/secrets')],
    parse(_, [page]) {
      const there = new Set(secretNames(page))
      return wanted.map(({ name }) => there.has(name))
    },
  }),
  plan: (_, isThere) => (isThere ? [{ attribute: 'secret', from: 'present', to: 'absent' }] : []),
  // Refused while a service has it: that of another host may be just about to go.
  apply: (planned) =>
    lines(
      planned.map(
        ({ desired: { name } }) =>
          sh`end=$(($(date +%s) + 150)); until said=$(curl -sS --max-time 30 -w '\n%{http_code}' --unix-socket /run/docker.sock -X DELETE ${`http://docker/secrets/${name}`}) && case $said in *204|*404) ;; *) false ;; esac; do if [ "$(date +%s)" -ge "$end" ]; then printf '%s\n' "$said" >&2; exit 1; fi; sleep 1; done`,
      ),
    ),
}

const membership: Kind<Record<never, never>, boolean> = {
  name: 'no-swarm',
  timeoutSeconds: 120,
  probe: (wanted) => ({
    script: sh`:`,
    gets: [enginePage('/info')],
    parse: (_, [info]) => wanted.map(() => swarmInfo(info).state !== 'inactive'),
  }),
  plan: (_, isMember) => (isMember ? [{ attribute: 'swarm', from: 'member', to: 'left' }] : []),
  apply: () => sh`docker swarm leave --force >/dev/null`,
  risks: () => ['quorum'],
}
