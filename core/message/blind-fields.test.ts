import { expect, test } from 'vitest'
import { bufferContent, readAll } from '../model/content.ts'
import { withoutBlindFields } from './blind-fields.ts'

async function shown(text: string): Promise<string> {
  return (await readAll(await withoutBlindFields(bufferContent(Buffer.from(text, 'latin1'))))).toString(
    'latin1',
  )
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
  '',
  '\r\nBcc: a\r\n',
  'Bccs: a\r\nX-Bcc: b\r\nSubject: x\r\n Bcc: c\r\n\r\n',
  'text\r\nBcc: a\r\n',
])('%j is left alone', async (text) => {
  const content = bufferContent(Buffer.from(text))
  expect(await withoutBlindFields(content)).toBe(content)
})
