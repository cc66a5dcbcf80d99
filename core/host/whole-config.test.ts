import { expect, it } from 'vitest'
import type { ConfigError } from '../errors.ts'
import type { ListenOptions } from '../plugin.ts'
import type { Store } from '../services/store.ts'
import type { ListenRequest } from './listeners.ts'
import { checkWholeConfig } from './whole-config.ts'

function request(plugin: string, place: string): ListenRequest {
  const at = place.lastIndexOf(':')
  const options: ListenOptions = place.startsWith('/')
    ? { role: 'imap', path: place }
    : { role: 'imap', host: place.slice(0, at), port: Number(place.slice(at + 1)) }
  return { plugin, options, onConnection: () => undefined }
}

function problems(places: readonly string[], workers = 1, store?: Store): readonly string[] {
  const requests = places.map((place, index) => request('abcd'.charAt(index), place))
  try {
    checkWholeConfig({ requests, commands: [], workers, store })
    return []
  } catch (error) {
    return (error as ConfigError).faults.map(({ path, problem }) => `${path}: ${problem}`)
  }
}

it.each([
  ['127.0.0.1:25', '127.0.0.1:25'],
  ['localhost:25', 'LOCALHOST:25'],
  ['0.0.0.0:25', '127.0.0.1:25'],
  ['192.0.2.1:25', '0.0.0.0:25'],
  ['0.0.0.0:25', ':::25'],
  [':::25', '127.0.0.1:25'],
  ['::1:25', '0:0:0:0:0:0:0:0:25'],
  [':::25', 'mail.example.org:25'],
  ['2001:db8::1:25', '2001:DB8:0::1:25'],
  ['::ffff:127.0.0.1:25', '0.0.0.0:25'],
  ['/run/mail', '/run/mail'],
])('%s and %s are told', (one, other) => {
  expect(problems([one, other])).toHaveLength(1)
})

it.each([
  ['127.0.0.1:25', '127.0.0.1:587'],
  ['127.0.0.1:25', '192.0.2.1:25'],
  ['0.0.0.0:25', '0.0.0.0:587'],
  ['0.0.0.0:0', '127.0.0.1:0'],
  [':::0', ':::0'],
  ['0.0.0.0:25', '::1:25'],
  ['0.0.0.0:25', 'mail.example.org:25'],
  ['/run/mail', '/run/other'],
  ['/run/mail', ':::25'],
])('%s and %s can be had together', (one, other) => {
  expect(problems([one, other])).toEqual([])
})

it('tells every two, and what else is wrong, together', () => {
  const store = { supports: { shared: false } } as Store
  const places = ['127.0.0.1:25', '192.0.2.1:25', '0.0.0.0:25', '127.0.0.1:25']
  expect(problems(places, 2, store)).toEqual([
    'plugins: a listens on 127.0.0.1 port 25 and c on 0.0.0.0 port 25, which cannot both be had',
    'plugins: b listens on 192.0.2.1 port 25 and c on 0.0.0.0 port 25, which cannot both be had',
    'plugins: a and d both listen on 127.0.0.1 port 25',
    'plugins: c listens on 0.0.0.0 port 25 and d on 127.0.0.1 port 25, which cannot both be had',
    'workers: must be 1 with this store, which is for one process',
  ])
})
