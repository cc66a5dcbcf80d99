import type { FetchMessageObject, ImapFlow } from 'imapflow'
import {
  bufferContent,
  type Clock,
  type Content,
  errorCode,
  errorText,
  MailwrightError,
  type Spool,
} from 'mailwright'
import { type ImapAccess, ImapConnection } from './imap-connection.ts'
import { listMailboxes } from './imap-mailboxes.ts'
import { CrlfWriter } from './line-ends.ts'
import type {
  FailedMessage,
  LoadedMessage,
  LoadedMessages,
  MailSource,
  OpenedSource,
  SkippedPart,
  SourceEntry,
  SourceMailbox,
} from './source.ts'
import { uidSet } from './uid-set.ts'

const describedAtOnce = 500
// Longer messages come in pieces, and go to a file.
const longestWhole = 1024 * 1024
const piece = 512 * 1024
// What a server says of a size need not be true to the octet.
const sizeTolerance = 1024 * 1024

// A message that makes a server hang up must not keep the others from coming.
const retriesOfMany = 3
const retriesOfOne = 3

/** What reading from a server needs. */
export interface ImapSourceContext {
  readonly clock: Clock
  readonly spool: Spool
  /** Hears of connections that were lost. */
  onLost(problem: string): void
}

/** Reads the mailboxes of an account at another IMAP server. They are opened read-only. */
export class ImapSource implements MailSource {
  readonly name: string
  readonly skipped: SkippedPart[] = []
  readonly #connection: ImapConnection
  readonly #spool: Spool
  #subscriptions: readonly (readonly string[])[] = []

  constructor(access: ImapAccess, { clock, spool, onLost }: ImapSourceContext) {
    this.name = `imap://${encodeURIComponent(access.user)}@${access.host}:${access.port}`
    this.#connection = new ImapConnection(access, clock, onLost)
    this.#spool = spool
  }

  async mailboxes(): Promise<readonly SourceMailbox[]> {
    const { mailboxes, subscriptions, skipped } = await this.#connection.run(listMailboxes)
    this.#subscriptions = subscriptions
    this.skipped.push(...skipped)
    return mailboxes
  }

  async subscriptions(): Promise<readonly (readonly string[])[]> {
    return this.#subscriptions
  }

  async open({ key }: SourceMailbox): Promise<OpenedSource> {
    const uidValidity = await this.#connection.withMailbox(key, undefined, async ({ mailbox }) =>
      mailbox === false ? undefined : mailbox.uidValidity,
    )
    if (uidValidity === undefined) throw new MailwrightError('MAIL_E_INVALID', 'the server gives it no UIDs')
    const run: Run = (work, retries) => this.#connection.withMailbox(key, uidValidity, work, retries)
    return new OpenedImapMailbox(String(uidValidity), run, this.#spool)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

type Run = <T>(work: (client: ImapFlow) => Promise<T>, retries?: number) => Promise<T>

/** One mailbox while it is read; the connection may be another one at each call. */
class OpenedImapMailbox implements OpenedSource {
  readonly identity: string
  readonly #run: Run
  readonly #spool: Spool

  constructor(identity: string, run: Run, spool: Spool) {
    this.identity = identity
    this.#run = run
    this.#spool = spool
  }

  async *entries(): AsyncGenerator<SourceEntry> {
    const found = await this.#run((client) => client.search({ all: true }, { uid: true }))
    const uids = Array.isArray(found) ? [...new Set(found)].sort((a, b) => a - b) : []
    for (let from = 0; from < uids.length; from += describedAtOnce) {
      const some = uids.slice(from, from + describedAtOnce)
      const wanted = { uid: true, flags: true, internalDate: true, size: true }
      const described = await this.#run((client) => client.fetchAll(uidSet(some), wanted, { uid: true }))
      const byUid = new Map(described.map((message) => [message.uid, message]))
      for (const uid of some) {
        const message = byUid.get(uid)
        if (message !== undefined) yield entryOf(message)
      }
    }
  }

  async load(entries: readonly SourceEntry[]): Promise<LoadedMessages> {
    const failed: FailedMessage[] = []
    const disposals: (() => Promise<void>)[] = []
    const whole = await this.#whole(entries.filter(({ size }) => size <= longestWhole))
    const messages: LoadedMessage[] = []
    for (const entry of entries) {
      const octets = whole.get(entry.key)
      if (octets !== undefined) {
        messages.push({ entry, content: bufferContent(new CrlfWriter().add(octets)) })
        continue
      }
      try {
        const inPieces = await this.#inPieces(entry)
        if (inPieces === undefined) continue
        disposals.push(inPieces.dispose)
        messages.push({ entry, content: inPieces.content })
      } catch (error) {
        if (errorCode(error) !== 'MAIL_E_INVALID') throw error
        failed.push({ entry, problem: errorText(error) })
      }
    }
    const dispose = async (): Promise<void> => {
      for (const each of disposals) await each()
    }
    return { messages, failed, dispose }
  }

  async close(): Promise<void> {
    // The next mailbox is opened in its place.
  }

  /** Small messages with one command. What the server does not answer for, or refuses, is asked for one by one. */
  async #whole(entries: readonly SourceEntry[]): Promise<ReadonlyMap<string, Buffer>> {
    if (entries.length === 0) return new Map()
    const set = uidSet(entries.map(({ uid = 0 }) => uid))
    const wanted = { uid: true, source: true }
    try {
      const fetched = await this.#run((client) => client.fetchAll(set, wanted, { uid: true }), retriesOfMany)
      return new Map(
        fetched.flatMap(({ uid, source }) => (source === undefined ? [] : [[String(uid), source]])),
      )
    } catch (error) {
      if (!mayBeAMessage(error)) throw error
      return new Map()
    }
  }

  /** A message piece by piece; undefined where it is gone. MAIL_E_INVALID where it has no end. */
  async #inPieces(
    entry: SourceEntry,
  ): Promise<{ readonly content: Content; dispose(): Promise<void> } | undefined> {
    const writer = this.#spool.receive()
    try {
      const lines = new CrlfWriter()
      for (let start = 0; ; ) {
        const octets = await this.#piece(entry, start)
        if (octets === undefined) {
          await writer.dispose()
          return undefined
        }
        await writer.write(lines.add(octets))
        const isAll = start === 0 && octets.length > piece
        start += octets.length
        // More than was asked for is the whole message, of a server that knows no pieces.
        if (isAll || octets.length < piece) break
        if (start > 2 * entry.size + sizeTolerance)
          throw new MailwrightError('MAIL_E_INVALID', 'it is longer than the server said')
      }
      return { content: await writer.finish(), dispose: () => writer.dispose() }
    } catch (error) {
      await writer.dispose()
      throw error
    }
  }

  async #piece({ uid = 0 }: SourceEntry, start: number): Promise<Buffer | undefined> {
    const wanted = { uid: true, source: { start, maxLength: piece } }
    try {
      const message = await this.#run(
        (client) => client.fetchOne(String(uid), wanted, { uid: true }),
        retriesOfOne,
      )
      if (message === false || message.uid !== uid) return undefined
      return message.source ?? Buffer.alloc(0)
    } catch (error) {
      if (errorCode(error) !== 'MAIL_E_UNAVAILABLE') throw error
      // Either the server is away, or it cannot bear this one message.
      await this.#run((client) => client.noop())
      throw new MailwrightError('MAIL_E_INVALID', 'the server hangs up when it is asked for it', {
        cause: error,
      })
    }
  }
}

/** Whether one of several messages may be to blame, and the others can be had without it. */
function mayBeAMessage(error: unknown): boolean {
  return errorCode(error) === 'MAIL_E_INVALID' || errorCode(error) === 'MAIL_E_UNAVAILABLE'
}

function entryOf({ uid, flags, internalDate, size = 0 }: FetchMessageObject): SourceEntry {
  return {
    key: String(uid),
    label: `UID ${uid}`,
    uid,
    flags: [...(flags ?? [])],
    size,
    ...(internalDate instanceof Date ? { internalDate } : {}),
  }
}
