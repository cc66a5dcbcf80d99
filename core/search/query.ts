import type { SearchCriterion, UidRange } from '../model/search.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { dayTest } from './day-test.ts'
import { entryTest } from './entry-test.ts'
import { foldText } from './fold-text.ts'
import type { HeaderSearch, HeaderTerm } from './header-search.ts'
import { invalidCriterion } from './invalid-criterion.ts'
import type { Needle } from './needle-search.ts'
import { textFinder } from './text-finder.ts'

/** What is known of a message when a criterion is applied to it. */
export interface Known {
  readonly entry: MessageEntry
  /** The header, as far as it is known. */
  readonly header?: HeaderSearch
  /** Whether a needle is in the message, where that is known. */
  readonly found?: ((needle: Needle) => boolean | undefined) | undefined
}

/** A criterion that is checked and ready to be applied. */
export interface Query {
  /** Whether a message meets the criterion; undefined where what is known does not decide it. */
  readonly matches: (known: Known) => boolean | undefined
  /** Its nodes: what applying it costs. */
  readonly size: number
  /** Whether anything in it is about the header. */
  readonly needsHeader: boolean
  /** What is looked for in contents, each once. */
  readonly needles: readonly Needle[]
}

const deepest = 100
const largest = 10_000
const longestText = 10_000
const mostNeedles = 200

/**
 * Checks a criterion and makes it ready. `now` is in milliseconds since 1970. MAIL_E_INVALID for what is no criterion,
 * is deeper than 100 levels, has more than 10,000 nodes, or looks for a text of more than 10,000 characters or for more
 * than 200 texts in contents.
 */
export function prepareQuery(criterion: SearchCriterion, now: number): Query {
  const size = checkedSize(criterion)
  const builder = new QueryBuilder(now)
  const { test } = builder.build(criterion)
  return {
    matches: test,
    size,
    needsHeader: builder.needsHeader,
    needles: [...builder.needles.values()],
  }
}

/** Counts the nodes, and refuses what would take too much stack or time; itself without recursion. */
function checkedSize(criterion: SearchCriterion): number {
  const waiting: { criterion: SearchCriterion; depth: number }[] = [{ criterion, depth: 1 }]
  let nodes = 1
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const within = criteriaIn(next.criterion)
    nodes += within.length
    if (nodes > largest) throw invalidCriterion(`it has more than ${largest} nodes`)
    if (within.length > 0 && next.depth === deepest)
      throw invalidCriterion(`it is deeper than ${deepest} levels`)
    for (const each of within) waiting.push({ criterion: each, depth: next.depth + 1 })
  }
  return nodes
}

function criteriaIn(criterion: SearchCriterion): readonly SearchCriterion[] {
  if (criterion.kind === 'and' || criterion.kind === 'or') return criterion.of
  return criterion.kind === 'not' ? [criterion.of] : []
}

const ENTRY = 0
const HEADER = 1
const CONTENT = 2

/** A test, and what it needs to know: tests that need less go first. */
interface RankedTest {
  readonly test: (known: Known) => boolean | undefined
  readonly cost: number
}

class QueryBuilder {
  readonly needles = new Map<string, Needle>()
  readonly #headerTerms = new Map<string, HeaderTerm>()
  needsHeader = false
  readonly #now: number

  constructor(now: number) {
    this.#now = now
  }

  /** Calls itself as deep as the criterion is, which is checked before. */
  build(criterion: SearchCriterion): RankedTest {
    switch (criterion.kind) {
      case 'and':
        return every(withJoinedExclusions(criterion.of).map((each) => this.build(each)))
      case 'or':
        // One of them holds unless for every one of them it does not.
        return negated(every(criterion.of.map((each) => negated(this.build(each)))))
      case 'not':
        return negated(this.build(criterion.of))
      case 'header':
        return this.#header(criterion.field, criterion.text)
      case 'sent':
        return this.#sent(criterion.is, criterion.day)
      case 'body':
      case 'text':
        return this.#content(criterion.text, criterion.kind === 'body')
      default: {
        const test = entryTest(criterion, this.#now)
        if (test === undefined) throw invalidCriterion('a part of it is of no known kind')
        return { test: ({ entry }) => test(entry), cost: ENTRY }
      }
    }
  }

  #header(name: string, text: string): RankedTest {
    this.needsHeader = true
    const field = name.toLowerCase()
    const folded = foldNeedle(text)
    // Neither has a NUL.
    const key = `${field}\0${folded}`
    const term = this.#headerTerms.get(key) ?? { field, folded, isIn: textFinder(folded) }
    this.#headerTerms.set(key, term)
    return { cost: HEADER, test: ({ header }) => header?.has(term) }
  }

  #sent(is: 'before' | 'on' | 'since', written: string): RankedTest {
    this.needsHeader = true
    const holds = dayTest(is, written)
    return {
      cost: HEADER,
      test: ({ header }) => {
        if (header === undefined) return undefined
        const day = header.sentDay
        return day !== undefined && holds(day)
      },
    }
  }

  #content(text: string, inBody: boolean): RankedTest {
    const folded = foldNeedle(text)
    // Every text holds an empty one.
    if (folded === '') return { test: () => true, cost: ENTRY }
    const key = `${inBody} ${folded}`
    const needle = this.needles.get(key) ?? { folded, isIn: textFinder(folded), inBody }
    this.needles.set(key, needle)
    if (this.needles.size > mostNeedles)
      throw invalidCriterion(`it looks for more than ${mostNeedles} texts in contents`)
    return { test: ({ found }) => found?.(needle), cost: CONTENT }
  }
}

/** Clients leave out thousands of messages one by one: `NOT 1 NOT 5 …`. All of them are asked for at once. */
function withJoinedExclusions(criteria: readonly SearchCriterion[]): readonly SearchCriterion[] {
  // The same ranges may be named thousands of times, and be very many.
  const excluded = new Set<readonly UidRange[]>()
  const others: SearchCriterion[] = []
  for (const each of criteria)
    if (each.kind === 'not' && each.of.kind === 'uids') excluded.add(each.of.ranges)
    else others.push(each)
  if (excluded.size < 2) return criteria
  return [...others, { kind: 'not', of: { kind: 'uids', ranges: [...excluded].flat() } }]
}

function every(tests: readonly RankedTest[]): RankedTest {
  const cheapestFirst = tests.toSorted((a, b) => a.cost - b.cost).map(({ test }) => test)
  return {
    cost: tests.reduce((cost, test) => Math.max(cost, test.cost), ENTRY),
    test: (known) => {
      let answer: boolean | undefined = true
      for (const test of cheapestFirst) {
        const one = test(known)
        if (one === false) return false
        if (one === undefined) answer = undefined
      }
      return answer
    },
  }
}

function negated({ test, cost }: RankedTest): RankedTest {
  return {
    cost,
    test: (known) => {
      const answer = test(known)
      return answer === undefined ? undefined : !answer
    },
  }
}

function foldNeedle(text: string): string {
  if (text.length > longestText)
    throw invalidCriterion(`it looks for a text of more than ${longestText} characters`)
  return foldText(text)
}
