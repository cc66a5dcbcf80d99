import { fakeClock, overlay } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { emptyMemory } from './guard-memory.ts'
import { isInForce, Restrictions } from './restrictions.ts'
import { networkSubject } from './subject.ts'

const hour = 3_600_000
const lengths = { first: hour, longest: 24 * hour, forgetAfter: 7 * 24 * hour }
const subject = networkSubject('198.51.100.7/32')
const address = '198.51.100.7'

describe('a clock that was ahead and is right again', () => {
  const year = 365 * 24 * hour
  let now = 0
  const clock = overlay(fakeClock(), { now: () => now })

  it('leaves no restriction of the guard in force, not even when its time has come', () => {
    now = year
    const restrictions = new Restrictions(clock, lengths, 100, emptyMemory())
    const imposed = restrictions.impose(subject, 'failures')
    expect(restrictions.ofAddress(address)).toBe(imposed)
    now = 0
    expect(imposed && isInForce(imposed, now)).toBe(false)
    expect(restrictions.ofAddress(address)).toBeUndefined()
    now = year
    expect(restrictions.ofAddress(address)).toBeUndefined()
    expect(restrictions.impose(subject, 'failures')).toMatchObject({ times: 1, endsAt: year + hour })
  })

  it('leaves the bans of the postmaster', () => {
    now = 0
    const restrictions = new Restrictions(clock, lengths, 100, emptyMemory())
    const ban = { subject, since: year, endsAt: null, times: 0, reason: '', madeBy: 'postmaster' } as const
    restrictions.learn(ban)
    expect(restrictions.ofAddress(address)).toBe(ban)
  })
})

it('goes on with what was imposed before, and with what the one before still imposes', () => {
  const [clock, memory] = [fakeClock(), emptyMemory()]
  const before = new Restrictions(clock, lengths, 100, memory)
  const imposed = before.impose(subject, 'failures')
  const after = new Restrictions(clock, lengths, 100, memory)
  expect(after.ofAddress(address)).toBe(imposed)
  const later = before.impose(networkSubject('2001:db8::/64'), 'failures')
  expect(after.ofAddress('2001:db8::1')).toBe(later)
})
