import { describe, expect, it } from 'vitest'
import { formatAddress } from './address.ts'
import { parseAddressList } from './address-list.ts'

/** A list in a form that is easy to compare: `name|localPart|domain`, a leading `!` for malformed, groups in brackets. */
function outline(text: string, limit?: number): string[] {
  return parseAddressList(text, limit === undefined ? {} : { limit }).entries.map((entry) => {
    if (entry.kind === 'group-start') return `[${entry.displayName}`
    if (entry.kind === 'group-end') return ']'
    const route = entry.sourceRoute === '' ? '' : `${entry.sourceRoute}|`
    return `${entry.isMalformed ? '!' : ''}${entry.displayName}|${route}${entry.localPart}|${entry.domain}`
  })
}

describe('parseAddressList', () => {
  // The shapes of RFC 5322 Appendix A.
  it.each([
    ['Jo Doe <jdoe@machine.example>', ['Jo Doe|jdoe|machine.example']],
    ['mary@example.net', ['|mary|example.net']],
    ['"Joe Q. Public" <john.q.public@example.com>', ['Joe Q. Public|john.q.public|example.com']],
    [
      'Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>',
      ['Mary Smith|mary|x.test', '|jdoe|example.org', 'Who?|one|y.test'],
    ],
    [
      '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
      ['|boss|nil.test', 'Giant; "Big" Box|sysservices|example.net'],
    ],
    [
      'A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;',
      ['[A Group', 'Ed Jones|joe|where.test', '|joe|where.test', 'John|jdoe|one.test', ']'],
    ],
    ['Undisclosed recipients:;', ['[Undisclosed recipients', ']']],
    ['Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>', ['Pete|pete|silly.test']],
    [
      "A Group(Some people)\t:Chris Jones <c@(Chris's host.)public.example>,joe@example.org,\tJohn <jdoe@one.test> (my dear friend); (the end of the group)",
      ['[A Group', 'Chris Jones|c|public.example', '|joe|example.org', 'John|jdoe|one.test', ']'],
    ],
    ['(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;', ['[Hidden recipients', ']']],
    ['Joe Q. Public <john.q.public@example.com>', ['Joe Q. Public|john.q.public|example.com']],
    [
      'Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example',
      ['Mary Smith|@node.test|mary|example.net', '|jdoe|test.example'],
    ],
    ['<@a.test , @b.test:c@d.test>', ['|@a.test,@b.test|c|d.test']],
  ])('reads %s', (text, expected) => {
    expect(outline(text)).toEqual(expected)
  })

  it.each([
    ['jo@example.org (Jo Doe)', ['Jo Doe|jo|example.org']],
    ['jo@example.org(Jo Doe), (x) di@example.org (Di)', ['Jo Doe|jo|example.org', 'Di|di|example.org']],
    ['(note, secret) jo@example.org', ['|jo|example.org']],
    ['jo (note) @ (note) example.org', ['|jo|example.org']],
    ['<jo (note)@ (note) example.org> (note)', ['|jo|example.org']],
    ['(note) <jo@example.org>', ['|jo|example.org']],
    ['Jo (note) <jo@example.org>', ['Jo|jo|example.org']],
    ['"a b"@example.org', ['|a b|example.org']],
    ['"a b".c . "d"@example.org', ['|a b.c.d|example.org']],
    ['Jo <jo@[192.0.2.1]>', ['Jo|jo|[192.0.2.1]']],
    ['[list] <jo@example.org>', ['[list]|jo|example.org']],
    ['=?utf-8?q?J=C3=B6?= <jo@example.org>', ['=?utf-8?q?J=C3=B6?=|jo|example.org']],
    ['"Doe, Jo" <jo@example.org>', ['Doe, Jo|jo|example.org']],
    ['a@x.example; b@x.example', ['|a|x.example', '|b|x.example']],
    ['jö@bücher.example', ['|jö|bücher.example']],
    ['', []],
    [' , ,, ', []],
    ['(only a comment)', []],
    ['list: a@x.example', ['[list', '|a|x.example', ']']],
  ])('understands %s', (text, expected) => {
    expect(outline(text)).toEqual(expected)
  })

  it.each([
    ['jo', ['!|jo|']],
    ['Jo Doe jo@example.org', ['!|Jo Doe jo|example.org']],
    ['a@b@c.example', ['!|a@b|c.example']],
    ['<a@x.example> <b@y.example>', ['!|a@x.example b|y.example']],
    ['<a@x.example> junk', ['!junk|a|x.example']],
    ['<a@x.example, b@y.example', ['!|a|x.example', '|b|y.example']],
    ['<a@x.example', ['!|a|x.example']],
    ['a@x.example>', ['!|a|x.example']],
    ['<>', ['!||']],
    ['a@"x.example"', ['!|a|x.example']],
    ['a@b:c', ['!|a|b:c']],
    ['"open <jo@example.org>', ['!|open <jo@example.org>|']],
    ['(open <jo@example.org>', []],
  ])('marks %j as malformed', (text, expected) => {
    expect(outline(text)).toEqual(expected)
  })

  it('never makes another address of what is quoted', () => {
    for (const text of [
      '"evil@attacker.example"@example.org',
      '"evil@attacker.example x"@example.org',
      '"<evil@attacker.example>"@example.org',
      '"evil@attacker.example, x" . x@example.org',
      '"\\"evil@attacker.example>, "@example.org',
      '"evil@attacker.example" <jo@example.org>',
      '(evil@attacker.example) jo@example.org',
      '<"evil@attacker.example>"@example.org>',
    ]) {
      const { mailboxes } = parseAddressList(text)
      expect(mailboxes.map((each) => each.domain)).toEqual(['example.org'])
      expect(mailboxes[0]?.address?.domain).toBe('example.org')
    }
  })

  it('gives canonical addresses and decoded names', () => {
    const [first, second, third] = parseAddressList(
      '=?utf-8?q?J=C3=B6?= <"a b"@B\u00dccher.example>, x@[bad], a@b@c',
    ).mailboxes
    expect(first?.name).toBe('Jö')
    expect(first?.address).toEqual({ localPart: 'a b', domain: 'xn--bcher-kva.example' })
    expect(first?.address && formatAddress(first.address)).toBe('"a b"@xn--bcher-kva.example')
    expect([second?.address, third?.address]).toEqual([undefined, undefined])
  })

  it('takes time by its length alone', () => {
    const text = `${'a '.repeat(400_000)}@${': '.repeat(400_000)}`
    expect(parseAddressList(text).mailboxes.every((each) => each.address === undefined)).toBe(true)
  })

  it('stops at the limit and says so', () => {
    expect(parseAddressList('a@x, b@x, c@x', { limit: 2 })).toMatchObject({ truncated: true })
    expect(outline('a@x, b@x, c@x', 2)).toEqual(['|a|x', '|b|x'])
    expect(outline('g: a@x, b@x, c@x;', 2)).toEqual(['[g', '|a|x', ']'])
    expect(parseAddressList('a@x, b@x', { limit: 2 }).truncated).toBe(false)
    expect(parseAddressList('a '.repeat(101), { limit: 2 })).toMatchObject({ truncated: true, entries: [] })
    expect(parseAddressList('a@x, '.repeat(100_000))).toMatchObject({ truncated: true })
    expect(parseAddressList('a@x, '.repeat(100_000)).entries).toHaveLength(1000)
  })
})
