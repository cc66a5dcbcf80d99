import { type AccountStore, type Mailbox, UnavailableError } from 'mailwright'
import type { StoreFixture } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { brokenFixture, failedCases, type StoreMistakes } from '../../test/support/faults/broken-store.ts'

/** A medium that fails at one call, as the fixture says. */
function createMedium() {
  let left = Number.POSITIVE_INFINITY
  return {
    use(): void {
      if (left-- === 0) throw new UnavailableError('the disk is full')
    },
    injectFault(skip: number): () => boolean {
      left = skip
      return () => {
        const struck = left < 0
        left = Number.POSITIVE_INFINITY
        return struck
      }
    },
  }
}

type Use = () => void

/** What goes wrong with a mailbox or an account where the medium fails. */
interface Weakness {
  readonly mailbox?: (inner: Mailbox, use: Use) => Partial<Mailbox>
  readonly account?: (inner: AccountStore, use: Use) => Partial<AccountStore>
}

/** A store that uses its medium before each change, but for what is weak about it. */
async function fixtureOnMedium(weakness: Weakness = {}): Promise<StoreFixture> {
  const { use, injectFault } = createMedium()
  const uses =
    <Args extends readonly unknown[], Result>(run: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      use()
      use()
      return run(...args)
    }
  const mistakes: StoreMistakes = {
    staged: ({ commit, abort }) => ({ commit: uses(commit), abort }),
    account: (inner) => ({
      append: uses(inner.append.bind(inner)),
      createMailbox: uses(inner.createMailbox.bind(inner)),
      deleteMailbox: uses(inner.deleteMailbox.bind(inner)),
      renameMailbox: uses(inner.renameMailbox.bind(inner)),
      setMetadata: uses(inner.setMetadata.bind(inner)),
      ...weakness.account?.(inner, use),
    }),
    mailbox: (inner) => ({
      expunge: uses(inner.expunge.bind(inner)),
      changeFlags: uses(inner.changeFlags.bind(inner)),
      copy: uses(inner.copy.bind(inner)),
      move: uses(inner.move.bind(inner)),
      ...weakness.mailbox?.(inner, use),
    }),
  }
  return brokenFixture(mistakes, { injectFault })
}

const weaknesses: readonly (readonly [mistake: string, noticedBy: string, weakness: Weakness])[] = [
  [
    'an expunge that stops half-way',
    'faults: an expunge removes all or none',
    {
      mailbox: (inner, use) => ({
        expunge: async (uids) => {
          const removed: number[] = []
          for (const uid of uids) {
            use()
            removed.push(...(await inner.expunge([uid])))
          }
          return removed
        },
      }),
    },
  ],
  [
    'an append that stops half-way',
    'faults: an append of several',
    {
      account: (inner, use) => ({
        append: async (name, messages) => {
          const uids: number[] = []
          for (const message of messages) {
            use()
            uids.push(...(await inner.append(name, [message])).uids)
          }
          return { uidValidity: (await inner.status(name)).uidValidity, uids }
        },
      }),
    },
  ],
  [
    'a move that removes first',
    'faults: a copy brings all or none',
    {
      mailbox: (inner, use) => ({
        move: async (uids, target) => {
          const transfer = await inner.copy(uids, target)
          await inner.expunge(uids)
          use()
          return transfer
        },
      }),
    },
  ],
  [
    'annotations that are set one by one',
    'faults: annotations',
    {
      account: (inner, use) => ({
        setMetadata: async (mailbox, changes) => {
          for (const change of changes) {
            use()
            await inner.setMetadata(mailbox, new Map([change]))
          }
        },
      }),
    },
  ],
  [
    'a mod-sequence that lags behind a failed change',
    'faults: mod-sequences and vanished UIDs',
    {
      mailbox: (inner, use) => {
        let failed = false
        return {
          changeFlags: async (...args) => {
            const outcome = await inner.changeFlags(...args)
            failed = true
            use()
            failed = false
            return outcome
          },
          get highestModSequence() {
            return inner.highestModSequence - (failed ? 1 : 0)
          },
          vanishedSince: async () => [],
        }
      },
    },
  ],
  [
    'a renaming that leaves the old name',
    'faults: a mailbox is renamed or not',
    {
      account: (inner, use) => ({
        renameMailbox: async (from, to) => {
          await inner.createMailbox(to)
          use()
          await inner.deleteMailbox(to)
          await inner.renameMailbox(from, to)
        },
      }),
    },
  ],
]

describe('the store contract with injected faults', () => {
  it('passes a store that changes all or nothing', async () => {
    expect(await failedCases(() => fixtureOnMedium())).toEqual([])
  })

  it.each(weaknesses)('notices %s', async (_mistake, noticedBy, weakness) => {
    expect(await failedCases(() => fixtureOnMedium(weakness), noticedBy)).not.toEqual([])
  })
})
