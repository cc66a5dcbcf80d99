import type { AttemptItem } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { routeOf } from '../../../test/support/queue/queue-world-delivery.ts'
import { SentOn } from './sent-on.ts'

it('what was sent on for a recipient is not sent on again, what could not be kept is', async () => {
  const forward = (recipient: string, to: string): AttemptItem =>
    ({ recipient: addressOf(recipient), route: routeOf(to) }) as unknown as AttemptItem
  const items = [forward('jo@here.example', 'a@far.example'), forward('bob@here.example', 'a@far.example')]
  const kept: number[] = []
  const keep = async (fresh: readonly AttemptItem[]): Promise<void> => void kept.push(fresh.length)
  const delivery = {
    recipient: addressOf('jo@here.example'),
    parameters: {},
    target: addressOf('jo@here.example'),
  }
  const first = new SentOn()
  await expect(first.takeOver(items, () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(first.noted(delivery)).toBe(delivery)
  await first.takeOver(items, keep)
  await first.takeOver(items, keep)
  const noted = first.noted(delivery)
  expect(noted.sentOn).toHaveLength(1)
  await new SentOn([noted]).takeOver(items, keep)
  await new SentOn([noted]).takeOver([forward('JO@here.example', 'b@far.example')], keep)
  expect(kept).toEqual([2, 1, 1])
})
