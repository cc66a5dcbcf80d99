import { describe, expect, test } from 'vitest'
import { parseOptions } from './options.ts'

const socket = 'inet:8891@127.0.0.1'

describe('parseOptions', () => {
  test('has a default for all but the socket', () => {
    const [milter] = parseOptions({ milters: [{ socket }] }).milters
    expect(milter).toMatchObject({
      name: socket,
      address: { host: '127.0.0.1', port: 8891 },
      roles: ['transfer', 'submission'],
      whenUnavailable: 'tempfail',
      timeouts: { connect: 30_000, command: 30_000, message: 300_000, total: 540_000 },
      maxChunk: '64K',
      maxBody: 52_428_800,
    })
  })

  test('takes everything', () => {
    const given = {
      socket: 'unix:/run/opendkim/opendkim.sock',
      name: 'opendkim',
      roles: ['lmtp'],
      exempt: ['192.0.2.7', '2001:db8::/32'],
      whenUnavailable: 'accept',
      timeouts: { connect: '1s', command: 2_000, message: '1m', total: '2m' },
      macros: { daemon_name: 'ORIGINATING', '{site}': 'a' },
      maxChunk: '1M',
      maxBody: '1M',
    }
    const [milter] = parseOptions({ milters: [given] }).milters
    expect(milter).toMatchObject({
      name: 'opendkim',
      address: { path: '/run/opendkim/opendkim.sock' },
      roles: ['lmtp'],
      timeouts: { connect: 1_000, command: 2_000, message: 60_000, total: 120_000 },
      maxBody: 1_048_576,
    })
    expect([...(milter?.macros ?? [])]).toEqual([
      ['daemon_name', 'ORIGINATING'],
      ['site', 'a'],
    ])
    expect(milter?.exempt.map(({ text }) => text)).toEqual(['192.0.2.7', '2001:db8::/32'])
  })

  test.each<[string, unknown, string]>([
    ['no milter', {}, 'milters: must hold at least one milter'],
    ['no socket', { milters: [{}] }, 'milters[0].socket: is missing'],
    ['a name twice', { milters: [{ socket }, { socket }] }, 'milters: has "inet:8891@127.0.0.1" twice'],
    ['a socket that is none', { milters: [{ socket: '/run/x' }] }, 'milters[0].socket: must be such as'],
    ['a relative path', { milters: [{ socket: 'unix:run/x' }] }, 'milters[0].socket: must be such as'],
    ['no port', { milters: [{ socket: 'inet:0@localhost' }] }, 'milters[0].socket: must be such as'],
    ['a name with a space', { milters: [{ socket, name: 'a b' }] }, 'milters[0].name: must be a word'],
    ['no role', { milters: [{ socket, roles: [] }] }, 'milters[0].roles: must be a list of'],
    ['another role', { milters: [{ socket, roles: ['imap'] }] }, 'milters[0].roles: must be a list of'],
    ['a network that is none', { milters: [{ socket, exempt: ['10.0.0.0/33'] }] }, 'milters[0].exempt'],
    ['a prefix that is none', { milters: [{ socket, exempt: ['10.0.0.0/'] }] }, 'milters[0].exempt'],
    [
      'a fate that is none',
      { milters: [{ socket, whenUnavailable: 'x' }] },
      'milters[0].whenUnavailable: must be',
    ],
    ['no time', { milters: [{ socket, timeouts: { command: 0 } }] }, 'milters[0].timeouts.command: must be'],
    ['macros in a list', { milters: [{ socket, macros: ['x'] }] }, 'milters[0].macros: must be an object'],
    [
      'a macro that is no text',
      { milters: [{ socket, macros: { x: 1 } }] },
      'milters[0].macros: must be an object',
    ],
    [
      'a NUL in a macro',
      { milters: [{ socket, macros: { x: 'a\0b' } }] },
      'milters[0].macros: must be an object',
    ],
    ['an unknown option', { milters: [{ socket, timeout: 1 }] }, 'milters[0].timeout: is not an option here'],
  ])('%s', (_, input, problem) => {
    expect(() => parseOptions(input)).toThrow(problem)
  })
})
