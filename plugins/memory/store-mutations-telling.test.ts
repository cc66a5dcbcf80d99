import type { AccountStore, Lease } from 'mailwright'
import type { AnnouncedChange, StoreFixture } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { brokenFixture, failedCases, type NoticedMistake } from '../../test/support/faults/broken-store.ts'

/** Whoever is told of one account's changes is told of those of all that were opened. */
function mixedWatches(): NoticedMistake[2] {
  const opened = new Set<AccountStore>()
  return {
    account: (inner) => {
      opened.add(inner)
      return {
        async watch(mailboxes, listener): Promise<Lease> {
          const leases = await Promise.all([...opened].map((each) => each.watch(mailboxes, listener)))
          return { release: async () => void (await Promise.all(leases.map((lease) => lease.release()))) }
        },
      }
    },
  }
}

const watchMistakes: readonly NoticedMistake[] = [
  ['watches are of all accounts', 'watch: nobody is told of another account’s', mixedWatches()],
  [
    'a call is on its way when the release has resolved',
    'watch: is silent',
    {
      account: (inner) => ({
        async watch(mailboxes, listener) {
          const lease = await inner.watch(mailboxes, listener)
          // The watch ends a little after it is said to.
          return { release: async () => void setTimeout(() => void lease.release(), 5) }
        },
      }),
    },
  ],
]

const causeMistakes: readonly NoticedMistake[] = [
  [
    'all that is staged is called a delivery',
    'announced: what is staged as an append',
    {
      account: (inner) => ({
        stage: (name, content, options) => inner.stage(name, content, { ...options, cause: 'delivery' }),
      }),
    },
  ],
]

/** Announces flags of all messages that were named. */
async function announcingAll(): Promise<StoreFixture> {
  const told: AnnouncedChange[] = []
  const fixture: StoreFixture = await brokenFixture({
    mailbox: (inner) => ({
      async changeFlags(uids, change, options) {
        const outcome = await inner.changeFlags(uids, change, options)
        const { name, uidValidity } = inner
        const about = { account: fixture.account, mailbox: name, uidValidity, cause: 'store' } as const
        const flags = outcome.entries.map((entry) => entry.flags)
        const all = { ...about, uids: outcome.entries.map(({ uid }) => uid), flags }
        told.push({ kind: 'flagged', change: all })
        return outcome
      },
    }),
  })
  return { ...fixture, announced: () => told }
}

describe('the store contract notices', () => {
  it.each([...watchMistakes, ...causeMistakes])('%s', async (_mistake, noticedBy, wrong) => {
    expect(await failedCases(() => brokenFixture(wrong), noticedBy)).not.toEqual([])
  })

  it('flags that are announced though they were there before', async () => {
    const noticedBy = 'announced: no change of flags for messages that have them already'
    expect(await failedCases(announcingAll, noticedBy)).not.toEqual([])
  })
})
