import { type Script, sh } from '../shell/sh.ts'

/**
 * One question to the Engine by its socket: a docker client costs ten times as much. `path` is a Script where ids in it are
 * words that the shell makes. Prints the body; fails, with the Engine's own words, on any status of 400 and above.
 */
export function engineGet(path: string | Script): Script {
  const url = typeof path === 'string' ? sh`${`http://docker${path}`}` : sh`http://docker${path}`
  return sh`curl -sS --max-time 30 --fail-with-body --unix-socket /run/docker.sock ${url}`
}

/**
 * Sends the output of `body` as JSON: whatever is in it is in no command line. `path` is a Script, because ids in it are
 * often words that the shell makes.
 */
export function enginePost(path: Script, body: Script): Script {
  return sh`${body} | curl -sS --max-time 100 --fail-with-body --unix-socket /run/docker.sock -H 'Content-Type: application/json' -d @- http://docker${path}`
}

/**
 * Takes a service of the swarm away and waits until no container of it runs on this host any more; fails where one still
 * does after so many seconds. A service that is not there is gone already.
 */
export function serviceGone(name: string, seconds: number): Script {
  return sh`curl -s -o /dev/null --unix-socket /run/docker.sock -X DELETE ${`http://docker/services/${name}`}
end=$(($(date +%s) + ${seconds})); while ${containerOf(name)} | grep -q .; do if [ "$(date +%s)" -ge "$end" ]; then echo ${`containers of ${name} still run`} >&2; exit 1; fi; sleep 0.5; done`
}

/** The id of the container that runs for a service of the swarm on this host; empty where none does. */
export function containerOf(service: string): Script {
  return sh`docker ps -q --filter ${`label=com.docker.swarm.service.name=${service}`}`
}
