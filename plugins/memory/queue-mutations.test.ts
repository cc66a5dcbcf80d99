import { type DeliveryFlow, type Queue, reply } from 'mailwright'
import { createQueueSubject, overlay, queueCases, runCases } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { createMemoryQueue } from './queue.ts'

type Make = (delivery: DeliveryFlow) => Queue

const ok = reply(250, '2.0.0', 'Taken')

/** A queue on a delivery flow that is not told the truth. */
const onChanged =
  (change: (inner: DeliveryFlow) => Partial<DeliveryFlow>): Make =>
  (delivery) =>
    createMemoryQueue(overlay(delivery, change(delivery)))

/** A queue whose acceptance is changed. */
const accepting =
  (change: (inner: Queue) => Queue['accept']): Make =>
  (delivery) => {
    const queue = createMemoryQueue(delivery)
    return { ...queue, accept: change(queue) }
  }

/** Mistakes that queues make, each with the beginning of a case that must notice it. */
const mistakes: readonly (readonly [mistake: string, noticedBy: string, make: Make])[] = [
  [
    'answers before it delivers',
    'accept: an answer does not come before',
    accepting((inner) => async (submission) => {
      void inner.accept(submission)
      return submission.transaction.recipients.map(({ forwardPath }) => ({
        recipient: forwardPath,
        reply: ok,
      }))
    }),
  ],
  [
    'says yes to what must wait',
    'trouble: what cannot be delivered now',
    accepting(
      (inner) => async (submission) =>
        (await inner.accept(submission)).map((answer) => ({ ...answer, reply: ok })),
    ),
  ],
  [
    'delivers to some and refuses all',
    'trouble: with one answer for all',
    accepting((inner) => (submission) => inner.accept({ ...submission, atomic: false })),
  ],
  [
    'makes one’s trouble everybody’s',
    'trouble: with an answer for each',
    accepting((inner) => (submission) => inner.accept({ ...submission, atomic: true })),
  ],
  [
    'gives everybody the first variant',
    'accept: each recipient gets the variant',
    accepting((inner) => (submission) => {
      const [first] = submission.variants
      return inner.accept({
        ...submission,
        variants: submission.variants.map((each) => ({ ...each, message: (first ?? each).message })),
      })
    }),
  ],
  [
    'delivers to the first route only',
    'accept: a recipient with several routes',
    accepting(
      (inner) => (submission) =>
        inner.accept({
          ...submission,
          variants: submission.variants.map((each) => ({
            ...each,
            recipients: each.recipients.map((recipient) => ({
              ...recipient,
              routes: recipient.routes.slice(0, 1),
            })),
          })),
        }),
    ),
  ],
  [
    'believes the last route',
    'trouble: of one route of several',
    onChanged((inner) => ({
      attempt: async (attempt) => {
        const outcomes = await inner.attempt(attempt)
        return outcomes.map(() => outcomes[0] ?? { kind: 'delivered', text: '' })
      },
    })),
  ],
  [
    'forgets a quarantine',
    'accept: what is to be kept apart',
    accepting(
      (inner) => (submission) =>
        inner.accept({
          ...submission,
          variants: submission.variants.map(({ recipients, message }) => ({ recipients, message })),
        }),
    ),
  ],
  [
    'loses the null reverse-path',
    'accept: hands on the reverse-path',
    onChanged((inner) => ({
      attempt: (attempt) =>
        inner.attempt({
          ...attempt,
          reversePath: attempt.reversePath ?? { localPart: 'postmaster', domain: 'example.org' },
        }),
    })),
  ],
  [
    'gives each attempt an id of its own',
    'accept: 250 for what is delivered',
    onChanged((inner) => ({
      attempt: (attempt) => inner.attempt({ ...attempt, id: `${attempt.id}-2` }),
    })),
  ],
  [
    'rejects',
    'trouble: a delivery that breaks',
    (delivery) => {
      const queue = createMemoryQueue(delivery)
      return {
        ...queue,
        accept: async (submission) => {
          const answers = await queue.accept(submission)
          if (answers.some((answer) => answer.reply.code === 451)) throw new Error('broken')
          return answers
        },
      }
    },
  ],
  [
    'refuses for good what may come right',
    'trouble: what cannot be delivered now',
    onChanged((inner) => ({
      attempt: async (attempt) =>
        (await inner.attempt(attempt)).map((outcome) =>
          outcome.kind === 'delivered' ? outcome : { kind: 'failed', reply: reply(550, '5.0.0', 'No') },
        ),
    })),
  ],
  [
    'delivers twice',
    'accept: 250 for what is delivered',
    onChanged((inner) => ({
      attempt: async (attempt) => {
        await inner.attempt(attempt)
        return inner.attempt(attempt)
      },
    })),
  ],
  [
    'knows every id',
    'management: MAIL_E_NOT_FOUND',
    (delivery) => ({ ...createMemoryQueue(delivery), hold: async () => 1 }),
  ],
  [
    'says that it retries',
    'trouble: the wait survives',
    (delivery) => ({ ...createMemoryQueue(delivery), supports: { retries: true, manageable: false } }),
  ],
]

describe('the queue contract notices a queue that', () => {
  it.each(mistakes)('%s', async (_mistake, noticedBy, make) => {
    const create = () => createQueueSubject(async ({ delivery }) => ({ queue: make(delivery) }))
    const failures = (await runCases(queueCases(await create()), create)).map((failure) => failure.name)
    expect(
      failures.filter((name) => name.startsWith(noticedBy)),
      `failed: ${failures.join('; ')}`,
    ).not.toEqual([])
  })
})
