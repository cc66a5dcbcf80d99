import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../errors.ts'
import { reply } from '../model/reply.ts'
import type { HistoryEntry } from '../services/history.ts'
import { capturedLog } from '../testing/captured-log.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { createObserver } from './observer.ts'

function observer(clock = fakeClock(1_000)) {
  const entries: HistoryEntry[] = []
  const log = capturedLog()
  const history = {
    record: (entry: HistoryEntry) => void entries.push(entry),
    find: async () => entries,
    flush: async () => {},
  }
  const faults: string[] = []
  const fault = (...words: readonly string[]): void => void faults.push(words.join(' '))
  return { entries, log, faults, observer: createObserver(() => history, log, clock, { fault }) }
}

const subject = { session: 's', transaction: 't' }

describe('createObserver', () => {
  test.each<[string, unknown, string]>([
    ['envelope.checkSender', reply(550, '5.7.1', ['No', 'never']), '550-5.7.1 No / 550 5.7.1 never'],
    ['envelope.claimRecipient', { reason: 'ours' }, 'ours'],
    ['delivery.route', { kind: 'expansion', addresses: [], via: 'alias' }, 'expansion by alias'],
    ['delivery.route', { kind: 'remote' }, 'remote'],
    [
      'delivery.sort',
      { actions: [{ kind: 'file', mailbox: 'Lists' }, { kind: 'forward' }] },
      'file Lists, forward',
    ],
    ['delivery.sort', { actions: [] }, 'discard'],
    [
      'data.rewriteMessage',
      [{ kind: 'insert-field', name: 'X-A' }, { kind: 'quarantine' }],
      'insert-field X-A, quarantine',
    ],
    ['delivery.deliver', [{ kind: 'delivered' }, null], 'delivered, '],
  ])('an answer of %s becomes a verdict in words', (hook, answer, text) => {
    const { observer: told, entries, log } = observer()
    told.answered(hook, 'p/x', answer, 1.23456, subject)
    expect(entries).toEqual([
      {
        at: 1_000,
        verb: 'verdict',
        session: 's',
        transaction: 't',
        hook,
        by: 'p/x',
        text,
        milliseconds: 1.235,
      },
    ])
    expect(log.lines).toEqual([])
  })

  test('what inspections found is recorded by the flow', () => {
    const { observer: told, entries } = observer()
    told.answered('data.inspect', 'p/x', { test: 'p/x' }, 1, subject)
    expect(entries).toEqual([])
  })

  test('a failure gets into history and log, with plugin and step', () => {
    const { observer: told, entries, log } = observer()
    told.failed('envelope.checkSender', 'p/x', new Error('oops'), 2, { session: 's' })
    expect(entries).toMatchObject([
      { verb: 'fault', session: 's', hook: 'envelope.checkSender', by: 'p/x', text: 'oops' },
    ])
    expect(entries[0]).not.toHaveProperty('transaction')
    expect(log.lines).toMatchObject([
      { level: 'error', event: 'hook-failed', tap: 'p/x', error: 'oops', session: 's' },
    ])
  })

  test('that a client left while a tap was at work is no error', () => {
    const { observer: told, entries, log } = observer()
    told.failed('envelope.checkSender', 'p/x', new Error('the end'), 2, { signal: AbortSignal.abort() })
    expect(entries).toHaveLength(1)
    expect(log.lines).toMatchObject([{ level: 'debug', event: 'hook-failed' }])
  })

  test('what is not available is an error once a minute, for each tap and reason, and always in the history', () => {
    const clock = fakeClock(1_000)
    const { observer: told, entries, log, faults } = observer(clock)
    const fail = (by: string, error: Error) => told.failed('delivery.route', by, error, 1, subject)
    for (let times = 0; times < 3; times++) fail('p/x', new UnavailableError('it is being written'))
    fail('p/x', new UnavailableError('it cannot be read'))
    fail('q/y', new UnavailableError('it is being written'))
    clock.advance(60_000)
    fail('p/x', new UnavailableError('it is being written'))
    for (let times = 0; times < 2; times++) fail('p/x', new TypeError('oops'))
    expect(log.lines.map(({ level }) => level)).toEqual([
      'error',
      'debug',
      'debug',
      'error',
      'error',
      'error',
      'error',
      'error',
    ])
    expect(entries).toHaveLength(8)
    expect(faults).toHaveLength(8)
  })

  test('a late answer gets into history and log', () => {
    const { observer: told, entries, log, faults } = observer()
    told.late('envelope.checkSender', 'p/x', subject)
    expect(entries).toMatchObject([{ verb: 'fault', by: 'p/x', text: expect.stringContaining('too late') }])
    expect(log.lines).toMatchObject([{ level: 'warn', event: 'late-answer', tap: 'p/x' }])
    expect(faults).toEqual(['envelope.checkSender p/x late'])
  })

  test('a history that fails costs nobody anything', () => {
    const log = capturedLog()
    const told = createObserver(
      () => {
        throw new Error('no history')
      },
      log,
      fakeClock(),
      { fault: () => undefined },
    )
    told.failed('envelope.checkSender', 'p/x', new Error('oops'), 1, subject)
    expect(log.lines.map(({ event }) => event)).toEqual(['internal-error', 'hook-failed'])
  })
})
