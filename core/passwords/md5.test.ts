import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { md5Block, md5From, md5Start } from './md5.ts'

const octets = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 151 + length) % 256))
const known = (text: Buffer) => createHash('md5').update(text).digest()

it('is MD5 for texts of all lengths at which padding changes', () => {
  for (let length = 0; length <= 200; length += 1)
    expect(md5From(md5Start, 0, octets(length)), `${length}`).toEqual(known(octets(length)))
})

it('goes on from a state', () => {
  const text = octets(300)
  const state = md5Block(md5Block(md5Start, text.subarray(0, 64)), text.subarray(64, 128))
  expect(md5From(state, 128, text.subarray(128))).toEqual(known(text))
})
