import { createHash } from 'node:crypto'
import {
  type Address,
  addressKey,
  type Clock,
  type Content,
  errorCode,
  type Flow,
  formatAddress,
  formatReply,
  type Log,
  localError,
  type MailParameters,
  needsSmtpUtf8,
  type RecipientParameters,
  type Reply,
  reply,
  type Spool,
  type StatusNotifications,
} from 'mailwright'
import { type DroppedFile, openDropped } from './dropped-file.ts'
import { type Fate, fateOf, type Handed, handOn } from './handing-on.ts'
import { authorOf, type LocalMessage, readMessage, tracedContent } from './local-message.ts'
import type { PickupOptions } from './options.ts'
import { report, type Told } from './report.ts'
import { ascii, completed, type SenderAnswer, senderFor } from './sender.ts'
import type { SettledRecipients } from './settled.ts'

/** What it takes to hand messages on. */
export interface SubmissionParts {
  readonly flow: Flow
  readonly spool: Spool
  readonly clock: Clock
  readonly log: Log
  readonly hostname: string
  readonly origin: string
  readonly options: PickupOptions
  readonly settled: SettledRecipients
  readonly notifications: StatusNotifications | undefined
}

/** What is to be done with the file. */
export type Verdict =
  /** Every recipient was answered with 250, or the sender was told. */
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly reason: string }
  /** It cannot be handed on, and nobody could be told. */
  | { readonly kind: 'keep'; readonly reason: string }
  /** Somebody has removed it. */
  | { readonly kind: 'gone' }

/** One recipient of the envelope; `reply` where there is nothing to be asked. */
interface Named {
  readonly index: number
  readonly address: Address
  readonly reply?: Reply
}

type Answered = Named & { readonly reply: Reply }

/** Hands on what a file holds. Rejects with MAIL_E_INVALID for what is no message, and where something of ours fails. */
export async function submitFile(path: string, name: string, parts: SubmissionParts): Promise<Verdict> {
  const dropped = await openDropped(path, parts.clock.now()).catch(unlessGone)
  if (dropped === undefined) return { kind: 'gone' }
  const writer = parts.spool.receive()
  try {
    const message = await readMessage(dropped, writer, parts.options)
    const sender = await senderFor(dropped.uid, dropped.envelope.sender, parts.options, parts.origin)
    return await new Submission(name, dropped, message, sender, parts).run()
  } finally {
    await writer.dispose()
    await dropped.file.close()
  }
}

function unlessGone(error: unknown): undefined {
  if (errorCode(error) !== 'MAIL_E_NOT_FOUND') throw error
}

class Submission {
  readonly #name: string
  readonly #dropped: DroppedFile
  readonly #message: LocalMessage
  readonly #reversePath: Address | null
  /** Why nobody can get it. */
  readonly #refusal: Reply | undefined
  readonly #parts: SubmissionParts
  readonly #parameters: MailParameters
  readonly #recipientParameters: RecipientParameters
  #id: string

  constructor(
    name: string,
    dropped: DroppedFile,
    message: LocalMessage,
    sender: SenderAnswer,
    parts: SubmissionParts,
  ) {
    const { envelope } = dropped
    this.#name = name
    this.#dropped = dropped
    this.#message = message
    this.#parts = parts
    this.#reversePath = sender.ok ? sender.reversePath : sender.owner
    const isTooMany = envelope.recipients.length > parts.options.maxRecipients
    this.#refusal = sender.ok
      ? (message.refusal ?? (isTooMany ? tooManyRecipients : undefined))
      : sender.reply
    this.#parameters = mailParameters(dropped, message, this.#reversePath, parts.origin)
    this.#recipientParameters = envelope.notify === undefined ? {} : { notify: envelope.notify }
    this.#id = createHash('sha256').update(name).digest('hex').slice(0, 32)
  }

  async run(): Promise<Verdict> {
    const { settled, clock, options, origin } = this.#parts
    const { recipients } = this.#dropped.envelope
    const done = new Set(await settled.read(this.#name))
    const named = recipients.map((text, index) => namedRecipient(text, index, origin))
    const answered = await this.#answer(named.filter(({ index }) => !done.has(index)))
    const isOld = clock.now() - this.#dropped.arrivedAt > options.giveUpAfter
    const has = (...fates: readonly Fate[]) =>
      answered.filter(({ reply: answer }) => fates.includes(fateOf(answer)))
    await this.#settle(done, has('taken'))
    const failed = isOld ? has('refused', 'later') : has('refused')
    const told = failed.length === 0 ? 'told' : await this.#report(failed)
    if (told === 'told') await this.#settle(done, failed)
    const left = answered.filter(({ index }) => !done.has(index))
    if (left.length === 0) return { kind: 'done' }
    const reason = left.slice(0, 10).map(lineOf).join('; ')
    return told === 'nobody' && left.length === failed.length
      ? { kind: 'keep', reason }
      : { kind: 'later', reason }
  }

  /** Written down before anything else is done, where the message has to be tried again for others. */
  async #settle(done: Set<number>, more: readonly Answered[]): Promise<void> {
    for (const { index } of more) done.add(index)
    if (more.length > 0 && done.size < this.#dropped.envelope.recipients.length)
      await this.#parts.settled.write(this.#name, done)
  }

  /** A reply for each recipient. Who is named twice gets the message once. */
  async #answer(named: readonly Named[]): Promise<readonly Answered[]> {
    const refusal = this.#refusal
    if (refusal !== undefined) return named.map((one) => ({ ...one, reply: one.reply ?? refusal }))
    const asked = new Map(
      named.filter((one) => one.reply === undefined).map((one) => [keyOf(one), one.address]),
    )
    const { id, replies } = await this.#handOn([...asked.values()])
    if (id !== undefined) this.#id = id
    const byKey = new Map([...asked.keys()].map((key, position) => [key, replies[position] ?? localError]))
    return named.map((one) => ({ ...one, reply: one.reply ?? byKey.get(keyOf(one)) ?? localError }))
  }

  async #handOn(recipients: readonly Address[]): Promise<Handed> {
    if (recipients.length === 0) return { id: undefined, replies: [] }
    return handOn(this.#parts.flow, {
      reversePath: this.#reversePath,
      parameters: this.#parameters,
      recipients,
      recipientParameters: this.#recipientParameters,
      begun: ({ id: transaction, session }) => {
        const { uid } = this.#dropped
        this.#parts.log.info('connected', { session: session.id, transaction, uid, file: this.#name })
      },
      content: (id) => this.#content(id),
    })
  }

  #content(transaction: string): Content {
    const { hostname, origin, clock } = this.#parts
    const { arrivedAt, uid, envelope } = this.#dropped
    return tracedContent(this.#message, {
      hostname,
      origin,
      // The same whenever it is tried again: a copy that comes twice after a crash is known by it.
      id: createHash('sha256').update(`message ${this.#name}`).digest('hex').slice(0, 32),
      sender: authorOf(this.#reversePath, origin),
      displayName: envelope.fullName,
      date: new Date(arrivedAt),
      transaction,
      uid,
      now: new Date(clock.now()),
    })
  }

  #report(failed: readonly Answered[]): Promise<Told> {
    const { flow, notifications, clock } = this.#parts
    const failures = {
      id: this.#id,
      reversePath: this.#reversePath,
      parameters: this.#parameters,
      recipientParameters: this.#recipientParameters,
      arrivedAt: this.#dropped.arrivedAt,
      now: clock.now(),
      content: this.#content(this.#id),
      ...(this.#message.refusal === undefined ? {} : { size: this.#dropped.size }),
      recipients: failed,
    }
    return report(failures, flow, notifications)
  }
}

// RFC 3463: 5.1.3 is "bad destination mailbox address syntax", 5.5.3 "too many recipients".
const tooManyRecipients = reply(552, '5.5.3', 'The message has more recipients than this system takes')

function namedRecipient(text: string, index: number, origin: string): Named {
  const address = completed(text, origin)
  if (address !== undefined) return { index, address }
  const problem = reply(553, '5.1.3', ascii(`The recipient ${text} is no address`))
  return {
    index,
    address: { localPart: text.replaceAll(/\p{Cc}/gu, '?').slice(0, 60), domain: origin },
    reply: problem,
  }
}

function keyOf({ address }: Named): string {
  return addressKey(address)
}

function lineOf({ address, reply: answer }: Answered): string {
  return `${formatAddress(address)}: ${formatReply(answer).replaceAll('\r\n', ' / ')}`
}

/** SMTPUTF8 only where an address of the envelope needs it: it would keep the message from many hosts. */
function mailParameters(
  { envelope, size }: DroppedFile,
  { isEightBit }: LocalMessage,
  reversePath: Address | null,
  origin: string,
): MailParameters {
  const { body, ret, envelopeId, recipients } = envelope
  const addresses = [reversePath, ...recipients.map((text) => completed(text, origin))]
  const smtpUtf8 = addresses.some((address) => address != null && needsSmtpUtf8(address))
  return {
    size,
    body: isEightBit ? '8BITMIME' : (body ?? '7BIT'),
    ...(smtpUtf8 ? { smtpUtf8 } : {}),
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  }
}
