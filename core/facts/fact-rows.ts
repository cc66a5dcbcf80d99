import type { Fact, IdentifierFact, NumberFact, TextFact, WordFact } from './fact.ts'
import { IdentifierColumn, type IdentifierRows } from './identifier-column.ts'
import { NumberColumn } from './number-column.ts'
import { TextColumn, type TextRows } from './text-column.ts'
import { WordColumn, type WordRows } from './word-column.ts'

export type AnyColumn = NumberColumn | WordColumn | TextColumn | IdentifierColumn

/** An empty column for a fact. */
export function newColumn(fact: Fact): AnyColumn {
  switch (fact.kind) {
    case 'number':
      return new NumberColumn(fact)
    case 'word':
      return new WordColumn(fact)
    case 'text':
      return new TextColumn(fact)
    case 'identifiers':
      return new IdentifierColumn(fact)
  }
}

/** Facts of some messages. They stay as they are, whatever the cache drops. */
export class FactRows {
  /** The messages, ascending by UID; what is asked for is in the same order. */
  readonly uids: readonly number[]
  /** How many of the messages that were asked for they are of, from the first one on, those that are gone included. */
  readonly asked: number
  readonly #slots: Uint32Array
  readonly #columns: ReadonlyMap<Fact, AnyColumn>

  constructor(
    uids: readonly number[],
    slots: Uint32Array,
    columns: ReadonlyMap<Fact, AnyColumn>,
    asked: number = uids.length,
  ) {
    this.uids = uids
    this.asked = asked
    this.#slots = slots
    this.#columns = columns
  }

  numbers(fact: NumberFact): Float64Array {
    const column = this.#columns.get(fact)
    return column instanceof NumberColumn ? column.values(this.#slots) : notLoaded()
  }

  words(fact: WordFact): WordRows {
    const column = this.#columns.get(fact)
    return column instanceof WordColumn ? column.rows(this.#slots) : notLoaded()
  }

  texts(fact: TextFact): TextRows {
    const column = this.#columns.get(fact)
    return column instanceof TextColumn ? column.rows(this.#slots) : notLoaded()
  }

  identifiers(fact: IdentifierFact): IdentifierRows {
    const column = this.#columns.get(fact)
    return column instanceof IdentifierColumn ? column.rows(this.#slots) : notLoaded()
  }
}

function notLoaded(): never {
  throw new TypeError('this fact was not loaded')
}
