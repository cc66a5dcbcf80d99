import { describe, expect, it } from 'vitest'
import { ResponseStream } from './response-stream.ts'

const responses = [
  '* OK looks like a literal {5}\r\n',
  '* 1 FETCH (BODY[] {12}\r\n{3}\r\n\r\n) {1}\r)\r\n',
  '* LIST () "/" {0}\r\n\r\n',
  'a1 OK done {3}\r\n',
  '+ {7}\r\n',
  '* METADATA "" (/shared/a ~{2}\r\n\0\n /shared/b {1}\r\nx)\r\n',
]

function all(stream: ResponseStream): string[] {
  const found: string[] = []
  for (let octets = stream.next(); octets !== undefined; octets = stream.next())
    found.push(octets.toString('latin1'))
  return found
}

describe('ResponseStream', () => {
  it.each([1, 2, 3, 7, 1000])('cuts octets that come %i at a time', (size) => {
    const octets = Buffer.from(responses.join(''), 'latin1')
    const stream = new ResponseStream()
    const found: string[] = []
    for (let at = 0; at < octets.length; at += size) {
      stream.push(octets.subarray(at, at + size))
      found.push(...all(stream))
    }
    expect(found).toEqual(responses)
  })

  it('gives out what it has not cut', () => {
    const stream = new ResponseStream()
    stream.push(Buffer.from('* OK x\r\n* BYE'))
    expect(all(stream)).toEqual(['* OK x\r\n'])
    expect(stream.take().toString()).toBe('* BYE')
    expect(stream.next()).toBeUndefined()
  })

  it('joins the chunks of a long literal once', () => {
    const stream = new ResponseStream()
    const chunk = Buffer.alloc(64 * 1024, 'x')
    stream.push(Buffer.from(`* 1 FETCH (BODY[] {${chunk.length * 1000}}\r\n`))
    for (let count = 0; count < 1000; count++) {
      stream.push(chunk)
      expect(stream.next()).toBeUndefined()
    }
    stream.push(Buffer.from(')\r\n'))
    expect(stream.next()?.length).toBeGreaterThan(64_000_000)
  })
})
