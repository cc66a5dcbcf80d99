import { ConfigError } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'

function faults(input: unknown): readonly string[] {
  try {
    parseOptions(input)
    return []
  } catch (error) {
    return error instanceof ConfigError ? error.faults.map(({ path }) => path) : [String(error)]
  }
}

describe('the options of database', () => {
  it('have defaults', () => {
    expect(parseOptions({})).toEqual({ file: 'mailwright.db', busyTimeout: 5000 })
    expect(parseOptions({ file: '/srv/mail.db', busyTimeout: '2m' })).toEqual({
      file: '/srv/mail.db',
      busyTimeout: 120_000,
    })
  })

  it.each([
    [{ file: ':memory:' }, ['file']],
    [{ file: 'file:x?mode=memory' }, ['file']],
    [{ file: 'a\0b' }, ['file']],
    [{ file: '', busyTimeout: -1 }, ['file', 'busyTimeout']],
    [{ flie: 'x' }, ['flie']],
    [{ busyTimeout: '11m' }, ['busyTimeout']],
  ])('%j is refused', (input, paths) => {
    expect(faults(input)).toEqual(paths)
  })
})
