import type { Address } from './address/address.ts'
import { isAddress } from './address/address-check.ts'
import { type Content, isContent } from './content.ts'
import type { RecipientParameters } from './transaction.ts'

/**
 * A change to a message or its envelope, as data: it can be logged, replayed, shown, and translated to and from
 * milter. Edits are collected from all taps, checked together and applied at once, or not at all.
 */
export type Edit = EditAction & {
  /** Only for these recipients; absent means for all. */
  readonly recipients?: readonly Address[]
}

export type EditAction =
  /** Puts a field on top, or below so many fields where `position` is given. */
  | {
      readonly kind: 'insert-field'
      readonly name: string
      readonly value: string
      readonly position?: number
    }
  /** Changes the n-th field of that name (from 1, counted from the top). */
  | {
      readonly kind: 'change-field'
      readonly name: string
      readonly occurrence: number
      readonly value: string
    }
  /** Deletes the n-th field of that name. */
  | { readonly kind: 'delete-field'; readonly name: string; readonly occurrence: number }
  /** Puts another body in place of the body. */
  | { readonly kind: 'replace-body'; readonly body: Content }
  /** A copy that the sender has not asked for is best added with `notify: ['NEVER']`: then nobody tells them of it (RFC 3461 §4.1). */
  | {
      readonly kind: 'add-recipient'
      readonly address: Address
      readonly parameters?: RecipientParameters
    }
  | { readonly kind: 'remove-recipient'; readonly address: Address }
  /**
   * Goes on with another reverse-path, null for `<>`: everywhere, or only where it leaves this system (what is forwarded).
   * The last one holds.
   */
  | {
      readonly kind: 'change-reverse-path'
      readonly address: Address | null
      readonly where?: 'everywhere' | 'remote'
    }
  /** Keeps the message out of mailboxes until someone decides; the text is the reason shown. */
  | { readonly kind: 'quarantine'; readonly reason: string }
  /** Nobody gets it, whoever else was or will be added; the sender is told that it was taken. */
  | { readonly kind: 'discard' }
  /**
   * This address gets it, and nobody else, whoever was or will be added. The last one holds; a `discard` wins. It has the parameters of
   * whom it replaces; of several the sender hears what is wanted of any.
   */
  | { readonly kind: 'redirect'; readonly address: Address }

/** A change of the message itself, for all recipients. */
export type MessageEdit = Extract<
  EditAction,
  { kind: 'insert-field' | 'change-field' | 'delete-field' | 'replace-body' }
>

const notifyEvents: ReadonlySet<unknown> = new Set(['SUCCESS', 'FAILURE', 'DELAY'])

// The type is an atom on the wire; the address is any text without controls.
const originalRecipient = /^[!-9<-~]+;[^\x00-\x1f\x7f]+$/

// RFC 5322 §2.2: printable US-ASCII but the colon.
const fieldName = /^[\x21-\x39\x3b-\x7e]{1,76}$/

/** What is wrong with a value that should be an edit, or undefined. Taps are foreign code: nothing is taken on trust. */
export function editFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'an edit is not an object'
  const edit = value as Edit
  return actionFault(edit) ?? recipientsFault(edit)
}

/** What is wrong with an edit that is to be made before anybody looks at the message: {@link MessageEdit}. */
export function messageEditFault(value: unknown): string | undefined {
  const fault = editFault(value)
  if (fault !== undefined) return fault
  const edit = value as Edit
  if (!changesMessage(edit)) return 'it changes something else than fields and the body'
  return edit.recipients === undefined ? undefined : 'it is not for all recipients'
}

/** Whether an edit changes the message itself, and not who gets it or how. */
export function changesMessage({ kind }: Edit): boolean {
  return kind.endsWith('-field') || kind === 'replace-body'
}

function actionFault(edit: Edit): string | undefined {
  switch (edit.kind) {
    case 'insert-field':
    case 'change-field':
      return fieldNameFault(edit.name) ?? fieldValueFault(edit.value) ?? positionFault(edit)
    case 'delete-field':
      return fieldNameFault(edit.name) ?? positionFault(edit)
    case 'replace-body':
      return isContent(edit.body) ? undefined : 'the new body is not a content'
    case 'add-recipient':
      return addressFault(edit) ?? parametersFault(edit.parameters)
    case 'remove-recipient':
    case 'redirect':
      return addressFault(edit)
    case 'change-reverse-path':
      return reversePathFault(edit)
    case 'quarantine':
      return typeof edit.reason === 'string' ? undefined : 'the quarantine has no reason'
    case 'discard':
      return undefined
    default:
      return 'the kind of edit is unknown'
  }
}

function addressFault({ address }: { readonly address: unknown }): string | undefined {
  return isAddress(address) ? undefined : 'the recipient is not an address'
}

function parametersFault(parameters: unknown): string | undefined {
  if (parameters === undefined) return undefined
  if (typeof parameters !== 'object' || parameters === null) return 'the parameters are not an object'
  const { notify, originalRecipient } = parameters as RecipientParameters
  if (notify !== undefined && !isNotify(notify)) return 'notify is neither NEVER alone nor a list of events'
  return originalRecipient === undefined || isOriginalRecipient(originalRecipient)
    ? undefined
    : 'the original recipient is not a type, a semicolon and an address'
}

/** RFC 3461 §4.1: NEVER stands alone. */
function isNotify(words: unknown): boolean {
  if (!Array.isArray(words) || words.length === 0) return false
  return words[0] === 'NEVER' ? words.length === 1 : words.every((word) => notifyEvents.has(word))
}

/** RFC 3461 §4.2. What has a line break would be commands of its own to the next host. */
function isOriginalRecipient(value: unknown): boolean {
  return typeof value === 'string' && originalRecipient.test(value)
}

function reversePathFault({
  address,
  where,
}: Extract<Edit, { kind: 'change-reverse-path' }>): string | undefined {
  if (address !== null && !isAddress(address)) return 'the reverse-path is neither an address nor null'
  return [undefined, 'everywhere', 'remote'].includes(where) ? undefined : 'where is unknown'
}

function recipientsFault({ kind, recipients }: Edit): string | undefined {
  if (recipients === undefined) return undefined
  if (kind === 'discard' || kind === 'redirect') return 'it is for all recipients, and names some'
  return Array.isArray(recipients) && recipients.every(isAddress)
    ? undefined
    : 'its recipients are no list of addresses'
}

function fieldNameFault(name: unknown): string | undefined {
  return typeof name === 'string' && fieldName.test(name) ? undefined : 'not a field name'
}

/** RFC 5322 §2.2.3: a line break is only ever the start of a fold, followed by something that is not blank. */
function fieldValueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a field value is not a string'
  if (value.includes('\0')) return 'a field value holds NUL'
  if (/[\r\n]/.test(value.replaceAll(/\r\n[ \t]+(?=\S)/g, ' ')))
    return 'a field value holds a line break that is no fold'
  return undefined
}

function positionFault(edit: Edit): string | undefined {
  if (edit.kind === 'insert-field') {
    const { position = 0 } = edit
    return Number.isInteger(position) && position >= 0 ? undefined : 'position is not a whole number from 0'
  }
  if (edit.kind === 'change-field' || edit.kind === 'delete-field') {
    return Number.isInteger(edit.occurrence) && edit.occurrence >= 1
      ? undefined
      : 'occurrence is not a whole number from 1'
  }
  return undefined
}
