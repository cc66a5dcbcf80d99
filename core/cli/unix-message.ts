const cr = 0x0d
const lf = 0x0a

/**
 * A message as Unix programs write it, with CRLF line ends: lone LF becomes CRLF, and an mbox `From ` line at the top
 * is left out. What is CRLF already stays.
 */
export async function* asTransferred(input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let last = 0
  for await (const octets of withoutEnvelopeLine(input)) {
    let from = 0
    for (let at = octets.indexOf(lf); at >= 0; at = octets.indexOf(lf, at + 1)) {
      if ((at === 0 ? last : octets[at - 1]) === cr) continue
      yield octets.subarray(from, at)
      yield lineEnd
      from = at + 1
    }
    if (from < octets.length) yield octets.subarray(from)
    last = octets.at(-1) ?? last
  }
}

const lineEnd = Buffer.from('\r\n')
const envelopeLine = Buffer.from('From ')
const longestEnvelopeLine = 4_096

async function* withoutEnvelopeLine(input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of input) {
    const octets: Buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (held === undefined) {
      yield octets
      continue
    }
    held = Buffer.concat([held, octets])
    if (held.indexOf(lf) < 0 && held.length < longestEnvelopeLine) continue
    yield afterEnvelopeLine(held)
    held = undefined
  }
  if (held !== undefined && held.length > 0) yield afterEnvelopeLine(held)
}

function afterEnvelopeLine(start: Buffer): Buffer {
  const end = start.indexOf(lf)
  return start.subarray(0, envelopeLine.length).equals(envelopeLine) && end >= 0
    ? start.subarray(end + 1)
    : start
}
