import { EventEmitter } from 'node:events'
import { beforeEach, expect, test } from 'vitest'
import { type CapturedLog, capturedLog } from '../testing/captured-log.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import { Heartbeat, type WatchedWorker } from './heartbeat.ts'
import type { ToWorker } from './messages.ts'

let clock: FakeClock
let log: CapturedLog
let heartbeat: Heartbeat

beforeEach(() => {
  clock = fakeClock()
  log = capturedLog()
  heartbeat = new Heartbeat(log, clock)
})

class FakeWorker extends EventEmitter implements WatchedWorker {
  readonly pid = 7
  hangs = false
  killed = 0

  constructor() {
    super()
    heartbeat.attend(this)
  }

  send({ mailwright }: ToWorker): void {
    if (mailwright === 'ping' && !this.hangs) this.emit('message', { mailwright: 'pong' })
  }

  kill(): void {
    this.killed++
    this.emit('exit')
  }
}

function pass(beats: number): void {
  for (let beat = 0; beat < beats; beat++) clock.advance(10_000)
}

test('a worker that is silent for a minute is killed, and the log says so; others go on', () => {
  const [well, hung] = [new FakeWorker(), new FakeWorker()]
  hung.hangs = true
  pass(6)
  expect([well.killed, hung.killed]).toEqual([0, 0])
  pass(1)
  expect([well.killed, hung.killed]).toEqual([0, 1])
  expect(log.lines).toMatchObject([{ event: 'unavailable', service: 'worker', pid: 7 }])
  pass(10)
  expect([well.killed, hung.killed]).toEqual([0, 1])
})

test('one that answers again is forgiven', () => {
  const worker = new FakeWorker()
  for (let round = 0; round < 3; round++) {
    worker.hangs = true
    pass(5)
    worker.hangs = false
    pass(1)
  }
  expect(worker.killed).toBe(0)
})

test('is felt while some worker answers', () => {
  expect(heartbeat.isFelt).toBe(false)
  const [one, two] = [new FakeWorker(), new FakeWorker()]
  expect(heartbeat.isFelt).toBe(true)
  one.hangs = true
  pass(3)
  expect(heartbeat.isFelt).toBe(true)
  two.hangs = true
  pass(3)
  expect(heartbeat.isFelt).toBe(false)
  two.hangs = false
  pass(1)
  expect(heartbeat.isFelt).toBe(true)
})
