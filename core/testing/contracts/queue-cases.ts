import { expect } from 'vitest'
import { formatAddress } from '../../model/address/address.ts'
import { isPermanent, isTransient, type Reply } from '../../model/reply.ts'
import { turns } from '../turns.ts'
import { expectCode, present } from './expectations.ts'
import {
  deferredOutcome,
  failedOutcome,
  type QueueCase,
  type QueueSubject,
  replyFor,
  submissionOf,
} from './queue-fixture.ts'
import { sampleMessage, text } from './store-fixture.ts'

/** Waits for what a queue does by itself after it was told to: other processes, such as a database, take their time. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 10_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** The promise: what was answered with 250 is delivered, or waits where others can see it. */
async function expectKept(
  { queue, delivery }: QueueSubject,
  id: string,
  name: string,
  reply: Reply,
): Promise<void> {
  if (reply.code >= 400) return
  expect(reply.code).toBe(250)
  if (delivery.count(name) > 0) return
  // Its sender was told.
  if (delivery.count('sender') > 0) return
  const waiting = await queue.show(id)
  const recipients = waiting?.recipients.map((each) => each.address.localPart) ?? []
  expect(recipients, `${name} was answered with 250, but is neither delivered nor queued`).toContain(name)
}

const acceptanceCases: readonly QueueCase[] = [
  {
    name: 'accept: 250 for what is delivered, once, under the transaction’s id',
    async run({ queue, delivery }) {
      const octets = sampleMessage()
      const submission = await submissionOf({ variants: [{ to: ['jo', 'anna'], octets }] })
      const answers = await queue.accept(submission)
      expect([replyFor(answers, 'jo').code, replyFor(answers, 'anna').code]).toEqual([250, 250])
      await turns(50)
      const { id } = submission.transaction
      expect(delivery.made.map((each) => [each.id, each.recipient, each.content])).toEqual([
        [id, 'jo', text(octets)],
        [id, 'anna', text(octets)],
      ])
      expect(delivery.attempts.every((attempt) => attempt.id === id)).toBe(true)
    },
  },
  {
    name: 'accept: hands on the reverse-path, the null one too',
    async run({ queue, delivery }) {
      const [full, none] = [
        await submissionOf({ variants: [{ to: ['jo'] }] }),
        await submissionOf({ variants: [{ to: ['jo'] }], reversePath: null }),
      ]
      await queue.accept(full)
      await queue.accept(none)
      await turns(50)
      const paths = delivery.attempts.map(({ reversePath }) => reversePath && formatAddress(reversePath))
      expect(paths).toEqual(['sender@elsewhere.example', null])
    },
  },
  {
    name: 'accept: each recipient gets the variant that is theirs',
    async run({ queue, delivery }) {
      const [first, second] = [sampleMessage(), sampleMessage()]
      const submission = await submissionOf({
        variants: [
          { to: ['jo'], octets: first },
          { to: ['anna'], octets: second },
        ],
      })
      const answers = await queue.accept(submission)
      expect(answers.map((answer) => answer.reply.code)).toEqual([250, 250])
      await turns(50)
      expect(new Map(delivery.made.map((each) => [each.recipient, each.content]))).toEqual(
        new Map([
          ['jo', text(first)],
          ['anna', text(second)],
        ]),
      )
    },
  },
  {
    name: 'accept: a recipient with several routes is delivered to all of them and has one answer',
    async run({ queue, delivery }) {
      const answers = await queue.accept(await submissionOf({ variants: [{ to: ['info: jo anna', 'bob'] }] }))
      expect(answers).toHaveLength(2)
      expect(replyFor(answers, 'info').code).toBe(250)
      await turns(50)
      expect(delivery.made.map((each) => each.route).sort()).toEqual(['anna', 'bob', 'jo'])
    },
  },
  {
    name: 'accept: what is to be kept apart is never delivered as if it were not',
    async run({ queue, delivery }) {
      await queue.accept(await submissionOf({ variants: [{ to: ['jo'], quarantine: 'it looks odd' }] }))
      await turns(50)
      for (const each of delivery.made) expect(each.quarantine).toBe('it looks odd')
    },
  },
  {
    name: 'accept: an answer does not come before its delivery is done',
    needs: ['retries'],
    async run(subject) {
      const resume = subject.delivery.pause()
      const submission = await submissionOf({ variants: [{ to: ['jo'] }] })
      const answering = subject.queue.accept(submission).then(async (answers) => {
        await expectKept(subject, submission.transaction.id, 'jo', replyFor(answers, 'jo'))
      })
      await turns(50)
      resume()
      await answering
    },
    async otherwise({ queue, delivery }) {
      const resume = delivery.pause()
      let answered = false
      const answering = queue.accept(await submissionOf({ variants: [{ to: ['jo'] }] })).then((answers) => {
        answered = true
        return answers
      })
      await turns(50)
      expect(answered, 'answered before anything was delivered').toBe(false)
      resume()
      expect(replyFor(await answering, 'jo').code).toBe(250)
    },
  },
  {
    name: 'accept: many at the same time get each their own answer',
    async run({ queue, delivery }) {
      delivery.on('bad', failedOutcome)
      const names = Array.from({ length: 20 }, (_, index) => (index % 5 === 4 ? 'bad' : `user${index}`))
      const answers = await Promise.all(
        names.map(async (name) =>
          replyFor(await queue.accept(await submissionOf({ variants: [{ to: [name] }] })), name),
        ),
      )
      await turns(50)
      for (const [index, name] of names.entries()) {
        if (name === 'bad') continue
        expect(answers[index]?.code).toBe(250)
        expect(delivery.count(name)).toBe(1)
      }
    },
  },
]

const troubleCases: readonly QueueCase[] = [
  {
    name: 'trouble: what cannot be delivered now is kept and delivered later, once',
    needs: ['retries'],
    async run({ queue, delivery }) {
      delivery.on('jo', deferredOutcome)
      const submission = await submissionOf({ variants: [{ to: ['jo'] }] })
      expect(replyFor(await queue.accept(submission), 'jo').code).toBe(250)
      const { id } = submission.transaction
      expect((await queue.show(id))?.recipients.map((each) => each.address.localPart)).toEqual(['jo'])
      delivery.on('jo', { kind: 'delivered', text: 'at last' })
      await queue.flush({ id })
      await eventually(async () => expect(await queue.list()).toEqual([]))
      expect(delivery.made.map((each) => each.id)).toEqual([id])
    },
    async otherwise({ queue, delivery }) {
      delivery.on('jo', deferredOutcome)
      const reply = replyFor(await queue.accept(await submissionOf({ variants: [{ to: ['jo'] }] })), 'jo')
      expect(isTransient(reply), `answered ${reply.code}`).toBe(true)
      await turns(50)
      expect(delivery.made, 'delivered after a refusal: it will come twice').toEqual([])
      expect(await queue.list()).toEqual([])
    },
  },
  {
    name: 'trouble: the wait survives the process',
    needs: ['retries'],
    async run({ queue, delivery, reopen }) {
      delivery.on('jo', deferredOutcome)
      const octets = sampleMessage()
      const submission = await submissionOf({ variants: [{ to: ['jo'], octets }] })
      await queue.accept(submission)
      const next = await present(reopen, 'reopen() of the fixture of a queue that retries')()
      expect((await next.list()).map((item) => item.id)).toEqual([submission.transaction.id])
      delivery.on('jo', { kind: 'delivered', text: 'at last' })
      await next.flush()
      await eventually(async () => expect(await next.list()).toEqual([]))
      expect(delivery.made.map((each) => [each.id, each.content])).toEqual([
        [submission.transaction.id, text(octets)],
      ])
    },
  },
  {
    name: 'trouble: what can never be delivered is refused for good, or its sender is told',
    needs: ['retries'],
    async run(subject) {
      subject.delivery.on('jo', failedOutcome)
      const submission = await submissionOf({ variants: [{ to: ['jo'] }], reversePath: null })
      const answers = await subject.queue.accept(submission)
      expect(isTransient(replyFor(answers, 'jo'))).toBe(false)
    },
    async otherwise({ queue, delivery }) {
      delivery.on('jo', failedOutcome)
      const reply = replyFor(await queue.accept(await submissionOf({ variants: [{ to: ['jo'] }] })), 'jo')
      expect(isPermanent(reply), `answered ${reply.code}`).toBe(true)
    },
  },
  {
    name: 'trouble: with one answer for all, nobody is promised what is not kept',
    async run(subject) {
      for (const outcome of [deferredOutcome, failedOutcome]) {
        subject.delivery.on('jo', outcome)
        const submission = await submissionOf({ variants: [{ to: ['anna'] }, { to: ['jo'] }], atomic: true })
        const answers = await subject.queue.accept(submission)
        await turns(50)
        for (const name of ['anna', 'jo']) {
          await expectKept(subject, submission.transaction.id, name, replyFor(answers, name))
        }
        const refused = answers.some((answer) => answer.reply.code >= 400)
        if (refused)
          expect(subject.delivery.made, 'delivered after a refusal: it will come twice').toEqual([])
        subject.delivery.made.length = 0
      }
    },
  },
  {
    name: 'trouble: with an answer for each (LMTP), one’s trouble is not another’s',
    async run(subject) {
      subject.delivery.on('jo', failedOutcome)
      const submission = await submissionOf({ variants: [{ to: ['anna', 'jo', 'bob'] }], atomic: false })
      const answers = await subject.queue.accept(submission)
      await turns(50)
      expect([replyFor(answers, 'anna').code, replyFor(answers, 'bob').code]).toEqual([250, 250])
      expect(subject.delivery.made.map((each) => each.route)).toEqual(['anna', 'bob'])
      await expectKept(subject, submission.transaction.id, 'jo', replyFor(answers, 'jo'))
    },
  },
  {
    name: 'trouble: of one route of several is the recipient’s trouble',
    async run(subject) {
      subject.delivery.on('anna', deferredOutcome)
      const submission = await submissionOf({ variants: [{ to: ['info: jo anna'] }], atomic: false })
      const answer = replyFor(await subject.queue.accept(submission), 'info')
      if (!subject.queue.supports.retries) expect(isTransient(answer), `answered ${answer.code}`).toBe(true)
      else await expectKept(subject, submission.transaction.id, 'info', answer)
    },
  },
  {
    name: 'trouble: a delivery that breaks is a 451, not a rejection',
    async run(subject) {
      subject.delivery.on('jo', 'throws')
      const submission = await submissionOf({ variants: [{ to: ['jo'] }] })
      const answer = replyFor(await subject.queue.accept(submission), 'jo')
      await expectKept(subject, submission.transaction.id, 'jo', answer)
      if (answer.code !== 250) expect(answer.code).toBe(451)
    },
  },
  {
    name: 'trouble: a client that leaves before the answer changes nothing of the promise',
    async run(subject) {
      const client = new AbortController()
      const resume = subject.delivery.pause()
      const submission = await submissionOf({ variants: [{ to: ['jo'] }], signal: client.signal })
      const answering = subject.queue.accept(submission)
      client.abort()
      resume()
      await expectKept(subject, submission.transaction.id, 'jo', replyFor(await answering, 'jo'))
    },
  },
]

const managementCases: readonly QueueCase[] = [
  {
    name: 'management: list, show, hold, release, remove',
    needs: ['retries', 'manageable'],
    async run({ queue, delivery }) {
      delivery.on('jo', deferredOutcome)
      const octets = sampleMessage()
      const [first, second] = [
        await submissionOf({ variants: [{ to: ['jo'], octets }] }),
        await submissionOf({ variants: [{ to: ['jo'] }] }),
      ]
      await queue.accept(first)
      await queue.accept(second)
      const [id, other] = [first.transaction.id, second.transaction.id]
      expect((await queue.list()).map((item) => item.id).sort()).toEqual([id, other].sort())
      const [oldest, ...more] = await queue.list({}, 1)
      expect(more).toEqual([])
      const rest = await queue.list({}, 10, oldest?.place)
      expect([oldest, ...rest].map((item) => item?.id).sort(), 'pages').toEqual([id, other].sort())
      expect((await queue.statistics()).total).toMatchObject({ recipients: 2, held: 0 })
      if (queue.distribution !== undefined) {
        const spread = await queue.distribution('sender-address', { id })
        expect(spread).toMatchObject({ total: { recipients: 1, held: 0 }, found: 1 })
        expect(spread.groups).toMatchObject([{ recipients: 1, held: 0 }])
        expect((await queue.distribution('destination')).total.recipients, 'of all').toBe(2)
        expect((await queue.distribution('cause', { state: 'held' })).groups, 'of none').toEqual([])
      }
      await expectCode(queue.list({}, 1, 'no place'), 'MAIL_E_INVALID')
      expect(await queue.show(id)).toMatchObject({ id, size: octets.length, state: 'waiting' })
      await queue.hold({ id })
      expect((await queue.show(id))?.state).toBe('held')
      delivery.on('jo', { kind: 'delivered', text: 'at last' })
      await queue.flush()
      await eventually(async () => expect(delivery.made.length).toBeGreaterThan(0))
      await turns(50)
      expect(
        delivery.made.map((each) => each.id),
        'a held message stays',
      ).toEqual([other])
      // It may be tried at once, and is to be there still.
      delivery.on('jo', deferredOutcome)
      await queue.release({ id })
      await queue.remove({ id })
      expect(await queue.show(id)).toBeUndefined()
      expect(await queue.list()).toEqual([])
    },
    async otherwise({ queue }) {
      expect(await queue.list()).toEqual([])
      expect((await queue.statistics()).total.recipients).toBe(0)
      expect((await queue.distribution?.('sender'))?.groups ?? []).toEqual([])
      await queue.flush()
    },
  },
  {
    name: 'management: MAIL_E_NOT_FOUND for ids that are not there, hostile ones included',
    async run({ queue }) {
      for (const id of [
        '',
        'nosuch',
        '../../etc/passwd',
        '__proto__',
        "' OR '1'='1",
        '\0',
        'x'.repeat(100_000),
      ]) {
        expect(await queue.show(id)).toBeUndefined()
        for (const change of ['flush', 'hold', 'release', 'remove'] as const) {
          await expectCode(queue[change]({ id }), 'MAIL_E_NOT_FOUND', 'MAIL_E_UNSUPPORTED')
        }
      }
    },
  },
]

/** Everything that is demanded of a `queue`. */
export const queueContractCases: readonly QueueCase[] = [
  ...acceptanceCases,
  ...troubleCases,
  ...managementCases,
]
