import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startImapDovecot } from '../peers/imap-dovecot.ts'
import { temporaryProject } from '../project.ts'
import { type Finished, runProcess } from '../run-process.ts'
import { startServer } from '../server-process.ts'
import { ImapClient, ofKind } from './imap-client.ts'

/** A server of IMAP as real clients meet it: a process of its own, with one account over a Maildir. */
export interface ImapPeerServer extends AsyncDisposable {
  readonly name: 'mailwright' | 'dovecot'
  readonly port: number
  /** TLS from the first octet. */
  readonly tlsPort: number
  readonly user: string
  readonly password: string
  /** For what a test writes; the client's home. */
  readonly folder: string
  /** A client of our own, for what a test prepares and looks at. */
  open(): Promise<ImapClient>
  /** Appends messages. */
  deliver(mailbox: string, ...messages: readonly string[]): Promise<void>
  /** Whole messages with CRLF, by their Subject. */
  messages(mailbox: string): Promise<ReadonlyMap<string, string>>
  /** Runs a client with the folder for its home. */
  run(program: string, ...words: readonly string[]): Promise<Finished>
}

type Running = Pick<ImapPeerServer, 'name' | 'port' | 'tlsPort' | 'user' | 'password'> & AsyncDisposable

/** Starts Mailwright. */
export function startMailwrightPeer(): Promise<ImapPeerServer> {
  return startPeer(async (folder) => {
    const project = await temporaryProject({ 'mailwright.config.ts': config(join(folder, 'mail')) })
    const server = await startServer(project.folder)
    return {
      name: 'mailwright',
      port: server.port('imap'),
      tlsPort: server.port('imaps'),
      user: 'ann@example.org',
      password: 'secret',
      async [Symbol.asyncDispose]() {
        await server.stop()
        await project[Symbol.asyncDispose]()
      },
    }
  })
}

// Without limits; and what is tested here is not what an outage leaves.
const settings = 'mail_fsync = never\nplugin {\n  quota_rule = *:storage=0:messages=0\n}\n'

/** Starts Dovecot, to know that a test is right. */
export function startDovecotPeer(): Promise<ImapPeerServer> {
  return startPeer(async (folder) => {
    const dovecot = await startImapDovecot(folder, settings)
    return {
      name: 'dovecot',
      port: dovecot.port,
      tlsPort: dovecot.tlsPort,
      user: 'ann',
      password: dovecot.password,
      [Symbol.asyncDispose]: () => dovecot[Symbol.asyncDispose](),
    }
  })
}

async function startPeer(start: (folder: string) => Promise<Running>): Promise<ImapPeerServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-imap-'))
  const running = await start(folder)
  const home = join(folder, 'client')
  await mkdir(home)
  const open = (): Promise<ImapClient> =>
    ImapClient.open(running.port, running.user, running.password, { onViolation: () => undefined })
  return {
    ...running,
    folder: home,
    open,
    async deliver(mailbox, ...messages) {
      const client = await open()
      const literals = messages.map((each) => Buffer.from(each.replaceAll(/\r?\n/g, '\r\n'), 'latin1'))
      await client.ok(`APPEND ${mailbox} `, ...literals.flatMap((each) => [each, ' ']).slice(0, -1))
      await client.logOut()
    },
    async messages(mailbox) {
      const client = await open()
      const found = await messagesOf(client, mailbox)
      await client.logOut()
      return found
    },
    run: (program, ...words) =>
      runProcess(program, words, { folder: home, env: { HOME: home, LC_ALL: 'C.UTF-8' }, limit: 500_000 }),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function messagesOf(client: ImapClient, mailbox: string): Promise<Map<string, string>> {
  const messages = new Map<string, string>()
  const { responses } = await client.ok(`EXAMINE ${mailbox}`)
  if (responses.some((response) => response.kind === 'exists' && response.number === 0)) return messages
  for (const { items } of ofKind(await client.ok('FETCH 1:* BODY.PEEK[]'), 'fetch')) {
    const text = items.sections.get('BODY[]') ?? ''
    messages.set(/^Subject: (.*)\r$/m.exec(text)?.[1] ?? '', text)
  }
  return messages
}

function config(root: string): string {
  return `import { defineConfig } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'

export default defineConfig({
  hostname: 'mail.example.org',
  plugins: [
    memoryAccounts({ accounts: [{ address: 'ann@example.org', password: 'secret' }] }),
    maildir({ root: ${JSON.stringify(root)} }),
    certificates(),
    imap({ port: 0, allowPlaintextLogin: true }),
    imap({ port: 0, implicitTls: true }, { as: 'imaps' }),
  ],
})
`
}
