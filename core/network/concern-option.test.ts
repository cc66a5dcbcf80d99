import { expect, it } from 'vitest'
import { ConfigError } from '../errors.ts'
import { parseNetwork } from '../model/network.ts'
import { readOptions } from '../options.ts'
import { type MailConcern, readConcern } from './concern-option.ts'

function concern(input: unknown): MailConcern {
  const read = readOptions(input)
  return read.done(readConcern(read))
}

it('is for strangers who send mail from elsewhere', () => {
  expect(concern({})).toEqual({ roles: ['transfer'], exempt: [], ownClients: false })
})

it('is for whom a config says', () => {
  expect(concern({ roles: ['lmtp', 'transfer'], exempt: ['192.0.2.0/24'], ownClients: true })).toEqual({
    roles: ['transfer', 'lmtp'],
    exempt: [parseNetwork('192.0.2.0/24')],
    ownClients: true,
  })
})

it('tells all faults', () => {
  const input = { roles: ['imap'], exempt: ['192.0.2.1/24'], ownClients: 1 }
  try {
    concern(input)
    expect.unreachable()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.faults.map(({ path }) => path)).toEqual(['roles', 'exempt[0]', 'ownClients'])
  }
})
