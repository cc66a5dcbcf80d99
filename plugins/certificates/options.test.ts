import { expect, test } from 'vitest'
import { faultsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const faults = (input: unknown) => faultsOf(parseOptions, input)

test('nothing, or pairs of files', () => {
  expect(parseOptions({})).toEqual({ files: [] })
  expect(parseOptions({ files: [{ key: '/a.key', chain: '/a.pem' }] })).toEqual({
    files: [{ names: undefined, key: '/a.key', chain: '/a.pem' }],
  })
  const [named] = parseOptions({
    files: [{ names: ['MX.Example', '*.bü.example'], key: '/a', chain: '/b' }],
  }).files
  expect(named?.names).toEqual(['mx.example', '*.xn--b-eha.example'])
})

test('faults have paths', () => {
  expect(
    faults({ files: [{ key: 'a.key' }, { key: '/a', chain: '/b', names: ['a b'], cert: '/c' }] }),
  ).toEqual([
    'files[0].key: must be an absolute path',
    'files[0].chain: is missing; it must be the absolute path of a PEM file',
    'files[1].names: "a b" is not a host name',
    'files[1].cert: is not an option here',
  ])
  expect(faults({ files: '/a' })).toEqual([expect.stringMatching(/^files: must be a list/)])
})
