import { linesIn, type Texts } from './read-texts.ts'

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

/** What users and groups read; their kinds share the probe of all text files. */
export const accountFiles: readonly string[] = ['/etc/passwd', '/etc/group']

export function accountsIn(texts: Texts): Accounts {
  const [passwd = [], group = []] = accountFiles.map((path) =>
    linesIn(texts, path)?.map((row) => row.split(':')),
  )
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
