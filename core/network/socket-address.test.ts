import { expect, test } from 'vitest'
import { parseSocketAddress } from './socket-address.ts'

test.each([
  ['unix:/run/a', { path: '/run/a' }],
  ['local:/run/a b', { path: '/run/a b' }],
  ['inet:8891@localhost', { host: 'localhost', port: 8891 }],
  ['inet6:8891@[::1]', { host: '::1', port: 8891 }],
  ['inet6:8891@::1', { host: '::1', port: 8891 }],
  ['inet:localhost:8891', { host: 'localhost', port: 8891 }],
  ['inet:[::1]:8891', { host: '::1', port: 8891 }],
  ['inet:::1:8891', { host: '::1', port: 8891 }],
  ['inet:müller.example:8891', { host: 'müller.example', port: 8891 }],
  ['inet:8891', undefined],
  ['inet:2001:db8::1', undefined],
  ['inet:127.0.0.1:10023:5', undefined],
  ['inet:/run/filter:25', undefined],
  ['inet:a:0', undefined],
  ['unix:run/a', undefined],
  ['inet:8891@', undefined],
  ['inet:70000@localhost', undefined],
  ['inet:x@localhost', undefined],
  ['inet:8891@a b', undefined],
  ['unix:', undefined],
  ['http://localhost', undefined],
  ['', undefined],
])('%j', (text, address) => {
  expect(parseSocketAddress(text)).toEqual(address)
})
