import { describe, expect, test } from 'vitest'
import { addressOf } from '../testing/address-of.ts'
import { otherName, ownerLevel, personalName, placeOf, sharedName } from './mailbox-place.ts'

describe('where a name leads', () => {
  test.each([
    ['INBOX', { space: 'personal', mailbox: 'INBOX' }],
    ['inBOX/Sub', { space: 'personal', mailbox: 'INBOX/Sub' }],
    ['Work/Bills', { space: 'personal', mailbox: 'Work/Bills' }],
    [
      'Other Users/ann@example.org/Work/Bills',
      { space: 'other', owner: 'ann@example.org', mailbox: 'Work/Bills' },
    ],
    ['Other Users/ann@example.org/../x', { space: 'other', owner: 'ann@example.org', mailbox: '../x' }],
    ['Shared/Team', { space: 'shared', mailbox: 'Team' }],
    ['Shared/Shared/x', { space: 'shared', mailbox: 'Shared/x' }],
    // Only the exact spelling leads to others.
    ['other users/ann@example.org/Work', { space: 'personal', mailbox: 'other users/ann@example.org/Work' }],
    ['SHARED/Team', { space: 'personal', mailbox: 'SHARED/Team' }],
    ['Shared /Team', { space: 'personal', mailbox: 'Shared /Team' }],
    ['Work/Shared/Team', { space: 'personal', mailbox: 'Work/Shared/Team' }],
    // An own mailbox that is called like a namespace.
    ['Shared~', { space: 'personal', mailbox: 'Shared' }],
    ['Shared~/Team', { space: 'personal', mailbox: 'Shared/Team' }],
    ['Other Users~~/x', { space: 'personal', mailbox: 'Other Users~/x' }],
    ['Sharedness', { space: 'personal', mailbox: 'Sharedness' }],
    ['Work~', { space: 'personal', mailbox: 'Work~' }],
  ])('%j', (name, place) => {
    expect(placeOf(name)).toEqual(place)
  })

  test.each([
    'Shared',
    'Shared/',
    'Shared//x',
    'Shared/inbox/x',
    'Other Users/ann@example.org/Inbox',
    'Shared/x/',
    'Shared/\0',
    'Shared/a\nb',
    'Shared/\ud800',
    `Shared/${'x'.repeat(1001)}`,
    `a${'/a'.repeat(500)}`,
    'Other Users',
    'Other Users/',
    'Other Users/ann@example.org',
    'Other Users/ann@example.org/',
    'Other Users//x',
  ])('%j leads nowhere', (name) => {
    expect(placeOf(name)).toEqual({ space: 'nowhere' })
  })
})

test('every own mailbox has one name that leads back to it, and none that leads to others', () => {
  const mailboxes = [
    'INBOX',
    'Work',
    'Shared',
    'Shared~',
    'Shared~~',
    'Shared/x',
    'Other Users',
    'Other Users/a@b/c',
    'a/Shared',
  ]
  expect(new Set(mailboxes.map(personalName)).size).toBe(mailboxes.length)
  for (const mailbox of mailboxes)
    expect(placeOf(personalName(mailbox))).toEqual({ space: 'personal', mailbox })
})

test('names of others lead back', () => {
  const owner = addressOf('"a/b %*\\""@example.org')
  expect(placeOf(otherName(owner, 'INBOX/x'))).toEqual({
    space: 'other',
    owner: ownerLevel(owner),
    mailbox: 'INBOX/x',
  })
  expect(placeOf(sharedName('Team/x'))).toEqual({ space: 'shared', mailbox: 'Team/x' })
})

describe('an owner’s level', () => {
  test.each([
    ['Ann@Example.org', 'ann@example.org'],
    ['a/b@example.org', 'a%2Fb@example.org'],
    ['"a/b"@example.org', 'a%2Fb@example.org'],
    ['"a@b"@example.org', 'a%40b@example.org'],
    ['"a\\"b\\\\"@example.org', 'a%22b%5C@example.org'],
    ['a%2Fb@example.org', 'a%252fb@example.org'],
    ['a*b@example.org', 'a%2Ab@example.org'],
    ['".."@example.org', '..@example.org'],
    ['jürgen@bücher.example', 'jürgen@xn--bcher-kva.example'],
  ])('of %j is %j', (text, level) => {
    expect(ownerLevel(addressOf(text))).toBe(level)
  })

  test('is one for each account', () => {
    const addresses = [
      'a/b@x.org',
      'a%2fb@x.org',
      'a%2Fb@x.org',
      '"a@b"@x.org',
      'a@b.x.org',
      'a%40b@x.org',
      '"a b"@x.org',
    ]
    // Case makes no other account.
    expect(new Set(addresses.map((text) => ownerLevel(addressOf(text)))).size).toBe(addresses.length - 1)
  })
})
