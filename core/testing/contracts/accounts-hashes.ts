import { expect } from 'vitest'
import { formatAddress } from '../../model/address/address.ts'
import { addressOf } from '../address-of.ts'
import { type AccountsCase, administrationOf, expectUnsupported, loginWorks } from './accounts-fixture.ts'
import { expectCode } from './expectations.ts'

/** Of the password `secret`, by the commands of other systems. */
const secretHashes = [
  '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1',
  '{SSHA}Wcm1xEisNjqp921ALcHfuQ7avFdzYWx0MTIzNA==',
  '{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69',
]

/** Accounts that come with a hash. */
export const hashCases: readonly AccountsCase[] = [
  {
    name: 'addAccount: a hash of another system in place of a password, and none that cannot be verified',
    needs: ['administration', 'hashes'],
    async run(fixture) {
      const { accounts } = fixture
      const administration = administrationOf(fixture)
      for (const [index, hash] of secretHashes.entries()) {
        const address = { localPart: `hash${index}`, domain: 'example.org' }
        await administration.addAccount({ address, hash })
        expect(await loginWorks(accounts, formatAddress(address), 'wrong'), hash).toBe(false)
        expect(await loginWorks(accounts, formatAddress(address), hash), hash).toBe(false)
        expect(await loginWorks(accounts, formatAddress(address), 'secret'), hash).toBe(true)
      }
      const address = addressOf('new@example.org')
      for (const hash of [
        '',
        'secret',
        '{SSHA}xx',
        '$y$j9T$a$b',
        '{PLAIN}a\nb',
        '{PLAIN}a ',
        '{DES-CRYPT}ab',
      ])
        await expectCode(administration.addAccount({ address, hash }), 'MAIL_E_INVALID')
      const [hash = ''] = secretHashes
      await expectCode(administration.addAccount({ address, hash, password: 'secret' }), 'MAIL_E_INVALID')
      expect((await accounts.resolve(address)).kind).toBe('unknown')
    },
    otherwise: (fixture) =>
      expectUnsupported(fixture, (administration) =>
        administration.addAccount({
          address: addressOf('new@example.org'),
          hash: secretHashes[0] ?? '',
        }),
      ),
  },
]
