import { isAscii, isUtf8 } from 'node:buffer'

/** A command as the client wrote it. */
export interface CommandLine {
  /** In capitals. */
  readonly verb: string
  /** What follows the verb, without the white space around it. */
  readonly argument: string
}

const control = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/
const form = /^([^ \t]*)[ \t]*(.*)$/s

/** Reads a line as text. Undefined where it has control characters but the tab, or octets that are not UTF-8 (RFC 6531 §3.3). */
export function lineText(octets: Buffer): string | undefined {
  if (!isAscii(octets) && !isUtf8(octets)) return undefined
  const text = octets.toString('utf8')
  return control.test(text) ? undefined : text
}

/** Takes a command line apart. RFC 5321 §4.1.1: white space at its end is tolerated. */
export function parseCommandLine(text: string): CommandLine {
  const [, verb = '', argument = ''] = form.exec(text) ?? []
  return { verb: verb.toUpperCase(), argument: argument.trimEnd() }
}

/** What a browser would say when a page sends it here, to make it speak SMTP (ALPACA, CVE-2021-3618). */
export function isHttpRequest(text: string): boolean {
  return /^(?:CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PRI|PUT|TRACE) .* HTTP\/\d/i.test(
    text.slice(0, 2048),
  )
}
