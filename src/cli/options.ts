import type { Command } from 'commander'
import { YesOption } from './consent.ts'

/** What is run where no playbook is named. */
export const site = 'playbooks/site.ts'

/** Of commands that look at the cluster. */
export function clusterFlags(command: Command): Command {
  return command
    .option('-i, --inventory <file>', 'inventory file', 'inventory/prod.yaml')
    .option('--forks <n>', 'connections opened at once', '20')
    .option('--output <kind>', 'text or json', 'text')
}

/** Of `provision firewall`. */
export function firewallFlags(command: Command): Command {
  return command
    .option('-i, --inventory <file>', 'inventory file', 'inventory/prod.yaml')
    .option('--forks <n>', 'connections opened at once', '20')
    .option('--playbook <file>', 'where the role firewall stands', site)
}

/** Flags shared by all commands that run a playbook. */
export function runFlags(command: Command): Command {
  const list = (value: string, before: string[] = []) => [
    ...before,
    ...value.split(',').map((tag) => tag.trim()),
  ]
  const collect = (value: string, before: string[] = []) => [...before, value]
  return command
    .option('-i, --inventory <file>', 'inventory file', 'inventory/prod.yaml')
    .option('-l, --limit <hosts>', 'change only these hosts or groups; all are observed')
    .option('-t, --tags <tags>', 'only these roles, plays, phases or tags', list)
    .option('--from <phase>', 'change nothing before this phase of the playbook')
    .option('--until <phase>', 'change nothing after this phase')
    .option('--set <role.key=value>', 'set a var above all others', collect)
    .option('--forks <n>', 'connections opened at once', '20')
    .option('--check', 'only plan')
    .option('--diff', 'show text differences')
    .option('--prune', 'take away what was managed and is asked for no more')
    .addOption(new YesOption())
    .option('--output <kind>', 'auto, live, plain, json or junit', 'auto')
    .option('-v, --verbose', 'show remote scripts and timings')
    .option('--accept-new-host-keys', 'take unknown host keys (never changed ones)')
}

/** Of commands that bring a machine in. */
export function newcomerFlags(command: Command): Command {
  return runFlags(command)
    .option('--host-key <SHA256:…>', "fingerprint of the new machine's host key, from its console")
    .option('--wipe', 'delete what its disks hold of another cluster: its name is asked for')
    .option('--confirm <host>', 'that name, where nobody can be asked')
}
