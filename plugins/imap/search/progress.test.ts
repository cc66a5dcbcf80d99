import { setImmediate } from 'node:timers/promises'
import type { ImapSession } from 'mailwright/imap'
import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { Progress } from './progress.ts'

function session(flush: () => Promise<void> = async () => {}): {
  readonly lines: string[]
  readonly clock: ReturnType<typeof fakeClock>
  readonly session: ImapSession
} {
  const lines: string[] = []
  const clock = fakeClock()
  const out = { untagged: (line: string) => lines.push(line), flush }
  return { lines, clock, session: { server: { clock }, out } as unknown as ImapSession }
}

it('tells every ten seconds how far the work is', async () => {
  const { lines, clock, session: it } = session()
  const progress = new Progress(it, 'a1')
  await progress.during(async () => {
    clock.advance(9_999)
    expect(lines).toEqual([])
    clock.advance(1)
    await setImmediate()
    progress.is(500, 2_000)
    clock.advance(10_000)
    await setImmediate()
    progress.is(2_000, 2_000)
    clock.advance(10_000)
  })
  clock.advance(60_000)
  expect(lines).toEqual([
    'OK [INPROGRESS ("a1" NIL NIL)] Still at work',
    'OK [INPROGRESS ("a1" 500 2000)] Still at work',
    'OK [INPROGRESS ("a1" NIL NIL)] Still at work',
  ])
})

it('a tag with a bracket is not told, and work that fails ends it', async () => {
  const { lines, clock, session: it } = session()
  const progress = new Progress(it, 'a]1')
  const failed = progress.during(async () => {
    progress.is(1, 2)
    clock.advance(10_000)
    throw new Error('disk')
  })
  await expect(failed).rejects.toThrow('disk')
  clock.advance(60_000)
  expect(lines).toEqual(['OK [INPROGRESS (NIL 1 2)] Still at work'])
})

it('where the client is gone the next step fails', async () => {
  const { clock, session: it } = session(async () => {
    throw new Error('gone')
  })
  const progress = new Progress(it, 'a1')
  const failed = progress.during(async () => {
    progress.is(1, 3)
    clock.advance(10_000)
    await setImmediate()
    progress.is(2, 3)
  })
  await expect(failed).rejects.toThrow('gone')
})
