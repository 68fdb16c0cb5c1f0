/** What an inventory file may say of a connection. */
export interface ConnectionEntry {
  readonly transport?: 'ssh' | 'local'
  readonly port?: number
  readonly user?: string
  readonly key?: string
  readonly jump?: string
  readonly become?: boolean
  readonly becomePasswordFile?: string
  readonly hostKeys?: readonly string[]
  readonly knownHosts?: string
  readonly connectTimeoutSeconds?: number
  readonly socket?: string
}

interface Section {
  readonly vars?: Readonly<Record<string, unknown>>
  readonly connection?: ConnectionEntry
}
export interface GroupEntry extends Section {
  readonly hosts?: readonly string[]
  readonly children?: readonly string[]
}
export interface HostEntry extends Section {
  readonly address?: string
}
/** What an inventory file may say of its secrets. */
export interface SecretsEntry {
  readonly file?: string
  readonly identity?: string
  readonly recipients?: readonly string[]
}
/** An inventory file that was found to be in shape. */
export interface InventoryFile extends Section {
  readonly secrets?: SecretsEntry
  readonly groups?: Readonly<Record<string, GroupEntry | null>>
  readonly hosts?: Readonly<Record<string, HostEntry | null>>
}

const text = (description: string) => ({ type: 'string', minLength: 1, description })
const list = (description: string) => ({
  type: 'array',
  items: { type: 'string', minLength: 1 },
  description,
})
const closedMap = (properties: object, description: string) => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties,
})
const mapOf = (entry: object) => ({
  type: 'object',
  additionalProperties: { anyOf: [entry, { type: 'null' }] },
})

/** Plain JSON schema and not typebox: loading typebox alone takes as long as all the rest of an inventory. */
export const connectionSchema = closedMap(
  {
    transport: { enum: ['ssh', 'local'], description: 'Default ssh.' },
    port: { type: 'integer', minimum: 1, maximum: 65535 },
    user: text('Who logs in.'),
    key: text('Private key file, relative to the inventory.'),
    jump: text('user@host:port, or a host of this inventory.'),
    become: { type: 'boolean', description: 'Work as root by sudo. Default false.' },
    becomePasswordFile: text('File that holds the sudo password, relative to the inventory.'),
    hostKeys: list('Pinned host keys or SHA256: fingerprints.'),
    knownHosts: text("Instead of the user's own known_hosts, relative to the inventory."),
    connectTimeoutSeconds: { type: 'number', exclusiveMinimum: 0, description: 'Default 10.' },
    socket: text("UNIX socket that leads to the host's sshd, relative to the inventory."),
  },
  'How to reach the hosts; merges like vars.',
)

const secretsSchema = closedMap(
  {
    file: text('Encrypted with age, relative to the inventory. Default: its name with .secrets.age.'),
    identity: text(
      'File with the age key, relative to the inventory. Default ~/.config/provision/age.key; PROVISION_AGE_KEY_FILE comes first.',
    ),
    recipients: list('Further age recipients that may open the file.'),
  },
  'Where generated passwords, keys and certificates are kept.',
)

/** Vars of any role: what loading checks, as roles are not known then. */
export const anyVars = { type: 'object', description: 'Vars by role: each role reads the map of its name.' }

/** The shape of an inventory file, given what stands for vars and connection in it. */
export function inventoryShape(vars: object, connection: object) {
  const section = { vars, connection }
  const group = closedMap(
    {
      hosts: list('Host names; ranges such as db[1:3] too.'),
      children: list('Groups inside this one; what they say wins over this.'),
      ...section,
    },
    'A group of hosts.',
  )
  const host = closedMap({ address: text('Default: the name.'), ...section }, 'A host, or a range of hosts.')
  return closedMap(
    { ...section, secrets: secretsSchema, groups: mapOf(group), hosts: mapOf(host) },
    'An inventory of provision.',
  )
}
