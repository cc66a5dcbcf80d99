import { expect, test } from 'vitest'
import { bufferContent, readAll } from '../model/content.ts'
import { createMessage } from './create-message.ts'
import { blindFields, withoutFields, withoutReversePath } from './without-fields.ts'

async function shown(text: string): Promise<string> {
  const content = await withoutFields(bufferContent(Buffer.from(text, 'latin1')), blindFields)
  return (await readAll(content)).toString('latin1')
}

test.each([
  ['To: a\r\nBcc: b\r\n\r\nBcc: text\r\n', 'To: a\r\n\r\nBcc: text\r\n'],
  ['Bcc: a,\r\n b,\r\n\tc\r\nbcc : d\r\nRESENT-BCC:\r\nX: 1\r\n\r\n', 'X: 1\r\n\r\n'],
  ['X: \xff\r\nBcc: \xff\r\nY: \xff\r\n\r\n\xff', 'X: \xff\r\nY: \xff\r\n\r\n\xff'],
  ['X: 1\r\nBcc: a', 'X: 1\r\n'],
  ['Bcc: a\r\n', ''],
  [`${'X: y\r\n'.repeat(20_000)}Bcc: a\r\n\r\nbody`, `${'X: y\r\n'.repeat(20_000)}\r\nbody`],
])('%j', async (text, expected) => {
  expect(await shown(text)).toBe(expected)
})

test.each([
  ['Bcc: a@b.example,\r\n\tc@d.example\r\n', 'Y: 1\r\n\r\nbody'],
  ['Bcc:\n a\n', 'body: 1\n'],
  ['Bcc: a\r\n b', ''],
])('a field that lies across 1 MiB goes as a whole: %j', async (field, rest) => {
  for (let cut = 'Bcc:'.length; cut <= field.length; cut++) {
    const filling = `X: ${'y'.repeat(1_048_576 - 'X: \r\n'.length - cut)}\r\n`
    // Without a comparison of megabytes in the report.
    expect((await shown(filling + field + rest)).slice(filling.length)).toBe(rest)
  }
})

test('a field of which a megabyte lies beyond it goes, too', async () => {
  const field = `Bcc: a${',\r\n e@f.example'.repeat(150_000)}\r\n`
  expect(await shown(`${field}Y: 1\r\n\r\n`)).toBe('Y: 1\r\n\r\n')
})

test.each([
  '',
  '\r\nBcc: a\r\n',
  'Bccs: a\r\nX-Bcc: b\r\nSubject: x\r\n Bcc: c\r\n\r\n',
  'text\r\nBcc: a\r\n',
])('%j is left alone', async (text) => {
  const content = bufferContent(Buffer.from(text))
  expect(await withoutFields(content, blindFields)).toBe(content)
})

test.each([0, 3_000])('a Return-Path behind %d fields goes', async (count) => {
  const before = 'X: 1\r\n'.repeat(count)
  const text = `${before}Return-Path: <forged@evil.example>\r\nY: 1\r\n\r\nbody`
  const message = await createMessage(bufferContent(Buffer.from(text)))
  expect((await readAll(await withoutReversePath(message))).toString().slice(before.length)).toBe(
    'Y: 1\r\n\r\nbody',
  )
})
