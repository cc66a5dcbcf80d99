import type { SearchCriterion } from 'mailwright'
import type { ImapArguments, ImapSearchParser, ImapSearchTerm, ImapSession } from 'mailwright/imap'
import { bad, NotUtf8, no, Refusal } from '../engine/result.ts'
import { type TextReading, utf8Reading } from './charset.ts'

// A person's search has three or four; what programs make is flat, as OR that follows OR counts once.
const deepest = 50
const mostKeys = 5_000

const kinds: Readonly<Record<SearchCriterion['kind'], true>> = {
  all: true,
  and: true,
  or: true,
  not: true,
  uids: true,
  flag: true,
  larger: true,
  smaller: true,
  internal: true,
  saved: true,
  sent: true,
  younger: true,
  older: true,
  header: true,
  body: true,
  text: true,
  modSequence: true,
}

const setStart = ['*', '$', ...'0123456789']

/** What a client looks for. */
export interface SearchCriteria {
  readonly term: ImapSearchTerm
  readonly usesModSequence: boolean
  /** Messages are looked for by their numbers. */
  readonly usesNumbers: boolean
}

/**
 * Reads search keys up to the end of the command (RFC 9051 §9, search-key). Refused with LIMIT where they are nested
 * deeper than 50 levels or more than 5,000, and with BADCHARSET where nothing is wrong with them but that a text is not UTF-8.
 */
export function readCriteria(args: ImapArguments, session: ImapSession, text: TextReading): SearchCriteria {
  const parser = new CriteriaParser(args, session, text)
  const terms = [parser.key()]
  while (args.takes(' ')) terms.push(parser.key())
  args.end()
  if (!parser.isUtf8) throw new Refusal(no('A text is not UTF-8', 'BADCHARSET (UTF-8)'))
  // RFC 7162 §3.1: who asks for mod-sequences wants to be told of them from now on.
  if (parser.usesModSequence) session.server.vocabulary.enables.get('CONDSTORE')?.(session)
  const { usesModSequence, usesNumbers } = parser
  return { term: allOf(terms), usesModSequence, usesNumbers }
}

/** A term that holds where all of some hold. */
function allOf(terms: readonly ImapSearchTerm[]): ImapSearchTerm {
  const [only] = terms
  if (only !== undefined && terms.length === 1) return only
  return (scope) => ({ kind: 'and', of: terms.map((term) => term(scope)) })
}

/** What keys of other authors answer is not believed: the store's refusal would not say whose it is. */
function criterionOf(key: string, criterion: SearchCriterion): SearchCriterion {
  const kind: unknown = (criterion as SearchCriterion | undefined)?.kind
  if (typeof kind === 'string' && Object.hasOwn(kinds, kind)) return criterion
  throw new TypeError(
    `the search key ${key} answered a criterion of no known kind: ${String(kind).slice(0, 100)}`,
  )
}

class CriteriaParser implements ImapSearchParser {
  readonly args: ImapArguments
  readonly session: ImapSession
  usesModSequence = false
  usesNumbers = false
  /** Some clients (Jakarta Mail) send texts in any charset, and search themselves where they are answered NO. */
  isUtf8 = true
  readonly #text: TextReading
  #depth = 0
  #keys = 0

  constructor(args: ImapArguments, session: ImapSession, text: TextReading) {
    this.args = args
    this.session = session
    this.#text = text
  }

  key(): ImapSearchTerm {
    this.#keys += 1
    if (this.#depth === deepest) throw new Refusal(no('The search is nested too deeply', 'LIMIT'))
    if (this.#keys > mostKeys) throw new Refusal(no('The search has too many keys', 'LIMIT'))
    this.#depth += 1
    const term = this.#key()
    this.#depth -= 1
    return term
  }

  #key(): ImapSearchTerm {
    const { args, session } = this
    if (args.sees('(')) return allOf(args.list(() => this.key(), 1))
    if (setStart.some((start) => args.sees(start))) return this.#numbers()
    const name = args.word()
    const key = session.server.vocabulary.searchKeys.get(name)
    if (key === undefined) return args.fail(`The search key ${name} is unknown`)
    const term = key(this)
    return (scope) => criterionOf(name, term(scope))
  }

  #numbers(): ImapSearchTerm {
    const set = this.args.sequenceSet()
    // RFC 9586 §3: message numbers are of no use to such a client.
    if (set !== '$' && this.session.enabled.has('UIDONLY'))
      throw new Refusal(bad('Only UIDs are in use', 'UIDREQUIRED'))
    if (set !== '$') this.usesNumbers = true
    return (scope) => ({ kind: 'uids', ranges: scope.ranges(set, false) })
  }

  text(): string {
    const text = this.#text(this.#octets())
    if (text !== undefined) return text
    if (this.#text !== utf8Reading) this.args.fail('The text is not of the charset')
    this.isUtf8 = false
    return ''
  }

  #octets(): string {
    try {
      return this.args.astring()
    } catch (error) {
      if (!(error instanceof NotUtf8)) throw error
      this.isUtf8 = false
      return ''
    }
  }
}
