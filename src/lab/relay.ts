/**
 * Runs inside the lab's network namespace, which the machine itself has no route to. Joins the two by UNIX sockets:
 * out of the lab to the apt proxy, and into the lab to each host's sshd.
 *
 *   node relay.ts GATEWAY PORT PROXY_SOCKET [SOCKET=ADDRESS …]
 */
import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'

const [gateway = '', port = '', proxySocket = '', ...hosts] = process.argv.slice(2)

createServer({ allowHalfOpen: true }, (client) =>
  join(client, connect({ path: proxySocket, allowHalfOpen: true })),
).listen(Number(port), gateway)
for (const pair of hosts) {
  const [path = '', address = ''] = pair.split('=')
  rmSync(path, { force: true })
  createServer({ allowHalfOpen: true }, (client) =>
    join(client, connect({ host: address, port: 22, noDelay: true, allowHalfOpen: true })),
  ).listen(path)
}

function join(a: Socket, b: Socket): void {
  a.pipe(b)
  b.pipe(a)
  a.on('error', () => b.destroy())
  b.on('error', () => a.destroy())
}
