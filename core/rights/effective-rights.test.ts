import { describe, expect, test } from 'vitest'
import { allRights, canonicalRights, hasAllRights, hasAnyRight, withObsoleteRights } from '../model/rights.ts'
import { effectiveRights, grantableRights } from './effective-rights.ts'
import type { Identity } from './identifier.ts'

const bob: Identity = { id: 'id-of-bob', address: { localPart: 'Bob', domain: 'example.org' } }

function rights(...list: readonly (readonly [identifier: string, rights: string])[]): string {
  return effectiveRights(
    list.map(([identifier, letters]) => ({ identifier, rights: letters })),
    bob,
    'id-of-ann',
  )
}

describe('the letters', () => {
  test.each([
    ['', ''],
    ['lr', 'lr'],
    ['rlrl', 'lr'],
    ['aetxkpiwsrl', allRights],
    // RFC 4314 §2.1.1: `c` is create, `d` is delete, and each may stand beside what it means.
    ['c', 'kx'],
    ['d', 'te'],
    ['lrswicda', 'lrswikxtea'],
    ['dte', 'te'],
  ])('%j are %j', (given, canonical) => {
    expect(canonicalRights(given)).toBe(canonical)
  })

  test.each(['q', 'lrQ', 'L', 'l r', '0', '+l', '-l', 'lr\0', 'ł'])('%j are none', (given) => {
    expect(canonicalRights(given)).toBeUndefined()
  })

  test.each([
    ['lr', 'lr'],
    ['lrx', 'lrxc'],
    ['k', 'kc'],
    ['t', 'td'],
    [allRights, `${allRights}cd`],
    ['', ''],
  ])('%j are shown to old clients as %j', (given, shown) => {
    expect(withObsoleteRights(given)).toBe(shown)
  })

  test('all of, any of', () => {
    expect([hasAllRights('lr', ''), hasAllRights('lr', 'rl'), hasAllRights('lr', 'rs')]).toEqual([
      true,
      true,
      false,
    ])
    expect([hasAnyRight('lr', ''), hasAnyRight('lr', 'sr'), hasAnyRight('lr', 'sw')]).toEqual([
      false,
      true,
      false,
    ])
  })
})

describe('effective rights', () => {
  test('the owner has all, whatever the list says', () => {
    expect(effectiveRights([{ identifier: '-anyone', rights: allRights }], bob, bob.id)).toBe(allRights)
    expect(effectiveRights([{ identifier: `-${bob.id}`, rights: 'a' }], bob, bob.id)).toBe(allRights)
  })

  test('nobody else has any without a line', () => {
    expect(rights()).toBe('')
    expect(rights(['carol@example.org', 'lr'], ['id-of-bobby', 'lr'], ['$team', 'lr'])).toBe('')
  })

  test('a public mailbox has no owner', () => {
    expect(effectiveRights([], bob, undefined)).toBe('')
    expect(effectiveRights([{ identifier: 'anyone', rights: 'l' }], bob, undefined)).toBe('l')
  })

  test('all lines that speak of the account give together', () => {
    expect(rights(['anyone', 'l'], ['id-of-bob', 'r'], ['bob@example.org', 's'])).toBe('lrs')
  })

  test('what is taken away is taken last, in whatever order the lines stand', () => {
    expect(rights(['-id-of-bob', 'r'], ['anyone', 'lrs'], ['id-of-bob', 'rw'])).toBe('lsw')
    expect(rights(['anyone', 'lrs'], ['-anyone', 's'], ['id-of-bob', 's'])).toBe('lr')
    expect(rights(['-bob@example.org', 'l'], ['bob@example.org', 'lr'])).toBe('r')
    expect(rights(['-carol@example.org', 'l'], ['anyone', 'l'])).toBe('l')
  })

  test('an id that begins with a dash never makes a taking line a giving one', () => {
    const dashed: Identity = { id: '-carol', address: { localPart: 'x', domain: 'example.org' } }
    expect(effectiveRights([{ identifier: '-carol', rights: 'lr' }], dashed, 'o')).toBe('')
    const addressed: Identity = { id: 'i', address: { localPart: '-carol', domain: 'example.org' } }
    expect(effectiveRights([{ identifier: '-carol@example.org', rights: 'lr' }], addressed, 'o')).toBe('')
    expect(effectiveRights([{ identifier: '"-carol"@example.org', rights: 'lr' }], addressed, 'o')).toBe('lr')
  })
})

describe('what can be granted (RFC 4314 §3.7)', () => {
  test('each letter by itself, to everybody but the owner', () => {
    const each = { required: '', optional: [...allRights, 'c', 'd'] }
    for (const identifier of ['anyone', '-anyone', 'carol@example.org', '-x'])
      expect(grantableRights(identifier, bob)).toEqual(each)
    expect(grantableRights('id-of-bob', undefined)).toEqual(each)
  })

  test('the owner has all, and nothing can be taken away', () => {
    for (const identifier of ['id-of-bob', 'bob@example.org'])
      expect(grantableRights(identifier, bob)).toEqual({ required: 'lrswipkxteacd', optional: [] })
    expect(grantableRights('-id-of-bob', bob)).toEqual({ required: '', optional: [] })
  })
})
