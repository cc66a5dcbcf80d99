import { describe, expect, it } from 'vitest'
import { MailboxPatterns } from './pattern.ts'

const names = ['INBOX', 'INBOX/a', 'Fruit', 'Fruit/Apple', 'Fruit/Apple/Red', 'fruit', 'Été/%', '*']

const matched = (reference: string, ...patterns: readonly string[]): readonly string[] => {
  const compiled = new MailboxPatterns(reference, patterns)
  return names.filter((name) => compiled.matches(name))
}

describe('a pattern', () => {
  it.each([
    ['*', names],
    ['%', ['INBOX', 'Fruit', 'fruit', '*']],
    ['%/%', ['INBOX/a', 'Fruit/Apple', 'Été/%']],
    ['Fruit', ['Fruit']],
    ['Fruit*', ['Fruit', 'Fruit/Apple', 'Fruit/Apple/Red']],
    ['Fruit%', ['Fruit']],
    ['Fruit/%', ['Fruit/Apple']],
    ['*/Red', ['Fruit/Apple/Red']],
    ['%/Red', []],
    ['%/%/Red', ['Fruit/Apple/Red']],
    ['F%t/*e*', ['Fruit/Apple', 'Fruit/Apple/Red']],
    ['%%', ['INBOX', 'Fruit', 'fruit', '*']],
    ['*%', names],
    ['%*', names],
    ['Ét%/*', ['Été/%']],
    ['', []],
    // INBOX is the same in any case, and so is what is below it; a part of its name is not (RFC 9051 §6.3.9).
    ['inbox', ['INBOX']],
    ['Inbox/%', ['INBOX/a']],
    ['IN%', ['INBOX']],
    ['in%', []],
  ])('%j matches as RFC 9051 §6.3.9 says', (pattern, expected) => {
    expect(matched('', pattern)).toEqual(expected)
  })

  it.each([
    ['Fruit/', '%', ['Fruit/Apple']],
    ['Fruit', '%', ['Fruit']],
    ['in', 'box', ['INBOX']],
    ['Fru', 'it/Apple', ['Fruit/Apple']],
    ['F%', '/Apple', ['Fruit/Apple']],
    ['Fruit/', '', []],
  ])('behind the reference %j: %j', (reference, pattern, expected) => {
    expect(matched(reference, pattern)).toEqual(expected)
  })

  it('ends with % where it lists levels that are no mailboxes', () => {
    const patterns = new MailboxPatterns('', ['a/%', 'b*', 'c%d', 'e*%'])
    expect(['a/x', 'a/x/y', 'bx', 'cxd', 'e/x'].filter((name) => patterns.matchesLevel(name))).toEqual([
      'a/x',
      'e/x',
    ])
  })
})

describe('several patterns', () => {
  it('match what one of them matches; what is none is ignored', () => {
    const patterns = new MailboxPatterns('', ['Fruit', undefined, '', 'i%', 'INB*'])
    expect(names.filter((name) => patterns.matches(name))).toEqual(['INBOX', 'INBOX/a', 'Fruit'])
  })

  it('are ignored beyond 4,096 characters with wildcards; names are not', () => {
    const long = `${'x'.repeat(4_000)}*`
    const patterns = new MailboxPatterns('', [long, `${'y'.repeat(100)}*`, 'z*', ...names.slice(0, 3)])
    expect(patterns.matches('z')).toBe(true)
    expect(patterns.matches('y'.repeat(101))).toBe(false)
    expect(patterns.matches('x'.repeat(4_000))).toBe(true)
    expect(patterns.matches('Fruit')).toBe(true)
  })

  it('that are made to be slow are not', () => {
    const patterns = new MailboxPatterns('', ['*a'.repeat(500), '%a*'.repeat(300)])
    for (const end of ['', 'b']) {
      const name = `${'a'.repeat(1_000)}${end}`
      expect(patterns.matches(name)).toBe(true)
      expect(patterns.matches(name.replaceAll('a', 'c'))).toBe(false)
    }
    expect(new MailboxPatterns('', ['*a'.repeat(500)]).matches(`${'a'.repeat(999)}b`)).toBe(false)
  })
})
