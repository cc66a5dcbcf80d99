import { addressOf } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { lineOf, readLine } from './line.ts'
import { PasswdContents } from './passwd-contents.ts'

const hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA'

describe('a line', () => {
  it('is an account with all its fields', () => {
    const { entry } = readLine(
      `"a:b"@example.org:{ARGON2ID}${hash}:id=k7:name=Jo \\: \\\\ "Q" :quota=10G:deny=pop3, imap:disabled:attribute.home=/srv\\:x:`,
    )
    expect(entry).toEqual({
      kind: 'account',
      account: {
        id: 'k7',
        address: { localPart: 'a:b', domain: 'example.org' },
        name: 'Jo : \\ "Q" ',
        quotaBytes: 10 * 2 ** 30,
        disabled: true,
        disabledProtocols: ['pop3', 'imap'],
        attributes: { home: '/srv:x' },
      },
      hasOwnId: true,
      password: `{ARGON2ID}${hash}`,
    })
    if (entry !== undefined) expect(readLine(lineOf(entry).text).entry).toEqual(entry)
  })

  it('is an account with next to nothing', () => {
    const { entry } = readLine('  Jo@[192.0.2.1]:\r')
    expect(entry).toMatchObject({ kind: 'account', password: undefined, hasOwnId: false })
    expect(entry?.kind === 'account' && entry.account).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{26}$/),
      address: { localPart: 'Jo', domain: '[192.0.2.1]' },
    })
  })

  it.each([
    ['@MÜNCHEN.example', { kind: 'domain', name: 'xn--mnchen-3ya.example' }],
    ['@[IPv6:2001:db8::1] ', { kind: 'domain', name: '[IPv6:2001:db8::1]' }],
    ['', undefined],
    ['# jo@example.org:', undefined],
    ['\t# x', undefined],
  ])('%j', (text, entry) => {
    expect(readLine(text).entry).toEqual(entry)
  })

  it('is an alias to one or many', () => {
    expect(readLine('sales@a.example=>jo@a.example').entry).toEqual({
      kind: 'alias',
      address: addressOf('sales@a.example'),
      targets: [addressOf('jo@a.example')],
    })
    expect(readLine('@a.example => "x, y"@b.example ,\tann@[IPv6:::1],').entry).toEqual({
      kind: 'alias',
      address: { localPart: '', domain: 'a.example' },
      targets: [addressOf('"x, y"@b.example'), addressOf('ann@[IPv6:::1]')],
    })
  })

  it.each([
    'jo',
    'jo@example.org',
    'jo@',
    ':x',
    '@example.org:x',
    '@example.org x',
    'jo@example.org =>',
    'jo@example.org => ',
    'jo@example.org => ,',
    'jo@example.org => a@b,,c@d',
    'jo@example.org => a@b c@d',
    'jo@example.org => @example.org',
    'jo@example.org => jo@example.org:x',
    'jo@exa mple.org:',
    `${'x'.repeat(65)}@example.org:`,
    'j\0o@example.org:',
    'jo@example.org::quota',
    'jo@example.org::quota=',
    'jo@example.org::quota=-1',
    'jo@example.org::quota=1.5G',
    'jo@example.org::quota=9999999999999999T',
    'jo@example.org::disabled=no',
    'jo@example.org::deny=smtp',
    'jo@example.org::deny=',
    'jo@example.org::id=../../etc',
    'jo@example.org::id=',
    'jo@example.org::id=.',
    'jo@example.org::name=',
    'jo@example.org::name=a\u2028b',
    'jo@example.org::name=a:name=b',
    'jo@example.org::__proto__=x',
    'jo@example.org::constructor=x',
    'jo@example.org::attribute.=x',
    'jo@example.org::attribute.__proto__=x',
    'jo@example.org:\\x',
    'jo@example.org:\\',
    '"jo@example.org:',
  ])('%j is refused', (text) => {
    const { faults } = new PasswdContents(`@example.org\n${text}\n`)
    expect(faults).toHaveLength(1)
    expect(faults[0]?.where).toBe('line 2')
  })

  it('is read again as it was written, whatever the address', () => {
    const localParts = [
      '#',
      '#a"b',
      'a:b',
      'a,b => c',
      'a@b',
      '\u00a0x\u00a0',
      '\ufeff',
      '"',
      '\\',
      ' ',
      '{}',
      '=>',
      'ü',
    ]
    for (const localPart of localParts) {
      const address = { localPart, domain: 'example.org' }
      const account = {
        kind: 'account' as const,
        account: { id: 'x', address, name: ' x\\:' },
        hasOwnId: true,
        password: 'a\\:',
      }
      expect(readLine(lineOf(account).text).entry).toEqual(account)
      const alias = { kind: 'alias' as const, address, targets: [address, address] }
      expect(readLine(lineOf(alias).text).entry).toEqual(alias)
    }
  })
})

describe('the contents', () => {
  it('tells every fault with its line', () => {
    const text = [
      '# a comment',
      '@example.org',
      '@EXAMPLE.org',
      'jo@example.org:',
      'JO@example.org:',
      'jo@example.org => x@y.example',
      'ann@elsewhere.example:',
      'a@example.org::id=same',
      'b@example.org::id=same',
      'c@example.org::qouta=5',
    ]
    expect(
      new PasswdContents(text.join('\n')).faults.map(({ where, problem }) => `${where}: ${problem}`),
    ).toEqual([
      'line 3: the domain example.org is there twice',
      'line 5: JO@example.org is there twice',
      'line 6: jo@example.org is there twice',
      'line 7: the domain elsewhere.example has no line "@elsewhere.example"',
      'line 9: the id same is there twice',
      'line 10: "qouta" is no field of an account (did you mean "quota"?)',
    ])
  })

  it('reads what is long in linear time', () => {
    const long = 'x'.repeat(1_000_000)
    for (const text of [
      long,
      `"${long}`,
      `${'\\"'.repeat(500_000)}`,
      `a@b =>${' '.repeat(1_000_000)}x`,
      `${'"a"@b,'.repeat(100_000)}`,
      `jo@a:${':'.repeat(1_000_000)}`,
      `jo@a:${'\\:'.repeat(500_000)}`,
      '\n'.repeat(1_000_000),
    ]) {
      expect(new PasswdContents(text).faults.length).toBeLessThan(2)
    }
  })

  it('holds many', () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, index) => `user${index}@example.org:${hash}:id=u${index}`,
    )
    const contents = new PasswdContents(['@example.org', ...lines].join('\n'))
    expect(contents.faults).toEqual([])
    expect(contents.resolve(addressOf('USER19999+x@example.org'), '+')).toMatchObject({
      account: { id: 'u19999' },
      detail: 'x',
    })
    expect(contents.byId('u77')?.address.localPart).toBe('user77')
  })
})
