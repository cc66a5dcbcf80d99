const lineFeed = 0x0a
// No server writes lines of this length: names have at most 255 octets.
const longestLine = 65_536

/**
 * The lines that a LF ends, decoded; undefined in the place of one that is too long to be real. What stands behind the
 * last LF is still being written, or was cut off, and is left out.
 */
export function* endedLines(octets: Buffer): Generator<string | undefined> {
  for (let from = 0, end = octets.indexOf(lineFeed); end >= 0; end = octets.indexOf(lineFeed, from)) {
    yield lineAt(octets, from, end)
    from = end + 1
  }
}

/** The same without the first line. */
export function* linesBehindFirst(octets: Buffer): Generator<string | undefined> {
  const lines = endedLines(octets)
  lines.next()
  yield* lines
}

/** All lines with what stands behind the last LF: for lists that people edit. */
export function* allLines(octets: Buffer): Generator<string | undefined> {
  yield* endedLines(octets)
  const from = octets.lastIndexOf(lineFeed) + 1
  if (from < octets.length) yield lineAt(octets, from, octets.length)
}

/** Whether nothing stands behind the last LF. */
export function isEnded(octets: Buffer): boolean {
  return octets.at(-1) === lineFeed
}

function lineAt(octets: Buffer, from: number, end: number): string | undefined {
  return end - from > longestLine ? undefined : octets.toString('utf8', from, end)
}
