import type { Fact } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface SwarmState {
  /**
   * `inactive` also where there is no Docker yet; `pending`, `active`, `locked`, `error` as the Engine says; `unknown`
   * where it does not answer: such a host may well be in a swarm, and none may be founded because of its silence.
   */
  readonly state: string
  readonly isManager: boolean
  readonly nodeId: string
  readonly address: string
}

/** Asks the Engine by its socket; the docker client costs ten times as much. */
export const swarmInfo = sh`curl -sf --max-time 20 --unix-socket /run/docker.sock http://docker/info 2>/dev/null`

/** What a host knows of its swarm. */
export function parseSwarm(stdout: string): SwarmState {
  const nothing = { isManager: false, nodeId: '', address: '' }
  if (stdout.trim() === '') return { ...nothing, state: 'inactive' }
  if (stdout.trim() === 'silent') return { ...nothing, state: 'unknown' }
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
  probe: {
    script: sh`if [ -S /run/docker.sock ]; then ${swarmInfo} || echo silent; fi; :`,
    parse: ({ stdout }) => parseSwarm(stdout),
  },
}
