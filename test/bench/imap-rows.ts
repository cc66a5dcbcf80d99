import { chown, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { benchMessage, planted } from './imap-corpus.ts'
import type { BenchServer } from './imap-servers.ts'
import { BenchClient } from './imap-wire.ts'

/** A figure that is taken of every server. */
export interface Row {
  readonly name: string
  /** Whether the server is started without its caches for this figure alone. */
  readonly isCold?: boolean
  /** Milliseconds, or what `unit` says; undefined where the server cannot do it. */
  measure(bench: Bench): Promise<number | undefined>
  readonly unit?: string
}

/** A server under measurement. */
export class Bench {
  readonly server: BenchServer
  readonly count: number
  #client: BenchClient | undefined

  constructor(server: BenchServer, count: number) {
    this.server = server
    this.count = count
  }

  /** A client that is logged in. */
  login(): Promise<BenchClient> {
    const { port, user, password } = this.server
    return BenchClient.login(port, user, password)
  }

  /** The client that has the INBOX open. */
  async selected(): Promise<BenchClient> {
    if (this.#client !== undefined) return this.#client
    this.#client = await this.login()
    await this.#client.command('SELECT INBOX')
    return this.#client
  }

  /** How many messages a row for a thousand takes. */
  get some(): number {
    return Math.min(1000, this.count)
  }

  /** An empty mailbox. */
  async fresh(client: BenchClient, name: string): Promise<void> {
    await client.command(`DELETE ${name}`).catch(() => undefined)
    await client.command(`CREATE ${name}`)
  }

  close(): void {
    this.#client?.close()
    this.#client = undefined
  }
}

const command =
  (text: string | ((bench: Bench) => string), check?: (answer: string, bench: Bench) => void) =>
  async (bench: Bench): Promise<number> => {
    const client = await bench.selected()
    const answer = await client.command(typeof text === 'string' ? text : text(bench))
    check?.(answer.text, bench)
    return answer.time
  }

// What takes a millisecond or two is done so often for one figure.
const often = 20

/** The mean of many, one after the other. */
const mean =
  (measure: (bench: Bench) => Promise<number>) =>
  async (bench: Bench): Promise<number> => {
    let sum = 0
    for (let count = 0; count < often; count++) sum += await measure(bench)
    return sum / often
  }

/** Fails where a search found another number of messages than were planted. */
const hits =
  (kind: keyof ReturnType<typeof planted> | 'all') =>
  (answer: string, { count }: Bench): void => {
    const found = /^\* (?:SEARCH|SORT)((?: \d+)*)/m.exec(answer)?.[1]?.split(' ').length ?? 1
    const expected = kind === 'all' ? count : planted(count)[kind]
    if (found - 1 !== expected) throw new Error(`${found - 1} messages were found, not ${expected}`)
  }

const middle = ({ count, some }: Bench): number => Math.max(1, Math.floor((count - some) / 2))
const headerFields = 'BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID REFERENCES IN-REPLY-TO)]'

async function select(bench: Bench): Promise<number> {
  const client = await bench.login()
  const { time } = await client.command('SELECT INBOX')
  client.close()
  return time
}

async function singly(bench: Bench): Promise<number> {
  const client = await bench.selected()
  const start = performance.now()
  for (let at = middle(bench), end = at + bench.some; at < end; at++)
    await client.command(`FETCH ${at} BODY.PEEK[]`)
  return performance.now() - start
}

async function pipelined(bench: Bench): Promise<number> {
  const client = await bench.selected()
  const first = middle(bench)
  const { time } = await client.pipelined(
    Array.from({ length: bench.some }, (_, index) => `FETCH ${first + index} BODY.PEEK[]`),
  )
  return time
}

/** Sets a flag of all messages, or takes it away; all are as before then. */
async function storeAll(bench: Bench, sign: '+' | '-'): Promise<number> {
  const client = await bench.selected()
  if (sign === '-') await client.command('STORE 1:* +FLAGS.SILENT (\\Draft)')
  const { time } = await client.command(`STORE 1:* ${sign}FLAGS (\\Draft)`)
  if (sign === '+') await client.command('STORE 1:* -FLAGS.SILENT (\\Draft)')
  return time
}

async function storeOneEach(bench: Bench): Promise<number> {
  const client = await bench.selected()
  const count = Math.min(200, bench.count)
  const start = performance.now()
  for (let number = 1; number <= count; number++) await client.command(`STORE ${number} +FLAGS (\\Draft)`)
  const time = (performance.now() - start) / count
  await client.command(`STORE 1:${count} -FLAGS.SILENT (\\Draft)`)
  return time
}

async function copy(bench: Bench): Promise<number> {
  const client = await bench.selected()
  await bench.fresh(client, 'Scratch')
  const { time } = await client.command(`COPY 1:${bench.some} Scratch`)
  return time
}

async function move(bench: Bench): Promise<number> {
  const client = await bench.login()
  await bench.fresh(client, 'Scratch')
  await bench.fresh(client, 'Scratch2')
  await client.command('SELECT INBOX')
  await client.command(`COPY 1:${bench.some} Scratch`)
  await client.command('SELECT Scratch')
  const { time } = await client.command('MOVE 1:* Scratch2')
  client.close()
  return time
}

async function expunge(bench: Bench): Promise<number> {
  const client = await bench.login()
  await client.command('SELECT INBOX')
  await client.command(`COPY 1:${bench.some} INBOX`)
  await client.command('NOOP')
  await client.command(`STORE ${bench.count + 1}:* +FLAGS.SILENT (\\Deleted)`)
  const { time } = await client.command('EXPUNGE')
  client.close()
  return time
}

/** A literal that waits for nobody, with what stands before it. */
function literal(head: string, message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}{${message.length}+}\r\n`), message])
}

async function append(bench: Bench): Promise<number> {
  const client = await bench.login()
  await bench.fresh(client, 'Scratch')
  const messages = Array.from({ length: bench.some }, (_, index) => benchMessage(index))
  const start = performance.now()
  for (const message of messages) await client.command(literal('APPEND Scratch (\\Seen) ', message))
  const time = performance.now() - start
  client.close()
  return time
}

async function multiappend(bench: Bench): Promise<number> {
  const client = await bench.login()
  await bench.fresh(client, 'Scratch')
  const pieces = Array.from({ length: bench.some }, (_, index) => literal(' (\\Seen) ', benchMessage(index)))
  const { time } = await client.command(Buffer.concat([Buffer.from('APPEND Scratch'), ...pieces]))
  client.close()
  return time
}

const mailboxes = 100

async function statusOfMany(bench: Bench): Promise<number> {
  const client = await bench.login()
  for (let index = 0; index < mailboxes; index++)
    await client.command(`CREATE Many/Box${index}`).catch(() => undefined)
  const start = performance.now()
  for (let index = 0; index < mailboxes; index++)
    await client.command(`STATUS Many/Box${index} (MESSAGES UNSEEN UIDNEXT)`)
  const time = performance.now() - start
  client.close()
  return time
}

/** Time from a trigger to the untagged response in a session that is in IDLE. */
async function idleLatency(
  bench: Bench,
  trigger: (client: BenchClient, round: number) => Promise<void>,
): Promise<number> {
  const [waiting, acting] = [await bench.login(), await bench.login()]
  await bench.fresh(acting, 'Idle')
  await acting.command(literal('APPEND Idle ', benchMessage(0)))
  for (const client of [waiting, acting]) await client.command('SELECT Idle')
  const times: number[] = []
  for (let round = 0; round < 10; round++) {
    const tag = await waiting.idle()
    await new Promise((resolve) => setTimeout(resolve, 120))
    const start = performance.now()
    const [time] = await Promise.all([
      waiting.until((tail) => /^\* \d+ (EXISTS|FETCH)/m.test(tail)).then(() => performance.now() - start),
      trigger(acting, round),
    ])
    times.push(time)
    await waiting.done(tag)
  }
  for (const client of [waiting, acting]) client.close()
  return median(times)
}

/** A message that another program puts into `new` of the mailbox. */
async function drop({ server }: Bench, round: number): Promise<void> {
  const mailbox = join(server.maildir, '.Idle')
  const { uid, gid } = await stat(server.maildir)
  const name = `${Math.floor(Date.now() / 1000)}.M${round}P${process.pid}.drop`
  const temporary = join(mailbox, 'tmp', name)
  await writeFile(temporary, benchMessage(1))
  await chown(temporary, uid, gid)
  await rename(temporary, join(mailbox, 'new', name))
}

const sessions = 300

async function oneSession(bench: Bench): Promise<void> {
  const client = await bench.login()
  await client.command('EXAMINE INBOX')
  await client.command(`FETCH ${Math.max(1, bench.count - 20)}:* (FLAGS UID)`)
  await client.command('LOGOUT')
  client.close()
}

async function sessionsPerSecond(bench: Bench, parallel: number): Promise<number> {
  let left = sessions
  const start = performance.now()
  const lane = async (): Promise<void> => {
    while (left-- > 0) await oneSession(bench)
  }
  await Promise.all(Array.from({ length: parallel }, lane))
  return sessions / ((performance.now() - start) / 1000)
}

export const rows: readonly Row[] = [
  { name: 'SELECT, cold', isCold: true, measure: select },
  { name: 'SELECT, warm', measure: mean(select) },
  { name: 'FETCH 1:* (FLAGS UID)', measure: command('FETCH 1:* (FLAGS UID)') },
  { name: 'FETCH 1:* ENVELOPE, cold', isCold: true, measure: command('FETCH 1:* ENVELOPE') },
  { name: 'FETCH 1:* ENVELOPE', measure: command('FETCH 1:* ENVELOPE') },
  { name: 'FETCH 1:* BODYSTRUCTURE, cold', isCold: true, measure: command('FETCH 1:* BODYSTRUCTURE') },
  { name: 'FETCH 1:* BODYSTRUCTURE', measure: command('FETCH 1:* BODYSTRUCTURE') },
  { name: 'FETCH 1:* (UID RFC822.SIZE)', measure: command('FETCH 1:* (UID RFC822.SIZE)') },
  {
    name: 'FETCH 1:* header fields',
    measure: command(`FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ${headerFields})`),
  },
  {
    name: '1,000 bodies, one command',
    measure: command((bench) => `FETCH ${middle(bench)}:${middle(bench) + bench.some - 1} BODY.PEEK[]`),
  },
  { name: '1,000 bodies, singly', measure: singly },
  { name: '1,000 bodies, pipelined', measure: pipelined },
  { name: 'SEARCH TEXT, cold', isCold: true, measure: command('SEARCH TEXT zyxquark', hits('text')) },
  { name: 'SEARCH TEXT', measure: command('SEARCH TEXT zyxquark', hits('text')) },
  { name: 'SEARCH FROM', measure: command('SEARCH FROM vip@customer.example', hits('from')) },
  { name: 'SEARCH SUBJECT', measure: command('SEARCH SUBJECT Quarterly', hits('subject')) },
  { name: 'SEARCH SINCE', measure: command('SEARCH SINCE 15-Jan-2024 BEFORE 20-Jan-2024') },
  { name: 'SEARCH UNSEEN', measure: mean(command('SEARCH UNSEEN')) },
  { name: 'SORT (DATE)', measure: command('SORT (DATE) UTF-8 ALL', hits('all')) },
  { name: 'SORT (SUBJECT)', measure: command('SORT (SUBJECT) UTF-8 ALL', hits('all')) },
  { name: 'THREAD REFERENCES', measure: command('THREAD REFERENCES UTF-8 ALL') },
  { name: 'STORE 1:* +FLAGS', measure: (bench) => storeAll(bench, '+') },
  { name: 'STORE 1:* -FLAGS', measure: (bench) => storeAll(bench, '-') },
  { name: 'one STORE', measure: storeOneEach },
  { name: 'COPY 1,000', measure: copy },
  { name: 'MOVE 1,000', measure: move },
  { name: 'EXPUNGE 1,000', measure: expunge },
  { name: 'APPEND 1,000 singly', measure: append },
  { name: 'MULTIAPPEND 1,000', measure: multiappend },
  { name: 'STATUS of 100 mailboxes', measure: statusOfMany },
  { name: 'LIST of 100 mailboxes', measure: mean(command('LIST "" *')) },
  {
    name: 'IDLE: told of APPEND',
    measure: (bench) =>
      idleLatency(bench, async (client) => {
        await client.command(literal('APPEND Idle ', benchMessage(0)))
      }),
  },
  {
    name: 'IDLE: told of a flag',
    measure: (bench) =>
      idleLatency(bench, async (client, round) => {
        await client.command(`STORE 1 ${round % 2 === 0 ? '+' : '-'}FLAGS.SILENT (\\Flagged)`)
      }),
  },
  {
    name: 'IDLE: told of a file in new',
    measure: (bench) => idleLatency(bench, (_, round) => drop(bench, round)),
  },
  { name: 'sessions a second, 1 at a time', unit: '/s', measure: (bench) => sessionsPerSecond(bench, 1) },
  { name: 'sessions a second, 20 at a time', unit: '/s', measure: (bench) => sessionsPerSecond(bench, 20) },
]

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
