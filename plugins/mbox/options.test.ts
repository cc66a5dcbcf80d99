import { expect, it } from 'vitest'
import { parseMboxOptions } from './options.ts'

it('has a default for everything', () => {
  expect(parseMboxOptions({})).toEqual({
    root: 'mail',
    inbox: '{domain}/{user}/inbox',
    mailboxes: '{domain}/{user}/mail',
    dotLock: 'required',
    staleLock: 500_000,
    lockTimeout: 30_000,
  })
})

it('takes the places of classic systems', () => {
  const options = { inbox: '/var/mail/{user}', mailboxes: '/home/{user}/mail', dotLock: 'where-possible' }
  expect(parseMboxOptions({ ...options, staleLock: '20m', lockTimeout: '5s' })).toMatchObject({
    ...options,
    staleLock: 1_200_000,
    lockTimeout: 5000,
  })
})

it.each([
  [{ inbox: '../{user}' }, 'inbox: must not lead upwards'],
  [{ mailboxes: 'a/../../{user}' }, 'mailboxes: must not lead upwards'],
  [{ inbox: '{domain}/inbox' }, 'inbox: must hold {user} or {id}, or all accounts would share one'],
  [{ mailboxes: '{user}/{host}' }, 'mailboxes: has {host}; it may hold {domain}, {user}, {id}'],
  [{ inbox: '{id}', mailboxes: '{id}' }, 'mailboxes: must not be where inbox is, which is a file'],
  [{ inbox: '{id}', mailboxes: '{id}/mail' }, 'mailboxes: must not be where inbox is, which is a file'],
  [{ root: 'a\0' }, 'root: must not hold a NUL'],
  [{ dotLock: 'no' }, 'dotLock: must be one of "required", "where-possible", "never", not "no"'],
  [{ staleLock: '1s' }, 'staleLock:'],
  [{ rooot: 'x' }, 'rooot: is not an option here (did you mean "root"?)'],
])('refuses %j', (input, problem) => {
  expect(() => parseMboxOptions(input)).toThrow(problem)
})
