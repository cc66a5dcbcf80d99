import { applyEdits, type Candidate, type Edit, type Message, type Reply, type Transaction } from 'mailwright'
import type { KeptBodies } from './kept-bodies.ts'
import type { SessionFacts } from './macros.ts'
import { viewMessage } from './message-view.ts'
import type { Milter, Tell } from './milter.ts'
import { MilterSession } from './milter-session.ts'
import type { RecipientChange } from './modifications.ts'
import { recipientEdits } from './recipient-edits.ts'
import type { Verdict } from './verdict.ts'

/** Told, with the transaction that it is about, where there is one. */
export type Record = (
  milter: Milter,
  verb: 'verdict' | 'fault',
  text: string,
  transaction: Transaction | undefined,
) => void

/** The milters of one session, asked one after the other until one decides. */
export class MilterChain {
  readonly facts: SessionFacts
  readonly #sessions: readonly MilterSession[]
  readonly #record: Record
  readonly #bodies: KeptBodies
  #transaction: Transaction | undefined
  /** Whether a milter discards the message. */
  #isDiscarded = false
  #edits: readonly Edit[] = []

  constructor(milters: readonly Milter[], facts: SessionFacts, bodies: KeptBodies, record: Record) {
    this.facts = facts
    this.#bodies = bodies
    this.#record = record
    const tell: Tell = (milter, verb, text) => record(milter, verb, text, this.#transaction)
    this.#sessions = milters.map((milter) => new MilterSession(milter, () => this.facts, tell))
  }

  connect(): Promise<Reply | undefined> {
    return this.#ask((session) => session.connect())
  }

  hello(): Promise<Reply | undefined> {
    return this.#ask((session) => session.hello(this.facts.session))
  }

  unknown(line: string): Promise<Reply | undefined> {
    return this.#ask((session) => session.unknown(line))
  }

  mail(transaction: Transaction): Promise<Reply | undefined> {
    this.#transaction = transaction
    this.#isDiscarded = false
    this.#edits = []
    return this.#ask((session) => session.mail(transaction))
  }

  async recipient(transaction: Transaction, candidate: Candidate): Promise<Reply | undefined> {
    if (this.#isDiscarded) return undefined
    return this.#ask((session) => session.recipient(transaction, candidate))
  }

  /** Each milter gets the message as those before it have changed it. */
  async message(transaction: Transaction, message: Message): Promise<Reply | undefined> {
    const recipients: RecipientChange[] = []
    const edits: Edit[] = []
    let current = message
    for (const session of this.#isDiscarded ? [] : this.#sessions) {
      const outcome = await session.message(transaction, viewMessage(current, transaction.id))
      if (outcome.kind === 'refuse') return outcome.reply
      if (outcome.kind === 'discard') {
        this.#discard(session)
        break
      }
      const { changes } = outcome
      if (changes === undefined) continue
      if (changes.body !== undefined) this.#bodies.keep(transaction, changes.body)
      edits.push(...changes.edits)
      recipients.push(...changes.recipients)
      if (changes.edits.length > 0) current = await applyEdits(current, changes.edits)
    }
    const before = transaction.recipients.map(({ forwardPath }) => forwardPath)
    this.#edits = this.#isDiscarded
      ? [{ kind: 'discard' }]
      : [...edits, ...recipientEdits(before, recipients)]
    return undefined
  }

  /** What the milters change in the message that `message` was called for last. */
  edits(transaction: Transaction): readonly Edit[] {
    return this.#transaction === transaction ? this.#edits : []
  }

  end(): void {
    for (const session of this.#sessions) session.end()
  }

  async #ask(question: (session: MilterSession) => Promise<Verdict>): Promise<Reply | undefined> {
    for (const session of this.#sessions) {
      const verdict = await question(session)
      if (verdict.kind === 'refuse') return verdict.reply
      if (verdict.kind === 'discard') {
        this.#discard(session)
        return undefined
      }
    }
    return undefined
  }

  #discard({ milter }: MilterSession): void {
    this.#isDiscarded = true
    this.#record(
      milter,
      'verdict',
      'the message is discarded: answered as taken, delivered to nobody',
      this.#transaction,
    )
  }
}
