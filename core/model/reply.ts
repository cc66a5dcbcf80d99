/**
 * An SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 3463). Other protocols translate it: a 4yz is their
 * "try later", a 5yz their "no".
 */
export interface Reply {
  /** 200 to 599. */
  readonly code: number
  /** `class.subject.detail`, such as `5.7.1`; its class agrees with the code. Absent where RFC 2034 has none. */
  readonly enhanced: string | undefined
  /** The text for people; one string a line. No line holds a control character. */
  readonly lines: readonly string[]
}

// RFC 5321 §4.5.3.1.5: a reply line is at most 512 octets, with code and CRLF.
const longestLine = 480
const unprintable = /[\u0000-\u001f\u007f-\u009f]/
const enhancedForm = /^([245])\.\d{1,3}\.\d{1,3}$/

/**
 * Builds a reply. Texts that could break out of a reply line are refused with a RangeError: a caller who wants to show
 * foreign text cleans it first with {@link replyText}.
 */
export function reply(code: number, enhanced: string | undefined, text: string | readonly string[]): Reply {
  const lines = typeof text === 'string' ? [text] : [...text]
  const candidate: Reply = Object.freeze({ code, enhanced, lines: Object.freeze(lines) })
  const fault = replyFault(candidate)
  if (fault !== undefined) throw new RangeError(`not a valid reply: ${fault}`)
  return candidate
}

/** What is wrong with a value that should be a reply, or undefined. For answers of plugins, which may be anything. */
export function replyFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is not an object'
  const { code, enhanced, lines } = value as Partial<Reply>
  if (!Number.isInteger(code) || (code ?? 0) < 200 || (code ?? 0) > 599) return 'its code is not 200 to 599'
  if (enhanced !== undefined) {
    const match = typeof enhanced === 'string' ? enhancedForm.exec(enhanced) : null
    if (match === null) return 'its enhanced status code is malformed'
    if (match[1] !== String(code)[0]) return 'its enhanced status code is of another class than its code'
  }
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > 100) return 'it has no lines of text'
  for (const line of lines) {
    if (typeof line !== 'string') return 'a line is not a string'
    if (unprintable.test(line)) return 'a line holds a control character'
    if (Buffer.byteLength(line) > longestLine) return 'a line is too long'
  }
  return undefined
}

/** Foreign text made fit for a reply line: controls become `?`, and what is too long is cut. */
export function replyText(text: string): string {
  const clean = text.slice(0, longestLine).replaceAll(new RegExp(unprintable, 'g'), '?')
  return Buffer.byteLength(clean) <= longestLine
    ? clean
    : Buffer.from(clean)
        .subarray(0, longestLine)
        .toString()
        .replace(/\ufffd+$/, '')
}

/**
 * A reply that has an enhanced status code: where another server gave none, that of its class with "other" (RFC 3463 §3.1). A server
 * that offers them has one in every 2yz, 4yz and 5yz (RFC 2034 §4).
 */
export function withEnhancedCode(value: Reply): Reply {
  return value.enhanced !== undefined ? value : { ...value, enhanced: `${String(value.code).charAt(0)}.0.0` }
}

/** A 4yz or 5yz. */
export function isRefusal(value: Reply): boolean {
  return value.code >= 400
}

/** A 4yz: the client should try again later. */
export function isTransient(value: Reply): boolean {
  return value.code >= 400 && value.code < 500
}

/** A 5yz: the client should not try again. */
export function isPermanent(value: Reply): boolean {
  return value.code >= 500
}

/** The octets on the wire without the last CRLF: `250-…` lines and one `250 …` (RFC 5321 §4.2.1). */
export function formatReply(value: Reply): string {
  const prefix = value.enhanced === undefined ? '' : `${value.enhanced} `
  return value.lines
    .map((line, index) => `${value.code}${index === value.lines.length - 1 ? ' ' : '-'}${prefix}${line}`)
    .join('\r\n')
}

/** The answer whenever something of ours fails: never acceptance, never for good (DESIGN §3). */
export const localError: Reply = reply(451, '4.3.0', 'Local error in processing, try again later')
