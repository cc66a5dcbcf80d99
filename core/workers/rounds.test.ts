import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, test } from 'vitest'
import type { MetricFamily } from '../metrics/metrics.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import type { FromWorker, PeerAnswers, Question, ToWorker } from './messages.ts'
import { type Channel, createPeers, type Peers } from './peers.ts'
import { type AskedWorker, Rounds } from './rounds.ts'

let clock: FakeClock
let rounds: Rounds

beforeEach(() => {
  clock = fakeClock()
  rounds = new Rounds(3, clock)
})

/** A worker and its end of the channel. `answer` undefined: it does not answer. */
class FakeWorker extends EventEmitter implements AskedWorker {
  readonly asked: Question[] = []
  readonly #heard = new EventEmitter()
  #peers: Peers | undefined
  answer: unknown
  readonly channel: Channel = {
    send: (message: FromWorker) => void this.emit('message', message),
    listen: (heard) => void this.#heard.on('message', heard),
  }

  constructor(answer: unknown, serves = true) {
    super()
    this.answer = answer
    rounds.attend(this, serves)
  }

  send(message: ToWorker): void {
    if (message.mailwright === 'asked') {
      this.asked.push(message.question)
      const { number } = message
      if (this.answer !== undefined)
        this.emit('message', { mailwright: 'answer', number, answer: this.answer })
    } else this.#heard.emit('message', message)
  }

  ask(question: Question, own: unknown = []): Promise<PeerAnswers> {
    this.#peers ??= createPeers(clock, this.channel)
    return this.#peers.ask(question, own)
  }
}

const counted = (value: number): readonly MetricFamily[] => [
  { name: 'a_total', type: 'counter', help: 'x', labels: [], limit: 1, samples: [{ labels: [], value }] },
  { name: 'b_open', type: 'gauge', help: 'x', labels: [], limit: 1, samples: [{ labels: [], value }] },
]

/** What all that is answered says of a metric together. */
function total({ answers }: PeerAnswers, name: string): number {
  const families = (answers as (readonly MetricFamily[])[]).flat().filter((family) => family.name === name)
  return families.flatMap(({ samples }) => samples).reduce((sum, { value }) => sum + value, 0)
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a question', () => {
  test('goes to all others, and comes back with what they say', async () => {
    const [one, two, three] = [new FakeWorker('1'), new FakeWorker('2'), new FakeWorker('3')]
    expect(await one.ask('health')).toEqual({ answers: ['2', '3'], silent: 0, starting: 0 })
    expect([one.asked, two.asked, three.asked]).toEqual([[], ['health'], ['health']])
    expect(clock.waiting).toBe(0)
  })

  test('several at the same time do not mix', async () => {
    const [one, two] = [new FakeWorker('1'), new FakeWorker('2'), new FakeWorker('3')]
    const asked = await Promise.all([one.ask('health'), two.ask('health'), one.ask('health')])
    expect(asked.map(({ answers }) => answers)).toEqual([
      ['2', '3'],
      ['1', '3'],
      ['2', '3'],
    ])
  })

  test('who does not answer is silent, who does not serve yet or is gone is starting', async () => {
    const [one, hung, begun] = [new FakeWorker('1'), new FakeWorker(undefined), new FakeWorker('3', false)]
    const asked = one.ask('health')
    await turn()
    clock.advance(6_000)
    expect(await asked).toEqual({ answers: [], silent: 1, starting: 1 })
    begun.emit('message', { mailwright: 'ready', listeners: [] })
    hung.emit('exit')
    expect(await one.ask('health')).toEqual({ answers: ['3'], silent: 0, starting: 1 })
  })

  test('an answer that comes too late, or that nobody has asked for, changes nothing', async () => {
    const [one, hung] = [new FakeWorker('1'), new FakeWorker(undefined)]
    const asked = one.ask('health')
    await turn()
    clock.advance(6_000)
    await asked
    for (const message of [{ mailwright: 'answer', number: 1, answer: 'late' }, { cmd: 'x' }, null, 'x'])
      hung.emit('message', message)
    hung.answer = 'now'
    expect((await one.ask('health')).answers).toEqual(['now'])
  })

  test('a parent that does not answer is given up', async () => {
    const channel: Channel = { send: () => undefined, listen: () => undefined }
    const asked = createPeers(clock, channel).ask('metrics', [])
    clock.advance(8_000)
    await expect(asked).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  })
})

describe('what is counted', () => {
  test('stays counted when a worker ends; gauges end with it', async () => {
    const [one, two, three] = [
      new FakeWorker(counted(1)),
      new FakeWorker(counted(2)),
      new FakeWorker(counted(4)),
    ]
    const before = await one.ask('metrics', counted(1))
    expect([total(before, 'a_total'), total(before, 'b_open')]).toEqual([6, 6])
    two.emit('exit')
    const after = await one.ask('metrics', counted(1))
    expect([total(after, 'a_total'), total(after, 'b_open')]).toEqual([6, 4])
    expect([total(after, 'mailwright_workers'), total(after, 'mailwright_worker_exits_total')]).toEqual([
      2, 1,
    ])
    // The one that has asked may end too.
    one.emit('exit')
    const last = await three.ask('metrics', counted(4))
    expect(total(last, 'a_total')).toBe(3)
  })

  test('stays counted while a worker does not answer', async () => {
    const [one, two] = [new FakeWorker(counted(1)), new FakeWorker(counted(2))]
    await one.ask('metrics', counted(1))
    two.answer = undefined
    const asked = one.ask('metrics', counted(1))
    await turn()
    clock.advance(4_000)
    const told = await asked
    expect(total(told, 'a_total')).toBe(2)
    expect(total(told, 'b_open')).toBe(0)
    expect(told.silent).toBe(1)
  })

  test('many that end one after the other are one in memory', async () => {
    const one = new FakeWorker(counted(1))
    for (let round = 0; round < 50; round++) {
      const other = new FakeWorker(counted(1))
      await one.ask('metrics', counted(1))
      other.emit('exit')
    }
    const { answers } = await one.ask('metrics', counted(1))
    expect(total({ answers, silent: 0, starting: 0 }, 'a_total')).toBe(50)
    expect(answers).toHaveLength(2)
  })
})
