import { describe, expect, test } from 'vitest'
import { originalRecipientWord } from './original-recipient.ts'

describe('ORCPT', () => {
  test.each<readonly [string, string]>([
    ['rfc822;jo=x+y@there.example', 'rfc822;jo+3Dx+2By@there.example'],
    ['x400;a b', 'x400;a+20b'],
  ])('%s is xtext', (original, expected) => {
    for (const hasSmtpUtf8 of [true, false])
      expect(originalRecipientWord(original, hasSmtpUtf8)).toBe(`ORCPT=${expected}`)
  })

  test.each<readonly [string, string, string]>([
    ['utf-8;jö@bücher.example', 'utf-8;jö@bücher.example', String.raw`utf-8;j\x{F6}@b\x{FC}cher.example`],
    // It came so from a host without SMTPUTF8.
    [
      String.raw`UTF-8;j\x{f6}@there.example`,
      'utf-8;jö@there.example',
      String.raw`utf-8;j\x{F6}@there.example`,
    ],
    ['rfc822;jö@there.example', 'utf-8;jö@there.example', String.raw`utf-8;j\x{F6}@there.example`],
    [
      String.raw`utf-8;"a+b= \𝒳"@there.example`,
      String.raw`utf-8;"a\x{2B}b\x{3D}\x{20}\x{5C}𝒳"@there.example`,
      String.raw`utf-8;"a\x{2B}b\x{3D}\x{20}\x{5C}\x{1D4B3}"@there.example`,
    ],
    [String.raw`utf-8;j\x{D800}ö`, String.raw`utf-8;j\x{5C}x{D800}ö`, String.raw`utf-8;j\x{5C}x{D800}\x{F6}`],
  ])('%s beyond ASCII (RFC 6533)', (original, withSmtpUtf8, without) => {
    expect(originalRecipientWord(original, true)).toBe(`ORCPT=${withSmtpUtf8}`)
    expect(originalRecipientWord(original, false)).toBe(`ORCPT=${without}`)
  })

  test('one that would be too long is left out', () => {
    expect(originalRecipientWord(`utf-8;${'ö'.repeat(200)}`, true)).toBeDefined()
    expect(originalRecipientWord(`utf-8;${'ö'.repeat(200)}`, false)).toBeUndefined()
    expect(originalRecipientWord(`rfc822;${'='.repeat(200)}`, true)).toBeUndefined()
  })

  test.each(['a\r\nRCPT TO:<z@z>;b', 'rfc 822;jo', 'rfc822\n;jo', ';jo@x', 'jo@x', 'jö;x', ''])(
    '%j has no type that is an atom, and is left out',
    (original) => {
      for (const hasSmtpUtf8 of [true, false])
        expect(originalRecipientWord(original, hasSmtpUtf8)).toBeUndefined()
    },
  )
})
