import { capturedLog } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { DiskRoom } from './disk-room.ts'

test('the log is told when the disk gets full and when there is room again, and not at each message', async () => {
  let free = 100
  const log = capturedLog()
  const spool = { room: async () => free, receive: () => expect.unreachable() }
  const room = new DiskRoom(spool, 50, log)
  expect(await room.isShortFor(50)).toBe(false)
  expect(await room.isShortFor(51)).toBe(true)
  expect(log.lines).toEqual([])
  free = 49
  expect(await room.isShortFor(0)).toBe(true)
  expect(await room.isShortFor(0)).toBe(true)
  free = 50
  expect(await room.isShortFor(0)).toBe(false)
  expect(log.lines.map(({ event }) => event)).toEqual(['limit-reached', 'recovered'])
})

test('the log does not speak of room alone where no more files can be made', async () => {
  const log = capturedLog()
  const room = new DiskRoom({ room: async () => 0, receive: () => expect.unreachable() }, 50, log)
  expect(await room.isShortFor(0)).toBe(true)
  expect(log.lines).toMatchObject([{ text: expect.stringContaining('inodes'), free: 0 }])
})
