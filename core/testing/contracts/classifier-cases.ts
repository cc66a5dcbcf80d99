import { expect } from 'vitest'
import { createMessage } from '../../message/create-message.ts'
import type { Account } from '../../model/account.ts'
import { bufferContent } from '../../model/content.ts'
import type { Message } from '../../model/message.ts'
import type { Classifier, ClassifierAbilities } from '../../services/classifier.ts'
import { abilitiesOf } from './abilities.ts'
import type { ConditionalCase, Disposable } from './contract.ts'
import { expectCode, present } from './expectations.ts'

/** A classifier to be examined. */
export interface ClassifierFixture extends Disposable {
  /** Has learned nothing. */
  readonly classifier: Classifier
  /** Another classifier on the same memory, as the next process would have it. Wanted where `supports.persistent`. */
  reopen?(): Promise<Classifier>
}

export type ClassifierNeed = keyof ClassifierAbilities

export type ClassifierCase = ConditionalCase<ClassifierFixture, ClassifierNeed>

export function classifierHas(need: ClassifierNeed, { classifier }: ClassifierFixture): boolean {
  return abilitiesOf('classifier', classifier)[need]
}

const spamWords =
  'casino jackpot winner prize million lottery viagra pills cheap offer urgent transfer bank inheritance'
const hamWords =
  'meeting agenda minutes project report deadline review colleague invoice schedule draft comments lunch'

/** A message made of some of the words, another for each number. */
function messageOf(words: string, number: number): Promise<Message> {
  const list = words.split(' ')
  const chosen = Array.from(
    { length: 30 },
    (_, index) => list[(index * 7 + number * 3 + index * number) % list.length],
  )
  const head = `From: <a${number}@example.org>\r\nSubject: ${chosen.slice(0, 3).join(' ')}\r\nMessage-ID: <${number}.${list[0]}@example.org>`
  return rawMessage(`${head}\r\n\r\n${chosen.join(' ')}\r\n`)
}

function rawMessage(octets: string | Buffer): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(octets)))
}

async function trainMany(classifier: Classifier, account?: Account): Promise<void> {
  for (let number = 0; number < 20; number++) {
    await classifier.train(await messageOf(spamWords, number), 'spam', account)
    await classifier.train(await messageOf(hamWords, number), 'ham', account)
  }
}

async function probabilityOf(classifier: Classifier, message: Message, account?: Account): Promise<number> {
  const { probability, evidence } = await classifier.classify(message, account)
  expect(probability).toBeGreaterThanOrEqual(0)
  expect(probability).toBeLessThanOrEqual(1)
  for (const each of evidence)
    expect(typeof each === 'string' && !/[\r\n\0]/.test(each), 'evidence is lines').toBe(true)
  return probability
}

const anna: Account = { id: 'anna', address: { localPart: 'anna', domain: 'example.org' } }
const bob: Account = { id: '__proto__', address: { localPart: 'bob', domain: 'example.org' } }

const hostileMessages: readonly (string | Buffer)[] = [
  '',
  '\r\n',
  'no header at all',
  '\0\0\0\r\n\r\n\0',
  Buffer.from([...Array(256).keys()]),
  `Subject: ${'x'.repeat(100_000)}\r\n\r\n${'y'.repeat(1_000_000)}`,
  '__proto__: constructor\r\nSubject: __proto__ constructor toString\r\n\r\n__proto__ hasOwnProperty valueOf',
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'.repeat(500)}`,
  'Content-Type: text/html; charset=no-such-charset\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!<<<<<\r\n',
]

const learningCases: readonly ClassifierCase[] = [
  {
    name: 'train: new messages like those of one kind are known from those of the other',
    needs: ['trains'],
    async run({ classifier }) {
      await trainMany(classifier)
      for (let number = 100; number < 110; number++) {
        expect(await probabilityOf(classifier, await messageOf(spamWords, number))).toBeGreaterThan(0.6)
        expect(await probabilityOf(classifier, await messageOf(hamWords, number))).toBeLessThan(0.4)
      }
    },
    async otherwise({ classifier }) {
      const message = await messageOf(spamWords, 1)
      await expectCode(classifier.train(message, 'spam'), 'MAIL_E_UNSUPPORTED')
      await expectCode(classifier.forget(message), 'MAIL_E_UNSUPPORTED')
    },
  },
  {
    name: 'statistics: count what was learned',
    needs: ['trains'],
    async run({ classifier }) {
      expect(await classifier.statistics()).toEqual({ spam: 0, ham: 0 })
      await trainMany(classifier)
      expect(await classifier.statistics()).toEqual({ spam: 20, ham: 20 })
    },
    async otherwise({ classifier }) {
      await classifier.statistics()
    },
  },
  {
    name: 'train: the same message again as the same kind changes nothing',
    needs: ['trains'],
    async run({ classifier }) {
      await trainMany(classifier)
      const [message, judged] = [await messageOf(spamWords, 1), await messageOf(spamWords, 50)]
      const before = [await classifier.classify(judged), await classifier.statistics()]
      await classifier.train(message, 'spam')
      await Promise.all([classifier.train(message, 'spam'), classifier.train(message, 'spam')])
      expect([await classifier.classify(judged), await classifier.statistics()]).toEqual(before)
    },
  },
  {
    name: 'train: as the other kind takes the first back',
    needs: ['trains'],
    async run({ classifier }) {
      await trainMany(classifier)
      const [message, judged] = [await messageOf(hamWords, 60), await messageOf(hamWords, 61)]
      await classifier.train(message, 'ham')
      const before = [await classifier.classify(judged), await classifier.statistics()]
      await classifier.train(message, 'spam')
      expect(await classifier.statistics()).toEqual({ spam: 21, ham: 20 })
      await classifier.train(message, 'ham')
      expect([await classifier.classify(judged), await classifier.statistics()]).toEqual(before)
    },
  },
  {
    name: 'forget: takes back what was learned, and only that',
    needs: ['trains'],
    async run({ classifier }) {
      await trainMany(classifier)
      const [message, judged] = [await messageOf(spamWords, 70), await messageOf(spamWords, 71)]
      const before = [await classifier.classify(judged), await classifier.statistics()]
      await classifier.train(message, 'spam')
      await classifier.forget(message)
      await classifier.forget(message)
      await classifier.forget(await messageOf(hamWords, 72))
      expect([await classifier.classify(judged), await classifier.statistics()]).toEqual(before)
    },
  },
  {
    name: 'train: at the same time, everything counts once',
    needs: ['trains'],
    async run({ classifier }) {
      const messages = await Promise.all(
        Array.from({ length: 12 }, (_, number) => messageOf(spamWords, number)),
      )
      await Promise.all([...messages, ...messages].map((message) => classifier.train(message, 'spam')))
      expect(await classifier.statistics()).toEqual({ spam: 12, ham: 0 })
    },
  },
  {
    name: 'accounts: what one account taught is nothing to the others',
    needs: ['trains', 'perAccount'],
    async run({ classifier }) {
      const message = await messageOf(spamWords, 80)
      await trainMany(classifier, anna)
      expect(await probabilityOf(classifier, message, anna)).toBeGreaterThan(0.6)
      expect(await probabilityOf(classifier, message, bob)).toBeCloseTo(0.5)
      expect(await classifier.statistics(bob)).toEqual({ spam: 0, ham: 0 })
      await classifier.train(message, 'ham', bob)
      expect(await classifier.statistics(anna)).toEqual({ spam: 20, ham: 20 })
    },
  },
  {
    name: 'reopen: what was learned is still known',
    needs: ['trains', 'persistent'],
    async run({ classifier, reopen }) {
      await trainMany(classifier)
      const judged = await messageOf(spamWords, 90)
      const before = [await classifier.classify(judged), await classifier.statistics()]
      const again = await present(reopen, 'reopen() of the fixture of a persistent classifier')()
      expect([await again.classify(judged), await again.statistics()]).toEqual(before)
    },
  },
]

/** Everything that is demanded of a `classifier`. */
export const classifierContractCases: readonly ClassifierCase[] = [
  {
    name: 'classify: "cannot say" of a message before anything was learned',
    needs: ['trains'],
    async run({ classifier }) {
      expect(await probabilityOf(classifier, await messageOf(spamWords, 1))).toBeCloseTo(0.5)
    },
    async otherwise({ classifier }) {
      await probabilityOf(classifier, await messageOf(spamWords, 1))
    },
  },
  {
    name: 'classify: changes nothing',
    async run({ classifier }) {
      const message = await messageOf(spamWords, 1)
      const [statistics, first] = [await classifier.statistics(), await classifier.classify(message)]
      expect(await classifier.classify(message)).toEqual(first)
      expect(await classifier.statistics()).toEqual(statistics)
    },
  },
  {
    name: 'hostile messages: are classified, learned and forgotten like any other',
    async run({ classifier }) {
      for (const octets of hostileMessages) {
        const message = await rawMessage(octets)
        await probabilityOf(classifier, message)
        if (!classifier.supports.trains) continue
        await classifier.train(message, 'spam')
        await probabilityOf(classifier, message, bob)
      }
      if (classifier.supports.trains) {
        expect((await classifier.statistics()).spam).toBe(hostileMessages.length)
        for (const octets of hostileMessages) await classifier.forget(await rawMessage(octets))
        expect(await classifier.statistics()).toEqual({ spam: 0, ham: 0 })
      }
    },
  },
  ...learningCases,
]
