import { expect } from 'vitest'
import type { Mailbox } from '../../services/mailbox.ts'
import type { AccountStore, Store } from '../../services/store.ts'
import { present } from './expectations.ts'
import {
  append,
  contentsOf,
  contentText,
  expectWellFormed,
  reopened,
  type StoreCase,
  type StoreFixture,
  sampleMessage,
  text,
  uidsOf,
} from './store-fixture.ts'
import { type ClientMemory, catchUp, learnAll } from './store-vanished.ts'

const steps = 150
const flags: readonly string[] = ['\\Answered', '\\Deleted', '\\Flagged', '\\Seen']

/** What must be in a mailbox. */
type Model = Map<number, { readonly octets: string; readonly flags: ReadonlySet<string> }>

/** One of those who work on the mailboxes: what it has open, and what a client of it knows. */
interface Worker {
  readonly account: AccountStore
  readonly views: ReadonlyMap<string, Mailbox>
  readonly known: Map<string, ClientMemory>
}

/** Workers who do one thing after the other at random, without a look at what the others do, and what must come of it. */
class RandomWalk {
  readonly #store: Store
  readonly #workers: readonly Worker[]
  readonly #models: ReadonlyMap<string, Model>
  #state: number

  constructor(store: Store, workers: readonly Worker[], seed: number) {
    this.#store = store
    this.#workers = workers
    this.#models = new Map([...(workers[0]?.views.keys() ?? [])].map((name) => [name, new Map()]))
    this.#state = seed
  }

  async step(): Promise<void> {
    const worker = this.#pick(this.#workers)
    const name = this.#pick([...worker.views.keys()])
    const view = worker.views.get(name)
    const model = this.#models.get(name)
    if (view === undefined || model === undefined) expect.fail(`nobody knows ${name}`)
    const { flags: knowsFlags, mailboxes } = this.#store.supports
    const actions = [
      () => this.#append(worker, name, model),
      () => this.#expunge(view, model),
      () => this.#refresh(worker, view, model),
      () => this.#refresh(worker, view, model),
      ...(knowsFlags ? [() => this.#changeFlags(view, model), () => this.#changeFlags(view, model)] : []),
      ...(mailboxes ? [() => this.#transfer(view, model)] : []),
    ]
    await this.#pick(actions)()
  }

  /** Everybody looks at everything. */
  async finish(): Promise<void> {
    for (const worker of this.#workers) {
      for (const [name, view] of worker.views) {
        const model = this.#models.get(name) ?? new Map()
        await this.#refresh(worker, view, model)
        expect(await contentsOf(worker.account, name)).toEqual(
          [...model.values()].map(({ octets }) => octets),
        )
      }
    }
  }

  async #append(worker: Worker, name: string, model: Model): Promise<void> {
    const messages = Array.from({ length: 1 + this.#below(3) }, () => sampleMessage())
    const { uids } = await append(worker.account, messages, name)
    for (const [index, message] of messages.entries())
      this.#add(model, uids[index] ?? 0, { octets: text(message), flags: new Set() })
  }

  async #changeFlags(view: Mailbox, model: Model): Promise<void> {
    const uids = this.#some(uidsOf(view))
    const flag = flags[this.#below(flags.length)] ?? ''
    const adds = this.#below(2) === 0
    const { entries } = await view.changeFlags(uids, adds ? { add: [flag] } : { remove: [flag] })
    expect(entries.map((entry) => entry.uid)).toEqual(uids.filter((uid) => model.has(uid)))
    for (const { uid, flags: now } of entries) {
      const before = model.get(uid)
      if (before === undefined) continue
      const others = [...before.flags].filter((one) => one !== flag)
      const expected = new Set(adds ? [...others, flag] : others)
      expect(now).toEqual([...expected].sort())
      model.set(uid, { ...before, flags: expected })
    }
  }

  async #expunge(view: Mailbox, model: Model): Promise<void> {
    const uids = this.#some(uidsOf(view))
    const gone = await view.expunge(uids)
    expect(gone).toEqual(uids.filter((uid) => model.has(uid)))
    for (const uid of gone) model.delete(uid)
  }

  /** Copies or moves messages that are there. That others are gone is its own case. */
  async #transfer(view: Mailbox, model: Model): Promise<void> {
    const target = this.#pick([...this.#models.keys()].filter((name) => name !== view.name))
    const way = this.#pick(['copy', 'move'] as const)
    const there = this.#models.get(target)
    const uids = this.#some(uidsOf(view)).filter((uid) => model.has(uid))
    const transfer = await view[way](uids, target)
    expect(transfer.uids.map(([from]) => from)).toEqual(uids)
    for (const [from, to] of transfer.uids) {
      const message = model.get(from)
      if (there !== undefined && message !== undefined) this.#add(there, to, message)
      if (way === 'move') model.delete(from)
    }
  }

  async #refresh(worker: Worker, view: Mailbox, model: Model): Promise<void> {
    const before = worker.known.get(view.name)
    await view.refresh()
    expectWellFormed(view)
    const found = view.entries.map((entry) => [entry.uid, entry.flags])
    expect(found).toEqual([...model].map(([uid, message]) => [uid, [...message.flags].sort()]))
    if (model.size > 0) {
      const sample = this.#pick([...model.keys()])
      expect(await contentText(view, sample)).toBe(model.get(sample)?.octets)
    }
    if (!this.#store.supports.modSequences) return
    const known = before === undefined ? learnAll(view) : await catchUp(before, view)
    expect(known).toEqual(learnAll(view))
    worker.known.set(view.name, known)
  }

  #add(model: Model, uid: number, message: { octets: string; flags: ReadonlySet<string> }): void {
    expect(uid, 'UIDs ascend').toBeGreaterThan(Math.max(0, ...model.keys()))
    model.set(uid, message)
  }

  /** A whole number from 0. */
  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  #pick<Item>(items: readonly Item[]): Item {
    return present(items[this.#below(items.length)], 'something to choose')
  }

  #some(uids: readonly number[]): readonly number[] {
    return uids.filter(() => this.#below(4) === 0)
  }
}

async function newWorker(store: Store, { account }: StoreFixture): Promise<Worker> {
  const opened = await store.open(account)
  const names = store.supports.mailboxes ? ['INBOX', 'Archive'] : ['INBOX']
  const views = new Map<string, Mailbox>()
  for (const name of names) views.set(name, await opened.openMailbox(name))
  return { account: opened, views, known: new Map() }
}

async function walk(fixture: StoreFixture, other: Store, seed: number): Promise<void> {
  const { store, account } = fixture
  if (store.supports.mailboxes) await (await store.open(account)).createMailbox('Archive')
  const workers = [await newWorker(store, fixture), await newWorker(other, fixture)]
  const random = new RandomWalk(store, workers, seed)
  for (let step = 0; step < steps; step++) await random.step()
  await random.finish()
}

/** Much at random. */
export const randomCases: readonly StoreCase[] = [
  ...[1, 2, 3].map(
    (seed): StoreCase => ({
      name: `random: what two views do one after the other agrees with a model (${seed})`,
      run: (fixture) => walk(fixture, fixture.store, seed),
    }),
  ),
  ...[4, 5].map(
    (seed): StoreCase => ({
      name: `random: what two processes do one after the other agrees with a model (${seed})`,
      needs: ['shared'],
      run: async (fixture) => walk(fixture, await reopened(fixture), seed),
    }),
  ),
]
