import { capabilities } from './capability.ts'
import type { Cursor } from './cursor.ts'
import {
  astring,
  atom,
  list,
  modSequence,
  nil,
  number,
  nzNumber,
  type OctetClass,
  quoted,
  textChar,
  word,
} from './lexis.ts'
import { countOf, flagList, flagPerm, type NumberSet, numberSet, objectId } from './values.ts'

/** resp-text-code: what stands between `[` and `]`, its name in upper case. */
export interface ResponseCode {
  readonly name: string
  /** One number: of UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ, MESSAGELIMIT, APPENDUID, COPYUID … */
  readonly number?: bigint
  /** Words: capabilities, flags, charsets, events, a tag, an objectid. */
  readonly words?: readonly string[]
  /** Sets: of MODIFIED, APPENDUID; of COPYUID the source first. */
  readonly sets?: readonly NumberSet[]
  /** Any other argument as it stands. */
  readonly text?: string
}

type Argument = Omit<ResponseCode, 'name'>
type ArgumentReader = (cursor: Cursor) => Argument

const none: ArgumentReader = () => ({})
const after =
  (read: ArgumentReader): ArgumentReader =>
  (cursor) => {
    cursor.space()
    return read(cursor)
  }
const optional =
  (read: ArgumentReader): ArgumentReader =>
  (cursor) =>
    cursor.takes(' ') ? read(cursor) : {}
const oneNumber = after((cursor) => ({ number: BigInt(nzNumber(cursor)) }))
const restOfCode: ArgumentReader = (cursor) => ({ text: word(cursor, codeTextChar, 'text') })

const codeTextChar: OctetClass = textChar.map((holds, octet) => holds && octet !== 0x5d)

const readers: Readonly<Record<string, ArgumentReader>> = {
  // RFC 9051 §7.1 and §9, with RFC 5530.
  ...Object.fromEntries(
    `ALERT PARSE READ-ONLY READ-WRITE TRYCREATE UIDNOTSTICKY UNAVAILABLE AUTHENTICATIONFAILED AUTHORIZATIONFAILED
    EXPIRED PRIVACYREQUIRED CONTACTADMIN NOPERM INUSE EXPUNGEISSUED CORRUPTION SERVERBUG CLIENTBUG CANNOT LIMIT
    OVERQUOTA ALREADYEXISTS NONEXISTENT NOTSAVED HASCHILDREN CLOSED UNKNOWN-CTE`
      .split(/\s+/)
      .map((name) => [name, none]),
  ),
  BADCHARSET: optional((cursor) => ({ words: list(cursor, charset) })),
  CAPABILITY: (cursor) => ({ words: capabilities(cursor) }),
  PERMANENTFLAGS: after((cursor) => ({ words: flagList(cursor, flagPerm) })),
  UIDNEXT: oneNumber,
  UIDVALIDITY: oneNumber,
  APPENDUID: after(appendUid),
  COPYUID: after(copyUid),
  // RFC 3501 §7.1
  UNSEEN: oneNumber,
  // RFC 7162 §7
  HIGHESTMODSEQ: after((cursor) => ({ number: modSequence(cursor) })),
  NOMODSEQ: none,
  MODIFIED: after((cursor) => ({ sets: [numberSet(cursor)] })),
  // RFC 4469 §5
  BADURL: after(restOfCode),
  TOOBIG: none,
  // RFC 4978 §4
  COMPRESSIONACTIVE: none,
  // RFC 5255 §4.10
  BADCOMPARATOR: none,
  // RFC 5267 §5
  NOUPDATE: after((cursor) => ({ words: [quoted(cursor)] })),
  // RFC 5464 §5
  METADATA: after(metadata),
  // RFC 5465 §8
  NOTIFICATIONOVERFLOW: none,
  BADEVENT: after((cursor) => ({ words: list(cursor, eventName) })),
  // RFC 6154 §6
  USEATTR: none,
  // RFC 8474 §7
  MAILBOXID: after((cursor) => ({ words: [objectId(cursor)] })),
  // RFC 9585 §5
  INPROGRESS: optional(progress),
  // RFC 9586 §4
  UIDREQUIRED: none,
  // RFC 9738 §5
  MESSAGELIMIT: after((cursor) => {
    const limit = { number: BigInt(nzNumber(cursor)) }
    return cursor.takes(' ') ? { ...limit, sets: [setOfOne(nzNumber(cursor))] } : limit
  }),
}

/** Whether a standard defines a response code. */
export function isKnownCode(name: string): boolean {
  return name in readers
}

/**
 * resp-text-code in its brackets. A code that no standard defines passes as the syntax demands, with its text; whether a
 * server may send one is not a question of syntax.
 */
export function responseCode(cursor: Cursor): ResponseCode {
  cursor.expect('[')
  const name = atom(cursor).toUpperCase()
  const read = readers[name]
  const argument = read === undefined ? optional(restOfCode)(cursor) : read(cursor)
  cursor.expect(']')
  return { name, ...argument }
}

/** charset: an astring in RFC 3501 §9. */
function charset(cursor: Cursor): string {
  if (!cursor.dialect.rev2) return astring(cursor)
  return cursor.sees('"') ? quoted(cursor) : atom(cursor)
}

function validity(cursor: Cursor): { readonly number: bigint } {
  return { number: BigInt(nzNumber(cursor)) }
}

function setOf(cursor: Cursor): NumberSet {
  cursor.space()
  return numberSet(cursor)
}

function setOfOne(value: number): NumberSet {
  return [[value, value]]
}

/** A single message has a UID, and no set of one (RFC 9051 §7.1). */
function appendUid(cursor: Cursor): Argument {
  const { number: value } = validity(cursor)
  const start = cursor.position
  const set = setOf(cursor)
  const isOne = countOf(set) === 1 && cursor.octets.toString('latin1', start, cursor.position).includes(':')
  if (isOne) cursor.fail('APPENDUID names one message as a range', start)
  return { number: value, sets: [set] }
}

/** Both sets name the same number of messages (RFC 9051 §7.1). */
function copyUid(cursor: Cursor): Argument {
  const { number: value } = validity(cursor)
  const [source, start, target] = [setOf(cursor), cursor.position, setOf(cursor)]
  if (countOf(source) !== countOf(target)) cursor.fail('COPYUID names sets of different sizes', start)
  return { number: value, sets: [source, target] }
}

function metadata(cursor: Cursor): Argument {
  for (const name of ['LONGENTRIES', 'MAXSIZE']) {
    if (cursor.takes(`${name} `)) return { text: name, number: BigInt(number(cursor)) }
  }
  for (const name of ['TOOMANY', 'NOPRIVATE']) if (cursor.takes(name)) return { text: name }
  return cursor.fail('expected LONGENTRIES, MAXSIZE, TOOMANY or NOPRIVATE')
}

const events = [
  'MessageNew',
  'MessageExpunge',
  'FlagChange',
  'AnnotationChange',
  'MailboxName',
  'SubscriptionChange',
  'MailboxMetadataChange',
  'ServerMetadataChange',
]

function eventName(cursor: Cursor): string {
  const start = cursor.position
  const name = atom(cursor)
  const event = events.find((each) => each.toUpperCase() === name.toUpperCase())
  return event ?? cursor.fail('not the name of an event', start)
}

/** `(tag done of)`, each of them NIL where it is not known; what is not counted has no end, which is greater (RFC 9585 §4). */
function progress(cursor: Cursor): Argument {
  cursor.expect('(')
  const tag = nil(cursor) ? undefined : quoted(cursor)
  cursor.space()
  const done = nil(cursor) ? undefined : number(cursor)
  cursor.space()
  const whole = nil(cursor) ? undefined : nzNumber(cursor)
  if (done === undefined && whole !== undefined) cursor.fail('a progress with an end and no state')
  if (done !== undefined && whole !== undefined && done >= whole)
    cursor.fail('a progress that is no less than its end')
  cursor.expect(')')
  return {
    ...(tag === undefined ? {} : { words: [tag] }),
    ...(done === undefined ? {} : { text: `${done}/${whole ?? '?'}` }),
  }
}
