import type {
  ImapArguments,
  ImapSearchAnswer,
  ImapSearchRequest,
  ImapSearchResult,
  ImapSession,
} from 'mailwright/imap'
import { resultOf } from '../engine/result.ts'

/**
 * Reads `RETURN (…)` where it comes next (RFC 4466 §2.6.1); undefined where it does not. An empty list is ALL
 * (RFC 9051 §6.4.4).
 */
export function readReturns(args: ImapArguments, request: ImapSearchRequest): SearchReturns | undefined {
  if (!args.takes('RETURN (')) return undefined
  const { searchReturns } = request.session.server.vocabulary
  const answers = new Map<string, ImapSearchAnswer>()
  const readOne = (): void => {
    const name = args.word()
    const read = searchReturns.get(name)
    if (read === undefined) args.fail(`The return option ${name} is unknown`)
    if (answers.has(name)) args.fail(`The return option ${name} is given twice`)
    answers.set(name, read(args, request))
  }
  if (!args.takes(')')) {
    readOne()
    while (args.takes(' ')) readOne()
    args.expects(')')
  }
  for (const answer of answers.values()) answer.check?.([...answers.keys()], args)
  const areHints = [...answers.values()].every(({ hint }) => hint === true)
  return areHints ? allReturned(args, request) : new SearchReturns(answers)
}

/** What ESEARCH tells where nobody says what. */
export function allReturned(args: ImapArguments, request: ImapSearchRequest): SearchReturns {
  const all = request.session.server.vocabulary.searchReturns.get('ALL')
  return new SearchReturns(all === undefined ? new Map() : new Map([['ALL', all(args, request)]]))
}

/** The return options of a command. */
export class SearchReturns {
  readonly #answers: readonly ImapSearchAnswer[]

  constructor(answers: ReadonlyMap<string, ImapSearchAnswer>) {
    this.#answers = [...answers.values()]
  }

  /** No ESEARCH response is wanted (RFC 5182 §1). */
  get areSilent(): boolean {
    return this.#answers.length > 0 && this.#answers.every(({ silent }) => silent === true)
  }

  /** What an ESEARCH response tells, behind the correlator. */
  parts(result: ImapSearchResult): readonly string[] {
    return this.#answers.map((answer) => answer.part(result)).filter((part) => part !== '')
  }

  /** UIDs of the messages that the response tells of, ascending; 'all' where that is all that were found. */
  told(result: ImapSearchResult): readonly number[] | 'all' {
    return toldBy(this.#answers, result)
  }

  /** The same without those that are only counted; what SAVE keeps is what is told. */
  named(result: ImapSearchResult): readonly number[] | 'all' {
    const answers = this.#answers
    const naming = answers.some(({ silent }) => silent) ? answers : answers.filter(({ counts }) => !counts)
    return naming.length === 0 && answers.length > 0 ? [] : toldBy(naming, result)
  }

  async answered(result: ImapSearchResult, told: readonly number[]): Promise<void> {
    for (const answer of this.#answers) await answer.answered?.(result, told)
  }

  /** The command fails with an error; where it is a NO, options such as SAVE have to know (RFC 5182 §2.1). */
  refused(session: ImapSession, error: unknown): void {
    if (resultOf(error)?.status === 'BAD') return
    for (const answer of this.#answers) answer.refused?.(session)
  }
}

function toldBy(answers: readonly ImapSearchAnswer[], result: ImapSearchResult): readonly number[] | 'all' {
  const told = new Set<number>()
  const tellers = answers.flatMap(({ tells }) => tells ?? [])
  if (tellers.length === 0) return 'all'
  for (const tells of tellers) {
    if (tells === 'all') return 'all'
    for (const uid of tells(result)) told.add(uid)
  }
  return [...told].sort((one, other) => one - other)
}
