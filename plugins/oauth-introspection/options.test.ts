import { expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const endpoint = 'https://id.example/introspect'

const paths = (input: unknown) => faultPathsOf(parseOptions, input)

it('have defaults', () => {
  expect(parseOptions({ endpoint })).toEqual({
    endpoint: new URL(endpoint),
    clientId: undefined,
    clientSecret: undefined,
    loginClaim: 'username',
    scope: undefined,
    audience: undefined,
    openidConfiguration: undefined,
    cacheFor: 30_000,
    timeout: 5000,
  })
  expect(parseOptions({ endpoint, clientId: 'a', clientSecret: 'b' })).toMatchObject({
    clientId: 'a',
    clientSecret: { text: 'b' },
  })
})

it.each([
  'http://localhost/x',
  'http://127.0.0.1:8080/x',
  'http://127.9.9.9/x',
  'http://[::1]:9/x',
  'https://id.example/x?y=z',
])('the endpoint may be %s', (url) => {
  expect(parseOptions({ endpoint: url }).endpoint.href).toBe(new URL(url).href)
})

it.each([
  'http://id.example/x',
  'http://localhost.example/x',
  'http://127.0.0.1.example/x',
  'http://10.0.0.1/x',
  'http://0.0.0.0/x',
  'ftp://localhost/x',
  'file:///etc/passwd',
  'https://user:secret@id.example/x',
  'id.example',
  7,
])('the endpoint may not be %s', (url) => {
  expect(paths({ endpoint: url })).toEqual(['endpoint'])
})

it.each<[object, readonly string[]]>([
  [{}, ['endpoint']],
  [{ endpoint, clientId: 'a' }, ['clientSecret']],
  [{ endpoint, clientSecret: 'a' }, ['clientId']],
  [{ endpoint, clientId: 'a', clientSecret: 'b', clientSecretEnv: 'C' }, ['clientSecretEnv']],
  [{ endpoint, scope: 'a b' }, ['scope']],
  [{ endpoint, openidConfiguration: 'http://id.example' }, ['openidConfiguration']],
  [{ endpoint, timeout: 1, cacheFor: '2h' }, ['cacheFor', 'timeout']],
  [{ endpoint, clientid: 'a' }, ['clientid']],
])('%j has faults at %j', (input, faults) => {
  expect(paths(input)).toEqual(faults)
})
