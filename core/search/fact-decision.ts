import type { FactRows } from '../facts/fact-rows.ts'
import { octetText } from '../facts/octet-text.ts'
import type { SearchCriterion } from '../model/search.ts'
import { Pacer } from '../summary/pacer.ts'
import { dayTest } from './day-test.ts'
import { foldText } from './fold-text.ts'
import { type FieldFact, fieldFactOf, type SentCriterion, sentDays } from './header-facts.ts'
import { textFinder } from './text-finder.ts'

// Messages, and characters that are searched, between two looks at the clock.
const atOnce = 1_024
const charactersAtOnce = 262_144
// Of all criteria that are put in together.
const mostRanges = 500_000

/** What is known of a part of a criterion: for which rows it holds (1) or not (0); or what is left of it to be asked. */
type Decision =
  | { readonly holds: Uint8Array; readonly left?: never }
  | { readonly left: SearchCriterion; readonly holds?: never }

/** Decides what facts of some messages decide. */
export class FactDecision {
  readonly #rows: FactRows
  /** Nothing is known of some of the messages, as they were removed. */
  readonly #hasLost: boolean
  readonly #pacer = new Pacer()
  #ranges = 0
  /** Characters since the last look at the clock. */
  #searched = 0

  /** `asked` is of how many messages facts were wanted. */
  constructor(rows: FactRows, asked: number) {
    this.#rows = rows
    this.#hasLost = rows.uids.length < asked
  }

  /** The criterion with UIDs in the place of what is decided; they say nothing of other messages. */
  async decided(criterion: SearchCriterion): Promise<SearchCriterion> {
    const { holds, left } = await this.#decide(criterion)
    return left ?? this.#uidsOf(holds) ?? criterion
  }

  /** Calls itself as deep as the criterion is, which is checked before. */
  async #decide(criterion: SearchCriterion): Promise<Decision> {
    switch (criterion.kind) {
      case 'and':
      case 'or':
        return this.#decideAll(criterion.kind, criterion.of)
      case 'not': {
        const { holds, left } = await this.#decide(criterion.of)
        return left === undefined ? { holds: flipped(holds) } : { left: { kind: 'not', of: left } }
      }
      case 'sent':
        return { holds: await this.#sent(criterion) }
      case 'header': {
        const fact = fieldFactOf(criterion)
        return fact === undefined
          ? { left: criterion }
          : { holds: await this.#withText(fact, criterion.text) }
      }
      default:
        return { left: criterion }
    }
  }

  /** What is known of several is put together, so that little is left to be asked. */
  async #decideAll(kind: 'and' | 'or', criteria: readonly SearchCriterion[]): Promise<Decision> {
    let known: Uint8Array | undefined
    const replaced: SearchCriterion[] = []
    const others: SearchCriterion[] = []
    for (const each of criteria) {
      const { holds, left } = await this.#decide(each)
      if (left !== undefined) others.push(left)
      else {
        replaced.push(each)
        if (known === undefined) known = holds
        else join(kind, known, holds)
      }
    }
    if (known === undefined) return { left: { kind, of: others } }
    if (others.length === 0) return { holds: known }
    const uids = this.#uidsOf(known)
    return { left: { kind, of: uids === undefined ? [...replaced, ...others] : [uids, ...others] } }
  }

  #sent({ is, day }: SentCriterion): Promise<Uint8Array> {
    const days = this.#rows.numbers(sentDays)
    const holds = dayTest(is, day)
    return this.#where((index) => {
      const sent = days[index] as number
      return !Number.isNaN(sent) && holds(sent)
    })
  }

  #withText(fact: FieldFact, text: string): Promise<Uint8Array> {
    const needle = octetText(foldText(text))
    const has = textFinder(needle)
    const holds = (word: string): boolean => {
      this.#searched += word.length
      return needle === '' ? word !== '' : has(word)
    }
    if (fact.kind === 'text') {
      const rows = this.#rows.texts(fact)
      return this.#where((index) => holds(rows.text(index)))
    }
    const { numbers, table } = this.#rows.words(fact)
    // Each different text is looked at once.
    const verdicts = new Map<number, boolean>()
    return this.#where((index) => {
      const number = numbers[index] as number
      const verdict = verdicts.get(number) ?? holds(table.word(number))
      verdicts.set(number, verdict)
      return verdict
    })
  }

  async #where(test: (index: number) => boolean): Promise<Uint8Array> {
    const holds = new Uint8Array(this.#rows.uids.length)
    for (let index = 0; index < holds.length; index += 1) {
      if (test(index)) holds[index] = 1
      if (index % atOnce !== 0 && this.#searched < charactersAtOnce) continue
      this.#searched = 0
      if (this.#pacer.isDue) await this.#pacer.rest()
    }
    return holds
  }

  /** As UIDs; undefined where that would take too much memory. What lies between two rows is decided otherwise, or lost. */
  #uidsOf(holds: Uint8Array): SearchCriterion | undefined {
    const { uids } = this.#rows
    const ranges: { first: number; last: number }[] = []
    let range: { first: number; last: number } | undefined
    for (let index = 0; index < uids.length; index += 1) {
      const uid = uids[index] as number
      if (holds[index] === 0) range = undefined
      else if (range !== undefined && (!this.#hasLost || uid === range.last + 1)) range.last = uid
      else {
        range = { first: uid, last: uid }
        ranges.push(range)
        this.#ranges += 1
        if (this.#ranges > mostRanges) return undefined
      }
    }
    return { kind: 'uids', ranges }
  }
}

function flipped(holds: Uint8Array): Uint8Array {
  return holds.map((value) => 1 - value)
}

/** Puts another one into the first. */
function join(kind: 'and' | 'or', holds: Uint8Array, others: Uint8Array): void {
  for (let index = 0; index < holds.length; index += 1) {
    const other = others[index] as number
    holds[index] = kind === 'and' ? (holds[index] as number) & other : (holds[index] as number) | other
  }
}
