import { expect, test } from 'vitest'
import { displayName, field, headerText, unfoldedField } from './field.ts'

test('a field is folded at spaces', () => {
  const body = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ')
  const written = field('Diagnostic-Code', body)
  expect(written.endsWith('\r\n')).toBe(true)
  for (const line of written.trimEnd().split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
  expect(written.replaceAll('\r\n ', ' ')).toBe(`Diagnostic-Code: ${body}\r\n`)
  expect(unfoldedField('To', body)).toBe(`To: ${body}\r\n`)
})

test('no line is longer than 998 octets, whatever the words are', () => {
  for (const body of ['x'.repeat(5_000), `smtp; ${'é'.repeat(3_000)}`, `a ${'😀'.repeat(1_000)}`]) {
    for (const written of [field('X', body), unfoldedField('X', body)]) {
      const lines = written.slice(0, -2).split('\r\n')
      for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998)
      for (const line of lines.slice(1)) expect(line).toMatch(/^ \S/)
      expect(written.replaceAll(/\s/g, '')).toBe(`X:${body}`.replaceAll(/\s/g, ''))
    }
  }
})

test('text beyond ASCII, and what looks like an encoded word, is encoded', () => {
  expect(headerText('Lunch at noon')).toBe('Lunch at noon')
  expect(headerText('Grüße')).toBe('=?utf-8?B?R3LDvMOfZQ==?=')
  expect(headerText('=?utf-8?Q?x?=')).toBe('=?utf-8?B?PT91dGYtOD9RP3g/PQ==?=')
  for (const word of headerText('😀'.repeat(100)).split(' ')) expect(word.length).toBeLessThanOrEqual(75)
})

test('a display name is quoted where it needs it', () => {
  expect(displayName('Mail Delivery System')).toBe('Mail Delivery System')
  expect(displayName('Mail "System", <x@y>')).toBe('"Mail \\"System\\", <x@y>"')
  expect(displayName('Zustellung für alle')).toBe('=?utf-8?B?WnVzdGVsbHVuZyBmw7xyIGFsbGU=?=')
})
