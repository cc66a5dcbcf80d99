import { formatAddress, type Outcome, reply } from 'mailwright'
import { mail } from './queue-submission.ts'
import type { QueueNode, QueueWorld } from './queue-world.ts'
import { deliveredOutcome, mailboxFull, noSuchUser } from './queue-world-delivery.ts'

/** What the model has done, and what it expects of it. */
export interface ModelRun {
  /** Addresses that were answered with 250 and not removed since. Each is used once. */
  readonly accepted: ReadonlySet<string>
  /** Addresses of messages from the null reverse-path: nobody is told of them. */
  readonly bounceless: ReadonlySet<string>
  /** Addresses that may have come several times, or be told of, too: a process was lost, or they were given up, while they waited. */
  readonly doubtful: ReadonlySet<string>
  /** What was done, for when it fails. */
  readonly steps: readonly string[]
}

export interface ModelSettings {
  readonly seed: number
  readonly steps: number
  /** Also processes that end, stand still or lose their database. */
  readonly violent: boolean
}

/** How often, its name, and what it does. */
type Action = readonly [number, string, () => Promise<unknown>]

interface Victims {
  readonly world: QueueWorld
  readonly nodes: QueueNode[]
  readonly draw: (below: number) => number
  /** Says of all who wait that they may come several times. */
  readonly doubt: () => Promise<void>
}

const domains = ['a.example', 'b.example', 'here.example', 'list.example']

/** Numbers that look like chance, the same each time. */
export function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Does things by chance with the queues of one or two processes. */
export async function runModel(
  world: QueueWorld,
  { seed, steps: count, violent }: ModelSettings,
): Promise<ModelRun> {
  const draw = chance(seed)
  const nodes: QueueNode[] = [await world.node(), await world.node()]
  const [accepted, removed, doubtful] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const bounceless = new Set<string>()
  /** Addresses that nobody has been answered of yet. */
  const unanswered = new Set<string>()
  const steps: string[] = []
  let number = 0
  const anyNode = (): QueueNode => nodes[draw(nodes.length)] as QueueNode
  for (const domain of domains) world.delivery.on(`@${domain}`, () => outcomeOf(world, draw))

  const doubt = async (): Promise<void> => {
    const rows = await world.database.query((knex) => knex('queue_recipients').select('address'))
    for (const { address } of rows) doubtful.add(address)
    // These may be in the table by the time of what is doubted.
    for (const address of unanswered) doubtful.add(address)
  }
  const actions: readonly Action[] = [
    [
      12,
      'accept',
      async () => {
        const some = domains.filter(() => draw(2) === 0)
        const to = (some.length === 0 ? domains : some).map((domain) => `user${number}@${domain}`)
        number++
        const size = draw(12) === 0 ? 70_000 : 150
        const from = draw(6) === 0 ? '' : `s${draw(3)}@origin.example`
        if (from === '') for (const address of to) bounceless.add(address)
        const answering = anyNode().queue.accept(await mail({ to, from, size }))
        for (const address of to) unanswered.add(address)
        // It may take its time, which goes on in other steps. What a process that was killed has not answered was not accepted.
        void answering.then((answers) => {
          for (const address of to) unanswered.delete(address)
          for (const { recipient, reply: answer } of answers)
            if (answer.code === 250) accepted.add(formatAddress(recipient))
        })
      },
    ],
    [10, 'wait', () => world.pass(1_000 * (1 + draw(40)), 2_000)],
    [2, 'flush', () => anyNode().queue.flush({ destination: domains[draw(2)] as string })],
    [2, 'hold', () => anyNode().queue.hold({ recipient: `@${domains[draw(4)]}` })],
    [2, 'release', () => anyNode().queue.release({})],
    [1, 'requeue', () => anyNode().queue.requeue({ recipient: `@${domains[draw(4)]}` })],
    [
      1,
      'bounce',
      async () => {
        // What is under way may still arrive.
        await doubt()
        await anyNode().queue.bounce({ recipient: `@${domains[draw(4)]}` })
      },
    ],
    [
      1,
      'remove',
      async () => {
        const recipient = `user${draw(number + 1)}@${domains[draw(4)]}`
        await anyNode().queue.remove({ recipient })
        removed.add(recipient)
      },
    ],
  ]
  const all = violent ? [...actions, ...violence({ world, nodes, draw, doubt })] : actions
  const total = all.reduce((sum, [weight]) => sum + weight, 0)
  for (let step = 0; step < count; step++) {
    const [, name, act] = byWeight(all, draw(total))
    steps.push(name)
    await act().catch((error: unknown) => {
      if (!violent) throw error
    })
  }
  await world.pass(30_000, 2_000)
  const left = new Set([...accepted].filter((address) => !removed.has(address)))
  return { accepted: left, bounceless, doubtful, steps }
}

/** What processes have to bear. */
function violence({ world, nodes, draw, doubt }: Victims): readonly Action[] {
  const replace = async (end: (node: QueueNode) => unknown): Promise<void> => {
    await doubt()
    await end(nodes.shift() as QueueNode)
    nodes.push(await world.node())
  }
  return [
    [1, 'stop', () => replace((node) => stopped(world, node))],
    [1, 'kill', () => replace((node) => node.kill())],
    [
      1,
      'freeze',
      async () => {
        await doubt()
        const thaw = (nodes[draw(nodes.length)] as QueueNode).freeze()
        await world.pass(1_000 * draw(200), 5_000)
        await doubt()
        thaw()
      },
    ],
    [
      2,
      'fault',
      async () => {
        await doubt()
        const when = (['before', 'during', 'after'] as const)[draw(3)] as 'before'
        ;(nodes[draw(nodes.length)] as QueueNode).faults.fail({ when, times: 1 + draw(4), skip: draw(5) })
      },
    ],
  ]
}

/** Each as often as its weight says. */
function byWeight<Choice extends readonly [number, ...unknown[]]>(
  choices: readonly Choice[],
  at: number,
): Choice {
  let left = at
  for (const choice of choices) {
    if (left < choice[0]) return choice
    left -= choice[0]
  }
  throw new Error('nothing to choose')
}

/** Time goes on while it waits for what is under way. */
async function stopped(world: QueueWorld, node: QueueNode): Promise<void> {
  let isOver = false
  const stopping = node.stop().finally(() => {
    isOver = true
  })
  while (!isOver) await world.pass(5_000)
  await stopping
}

/** Some time later, or at once. */
async function outcomeOf({ clock }: QueueWorld, draw: (below: number) => number): Promise<Outcome> {
  const delay = draw(3) === 0 ? 1_000 * draw(20) : 0
  if (delay > 0) await new Promise<void>((resolve) => clock.after(delay, resolve))
  const drawn = draw(20)
  if (drawn < 11) return deliveredOutcome
  if (drawn < 14) return mailboxFull
  if (drawn < 15) return noSuchUser
  if (drawn < 17) return { kind: 'deferred', reply: reply(451, '4.3.0', 'Not now') }
  return { kind: 'deferred', reply: reply(451, '4.4.1', 'No answer'), concerns: 'destination' }
}
