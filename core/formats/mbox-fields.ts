import { canonicalFlags, isKeyword, systemFlags } from '../model/flags.ts'
import type { ThunderbirdFieldName } from './mbox-thunderbird.ts'

/**
 * Fields that programs put into the headers of an mbox file for themselves. They are no part of the messages:
 * UW-imapd, Dovecot and alpine keep UIDs and flags there, mutt and others the extent of the body.
 */
export type MboxFieldName =
  | 'status'
  | 'x-status'
  | 'x-keywords'
  | 'x-uid'
  | 'x-uidl'
  | 'x-imap'
  | 'x-imapbase'
  | 'content-length'
  | 'lines'

/** Where such a field stands in the file; all places are offsets of octets. */
export interface MboxField {
  readonly name: MboxFieldName | ThunderbirdFieldName
  readonly start: number
  /** Behind the colon. */
  readonly valueStart: number
  /** Before the line end of the field's first line. */
  readonly valueEnd: number
  /** Behind the line end of its last line. */
  readonly end: number
  /** Without the space around it; empty where it is too long to be meant. */
  readonly value: string
}

/** What `X-IMAPbase` (or, in the message that UW-imapd makes for it, `X-IMAP`) says of the mailbox. */
export interface MboxBase {
  readonly uidValidity: number
  /** The highest UID that was given. */
  readonly lastUid: number
  /** Keywords that the mailbox knows. */
  readonly keywords: readonly string[]
}

/** What the fields of a message say. */
export interface MboxState {
  /** As in RFC 9051, sorted. */
  readonly flags: readonly string[]
  readonly uid?: number
  /** What a POP3 server has told clients (RFC 1939 §7), as qpopper and others keep it. */
  readonly uidl?: string
  readonly base?: MboxBase
  /** Whether it is no message, but UW-imapd's own at the beginning of the file. */
  readonly internal: boolean
}

const names: readonly MboxFieldName[] = [
  'status',
  'x-status',
  'x-keywords',
  'x-uid',
  'x-uidl',
  'x-imapbase',
  'x-imap',
  'content-length',
  'lines',
]
const longestName = 14
const firstOctets = new Set(
  ['s', 'x', 'c', 'l'].flatMap((letter) => [letter, letter.toUpperCase()]).map(octetOf),
)
const nameForm = new RegExp(`^(${names.join('|')})[ \\t:]`, 'i')
const fieldForm = new RegExp(`^(${names.join('|')})[ \\t]{0,40}:`, 'i')

/** Octets of a line that tell whether it is one of these fields. */
export const fieldLookahead = 64

function octetOf(text: string): number {
  return text.charCodeAt(0)
}

/** Whether a line of a header could be taken for one of these fields by somebody. */
export function resemblesField(octets: Buffer, at: number): boolean {
  if (!firstOctets.has(octets[at] ?? 0)) return false
  return nameForm.test(octets.toString('latin1', at, Math.min(octets.length, at + longestName + 1)))
}

/** The field that begins at an octet, and the length of its name with the colon. */
export function fieldAt(
  octets: Buffer,
  at: number,
): { readonly name: MboxFieldName; readonly length: number } | undefined {
  if (!firstOctets.has(octets[at] ?? 0)) return undefined
  const match = fieldForm.exec(octets.toString('latin1', at, Math.min(octets.length, at + fieldLookahead)))
  const [whole = '', name = ''] = match ?? []
  return match === null ? undefined : { name: name.toLowerCase() as MboxFieldName, length: whole.length }
}

const flagOfStatus: Readonly<Record<string, string>> = { R: '\\Seen' }
const flagOfXStatus: Readonly<Record<string, string>> = {
  A: '\\Answered',
  D: '\\Deleted',
  F: '\\Flagged',
  T: '\\Draft',
}
const highestUid = 4_294_967_295

/** Reads the fields of a message. The first of each name counts. */
export function mboxState(fields: readonly MboxField[]): MboxState {
  const value = (name: MboxFieldName): string => fields.find((field) => field.name === name)?.value ?? ''
  const flags = [
    ...lettersIn(value('status'), flagOfStatus),
    ...lettersIn(value('x-status'), flagOfXStatus),
    ...keywordsIn(value('x-keywords')),
  ]
  const uid = numberIn(value('x-uid'))
  const uidl = /^[\x21-\x7e]{1,70}$/.exec(value('x-uidl'))?.[0]
  const internal = fields.some(({ name }) => name === 'x-imap')
  const base = baseIn(value(internal ? 'x-imap' : 'x-imapbase'))
  return {
    flags: canonicalFlags(flags) ?? [],
    ...(uid === undefined ? {} : { uid }),
    ...(uidl === undefined ? {} : { uidl }),
    ...(base === undefined ? {} : { base }),
    internal: internal && base !== undefined,
  }
}

function lettersIn(value: string, meaning: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(meaning)
    .filter(([letter]) => value.includes(letter))
    .map(([, flag]) => flag)
}

function keywordsIn(value: string): readonly string[] {
  return value.split(/\s+/).filter(isKeyword)
}

/** A UID or UIDVALIDITY; undefined for what is none. */
function numberIn(value: string): number | undefined {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : 0
  return number >= 1 && number <= highestUid ? number : undefined
}

function baseIn(value: string): MboxBase | undefined {
  const [first = '', second = '', ...rest] = value.split(/\s+/)
  const uidValidity = numberIn(first)
  if (uidValidity === undefined || !/^\d{1,10}$/.test(second) || Number(second) > highestUid) return undefined
  return { uidValidity, lastUid: Number(second), keywords: rest.filter(isKeyword) }
}

/** What the fields of a message are to say. */
export interface MboxFieldValues {
  readonly flags: readonly string[]
  /** Letters of `Status` and `X-Status` that stand for no flag of ours, such as `O`; empty where there are none. */
  readonly others?: { readonly status: string; readonly xStatus: string }
  readonly uid?: number
  readonly uidl?: string | undefined
  /** For the first message of a file. `room` leaves place for one that is not known yet. */
  readonly base?: MboxBase | 'room'
}

const roomForKeywords = 32
const widestBase = 512

/**
 * The fields as lines, padded with spaces so that later changes have room where they stand. `end` is the line end of
 * the file.
 */
export function formatMboxFields(values: MboxFieldValues, end = '\n'): string {
  const { base, uid, uidl } = values
  const lines = [
    ...(base === undefined ? [] : [`X-IMAPbase: ${formatBase(base)}`]),
    `X-UID: ${String(uid ?? '').padEnd(10)}`,
    ...(uidl === undefined ? [] : [`X-UIDL: ${uidl}`]),
    `Status: ${statusLetters(values).padEnd(2)}`,
    `X-Status: ${xStatusLetters(values).padEnd(4)}`,
    `X-Keywords: ${keywordText(values).padEnd(roomForKeywords)}`,
  ]
  return lines.map((line) => line + end).join('')
}

/** The value of `Status`: `R` for `\Seen`, and letters that stand for no flag. */
export function statusLetters({ flags, others }: MboxFieldValues): string {
  return lettersFor(flags, flagOfStatus) + (others?.status ?? '')
}

/** The value of `X-Status`. */
export function xStatusLetters({ flags, others }: MboxFieldValues): string {
  return lettersFor(flags, flagOfXStatus) + (others?.xStatus ?? '')
}

/** The value of `X-Keywords`. */
export function keywordText({ flags }: MboxFieldValues): string {
  return flags.filter((flag) => !systemFlags.includes(flag)).join(' ')
}

/** Letters of these fields that stand for none of our flags, to be kept. */
export function otherLetters(fields: readonly MboxField[]): {
  readonly status: string
  readonly xStatus: string
} {
  const letters = (name: MboxFieldName, meaning: Readonly<Record<string, string>>): string => {
    const value = fields.find((field) => field.name === name)?.value ?? ''
    return [...new Set(value)]
      .filter((letter) => /[A-Z]/.test(letter) && !Object.hasOwn(meaning, letter))
      .join('')
  }
  return { status: letters('status', flagOfStatus), xStatus: letters('x-status', flagOfXStatus) }
}

/** The value of `X-IMAPbase`, of a width that does not change with the numbers. */
export function formatBase(base: MboxBase | 'room'): string {
  if (base === 'room') return ' '.repeat(21 + roomForKeywords)
  const number = (value: number): string => String(value).padStart(10, '0')
  let text = `${number(base.uidValidity)} ${number(base.lastUid)}`
  for (const keyword of base.keywords) if (text.length + keyword.length < widestBase) text += ` ${keyword}`
  return text.padEnd(21 + roomForKeywords)
}

function lettersFor(flags: readonly string[], meaning: Readonly<Record<string, string>>): string {
  return Object.entries(meaning)
    .filter(([, flag]) => flags.includes(flag))
    .map(([letter]) => letter)
    .join('')
}
