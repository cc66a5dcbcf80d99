import { bufferContent, createMessage, type Message, UnavailableError } from 'mailwright'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Destination } from '../routing/destination.ts'
import { SecurityPolicies } from './policies.ts'
import type { SecurityPolicy, TlsRequirement } from './requirement.ts'
import type { TlsLevel, TlsRule } from './tls-rule.ts'

const destination: Destination = {
  name: 'there.example',
  host: 'there.example',
  useMx: true,
  port: 25,
  isConfigured: false,
  relay: undefined,
}
const candidate = { host: 'mx.there.example', port: 25, secure: false }
let plain: Message
let relaxed: Message
beforeAll(async () => {
  plain = await createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\n')))
  relaxed = await createMessage(bufferContent(Buffer.from('TLS-Required: No\r\n\r\n')))
})

function policies(
  tls: TlsLevel,
  published: readonly (TlsRequirement | 'refused' | Error)[],
  rules: Readonly<Record<string, TlsRule>> = {},
): SecurityPolicies {
  return new SecurityPolicies({
    tls,
    tlsFor: new Map(Object.entries(rules)),
    published: published.map((answer): SecurityPolicy => {
      return {
        async requirementFor() {
          if (answer instanceof Error) throw answer
          return answer
        },
      }
    }),
  })
}

const dane: TlsRequirement = { level: 'dane', names: ['mx.there.example'], tlsa: [], source: 'dane' }
const sts: TlsRequirement = { level: 'verify', names: ['mx.there.example'], source: 'mta-sts' }

describe('what a host has to fulfil', () => {
  test.each<readonly [TlsLevel, readonly TlsRequirement[], string, string]>([
    ['may', [], 'may', 'default'],
    ['may', [sts], 'verify', 'mta-sts'],
    ['may', [dane, sts], 'dane', 'dane'],
    ['verify', [{ ...dane, level: 'encrypt' }], 'verify', 'default'],
    ['encrypt', [{ ...sts, level: 'may' }], 'encrypt', 'default'],
    ['may', [{ ...sts, level: 'may' }], 'may', 'mta-sts'],
  ])('%s with %j', async (tls, published, level, source) => {
    const found = policies(tls, published).requirementFor(destination, candidate, {
      message: plain,
      parameters: {},
    })
    expect(await found).toMatchObject({ level, source })
  })

  test('what the config says of a destination counts', async () => {
    const rules = { '.example': { level: 'none', names: undefined } } as const
    const found = policies('may', [dane], rules).requirementFor(destination, candidate, {
      message: plain,
      parameters: {},
    })
    expect(await found).toEqual({ level: 'none', names: ['mx.there.example'], source: 'config' })
  })

  test('DANE is not overruled by a policy that does not list the host', async () => {
    const found = policies('may', [dane, 'refused']).requirementFor(destination, candidate, {
      message: plain,
      parameters: {},
    })
    expect(await found).toMatchObject({ level: 'dane' })
  })

  test.each([
    ['refused', '4.7.5', 'tls'],
    [new UnavailableError('DNS is away'), '4.4.3', 'dns'],
  ] as const)('%s: not this host, not now', async (answer, enhanced, cause) => {
    const found = policies('may', [answer]).requirementFor(destination, candidate, {
      message: plain,
      parameters: {},
    })
    expect(await found).toMatchObject({ outcome: { kind: 'deferred', cause, reply: { enhanced } } })
  })

  test('TLS-Required: No passes over what domains publish (RFC 8689)', async () => {
    const found = policies('may', [dane]).requirementFor(destination, candidate, {
      message: relaxed,
      parameters: {},
    })
    expect(await found).toMatchObject({ level: 'may' })
  })

  test.each([
    [
      'not known for sure',
      { secure: false },
      [],
      { outcome: { kind: 'failed', reply: { enhanced: '5.7.30' } } },
    ],
    ['known by DNSSEC', { secure: true }, [], { level: 'verify', source: 'require-tls' }],
    ['listed by MTA-STS', { secure: false }, [sts], { level: 'verify', source: 'mta-sts' }],
    ['known by DANE', { secure: true }, [dane], { level: 'dane', source: 'dane' }],
  ] as const)('REQUIRETLS and a host that is %s', async (_, more, published, expected) => {
    const found = policies('may', published).requirementFor(
      destination,
      { ...candidate, ...more },
      { message: relaxed, parameters: { requireTls: true } },
    )
    expect(await found).toMatchObject(expected)
  })
})
