// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the text of playbooks
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sh } from '../../src/index.ts'
import { down, up } from '../../src/lab/lab.ts'
import type { Host } from '../../src/model/host.ts'
import { provision } from './cli.ts'
import { connection } from './connection.ts'
import { on } from './engine.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, '.cache', 'test-secrets')
const inventory = join(folder, 'lab.yaml')
const templates = join(root, 'templates', 'test-secrets')
const value = "hunter2 $'x"
let host: Host

function inventoryFile(more = '', user = 'root'): void {
  writeFileSync(
    inventory,
    `connection: { user: ${user}, key: ../../.lab/id_ed25519, knownHosts: ../../.lab/known_hosts }
secrets: { identity: age.key }
${more}
hosts: { h1: { address: 10.77.0.11, connection: { socket: ../../.lab/ssh/h1.sock } } }
`,
  )
}

/** A playbook of one role, with a secret var. */
function playbookFile(name: string, resources: string, more = ''): string {
  const path = join(folder, `${name}.ts`)
  writeFileSync(
    path,
    `import { block, command, file, given, line, playbook, role, secret, sh, t, template } from 'provision'
${more}
const app = role({
  name: 'app',
  vars: t.Object({ pass: t.Secret() }),
  resources: ({ vars }) => [
    ${resources}
  ],
})
export default playbook('${name}', { name: 'app', on: 'all', roles: [app] })
void [block, command, file, given, line, secret, sh, template]
`,
  )
  return path
}

const run = (...args: string[]) => provision([...args, '--inventory', inventory, '--output', 'json'])
const managed = "vars: { app: { pass: !secret 'env:APP_PASS' } }"

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  mkdirSync(templates, { recursive: true })
  writeFileSync(join(templates, 'app.ini.hbs'), 'user={{user}}\npass={{pass}}\n')
  process.env.APP_PASS = value
  const [one] = await up(1)
  if (!one) throw new Error('no host')
  host = connection(one)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  rmSync(templates, { recursive: true, force: true })
  await down()
})

test('a host gets every secret whole, and no report shows it: file, template, line, block, command, env file', async () => {
  inventoryFile(managed)
  const playbook = playbookFile(
    'whole',
    `file('/root/app.env', { content: secret\`PASS=\${vars.pass}\\nN=\${1}\\n\`, mode: '0600' }),
    file('/root/app.ini', { content: ini({ user: 'app', pass: vars.pass }), mode: '0600' }),
    file('/root/pass', { content: vars.pass, mode: '0600' }),
    line('/root/lines', { line: secret\`A=\${vars.pass}\` }),
    line('/root/lines', { line: secret\`B=\${vars.pass}\` }),
    block('/root/blocks', { name: 'app', content: secret\`C=\${vars.pass}\\n\` }),
    command('by script', { run: sh\`umask 077; printf %s \${vars.pass} >/root/by-script\`, unless: sh\`[ "$(cat /root/by-script)" = \${vars.pass} ]\` }),
    command('by text', { run: secret\`umask 077; cat >/root/by-text <<'E'\\n\${vars.pass}\\nE\\n\`, unless: 'test -s /root/by-text' }),`,
    "const ini = template('test-secrets/app.ini.hbs', t.Object({ user: t.String(), pass: t.Secret() }))",
  )
  const plan = await provision([
    'plan',
    playbook,
    '-i',
    inventory,
    '--diff',
    '--verbose',
    '--output',
    'plain',
  ])
  expect([plan.code, plan.stderr]).toEqual([0, ''])
  expect(plan.stdout).toContain('A=‹secret app.pass (APP_PASS)›')
  const done = await run('run', playbook, '--verbose', '--diff')
  expect([done.code, done.stderr]).toEqual([0, ''])
  const read = (file: string) => on(host, sh`cat ${file}`)
  expect(await read('/root/app.env')).toBe(`PASS=${value}\nN=1`)
  expect(await read('/root/app.ini')).toBe(`user=app\npass=${value}`)
  expect(await read('/root/pass')).toBe(value)
  expect(await read('/root/lines')).toBe(`A=${value}\nB=${value}`)
  expect(await read('/root/blocks')).toBe(`# BEGIN provision app\nC=${value}\n# END provision app`)
  expect(await read('/root/by-script')).toBe(value)
  expect(await read('/root/by-text')).toBe(value)
  expect(await on(host, sh`grep -rl '‹secret' /root || :`)).toBe('')
  expect(await on(host, sh`grep -rlF ${value} /var/lib/provision /run/provision || :`)).toBe('')
  const again = await run('run', playbook)
  expect(again.stdout).toContain('"changed":0')
  const explained = await provision([
    'explain',
    'h1',
    'file[/root/app.env]',
    '--playbook',
    playbook,
    '-i',
    inventory,
  ])
  for (const { stdout, stderr } of [plan, done, again, explained])
    expect(stdout + stderr).not.toContain('hunter2')
})

test('a secret changes: seen in the plan without either value, and by a digest that no one can try values on', async () => {
  process.env.APP_PASS = 'another-one'
  const plan = await run('plan', join(folder, 'whole.ts'), '--diff')
  process.env.APP_PASS = value
  expect(plan.stdout).toMatch(/"content","from":"keyed:[0-9a-f]{12}","to":"keyed:[0-9a-f]{12}"/)
  expect(plan.stdout).not.toMatch(/another-one|hunter2|"(from|to)":"sha256/)
})

test('a command that prints its secret and fails does not put it into the report', async () => {
  const failing = playbookFile(
    'failing',
    "command('loud', { run: sh`set -x; echo ${vars.pass} >&2; false`, unless: 'false' })",
  )
  for (const output of ['json', 'plain', 'junit']) {
    const { code, stdout, stderr } = await provision(['run', failing, '-i', inventory, '--output', output])
    expect(code).toBe(1)
    expect(stdout + stderr).not.toContain(value)
    expect(stdout).toContain('‹secret app.pass')
  }
})

test.each([
  ['a template string', "file('/root/mask', { content: `PASS=${vars.pass}\\n` })"],
  ['a line', "line('/root/mask', { line: `PASS=${vars.pass}` })"],
  ['a command', "command('mask', { run: `echo ${vars.pass} >/root/mask`, unless: 'false' })"],
])(
  'a mask never reaches a host: %s is refused with its line before any connection',
  async (name, resource) => {
    const wrong = playbookFile(`mask-${name.replaceAll(' ', '-')}`, resource)
    const { code, stdout, stderr } = await run('run', wrong)
    expect(code).toBe(4)
    expect(stdout).not.toContain('"connect"')
    expect(stderr).toMatch(
      /\.cache\/test-secrets\/mask-\S+\.ts:7:\d+ {2}h1 {2}the secret app\.pass \(APP_PASS\) cannot be made into text/,
    )
    expect(await on(host, sh`ls /root/mask 2>/dev/null || :`)).toBe('')
  },
)

test('the types refuse a secret where text is wanted', async () => {
  const wrong = playbookFile('types', "file('/root/x', { content: '', owner: vars.pass })")
  const { code, stderr } = await run('run', wrong)
  expect([code, stderr]).toEqual([
    4,
    expect.stringContaining("Type 'Secret' is not assignable to type 'string'"),
  ])
})

test('a saved plan with secrets is applied by who made it, and refused with another key', async () => {
  const state = join(folder, 'state')
  process.env.XDG_STATE_HOME = state
  try {
    const playbook = playbookFile('saved', "file('/root/saved', { content: secret`P=${vars.pass}` })")
    const out = join(folder, 'plan.json')
    expect((await run('plan', playbook, '--out', out)).code).toBe(0)
    expect(statSync(join(state, 'provision', 'digest.key')).mode & 0o777).toBe(0o600)
    process.env.XDG_STATE_HOME = join(folder, 'other')
    const refused = await provision(['apply', out])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('made with another key')])
    process.env.XDG_STATE_HOME = state
    expect((await provision(['apply', out])).code).toBe(0)
    expect(await on(host, sh`cat /root/saved`)).toBe(`P=${value}`)
  } finally {
    delete process.env.XDG_STATE_HOME
  }
})

test('a user who is not root, without become, is told so at the first look, with the line of the inventory', async () => {
  await on(
    host,
    sh`id ops >/dev/null 2>&1 || useradd -m -s /bin/sh ops; mkdir -p ~ops/.ssh; cp ~/.ssh/authorized_keys ~ops/.ssh/; chown -R ops: ~ops/.ssh`,
  )
  inventoryFile(managed, 'ops')
  const playbook = playbookFile('plain', "file('/root/plain', { content: '' })")
  for (const verb of ['plan', 'run']) {
    const { code, stdout } = await provision([verb, playbook, '-i', inventory, '--output', 'plain'])
    expect(code).toBe(3)
    expect(stdout).toMatch(
      /lab\.yaml:1:\d+ {2}h1 {2}ops is not root here \(its uid is \d+\), and become is not set/,
    )
    expect(stdout).toContain('→ set connection.become: true')
  }
  inventoryFile(managed)
})

interface Talk {
  readonly text: string
  readonly code: number | null
}

/** Types answers on a terminal of its own, each when its question has come. */
function typing(
  args: readonly string[],
  answers: readonly (readonly [question: string, keys: string])[],
  env = {},
): Promise<Talk> {
  const line = [process.execPath, 'bin/main.mjs', ...args].map((a) => `'${a}'`).join(' ')
  const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: root, env: { ...process.env, ...env } })
  let text = ''
  let at = 0
  let next = 0
  child.stdout.on('data', (chunk) => {
    text += chunk
    const [question, keys] = answers[next] ?? []
    if (question === undefined || keys === undefined || !text.slice(at).includes(question)) return
    at = text.length
    next++
    // readline must be listening before it is typed.
    setTimeout(() => child.stdin.write(keys), 300)
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ text, code })))
}

const secrets = (...args: string[]) => ['secrets', ...args, '-i', inventory]

test('secrets set on a terminal shows nothing, asks twice, and again where the two differ', async () => {
  inventoryFile()
  const talk = await typing(secrets('set', 'token'), [
    ['not shown', 'hush-1\r'],
    ['Once more', 'hush-2\r'],
    ['not shown', 'hush-3\r'],
    ['Once more', 'hush-3\r'],
  ])
  expect(talk.code).toBe(0)
  expect(talk.text).toContain('the two differ')
  expect(talk.text).not.toContain('hush')
  expect((await provision(secrets('show', 'token'))).stdout).toBe('hush-3\n')
  const stopped = await typing(secrets('set', 'token'), [['not shown', 'hu\x03']])
  expect(stopped.code).toBe(130)
  expect((await provision(secrets('show', 'token'))).stdout).toBe('hush-3\n')
  const piped = await provision(secrets('set', 'token'), { input: 'from a pipe\n' })
  expect(piped.code).toBe(0)
  expect((await provision(secrets('show', 'token'))).stdout).toBe('from a pipe\n')
})

test('secrets edit: a private file in memory, gone afterwards whatever the ending; delete', async () => {
  const seen = join(folder, 'seen')
  const editor = (script: string) => {
    const path = join(folder, 'editor')
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    process.env.EDITOR = path
    delete process.env.VISUAL
  }
  const left = () =>
    ['/dev/shm', process.env.XDG_RUNTIME_DIR ?? '/dev/shm'].flatMap((where) =>
      readdirSync(where).filter((name) => name.startsWith('provision-edit-')),
    )
  editor(`stat -c '%a %n' "$1" "$(dirname "$1")" >${seen}; sed -i 's/from/through/' "$1"`)
  const edited = await provision(secrets('edit', 'token'))
  expect([edited.code, edited.stdout]).toEqual([0, expect.stringContaining('token is changed')])
  expect(await provision(['secrets', 'show', 'token', '-i', inventory])).toMatchObject({
    stdout: 'through a pipe\n',
  })
  editor('true')
  expect((await provision(secrets('edit', 'token'))).stdout).toBe('token is unchanged\n')
  editor('exit 3')
  expect(await provision(secrets('edit', 'token'))).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('exit code 3: nothing was changed'),
  })
  editor('kill -TERM "$PPID"; sleep 1')
  expect((await provision(secrets('edit', 'token'))).code).not.toBe(0)
  expect(left()).toEqual([])
  expect((await provision(secrets('delete', 'token'))).stdout).toMatch(
    /token is deleted .*\. A run that needs it/,
  )
  expect(await provision(secrets('show', 'token'))).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('there is no secret token'),
  })
  expect((await provision(secrets('delete', 'tls/ca'))).code).toBe(4)
})
