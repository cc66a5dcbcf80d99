import { describe, expect, test } from 'vitest'
import { errorText, MailwrightError } from '../errors.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { turns } from '../testing/turns.ts'
import { stepError, withinTime } from './steps.ts'

describe('withinTime', () => {
  test('waits for a step, and leaves no timer behind', async () => {
    const clock = fakeClock()
    await withinTime(clock, 'p', 'start', 100, async () => undefined)
    await withinTime(clock, 'p', 'start', 100, () => undefined)
    expect(clock.waiting).toBe(0)
  })

  test('passes on what a step throws, at once or later', async () => {
    const clock = fakeClock()
    const now = () => {
      throw new Error('now')
    }
    await expect(withinTime(clock, 'p', 'start', 100, now)).rejects.toThrow('now')
    await expect(
      withinTime(clock, 'p', 'start', 100, () => Promise.reject(new Error('later'))),
    ).rejects.toThrow('later')
    expect(clock.waiting).toBe(0)
  })

  test('names plugin and step where time is over', async () => {
    const clock = fakeClock()
    const waiting = withinTime(clock, 'maildir', 'start', 100, () => new Promise(() => undefined))
    await turns()
    clock.advance(100)
    await expect(waiting).rejects.toMatchObject({
      code: 'MAIL_E_TIMEOUT',
      message: 'maildir did not start within 100 ms',
    })
  })

  test('an error that comes after the timeout is heard by nobody and ends no process', async () => {
    const clock = fakeClock()
    const { promise, reject } = Promise.withResolvers<void>()
    const waiting = withinTime(clock, 'p', 'stop', 100, () => promise)
    await turns()
    clock.advance(100)
    await expect(waiting).rejects.toMatchObject({ code: 'MAIL_E_TIMEOUT' })
    reject(new Error('too late'))
    await turns()
  })
})

describe('stepError', () => {
  test('names plugin and step, and keeps the cause', () => {
    const cause = new Error('EIO')
    expect(stepError('MAIL_E_START', 'maildir', 'start', cause)).toMatchObject({
      code: 'MAIL_E_START',
      message: 'maildir failed in start',
      cause,
    })
  })

  test('says of a check what is wrong, whoever asked for it', () => {
    const cause = new Error('line 2 is no entry')
    expect(stepError('MAIL_E_START', 'aliases', 'check', cause)).toMatchObject({
      code: 'MAIL_E_START',
      message: 'aliases found a fault in what it reads',
      cause,
    })
  })

  test.each([undefined, null])('says that %s was thrown', (thrown) => {
    const error = stepError('MAIL_E_START', 'p', 'start', thrown)
    expect(errorText(error)).toBe(`p failed in start: ${thrown} was thrown`)
  })

  test("says nothing of our own timeouts twice, but names whose a plugin's own timeout is", async () => {
    const clock = fakeClock()
    const waiting = withinTime(clock, 'p', 'start', 1, () => new Promise(() => undefined)).catch(
      (error: unknown) => error,
    )
    await turns()
    clock.advance(1)
    const ours = await waiting
    expect(stepError('MAIL_E_START', 'p', 'start', ours)).toBe(ours)
    const theirs = new MailwrightError('MAIL_E_TIMEOUT', 'the database did not answer')
    expect(stepError('MAIL_E_START', 'p', 'start', theirs)).toMatchObject({
      message: 'p failed in start',
      cause: theirs,
    })
  })
})
