import { MailwrightError, reply, UnavailableError } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { type Answer, fault, lineOf, ok, refusalFor, refusalOf } from './answer.ts'
import { english } from './texts.ts'

const written = (answer: Answer) => lineOf(answer, english)

describe('refusalOf', () => {
  test.each([
    ['a wrong login', reply(535, '5.7.8', 'Authentication failed'), '-ERR [AUTH] Authentication failed'],
    ['what may pass', reply(454, '4.7.0', 'Later'), '-ERR [SYS/TEMP] Later'],
    ['what will not', reply(550, '5.7.1', 'Not you'), '-ERR [SYS/PERM] Not you'],
    ['several lines', reply(550, undefined, ['one', 'two']), '-ERR [SYS/PERM] one two'],
  ])('%s', (_, given, line) => {
    expect(written(refusalOf(given))).toBe(line)
  })

  test('never gets longer than a response may be', () => {
    const lines = Array.from({ length: 50 }, () => 'ä'.repeat(200))
    const line = written(refusalOf(reply(450, undefined, lines)))
    expect(Buffer.byteLength(line) + 2).toBeLessThanOrEqual(512)
  })
})

test('foreign text cannot break the line', () => {
  const reply = { code: 550, enhanced: undefined, lines: ['a\r\n+OK b\0'] }
  expect(written(refusalOf(reply))).toBe('-ERR [SYS/PERM] a??+OK b?')
})

test.each([
  ['-ERR [IN-USE]', new MailwrightError('MAIL_E_IN_USE', 'secret path')],
  ['-ERR [SYS/PERM]', new MailwrightError('MAIL_E_PERMISSION', 'secret path')],
  ['-ERR [SYS/TEMP]', new UnavailableError('secret path')],
  ['-ERR [SYS/TEMP]', new Error('secret path')],
])('%s', (start, error) => {
  const line = written(refusalFor(error))
  expect(line.startsWith(start)).toBe(true)
  expect(line).not.toContain('secret')
})

test('a line is in the language in use', () => {
  const other = { ...english, deleted: (message: number) => `Nachricht ${message} gelöscht` }
  expect(
    lineOf(
      ok((texts) => texts.deleted(3)),
      other,
    ),
  ).toBe('+OK Nachricht 3 gelöscht')
  expect(
    lineOf(
      fault((texts) => texts.noArgument),
      other,
    ),
  ).toBe('-ERR No argument is expected')
  expect(lineOf(ok(), other)).toBe('+OK')
})
