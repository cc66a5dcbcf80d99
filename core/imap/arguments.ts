import type { Content } from '../model/content.ts'

/** A literal as it came. */
export interface ImapLiteral {
  readonly content: Content
  /** Octets, where the literal is at most 4 KiB. */
  readonly octets: Buffer | undefined
  /** literal8 (RFC 9051 §4.3.1): it may hold NUL. */
  readonly binary: boolean
}

/**
 * The arguments of a command, read from left to right. Every method fails as `fail` does where something else stands
 * there: the client is answered BAD.
 */
export interface ImapArguments {
  /** Nothing is left. */
  readonly atEnd: boolean
  /** Ends the command with BAD and this text. */
  fail(problem: string): never
  /** One space. */
  space(): void
  /** Nothing may be left. */
  end(): void
  /** Whether this comes next; it is not taken. Letters are compared without regard to case. */
  sees(text: string): boolean
  /** Takes this where it comes next. */
  takes(text: string): boolean
  /** Takes this, which must come next. */
  expects(text: string): void
  /** An atom. */
  atom(): string
  /** Letters, digits and `.`, `-`, in capitals: a keyword of the protocol that may have `[` behind it. */
  word(): string
  /** RFC 9051 §9 astring; of a literal as octets. */
  astring(): string
  /** Quoted or literal. */
  string(): string
  /** String or NIL. */
  nstring(): string | undefined
  /** 0 to 4,294,967,295; nz-number where `least` is 1. */
  number(least?: 0 | 1): number
  /** 0 to 2^63-1, as sizes and mod-sequences are (RFC 7162 §7, RFC 9051 §9); above 2^53-1 it counts as that. */
  number64(): number
  /** An astring as text: UTF-8, or undefined where it is not. */
  text(): string | undefined
  /** A mailbox's name as the store knows it. */
  mailbox(): string
  /** A mailbox's name with wildcards (RFC 9051 §6.3.9), as text; undefined for what no name can be like. */
  mailboxPattern(): string | undefined
  /** Numbers of messages: `1:5,7,*` or `$`. */
  sequenceSet(): ImapSequenceSet
  /** Flags in parentheses, or without where `bare` is set. Checked and canonical; `\Recent` is none. */
  flags(bare?: boolean): readonly string[]
  /** `" 1-Jan-2026 12:00:00 +0000"`. */
  dateTime(): Date
  /** `1-Jan-2026`, quoted or not, as `2026-01-01`. */
  date(): `${number}-${number}-${number}`
  /** `(` items with spaces between `)`. At least one where `least` is 1. */
  list<Item>(item: () => Item, least?: 0 | 1): Item[]
  /** The literal that comes next, however large. */
  literal(): ImapLiteral
  /** What is left, as it stands. Only for commands that have a syntax of their own. */
  rest(): string
}

/** Ranges of message numbers as a client gave them; `*` is `Infinity`, and `$` the saved result (RFC 5182). */
export type ImapSequenceSet = readonly { readonly first: number; readonly last: number }[] | '$'
