import { addressOctets } from 'mailwright'
import { expect, it } from 'vitest'
import { fitsPattern, parseAnswerPattern } from './answer-pattern.ts'

it.each([
  ['127.0.0.2', ['127.0.0.2'], ['127.0.0.3', '127.0.1.2']],
  ['127.0.0.[2..11]', ['127.0.0.2', '127.0.0.11'], ['127.0.0.1', '127.0.0.12']],
  ['127.0.[0;2..3].[4;7..9]', ['127.0.0.4', '127.0.2.8', '127.0.3.9'], ['127.0.1.4', '127.0.0.5']],
])('%s fits %j and not %j', (text, fitting, others) => {
  const pattern = parseAnswerPattern(text)
  const fits = (address: string) => {
    const octets = addressOctets(address)
    return pattern !== undefined && octets !== undefined && fitsPattern(pattern, octets)
  }
  expect(fitting.filter(fits)).toEqual(fitting)
  expect([...others, '2001:db8::1'].filter(fits)).toEqual([])
})

it.each([
  '',
  '127.0.0',
  '127.0.0.256',
  '127.0.0.[2..1]',
  '127.0.0.[2.11]',
  '127.0.0.[]',
  '127.0.0.*',
  '127.0.0.2.3',
  '127.0.0.[1..2..3]',
  '127.0.0.2 ',
])('%j is no pattern', (text) => {
  expect(parseAnswerPattern(text)).toBeUndefined()
})
