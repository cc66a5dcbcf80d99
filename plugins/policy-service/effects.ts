import {
  type Address,
  type Edit,
  type Finding,
  type MessageEdit,
  sameAddress,
  type Transaction,
} from 'mailwright'
import type { PolicyAction } from './action.ts'

// A policy server that answers PREPEND for every recipient must not make a header without end.
const mostActions = 100

/**
 * What a policy server has asked for and what can only be done once the message is here. As with Postfix it holds for
 * the whole message, whichever recipient it was asked about.
 */
export class Effects {
  readonly #actions: PolicyAction[] = []

  add(action: PolicyAction): void {
    if (this.#actions.length < mostActions) this.#actions.push(action)
  }

  #of<Kind extends PolicyAction['kind']>(kind: Kind): Extract<PolicyAction, { kind: Kind }>[] {
    return this.#actions.filter((action) => action.kind === kind) as Extract<PolicyAction, { kind: Kind }>[]
  }

  /** These and those of a step before. */
  after(earlier: Effects): Effects {
    const both = new Effects()
    for (const action of [...earlier.#actions, ...this.#actions]) both.add(action)
    return both
  }

  /**
   * The fields for the top, below those that other policy servers have put there: Postfix keeps the order in which fields were
   * asked for.
   */
  fields(earlier: readonly MessageEdit[] = []): readonly MessageEdit[] {
    const above = earlier.filter(({ kind }) => kind === 'insert-field').length
    return this.#of('prepend').map(({ name, value }, at) => ({
      kind: 'insert-field',
      name,
      value,
      position: above + at,
    }))
  }

  /** Discarding wins over everything; of several redirections the last one counts. */
  edits(transaction: Transaction, earlier: readonly Edit[] = []): readonly Edit[] {
    const recipients = [
      ...transaction.recipients.map((recipient) => recipient.forwardPath),
      ...earlier.flatMap((edit) => (edit.kind === 'add-recipient' ? [edit.address] : [])),
    ]
    if (this.#of('discard').length > 0) return [{ kind: 'discard' }]
    const redirects = this.#of('redirect').slice(-1)
    const copies = this.#of('bcc').map(({ address }) => address)
    const held = this.#of('hold').map(({ text }): Edit => ({ kind: 'quarantine', reason: text }))
    return [...redirects, ...added(copies, recipients), ...held.slice(0, 1)]
  }

  findings(plugin: string): readonly Finding[] {
    const notes = this.#of('note').map(({ level, text }) => ({ test: `${plugin}/${level}`, score: 0, text }))
    const discards = this.#of('discard').map(({ text }) => ({ test: `${plugin}/discard`, score: 0, text }))
    return [...notes, ...discards]
  }
}

/** Nobody gets a message twice who is a recipient already. */
function added(wanted: readonly Address[], present: readonly Address[]): readonly Edit[] {
  const all = [...present]
  return wanted.flatMap((address): Edit[] => {
    if (all.some((one) => sameAddress(one, address))) return []
    all.push(address)
    return [{ kind: 'add-recipient', address }]
  })
}
