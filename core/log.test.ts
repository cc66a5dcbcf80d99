import { describe, expect, test } from 'vitest'
import { MailwrightError } from './errors.ts'
import { createLog, type LogLevel } from './log.ts'

function written(level: LogLevel = 'debug') {
  const lines: string[] = []
  const log = createLog(level, { write: (line: string) => void lines.push(line) })
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('createLog', () => {
  test('writes a JSON object a line with level, event and facts', () => {
    const { log, parsed } = written()
    log.info('connected', { session: 's1', remote: '192.0.2.1' })
    log.warn('stopping')
    expect(parsed()).toMatchObject([
      { level: 'info', event: 'connected', session: 's1', remote: '192.0.2.1' },
      { level: 'warn', event: 'stopping' },
    ])
  })

  test('leaves out what is below its level', () => {
    const { log, parsed } = written('warn')
    log.debug('connected')
    log.info('connected')
    log.warn('connected')
    log.error('connected')
    expect(parsed().map(({ level }) => level)).toEqual(['warn', 'error'])
    const silent = written('silent')
    silent.log.error('connected')
    expect(silent.lines).toEqual([])
  })

  test('a child carries its facts on every line', () => {
    const { log, parsed } = written()
    log.child({ plugin: 'p' }).child({ session: 's' }).info('login', { account: 'a' })
    expect(parsed()).toMatchObject([{ plugin: 'p', session: 's', account: 'a' }])
  })

  test('makes text and code of an error, with its causes', () => {
    const { log, parsed } = written()
    log.error('unavailable', {
      error: new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk', { cause: new Error('EIO') }),
    })
    log.error('internal-error', { error: 'a text' })
    expect(parsed()).toMatchObject([
      { code: 'MAIL_E_UNAVAILABLE', error: 'no disk: EIO' },
      { error: 'a text' },
    ])
    expect(parsed()[1]).not.toHaveProperty('code')
  })

  test('says where a fault was thrown, at warn and error', () => {
    const { log, parsed } = written()
    const error = new TypeError('cannot read')
    log.error('internal-error', { error })
    log.warn('unavailable', { error })
    log.info('tls-failed', { error })
    log.error('unavailable', {
      error: new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk', { cause: error }),
    })
    const place = [expect.stringContaining('log.test.ts')]
    const stack = expect.arrayContaining(place)
    expect(parsed().map((line) => line.stack)).toEqual([stack, stack, undefined, undefined])
  })

  test.each([
    'a\r\n{"level":"error"}',
    'quote " and backslash \\',
    'NUL \0, ESC \u001b[2J, DEL \u007f',
    'line separators \u2028 \u2029',
    'a lone surrogate \ud800',
  ])('foreign text cannot break a line: %j', (text) => {
    const { log, lines } = written()
    log.info('login-failed', { login: text, error: new Error(text) })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n\0\u001b]/)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'login-failed' })
  })

  test('facts that are no JSON cost no more than themselves', () => {
    const { log, lines } = written()
    const circle: Record<string, unknown> = {}
    circle.self = circle
    const hostile = {
      toJSON: () => {
        throw new Error('no')
      },
    }
    log.info('connected', { circle, session: 's1' })
    log.info('connected', { hostile, session: 's2' })
    log.info('connected', { big: 1n, session: 's3' })
    expect(lines.map((line) => (JSON.parse(line) as { session: string }).session)).toEqual(['s1', 's2', 's3'])
  })
})
