import type { Mailbox, MessageEntry } from 'mailwright'
import { describe, expect, it } from 'vitest'
import {
  brokenFixture,
  failedCases,
  type NoticedMistake,
  type StoreMistakes,
} from '../../test/support/faults/broken-store.ts'

const idCase = 'id: a message keeps its own when it is copied and moved, and no other has it (RFC 8474 §5.1)'

/** Shows messages under other ids. */
function naming(nameOf: (entry: MessageEntry, mailbox: Mailbox) => string): StoreMistakes {
  return {
    mailbox: (inner) => ({
      get entries() {
        return inner.entries.map((entry): MessageEntry => ({ ...entry, id: nameOf(entry, inner) }))
      },
    }),
  }
}

const idMistakes: readonly NoticedMistake[] = [
  ['a copy has an id of its own', idCase, naming(({ uid }, { name }) => `${name}.${uid}`)],
  ['all messages have one id', idCase, naming(() => 'same')],
  [
    'only what was moved to Work has another id',
    idCase,
    naming(({ id }, { name }) => (name === 'Work' ? `${id}w` : id)),
  ],
]

/** Keeps a fact of the first message that has an id for all others that have it. */
function keeping<Fact extends 'savedDate' | 'uidl'>(fact: Fact): StoreMistakes {
  const first = new Map<string, MessageEntry[Fact]>()
  return {
    mailbox: (inner) => ({
      get entries() {
        return inner.entries.map((entry): MessageEntry => {
          const kept = first.get(entry.id) ?? entry[fact]
          first.set(entry.id, kept)
          return kept === undefined ? entry : { ...entry, [fact]: kept }
        })
      },
    }),
  }
}

const copyMistakes: readonly NoticedMistake[] = [
  ['a copy came when its original came', 'savedDate: a copy has its own', keeping('savedDate')],
  ['a copy has the UIDL of its original', 'uidl: no two messages', keeping('uidl')],
]

describe('the store contract notices', () => {
  it.each([...idMistakes, ...copyMistakes])('%s', async (_mistake, noticedBy, wrong) => {
    expect(await failedCases(() => brokenFixture(wrong), noticedBy)).not.toEqual([])
  })
})
