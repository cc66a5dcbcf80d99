/** A quota as the first line of `maildirsize` has it. 0 is no limit. */
export interface QuotaLimits {
  readonly bytes: number
  readonly messages: number
}

/** What lies in a Maildir, or comes to it; negative for what goes. */
export interface QuotaSums {
  readonly bytes: number
  readonly messages: number
}

export const noSums: QuotaSums = { bytes: 0, messages: 0 }

/** What the file `maildirsize` of Maildir++ says. */
export interface MaildirSizes {
  readonly limits: QuotaLimits
  /** Undefined where they cannot be trusted, and all has to be counted anew. */
  readonly sums: QuotaSums | undefined
  /** How many lines the sums were made of. */
  readonly entries: number
}

/** A file of this size or above is not added up any more, but made anew. */
export const maildirSizeLimit = 5120
const longestTrust = 15 * 60 * 1000

const limitForm = /^(\d{1,15})([A-Z])$/
const entryForm = /^[ \t]*(-?\d{1,15})[ \t]+(-?\d{1,15})[ \t]*$/

/**
 * Reads the file: `<n>S,<n>C` (octets, messages), then `<octets> <messages>` a line, which are added up; those of
 * messages that went are negative. Behind the last LF something is being written. Undefined without a first line that
 * tells limits.
 *
 * The sums are not trusted where the file has grown too long, has none, has a line that is none (two programs wrote at
 * once, or the disk was full), or where they are below zero.
 */
export function parseMaildirSize(octets: Buffer): MaildirSizes | undefined {
  const [first, ...lines] = octets.toString('latin1', 0, maildirSizeLimit).split('\n').slice(0, -1)
  const limits = first === undefined ? undefined : parseLimits(first)
  if (limits === undefined) return undefined
  const isLong = octets.length >= maildirSizeLimit
  return { limits, sums: isLong ? undefined : addUp(lines), entries: lines.length }
}

/** Whether there is more than is allowed. */
export function isOver(sums: QuotaSums, limits: QuotaLimits): boolean {
  return (
    (limits.bytes > 0 && sums.bytes > limits.bytes) ||
    (limits.messages > 0 && sums.messages > limits.messages)
  )
}

/**
 * Whether sums that say that there is too much are to be believed: only where they were counted less than 15 minutes
 * ago and nothing was added since. Times are milliseconds since 1970.
 */
export function isFresh({ entries }: MaildirSizes, modified: number, now: number): boolean {
  return entries === 1 && now - modified < longestTrust
}

/**
 * A new file. Where the sums may be wrong by what others did while they were counted, a line of nothing behind them keeps
 * everybody from refusing anything by them.
 */
export function formatMaildirSize(
  { bytes, messages }: QuotaLimits,
  sums: QuotaSums,
  isSure: boolean = true,
): Buffer {
  const limits = [
    ...(bytes > 0 || messages === 0 ? [`${bytes}S`] : []),
    ...(messages > 0 ? [`${messages}C`] : []),
  ]
  const entries = isSure ? [sums] : [sums, noSums]
  return Buffer.concat([Buffer.from(`${limits.join(',')}\n`), ...entries.map(formatMaildirSizeEntry)])
}

/** A line for what came or went, short because all has to be counted anew when the file has grown too long. */
export function formatMaildirSizeEntry({ bytes, messages }: QuotaSums): Buffer {
  return Buffer.from(`${bytes} ${messages}\n`)
}

export function addSums(a: QuotaSums, b: QuotaSums): QuotaSums {
  return { bytes: a.bytes + b.bytes, messages: a.messages + b.messages }
}

/** What went, of what was there. */
export function negativeSums({ bytes, messages }: QuotaSums): QuotaSums {
  return { bytes: -bytes, messages: -messages }
}

function addUp(lines: readonly string[]): QuotaSums | undefined {
  let [bytes, messages] = [0, 0]
  for (const line of lines) {
    const entry = entryForm.exec(line)
    if (entry === null) return undefined
    bytes += Number(entry[1])
    messages += Number(entry[2])
  }
  const isSum = [bytes, messages].every((sum) => Number.isSafeInteger(sum) && sum >= 0)
  return isSum && lines.length > 0 ? { bytes, messages } : undefined
}

function parseLimits(line: string): QuotaLimits | undefined {
  const limits = { S: 0, C: 0 }
  for (const part of line === '' ? [] : line.split(',')) {
    const [, number, letter] = limitForm.exec(part.trim()) ?? []
    if (letter === undefined) return undefined
    if (letter === 'S' || letter === 'C') limits[letter] = Number(number)
  }
  return { bytes: limits.S, messages: limits.C }
}
