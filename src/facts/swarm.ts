import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface SwarmState {
  /** `inactive` also where there is no Docker yet; `pending`, `active`, `locked`, `error` as the Engine says. */
  readonly state: string
  readonly isManager: boolean
  readonly nodeId: string
  readonly address: string
}

/** Asks the Engine by its socket; the docker client costs ten times as much. */
export const swarmInfo = sh`curl -s --max-time 10 --unix-socket /run/docker.sock http://docker/info 2>/dev/null`

/** What a host knows of its swarm. */
export function parseSwarm(stdout: string): SwarmState {
  if (stdout.trim() === '') return { state: 'inactive', isManager: false, nodeId: '', address: '' }
  const { Swarm } = JSON.parse(stdout) as {
    Swarm: { LocalNodeState: string; ControlAvailable: boolean; NodeID: string; NodeAddr: string }
  }
  return {
    state: Swarm.LocalNodeState || 'inactive',
    isManager: Swarm.ControlAvailable,
    nodeId: Swarm.NodeID,
    address: Swarm.NodeAddr,
  }
}

/** Is the host in a swarm, and does it manage it? */
export const swarm: Fact<SwarmState> = {
  name: 'swarm',
  probe: { script: sh`${swarmInfo}; :`, parse: ({ stdout }) => parseSwarm(stdout) },
}
