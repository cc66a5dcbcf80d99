import type { Classifier } from 'mailwright'
import { classifierCases, overlay, runCases } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { createMemoryClassifier } from './classifier.ts'

/** Mistakes that classifiers make, each with the beginning of a case that must notice it. */
const mistakes: readonly (readonly [string, string, (inner: Classifier) => Partial<Classifier>])[] = [
  ['learns nothing', 'train: new messages', () => ({ train: async () => {} })],
  [
    'learns the kinds the wrong way round',
    'train: new messages',
    (inner) => ({
      train: (message, kind, account) => inner.train(message, kind === 'spam' ? 'ham' : 'spam', account),
    }),
  ],
  [
    'forgets everything',
    'statistics:',
    (inner) => ({ train: (message, _kind, account) => inner.forget(message, account) }),
  ],
  ['never forgets', 'forget: takes back', () => ({ forget: async () => {} })],
  [
    'does not change its mind',
    'train: as the other kind',
    (inner) => {
      const known = new Set<string>()
      return {
        train: async (message, kind, account) => {
          const key = `${message.header.text('message-id')}${account?.id}`
          if (known.has(key)) return
          known.add(key)
          await inner.train(message, kind, account)
        },
      }
    },
  ],
  [
    'counts a message again',
    'train: the same message',
    (inner) => {
      let trained = 0
      return {
        train: (message, kind, account) => {
          trained++
          return inner.train(message, kind, account)
        },
        statistics: async (account) => ({ ...(await inner.statistics(account)), spam: trained }),
      }
    },
  ],
  [
    'mixes accounts',
    'accounts: what one account taught',
    (inner) => ({
      train: (message, kind) => inner.train(message, kind),
      classify: (message) => inner.classify(message),
      statistics: () => inner.statistics(),
    }),
  ],
  [
    'gives scores beyond 1',
    'classify: "cannot say"',
    (inner) => ({
      classify: async (message) => ({ ...(await inner.classify(message)), probability: 1.5 }),
    }),
  ],
  [
    'learns by classifying',
    'classify: changes nothing',
    (inner) => ({
      classify: async (message, account) => {
        await inner.train(message, 'ham', account)
        return inner.classify(message, account)
      },
    }),
  ],
  [
    'fails on an empty message',
    'hostile messages:',
    (inner) => ({
      classify: async (message, account) => {
        if (message.size === 0) throw new RangeError('empty')
        return inner.classify(message, account)
      },
    }),
  ],
  ['says that it remembers', 'reopen:', (inner) => ({ supports: { ...inner.supports, persistent: true } })],
  [
    'says that it cannot learn',
    'train: new messages',
    (inner) => ({ supports: { ...inner.supports, trains: false } }),
  ],
]

describe('the classifier contract notices a classifier that', () => {
  it.each(mistakes)('%s', async (_mistake, noticedBy, change) => {
    const create = async () => {
      const inner = createMemoryClassifier()
      return { classifier: overlay(inner, change(inner)) }
    }
    const failures = (await runCases(classifierCases(await create()), create)).map((failure) => failure.name)
    expect(
      failures.filter((name) => name.startsWith(noticedBy)),
      `failed: ${failures.join('; ')}`,
    ).not.toEqual([])
  })
})
