import type { Content } from 'mailwright'

const smallest = 8_192
const largest = 262_144
// What may belong to an empty line that the next octets show.
const overlap = 3

/**
 * Where a message's header ends, the empty line included: as the scanner of its structure sees it, without reading more
 * than the header. All of it where no empty line comes. Fails as the content does.
 */
export async function headerEnd(content: Content): Promise<number> {
  let block = smallest
  for (let start = 0; start < content.size; ) {
    const octets = await content.read(start, start + block)
    if (octets.length === 0) break
    const end = emptyLineEnd(octets.toString('latin1'), start === 0)
    if (end !== -1) return start + end
    if (start + octets.length >= content.size) break
    start += Math.max(1, octets.length - overlap)
    block = Math.min(block * 2, largest)
  }
  return content.size
}

/** Where the first empty line ends; -1 where there is none. */
function emptyLineEnd(text: string, isStart: boolean): number {
  if (isStart && text.startsWith('\r\n')) return 2
  if (isStart && text.startsWith('\n')) return 1
  const crlf = text.indexOf('\n\r\n')
  const lf = text.slice(0, crlf === -1 ? text.length : crlf + 1).indexOf('\n\n')
  if (lf !== -1) return lf + 2
  return crlf === -1 ? -1 : crlf + 3
}
