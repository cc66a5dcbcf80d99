import { expect, test } from 'vitest'
import { logLines } from './log-lines.ts'

test('finds the events of lines with their levels', () => {
  const source = `
    this.#log.warn('deferred', { attempts: 'many' })
    log.info(accepted ? 'accepted' : 'refused', { text })
    log[isKnown ? 'debug' : 'error']('hook-failed', facts)
    log[gone ? 'warn' : 'error'](gone ? 'unavailable' : 'internal-error', { error })
    log[level]('stuck')
    output.info('no event')
  `
  expect(logLines(source)).toEqual([
    'deferred warn',
    'accepted info',
    'refused info',
    'hook-failed debug',
    'hook-failed error',
    'unavailable warn',
    'internal-error error',
  ])
})
