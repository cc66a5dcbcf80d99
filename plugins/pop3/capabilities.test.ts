import { expect, test } from 'vitest'
import { capabilities } from './capabilities.ts'

test('a client sees what it may do as things are', () => {
  const always = ['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER']
  const seen = (mayLogIn: boolean, mayStartTls: boolean) =>
    capabilities({ mayLogIn, mayStartTls }).filter((capability) => !always.includes(capability))
  expect(seen(false, true)).toEqual(['STLS', 'IMPLEMENTATION Mailwright'])
  expect(seen(true, false)).toEqual(['USER', 'SASL PLAIN', 'IMPLEMENTATION Mailwright'])
  expect(capabilities({ mayLogIn: false, mayStartTls: false })).toEqual(expect.arrayContaining(always))
})
