/** A command as the client gave it. */
export interface Command {
  /** In capitals. */
  readonly keyword: string
  /** All that follows the first space, as it is: a password may contain spaces. Empty where nothing follows. */
  readonly rest: string
}

/** RFC 2449 §4: a command has at most 255 octets with its CRLF. */
export const commandLimit = 255

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const keywordForm = /^[A-Z0-9]+$/
const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/

/** Reads a line without its line end. Undefined for what is no command: controls, octets that are not UTF-8, no word. */
export function parseCommand(line: Buffer): Command | undefined {
  const text = decodeText(line)
  if (text === undefined || controls.test(text)) return undefined
  const space = text.indexOf(' ')
  const keyword = (space === -1 ? text : text.slice(0, space)).toUpperCase()
  if (!keywordForm.test(keyword)) return undefined
  return { keyword, rest: space === -1 ? '' : text.slice(space + 1) }
}

/** Undefined for octets that are not UTF-8. */
function decodeText(octets: Buffer): string | undefined {
  try {
    return utf8.decode(octets)
  } catch {
    return undefined
  }
}

/** The words after the keyword; spaces around them do not count. */
export function words(rest: string): readonly string[] {
  return rest.split(' ').filter((word) => word !== '')
}

/** Decimal digits and nothing else, without leading zeros, up to ten of them. */
export function parseNumber(word: string): number | undefined {
  return /^(?:0|[1-9]\d{0,9})$/.test(word) ? Number(word) : undefined
}

const httpMethods = new Set(['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT'])

/** A browser that was made to talk to us: whatever follows is somebody else's text, not a client's commands. */
export function isHttp(command: Command): boolean {
  return httpMethods.has(command.keyword)
}
