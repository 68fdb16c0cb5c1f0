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

/** The id of the container that runs for a service of the swarm on this host; empty where none does. */
export function containerOf(service: string): Script {
  return sh`docker ps -q --filter ${`label=com.docker.swarm.service.name=${service}`}`
}
