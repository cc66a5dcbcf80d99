import { describe, expect, test } from 'vitest'
import { objectId, objectIdTest } from './object-id.ts'

const long = `${'x'.repeat(250)}.host`
const ids = [
  '12',
  'NIL',
  '-a',
  'a_b',
  'a_5fb',
  'a.b',
  'a=b',
  'a€b',
  '',
  long,
  `${long}1`,
  '_-',
  '1700000000.M1P2.host,S=1',
]

describe('objectId', () => {
  test.each([
    ['email', 'abc-1', 'Mabc-1'],
    ['mailbox', 'abc-1', 'Fabc-1'],
    ['email', '1700000000.M1.host,S=9', 'M1700000000_2eM1_2ehost_2cS_3d9'],
    ['email', 'a_b', 'Ma_5fb'],
    ['email', 'a€b', 'Ma_u20acb'],
  ] as const)('of a %s %s is %s', (kind, id, expected) => {
    expect(objectId(kind, id)).toBe(expected)
  })

  test('is what RFC 8474 §7 allows, and another one for each id', () => {
    const named = ids.flatMap((id) => [objectId('email', id), objectId('mailbox', id)])
    for (const name of named) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,254}$/)
    expect(new Set(named).size).toBe(2 * ids.length)
  })
})

describe('objectIdTest', () => {
  test('finds the id, and no other', () => {
    for (const id of ids) {
      const isNamed = objectIdTest('email', objectId('email', id))
      expect(ids.filter(isNamed)).toEqual([id])
      expect(ids.filter(objectIdTest('mailbox', objectId('email', id)))).toEqual([])
    }
  })

  test.each(['', 'M_', 'M_zz', 'Ma.b', 'M_61', 'M_u0061', 'M_-abc', 'x'])('nothing is called %s', (named) => {
    expect(['a', 'a.b', '_', '', ...ids].filter(objectIdTest('email', named))).toEqual([])
  })
})
