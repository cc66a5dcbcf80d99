import type { Fact, NumberFact, TextFact, WordFact } from '../facts/fact.ts'
import { octetText } from '../facts/octet-text.ts'
import type { SearchCriterion } from '../model/search.ts'
import type { MessageSummary } from '../model/summary.ts'
import { sentDay } from './calendar-day.ts'
import { fieldTexts } from './field-texts.ts'
import { namedFields } from './named-fields.ts'

// Stands before each field's text. No needle that is looked for here has it.
const fieldStart = '\0'

/** What the fields of a name are searched in, folded as `foldText` folds; empty where a message has none of that name. */
function fieldText(message: MessageSummary, name: string): string {
  const texts = namedFields(message, name).flatMap((field) => fieldTexts(field, name))
  return octetText(texts.map((text) => fieldStart + text).join(''))
}

/** What the fields of a name say, as texts of octets. */
export type FieldFact = WordFact | TextFact

/** Fields that people search by, with what many messages have in common; and the one by which programs do. */
const fieldFacts: ReadonlyMap<string, FieldFact> = new Map([
  ...['bcc', 'cc', 'from', 'subject', 'to'].map((name): [string, FieldFact] => [
    name,
    { kind: 'word', fields: [name], of: (message) => fieldText(message, name) },
  ]),
  ['message-id', { kind: 'text', fields: ['message-id'], of: (message) => fieldText(message, 'message-id') }],
])

/** The day that `sent` compares; NaN where a message has none. */
export const sentDays: NumberFact = { kind: 'number', of: (message) => sentDay(message) ?? Number.NaN }

export type HeaderCriterion = Extract<SearchCriterion, { kind: 'header' }>
export type SentCriterion = Extract<SearchCriterion, { kind: 'sent' }>

/** The fact that decides a criterion; undefined where none does. */
export function factOf(criterion: SearchCriterion): Fact | undefined {
  if (criterion.kind === 'sent') return sentDays
  return criterion.kind === 'header' ? fieldFactOf(criterion) : undefined
}

/** The same for a header field; a text in it has the needle where the field has. */
export function fieldFactOf({ field, text }: HeaderCriterion): FieldFact | undefined {
  // As octets half a character would be another one.
  return text.includes(fieldStart) || !text.isWellFormed() ? undefined : fieldFacts.get(field.toLowerCase())
}
