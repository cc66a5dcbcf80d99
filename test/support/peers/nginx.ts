import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { type ProxyProcess, startProxyProcess } from '../proxy-process.ts'
import type { UnpackedPeer } from './peers.ts'

/** A server behind nginx, in the words of its mail module. */
export interface ProxiedServer {
  readonly protocol: 'imap' | 'pop3' | 'smtp'
  /** Where the server listens. */
  readonly port: number
  /** Directives, each with its semicolon. */
  readonly settings: string
}

/** An nginx in front of mail servers. */
export interface Nginx extends ProxyProcess {
  /** Where it takes clients for the server of this name. */
  portOf(name: string): number
}

type ProxiedServers = Readonly<Record<string, ProxiedServer>>

export async function startNginx({ root }: UnpackedPeer, servers: ProxiedServers): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-nginx-'))
  const authority = await startAuthority(servers)
  const { port: authorityPort } = authority.address() as AddressInfo
  const ports = new Map<string, number>()
  let settings = `load_module ${root}/usr/lib/nginx/modules/ngx_mail_module.so;\ndaemon off;\nmaster_process off;\n`
  settings += `pid ${folder}/pid;\nerror_log stderr notice;\nevents {}\n`
  settings += 'mail {\n server_name proxy.example;\n smtp_auth plain;\n'
  for (const [name, server] of Object.entries(servers)) {
    const port = await freePort()
    ports.set(name, port)
    settings += ` server {\n  listen 127.0.0.1:${port};\n  protocol ${server.protocol};\n`
    settings += `  auth_http 127.0.0.1:${authorityPort}/${name};\n  ${server.settings}\n }\n`
  }
  const file = join(folder, 'nginx.conf')
  await writeFile(file, `${settings}}\n`)
  const program = join(root, 'usr/sbin/nginx')
  // It says which event method it uses once it has its ports.
  const running = await startProxyProcess(program, ['-c', file, '-p', folder], (said) =>
    said.includes('event method'),
  )
  return {
    get said() {
      return running.said
    },
    portOf: (name) => ports.get(name) ?? 0,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      authority.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What nginx asks whom to let in, and to which server: everybody, for the passwords are the servers' to look at. */
async function startAuthority(servers: ProxiedServers): Promise<Server> {
  const authority = createServer(({ url }, answer) => {
    const port = servers[url?.slice(1) ?? '']?.port ?? 0
    answer.writeHead(200, { 'Auth-Status': 'OK', 'Auth-Server': '127.0.0.1', 'Auth-Port': String(port) })
    answer.end()
  }).listen(0, '127.0.0.1')
  await once(authority, 'listening')
  return authority
}
