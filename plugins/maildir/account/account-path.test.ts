import { expect, it } from 'vitest'
import { accountPath, pathPart } from './account-path.ts'

it('puts the parts of an address into the template', () => {
  const account = { id: 'A/1', address: { localPart: 'Ann.Lee+lists', domain: 'example.org' } }
  expect(accountPath('{domain}/{user}/Maildir', account)).toBe('example.org/ann.lee+lists/Maildir')
  expect(accountPath('{user}@{domain}', account)).toBe('ann.lee+lists@example.org')
  expect(accountPath('by-id/{id}', account)).toBe('by-id/%41%2f1')
})

// The digits are those of `printf %s ann@example.org | sha256sum`, of `ann`, and of `a-1`.
it.each([
  ['{hash}/{domain}/{user}', 'Ann', '43/example.org/ann'],
  ['{hash}/{hash}/{domain}/{user}/Maildir', 'aNN', '43/8c/example.org/ann/Maildir'],
  ['{hash}{hash}/{hash}/{hash}/{user}@{domain}', 'ann', '438c/4c/7a/ann@example.org'],
  ['{hash}/{user}', 'ANN', '49/ann'],
  ['{hash}/{hash}/{id}', 'ann', '2f/8f/a-1'],
  ['{hash}/{user}-{id}', 'ann', '2f/ann-a-1'],
])('spreads accounts by a hash of what tells them apart: %s', (template, localPart, path) => {
  const account = { id: 'a-1', address: { localPart, domain: 'Example.ORG' } }
  expect(accountPath(template, account)).toBe(path)
})

it.each([
  ['..', '%2e.'],
  ['.', '%2e'],
  ['.hidden', '%2ehidden'],
  ['a/../../b', 'a%2f..%2f..%2fb'],
  ['a\0b', 'a%00b'],
  ['a\\b', 'a%5cb'],
  ['100%', '100%25'],
  ['a b"c', 'a%20b%22c'],
  ['Müller', 'm%c3%bcller'],
  ['{domain}', '%7bdomain%7d'],
  ['', '%'],
])('makes %j safe as %s', (part, name) => {
  expect(pathPart(part)).toBe(name)
})

it('does not put a placeholder in a local part into the path', () => {
  const address = { localPart: '$&{domain}{id}', domain: 'example.org' }
  expect(accountPath('{domain}/{user}', { id: '1', address })).toBe('example.org/%24%26%7bdomain%7d%7bid%7d')
})

it('folds case and normal forms, as addresses are compared', () => {
  expect(pathPart('JOSE\u0301')).toBe(pathPart('josé'))
})

it('keeps different parts apart', () => {
  const parts = ['a.b', 'a%2eb', '.a', '%2ea', 'a b', 'a%20b', '%', '%25', '', 'a~b']
  expect(new Set(parts.map(pathPart)).size).toBe(parts.length)
})

it('shortens what no file name can hold, without mixing up two of them', () => {
  const [one, two] = ['日'.repeat(80), `${'日'.repeat(79)}本`].map(pathPart)
  expect(one).not.toBe(two)
  for (const name of [one, two]) expect(Buffer.byteLength(name ?? '')).toBeLessThanOrEqual(255)
})
