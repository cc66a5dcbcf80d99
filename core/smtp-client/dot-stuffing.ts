/**
 * A message as it goes behind DATA (RFC 5321 §4.5.2), with the line that ends it. Whatever the message holds, only CRLF
 * ends a line of it: a bare CR or LF, which another server may take for a line's end, is made CRLF, so that no message
 * can end before its end.
 */
export async function* dotStuffed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let atLineStart = true
  // A CR that ended the chunk before: its LF may come with the next.
  let carried = ''
  for await (const chunk of chunks) {
    const whole = carried + chunk.toString('latin1')
    carried = whole.endsWith('\r') ? '\r' : ''
    const lines = whole.slice(0, whole.length - carried.length).replaceAll(/\r\n|\r|\n/g, '\r\n')
    if (lines === '') continue
    const stuffed = lines.replaceAll('\r\n.', '\r\n..')
    yield Buffer.from(atLineStart && lines.startsWith('.') ? `.${stuffed}` : stuffed, 'latin1')
    atLineStart = lines.endsWith('\r\n')
  }
  yield Buffer.from(`${carried === '' && atLineStart ? '' : '\r\n'}.\r\n`)
}
