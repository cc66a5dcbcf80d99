import { ConfigError } from 'mailwright'
import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

function faults(input: unknown): readonly string[] {
  try {
    parseOptions(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path, problem }) => `${path}: ${problem}`)
    throw error
  }
  return []
}

test('a transfer listener where nothing is said', () => {
  expect(parseOptions({})).toMatchObject({
    role: 'transfer',
    host: '127.0.0.1',
    port: 2525,
    auth: false,
    tls: 'offered',
    maxSize: 25 * 1024 * 1024,
    lineEnds: 'refuse',
    timeouts: { command: 300_000, dataBlock: 180_000, message: 3_600_000 },
  })
})

test('submission has its own defaults', () => {
  expect(parseOptions({ role: 'submission' })).toMatchObject({
    port: 2587,
    auth: true,
    allowPlaintextAuth: false,
  })
})

test('sizes and durations as texts', () => {
  expect(parseOptions({ maxSize: '10M', timeouts: { command: '90s' } })).toMatchObject({
    maxSize: 10 * 1024 * 1024,
    timeouts: { command: 90_000, dataBlock: 180_000 },
  })
})

test('all faults are told, with their paths', () => {
  expect(
    faults({ role: 'relay', maxRecipients: 10, maxSize: '1k', banner: 'a\nb', timeouts: { comand: '1m' } }),
  ).toEqual([
    expect.stringMatching(/^role: must be one of "transfer", "submission"/),
    expect.stringMatching(/^maxSize: must be a size .* from 65536/),
    expect.stringMatching(/^maxRecipients: must be a whole number from 100/),
    expect.stringMatching(/^banner: must be up to 200 printable ASCII characters/),
    'timeouts.comand: is not an option here',
  ])
})

test('what does not go together', () => {
  expect(faults({ auth: true })).toEqual(['auth: is for submission: a transfer listener has no users'])
  expect(faults({ role: 'lmtp', auth: true })).toEqual([
    'auth: is for submission: an LMTP listener has no users',
  ])
  expect(faults({ implicitTls: true, tls: 'none' })).toEqual(['tls: cannot be "none" with implicitTls'])
  expect(faults({ role: 'submission', tls: 'none' })).toEqual([
    'tls: cannot be "none" where users log in, but for allowPlaintextAuth: true',
  ])
  expect(faults({ role: 'submission', tls: 'none', allowPlaintextAuth: true })).toEqual([])
})
