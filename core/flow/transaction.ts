import type { Claim } from '../hooks/envelope.ts'
import type { HookSubject } from '../host/hook-point.ts'
import { type Address, formatAddress } from '../model/address/address.ts'
import type { Content } from '../model/content.ts'
import { formatReply, localError, type Reply, reply } from '../model/reply.ts'
import type { Session } from '../model/session.ts'
import type { MailParameters, Recipient, RecipientParameters, Transaction } from '../model/transaction.ts'
import type { RecipientAnswer } from '../services/queue.ts'
import type { Delivery } from './delivery.ts'
import { ended } from './ended.ts'
import type { TransactionFlow } from './flow.ts'
import { processMessage } from './message-step.ts'
import { refusal } from './refusal.ts'
import { maxAddresses } from './routing.ts'
import type { FlowContext } from './surroundings.ts'

const relayDenied = reply(550, '5.7.1', 'We do not take mail for that address')
const recipientOk = reply(250, '2.1.5', 'Recipient OK')
// RFC 5321 §4.5.3.1.10: the client sends the message again for those that were too many.
const tooManyPlaces = reply(452, '4.5.3', 'Too many recipients behind those addresses for one message')
const noRecipients = reply(554, '5.5.1', 'No valid recipients')

/** One transaction on its way; see {@link TransactionFlow}. */
export class TransactionRun implements TransactionFlow {
  readonly transaction: Transaction
  readonly #context: FlowContext
  readonly #delivery: Delivery
  readonly #recipients: Recipient[] = []
  readonly #ended = new AbortController()
  readonly #subject: HookSubject
  #isCounted = false
  /** Routes beyond the first of each recipient: what aliases have added to those who were named. */
  #added = 0

  constructor(
    context: FlowContext,
    delivery: Delivery,
    session: Session,
    id: string,
    envelope: { reversePath: Address | null; parameters: MailParameters },
  ) {
    this.#context = context
    this.#delivery = delivery
    this.transaction = Object.freeze({
      id,
      session,
      startedAt: new Date(context.clock.now()),
      reversePath: Object.freeze(envelope.reversePath),
      parameters: Object.freeze({ ...envelope.parameters }),
      recipients: this.#recipients,
      signal: this.#ended.signal,
    })
    this.#subject = { session: session.id, transaction: id, signal: this.#ended.signal }
  }

  /** Runs `checkSender`. */
  async begin(): Promise<Reply | undefined> {
    const { reversePath, parameters } = this.transaction
    const sender = reversePath === null ? '<>' : formatAddress(reversePath)
    this.#context.record('sender', this.#subject, { text: sender, facts: { ...parameters } })
    const { checkSender } = this.#context.hooks.envelope
    const refused = refusal(await checkSender.decide<Reply>([this.transaction], this.#subject))
    if (refused !== undefined) this.#count(refused)
    return refused
  }

  async recipient(forwardPath: Address, parameters: RecipientParameters = {}): Promise<Reply> {
    const candidate = {
      forwardPath: Object.freeze(forwardPath),
      parameters: Object.freeze({ ...parameters }),
    }
    const answer = await this.#ask(Object.freeze(candidate))
    this.#context.metrics.recipient(this.transaction.session.role, answer.code)
    const text = `${formatAddress(forwardPath)}: ${formatReply(answer).replaceAll('\r\n', ' / ')}`
    this.#context.record('recipient', this.#subject, { text })
    return answer
  }

  async #ask(candidate: Pick<Recipient, 'forwardPath' | 'parameters'>): Promise<Reply> {
    const { envelope } = this.#context.hooks
    const args = [this.transaction, candidate]
    const refused = refusal(await envelope.checkRecipient.decide<Reply>(args, this.#subject))
    if (refused !== undefined) return refused
    const claim = await envelope.claimRecipient.decide<Claim>(args, this.#subject)
    if (claim === undefined) return relayDenied
    if (claim.kind === 'fault') return localError
    const { forwardPath } = candidate
    const found = await this.#delivery.routeFor(
      { address: forwardPath, original: forwardPath },
      this.#subject,
    )
    if (!found.ok) return found.reply
    if (this.#ended.signal.aborted) return localError
    const added = found.routes.length - 1
    if (this.#added + added > maxAddresses) return tooManyPlaces
    this.#added += added
    this.#recipients.push(
      Object.freeze({ ...candidate, claimedBy: claim.by, routes: Object.freeze(found.routes) }),
    )
    return recipientOk
  }

  async message(content: Content): Promise<readonly RecipientAnswer[]> {
    if (this.#recipients.length === 0 || this.#ended.signal.aborted) return this.#everyone(noRecipients)
    // Nobody comes to it any more, and no tap takes anybody off.
    Object.freeze(this.#recipients)
    const answers = await this.#process(content)
    const taken = answers.find(({ reply: { code } }) => code < 400)
    this.#count((taken ?? answers[0])?.reply)
    if (taken !== undefined) this.#context.metrics.accepted(this.transaction.session.role, content.size)
    this.abandon()
    return answers
  }

  async #process(content: Content): Promise<readonly RecipientAnswer[]> {
    try {
      return await processMessage(this.#context, this.#delivery, this.transaction, this.#subject, content)
    } catch (error) {
      this.#context.log.error('internal-error', { transaction: this.transaction.id, error })
      this.#context.record('refused', this.#subject, { text: formatReply(localError) })
      return this.#everyone(localError)
    }
  }

  #everyone(answer: Reply): readonly RecipientAnswer[] {
    return this.#recipients.map(({ forwardPath }) => ({ recipient: forwardPath, reply: answer }))
  }

  /** Each transaction is counted once, by its last reply. */
  #count(answer: Reply | undefined): void {
    if (this.#isCounted) return
    this.#isCounted = true
    this.#context.metrics.transaction(this.transaction.session.role, answer?.code)
  }

  abandon(): void {
    this.#count(undefined)
    this.#ended.abort(ended)
  }
}
