import { ConfigError } from 'mailwright'
import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('defaults: for this machine alone', () => {
  expect(parseOptions({})).toEqual({
    host: '127.0.0.1',
    port: 9154,
    path: undefined,
    networks: [],
    token: undefined,
    destinations: 20,
    minimumRoom: 100 * 2 ** 20,
    certificateDays: 2,
  })
})

test('with a token everybody may ask who has it, unless there are networks, too', () => {
  const token = 'abcdefghijklmnop'
  expect(parseOptions({ token }).networks).toHaveLength(2)
  expect(parseOptions({ token, networks: [] }).networks).toHaveLength(0)
  expect(parseOptions({ token, networks: ['192.0.2.0/24'] }).networks).toHaveLength(1)
})

test.each<[object, string[]]>([
  [{ token: 'short' }, ['token']],
  [{ token: 'has a space in it, it has' }, ['token']],
  [{ token: 7 }, ['token']],
  [{ networks: ['everybody'] }, ['networks[0]']],
  [{ path: '/run/x', host: '::', port: 1 }, ['host', 'port']],
  [{ path: 'relative' }, ['path']],
  [{ host: 'localhost', port: 70_000 }, ['host', 'port']],
  [
    { destinations: -1, minimumRoom: 'much', certificateDays: 1.5 },
    ['destinations', 'minimumRoom', 'certificateDays'],
  ],
  [{ listen: 1 }, ['listen']],
])('%j: faults at %j', (input, paths) => {
  let faults: readonly string[] = []
  try {
    parseOptions(input)
  } catch (error) {
    faults = (error as ConfigError).faults.map(({ path }) => path)
  }
  expect(faults.toSorted()).toEqual(paths.toSorted())
})

test('a token that is wrong is not shown', () => {
  expect(() => parseOptions({ token: 'hunter2 hunter2 hunter2' })).toThrow(ConfigError)
  expect(() => parseOptions({ token: 'hunter2 hunter2 hunter2' })).not.toThrow(/hunter2/)
})
