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

/** The fields that policy servers have put on top, of all instances: only their order is ours to keep. */
const ours = new WeakSet<Edit>()

/** An action, and whether it was asked for at the end of the message, which has been prepared by then. */
interface Wanted {
  readonly action: PolicyAction
  readonly isLate: boolean
}

/**
 * What a policy server has asked for and what can only be done once the message is here. As with Postfix it holds for
 * the whole message, whichever recipient it was asked about.
 */
export class Effects {
  readonly #wanted: Wanted[] = []

  add(action: PolicyAction, isLate = false): void {
    if (this.#wanted.length < mostActions) this.#wanted.push({ action, isLate })
  }

  #of<Kind extends PolicyAction['kind']>(kind: Kind): Extract<PolicyAction, { kind: Kind }>[] {
    return this.#wanted.flatMap(({ action }) => (isOfKind(action, kind) ? [action] : []))
  }

  /** These and those of a step before. */
  after(earlier: Effects): Effects {
    const both = new Effects()
    for (const { action, isLate } of [...earlier.#wanted, ...this.#wanted]) both.add(action, isLate)
    return both
  }

  /** The fields for the top that were asked for before the end of the message. */
  fields(earlier: readonly Edit[]): readonly MessageEdit[] {
    return this.#fields(earlier, false)
  }

  /** Those that were asked for at its end. */
  lateFields(earlier: readonly Edit[]): readonly MessageEdit[] {
    return this.#fields(earlier, true)
  }

  /** Below those that other policy servers have put there: Postfix keeps the order in which fields were asked for. */
  #fields(earlier: readonly Edit[], late: boolean): readonly MessageEdit[] {
    const above = fieldsDownToOurs(earlier)
    const fields = this.#wanted.flatMap(({ action, isLate }) =>
      isLate === late && action.kind === 'prepend' ? [action] : [],
    )
    return fields.map(({ name, value }, at) => {
      const edit = { kind: 'insert-field', name, value, position: above + at } as const
      ours.add(edit)
      return edit
    })
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

/** How many fields there are at the top, down to the last one that a policy server has put there. */
function fieldsDownToOurs(edits: readonly Edit[]): number {
  let count = 0
  for (const edit of edits) {
    if (edit.kind !== 'insert-field') continue
    const { position = 0 } = edit
    if (ours.has(edit)) count = position + 1
    else if (position < count) count += 1
  }
  return count
}

function isOfKind<Kind extends PolicyAction['kind']>(
  action: PolicyAction,
  kind: Kind,
): action is Extract<PolicyAction, { kind: Kind }> {
  return action.kind === kind
}

/** Nobody gets a message twice who is a recipient already. */
function added(wanted: readonly Address[], present: readonly Address[]): readonly Edit[] {
  const all = [...present]
  return wanted.flatMap((address): Edit[] => {
    if (all.some((one) => sameAddress(one, address))) return []
    all.push(address)
    // As Postfix has it: the sender hears nothing of a copy.
    return [{ kind: 'add-recipient', address, parameters: { notify: ['NEVER'] } }]
  })
}
