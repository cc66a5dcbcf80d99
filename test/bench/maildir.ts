// Deliveries into a Maildir a second, beside the bare system calls that durability costs, and what it takes to open a
// mailbox of 10,000 messages. Usage: node --conditions=mailwright-source test/bench/maildir.ts [messages]
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
import { nodeFileSystem } from '../../plugins/maildir/file-system.ts'
import { MaildirStore } from '../../plugins/maildir/maildir-store.ts'

const count = Number(process.argv[2] ?? 400)
const manyMessages = 10_000
const message = Buffer.from(
  `From: a@example.org\r\nSubject: bench\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(52)}`,
)

function openStore(root: string): Promise<AccountStore> {
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new MailwrightError('MAIL_E_INVALID', 'not an address')
  const account: Account = { id: 'ann', address }
  return new MaildirStore({
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
  }).open(account)
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

async function opening(root: string): Promise<void> {
  const mailboxes = await openStore(root)
  const name = (index: number): string =>
    `170${String(index).padStart(7, '0')}.M1P1Q${index}R0.host,S=${message.length},W=${message.length}`
  for (let index = 0; index < manyMessages; index++)
    await writeFile(join(root, 'ann/cur', `${name(index)}:2,S`), message)
  const timed = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    const start = performance.now()
    await run()
    console.log(`${what}: ${(performance.now() - start).toFixed(1)} ms`)
  }
  const open = async (): Promise<void> => (await mailboxes.openMailbox('INBOX')).close()
  await timed(`open ${manyMessages} messages for the first time`, open)
  await timed('open them again', open)
  await timed('the same, with one new message', async () => {
    await (await mailboxes.stage('INBOX', bufferContent(message))).commit()
    await open()
  })
  const mailbox = await mailboxes.openMailbox('INBOX')
  await timed('refresh', () => mailbox.refresh())
  const uids = mailbox.entries.map(({ uid }) => uid)
  await timed('read 1,000 messages', async () => {
    for (const uid of uids.slice(0, 1000)) await mailbox.content(uid)
  })
  await timed('flag 1,000 messages', () => mailbox.changeFlags(uids.slice(0, 1000), { add: ['\\Flagged'] }))
  await timed('expunge 1,000 messages', () => mailbox.expunge(uids.slice(0, 1000)))
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

const root = await mkdtemp(join(tmpdir(), 'mailwright-bench-'))
try {
  console.log(`${message.length} octets a message, ${count} messages a round`)
  for (const parallel of [1, 20]) await deliveries(root, parallel)
  await opening(join(root, 'large'))
} finally {
  await rm(root, { recursive: true, force: true })
}
