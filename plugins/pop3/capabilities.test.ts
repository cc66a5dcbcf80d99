import { expect, test } from 'vitest'
import { type CapabilityFacts, capabilities } from './capabilities.ts'

test('a client sees what it may do as things are', () => {
  const always = ['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER']
  const others = ['UTF8 USER', 'LANG', 'IMPLEMENTATION Mailwright']
  const seen = (facts: CapabilityFacts) =>
    capabilities(facts).filter((capability) => ![...always, ...others].includes(capability))
  expect(seen({ mayLogIn: false, mechanisms: [], mayStartTls: true })).toEqual(['STLS'])
  expect(seen({ mayLogIn: true, mechanisms: ['SCRAM-SHA-256', 'PLAIN'], mayStartTls: false })).toEqual([
    'USER',
    'SASL SCRAM-SHA-256 PLAIN',
  ])
  const least = capabilities({ mayLogIn: false, mechanisms: [], mayStartTls: false })
  expect(least).toEqual([...always, ...others])
})
