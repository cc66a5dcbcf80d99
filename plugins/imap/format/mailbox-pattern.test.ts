import { describe, expect, it } from 'vitest'
import { matchesPattern } from './mailbox-pattern.ts'

/** The rule in other words: every way to cut the name is tried. */
function matches(name: string, pattern: string): boolean {
  const sign = pattern[0]
  if (sign === undefined) return name === ''
  if (sign !== '*' && sign !== '%') return name[0] === sign && matches(name.slice(1), pattern.slice(1))
  const rest = pattern.slice(1)
  if (matches(name, rest)) return true
  return name !== '' && (sign === '*' || name[0] !== '/') && matches(name.slice(1), pattern)
}

describe('matchesPattern', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'A', false],
    ['a/b', '*', true],
    ['a/b', '%', false],
    ['a', '%', true],
    ['a/b', '%/%', true],
    ['a/b/c', 'a/%', false],
    ['a/b/c', 'a/*', true],
    ['a', 'a/*', false],
    ['a', 'a*', true],
    ['a', 'a%', true],
    ['a/b', 'a%b', false],
    ['a/b/c', '*/c', true],
    ['', '', true],
    ['a', '', false],
    ['', '*', true],
    ['a.b(c', 'a.b(%', true],
    ['\u00fc/x', '\u00fc/*', true],
    // RFC 9051 §5.1: INBOX in any case of letters, and nothing else.
    ['INBOX', 'inbox', true],
    ['INBOX', 'in%', true],
    ['INBOX', '*x', true],
    ['INBOX/a', 'Inbox/%', true],
    ['INBOX/INBOX', 'inbox/inbox', false],
    ['INBOX/A', 'inbox/a', false],
    ['INBOXES', 'inboxes', false],
    ['a/INBOX', 'a/inbox', false],
    ['inbox', 'INBOX', false],
  ])('%j and %j: %s', (name, pattern, answer) => {
    expect(matchesPattern(name, pattern)).toBe(answer)
  })

  it('answers as trying everything would', () => {
    let state = 7
    const pick = (signs: string) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return signs[(state >>> 16) % signs.length] ?? ''
    }
    let answered = 0
    for (let round = 0; round < 20_000; round += 1) {
      let [name, pattern] = ['', '']
      for (let count = round % 8; count > 0; count -= 1) name += pick('aab/')
      for (let count = round % 7; count > 0; count -= 1) pattern += pick('aab/*%')
      const answer = matches(name, pattern)
      if (answer) answered += 1
      if (matchesPattern(name, pattern) !== answer)
        expect(matchesPattern(name, pattern), `${name} ${pattern}`).toBe(answer)
    }
    expect(answered).toBeGreaterThan(1_000)
  })

  it('takes hostile patterns', () => {
    const name = `${'a'.repeat(2_000)}/${'a'.repeat(2_000)}`
    for (const pattern of ['*a'.repeat(1_000), '%a'.repeat(1_000), '*%a'.repeat(700), '*'.repeat(5_000)])
      expect(matchesPattern(name, `${pattern}b`)).toBe(false)
    expect(matchesPattern(name, '*a'.repeat(1_000))).toBe(true)
  })
})
