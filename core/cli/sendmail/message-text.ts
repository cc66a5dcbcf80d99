const LF = 0x0a
const CR = 0x0d
const lineAndDot = Buffer.from('\n.')
const lineAndDotAndCr = Buffer.from('\n.\r')
const postmark = /^>*From /
// A postmark is a line with an address and a date.
const longestPostmark = 4_096

/**
 * The message in what a program writes to `sendmail`: without the `From ` lines of mboxes at its top, and, unless dots are text, up
 * to a line that holds a dot alone. Line ends stay as they are. Keeps no more than a piece of the input.
 */
export function messageText(
  input: AsyncIterable<Buffer>,
  { dotsAreText }: { readonly dotsAreText: boolean },
): AsyncGenerator<Buffer> {
  const text = withoutPostmarks(input)
  return dotsAreText ? text : untilLoneDot(text)
}

async function* withoutPostmarks(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of input) {
    if (held === undefined) {
      yield chunk
      continue
    }
    held = Buffer.concat([held, chunk])
    for (let end = held.indexOf(LF); end !== -1 && isPostmark(held, end); end = held.indexOf(LF))
      held = held.subarray(end + 1)
    if (held.indexOf(LF) === -1 && held.length < longestPostmark) continue
    yield held
    held = undefined
  }
  if (held !== undefined && held.length > 0) yield held
}

function isPostmark(octets: Buffer, end: number): boolean {
  return end < longestPostmark && postmark.test(octets.toString('latin1', 0, end))
}

async function* untilLoneDot(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // What may be the beginning of the last line. The first line begins behind a line end that nobody wrote.
  let held: Buffer = Buffer.from('\n')
  let isFirst = true
  for await (const chunk of input) {
    const octets = Buffer.concat([held, chunk])
    const { end, isOver } = findEnd(octets)
    if (end > (isFirst ? 1 : 0)) {
      yield octets.subarray(isFirst ? 1 : 0, end)
      isFirst = false
      held = octets.subarray(end)
    } else held = octets
    if (isOver) return
  }
  const rest = (endsWithDot(held) ? held.subarray(0, 1) : held).subarray(isFirst ? 1 : 0)
  if (rest.length > 0) yield rest
}

/** Whether what is held at the end is the line that ends a message, but for its own end. */
function endsWithDot(held: Buffer): boolean {
  return held.equals(lineAndDot) || held.equals(lineAndDotAndCr)
}

/** How far the octets are text for certain, and whether the end is behind them. */
function findEnd(octets: Buffer): { readonly end: number; readonly isOver: boolean } {
  for (let at = octets.indexOf(lineAndDot); at !== -1; at = octets.indexOf(lineAndDot, at + 1)) {
    const [next, afterNext] = [octets[at + 2], octets[at + 3]]
    if (next === LF || (next === CR && afterNext === LF)) return { end: at + 1, isOver: true }
    if (next === undefined || (next === CR && afterNext === undefined)) return { end: at, isOver: false }
  }
  const last = octets.at(-1)
  return { end: last === LF ? octets.length - 1 : octets.length, isOver: false }
}
