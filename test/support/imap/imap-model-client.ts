import type { Random } from '../../generator/random.ts'
import { type FetchItems, numbersOf, type Response, type ResponseCode } from './grammar/index.ts'
import { type CommandPiece, type ImapAnswer, ImapClient } from './imap-client.ts'
import { demand, flagText, MailboxModel } from './imap-model.ts'
import { labelOf } from './imap-model-files.ts'
import type { MailWorld } from './imap-model-world.ts'

/** What a client has switched on. */
export interface ClientKind {
  readonly name: string
  readonly enables: readonly string[]
  readonly compresses?: boolean
}

/** What a client remembers of a mailbox that it does not have open (RFC 7162 §3.2.5). */
interface Memory {
  readonly uidValidity: bigint
  readonly modSequence: bigint
  readonly flags: ReadonlyMap<number, string | undefined>
}

/** A client with a model of its mailbox: it knows what it was told, and compares. */
export class ModelClient {
  readonly name: string
  readonly kind: ClientKind
  readonly world: MailWorld
  readonly random: Random
  readonly #client: ImapClient
  readonly #memories = new Map<string, Memory>()
  readonly #server: number
  #count = 0
  #selections = 0
  #model: MailboxModel
  /** The mailbox that is selected; INBOX where none is. */
  mailbox = 'INBOX'
  #uidValidity = 0n
  /** Everything up to here was told. */
  #highest = 0n
  #nextHighest = 0n
  /** UIDs that a command passed over: they must be gone when the client looks. */
  readonly suspects = new Set<number>()

  private constructor(
    server: number,
    name: string,
    kind: ClientKind,
    world: MailWorld,
    random: Random,
    client: ImapClient,
  ) {
    this.#server = server
    this.name = name
    this.kind = kind
    this.world = world
    this.random = random
    this.#client = client
    this.#model = this.#newModel()
  }

  static async open(
    port: number,
    login: { readonly user: string; readonly password: string },
    name: string,
    kind: ClientKind,
    world: MailWorld,
    random: Random,
  ): Promise<ModelClient> {
    const client = await ImapClient.open(port, login.user, login.password, { patience: 60_000 })
    if (kind.compresses === true) await client.compress()
    for (const word of kind.enables) await client.ok(`ENABLE ${word}`)
    const self = new ModelClient(port, name, kind, world, random, client)
    await self.select('INBOX')
    return self
  }

  get model(): MailboxModel {
    return this.#model
  }

  enabled(word: string): boolean {
    return this.kind.enables.includes(word)
  }

  get byUidOnly(): boolean {
    return this.enabled('UIDONLY')
  }

  get knowsModSequences(): boolean {
    return this.enabled('CONDSTORE') || this.enabled('QRESYNC')
  }

  get highest(): bigint {
    return this.#highest
  }

  /** What was said, for people. */
  get transcript(): readonly string[] {
    return this.#client.transcript
  }

  #newModel(): MailboxModel {
    return new MailboxModel(this.byUidOnly, (uid) => this.world.isGone(this.mailbox, uid))
  }

  /** A command that succeeds, or fails since messages are gone. `seen` is told of each response before the model is. */
  async command(pieces: readonly CommandPiece[], seen?: (response: Response) => void): Promise<ImapAnswer> {
    return this.#heard(await this.#client.command(...pieces), String(pieces[0]), seen)
  }

  /** Commands that are sent together. */
  async pipeline(commands: readonly string[]): Promise<void> {
    const tags = commands.map(() => `p${++this.#count}`)
    for (const [at, tag] of tags.entries()) this.#client.send(`${tag} ${commands[at]}`)
    for (const [at, tag] of tags.entries())
      this.#heard(await this.#client.answer(tag), commands[at] ?? '', undefined)
  }

  /** IDLE for so long. */
  async idle(wait: () => Promise<unknown>): Promise<void> {
    const tag = `i${++this.#count}`
    this.#client.send(`${tag} IDLE`)
    await wait()
    this.#client.sendOctets(Buffer.from('DONE\r\n'))
    this.#heard(await this.#client.answer(tag), 'IDLE', undefined)
  }

  #heard(answer: ImapAnswer, text: string, seen?: (response: Response) => void): ImapAnswer {
    const { status, responses } = answer
    for (const response of responses) {
      seen?.(response)
      this.#model.apply(response)
      if (response.kind !== 'fetch') continue
      const uid = response.byUid ? response.number : response.items.uid
      if (uid !== undefined) this.#learn(uid, response.items)
    }
    const isGone = status.condition === 'NO' && /^(?:EXPUNGEISSUED|MODIFIED)$/.test(status.code?.name ?? '')
    demand(
      status.condition === 'OK' || isGone,
      () => `${text} was answered ${status.condition} ${status.code?.name} ${status.text}`,
    )
    const highest = codeOf(answer, 'HIGHESTMODSEQ')?.number
    if (highest !== undefined) this.#nextHighest = highest
    this.#settleHighest()
    const { transcript } = this.#client
    if (transcript.length > 2_000) transcript.splice(0, transcript.length - 1_000)
    return answer
  }

  /** What is told of a message must be what everybody is told. */
  #learn(uid: number, { flags, size, internalDate, sections, envelope }: FetchItems): void {
    const { mailbox, world } = this
    // RFC 3501 §2.3.2: for one session only; a server knows of its own.
    if (flags?.includes('\\Recent') === true)
      world.hasFact(mailbox, uid, `first session of ${this.#server}`, `${this.name} ${this.#selections}`)
    if (size !== undefined) world.hasFact(mailbox, uid, 'size', String(size))
    if (internalDate !== undefined) world.hasFact(mailbox, uid, 'internal date', internalDate)
    if (envelope !== undefined) world.isMessage(mailbox, uid, envelope.subject ?? '')
    const body = sections.get('BODY[]')
    if (body === undefined) return
    world.isMessage(mailbox, uid, labelOf(body))
    world.hasFact(mailbox, uid, 'size', String(body.length))
    world.hasFact(mailbox, uid, 'body', body)
  }

  /** A mod-sequence is the client's own once it knows all messages that there were (RFC 7162 §3.2.5). */
  #settleHighest(): void {
    if (this.#model.strangers === 0) this.#highest = this.#nextHighest
  }

  /** Opens a mailbox, and asks for everything in it: a client that remembers it knows that already. */
  async select(mailbox: string): Promise<void> {
    this.remember()
    const memory = this.#memories.get(mailbox)
    this.mailbox = mailbox
    this.#selections += 1
    this.#model = this.#newModel()
    this.#highest = 0n
    this.#nextHighest = 0n
    this.suspects.clear()
    const known = new Map(memory?.flags)
    const parameter = memory === undefined ? '' : ` (QRESYNC (${memory.uidValidity} ${memory.modSequence}))`
    const answer = await this.command([`SELECT ${mailbox}${parameter}`], (response) => {
      if (response.kind === 'vanished') for (const uid of numbersOf(response.uids)) known.delete(uid)
      if (response.kind !== 'fetch') return
      const { uid = response.number, flags } = response.items
      known.set(uid, flagText(flags ?? []))
    })
    this.#uidValidity = codeOf(answer, 'UIDVALIDITY')?.number ?? 0n
    this.world.hasValidity(mailbox, this.#uidValidity)
    const there = await this.fetchAll('UID FLAGS RFC822.SIZE')
    if (memory !== undefined) demandKnown(known, there)
    this.#highest = this.#nextHighest
  }

  /** Keeps what is known of the mailbox that is left. */
  remember(): void {
    if (!this.enabled('QRESYNC') || this.#uidValidity === 0n || this.#highest === 0n) return
    const known = this.#model.messages.filter(({ uid }) => uid !== undefined)
    this.#memories.set(this.mailbox, {
      uidValidity: this.#uidValidity,
      modSequence: this.#highest,
      flags: new Map(known.map(({ uid = 0, flags }) => [uid, flags])),
    })
  }

  /** FETCH of everything, and demands that it is told as the client knows it. Flags by UID, as they were answered. */
  async fetchAll(items: string): Promise<ReadonlyMap<number, string>> {
    if (this.#model.messages.length === 0) return new Map()
    this.#model.expectAnswers()
    const { status } = await this.command([`${this.byUidOnly ? 'UID ' : ''}FETCH 1:* (${items})`])
    return this.#model.answers(status.condition === 'OK')
  }

  /** Looks at what others did; what commands have passed over must be gone. */
  async look(command = 'NOOP'): Promise<void> {
    await this.command([command])
    const left = [...this.suspects].filter((uid) => this.#model.messageOf(uid) !== undefined)
    this.suspects.clear()
    demand(left.length === 0, () => `UIDs ${left} of ${this.mailbox} were passed over and are there`)
  }

  async close(): Promise<void> {
    await this.#client.logOut()
  }
}

/** What a client that resynchronised takes for true is what there is. */
function demandKnown(
  known: ReadonlyMap<number, string | undefined>,
  there: ReadonlyMap<number, string>,
): void {
  for (const [uid, flags] of there)
    demand(
      known.has(uid) && (known.get(uid) ?? flags) === flags,
      () => `after QRESYNC UID ${uid} is taken for (${known.get(uid)}), and is (${flags})`,
    )
  const more = [...known.keys()].filter((uid) => !there.has(uid))
  demand(more.length === 0, () => `after QRESYNC UIDs ${more} are taken for there`)
}

/** A response code of a command, wherever it stands. */
export function codeOf({ status, responses }: ImapAnswer, name: string): ResponseCode | undefined {
  const all = [...responses, status].flatMap((response) => (response.kind === 'status' ? response : []))
  return all.findLast(({ code }) => code?.name === name)?.code
}
