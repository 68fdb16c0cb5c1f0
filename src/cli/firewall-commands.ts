import type { Command } from 'commander'
import { YesOption } from './consent.ts'
import type { AuditFlags, FirewallFlags } from './flags.ts'
import { firewallFlags, site } from './options.ts'

/** `audit firewall` and `firewall …`. */
export function firewallCommands(program: Command): void {
  program
    .command('audit')
    .description('what is there, against what the inventory says; changes nothing')
    .command('firewall')
    .description(
      'what can reach what, is it meant to, and who made it so: rules, their effect, and real connections',
    )
    .option('-i, --inventory <file>', 'inventory file', 'inventory/prod.yaml')
    .option('-l, --limit <hosts>', 'only these hosts or groups')
    .option('--forks <n>', 'connections opened at once', '20')
    .option('--probe', 'also try real connections, from every host and from here')
    .option('--output <kind>', 'text, json, ndjson, sarif, junit, markdown or html', 'text')
    .option('--out <file>', 'write it to a file')
    .option('--fail-on <severity>', 'exit 2 from critical, high, medium or low on', 'low')
    .option('--baseline <file>', 'an earlier report (--output json): only what is new since')
    .option('--diff', 'also show how the loaded rules differ from those that should be')
    .option('--playbook <file>', 'where the role firewall stands', site)
    .option('--user <name>', 'log in as this user, who may only read (docs/firewall-audit.md)')
    .action(async (flags: AuditFlags) => {
      process.exitCode = await (await import('./audit-command.ts')).auditFirewallCommand(flags)
    })

  const firewall = program
    .command('firewall')
    .description('the port matrix, and who changed the rules of a host when')

  firewallFlags(firewall.command('matrix'))
    .description('who may reach which port, and why: from the roles and the inventory')
    .option('--output <kind>', 'text, markdown or json', 'text')
    .action(async (flags: FirewallFlags) => {
      process.exitCode = await (await import('./firewall-matrix-command.ts')).firewallMatrixCommand(flags)
    })

  firewallFlags(firewall.command('history <host>'))
    .description('who changed the rules, when, and how')
    .option('--output <kind>', 'text or json', 'text')
    .action(async (host: string, flags: FirewallFlags) => {
      process.exitCode = await (await import('./firewall-history-command.ts')).firewallHistoryCommand(
        host,
        flags,
      )
    })

  firewallFlags(firewall.command('rollback <host>'))
    .description('go back to the rules before the last change, under the same timer')
    .option('--to <entry>', 'to those of this entry of the history')
    .addOption(new YesOption())
    .action(async (host: string, flags: FirewallFlags) => {
      process.exitCode = await (await import('./firewall-rollback-command.ts')).firewallRollbackCommand(
        host,
        flags,
      )
    })
}
