import { isKeyword } from '../../model/flags.ts'
import { parseMaildirFileName } from './file-name.ts'
import { endedLines } from './lines.ts'

/** The directory in a mailbox where Courier keeps its keywords. */
export const courierKeywordsDirectory = 'courierimapkeywords'
/** The file in it that speaks of all messages. */
export const courierKeywordListFile = ':list'

/** Keywords by the file's name without flags. */
export type CourierKeywords = ReadonlyMap<string, readonly string[]>

/**
 * Reads the file that speaks of all messages: keywords, one a line; an empty line; `<file name without flags>:<number>
 * <number> …` with places in the list of keywords, from 0. What is wrong is passed over, as Courier does, and so is a
 * last line without LF, whose last number may be cut off.
 */
export function parseCourierKeywordList(octets: Buffer): CourierKeywords {
  const lines = endedLines(octets)
  const names = keywordsUpToEmptyLine(lines)
  const keywords = new Map<string, readonly string[]>()
  for (const line of lines) {
    const colon = line?.indexOf(':') ?? -1
    const base = parseMaildirFileName(line?.slice(0, colon) ?? '')?.base
    if (line === undefined || colon <= 0 || base === undefined) continue
    const numbers = line
      .slice(colon + 1)
      .split(' ')
      .filter((number) => /^\d{1,6}$/.test(number))
    keywords.set(base, known(numbers.map((number) => names[Number(number)])))
  }
  return keywords
}

/** Reads a file that speaks of one message: its keywords, one a line, up to an empty line or the end. */
export function parseCourierKeywordFile(octets: Buffer): readonly string[] {
  return known(keywordsUpToEmptyLine(endedLines(octets)))
}

/** Which message a file in the directory speaks of. */
interface KeywordFileName {
  readonly base: string
  /** Later files have higher numbers. */
  readonly age: number
}

/**
 * Which of the files in the directory counts for each message, by the message's file name without flags: the newest of
 * those that speak of it. Others are left out: the list of all, and files that are being written.
 */
export function newestCourierKeywordFiles(names: readonly string[]): ReadonlyMap<string, string> {
  const newest = new Map<string, { readonly name: string; readonly age: number }>()
  for (const name of names) {
    const parsed = parseKeywordFileName(name)
    if (parsed === undefined || (newest.get(parsed.base)?.age ?? 0) >= parsed.age) continue
    newest.set(parsed.base, { name, age: parsed.age })
  }
  return new Map([...newest].map(([base, { name }]) => [base, name]))
}

/**
 * Takes the name of a file in the directory apart: `<base>` is the newest; `.<number>.<base>` has been noticed, in that
 * many-th five minutes. Undefined for others: the list of all, and files that are being written.
 */
function parseKeywordFileName(name: string): KeywordFileName | undefined {
  if (name.startsWith(':')) return undefined
  const [, number, noticed] = /^\.([1-9]\d{0,14})\.(.+)$/.exec(name) ?? []
  const base = parseMaildirFileName(noticed ?? name)?.base
  if (base === undefined) return undefined
  return { base, age: number === undefined ? Number.POSITIVE_INFINITY : Number(number) }
}

function keywordsUpToEmptyLine(lines: Generator<string | undefined>): readonly (string | undefined)[] {
  const names: (string | undefined)[] = []
  for (let { value, done } = lines.next(); done !== true && value !== ''; { value, done } = lines.next())
    names.push(value)
  return names
}

function known(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names)].filter((name) => name !== undefined && isKeyword(name)) as string[]
}
