import { describe, expect, test } from 'vitest'
import { outcomeOfEnd } from './exit-status.ts'

describe('outcomeOfEnd', () => {
  const end = { signal: null, timedOut: false, output: '' }
  test.each([
    [{ ...end, code: 0, output: 'ok\n' }, 'delivered', undefined, undefined],
    [{ ...end, code: 75 }, 'deferred', '4.3.0', 'recipient'],
    [{ ...end, code: 71 }, 'deferred', '4.3.0', 'recipient'],
    [{ ...end, code: 67, output: 'no jo\r\nhere' }, 'failed', '5.1.1', 'recipient'],
    [{ ...end, code: 1 }, 'failed', '5.3.0', 'recipient'],
    [{ ...end, code: 1, output: '4.2.2 full' }, 'deferred', '4.2.2', 'recipient'],
    [{ ...end, code: 75, output: '5.7.1 never' }, 'failed', '5.7.1', 'recipient'],
    [{ ...end, code: null, signal: 'SIGSEGV' as const }, 'deferred', '4.3.0', undefined],
    [{ ...end, code: null, signal: 'SIGKILL' as const, timedOut: true }, 'deferred', '4.3.0', undefined],
  ])('%j: %s %s %s', (ended, kind, enhanced, concerns) => {
    const outcome = outcomeOfEnd(ended)
    expect(outcome.kind).toBe(kind)
    expect('concerns' in outcome ? outcome.concerns : undefined).toBe(concerns)
    expect('reply' in outcome ? outcome.reply.enhanced : undefined).toBe(enhanced)
  })
})
