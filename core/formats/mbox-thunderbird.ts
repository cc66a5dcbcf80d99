import { canonicalFlags, isKeyword } from '../model/flags.ts'
import { fieldLookahead, type MboxField } from './mbox-fields.ts'
import { isFolded, type LineDecision, type ReadingRules, UnquotingRules } from './mbox-line-rules.ts'

/** Fields that Thunderbird puts at the beginning of the messages in its mbox files. */
export type ThunderbirdFieldName = 'x-mozilla-status' | 'x-mozilla-status2' | 'x-mozilla-keys'

/** What Thunderbird's fields say of a message. */
export interface ThunderbirdState {
  /** As in RFC 9051, sorted. */
  readonly flags: readonly string[]
  /** It was deleted, and stays in the file only until Thunderbird compacts that. */
  readonly expunged: boolean
}

const fieldForm = /^(x-mozilla-(?:status2?|keys))[ \t]{0,40}:/i
const accountForm = /^x-account-key:/i
// nsMsgMessageFlags of Thunderbird.
const expungedBit = 0x8
const flagBits: readonly (readonly [bit: number, flag: string])[] = [
  [0x1, '\\Seen'],
  [0x2, '\\Answered'],
  [0x4, '\\Flagged'],
  [0x1000, '$Forwarded'],
]

/** The field of Thunderbird that begins at an octet, and the length of its name with the colon. */
export function thunderbirdFieldAt(
  octets: Buffer,
  at: number,
): { readonly name: ThunderbirdFieldName; readonly length: number } | undefined {
  const [whole = '', name = ''] = fieldForm.exec(lineBeginning(octets, at)) ?? []
  return whole === '' ? undefined : { name: name.toLowerCase() as ThunderbirdFieldName, length: whole.length }
}

/** Reads the fields of a message. The first of each name counts. */
export function thunderbirdState(fields: readonly MboxField[]): ThunderbirdState {
  const value = (name: ThunderbirdFieldName): string =>
    fields.find((field) => field.name === name)?.value ?? ''
  const status = value('x-mozilla-status')
  const bits = /^[0-9a-f]{4}$/i.test(status) ? Number.parseInt(status, 16) : 0
  const flags = [
    ...flagBits.filter(([bit]) => (bits & bit) !== 0).map(([, flag]) => flag),
    ...value('x-mozilla-keys').split(/\s+/).filter(isKeyword),
  ]
  return { flags: canonicalFlags(flags) ?? [], expunged: (bits & expungedBit) !== 0 }
}

/**
 * How a message is read from a file that may be Thunderbird's: without its fields too. Only those before everything that
 * came with the message are its own; a sender could write the others.
 */
export class ThunderbirdRules implements ReadingRules {
  readonly #rules: UnquotingRules
  #atBeginning: boolean
  #hiding: boolean

  constructor(rules: UnquotingRules = new UnquotingRules(), atBeginning = true, hiding = false) {
    this.#rules = rules
    this.#atBeginning = atBeginning
    this.#hiding = hiding
  }

  get inHeader(): boolean {
    return this.#rules.inHeader
  }

  decide(octets: Buffer, at: number, quoted: boolean): LineDecision {
    this.#hiding =
      this.#atBeginning &&
      !quoted &&
      ((this.#hiding && isFolded(octets, at)) || thunderbirdFieldAt(octets, at) !== undefined)
    if (this.#hiding) return 'hide'
    const decision = this.#rules.decide(octets, at, quoted)
    if (decision !== 'hide' && !accountForm.test(lineBeginning(octets, at))) this.#atBeginning = false
    return decision
  }

  copy(): ThunderbirdRules {
    return new ThunderbirdRules(this.#rules.copy(), this.#atBeginning, this.#hiding)
  }
}

function lineBeginning(octets: Buffer, at: number): string {
  return octets.toString('latin1', at, Math.min(octets.length, at + fieldLookahead))
}
