import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { octetsText, Progress, printableLine } from './progress.ts'

function screen(isTerminal: boolean) {
  const told: string[] = []
  return { isTerminal, told, tell: (text: string) => void told.push(text) }
}

it('writes one line over on a terminal, and takes it away in the end', () => {
  const [clock, terminal] = [fakeClock(0), screen(true)]
  const progress = new Progress(terminal, clock)
  progress.expect([{ messages: 100 }, { messages: 100 }])
  progress.turnTo('INBOX')
  progress.add(10, 500)
  expect(terminal.told).toEqual([])
  clock.advance(500)
  progress.add(10, 500)
  progress.add(10, 500)
  clock.advance(1500)
  progress.turnTo('Work')
  progress.end()
  progress.end()
  expect(terminal.told).toEqual([
    '\r\u001b[K20/200 messages, 1.0 kB: INBOX',
    '\r\u001b[K30/200 messages, 1.5 kB, 750 B/s, 0:11 left: Work',
    '\r\u001b[K',
  ])
})

it('writes a line every few seconds elsewhere', () => {
  const [clock, file] = [fakeClock(0), screen(false)]
  const progress = new Progress(file, clock)
  progress.expect([{ octets: 3_000_000 }])
  progress.turnTo('INBOX')
  for (let second = 0; second < 12; second++) {
    progress.add(1, 1_000)
    clock.advance(1_000)
  }
  progress.add(1, 1_000)
  progress.end()
  expect(file.told).toEqual([
    '6 messages, 6.0 kB, 1.2 kB/s, 41:35 left: INBOX\n',
    '11 messages, 11.0 kB, 1.1 kB/s, 45:17 left: INBOX\n',
  ])
})

it('guesses nothing that it does not know', () => {
  const [clock, file] = [fakeClock(0), screen(false)]
  const progress = new Progress(file, clock)
  progress.expect([{ messages: 3 }, {}])
  clock.advance(6_000)
  progress.turnTo('a\u001b[2Jb')
  expect(file.told).toEqual(['0 messages, 0 B, 0 B/s: a\ufffd[2Jb\n'])
})

it('is silent without a screen', () => {
  const clock = fakeClock(0)
  const progress = new Progress(undefined, clock)
  clock.advance(60_000)
  progress.add(1, 1)
  progress.end()
  expect(clock.waiting).toBe(0)
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.7, '1.0 kB'],
  [12_345_678, '12.3 MB'],
  [5e15, '5000.0 TB'],
])('%d octets are %s', (octets, text) => {
  expect(octetsText(octets)).toBe(text)
})

it('shows controls in names of others', () => {
  expect(printableLine('a\r\n\u009bb')).toBe('a\ufffd\ufffd\ufffdb')
})
