/** Where a command begins: who asks, and what for. */
export interface CommandHead {
  readonly tag: string
  /** In capitals; with the second word for UID commands. */
  readonly name: string
  /** Where the arguments begin, the space before them included. */
  readonly end: number
}

// RFC 9051 §9, tag: any ASTRING-CHAR except "+".
const form = /^([^\x00-\x20\x7f-\xff(){%*"\\+]+) ([a-z0-9.-]{1,40})(?: ([a-z]{1,20})(?= |$))?/i

/**
 * Reads the beginning of a command's first line. Undefined where it is none; `tagOf` may still find whom to answer.
 */
export function readHead(line: string): CommandHead | undefined {
  const matched = form.exec(line)
  if (matched === null) return undefined
  const [whole, tag = '', first = '', second] = matched
  const name = first.toUpperCase()
  if (name === 'UID' && second !== undefined)
    return { tag, name: `UID ${second.toUpperCase()}`, end: whole.length }
  const end = tag.length + 1 + first.length
  return end === line.length || line[end] === ' ' ? { tag, name, end } : undefined
}

/** The tag of a line that is no command; `*` where there is none. */
export function tagOf(line: string): string {
  return /^[^\x00-\x20\x7f-\xff(){%*"\\+]+(?= |$)/.exec(line)?.[0] ?? '*'
}

/** The literal that a line ends with (RFC 9051 §9, RFC 7888). */
export interface LiteralMark {
  readonly size: number
  /** False for a number that no size can be. */
  readonly isNumber64: boolean
  /** The client does not wait for a continuation request. */
  readonly immediate: boolean
  readonly binary: boolean
  /** Where the mark begins. */
  readonly start: number
}

const mark = /^(~?)\{(\d+)(\+?)\}$/

// RFC 9051 §9, number64: 63 bits.
const largestNumber = 9_223_372_036_854_775_807n

/** The mark at the end of a line, or undefined. A size beyond 2^53 is taken for the largest there is. */
export function literalMark(line: string): LiteralMark | undefined {
  if (!line.endsWith('}')) return undefined
  const brace = line.lastIndexOf('{')
  const matched = mark.exec(line.slice(line[brace - 1] === '~' ? brace - 1 : brace))
  if (matched === null) return undefined
  const [whole, tilde, digits, plus] = matched
  return {
    size: Math.min(Number(digits), Number.MAX_SAFE_INTEGER),
    isNumber64: isNumber64(digits),
    immediate: plus === '+',
    binary: tilde === '~',
    start: line.length - whole.length,
  }
}

function isNumber64(digits = ''): boolean {
  const written = digits.replace(/^0+(?=.)/, '')
  return written.length <= 19 && BigInt(written) <= largestNumber
}
