import { describe, expect, it } from 'vitest'
import { octetText } from './octet-text.ts'

describe('octetText', () => {
  it.each(['', 'plain', 'Größe', '\u{1f600} \u4e2d', 'a\0b'])('has the octets of %j', (text) => {
    expect(Buffer.from(octetText(text), 'latin1')).toEqual(Buffer.from(text))
  })

  it('is compared by code points, which texts themselves are not', () => {
    const [halves, private_] = ['\u{1f600}', '\ue000']
    expect(halves < private_).toBe(true)
    expect(octetText(halves) < octetText(private_)).toBe(false)
  })
})
