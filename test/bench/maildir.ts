// Deliveries into a Maildir a second, beside the bare system calls that durability costs; and what it takes to open,
// change, list and search a large mailbox. Usage: node --conditions=mailwright-source test/bench/maildir.ts
// [messages a round] [messages of the large mailbox]
import { constants } from 'node:fs'
import { mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Account,
  type AccountStore,
  bufferContent,
  createLog,
  MailwrightError,
  parseAddress,
  systemClock,
} from 'mailwright'
import { MaildirStore } from '../../plugins/maildir/account/maildir-store.ts'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { realisticCorpus } from '../generator/realistic.ts'

const count = Number(process.argv[2] ?? 400)
const manyMessages = Number(process.argv[3] ?? 100_000)
const message = Buffer.from(
  `From: a@example.org\r\nSubject: bench\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(52)}`,
)

const stores: MaildirStore[] = []

function openStore(root: string): Promise<AccountStore> {
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new MailwrightError('MAIL_E_INVALID', 'not an address')
  const account: Account = { id: 'ann', address }
  const store = new MaildirStore({
    root,
    path: '{user}',
    lineEnds: 'crlf',
    fullText: true,
    pop3UidlFormat: '%08Xu%08Xv',
    files: nodeFileSystem,
    announce: { stored() {}, flagged() {}, expunged() {} },
    clock: systemClock,
    hostname: 'mail.example.org',
    log: createLog('silent'),
  })
  stores.push(store)
  return store.open(account)
}

/** Runs a step `count` times, so many side by side; answers how many a second. */
async function rate(parallel: number, step: (index: number) => Promise<void>): Promise<number> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await step(index)
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: parallel }, lane))
  return count / ((performance.now() - start) / 1000)
}

/** Write, fdatasync, rename, fsync of the directory: what no durable delivery can leave out. */
async function bareDelivery(root: string, index: number): Promise<void> {
  const file = await open(join(root, 'tmp', `${index}`), 'wx', 0o600)
  await file.write(message)
  await file.datasync()
  await file.close()
  await rename(join(root, 'tmp', `${index}`), join(root, 'new', `${index}`))
  const directory = await open(join(root, 'new'), constants.O_RDONLY)
  await directory.sync()
  await directory.close()
}

async function deliveries(root: string, parallel: number): Promise<void> {
  const rates: { readonly bare: number[]; readonly store: number[] } = { bare: [], store: [] }
  // In turns, because the machine has other things to do as well.
  for (let round = 0; round < 3; round++) {
    const at = join(root, `${parallel}-${round}`)
    for (const directory of ['tmp', 'new']) await mkdir(join(at, 'bare', directory), { recursive: true })
    rates.bare.push(await rate(parallel, (index) => bareDelivery(join(at, 'bare'), index)))
    const mailboxes = await openStore(join(at, 'store'))
    const deliver = async (): Promise<void> =>
      (await mailboxes.stage('INBOX', bufferContent(message))).commit()
    rates.store.push(await rate(parallel, deliver))
  }
  const [bare, store] = [middle(rates.bare), middle(rates.store)]
  console.log(
    `${parallel} in parallel: ${store.toFixed(0)} deliveries/s, bare calls ${bare.toFixed(0)}/s, ratio ${(store / bare).toFixed(2)}`,
  )
}

/** Small messages that differ, as a Maildir holds them. */
async function fill(path: string): Promise<void> {
  const texts = realisticCorpus(1, 600).filter(({ length }) => length < 12_000)
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < manyMessages; index = next++) {
      const text = Buffer.concat([
        Buffer.from(`X-Number: ${index}\r\n`),
        texts[index % texts.length] ?? message,
      ])
      const name = `170${String(index).padStart(7, '0')}.M1P1Q${index}R0.host,S=${text.length},W=${text.length}`
      await writeFile(join(path, 'cur', `${name}:2,S`), text)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

/** Milliseconds that a step takes. */
async function timed<T>(what: string, run: () => Promise<T>, per?: number): Promise<T> {
  const start = performance.now()
  const result = await run()
  const time = performance.now() - start
  const each = per === undefined ? '' : `, ${Math.round(per / (time / 1000))} a second`
  console.log(`${what}: ${time.toFixed(1)} ms${each}`)
  return result
}

const memory = (): string => `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB resident`

async function large(root: string): Promise<void> {
  let mailboxes = await openStore(root)
  await fill(join(root, 'ann'))
  console.log(`\n${manyMessages} messages in one mailbox, ${memory()}`)
  const open = async (): Promise<void> => (await mailboxes.openMailbox('INBOX')).close()
  await timed('open without an index (UIDs are given)', open, manyMessages)
  await timed('open again (warm)', open)
  mailboxes = await openStore(root)
  await timed('open in another process (the index is there)', open)
  await timed('open again, with one new message', async () => {
    await (await mailboxes.stage('INBOX', bufferContent(message))).commit()
    await open()
  })
  const mailbox = await mailboxes.openMailbox('INBOX')
  const uids = mailbox.entries.map(({ uid }) => uid)
  const some = uids.slice(0, 1000)
  await timed('refresh, nothing new', () => mailbox.refresh())
  await timed('flag 1 message', () => mailbox.changeFlags(uids.slice(0, 1), { add: ['\\Flagged'] }))
  await timed('flag 1,000 messages', () => mailbox.changeFlags(some, { add: ['\\Flagged'] }))
  await timed('give 1,000 messages a keyword', () => mailbox.changeFlags(some, { add: ['Work'] }))
  await timed('read 1,000 messages', async () => {
    for (const uid of some) await mailbox.content(uid)
  })
  await mailboxes.createMailbox('Archive')
  await timed('copy 1,000 messages', () => mailbox.copy(some, 'Archive'))
  await timed('expunge 1,000 messages', () => mailbox.expunge(some))
  await timed('expunge 1 message', () => mailbox.expunge(uids.slice(1000, 1001)))
  const all = mailbox.entries.map(({ uid }) => uid)
  const list = async (): Promise<void> => {
    let subjects = 0
    for await (const { header } of mailbox.summaries(all))
      if (header.first('subject') !== undefined) subjects += 1
    if (subjects === 0) throw new MailwrightError('MAIL_E_INVALID', 'nothing was listed')
  }
  await timed('list all for the first time (every message is read)', list, all.length)
  await timed('list all again', list, all.length)
  const from = { kind: 'header', field: 'from', text: 'nobody-of-that-name' } as const
  const text = { kind: 'text', text: 'no such words' } as const
  await timed('search From', () => mailbox.search(from))
  await timed(
    'search Text for the first time (every message is read)',
    () => mailbox.search(text),
    all.length,
  )
  await timed('search Text again', () => mailbox.search(text), all.length)
  await mailbox.close()
  console.log(memory())
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

const root = await mkdtemp(join(tmpdir(), 'mailwright-bench-'))
try {
  console.log(`${message.length} octets a message, ${count} messages a round`)
  for (const parallel of [1, 20]) await deliveries(root, parallel)
  await large(join(root, 'large'))
} finally {
  for (const store of stores) await store.close()
  await rm(root, { recursive: true, force: true })
}
