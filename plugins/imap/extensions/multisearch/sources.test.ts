import { type AccountStore, type MailboxInfo, Pacer } from 'mailwright'
import { afterEach, expect, it, vi } from 'vitest'
import { namesOf, type SearchSource } from './sources.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

it('looks at each mailbox once, however many names there are, in turn with other work', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `a/${index % 7}/${index}`)
  const listed = names.map((name) => ({ name, namespace: 'personal' }) as MailboxInfo)
  const mailboxes = vi.fn(async () => listed)
  const subscriptions = vi.fn(async () => [])
  vi.spyOn(Pacer.prototype, 'isDue', 'get').mockReturnValue(true)
  const rest = vi.spyOn(Pacer.prototype, 'rest').mockResolvedValue()
  const roots = Array.from({ length: 900 }, (_, index) => `a/${index}`)
  const sources: readonly SearchSource[] = [
    ...Array.from({ length: 100 }, (): SearchSource => ({ kind: 'subtree', names: ['', ...roots] })),
    ...Array.from({ length: 100 }, (): SearchSource => ({ kind: 'subscribed' })),
  ]
  const found = await namesOf(sources, { mailboxes, subscriptions } as unknown as AccountStore, undefined)
  expect(found).toHaveLength(1_200)
  expect(rest).toHaveBeenCalledTimes(300)
  expect(subscriptions).toHaveBeenCalledTimes(1)
})
