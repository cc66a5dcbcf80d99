const unusual = /["( \t\r\n]/
const white = /[ \t\r\n]/
// A line of a header has no more octets (RFC 5322 §2.1.1), and an id is not folded.
const longest = 998

/**
 * The message-ids (RFC 5322 §3.6.4) in the body of a field, without their brackets and as equal ones are always written:
 * without quotes, comments and white space (RFC 5256 §3). What has no `@` with something on both sides is none. Takes
 * linear time, whatever the text is.
 */
export function* messageIds(text: string): Generator<string> {
  let close = text.indexOf('>')
  for (let from = 0; close !== -1; close = text.indexOf('>', from)) {
    // What an id was begun for and not ended is none.
    const open = text.slice(from, close).lastIndexOf('<')
    const written = open === -1 ? '' : text.slice(from + open + 1, close)
    const id = unusual.test(written) ? plain(written) : written
    const at = id.lastIndexOf('@')
    if (at > 0 && at < id.length - 1 && id.length <= longest) yield id
    from = close + 1
  }
}

/** Without quotes, comments and white space. Where one of them is not closed it stands for itself. */
function plain(written: string): string {
  let id = ''
  let isOpen = false
  for (let at = 0; at < written.length; ) {
    const character = written.charAt(at)
    const isMark = character === '"' || character === '('
    const end = isMark && !isOpen ? endOf(written, at) : undefined
    if (end !== undefined) {
      if (character === '"') id += written.slice(at + 1, end - 1).replace(/\\(.)/gs, '$1')
      at = end
      continue
    }
    isOpen ||= isMark
    if (!white.test(character)) id += character
    at += 1
  }
  return id
}

/** Where the quoted string or comment that begins at a place ends; undefined where it does not. */
function endOf(written: string, start: number): number | undefined {
  const isQuote = written[start] === '"'
  let depth = 1
  for (let at = start + 1; at < written.length; at += 1) {
    const character = written[at]
    if (character === '\\') at += 1
    else if (character === (isQuote ? '"' : ')')) depth -= 1
    else if (!isQuote && character === '(') depth += 1
    if (depth === 0) return at + 1
  }
  return undefined
}
