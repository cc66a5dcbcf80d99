import { type BatchItem, formatAddress, withoutReversePath } from 'mailwright'

export interface InputSettings {
  readonly flags: ReadonlySet<string>
  /** What ends a line. */
  readonly lineEnd: string
  readonly nullSender: string
  /** For the `From ` line. */
  readonly now: Date
}

/**
 * The message as a program gets it: its lines with other ends, and with what the flags of pipe(8) put in. A Return-Path is in it only by
 * these: a program may answer there (RFC 5321 §4.4).
 */
export async function* programInput(item: BatchItem, settings: InputSettings): AsyncGenerator<Buffer> {
  const { flags, lineEnd } = settings
  yield Buffer.from(
    headLines(item, settings)
      .map((line) => `${line}${lineEnd}`)
      .join(''),
  )
  let rest = ''
  for await (const chunk of (await withoutReversePath(item.message)).stream()) {
    // What is left of the last line comes first; a CR at the end may be half a line end.
    const text = rest + (chunk as Buffer).toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    rest = text.slice(end)
    if (end > 0) yield Buffer.from(convert(text.slice(0, end), flags, lineEnd), 'latin1')
    // A line without an end is passed on in pieces; only its first may get a mark.
    if (rest.length > longestHeld) {
      yield Buffer.from(convert(rest, flags, lineEnd), 'latin1')
      rest = ''
    }
  }
  if (rest !== '') yield Buffer.from(`${convert(rest, flags, lineEnd)}${lineEnd}`, 'latin1')
  if (flags.has('B')) yield Buffer.from(lineEnd)
}

/** Octets of a line that are waited for. */
const longestHeld = 1_048_576

function convert(text: string, flags: ReadonlySet<string>, lineEnd: string): string {
  let lines = text
  if (flags.has('>')) lines = lines.replaceAll(/^From /gm, '>From ')
  if (flags.has('.')) lines = lines.replaceAll(/^\./gm, '..')
  return lineEnd === '\r\n' ? lines : lines.replaceAll('\r\n', lineEnd)
}

function headLines({ reversePath, recipient, route }: BatchItem, settings: InputSettings): readonly string[] {
  const { flags, nullSender, now } = settings
  const lines: string[] = []
  const sender = reversePath === null ? nullSender : formatAddress(reversePath)
  if (flags.has('F')) lines.push(`From ${sender} ${asctime(now)}`)
  if (flags.has('R')) lines.push(`Return-Path: <${reversePath === null ? '' : sender}>`)
  if (flags.has('O')) lines.push(`X-Original-To: ${formatAddress(recipient)}`)
  if (flags.has('D')) lines.push(`Delivered-To: ${formatAddress(route.address)}`)
  return lines
}

/** Such as `Sun Nov 29 13:14:13 2026`. */
function asctime(now: Date): string {
  const [, weekday = '', day = '', month = '', year = '', time = ''] =
    /^(\w{3}), (\d\d) (\w{3}) (\d{4}) ([\d:]{8})/.exec(now.toUTCString()) ?? []
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`
}
