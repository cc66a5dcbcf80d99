import type { MessageSummary } from '../model/summary.ts'
import type { Pacer } from '../summary/pacer.ts'
import { sentDay } from './calendar-day.ts'
import { fieldTexts } from './field-texts.ts'
import { namedFields } from './named-fields.ts'

/** A text that is looked for in the fields of a name. */
export interface HeaderTerm {
  /** In lower case. */
  readonly field: string
  /** Folded; every field has an empty one. */
  readonly folded: string
  /** Whether a folded text holds it. */
  readonly isIn: (text: string) => boolean
}

/**
 * Answers what is asked of one header: each field is folded once, however many terms ask for it, and nothing is looked for
 * twice. Where others have waited long enough, it leaves questions open until `goOn`.
 */
export class HeaderSearch {
  readonly #message: Pick<MessageSummary, 'header'>
  readonly #lacks: (field: string) => boolean
  readonly #pacer: Pacer
  readonly #texts = new Map<string, readonly string[]>()
  readonly #answers = new Map<HeaderTerm, boolean | undefined>()
  #sent: { readonly day: number | undefined } | undefined
  /** Whether something was looked for since others had their turn, so that each turn brings an answer at least. */
  #hasWorked = false
  #isCut = false

  /** `lacks` says whether fields of a name (in lower case) may be missing in the header. */
  constructor(message: Pick<MessageSummary, 'header'>, lacks: (field: string) => boolean, pacer: Pacer) {
    this.#message = message
    this.#lacks = lacks
    this.#pacer = pacer
  }

  /** Whether a question was left open because others have to have their turn. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Whether a field of the name has the text; undefined where that is not known, or others are waiting. */
  has(term: HeaderTerm): boolean | undefined {
    if (this.#answers.has(term)) return this.#answers.get(term)
    if (this.#isCut || (this.#hasWorked && this.#pacer.isDue)) {
      this.#isCut = true
      return undefined
    }
    this.#hasWorked = true
    const answer = this.#isThere(term) || (this.#lacks(term.field) ? undefined : false)
    this.#answers.set(term, answer)
    return answer
  }

  /** The day that the Date field names. */
  get sentDay(): number | undefined {
    this.#sent ??= { day: sentDay(this.#message) }
    return this.#sent.day
  }

  /** Lets others have their turn; what was left open can be asked again. */
  async goOn(): Promise<void> {
    await this.#pacer.rest()
    this.#hasWorked = false
    this.#isCut = false
  }

  #isThere({ field, folded, isIn }: HeaderTerm): boolean {
    if (folded === '') return namedFields(this.#message, field).length > 0
    const texts =
      this.#texts.get(field) ?? namedFields(this.#message, field).flatMap((each) => fieldTexts(each, field))
    this.#texts.set(field, texts)
    return texts.some(isIn)
  }
}
