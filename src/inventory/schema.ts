import Type, { type Static } from 'typebox'

const vars = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Vars by role: each role reads the map under its own name.',
})

const connection = Type.Partial(
  Type.Object({
    transport: Type.Union([Type.Literal('ssh'), Type.Literal('local')]),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    user: Type.String({ minLength: 1 }),
    key: Type.String({ description: 'Private key file, relative to the inventory.' }),
    jump: Type.String({ description: 'user@host:port, or a host of this inventory.' }),
    become: Type.Boolean({ description: 'Work as root by sudo.' }),
    becomePasswordFile: Type.String({ description: 'File that holds the sudo password.' }),
    hostKeys: Type.Array(Type.String(), { description: 'Pinned host keys or SHA256: fingerprints.' }),
    knownHosts: Type.String({ description: "Instead of the user's own known_hosts." }),
    connectTimeoutSeconds: Type.Number({ exclusiveMinimum: 0 }),
    socket: Type.String({ description: "UNIX socket that leads to the host's sshd." }),
  }),
  { additionalProperties: false },
)

const names = Type.Array(Type.String(), { description: 'Host names; ranges such as db[1:3] too.' })

const group = Type.Partial(
  Type.Object({ hosts: names, children: Type.Array(Type.String()), vars, connection }),
  {
    additionalProperties: false,
  },
)

const host = Type.Partial(Type.Object({ address: Type.String({ minLength: 1 }), vars, connection }), {
  additionalProperties: false,
})

/** The shape of an inventory file. */
export const InventoryFile = Type.Partial(
  Type.Object({
    vars,
    connection,
    groups: Type.Record(Type.String(), Type.Union([group, Type.Null()])),
    hosts: Type.Record(Type.String(), Type.Union([host, Type.Null()])),
  }),
  { additionalProperties: false },
)

export type InventoryFile = Static<typeof InventoryFile>
export type GroupEntry = Static<typeof group>
export type HostEntry = Static<typeof host>
export type ConnectionEntry = Static<typeof connection>
