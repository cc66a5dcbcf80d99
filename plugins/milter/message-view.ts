import type { HeaderField, Message } from 'mailwright'

/**
 * A message as milters see it: without the trace field that this server put on top, as Sendmail and Postfix hide theirs,
 * and without lines of the header that are no fields, for which the protocol has no place.
 */
export interface MessageView {
  readonly message: Message
  /** The field that is hidden: its place among all. -1: there is none. */
  readonly ownTrace: number
  readonly fields: readonly HeaderField[]
}

/** `id`: the queue id, which no sender can know; the own trace field has it. */
export function viewMessage(message: Message, id: string): MessageView {
  const { fields } = message.header
  const clause = new RegExp(`\\bid ${id.replaceAll(/[^\w]/g, '\\$&')}\\b`)
  const ownTrace = fields.findIndex(
    ({ name, body }) => name.toLowerCase() === 'received' && clause.test(body),
  )
  return { message, ownTrace, fields: fields.filter(({ name }, at) => at !== ownTrace && name !== '') }
}

const colon = 58
const space = 32

/**
 * The octets behind the colon as the protocol has them: lines end with LF, the last one not at all. The first space is
 * left out where the milter did not ask for it, as Sendmail does; what is longer than `longest` is cut, and what is NUL
 * would end it.
 */
export function fieldOctets(
  field: HeaderField,
  { keepsSpace, longest }: { readonly keepsSpace: boolean; readonly longest: number },
): Buffer {
  const { raw } = field
  const start = raw.indexOf(colon) + 1
  const from = !keepsSpace && raw[start] === space ? start + 1 : start
  const text = raw
    .toString('latin1', from, Math.min(raw.length, from + longest))
    .replaceAll('\r\n', '\n')
    .replaceAll('\0', ' ')
    .replace(/\n$/, '')
  return Buffer.from(`${text}\0`, 'latin1')
}
