// What sorting and threading cost, on generated mail in memory: what a store adds for its disk comes on top.
//
//   node --conditions=mailwright-source test/bench/sort.ts [messages…]
//
// CPU time, cold: nothing is known of the messages but their stored summaries; and warm: the best of some rounds. `held` is
// the longest time for which nothing else in the process could run, which includes what the machine gave to others.
import process from 'node:process'
import {
  bufferContent,
  decodeSummary,
  encodeSummary,
  type MailboxFacts,
  type MessageEntry,
  MessageFacts,
  type MessageSummary,
  Summariser,
} from 'mailwright'
import { type SortKey, sortMessages, type ThreadAlgorithm, threadMessages } from 'mailwright/search'
import { conversations } from '../generator/conversations.ts'

const rounds = 20
const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 100_000]

type Run = (facts: MailboxFacts, uids: readonly number[]) => Promise<unknown>

const sortKeys: readonly SortKey[] = ['arrival', 'size', 'date', 'subject', 'from', 'displayto']
const algorithms: readonly ThreadAlgorithm[] = ['orderedsubject', 'references', 'refs']
const steps: readonly (readonly [string, Run])[] = [
  ...sortKeys.map((key): readonly [string, Run] => [
    `SORT ${key.toUpperCase()}`,
    (facts, uids) => sortMessages(facts, [{ key, reverse: false }], uids),
  ]),
  [
    'SORT SUBJECT REVERSE DATE',
    (facts, uids) =>
      sortMessages(
        facts,
        [
          { key: 'subject', reverse: false },
          { key: 'date', reverse: true },
        ],
        uids,
      ),
  ],
  ...algorithms.map((algorithm): readonly [string, Run] => [
    `THREAD ${algorithm.toUpperCase()}`,
    (facts, uids) => threadMessages(facts, algorithm, uids),
  ]),
]

for (const count of counts) await measure(count)

async function measure(count: number): Promise<void> {
  const stored = conversations(20_261_128, count, { isWild: false }).map((octets) => {
    const summariser = new Summariser()
    summariser.add(octets)
    return encodeSummary(summariser.finish())
  })
  const entries = stored.map((octets, index) => entryOf(index + 1, octets.length))
  const uids = entries.map(({ uid }) => uid)
  const mailbox = {
    id: 'inbox',
    uidValidity: 1,
    entries,
    async *summaries(wanted: readonly number[]): AsyncGenerator<MessageSummary> {
      for (const uid of wanted) {
        const summary = decodeSummary(uid, stored[uid - 1] ?? Buffer.alloc(0))
        if (summary !== undefined) yield summary
      }
    },
    content: async () => bufferContent(Buffer.alloc(0)),
  }
  console.log(`${count} messages${' '.repeat(18)}cold      held      warm      held`)
  for (const [name, run] of steps) {
    const cache = new MessageFacts({ bytes: 2 ** 30 })
    const facts = cache.of('account', mailbox)
    const cold = await timed(() => run(facts, uids))
    let [warm, held] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let round = 0; round < rounds; round += 1) {
      const one = await timed(() => run(facts, uids))
      warm = Math.min(warm, one.time)
      held = Math.min(held, one.held)
    }
    const figures = [cold.time, cold.held, warm, held].map((each) => each.toFixed(1).padStart(9)).join(' ')
    console.log(`${name.padEnd(28)}${figures} ms, ${(cache.bytes / 2 ** 20).toFixed(1)} MiB`)
  }
}

async function timed(run: () => Promise<unknown>): Promise<{ readonly time: number; readonly held: number }> {
  const holds = holding()
  await new Promise((resolve) => setImmediate(resolve))
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  const time = (user + system) / 1_000
  return { time, held: await holds.end() }
}

/** Notes how late the event loop comes round. */
function holding(): { end(): Promise<number> } {
  let longest = 0
  let last = performance.now()
  let goesOn = true
  const turn = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (goesOn) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    async end() {
      goesOn = false
      await new Promise((resolve) => setImmediate(resolve))
      return longest
    },
  }
}

function entryOf(uid: number, size: number): MessageEntry {
  const date = new Date(Date.UTC(2026, 10, 23) + uid * 1_000)
  return { uid, id: `m${uid}`, size, flags: [], internalDate: date, savedDate: date, modSequence: uid }
}
