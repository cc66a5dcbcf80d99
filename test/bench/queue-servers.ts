import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { startPostfix } from '../support/peers/postfix.ts'
import { mailwrightServer } from './smtp-servers.ts'

/** A server that takes mail for any domain and sends it on. */
export interface RelayHost extends AsyncDisposable {
  readonly name: string
  readonly port: number
  /** The process whose descendants are the server. */
  readonly pid: number
}

/** How a relay is started: with what it has in its folder, which is nothing at first. */
export type StartRelay = () => Promise<RelayHost>

/** The domain of a destination by its number. */
export function destinationDomain(index: number): string {
  return `d${index}.example`
}

/** Mailwright with the plugins of a relay: every domain leads to one of the ports. */
export function mailwrightRelay(folder: string, ports: readonly number[]): StartRelay {
  const home = join(folder, 'mailwright-relay')
  const map = Object.fromEntries(
    ports.map((port, index) => [destinationDomain(index), { to: 'smtp', host: '127.0.0.1', port }]),
  )
  const text = `import { defineConfig } from 'mailwright'
import database from 'mailwright/plugins/database'
import dsn from 'mailwright/plugins/dsn'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'
import transports from 'mailwright/plugins/transports'

export default defineConfig({
  hostname: 'mail.example.org',
  dataDir: ${JSON.stringify(join(home, 'data'))},
  plugins: [
    database(),
    transports({ map: ${JSON.stringify(map)} }),
    relay({ networks: ['127.0.0.1'] }),
    smtpOut(),
    dsn(),
    queue(),
    smtp({ port: 0, maxConnections: 20000 }),
  ],
  log: { level: 'info' },
})
`
  return () => mailwrightServer(home, text)
}

/** Postfix with the same map. It has to be started by root. */
export function postfixRelay(folder: string, ports: readonly number[]): StartRelay {
  const home = join(folder, 'postfix-relay')
  return async () => {
    await mkdir(home, { recursive: true })
    const port = await freePort()
    const postfix = await startPostfix(home, {
      main: [
        'myhostname = mail.example.org',
        'mydestination =',
        'mynetworks = 127.0.0.0/8',
        'smtpd_relay_restrictions = permit_mynetworks, reject',
        `transport_maps = texthash:${home}/etc/transport`,
        'message_size_limit = 104857600',
        'smtpd_client_connection_count_limit = 0',
        'smtpd_peername_lookup = no',
        'default_process_limit = 200',
      ],
      services: [`${port} inet n - n - 1200 smtpd`],
      files: {
        transport: ports.map((to, index) => `${destinationDomain(index)} smtp:[127.0.0.1]:${to}\n`).join(''),
      },
    })
    return { name: 'postfix', port, pid: postfix.pid, [Symbol.asyncDispose]: () => postfix.stop() }
  }
}
