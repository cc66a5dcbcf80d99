import { errorText } from 'mailwright'
import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('a path, or the default', () => {
  expect(parseOptions({})).toEqual({ path: 'run/notifier.sock' })
  expect(parseOptions({ path: '/run/mail/hints' })).toEqual({ path: '/run/mail/hints' })
})

test.each(['', 'run/', '/', 'a\0b', 7])('%j is no path of a socket', (path) => {
  const refusal = () => {
    try {
      return parseOptions({ path })
    } catch (error) {
      return errorText(error)
    }
  }
  expect(refusal()).toMatch(/^path: must be the path of a socket, not /)
})
