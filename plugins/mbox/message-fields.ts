import {
  formatMboxFields,
  keywordText,
  type MboxBase,
  type MboxField,
  type MboxFieldName,
  type MboxFieldValues,
  otherLetters,
  statusLetters,
  xStatusLetters,
} from 'mailwright/formats'
import { fieldPatch, type Patch } from './patch.ts'

/** What a message's fields are to say. */
export interface WantedFields {
  readonly uid: number
  readonly uidl?: string | undefined
  readonly flags: readonly string[]
}

// A client has seen the message: what UW-imapd, mutt and Dovecot call old.
const old = 'O'

function valuesFor(fields: readonly MboxField[], { uid, uidl, flags }: WantedFields): MboxFieldValues {
  const others = otherLetters(fields)
  const status = others.status.includes(old) ? others.status : others.status + old
  return { uid, uidl, flags, others: { ...others, status } }
}

/** Changes fields where they stand; undefined where there is no room. */
export function patchesFor(fields: readonly MboxField[], wanted: WantedFields): readonly Patch[] | undefined {
  const values = valuesFor(fields, wanted)
  const patches: Patch[] = []
  for (const [name, value] of [
    ['status', statusLetters(values)],
    ['x-status', xStatusLetters(values)],
    ['x-keywords', keywordText(values)],
  ] as const) {
    const field = fields.find((each) => each.name === name)
    if (field === undefined && value === '') continue
    const patch = field === undefined ? undefined : fieldPatch(field, value)
    if (patch === undefined) return undefined
    if (field?.value !== value) patches.push(patch)
  }
  return patches
}

/** All fields of a message, with room for changes, as they stand at its beginning. */
export function fieldLines(
  fields: readonly MboxField[],
  wanted: WantedFields,
  { base, crlf }: { readonly base: MboxBase | undefined; readonly crlf: boolean },
): Buffer {
  const values = { ...valuesFor(fields, wanted), ...(base === undefined ? {} : { base }) }
  return Buffer.from(formatMboxFields(values, crlf ? '\r\n' : '\n'), 'latin1')
}

const needed: readonly MboxFieldName[] = ['x-uid', 'status', 'x-status', 'x-keywords']

/** Whether a message has all fields already, and they say this. */
export function isComplete(
  fields: readonly MboxField[],
  { uid, flags }: WantedFields,
  withBase: boolean,
): boolean {
  const there = new Map(fields.map((field) => [field.name, field]))
  if (needed.some((name) => !there.has(name)) || withBase !== there.has('x-imapbase')) return false
  const values = { flags, others: otherLetters(fields) }
  return (
    there.get('x-uid')?.value === String(uid) &&
    there.get('status')?.value === statusLetters(values) &&
    there.get('x-status')?.value === xStatusLetters(values) &&
    there.get('x-keywords')?.value === keywordText(values)
  )
}
