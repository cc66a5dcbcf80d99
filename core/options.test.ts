import { describe, expect, test } from 'vitest'
import { ConfigError, type ConfigFault } from './errors.ts'
import { type OptionReader, readOptions } from './options.ts'

/** The faults that reading an input in some way has; none where it is accepted. */
function faultsOf(input: unknown, read: (reader: OptionReader) => unknown): readonly ConfigFault[] {
  const reader = readOptions(input)
  const value = read(reader)
  try {
    reader.done(value)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

/** The one fault's problem, for `{ it: value }`. */
function problem(value: unknown, read: (reader: OptionReader) => unknown): string | undefined {
  const [fault] = faultsOf(value === undefined ? {} : { it: value }, read)
  return fault?.problem
}

/** What is read of `{ it: value }`, where it is accepted. */
function accepted<T>(value: unknown, read: (reader: OptionReader) => T): T {
  const reader = readOptions(value === undefined ? {} : { it: value })
  return reader.done(read(reader))
}

describe('each reader', () => {
  test('string', () => {
    const read = (r: OptionReader) => r.string('it')
    expect(accepted('x', read)).toBe('x')
    expect(accepted(undefined, (r) => r.string('it', { default: 'd' }))).toBe('d')
    expect(problem(undefined, read)).toBe('is missing; it must be a text')
    expect(problem('', read)).toBe('must be a text, not an empty text')
    expect(problem(null, read)).toBe('must be a text, not null')
    expect(problem(7, read)).toBe('must be a text, not 7')
    const named = (r: OptionReader) => r.string('it', { pattern: /^[a-z]+$/, expected: 'small letters' })
    expect(problem('A', named)).toBe('must be small letters, not "A"')
    expect(accepted('a', named)).toBe('a')
  })

  test('optionalString', () => {
    const read = (r: OptionReader) => r.optionalString('it')
    expect(accepted(undefined, read)).toBeUndefined()
    expect(accepted('x', read)).toBe('x')
    expect(problem('', read)).toBe('must be a text, not an empty text')
  })

  test('boolean', () => {
    const read = (r: OptionReader) => r.boolean('it')
    expect(accepted(false, read)).toBe(false)
    expect(accepted(undefined, (r) => r.boolean('it', { default: true }))).toBe(true)
    expect(problem('yes', read)).toBe('must be true or false, not "yes"')
  })

  test('number', () => {
    const read = (r: OptionReader) => r.number('it', { min: 0, max: 1 })
    expect([accepted(0.25, read), accepted(1, read)]).toEqual([0.25, 1])
    expect(accepted(undefined, (r) => r.number('it', { default: 0.5 }))).toBe(0.5)
    expect(problem(1.5, read)).toBe('must be a number from 0 to 1, not 1.5')
    expect(problem('0.5', read)).toBe('must be a number from 0 to 1, not "0.5"')
    expect(problem(Number.NaN, (r) => r.number('it'))).toBe('must be a number, not NaN')
  })

  test('integer', () => {
    const read = (r: OptionReader) => r.integer('it', { min: 1, max: 9 })
    expect(accepted(9, read)).toBe(9)
    for (const wrong of [0, 10, 1.5, Number.NaN, '5', 1n])
      expect(problem(wrong, read)).toMatch(/^must be a whole number from 1 to 9, not /)
    expect(problem('x', (r) => r.integer('it', { min: 1 }))).toBe('must be a whole number from 1, not "x"')
    expect(problem('x', (r) => r.integer('it', { max: 1 }))).toBe('must be a whole number up to 1, not "x"')
    expect(accepted(undefined, (r) => r.integer('it', { default: 3 }))).toBe(3)
  })

  test('choices, in their own order', () => {
    const read = (r: OptionReader) => r.choices('it', ['imap', 'pop3', 'smtp'])
    expect(accepted(['smtp', 'imap', 'smtp'], read)).toEqual(['imap', 'smtp'])
    expect(problem(['pop'], read)).toBe('must be a list of "imap", "pop3", "smtp", not "pop"')
    expect(problem([], read)).toBe('must be a list of "imap", "pop3", "smtp", not an empty one')
    expect(problem('imap', read)).toMatch(/^must be a list of texts/)
    expect(accepted(undefined, (r) => r.choices('it', ['a', 'b'], { default: ['b'] }))).toEqual(['b'])
  })

  test('duration, in milliseconds', () => {
    const read = (r: OptionReader) => r.duration('it')
    const good: readonly (readonly [unknown, number])[] = [
      [5, 5],
      [0, 0],
      ['7ms', 7],
      ['90s', 90_000],
      ['1.5m', 90_000],
      ['2h', 7_200_000],
      ['1d', 86_400_000],
    ]
    for (const [written, milliseconds] of good) expect(accepted(written, read)).toBe(milliseconds)
    for (const wrong of [
      '5',
      '5 s',
      '-5s',
      -5,
      1.5,
      Number.POSITIVE_INFINITY,
      '1e9s',
      '5w',
      {},
      '9'.repeat(400),
    ])
      expect(problem(wrong, read)).toMatch(/^must be a duration such as "90s", "5m" or "2h", not /)
    expect(accepted(undefined, (r) => r.duration('it', { default: '3s' }))).toBe(3_000)
    expect(problem('1s', (r) => r.duration('it', { min: 2_000 }))).toContain('from 2s, not "1s"')
    const bounds = { min: 1, max: 36e5 }
    expect(problem(0, (r) => r.duration('it', bounds))).toContain('from 1ms to 1h, not 0')
    expect(problem('2s', (r) => r.duration('it', { min: 0, max: 1_500 }))).toContain('from 0 to 1500ms')
  })

  test('size, in octets', () => {
    const read = (r: OptionReader) => r.size('it')
    const good: readonly (readonly [unknown, number])[] = [
      [65_536, 65_536],
      ['512', 512],
      ['512k', 524_288],
      ['0.5K', 512],
      ['10M', 10_485_760],
      ['2g', 2_147_483_648],
      ['1T', 1_099_511_627_776],
    ]
    for (const [written, octets] of good) expect(accepted(written, read)).toBe(octets)
    for (const wrong of ['10MB', '-1', -1, 1.5, 'k', ''])
      expect(problem(wrong, read)).toMatch(/^must be a size such as /)
    expect(accepted(undefined, (r) => r.size('it', { default: '1k', max: 2_048 }))).toBe(1_024)
    expect(problem('3k', (r) => r.size('it', { default: '1k', max: 2_048 }))).toContain('up to 2048')
  })

  test('choice', () => {
    const read = (r: OptionReader) => r.choice('it', ['none', 'offered', 'required'])
    expect(accepted('offered', read)).toBe('offered')
    expect(accepted(undefined, (r) => r.choice('it', ['a', 'b'], { default: 'b' }))).toBe('b')
    expect(problem(undefined, read)).toBe('is missing; it must be one of "none", "offered", "required"')
    expect(faultsOf({ it: 'requird' }, read)).toEqual([
      {
        path: 'it',
        problem: 'must be one of "none", "offered", "required", not "requird"',
        suggestion: 'did you mean "required"?',
      },
    ])
    expect(problem(true, read)).toBe('must be one of "none", "offered", "required", not true')
    expect(() => readOptions({}).choice('it', [])).toThrow(RangeError)
  })

  test('strings', () => {
    const read = (r: OptionReader) => r.strings('it')
    expect(accepted(['a', ''], read)).toEqual(['a', ''])
    expect(accepted(undefined, (r) => r.strings('it', { default: ['d'] }))).toEqual(['d'])
    expect(problem('a', read)).toBe('must be a list of texts, not "a"')
    expect(problem(['a', 1], read)).toBe('must be a list of texts, not a list')
  })

  test('host and port', () => {
    const host = (r: OptionReader) => r.host('it')
    expect(accepted('::', host)).toBe('::')
    expect(accepted(undefined, (r) => r.host('it', { default: '0.0.0.0' }))).toBe('0.0.0.0')
    expect(problem('localhost', host)).toBe(
      'must be an IP address such as "127.0.0.1" or "::", not "localhost"',
    )
    const port = (r: OptionReader) => r.port('it', { default: 25 })
    expect(accepted(0, port)).toBe(0)
    expect(accepted(undefined, port)).toBe(25)
    expect(problem(65_536, port)).toBe('must be a whole number from 0 to 65535, not 65536')
  })

  test('absolutePath', () => {
    const read = (r: OptionReader) => r.absolutePath('it')
    expect(accepted('/var/mail', read)).toBe('/var/mail')
    expect(accepted(undefined, read)).toBeUndefined()
    expect(problem('mail', read)).toBe('must be an absolute path')
    expect(problem(1, read)).toBe('must be an absolute path, not 1')
  })

  test('value and fault, for what the caller checks', () => {
    const read = (r: OptionReader) => {
      if (r.value('it') !== 42) r.fault('it', 'must be the answer', 'think')
    }
    expect(faultsOf({ it: 42 }, read)).toEqual([])
    expect(faultsOf({ it: 41 }, read)).toEqual([
      { path: 'it', problem: 'must be the answer', suggestion: 'think' },
    ])
  })
})

describe('nested options', () => {
  const limits = (r: OptionReader) =>
    r.object('limits', (inner) => ({
      size: inner.size('size', { default: '1k' }),
      deep: inner.object('deep', (d) => d.port('port')),
    }))

  test('objects carry their path, at any depth', () => {
    expect(faultsOf({ limits: { size: 'x', deep: { port: -1, prt: 1 } } }, limits)).toMatchObject([
      { path: 'limits.size' },
      { path: 'limits.deep.port' },
      { path: 'limits.deep.prt', problem: 'is not an option here' },
    ])
    expect(faultsOf({}, limits)).toEqual([])
    expect(faultsOf({ limits: 7 }, limits)).toEqual([{ path: 'limits', problem: 'must be an object, not 7' }])
  })

  test('lists carry the place of each item', () => {
    const files = (r: OptionReader) => r.list('files', (file) => file.string('key'))
    expect(accepted(undefined, (r) => r.list('it', (i) => i.string('k')))).toEqual([])
    expect(accepted([{ k: 'a' }, { k: 'b' }], (r) => r.list('it', (i) => i.string('k')))).toEqual(['a', 'b'])
    expect(faultsOf({ files: [{ key: 'a' }, { kee: 'b' }, null] }, files)).toEqual([
      { path: 'files[1].key', problem: 'is missing; it must be a text' },
      { path: 'files[1].kee', problem: 'is not an option here', suggestion: 'did you mean "key"?' },
      { path: 'files[2]', problem: 'must be an object, not null' },
    ])
    expect(faultsOf({ files: {} }, files)).toEqual([
      { path: 'files', problem: 'must be a list, not an object' },
    ])
  })

  test('a fault of the whole object has its path alone', () => {
    const read = (r: OptionReader) => r.object('tls', (tls) => tls.fault('', 'key and chain belong together'))
    expect(faultsOf({ tls: {} }, read)).toEqual([{ path: 'tls', problem: 'key and chain belong together' }])
  })
})

describe('unknown options', () => {
  const read = (r: OptionReader) => ({
    port: r.port('port', { default: 25 }),
    host: r.host('host', { default: '::' }),
  })

  test('are faults, with what may have been meant among what is not given', () => {
    expect(faultsOf({ prot: 25 }, read)).toEqual([
      { path: 'prot', problem: 'is not an option here', suggestion: 'did you mean "port"?' },
    ])
    expect(faultsOf({ port: 25, prot: 25 }, read)).toEqual([
      { path: 'prot', problem: 'is not an option here' },
    ])
  })

  test('are told together with all other faults', () => {
    const faults = faultsOf({ port: 'x', host: 'y', other: 1, __proto__x: 2 }, read)
    expect(faults.map(({ path }) => path)).toEqual(['port', 'host', 'other', '__proto__x'])
  })

  test('what an object inherits is not an option, and an own __proto__ is an unknown one', () => {
    expect(faultsOf(Object.create({ port: 'x' }), read)).toEqual([])
    expect(faultsOf(JSON.parse('{"__proto__": {"port": 1}}'), read)).toMatchObject([{ path: '__proto__' }])
    expect(accepted(undefined, (r) => r.value('toString'))).toBeUndefined()
  })
})

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [[], 'a list'],
  ['text', '"text"'],
  [() => 1, 'a function'],
])('options that are no object: %j', (input, kind) => {
  expect(faultsOf(input, () => undefined)).toEqual([{ path: '', problem: `must be an object, not ${kind}` }])
})

test('a long value is shown cut', () => {
  expect(problem('x'.repeat(1_000), (r) => r.port('it'))?.length).toBeLessThan(120)
})
