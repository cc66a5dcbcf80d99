import { generateKeyPairSync } from 'node:crypto'
import { fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { Authority } from './authority.ts'
import type { Exchange, HttpAnswer } from './exchange.ts'

const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const directory = JSON.stringify({
  newNonce: 'https://ca.example/nonce',
  newAccount: 'https://ca.example/account',
  newOrder: 'https://ca.example/order',
})

/** An authority that answers all but its directory with the same. */
function authorityWith(answer: HttpAnswer): Authority {
  const json = { 'content-type': 'application/json' }
  const exchange: Exchange = async ({ url }) =>
    url.endsWith('/directory') ? { status: 200, headers: json, text: directory } : answer
  return new Authority('https://ca.example/directory', exchange, fakeClock(), new AbortController().signal)
}

test('where no nonce can be had, its answer says why and for how long', async () => {
  const busy = authorityWith({ status: 503, headers: { 'retry-after': '3600' }, text: '' })
  await expect(busy.post({ key }, 'https://ca.example/account')).rejects.toMatchObject({
    status: 503,
    retryAfter: 3_600_000,
  })
  const silent = authorityWith({ status: 200, headers: {}, text: '' })
  await expect(silent.post({ key }, 'https://ca.example/account')).rejects.toThrow('gives out no nonce')
})

test('what somebody has to do is told with its page', async () => {
  const text = JSON.stringify({
    type: 'urn:ietf:params:acme:error:userActionRequired',
    detail: 'the terms have changed',
    instance: 'https://ca.example/terms',
  })
  const headers = { 'content-type': 'application/problem+json', 'replay-nonce': 'abc' }
  const changed = authorityWith({ status: 403, headers, text })
  await expect(changed.post({ key }, 'https://ca.example/order')).rejects.toThrow(
    'userActionRequired: the terms have changed: https://ca.example/terms',
  )
})
