import { expect, it } from 'vitest'
import { parseMaildirOptions } from './options.ts'

it('has a default for everything', () => {
  expect(parseMaildirOptions({})).toEqual({
    root: 'mail',
    path: '{domain}/{user}/Maildir',
    lineEnds: 'crlf',
    deliveryLog: true,
    fullText: true,
    pop3UidlFormat: '%08Xu%08Xv',
  })
})

it.each([
  [{ path: '/var/mail/{user}' }, 'path: must be relative to root'],
  [{ path: '../{user}' }, 'path: must stay below root'],
  [{ path: 'a/../../{user}' }, 'path: must stay below root'],
  [{ path: '{domain}/Maildir' }, 'path: must hold {user} or {id}, or all accounts would share one Maildir'],
  [{ path: '{user}/{host}' }, 'path: has {host}; it may hold {domain}, {user}, {id}, {hash}'],
  [{ path: '{hash}/{domain}' }, 'path: must hold {user} or {id}, or all accounts would share one Maildir'],
  [{ path: '{hash}/{hash}/{hash}/{hash}/{hash}/{user}' }, 'path: may hold {hash} 4 times at most'],
  [{ lineEnds: 'lfs' }, 'lineEnds: must be one of "crlf", "lf", not "lfs" (did you mean "lf"?)'],
  [{ root: '' }, 'root: must be a text, not an empty text'],
  [{ roots: 'x' }, 'roots: is not an option here (did you mean "root"?)'],
])('refuses %j', (input, message) => {
  expect(() => parseMaildirOptions(input)).toThrow(message)
})
