import type { Outcome } from 'mailwright'
import { reply } from 'mailwright'
import { expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { queueWorld } from '../../test/support/queue/queue-world.ts'
import { deliveredOutcome, mailboxFull } from '../../test/support/queue/queue-world-delivery.ts'

/** Numbers that look like chance, the same each time. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

it('two processes that accept and deliver for the same few destinations deliver everything once', async () => {
  const options = { firstRetry: '1s', longestRetry: '4s', longestPause: '5s', delayWarning: 0 } as const
  await using world = await queueWorld(databaseUnderTest(), { options })
  const nodes = [await world.node(), await world.node()]
  const random = chance(7)
  const destinations = ['a.example', 'b.example', 'c.example', 'd.example']
  for (const domain of destinations)
    world.delivery.on(`@${domain}`, (): Outcome => {
      const drawn = random()
      if (drawn < 0.6) return deliveredOutcome
      if (drawn < 0.8) return mailboxFull
      if (drawn < 0.9) return { kind: 'deferred', reply: reply(451, '4.4.1', 'No'), concerns: 'destination' }
      return { kind: 'deferred', reply: reply(451, '4.3.0', 'No') }
    })
  const wanted: string[] = []
  const accepting: Promise<unknown>[] = []
  for (let sent = 0; sent < 300; sent++) {
    const some = destinations.filter(() => random() < 0.5)
    const to = (some.length === 0 ? destinations : some).map((domain) => `user${sent}@${domain}`)
    wanted.push(...to)
    const submission = await mail({
      to,
      from: `s${sent % 9}@origin.example`,
      size: sent % 30 === 0 ? 70_000 : 200,
    })
    const node = nodes[sent % 2]
    accepting.push(
      (node?.queue.accept(submission) ?? Promise.reject(new Error('no node'))).then((answers) => {
        expect(answers.map((each) => each.reply.code)).toEqual(to.map(() => 250))
      }),
    )
    if (sent % 40 === 0) await world.pass(1_000)
    if (sent % 60 === 0) accepting.push(nodes[0]?.queue.flush() ?? Promise.resolve())
  }
  await Promise.all(accepting)
  for (let waits = 0; waits < 300 && (await world.rows()) > 0; waits++) await world.pass(2_000)
  expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(wanted.sort())
  expect(await world.rows()).toBe(0)
  await expect.poll(() => world.files()).toEqual([])
  for (const { log } of nodes) expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
})
