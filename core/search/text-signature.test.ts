import { describe, expect, it } from 'vitest'
import { bufferContent } from '../model/content.ts'
import { foldText } from './fold-text.ts'
import { foldedNeedle, mayContain, signText, TextSignatureBuilder } from './text-signature.ts'

/** A seeded source of numbers from 0 up to, not including, 1. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function signature(...pieces: readonly string[]): Buffer {
  const builder = new TextSignatureBuilder()
  for (const piece of pieces) builder.add(piece)
  return builder.finish()
}

function contains(octets: Buffer, text: string): boolean {
  return mayContain(octets, foldedNeedle(foldText(text)))
}

/** Words of letters that mail has, of several scripts. */
function randomText(next: () => number, length: number): string {
  const alphabets = [
    'abcdefghij      ',
    'ABCxyz012.,-\r\n ',
    'äöüßéñ ',
    'абвгд ',
    '中文字漢 ',
    '\u0301\u0323e',
    '\u{1f600}\u{1f468}',
  ]
  let text = ''
  while (text.length < length) {
    const alphabet = [...(alphabets[Math.floor(next() * alphabets.length)] ?? '')]
    for (let count = next() * 20; count > 0; count -= 1)
      text += alphabet[Math.floor(next() * alphabet.length)]
  }
  return text
}

describe('TextSignatureBuilder and mayContain', () => {
  it('never deny what is in the text, across pieces of any size', () => {
    const next = random(1)
    for (let round = 0; round < 200; round += 1) {
      const text = foldText(randomText(next, 1 + next() * 2_000))
      const pieces: string[] = []
      for (let at = 0; at < text.length; ) {
        const end = at + 1 + Math.floor(next() * (next() < 0.5 ? 3 : 500))
        pieces.push(text.slice(at, end))
        at = end
      }
      const octets = signature(...pieces)
      expect(octets).toEqual(signature(text))
      for (let count = 0; count < 50; count += 1) {
        const start = Math.floor(next() * text.length)
        const needle = text.slice(start, start + Math.floor(next() * 30))
        if (!mayContain(octets, foldedNeedle(needle))) expect(needle).toBeUndefined()
      }
    }
  })

  it('deny nearly all that is not in it', () => {
    const next = random(2)
    const octets = signature(foldText(randomText(next, 5_000)))
    let wrong = 0
    for (let count = 0; count < 2_000; count += 1) {
      const word = Array.from({ length: 4 }, () => 'klmnopqrstuvw'[Math.floor(next() * 13)]).join('')
      if (contains(octets, word)) wrong += 1
    }
    expect(wrong).toBeLessThan(20)
  })

  it.each(['', 'a', 'ab', 'ü'])('take every message for a candidate for %j', (text) => {
    expect(contains(signature('SOMETHING ELSE'), text)).toBe(true)
    expect(contains(signature(), text)).toBe(true)
  })

  it('deny everything of three characters where there is no text', () => {
    expect([contains(signature(), 'abc'), contains(signature('AB'), 'abc')]).toEqual([false, false])
  })

  it('grow with the text, up to a text that has too much in it', () => {
    const next = random(3)
    const words = (count: number) =>
      Array.from({ length: count }, () => String.fromCharCode(0x4e00 + next() * 20_000)).join('')
    expect(signature('THE SAME '.repeat(1_000)).length).toBeLessThan(25)
    expect(signature(words(1_000)).length).toBeLessThan(1_300)
    expect(signature(words(52_000)).length).toBeLessThan(65_541)
    const full = signature(words(60_000))
    expect([full.length, contains(full, 'not there')]).toEqual([5, true])
  })

  it('take what is damaged, cut or of another version for a candidate', () => {
    const octets = signature('THE TEXT')
    expect(contains(octets, 'xyz')).toBe(false)
    for (let at = 0; at < octets.length; at += 1) {
      const damaged = Buffer.from(octets)
      damaged[at] = (damaged[at] ?? 0) ^ 4
      expect(contains(damaged, 'xyz')).toBe(true)
      expect(contains(octets.subarray(0, at), 'xyz')).toBe(true)
    }
    expect(contains(Buffer.concat([octets, octets]), 'xyz')).toBe(true)
  })
})

describe('signText', () => {
  it('signs header, decoded header and decoded bodies', async () => {
    const message = [
      'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Disposition: inline; filename=letter.txt',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('quincunx').toString('base64'),
      '--b',
      'Content-Type: image/png',
      '',
      'picture',
      '--b--',
    ].join('\r\n')
    const octets = await signText(bufferContent(Buffer.from(message)))
    const found = ['=?utf-8?q?gr', 'GRÜSSE', 'letter.TXT', 'quincunx', 'picture', 'letters']
    expect(found.map((text) => contains(octets, text))).toEqual([true, true, true, true, false, false])
  })

  it('stops at a text that has too much in it', async () => {
    const next = random(4)
    const text = Array.from({ length: 300_000 }, () => String.fromCharCode(0x4e00 + next() * 20_000)).join('')
    const octets = await signText(
      bufferContent(Buffer.from(`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`)),
    )
    expect(octets).toHaveLength(5)
  })
})
