import type { Probe } from '../model/probe.ts'
import { sh } from '../shell/sh.ts'

export interface Account {
  readonly uid: number
  /** Name of the primary group. */
  readonly group: string
  readonly groups: readonly string[]
  readonly shell: string
  readonly home: string
}

/** The users and groups of the host's own files; those of other name services are not ours to manage. */
export interface Accounts {
  readonly users: ReadonlyMap<string, Account>
  /** Group ids by name. */
  readonly groups: ReadonlyMap<string, number>
}

/** The probe of users and groups together: one process for any number of them. */
export function probeAccounts(wishes: readonly unknown[]): Probe<readonly Accounts[]> {
  return {
    script: sh`grep -H '' /etc/passwd /etc/group`,
    parse({ stdout, code }) {
      if (code !== 0) throw new Error('/etc/passwd and /etc/group cannot be read')
      const accounts = read(stdout)
      return wishes.map(() => accounts)
    },
  }
}

function read(stdout: string): Accounts {
  const rows = stdout.split('\n').map((line) => line.split(':'))
  const passwd = rows.filter(([file]) => file === '/etc/passwd').map(([, ...row]) => row)
  const group = rows.filter(([file]) => file === '/etc/group').map(([, ...row]) => row)
  const users = passwd.map(([name = '', , uid, gid = '', , home = '', shell = '']): [string, Account] => [
    name,
    {
      uid: Number(uid),
      group: group.find(([, , id]) => id === gid)?.[0] ?? gid,
      groups: group.filter(([, , , members = '']) => members.split(',').includes(name)).map(([g = '']) => g),
      shell,
      home,
    },
  ])
  return { users: new Map(users), groups: new Map(group.map(([name = '', , gid]) => [name, Number(gid)])) }
}
