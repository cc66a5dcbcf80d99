import { expect, it } from 'vitest'
import { FreshMessages } from './fresh-messages.ts'

const megabytes = (count: number, octet = 1): Buffer => Buffer.alloc(count * 1024 * 1024, octet)
const first = async (fresh: FreshMessages, base: string): Promise<number | undefined> =>
  (await fresh.get(base)?.read(0, 1))?.[0]

it('keeps messages until they are forgotten, and answers as often as it is asked', async () => {
  const fresh = new FreshMessages()
  fresh.put('/box', 'a', Buffer.from('one'))
  fresh.put('/box', 'b', Buffer.alloc(0))
  expect(String(await fresh.get('a')?.read(0, 10))).toBe('one')
  expect(fresh.get('a')?.size).toBe(3)
  expect(fresh.get('b')?.size).toBe(0)
  expect(fresh.get('c')).toBeUndefined()
  fresh.forget('a')
  fresh.forget('a')
  fresh.forget('c')
  expect(fresh.get('a')).toBeUndefined()
  expect(fresh.get('b')).toBeDefined()
})

it('keeps no more of a message’s memory than the message', async () => {
  const fresh = new FreshMessages()
  fresh.put('/box', 'piece', Buffer.alloc(65_536, 'x').subarray(100, 4196))
  fresh.put('/box', 'whole', Buffer.from(new ArrayBuffer(4096)))
  for (const base of ['piece', 'whole']) {
    const octets = await fresh.get(base)?.read(0, 4096)
    expect([octets?.length, octets?.buffer.byteLength]).toEqual([4096, 4096])
  }
  expect(await first(fresh, 'piece')).toBe(120)
})

it('forgets what somebody is done with, and asks about that mailbox alone', () => {
  const fresh = new FreshMessages()
  for (const base of ['a', 'b', 'c']) fresh.put('/box', base, megabytes(1))
  for (const base of ['d', 'e']) fresh.put('/other', base, megabytes(1))
  const asked: string[] = []
  const forget = (mailbox: string): void =>
    fresh.forgetThose(mailbox, (base) => asked.push(base) > 0 && base !== 'b')
  forget('/box')
  forget('/none')
  expect(asked).toEqual(['a', 'b', 'c'])
  expect(['a', 'b', 'c', 'd', 'e'].filter((base) => fresh.get(base))).toEqual(['b', 'd', 'e'])
  forget('/box')
  expect(asked.slice(3)).toEqual(['b'])
})

it('lets the oldest give way where they become too much', async () => {
  const fresh = new FreshMessages()
  for (let count = 1; count <= 8; count++) fresh.put('/box', `m${count}`, megabytes(4, count))
  expect(await first(fresh, 'm1')).toBe(1)
  fresh.put('/box', 'm9', megabytes(4, 9))
  expect(fresh.get('m1')).toBeUndefined()
  expect(await first(fresh, 'm2')).toBe(2)
  fresh.put('/box', 'large', megabytes(20))
  const left = ['m2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'large'].filter((base) => fresh.get(base))
  expect(left).toEqual(['m7', 'm8', 'm9', 'large'])
})

it('counts what is forgotten as room, and keeps nothing that is too large by itself', async () => {
  const fresh = new FreshMessages()
  for (let round = 0; round < 6; round++) {
    fresh.put('/box', 'big', megabytes(20))
    fresh.put('/box', 'small', megabytes(10))
    expect([fresh.get('big') === undefined, fresh.get('small') === undefined]).toEqual([false, false])
    fresh.forget('big')
    fresh.forget('small')
  }
  fresh.put('/box', 'small', megabytes(1))
  fresh.put('/box', 'huge', megabytes(33))
  expect(fresh.get('huge')).toBeUndefined()
  fresh.put('/box', 'next', megabytes(31))
  expect(fresh.get('next')).toBeDefined()
})
