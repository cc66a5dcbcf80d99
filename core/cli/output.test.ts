import { describe, expect, test, vi } from 'vitest'
import { MailwrightError } from '../errors.ts'
import { printable, printableLine, printError, table } from './output.ts'

const hostile = 'a\x1b[2J\x07\x7f\u009b31m\r\nb'

describe('foreign text on a terminal', () => {
  test('shows its controls instead of sending them', () => {
    expect(printable(hostile)).toBe('a\\x1b[2J\\x07\\x7f\\x9b31m\\x0d\nb')
    expect(printable('tab\tand ä')).toBe('tab\tand ä')
  })

  test('cannot turn the direction of writing, nor hide', () => {
    expect(printable('a\u202egro.elpmaxe@b\u200b\ufeff')).toBe('a\\u202egro.elpmaxe@b\\u200b\\ufeff')
  })

  test('is one line where it must not be taken for several', () => {
    expect(printableLine(hostile)).toBe('a\\x1b[2J\\x07\\x7f\\x9b31m\\x0d\\x0ab')
  })

  test('is one row of a table', () => {
    const rows = table(['who'], [[hostile]]).split('\n')
    expect(rows).toEqual(['who', 'a\\x1b[2J\\x07\\x7f\\x9b31m\\x0d b'])
  })

  test('in an error, too', () => {
    const said: string[] = []
    const output = { stdout: () => undefined, stderr: (text: string) => void said.push(text) }
    printError(output, false, new MailwrightError('MAIL_E_INVALID', 'no \x1b]0;title\x07'))
    expect(said).toEqual(['mailwright: no \\x1b]0;title\\x07 [MAIL_E_INVALID]\n'])
  })
})

test('an error says where it was thrown, where the environment asks for that', () => {
  const said: string[] = []
  const output = { stdout: () => undefined, stderr: (text: string) => void said.push(text) }
  const error = new MailwrightError('MAIL_E_START', 'p failed in start', { cause: new TypeError('x') })
  printError(output, false, error)
  expect(said.splice(0)).toEqual(['mailwright: p failed in start: x [MAIL_E_START]\n'])
  vi.stubEnv('MAILWRIGHT_STACK', '1')
  printError(output, false, error)
  printError(output, true, error)
  vi.unstubAllEnvs()
  expect(said[1]).toMatch(/^ {4}at .*output\.test\.ts:\d+/)
  expect(JSON.parse(said.at(-1) ?? '').error.stack[0]).toMatch(/output\.test\.ts:\d+/)
})

test('numbers are aligned to the right', () => {
  const rows = [
    ['one', '5', 'x'],
    ['three', '1234', 'y'],
  ]
  expect(table(['word', 'n', 'z'], rows, ['n'])).toBe(
    ['word      n  z', 'one       5  x', 'three  1234  y'].join('\n'),
  )
})
