import type { Fact, NumberFact, TextFact, WordFact } from '../facts/fact.ts'
import type { FactRows } from '../facts/fact-rows.ts'
import type { MailboxFacts } from '../facts/message-facts.ts'
import { octetText } from '../facts/octet-text.ts'
import type { SearchCriterion, UidRange } from '../model/search.ts'
import type { MessageSummary } from '../model/summary.ts'
import { Pacer } from '../summary/pacer.ts'
import { sentDay } from './calendar-day.ts'
import { dayTest } from './day-test.ts'
import { entriesWithin } from './entries-within.ts'
import { foldText } from './fold-text.ts'
import { namedFields } from './named-fields.ts'
import { prepareQuery } from './query.ts'
import { undecidedEntries } from './search-entries.ts'

// Stands before each field's text. No needle that is looked for here has it.
const fieldStart = '\0'
// Messages or words between two looks at the clock.
const atOnce = 1_024

/** What the fields of a name say, folded as `foldText` folds; empty where a message has none of that name. */
function fieldText(message: MessageSummary, name: string): string {
  const texts = namedFields(message, name).map(({ text }) => fieldStart + foldText(text))
  return octetText(texts.join(''))
}

type FieldFact = WordFact | TextFact

/** Fields that people search by, with what many messages have in common; and the one by which programs do. */
const fieldFacts: ReadonlyMap<string, FieldFact> = new Map([
  ...['bcc', 'cc', 'from', 'subject', 'to'].map((name): [string, FieldFact] => [
    name,
    { kind: 'word', fields: [name], of: (message) => fieldText(message, name) },
  ]),
  ['message-id', { kind: 'text', fields: ['message-id'], of: (message) => fieldText(message, 'message-id') }],
])

/** The day that `sent` compares; NaN where a message has none. */
const sentDays: NumberFact = { kind: 'number', of: (message) => sentDay(message) ?? Number.NaN }

type HeaderCriterion = Extract<SearchCriterion, { kind: 'header' }>
type SentCriterion = Extract<SearchCriterion, { kind: 'sent' }>

/**
 * The same criterion with UIDs in the place of what is asked about From, To, Cc, Bcc, Subject, Message-ID and Date: of those messages
 * of the mailbox that need to be asked, by what is known of them or read once for all who search later. Holds as long as
 * the mailbox is not refreshed. `now` is in milliseconds since 1970. Fails as `searchEntries` and the mailbox do.
 */
export async function decideByFacts(
  facts: MailboxFacts,
  criterion: SearchCriterion,
  now: number,
): Promise<SearchCriterion> {
  const query = prepareQuery(criterion, now)
  const needed = new Set<Fact>()
  collectFacts(criterion, needed)
  if (needed.size === 0) return criterion
  const open = await undecidedEntries(entriesWithin(facts.mailbox.entries, criterion), query)
  if (open.length === 0) return criterion
  const rows = await facts.load(
    [...needed],
    open.map(({ uid }) => uid),
  )
  return new Deciding(rows, open.length).decided(criterion)
}

function collectFacts(criterion: SearchCriterion, facts: Set<Fact>): void {
  if (criterion.kind === 'and' || criterion.kind === 'or')
    for (const each of criterion.of) collectFacts(each, facts)
  else if (criterion.kind === 'not') collectFacts(criterion.of, facts)
  else {
    const fact = factOf(criterion)
    if (fact !== undefined) facts.add(fact)
  }
}

function factOf(criterion: SearchCriterion): Fact | undefined {
  if (criterion.kind === 'sent') return sentDays
  return criterion.kind === 'header' ? fieldFactOf(criterion) : undefined
}

function fieldFactOf({ field, text }: HeaderCriterion): FieldFact | undefined {
  // As octets half a character would be another one.
  return text.includes(fieldStart) || !text.isWellFormed() ? undefined : fieldFacts.get(field.toLowerCase())
}

class Deciding {
  readonly #rows: FactRows
  /** Nothing is known of some of the messages, as they were removed. */
  readonly #hasLost: boolean
  readonly #pacer = new Pacer()

  constructor(rows: FactRows, asked: number) {
    this.#rows = rows
    this.#hasLost = rows.uids.length < asked
  }

  async decided(criterion: SearchCriterion): Promise<SearchCriterion> {
    switch (criterion.kind) {
      case 'and':
      case 'or': {
        const of: SearchCriterion[] = []
        for (const each of criterion.of) of.push(await this.decided(each))
        return { kind: criterion.kind, of }
      }
      case 'not':
        return { kind: 'not', of: await this.decided(criterion.of) }
      case 'sent':
        return { kind: 'uids', ranges: await this.#sent(criterion) }
      case 'header': {
        const fact = fieldFactOf(criterion)
        return fact === undefined
          ? criterion
          : { kind: 'uids', ranges: await this.#withText(fact, criterion.text) }
      }
      default:
        return criterion
    }
  }

  #sent({ is, day }: SentCriterion): Promise<readonly UidRange[]> {
    const days = this.#rows.numbers(sentDays)
    const holds = dayTest(is, day)
    return this.#where((index) => {
      const sent = days[index] as number
      return !Number.isNaN(sent) && holds(sent)
    })
  }

  #withText(fact: FieldFact, text: string): Promise<readonly UidRange[]> {
    const needle = octetText(foldText(text))
    const holds = (word: string): boolean => (needle === '' ? word !== '' : word.includes(needle))
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

  /** The messages for which a test holds. What lies between two that follow each other here is decided otherwise, or lost. */
  async #where(holds: (index: number) => boolean): Promise<readonly UidRange[]> {
    const { uids } = this.#rows
    const ranges: { first: number; last: number }[] = []
    let range: { first: number; last: number } | undefined
    for (let index = 0; index < uids.length; index += 1) {
      const uid = uids[index] as number
      if (!holds(index)) range = undefined
      else if (range !== undefined && (!this.#hasLost || uid === range.last + 1)) range.last = uid
      else {
        range = { first: uid, last: uid }
        ranges.push(range)
      }
      if (index % atOnce === 0 && this.#pacer.isDue) await this.#pacer.rest()
    }
    return ranges
  }
}
