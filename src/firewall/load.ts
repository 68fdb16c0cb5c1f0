import { createHash } from 'node:crypto'
import { lines, type Script, sh, showAs } from '../shell/sh.ts'
import { keepHistory } from './history.ts'
import { scriptPath } from './host-script.ts'

/** Rules of both families as text for `iptables-restore --noflush`. */
export interface RuleTexts {
  readonly 4: string
  readonly 6: string
}

export const stateFolder = '/var/lib/provision'

/** What is asked for, in a word: noted on the host with what was loaded when it was confirmed. */
export function digestOf(texts: RuleTexts): string {
  return `sha256:${createHash('sha256')
    .update(texts[4] + texts[6])
    .digest('hex')
    .slice(0, 16)}`
}

/**
 * Our chains, the first rule of the two chains that must jump to them, and the policies of INPUT and FORWARD; counters
 * and others' rules left out.
 */
export const rulesOnly: Script = sh`for t in iptables ip6tables; do if command -v "$t-save" >/dev/null; then "$t-save" -t filter | awk '/^:(INPUT|FORWARD) /{ print $1, $2; next } /^-A (INPUT|DOCKER-USER) /{ if (!seen[$2]++) print; next } /^-A PROVISION-/'; else echo absent; fi; echo "== $t"; done;`

/** Loads the rules, to be taken back after `seconds` by the host itself, whatever becomes of us. */
export function loadRules(texts: RuleTexts, seconds: number): Script {
  const script = sh`set -e; umask 077; mkdir -p ${stateFolder} /run/provision
printf %s ${texts[4]} > ${stateFolder}/firewall.new.v4; printf %s ${texts[6]} > ${stateFolder}/firewall.new.v6
iptables-restore --test --noflush < ${stateFolder}/firewall.new.v4; ip6tables-restore --test --noflush < ${stateFolder}/firewall.new.v6
systemctl stop provision-firewall-rollback.timer 2>/dev/null || :
${scriptPath} save
{ ${rulesOnly} } > ${stateFolder}/firewall.before 2>/dev/null
: > /run/provision/firewall.pending
systemd-run --quiet --collect --unit=provision-firewall-rollback --on-active=${seconds} --timer-property=AccuracySec=1s ${scriptPath} rollback
${scriptPath} load ${stateFolder}/firewall.new.v4 ${stateFolder}/firewall.new.v6 || { ${scriptPath} rollback; exit 1; }`
  return showAs(
    script,
    `${texts[4]}${texts[6]}${scriptPath} load, rolled back after ${seconds} s unless a new connection confirms it`,
  )
}

/** Over a new connection: the rules stay, also after a boot, and go into the history. */
export function confirmRules(digest: string): Script {
  return lines([
    sh`set -e; umask 077`,
    // The rollback takes this mark away: when it has already fired, there is nothing left to confirm.
    sh`systemctl stop provision-firewall-rollback.timer 2>/dev/null || :`,
    sh`[ -e /run/provision/firewall.pending ] || { echo 'the rollback has already run' >&2; exit 1; }`,
    keepHistory,
    sh`mkdir -p /etc/provision; for f in v4 v6; do mv -f ${stateFolder}/firewall.new.$f /etc/provision/firewall.$f; done; sync /etc/provision/firewall.v4 /etc/provision/firewall.v6`,
    sh`{ echo ${digest}; { ${rulesOnly} } 2>/dev/null; } > ${stateFolder}/firewall.confirmed.new`,
    sh`mv -f ${stateFolder}/firewall.confirmed.new ${stateFolder}/firewall.confirmed; rm -f /run/provision/firewall.pending`,
    sh`sed 1d ${stateFolder}/firewall.confirmed > "$entry/after"`,
    sh`printf '%s %s\n' "\${entry##*/}" "$(cat "$entry/who")" > ${stateFolder}/firewall.confirmed-by`,
  ])
}
