import type { MessageSummary } from '../model/summary.ts'

/*
 * Facts are read from a message once and never change, as messages do not. A fact is known by its object, so it is
 * defined once, as a constant of a module. All its texts are octet texts: one character an octet; see `octetText`.
 */

/** What every fact says of how it is read. */
interface FactSource {
  /**
   * Fields, by their names in lower case, that must be whole: where a summary has left one out as too large
   * (`MessageSummary.omitted`), the header of the message itself is read.
   */
  readonly fields?: readonly string[]
}

/** A number of each message. */
export interface NumberFact extends FactSource {
  readonly kind: 'number'
  /** Any number, infinite and NaN too. */
  readonly of: (message: MessageSummary) => number
}

/** A text that many messages share, or by which they are put in order. Each different one is kept once. */
export interface WordFact extends FactSource {
  readonly kind: 'word'
  readonly of: (message: MessageSummary) => string
}

/** A text of each message that is wanted as it is, such as a ready-made part of an answer. */
export interface TextFact extends FactSource {
  readonly kind: 'text'
  readonly of: (message: MessageSummary) => string
}

/**
 * Names that are only compared, several of each message. Kept is a number for each different one and not the name
 * itself, 0 for an empty one; two different names get the same number once in 2^53.
 */
export interface IdentifierFact extends FactSource {
  readonly kind: 'identifiers'
  readonly of: (message: MessageSummary) => readonly string[]
}

export type Fact = NumberFact | WordFact | TextFact | IdentifierFact
