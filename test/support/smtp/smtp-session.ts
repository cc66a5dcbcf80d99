import {
  type Account,
  type Address,
  bufferContent,
  type Content,
  createLog,
  formatAddress,
  type Recipient,
  type Reply,
  readAll,
  reply,
  type Session,
  type SessionFlow,
  type Spool,
  systemClock,
  type TlsFacts,
  type Transaction,
  type TransactionFlow,
} from 'mailwright'
import { trustIn } from '../../../plugins/smtp/client.ts'
import { DiskRoom } from '../../../plugins/smtp/disk-room.ts'
import { answerLine } from '../../../plugins/smtp/dispatch.ts'
import type { Incoming } from '../../../plugins/smtp/incoming.ts'
import { parseOptions } from '../../../plugins/smtp/options.ts'
import { type Answer, repliesOf, SmtpSession } from '../../../plugins/smtp/session.ts'

const jo: Account = { id: 'jo', address: { localPart: 'jo', domain: 'example.org' } }
export const tls: TlsFacts = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }

/**
 * A session over a flow that says yes, for the tests of this folder. A test can look at the transactions that were opened,
 * and whether anything of the spool is left.
 */
export class SessionDouble {
  readonly transactions: {
    readonly from: string
    readonly to: string[]
    abandoned: boolean
    message: string
  }[] = []
  readonly records: string[] = []
  readonly session: SmtpSession
  readonly #live: { -readonly [Key in keyof Session]: Session[Key] }
  spooled = 0
  #incoming: Incoming | undefined
  /** Octets that are free on the disk. */
  free: number = Number.POSITIVE_INFINITY
  /** What of the spool fails. */
  spoolFault: 'write' | 'finish' | undefined
  /** What the flow answers instead of yes. */
  refusals: { hello?: Reply; mail?: Reply; message?: Reply } = {}
  /** What becomes of a message for a recipient. */
  answerTo: (path: string) => Reply | undefined = () => undefined

  constructor(options: Record<string, unknown> = {}, canSecure = true) {
    const parsed = parseOptions(options)
    this.#live = {
      id: 's1',
      role: 'transfer',
      listener: 'smtp',
      startedAt: new Date(0),
      local: { address: '192.0.2.9', port: 25 },
      remote: { address: '192.0.2.1', port: 4000 },
      tls: undefined,
      hello: undefined,
      account: undefined,
      ownClient: undefined,
      internal: false,
      signal: new AbortController().signal,
    }
    const spool = this.#spool()
    const log = createLog('silent')
    const service = {
      options: parsed,
      hostname: 'mx.example.org',
      canSecure,
      offersDsn: parsed.dsn ?? false,
      resolver: undefined,
      isNearlyFull: false,
      spool,
      room: new DiskRoom(spool, parsed.minFree, log),
      log,
      clock: systemClock,
    }
    const { local, remote } = this.#live
    const ends = { local, remote }
    this.session = new SmtpSession(service, this.#flow(), { ends, trust: trustIn(ends, parsed) })
  }

  #spool(): Spool {
    return {
      room: async () => this.free,
      receive: () => {
        const chunks: Buffer[] = []
        let open = true
        this.spooled++
        return {
          size: 0,
          write: async (chunk) => {
            this.#failAt('write')
            chunks.push(Buffer.from(chunk))
          },
          finish: async () => {
            this.#failAt('finish')
            return bufferContent(Buffer.concat(chunks))
          },
          dispose: async () => {
            if (open) this.spooled--
            open = false
          },
        }
      },
    }
  }

  #failAt(call: 'write' | 'finish'): void {
    if (this.spoolFault === call) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  }

  #flow(): SessionFlow {
    const live = this.#live
    return {
      session: live,
      connect: async () => undefined,
      secured(facts) {
        Object.assign(live, { tls: facts, hello: undefined, account: undefined })
      },
      hello: async (hello) => {
        live.hello = hello
        return this.refusals.hello
      },
      notSecured: () => undefined,
      unknownCommand: async () => undefined,
      loginAbilities: { scram: [], cramMd5: false, tokens: undefined },
      beginScram: async () => ({ ok: false, reply: reply(454, '4.7.0', 'Not here') }),
      refuseLogin: () => ({ ok: false, reply: reply(535, '5.7.8', 'Not here') }),
      login: async (attempt, secret) => {
        if (secret === 'bug') throw new Error('a bug')
        if (secret === 'late') return { ok: false, reply: reply(454, '4.7.0', 'Later') }
        if (attempt.login !== 'jo' || secret !== 'secret')
          return { ok: false, reply: reply(535, '5.7.8', 'No') }
        live.account = jo
        return { ok: true, account: jo }
      },
      mail: async (path, parameters = {}) => {
        if (this.refusals.mail !== undefined) return { ok: false, reply: this.refusals.mail }
        return { ok: true, transaction: this.#transaction(path, parameters) }
      },
      access: async () => undefined,
      record: (verb, entry = {}) => void this.records.push(`${verb}: ${entry.text}`),
      loggedOut: () => undefined,
      close: () => undefined,
    }
  }

  #transaction(reversePath: Address | null, parameters: Transaction['parameters']): TransactionFlow {
    const recipients: Recipient[] = []
    const log = {
      from: reversePath === null ? '' : formatAddress(reversePath),
      to: [] as string[],
      abandoned: false,
      message: '',
    }
    this.transactions.push(log)
    const id = `q${this.transactions.length}`
    const signal = new AbortController().signal
    return {
      transaction: {
        id,
        session: this.#live,
        startedAt: new Date(0),
        reversePath,
        parameters,
        recipients,
        signal,
      },
      async recipient(forwardPath, given = {}) {
        if (forwardPath.localPart === 'nobody') return reply(550, '5.1.1', 'No such address here')
        if (forwardPath.localPart === 'bug') throw new Error('a bug')
        recipients.push({ forwardPath, parameters: given, claimedBy: 'test', routes: [] })
        log.to.push(formatAddress(forwardPath))
        return reply(250, '2.1.5', 'Recipient OK')
      },
      message: async (content: Content) => {
        log.message = (await readAll(content)).toString()
        return recipients.map(({ forwardPath }) => ({
          recipient: forwardPath,
          reply:
            this.answerTo(formatAddress(forwardPath)) ??
            this.refusals.message ??
            reply(250, '2.0.0', `Taken as ${id}`),
        }))
      },
      abandon() {
        log.abandoned = true
      },
    }
  }

  async answer(line: string): Promise<Answer> {
    const answer = await answerLine(this.session, Buffer.from(line), undefined)
    this.#incoming = answer.incoming
    return answer
  }

  /** The replies to the octets behind DATA or BDAT. */
  async sayOctets(octets: Buffer): Promise<string[]> {
    const incoming = this.#incoming
    if (incoming === undefined) throw new Error('no octets are expected')
    await incoming.push(octets)
    this.#incoming = undefined
    return repliesOf(await incoming.end()).map(short)
  }

  /** The replies to lines, and to messages behind DATA and BDAT, without their texts. */
  async say(...lines: string[]): Promise<string[]> {
    const replies: string[] = []
    for (const line of lines) {
      if (this.#incoming !== undefined) {
        replies.push(...(await this.sayOctets(Buffer.from(line))))
      } else {
        const { reply, late } = await this.answer(line)
        if (late !== true) replies.push(short(reply))
      }
    }
    return replies
  }
}

/** A reply without its text: `250 2.1.0`. */
export function short({ code, enhanced }: Reply): string {
  return enhanced === undefined ? String(code) : `${code} ${enhanced}`
}

/** A response of an authentication exchange. */
export const base64 = (text: string): string => Buffer.from(text).toString('base64')
/** A short message with its final dot. */
export const message = 'Subject: x\r\n\r\ntext\r\n.\r\n'
