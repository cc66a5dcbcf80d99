import { describe, expect, test } from 'vitest'
import { bufferContent, type Content, readAll } from '../model/content.ts'
import { scanMessage } from '../model/mime/mime.ts'
import { separateHeader } from './separate-header.ts'

async function separated(text: string): Promise<string> {
  const { content } = await separateHeader(bufferContent(Buffer.from(text, 'latin1')))
  const octets = (await readAll(content)).toString('latin1')
  const again = await separateHeader(content)
  expect(again.content).toBe(content)
  return octets
}

/** A content that counts the octets that were read. */
function counting(text: string): { content: Content; read(): number } {
  const inner = bufferContent(Buffer.from(text))
  let octets = 0
  const content: Content = {
    size: inner.size,
    async read(start, end) {
      const part = await inner.read(start, end)
      octets += part.length
      return part
    },
    stream: inner.stream,
  }
  return { content, read: () => octets }
}

describe('separateHeader', () => {
  test.each([
    ['no header', '', 'The disk of db1 is full.\r\nPlease look: soon.\r\n'],
    ['an address of the web', '', 'Buy pills now\r\nhttp://evil.example\r\n'],
    ['a fold of nothing', '', ' evil\r\nSubject: x\r\n\r\nbody'],
    ['a tab', '', '\tevil\r\nSubject: x\r\n\r\nbody'],
    ['white space alone', '', ' \r\nSubject: x\r\n\r\nbody'],
    ['no name', '', ': x\r\n\r\nbody'],
    ['a name that is not ASCII', '', '\xdcber: x\r\n\r\nbody'],
    ['a line that does not end', '', 'hello'],
    ['a CR', '', '\rhello'],
    ['a line in the middle', 'To: a\r\n', 'hello\r\nFrom: b\r\n\r\nbody\r\n'],
    ['a line behind folds', 'To: a\r\n b\r\n\tc\r\n', 'hello\r\n d\r\n'],
    ['a postmark in the middle', 'To: a\r\n', 'From a@b.example Fri Nov 28 21:53:22 2026\r\n\r\nbody'],
    ['a line after 16 KiB', 'X-A: b\r\n'.repeat(3_000), 'hello\r\n'],
    ['a line of 2 MB', 'To: a\r\n', `${'x'.repeat(2_000_000)}\r\nmore\r\n`],
    ['a name that is none', '', `${'x'.repeat(2_000)}: y\r\n\r\nbody`],
    ['text that begins like an mbox', '', 'From here on the disk is full.\r\nPlease look.\r\n'],
    ['a postmark without an end', '', 'From a@b.example Fri Nov 28 21:53:22 2026'],
  ])('puts an empty line in front of %s', async (_, fields, text) => {
    expect(await separated(fields + text)).toBe(`${fields}\r\n${text}`)
  })

  test.each([
    ['nothing', ''],
    ['an empty line', '\r\n'],
    ['a body alone', '\r\nhello\r\nFrom: b\r\n'],
    ['a header and a body', 'To: a\r\n b\r\nSubject : \xff\r\n\r\n\xff\r\n.\r\n'],
    ['white space in a header', 'To: a\r\n \r\nSubject: x\r\n\r\nbody'],
    ['a header without a body', 'To: a\r\nSubject: x\r\n'],
    ['a header without an end', 'To: a\r\nSubject: x'],
    ['a field From with white space', 'From : jo@b.example\r\n\r\nbody'],
    ['twenty thousand fields', `${'X-A: b\r\n'.repeat(20_000)}\r\nbody`],
    ['a header of 1 MiB', `${'X-A: b\r\n'.repeat(131_071)}X-A: \r\n\r\nbody`],
    ['a header of 2 MB', `${'X-A: b\r\n'.repeat(250_000)}\r\nbody`],
    ['a field of 2 MB', `Subject: ${'x'.repeat(2_000_000)}\r\n\r\nbody`],
    ['folds of 2 MB', `Subject: ${'x\r\n '.repeat(500_000)}\r\n\r\nbody`],
  ])('leaves %s alone', async (_, text) => {
    const content = bufferContent(Buffer.from(text, 'latin1'))
    expect((await separateHeader(content)).content).toBe(content)
  })

  test('wherever a field is cut by what is read at once', async () => {
    for (const look of [16_384, 1_048_576]) {
      for (let filler = look - 30; filler < look + 3; filler++) {
        const text = `X: ${'x'.repeat(filler - 5)}\r\nSubject: a\r\n b\r\n\r\nbody\r\n`
        const content = bufferContent(Buffer.from(text))
        expect((await separateHeader(content)).content).toBe(content)
      }
    }
  })

  test.each([
    'From a@b.example Fri Nov 28 21:53:22 2026\r\n',
    'From a@b.example Fri Nov 28 21:53:22 2026\n',
    '>From MAILER-DAEMON Fri Nov 28 21:53:22 2026\r\n',
  ])('makes %j a field', async (line) => {
    expect(await separated(`${line}Subject: x\r\n\r\nbody`)).toBe(
      `X-Mailbox-Line: ${line}Subject: x\r\n\r\nbody`,
    )
    expect(await separated(`${line}hello`)).toBe(`X-Mailbox-Line: ${line}\r\nhello`)
    expect(await separated(`${line} evil\r\nSubject: x\r\n`)).toBe(
      `X-Mailbox-Line: ${line}\r\n evil\r\nSubject: x\r\n`,
    )
    const { header } = await separateHeader(bufferContent(Buffer.from(`${line}Subject: x\r\n\r\nbody`)))
    expect(header.fields.map(({ name }) => name)).toEqual(['Subject'])
  })

  const dated = 'From a@b.example Fri Nov 28 21:53:22 2026\r\n'
  test.each([
    ['From jo@b.example\r\n', 'Subject: x\r\n\r\nbody'],
    [dated, dated, 'Subject: x\r\n\r\nbody'],
    ['From jo\r\n', `>${dated}`, 'From ann\r\n', 'From : x\r\n\r\nbody'],
    [dated, dated, '\r\nbody'],
    [dated, dated],
  ])('makes each of the first lines of %j a field', async (...lines) => {
    const isMark = (line: string) => /^>?From [^:]/.test(line)
    const expected = lines.map((line) => (isMark(line) ? `X-Mailbox-Line: ${line}` : line)).join('')
    expect(await separated(lines.join(''))).toBe(expected)
  })

  test('what begins like an mbox and has no date is text where text follows', async () => {
    const text = 'From here on\r\nFrom there\r\nit is down.\r\n'
    expect(await separated(text)).toBe(`\r\n${text}`)
    expect(await separated(dated + text)).toBe(`X-Mailbox-Line: ${dated}\r\n${text}`)
    const many = 'From jo\r\n'.repeat(5_000)
    expect(await separated(`${many}Subject: x\r\n`)).toBe(`\r\n${many}Subject: x\r\n`)
  })

  test('the fields are those in front of the text', async () => {
    const { header } = await separateHeader(bufferContent(Buffer.from('To: a\r\nhello\r\nFrom: b\r\n\r\nx')))
    expect(header.names).toEqual(['to'])
  })

  test('what is put on top stays apart from the text', async () => {
    const on = async (text: string) => {
      const octets = Buffer.from(`Received: from x\r\n${await separated(text)}`, 'latin1')
      const { root } = scanMessage(octets)
      return [root.header.first('received')?.body, octets.toString('latin1', root.bodyStart)]
    }
    for (const text of ['hello\r\nworld\r\n', ' hello: x\r\n\r\nworld', '\thello'])
      expect(await on(text)).toEqual(['from x', text])
  })

  test('the rest of a large message is not read', async () => {
    for (const first of ['Subject: x\r\n\r\n', 'hello\r\n', `${'x'.repeat(100_000)}\r\n`]) {
      const { content, read } = counting(first + 'y'.repeat(5_000_000))
      await separateHeader(content)
      expect(read()).toBeLessThan(100_000)
    }
  })

  test('a long header is read on, up to a bound', async () => {
    const long = bufferContent(Buffer.from(`${'Received: x\r\n'.repeat(1_900)}\r\nbody`))
    expect((await separateHeader(long)).header.all('Received')).toHaveLength(1_900)
    const endless = counting('Received: x\r\n'.repeat(500_000))
    expect((await separateHeader(endless.content)).header.all('Received').length).toBeGreaterThan(50)
    expect(endless.read()).toBeLessThan(1_100_000)
  })
})
