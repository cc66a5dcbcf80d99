import {
  type Candidate,
  errorCode,
  errorText,
  type Reply,
  reply,
  type Session,
  type Transaction,
} from 'mailwright'
import { replyWithout } from './availability.ts'
import { clientArguments, mailArguments, recipientArguments } from './command-arguments.ts'
import { Exchange, type Question } from './exchange.ts'
import { recipientMacros, type SessionFacts, sessionMacros, transactionMacros } from './macros.ts'
import { transferMessage } from './message-transfer.ts'
import type { MessageView } from './message-view.ts'
import type { Milter, Tell } from './milter.ts'
import { type MessageChanges, Modifications } from './modifications.ts'
import { protocolFlags, type Stage } from './protocol.ts'
import { ToldRecipients } from './told-recipients.ts'
import type { Verdict } from './verdict.ts'

const goOn: Verdict = { kind: 'continue' }
// What is told of a recipient that somebody else refused after the milter had taken it.
const refusedElsewhere: Reply = reply(550, '5.7.1', 'The recipient was refused')
// RFC 3463 §3.7: 5.6.0 is "other media error". What a filter cannot see it has not let through.
const headerTooLong: Reply = reply(554, '5.6.0', 'The header is too long to be checked by a mail filter')

type Refusal = Extract<Verdict, { kind: 'refuse' }>

/** What a milter made of a message. */
export type MessageOutcome =
  | { readonly kind: 'pass'; readonly changes: MessageChanges | undefined }
  | Extract<Verdict, { kind: 'discard' | 'refuse' }>

/** One milter's view of one session, over a connection of its own, as libmilter wants it. */
export class MilterSession {
  readonly milter: Milter
  readonly #facts: () => SessionFacts
  readonly #tell: Tell
  #exchange: Exchange | undefined
  #openedAt = 0
  /** What of it has happened: nothing; it goes on; it was accepted as a whole; the milter cannot be asked; it is over. */
  #state: 'new' | 'open' | 'accepted' | 'unavailable' | 'over' = 'new'
  /** Whether it has taken the connection, whatever came then. */
  #wasReached = false
  /** What everything is answered with from then on. */
  #refusal: Refusal | undefined
  /** The message that the milter has been told of and has not decided on. */
  #message: Transaction | undefined
  #isAccepted = false
  /** What the milter has seen enough of in the message. */
  readonly #skipped = new Set<Stage>()
  readonly #told = new ToldRecipients()

  constructor(milter: Milter, facts: () => SessionFacts, tell: Tell) {
    this.milter = milter
    this.#facts = facts
    this.#tell = tell
  }

  /** Connects, and tells of the client. That it cannot be reached is said when there is mail. */
  async connect(): Promise<Verdict> {
    if (this.#state !== 'new') return this.#refusal ?? goOn
    return this.#guarded(async () => {
      const { settings, clock } = this.milter
      const exchange = await Exchange.open(settings, clock, () => {
        this.#wasReached = true
      })
      // The client may have left meanwhile.
      if (this.#state !== 'new') {
        exchange.close()
        return goOn
      }
      this.#exchange = exchange
      this.#state = 'open'
      this.#openedAt = clock.monotonic()
      return this.#ofSession(await this.#ask('connect', { parts: clientArguments(this.#facts()) }))
    })
  }

  async hello({ hello }: Session): Promise<Verdict> {
    const first = await this.connect()
    if (first.kind === 'refuse') return first
    return this.#guarded(async () =>
      // A program of this machine says none: Postfix has its name here, too.
      this.#ofSession(await this.#ask('hello', { parts: [hello?.name ?? this.#facts().clientName ?? ''] })),
    )
  }

  /** A new message. The one before is over, whatever became of it. */
  async mail(transaction: Transaction): Promise<Verdict> {
    // The milter of a session that began without it, such as one that is new in the config.
    const first = this.#state === 'new' ? await this.hello(transaction.session) : goOn
    if (first.kind === 'refuse') return first
    this.#abort()
    const fallback = this.#fallback()
    if (fallback !== undefined) return fallback
    return this.#guarded(async () => {
      if (this.#exchange !== undefined && this.#state === 'open') this.#begin(transaction)
      return this.#ofMessage(await this.#ask('mail', { parts: mailArguments(transaction) }))
    }, true)
  }

  async recipient(transaction: Transaction, candidate: Candidate): Promise<Verdict> {
    if (this.#message !== transaction || this.#isAccepted) return this.#fallback() ?? goOn
    return this.#guarded(async () => {
      await this.#tellRefused(transaction)
      const macros = new Map([...this.#macros(), ...recipientMacros(candidate)])
      const verdict = await this.#ask('recipient', { parts: recipientArguments(candidate), macros })
      if (verdict.kind !== 'refuse') this.#told.add(candidate)
      // A refusal is the recipient's alone.
      return verdict.kind === 'refuse' ? this.#ended(verdict) : this.#ofMessage(verdict)
    }, true)
  }

  /** A command that nobody knows. */
  async unknown(line: string): Promise<Verdict> {
    return this.#guarded(async () => {
      const verdict = await this.#ask('unknown', { parts: [line] })
      // A refusal is the command's alone.
      if (verdict.kind === 'refuse') return this.#ended(verdict)
      return this.#message === undefined ? this.#ofSession(verdict) : this.#ofMessage(verdict)
    })
  }

  /** The whole message, as the milters before have left it. */
  async message(transaction: Transaction, view: MessageView): Promise<MessageOutcome> {
    if (this.#message === transaction && !this.#isAccepted) {
      if (view.message.header.truncated) {
        this.#abort()
        return { kind: 'refuse', reply: headerTooLong, ends: false }
      }
      const outcome = await this.#judged(transaction, view)
      if (outcome !== undefined) return outcome
    }
    const fallback = this.#fallback()
    if (fallback !== undefined) return fallback
    if (this.#state !== 'unavailable' || this.milter.settings.whenUnavailable !== 'quarantine')
      return { kind: 'pass', changes: undefined }
    const problem = this.#wasReached ? 'failed' : 'could not be reached'
    const reason = `the mail filter ${this.milter.settings.name} ${problem}`
    return {
      kind: 'pass',
      changes: { edits: [{ kind: 'quarantine', reason }], recipients: [], body: undefined },
    }
  }

  /** The session is over. */
  end(): void {
    const hadMilter = this.#state === 'open' || this.#state === 'accepted'
    if (hadMilter) this.milter.availability.succeeded(this.#openedAt)
    this.#state = 'over'
    this.#close()
  }

  /** Undefined where the milter went away over it. */
  async #judged(transaction: Transaction, view: MessageView): Promise<MessageOutcome | undefined> {
    const exchange = this.#exchange
    if (exchange === undefined) return undefined
    const { settings, spool, hostname, clock } = this.milter
    const modifications = new Modifications(view, {
      spool,
      hostname,
      actions: exchange.agreement.actions,
      withSpace: exchange.has(protocolFlags.leadingSpace),
      maxBody: settings.maxBody,
    })
    const work = async (): Promise<MessageOutcome> => {
      exchange.deadline = clock.monotonic() + settings.timeouts.total
      await this.#tellRefused(transaction)
      const id = view.message.header.first('message-id')?.body ?? ''
      const macros = new Map([...this.#macros(), ['msg_id', id]])
      const { verdict, isLast } = await transferMessage(exchange, view, macros, modifications)
      exchange.deadline = undefined
      // Before the end of the message the milter is told that it is over.
      if (isLast) this.#message = undefined
      this.#abort()
      if (verdict.kind === 'refuse') return this.#ended(verdict)
      if (verdict.kind === 'discard') return verdict
      return { kind: 'pass', changes: isLast ? await modifications.finish() : undefined }
    }
    let outcome: MessageOutcome | undefined
    try {
      outcome = await work().catch((error: unknown) => this.#failed(error))
      return outcome
    } finally {
      // All of it or nothing.
      if (outcome?.kind !== 'pass' || outcome.changes === undefined) await modifications.dispose()
    }
  }

  #close(): void {
    this.#message = undefined
    this.#exchange?.close()
    this.#exchange = undefined
  }

  #begin(transaction: Transaction): void {
    this.#message = transaction
    this.#isAccepted = false
    this.#skipped.clear()
    this.#told.clear()
    transaction.signal.addEventListener('abort', () => this.#message === transaction && this.#abort(), {
      once: true,
    })
  }

  /** The message that was begun is over. */
  #abort(): void {
    if (this.#message !== undefined) this.#exchange?.abort()
    this.#message = undefined
  }

  /** A milter hears of recipients that others refused where it asked to: as of recipients whose mailer is `error`. */
  async #tellRefused(transaction: Transaction): Promise<void> {
    const refused = this.#told.takeRefused(transaction)
    if (this.#exchange?.has(protocolFlags.refusedRecipients) !== true) return
    for (const candidate of refused) {
      const macros = new Map([...this.#macros(), ...recipientMacros(candidate, refusedElsewhere)])
      await this.#ask('recipient', { parts: recipientArguments(candidate), macros })
    }
  }

  #macros(): ReadonlyMap<string, string> {
    const ofSession = sessionMacros(this.#facts())
    return this.#message === undefined
      ? ofSession
      : new Map([...ofSession, ...transactionMacros(this.#message)])
  }

  async #ask(stage: Stage, question: Question): Promise<Verdict> {
    if (this.#state !== 'open' || this.#exchange === undefined || this.#skipped.has(stage)) return goOn
    const verdict = await this.#exchange.ask(stage, { macros: this.#macros(), ...question })
    if (verdict.kind === 'skip' && this.#message !== undefined) this.#skipped.add(stage)
    return verdict
  }

  /** A verdict at the beginning is the whole session's. */
  #ofSession(verdict: Verdict): Verdict {
    // Nothing could be discarded yet.
    if (verdict.kind === 'accept') this.#state = 'accepted'
    if (verdict.kind === 'accept') this.#close()
    if (verdict.kind === 'refuse') return this.#refuses(verdict)
    return verdict.kind === 'discard' ? goOn : verdict
  }

  /** A verdict behind MAIL is the message's. */
  #ofMessage(verdict: Verdict): Verdict {
    if (verdict.kind === 'accept') this.#isAccepted = true
    if (verdict.kind === 'refuse' || verdict.kind === 'discard') this.#abort()
    return verdict.kind === 'refuse' ? this.#ended(verdict) : verdict
  }

  /** Of the refusal of a message or recipient: it may be the session's. */
  #ended(verdict: Refusal): Refusal {
    return verdict.ends ? this.#refuses(verdict) : verdict
  }

  #refuses(verdict: Refusal): Refusal {
    this.#refusal = verdict
    this.#close()
    return verdict
  }

  /** The verdict of a milter that can be asked; else what the config says, where there is `mail`. */
  async #guarded(run: () => Promise<Verdict>, mail = false): Promise<Verdict> {
    const verdict = await run().catch((error: unknown) => this.#failed(error))
    return verdict ?? (mail ? this.#fallback() : undefined) ?? goOn
  }

  /** The session goes on without the milter. What is no failure of it is not hidden. */
  #failed(error: unknown): undefined {
    const { settings, availability } = this.milter
    const { id, signal } = this.#facts().session
    const isOver = this.#state === 'over' || signal.aborted
    if (!isOver) this.#state = 'unavailable'
    this.#close()
    if (errorCode(error) !== 'MAIL_E_UNAVAILABLE') throw error
    if (isOver) return undefined
    availability.failed(id, error)
    this.#tell(this.milter, 'fault', `${errorText(error)}; ${settings.whenUnavailable}`)
    return undefined
  }

  #fallback(): Refusal | undefined {
    if (this.#refusal !== undefined) return this.#refusal
    const answer =
      this.#state === 'unavailable' ? replyWithout(this.milter.settings, this.#wasReached) : undefined
    return answer === undefined ? undefined : { kind: 'refuse', reply: answer, ends: false }
  }
}
