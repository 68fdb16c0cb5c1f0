import { engineGet, enginePost } from '../docker/api.ts'
import { enginePage, filtered } from '../docker/pages.ts'
import type { Change, Kind } from '../model/kind.ts'
import { type Meta, type Resource, resource } from '../model/resource.ts'
import { lines, raw, sh } from '../shell/sh.ts'
import { differences, type ServiceSpec, specOf } from './swarm-spec.ts'

/** One container on one host, kept by the swarm. */
export interface ServiceWish {
  readonly name: string
  readonly image: string
  /** The host it is pinned to, by its label `provision.host`. */
  readonly host: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** `uid:gid` */
  readonly user?: string
  /** Directories of the host. They must be there: the swarm rejects a task whose source is missing. */
  readonly mounts?: readonly {
    readonly source: string
    readonly target: string
    readonly readOnly?: boolean
  }[]
  readonly tmpfs?: readonly { readonly target: string; readonly mb: number; readonly mode: number }[]
  /** Full names of the swarm's secrets (`secretName`), and the file under /run/secrets. */
  readonly secrets?: readonly { readonly name: string; readonly file: string }[]
  readonly stopSeconds?: number
  readonly memoryMb?: number
}

interface Wanted {
  readonly spec: ServiceSpec
}

interface Seen {
  /** What the swarm has; undefined where it knows no such service. */
  readonly spec: ServiceSpec | undefined
  /** With what the swarm has been told. */
  readonly running: boolean
  /** With whatever. */
  readonly up: boolean
}

export type ServiceMeta = Omit<Meta, 'triggers'> & { readonly restartOn?: readonly Resource[] }

/**
 * A service of the swarm with one container, on the host's own network, pinned to a host. It counts as there when its
 * task runs with what is wished for.
 */
export function swarmService(wish: ServiceWish, meta: ServiceMeta = {}): Resource<Wanted, Seen> {
  const { restartOn = [], ...rest } = meta
  return resource(kind, wish.name, { spec: specOf(wish) }, { ...rest, triggers: restartOn })
}

interface Task {
  readonly ServiceID: string
  readonly Spec: ServiceSpec['TaskTemplate']
  readonly Status: { readonly State: string }
}

const kind: Kind<Wanted, Seen> = {
  name: 'swarm-service',
  timeoutSeconds: 300,
  probe: (wanted) => {
    const names = wanted.map((w) => w.spec.Name)
    return {
      script: sh`:`,
      gets: [
        enginePage(filtered('/services', { name: names })),
        enginePage(filtered('/tasks', { 'desired-state': ['running'], service: names })),
      ],
      parse(_, [services, tasks]) {
        const known = JSON.parse(services ?? '[]') as readonly {
          readonly ID: string
          readonly Spec: ServiceSpec
        }[]
        const running = (JSON.parse(tasks ?? '[]') as readonly Task[]).filter(
          (task) => task.Status.State === 'running',
        )
        return names.map((name) => {
          const service = known.find((s) => s.Spec.Name === name)
          const own = running.filter((task) => task.ServiceID === service?.ID)
          const wanted = JSON.stringify(service?.Spec.TaskTemplate.ContainerSpec)
          return {
            spec: service?.Spec,
            running: own.some((task) => JSON.stringify(task.Spec.ContainerSpec) === wanted),
            up: own.length > 0,
          }
        })
      },
    }
  },
  plan({ spec }, seen, { triggeredBy }) {
    if (!seen.spec) return [{ attribute: 'service', from: 'absent', to: 'running' }]
    const changes: Change[] = differences(spec, seen.spec)
    if (!seen.up) return [...changes, { attribute: 'task', from: 'not running', to: 'running' }]
    if (changes.length > 0) return changes
    if (triggeredBy.length > 0) return [{ attribute: 'restart', from: triggeredBy.join(', '), to: 'done' }]
    return seen.running ? [] : [{ attribute: 'task', from: 'as it was before', to: 'as the swarm was told' }]
  },
  apply: (planned) =>
    lines([
      sh`set -e`,
      withSecretIds,
      ...planned.flatMap(({ desired: { spec }, actual, changes }) => [
        actual.spec
          ? update(
              spec,
              changes.some((c) => c.attribute === 'restart'),
            )
          : sh`${enginePost(raw('/services/create'), filled(spec))} >/dev/null`,
        untilRunning(spec.Name),
      ]),
    ]),
  // What does not run is interrupted by nothing: it waits for no turn. Else a primary whose pooler is gone would wait for hosts
  // that wait for it.
  risks: (_, changes) =>
    changes.some((c) => c.attribute === 'service' || (c.attribute === 'task' && c.from === 'not running'))
      ? []
      : ['restart'],
}

/** The Engine wants the id of a secret beside its name; ids are the swarm's own affair, so they are looked up there. */
const withSecretIds = sh`ids=$(${engineGet('/secrets')} | jq -c 'map({key: .Spec.Name, value: .ID}) | from_entries')`

function filled(spec: ServiceSpec) {
  const fill =
    '.TaskTemplate.ContainerSpec.Secrets |= (. // [] | map(.SecretID = ($ids[.SecretName] // error("the swarm has no secret " + .SecretName))))'
  return sh`printf %s ${JSON.stringify(spec)} | jq -c --argjson ids "$ids" ${fill}`
}

function update(spec: ServiceSpec, isRestart: boolean) {
  return lines([
    sh`old=$(${engineGet(`/services/${spec.Name}`)}); version=$(printf %s "$old" | jq .Version.Index)`,
    sh`force=$(printf %s "$old" | jq ${`(.Spec.TaskTemplate.ForceUpdate // 0) + ${isRestart ? 1 : 0}`})`,
    sh`${enginePost(
      raw(`"/services/${spec.Name}/update?version=$version"`),
      sh`${filled(spec)} | jq -c --argjson force "$force" '.TaskTemplate.ForceUpdate = $force'`,
    )} >/dev/null`,
  ])
}

/** Waits for a task that runs with what the service now says; tells why the last one did not. */
function untilRunning(name: string) {
  const tasks = engineGet(filtered('/tasks', { service: [name] }))
  const isRunning =
    '($s.Spec.TaskTemplate) as $w | any($t[]; .DesiredState == "running" and .Status.State == "running" and .Spec.ContainerSpec == $w.ContainerSpec and (.Spec.ForceUpdate // 0) == ($w.ForceUpdate // 0))'
  const why =
    '$t | sort_by(.CreatedAt) | reverse | .[:3][] | "\\(.Status.State): \\(.Status.Err // .Status.Message)"'
  return lines([
    sh`end=$(($(date +%s) + 120))`,
    sh`until s=$(${engineGet(`/services/${name}`)}) && t=$(${tasks}) && printf '%s\n%s\n' "$s" "$t" | jq -e -n ${`input as $s | input as $t | ${isRunning}`} >/dev/null; do`,
    sh`  if [ "$(date +%s)" -ge "$end" ]; then echo ${`${name} does not run after 120 s`} >&2; printf '%s\n' "$t" | jq -r ${`. as $t | ${why}`} >&2; docker ps -aq --filter ${`label=com.docker.swarm.service.name=${name}`} | head -n 1 | xargs -r docker logs --tail 15 >&2 2>&1; exit 1; fi`,
    sh`  sleep 0.5`,
    sh`done`,
  ])
}
