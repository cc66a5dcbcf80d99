import { formatAddress } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { readTargets, splitList } from './targets.ts'

const asked = { localPart: 'Jo', domain: 'example.org' }
const read = (text: string, defaultDomain?: string) => {
  const { addresses, unreadable } = readTargets(text, { asked, defaultDomain })
  return { addresses: addresses.map(formatAddress), unreadable }
}

describe('readTargets', () => {
  it.each([
    ['a@x.example', ['a@x.example']],
    [' a@x.example ,\r\nb@X.example; c@x.example,', ['a@x.example', 'b@x.example', 'c@x.example']],
    ['a@x.example,A@x.example', ['a@x.example']],
    ['"a,b"@x.example,"c\\"d"@x.example', ['"a,b"@x.example', '"c\\"d"@x.example']],
    ['two words@x.example', ['"two words"@x.example']],
    ['@x.example', ['Jo@x.example']],
    ['jo@bücher.example', ['jo@xn--bcher-kva.example']],
    ['jo#example.org@autoreply.example.org,jo@example.org', ['jo@example.org']],
    ['jo#elsewhere.example@x.example', ['jo#elsewhere.example@x.example']],
    ['', []],
  ])('%j', (text, addresses) => {
    expect(read(text)).toEqual({ addresses, unreadable: [] })
  })

  it('says what is no address', () => {
    const unreadable = ['|/bin/program', '/dev/null', ':include:/list', 'root', 'a@b@', 'a@-x']
    expect(read(unreadable.join(','))).toEqual({ addresses: [], unreadable })
  })

  it('gives names the default domain', () => {
    expect(read('root,a@x.example', 'example.org').addresses).toEqual(['root@example.org', 'a@x.example'])
  })

  it('gives it to nothing else', () => {
    const unreadable = [
      '|/bin/x',
      '"|/bin/x y"',
      '/var/mail/x',
      ':include:/list',
      '"/var/mail/x"',
      '|/bin/x -f a@x.example',
    ]
    expect(read([...unreadable, 'jo@x.example'].join(','), 'example.org')).toEqual({
      addresses: ['jo@x.example'],
      unreadable,
    })
    const odd = ['"|a"@x.example', '/c=de/@x.example']
    expect(read(odd.join(','), 'example.org').unreadable).toEqual([])
  })

  it('takes a bounded number of them, in linear time', () => {
    const many = Array.from({ length: 50_000 }, (_, index) => `n${index}@x.example`).join(',')
    expect(read(many).addresses).toHaveLength(10_000)
    expect(splitList('"'.repeat(1_000_001))).toHaveLength(1)
    expect(splitList(','.repeat(1_000_000))).toEqual([])
  })
})
