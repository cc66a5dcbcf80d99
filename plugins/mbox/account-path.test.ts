import { parseAddress } from 'mailwright'
import { expect, it } from 'vitest'
import { accountPath } from './account-path.ts'

function pathOf(address: string, template = '{domain}/{user}/inbox', id = '7'): string {
  const parsed = parseAddress(address)
  if (parsed === undefined) throw new TypeError('not an address')
  return accountPath(template, { address: parsed, id })
}

it.each([
  ['Ann@Example.ORG', 'example.org/ann/inbox'],
  ['"../../etc"@example.org', 'example.org/%2e./../etc/inbox'.replace('./../', '.%2f..%2f')],
  ['"a/b c"@example.org', 'example.org/a%2fb%20c/inbox'],
  ['"{id}"@example.org', 'example.org/%7bid%7d/inbox'],
  ['"%2e"@example.org', 'example.org/%252e/inbox'],
])('puts %s into %s', (address, path) => {
  expect(pathOf(address)).toBe(path)
})

it('knows the id, and takes it as it is spelled', () => {
  expect(pathOf('ann@example.org', '/var/mail/{id}', 'A.b')).toBe('/var/mail/%41.b')
  expect(pathOf('ann@example.org', '{id}', '')).toBe('%')
})

it('cuts what is too long for a file, and keeps it different', () => {
  const [one, other] = ['a', 'b'].map((end) => pathOf('ann@example.org', '{id}', `${'ü'.repeat(200)}${end}`))
  expect(one?.length).toBeLessThanOrEqual(255)
  expect(one).not.toBe(other)
})
