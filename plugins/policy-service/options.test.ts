import { expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const service = 'inet:127.0.0.1:10023'

const paths = (input: unknown) => faultPathsOf(parseOptions, input)

it('have the defaults of Postfix', () => {
  expect(parseOptions({ service })).toMatchObject({
    address: { host: '127.0.0.1', port: 10_023 },
    ask: ['recipient'],
    roles: ['transfer'],
    ownClients: false,
    timeout: 100_000,
    tries: 2,
    retryDelay: 1000,
    maxIdle: 300_000,
    maxTtl: 1_000_000,
    defaultAction: { kind: 'refuse', reply: { code: 451, enhanced: '4.3.5' } },
  })
})

it.each([
  ['inet:policy.example:9998', { host: 'policy.example', port: 9998 }],
  ['inet:[::1]:9998', { host: '::1', port: 9998 }],
  ['unix:/run/policy', { path: '/run/policy' }],
])('the service may be %s', (text, address) => {
  expect(parseOptions({ service: text }).address).toEqual(address)
})

it.each<[object, readonly string[]]>([
  [{}, ['service']],
  [{ service: 'unix:private/policy' }, ['service']],
  [{ service: 'inet:9998' }, ['service']],
  [{ service: 'inet:a:70000' }, ['service']],
  [{ service: 'inet:a:0' }, ['service']],
  [{ service, ask: ['rcpt'] }, ['ask']],
  [{ service, roles: ['imap'] }, ['roles']],
  [{ service, exempt: ['192.0.2.0/24', '192.0.2.1/24'] }, ['exempt[1]']],
  [{ service, defaultAction: 'FILTER a:b' }, ['defaultAction']],
  [{ service, tries: 0, timeout: '5m' }, ['timeout', 'tries']],
])('%j has faults at %j', (input, faults) => {
  expect(paths(input)).toEqual(faults)
})
