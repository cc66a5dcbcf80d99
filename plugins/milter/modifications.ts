import {
  type Address,
  type Edit,
  editFault,
  parseAddress,
  parsePath,
  type RecipientParameters,
  replyText,
  type Spool,
  UnavailableError,
} from 'mailwright'
import { FieldNames } from './field-names.ts'
import type { MessageView } from './message-view.ts'
import { bodyCode, type Packet, PacketParts } from './packet.ts'
import { actions } from './protocol.ts'
import { ReplacementBody } from './replacement-body.ts'

/** A change of the recipients, in the order in which milters ask for it. */
export interface RecipientChange {
  readonly kind: 'add' | 'remove'
  readonly address: Address
  /** What the milter says of one that it adds. */
  readonly parameters?: RecipientParameters
}

/** All that one milter changes in a message. */
export interface MessageChanges {
  readonly edits: readonly Edit[]
  readonly recipients: readonly RecipientChange[]
  /** The body that an edit puts in: to be disposed of when the message is done. */
  readonly body: ReplacementBody | undefined
}

/** What the changes of a message may come to. */
export interface ModificationLimits {
  readonly spool: Spool
  /** This server's name, for recipients that have no domain. */
  readonly hostname: string
  /** What the milter said that it may change. */
  readonly actions: number
  /** Values of fields come with the space in front of them. */
  readonly withSpace: boolean
  /** Octets of a body. */
  readonly maxBody: number
}

const mostChanges = 1_000
const mostOctets = 1_048_576
const notifyEvents = ['SUCCESS', 'FAILURE', 'DELAY'] as const

// What each reply needs to have been agreed on.
const needed: Readonly<Record<string, number>> = {
  h: actions.addFields,
  i: actions.addFields,
  m: actions.changeFields,
  [bodyCode]: actions.changeBody,
  '+': actions.addRecipients,
  2: actions.addRecipientsWithParameters,
  '-': actions.removeRecipients,
  e: actions.changeSender,
  q: actions.quarantine,
}

/** Collects what a milter changes in one message. It counts only when the milter has come to its end. */
export class Modifications {
  readonly #limits: ModificationLimits
  readonly #names: FieldNames
  readonly #edits: Edit[] = []
  readonly #recipients: RecipientChange[] = []
  #body: ReplacementBody | undefined
  #count = 0
  #octets = 0

  constructor(view: MessageView, limits: ModificationLimits) {
    this.#names = new FieldNames(view)
    this.#limits = limits
  }

  /** Whether the packet was a change. MAIL_E_UNAVAILABLE for one that was not agreed on, is malformed or too much. */
  async take(packet: Packet): Promise<boolean> {
    const action = Object.hasOwn(needed, packet.code) ? needed[packet.code] : undefined
    if (action === undefined) return false
    if ((this.#limits.actions & action) === 0)
      throw new UnavailableError(`it changes what it did not ask for (${packet.code})`)
    if (packet.code === bodyCode) {
      this.#body ??= new ReplacementBody(this.#limits.spool, this.#limits.maxBody)
      await this.#body.push(packet.data)
      return true
    }
    this.#count += 1
    this.#octets += packet.data.length
    if (this.#count > mostChanges || this.#octets > mostOctets)
      throw new UnavailableError('it changes too much in one message')
    this.#change(packet.code, new PacketParts(packet))
    return true
  }

  /** All of it, for a milter that has come to its end. */
  async finish(): Promise<MessageChanges> {
    const body = this.#body
    const edits = [...this.#edits]
    if (body !== undefined) edits.push({ kind: 'replace-body', body: await body.finish() })
    return { edits, recipients: this.#recipients, body }
  }

  /** Nothing of it counts. */
  async dispose(): Promise<void> {
    await this.#body?.dispose()
  }

  #change(code: string, parts: PacketParts): void {
    if (code === 'h') this.#field(parts, (name, value) => this.#names.append(name, value))
    else if (code === 'i') this.#insert(parts.number(), parts)
    // The first is meant also by 0, as in Sendmail.
    else if (code === 'm') this.#changeNth(parts.number() || 1, parts)
    else if (code === 'q') this.#add({ kind: 'quarantine', reason: replyText(parts.text()) })
    else if (code === 'e') this.#sender(parts.text())
    else if (code === '-') this.#recipient('remove', parts.text())
    else this.#recipient('add', parts.text(), code === '2' && !parts.isEmpty ? parts.text() : undefined)
  }

  #insert(position: number, parts: PacketParts): void {
    this.#field(parts, (name, value) => this.#names.insert(position, name, value))
  }

  #changeNth(nth: number, parts: PacketParts): void {
    this.#field(parts, (name, value) =>
      value === '' ? this.#names.delete(nth, name) : this.#names.change(nth, name, value),
    )
  }

  #field(parts: PacketParts, edit: (name: string, value: string) => Edit | undefined): void {
    const [name, value] = [parts.text(), parts.text()]
    parts.end()
    // Edits put a space in front of each value.
    const made = edit(name, fieldValue(this.#limits.withSpace ? value.replace(/^ /, '') : value))
    if (made !== undefined) this.#add(made)
  }

  #add(edit: Edit): void {
    const fault = editFault(edit)
    if (fault !== undefined) throw new UnavailableError(`it asks for a change that cannot be made: ${fault}`)
    this.#edits.push(edit)
  }

  #recipient(kind: RecipientChange['kind'], text: string, words = ''): void {
    const address = readAddress(text, this.#limits.hostname)
    if (address === null || address === undefined) {
      if (kind === 'remove') return
      throw new UnavailableError(`it adds a recipient that is no address: ${replyText(text)}`)
    }
    const notify = notifyOf(words)
    this.#recipients.push({ kind, address, ...(notify && { parameters: { notify } }) })
  }

  #sender(text: string): void {
    const address = readAddress(text, this.#limits.hostname)
    if (address === undefined)
      throw new UnavailableError(`it names a sender that is no address: ${replyText(text)}`)
    this.#add({ kind: 'change-reverse-path', address })
  }
}

/** An address with or without brackets; a name alone is one of this server's. Null for `<>`. */
function readAddress(text: string, hostname: string): Address | null | undefined {
  const inner = text.trim()
  const parsed = inner.startsWith('<') ? parsePath(inner) : undefined
  if (parsed !== undefined && parsed.rest === '') return parsed.path
  const bare = inner.replace(/^<(.*)>$/, '$1')
  if (bare === '') return null
  return parseAddress(bare) ?? parseAddress(`${bare}@${hostname}`)
}

/** NOTIFY among the parameters of a new recipient (RFC 3461 §4.1); what is none is passed over, as in Postfix. */
function notifyOf(words: string): RecipientParameters['notify'] {
  const value = /(?:^|\s)NOTIFY=(\S+)/i.exec(words)?.[1]?.toUpperCase()
  if (value === 'NEVER') return ['NEVER']
  const events = value?.split(',').filter((word) => word !== '') ?? []
  const known = notifyEvents.filter((event) => events.includes(event))
  return known.length > 0 && events.every((word) => notifyEvents.some((event) => event === word))
    ? known
    : undefined
}

/** Lines of a value that do not begin with white space are made to, and empty ones left out: RFC 5322 §2.2.3. */
function fieldValue(text: string): string {
  const [first = '', ...others] = text.split(/\r\n|\r|\n/)
  const folds = others
    .filter((line) => line.trim() !== '')
    .map((line) => (/^[ \t]/.test(line) ? line : `\t${line}`))
  return [first, ...folds].join('\r\n')
}
