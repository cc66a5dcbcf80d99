import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Address,
  type Clock,
  type Content,
  definePlugin,
  emptyQueue,
  type HistoryEntry,
  history,
  noOptions,
  type PluginInstance,
  type Queue,
  queue,
  type Reply,
  readAll,
  reply,
  type Session,
  systemClock,
  type Transaction,
} from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import { memoryAccounts } from 'mailwright/plugins/memory'
import smtp, { type SmtpInput } from 'mailwright/plugins/smtp'
import { createHost } from '../../../core/host.ts'
import { countEnds } from '../count-ends.ts'

export const login = 'tim@example.org'
export const password = 'correct horse battery'

/** A message that was answered with 250. */
export interface TakenMessage {
  readonly transaction: Transaction
  /** The recipients' addresses. */
  readonly to: readonly Address[]
  /** With the fields put on top. One character an octet. */
  readonly text: string
  /** The octets below the Received field, as they were sent. */
  readonly octets: Buffer
}

/** What plugins answer; change it at any time. */
export interface SmtpChecks {
  client?: (session: Session) => Promise<Reply | undefined>
  hello?: Reply
  sender?: Reply
  recipient?: (address: Address) => Promise<Reply | undefined>
  message?: Reply
  /** Runs before a message is taken. */
  taking?: () => Promise<void>
}

/** A whole system: transfer, submission, submission with TLS from the first octet, LMTP; what is taken is kept in memory. */
export interface SmtpServer {
  readonly port: number
  readonly submissionPort: number
  readonly tlsPort: number
  readonly lmtpPort: number
  /** A folder for what a test writes. */
  readonly folder: string
  readonly checks: SmtpChecks
  readonly taken: readonly TakenMessage[]
  /** Waits until so many sessions are over; answers why each ended. */
  closed(sessions: number): Promise<readonly (string | undefined)[]>
  history(): Promise<readonly HistoryEntry[]>
  stop(): Promise<void>
}

export interface SmtpServerOptions {
  /** For all listeners. */
  readonly options?: SmtpInput
  /** For the transfer listener. */
  readonly transfer?: SmtpInput
  /** For the LMTP listener, instead of a port of TCP and `options`. */
  readonly lmtp?: SmtpInput
  readonly clock?: Clock
  /** More plugins, in front of the listeners. */
  readonly plugins?: readonly PluginInstance[]
}

export async function startSmtpServer(given: SmtpServerOptions = {}): Promise<SmtpServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-smtp-'))
  const checks: SmtpChecks = {}
  const taken: TakenMessage[] = []
  const ends = countEnds()
  const user: SmtpInput = { role: 'submission', port: 0, ...given.options }
  const host = createHost(
    {
      hostname: 'mx.example.org',
      dataDir: join(folder, 'data'),
      log: { level: 'silent' },
      plugins: [
        memoryAccounts({ accounts: [{ address: login, password }] }),
        certificates(),
        catcher(checks, taken, ends.count),
        ...(given.plugins ?? []),
        smtp({ port: 0, ...given.options, ...given.transfer }, { as: 'transfer' }),
        smtp(user, { as: 'submission' }),
        smtp({ ...user, implicitTls: true }, { as: 'submissions' }),
        smtp({ ...(given.lmtp ?? { port: 0, ...given.options }), role: 'lmtp' }, { as: 'lmtp' }),
      ],
    },
    { clock: given.clock ?? systemClock },
  )
  await host.start()
  const listeners = await host.serve()
  const portOf = (name: string) => listeners.find(({ plugin }) => plugin === name)?.port ?? 0
  const find = () => host.service(history).find({ limit: 10_000 })
  return {
    port: portOf('transfer'),
    submissionPort: portOf('submission'),
    tlsPort: portOf('submissions'),
    lmtpPort: portOf('lmtp'),
    folder,
    checks,
    taken,
    async closed(sessions) {
      await ends.reached(sessions)
      return (await find()).filter(({ verb }) => verb === 'closed').map(({ text }) => text)
    },
    history: find,
    async stop() {
      await host.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Claims everybody but `nobody`, and takes what comes, but not for `full`, and for `later` not in this session. */
function catcher(checks: SmtpChecks, taken: TakenMessage[], ended: () => void): PluginInstance {
  const plugin = definePlugin({
    name: 'catcher',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      hooks.connection.checkClient.tap('client', async (session) => checks.client?.(session))
      hooks.connection.checkHello.tap('hello', async () => checks.hello)
      hooks.connection.closed.tap('ended', async () => ended())
      hooks.envelope.checkSender.tap('sender', async () => checks.sender)
      hooks.envelope.checkRecipient.tap('recipient', async (_, { forwardPath }) =>
        checks.recipient?.(forwardPath),
      )
      hooks.envelope.claimRecipient.tap('all', async (_, { forwardPath }) =>
        forwardPath.localPart === 'nobody' ? undefined : { reason: 'a test' },
      )
      hooks.delivery.route.tap('all', async ({ address }) => ({
        kind: 'handler',
        handler: 'catcher',
        address,
      }))
      hooks.data.checkMessage.tap('message', async () => checks.message)
      provide(queue, catchingQueue(checks, taken))
    },
  })
  return plugin({})
}

function catchingQueue(checks: SmtpChecks, taken: TakenMessage[]): Queue {
  return {
    supports: { retries: false, manageable: false },
    async accept({ transaction, variants }) {
      await checks.taking?.()
      if (transaction.signal.aborted) return []
      for (const { message, recipients } of variants) {
        taken.push({
          transaction,
          to: recipients.map((one) => one.forwardPath),
          ...(await readTaken(message.content)),
        })
      }
      const answer = reply(250, '2.0.0', `Taken as ${transaction.id}`)
      const full = reply(552, '5.2.2', 'The mailbox is full')
      const later = reply(421, '4.3.2', 'Come back later')
      const refusals = new Map([
        ['full', full],
        ['later', later],
      ])
      const recipients = variants.flatMap((variant) => variant.recipients)
      return recipients.map(({ forwardPath }) => ({
        recipient: forwardPath,
        reply: refusals.get(forwardPath.localPart) ?? answer,
      }))
    },
    ...emptyQueue,
  }
}

async function readTaken(content: Content): Promise<Pick<TakenMessage, 'text' | 'octets'>> {
  const octets = await readAll(content)
  const text = octets.toString('latin1')
  const received = /^Received: .*\r\n(?:[ \t].*\r\n)*/.exec(text)?.[0] ?? ''
  return { text, octets: octets.subarray(received.length) }
}
