import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { type ProxyProcess, startProxyProcess } from '../proxy-process.ts'

/** A HAProxy in front of servers. */
export interface Haproxy extends ProxyProcess {
  /** Where it takes clients for the server of this name. */
  portOf(name: string): number
}

/** Servers by names, each as the address and the words of HAProxy's `server`: `127.0.0.1:25 send-proxy-v2`. */
export async function startHaproxy(servers: Readonly<Record<string, string>>): Promise<Haproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-haproxy-'))
  const ports = new Map<string, number>()
  const ready = await freePort()
  let settings = 'defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n'
  settings += `frontend ready\n bind 127.0.0.1:${ready}\n tcp-request connection reject\n`
  for (const [name, server] of Object.entries(servers)) {
    const port = await freePort()
    ports.set(name, port)
    settings += `listen ${name}\n bind 127.0.0.1:${port}\n unique-id-format %pid\n server us ${server}\n`
  }
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, settings)
  const running = await startProxyProcess('haproxy', ['-db', '-f', file], () => isListening(ready))
  return {
    get said() {
      return running.said
    },
    portOf: (name) => ports.get(name) ?? 0,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
