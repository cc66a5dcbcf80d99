import { syncBuiltinESMExports } from 'node:module'
import util from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { decodeLatin1, decodeText } from './charset.ts'
import { charsetLabels } from './charset-labels.ts'

describe('decodeText', () => {
  it.each([
    ['utf-8', 'c3bc', 'ü'],
    ['UTF8', 'c3bc', 'ü'],
    ['iso-8859-1', 'fc', 'ü'],
    ['"ISO-8859-15"', 'a4', '€'],
    ['windows-1252', '80', '€'],
    ['cp1251', 'cff0e8', 'При'],
    ['koi8-r', 'f0d2c9', 'При'],
    ['iso-2022-jp', '1b244224221b2842', 'あ'],
    ['shift_jis', '82a0', 'あ'],
    ['cp932', '82a0', 'あ'],
    ['gb2312', 'c4e3', '你'],
    ['cp936', 'c4e3', '你'],
    ['big5', 'a741', '你'],
    ['euc-kr', 'b0a1', '가'],
    ['utf-16le', 'fc00', 'ü'],
    ['utf-16be', '00fc', 'ü'],
    ['utf-16', 'feff00fc', 'ü'],
    ['utf-16', 'fffefc00', 'ü'],
    ['utf-16', '4f60597d', '你好'],
    ['utf-16', '006a006f', 'jo'],
    ['utf-16', '6a006f00', 'jo'],
    ['utf-16', '4e00', '一'],
    ['utf-16', '4e004e8c', '一二'],
    ['utf-16', '67004e8c00200031', '最二 1'],
    ['utf-16', '004e2000314e', '一 \u4e31'],
    ['UTF-16*en', '00fc', 'ü'],
    ['unicode', 'feff00fc', 'ü'],
    ['ucs-2', '00fc', 'ü'],
    ['iso-10646-ucs-2', '4f60', '你'],
    ['utf-16', '', ''],
    ['iso-8859-1*de', 'fc', 'ü'],
    ['us-ascii', '6a6f', 'jo'],
  ])('decodes %s', (charset, hex, text) => {
    expect(decodeText(Buffer.from(hex, 'hex'), charset)).toBe(text)
  })

  it('takes what is undeclared, unknown or mislabelled ASCII as UTF-8, else as Windows-1252', () => {
    for (const charset of [
      undefined,
      '',
      'us-ascii',
      'x-unknown',
      'utf-7',
      'iso-2022-kr',
      '\0',
      '__proto__',
    ]) {
      expect(decodeText(Buffer.from('ü'), charset)).toBe('ü')
      expect(decodeText(Buffer.from([0xfc]), charset)).toBe('ü')
    }
  })

  it.each([...charsetLabels])('knows the decoder of %s', (label) => {
    expect(() => new TextDecoder(label)).not.toThrow()
  })

  it('does not ask for a decoder of a charset that there is not', () => {
    const asked = vi.spyOn(util, 'TextDecoder')
    syncBuiltinESMExports()
    onTestFinished(() => {
      asked.mockRestore()
      syncBuiltinESMExports()
    })
    expect(decodeText(Buffer.from([0xfc]), 'cp-1254')).toBe('ü')
    expect(asked).toHaveBeenCalledTimes(1)
    for (let index = 0; index < 100; index += 1) decodeText(Buffer.from('a'), `y${index}`)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it.each([' "iso-8859-1" ', '" iso-8859-1 "', '"koi8-r "'])('knows the label %s', (label) => {
    expect(decodeText(Buffer.from([0xe9]), label)).toBe(label.includes('koi') ? 'И' : 'é')
  })

  it('marks octets that are not of the charset', () => {
    expect(decodeText(Buffer.from([0x61, 0xff, 0x62]), 'utf-8')).toBe('a\ufffdb')
  })

  it('reads header octets', () => {
    expect(decodeLatin1('\xc3\xbc')).toBe('ü')
    expect(decodeLatin1('\xfc')).toBe('ü')
    expect(decodeLatin1('plain')).toBe('plain')
  })
})
