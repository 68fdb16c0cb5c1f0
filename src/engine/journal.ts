import { createHash } from 'node:crypto'
import { type Begun, keyOf, type Unfinished } from '../model/begun.ts'
import type { Probe } from '../model/probe.ts'
import { idOf, type Resource } from '../model/resource.ts'
import type { RunRecord } from '../model/run-record.ts'
import { lines, type Script, sh } from '../shell/sh.ts'

/**
 * What provision keeps on a host, all in /var/lib/provision: `owed/` (restarts that a run owes), `managed/PLAYBOOK`
 * (ids it looks after), `journal` (one JSON line a changing run) and `begun/` (what a run was asked to do, until it has
 * ended well). The host is the truth: nothing is kept here.
 */
const folder = '/var/lib/provision'

/** Why a step did not begin, as {@link beginStep} says it on stderr. */
export const takenOver = 'another run has taken this host over'
export const stillInHand = 'a step of an earlier run is still in hand after 10 min'

const deadRun = 'an earlier run that did not finish'

export interface Journal {
  /** Mark of a resource that must act, and why: the ids that changed. */
  readonly owed: ReadonlyMap<string, readonly string[]>
  readonly managed: readonly string[]
  /** Keys of runs that were begun and did not end well. */
  readonly begun: readonly string[]
}

/**
 * Who has held a host's lock last, since which boot, and whether it still does: it changes whenever somebody takes the lock or
 * gives it back. Read by the shell itself, into `$g`: no process.
 */
const readTurn = sh`g=; if [ -e /run/provision/turn ]; then IFS= read -r g </run/provision/turn; fi; IFS= read -r b </proc/sys/kernel/random/boot_id; g="$b/$g"`

/** Reads whose turn it was. To be read before all else of a look: what is seen after it may be the next one's doing. */
export const turnScript = sh`${readTurn}; printf '%s\n' "$g"`

/** Somebody held the lock at that time: what was seen then is not to be relied on. */
export function isInHand(turn: string): boolean {
  return turn.split('/')[1]?.startsWith('begun ') === true
}

/** Reads the notes of runs that did not end well, and whether one of them still holds the lock. */
export const unfinishedRuns: Probe<readonly Unfinished[]> = {
  script: sh`if [ -e /run/provision/lock ] && ! flock -n /run/provision/lock true; then cat /run/provision/locked-for; else echo; fi
cat ${folder}/begun/* 2>/dev/null; :`,
  parse({ stdout }) {
    const [held = '', ...notes] = stdout.split('\n')
    return notes.filter(Boolean).flatMap((text) => {
      try {
        const note = JSON.parse(text) as Begun
        return [{ ...note, isRunning: held.includes(runIn(note.id)) }]
      } catch {
        return []
      }
    })
  },
}

/** Reads the records, oldest first; a line that is none (a disk that was full) is left out. */
export const journalRecords: Probe<readonly RunRecord[]> = {
  script: sh`cat ${folder}/journal 2>/dev/null; :`,
  parse: ({ stdout }) =>
    words(stdout).flatMap((line) => {
      try {
        return [JSON.parse(line) as RunRecord]
      } catch {
        return []
      }
    }),
}

/**
 * Reads the marks and the list, by the shell itself: no process. To be read after the states: a mark is set before the
 * change that it stands for, so whoever has seen the change of a step still in hand sees its mark, too.
 */
export function journalProbe(playbook: string): Probe<Journal> {
  const managed = `${folder}/managed/${playbook}`
  return {
    script: sh`${listOwed()}; echo --
if [ -e ${managed} ]; then while IFS= read -r id; do printf '%s\n' "$id"; done <${managed}; fi; echo --
for f in ${folder}/begun/*; do if [ -e "$f" ]; then printf '%s\n' "\${f##*/}"; fi; done`,
    parse({ stdout }) {
      const [owed = '', list = '', begun = ''] = stdout.split(/^--$/m)
      return {
        owed: owedMarks(owed),
        managed: words(list),
        begun: words(begun),
      }
    },
  }
}

/** The file name of a mark: readable, and short enough for any id (a file name has at most 255 bytes). */
export function markOf(r: Resource): string {
  const id = idOf(r)
  const readable = id.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, 100)
  return `${readable}.${createHash('sha256').update(id).digest('hex').slice(0, 12)}`
}

/** Notes on the host that these are owed an action, before the change that causes it. */
export function noteOwed(dependants: readonly Resource[]): Script {
  const marks = dependants.map((r) => `${folder}/owed/${markOf(r)}`)
  if (marks.length === 0) return sh`:`
  return sh`mkdir -p ${folder}/owed && for f in ${marks}; do : > "$f"; done`
}

/** Clears the marks of resources that have acted. */
export function clearOwed(paid: readonly Resource[]): Script {
  const marks = paid.map((r) => `${folder}/owed/${markOf(r)}`)
  return marks.length === 0 ? sh`:` : sh`rm -f ${marks}`
}

/** Stores the list of managed ids and appends the run's record. */
export function writeJournal(
  playbook: string,
  managed: readonly string[],
  record: object | undefined,
): Script {
  const list = `${managed.join('\n')}\n`
  return lines([
    sh`mkdir -p -m 0700 ${folder} && mkdir -p ${folder}/managed ${folder}/owed`,
    sh`printf %s ${list} > ${folder}/managed/.new && mv -f ${folder}/managed/.new ${folder}/managed/${playbook}`,
    record ? appendRecord(record) : sh`:`,
  ])
}

/** One line of the journal. */
export function appendRecord(record: object): Script {
  return sh`printf '%s\n' ${JSON.stringify(record)} >> ${folder}/journal`
}

/** How `what` of a lock ends that is held by a run: by it a note, and a step, is known to be that run's. */
export function runIn(id: string): string {
  return `(run ${id})`
}

/**
 * Answers `locked`, or `busy WHO, WHAT`; the lock lasts as long as the connection, so that a dead run leaves none. `what`:
 * since when, and for what. `begun` is noted on the host in the same breath. With `seen`, whose turn it was when the host was
 * looked at, it answers `moved` where another one has been there since: locked all the same, and nothing noted. A second's
 * patience, because who only looks whether the lock is held has it for a moment.
 */
export function lockScript(who: string, what: string, begun?: Begun, seen?: string): Script {
  const note = begun ? noteBegun(begun) : sh`:`
  const answer =
    seen === undefined
      ? sh`${note}; echo locked`
      : sh`if [ "$g" = ${seen} ]; then ${note}; echo locked; else echo moved; fi`
  return sh`mkdir -p /run/provision; exec 9>>/run/provision/lock; if flock -w 1 9; then printf '%s\n' ${who} >/run/provision/locked-by; printf '%s\n' ${what} >/run/provision/locked-for; ${readTurn}; printf 'begun %s\n' ${what} >/run/provision/turn; ${answer}; cat >/dev/null; printf 'over %s\n' ${what} >/run/provision/turn; else printf 'busy %s, %s\n' "$(cat /run/provision/locked-by)" "$(cat /run/provision/locked-for)"; fi`
}

/** Notes on the host what a run was asked to do: whoever takes it over reads it there. */
export function noteBegun(begun: Begun): Script {
  const key = keyOf(begun.asked)
  return sh`mkdir -p -m 0700 ${folder} && mkdir -p ${folder}/begun && printf '%s\n' ${JSON.stringify(begun)} >${folder}/begun/.new && mv -f ${folder}/begun/.new ${folder}/begun/${key}`
}

/** The run has ended well here, or nobody wants it any more. */
export function forgetBegun(key: string): Script {
  return sh`rm -f ${folder}/begun/${key}`
}

/**
 * Begins a step, and lists the marks that it finds: {@link owedMarks} reads them. Two scripts never change one host at
 * once: this waits for one that a dead run left behind (10 min at most). And a run whose lock another one has taken
 * meanwhile changes nothing any more: its own script may have been what waited.
 */
export function beginStep(run: string): Script {
  return sh`mkdir -p /run/provision; exec 8>>/run/provision/step
flock -w 600 8 || { echo ${stillInHand} >&2; exit 75; }
locked=; IFS= read -r locked </run/provision/locked-for
case "$locked" in *${runIn(run)}) ;; *) echo ${takenOver} >&2; exit 75 ;; esac
${listOwed()}`
}

/** The marks of a journal or of a step's beginning, each owed by a run that died. */
export function owedMarks(stdout: string): Journal['owed'] {
  return new Map(words(stdout).map((mark) => [mark, [deadRun]]))
}

function listOwed(): Script {
  return sh`for f in ${folder}/owed/*; do if [ -e "$f" ]; then printf '%s\n' "\${f##*/}"; fi; done`
}

function words(text: string): readonly string[] {
  return text.split('\n').filter(Boolean)
}
