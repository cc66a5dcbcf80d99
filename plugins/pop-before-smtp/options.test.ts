import { networksInclude } from 'mailwright'
import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('what holds where nothing is said', () => {
  const options = parseOptions({})
  expect(options).toMatchObject({
    openFor: 600_000,
    requireTls: true,
    ownSender: true,
    submission: false,
    logs: [],
  })
  expect(networksInclude(options.exclude, '127.0.0.1')).toBe(true)
  expect(networksInclude(options.exclude, '192.0.2.7')).toBe(false)
  expect(parseOptions({ exclude: [] }).exclude).toEqual([])
})

test('a log has a path and a format', () => {
  const logs = [{ path: '/var/log/mail.log', format: 'courier', domain: 'example.org' }]
  expect(parseOptions({ logs }).logs).toEqual([{ ...logs[0], alwaysTls: false }])
})

test.each([
  [{ openFor: '2h' }, 'openFor: must be a duration such as "90s", "5m" or "2h" from 1s to 1h'],
  [{ openFor: 0 }, 'openFor: must be'],
  [{ exclude: ['10.0.0.1/8'] }, 'exclude[0]: must be'],
  [{ logs: [{ path: 'mail.log', format: 'dovecot' }] }, 'logs[0].path: must be an absolute path'],
  [{ logs: [{ format: 'dovecot' }] }, 'logs[0].path: is missing'],
  [{ logs: [{ path: '/mail.log', format: 'cyrus' }] }, 'logs[0].format: must be one of "dovecot", "courier"'],
  [{ logs: [{ path: '/mail.log', format: 'dovecot', domain: 'a b' }] }, 'logs[0].domain: must be a domain'],
  [{ minutes: 5 }, 'minutes: is not an option here'],
])('%j is told with its path', (input, problem) => {
  expect(() => parseOptions(input)).toThrow(problem)
})
