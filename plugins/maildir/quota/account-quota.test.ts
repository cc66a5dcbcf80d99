import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AccountStore, bufferContent, errorCode } from 'mailwright'
import { fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import {
  createTestMaildir,
  type TestMaildir,
  type TestMaildirOptions,
} from '../../../test/support/stores/maildir.ts'
import { createContext } from '../context.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { AccountQuota } from './account-quota.ts'
import { parseMaildirSize } from './maildirsize.ts'

const made: TestMaildir[] = []
const content = (octets: number) => bufferContent(Buffer.alloc(octets, 'x'))

afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

async function maildir(options: TestMaildirOptions = {}): Promise<TestMaildir> {
  const box = await createTestMaildir(options)
  made.push(box)
  return box
}

const fileOf = ({ path }: TestMaildir): string => join(path, 'maildirsize')
const textOf = (box: TestMaildir): Promise<string> => readFile(fileOf(box), 'latin1')
const sizesIn = async (box: TestMaildir) => parseMaildirSize(await readFile(fileOf(box)))

/** The file and the files of messages say the same. */
async function expectAgreement(box: TestMaildir, what?: string): Promise<void> {
  expect((await sizesIn(box))?.sums, what).toEqual(await box.mailboxes.usage())
}

async function expungeAll(account: AccountStore, mailbox = 'INBOX'): Promise<void> {
  const opened = await account.openMailbox(mailbox)
  await opened.expunge(opened.entries.map(({ uid }) => uid))
  await opened.close()
}

it('lets as many in at the same time as fit', async () => {
  const box = await maildir({ quotaBytes: 1000 })
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => box.deliver('x'.repeat(150))))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(6)
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(errorCode(outcome.reason)).toBe('MAIL_E_OVER_QUOTA')
  expect(await box.mailboxes.usage()).toEqual({ bytes: 900, messages: 6 })
  await expectAgreement(box)
})

it('keeps room for what is staged, and gives it back', async () => {
  const box = await maildir({ quotaBytes: 1000 })
  const stage = () => box.mailboxes.stage('INBOX', content(600))
  const first = await stage()
  await expect(stage()).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  await first.abort()
  const second = await stage()
  await second.commit()
  await expect(stage()).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
})

it('lets nothing in where the quota is 0', async () => {
  const box = await maildir({ quotaBytes: 0 })
  await expect(box.deliver('x')).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  expect(await box.names('new')).toEqual([])
})

it.each(['crlf', 'lf'] as const)('tells of every change: %s', async (lineEnds) => {
  const box = await maildir({ quotaBytes: 100_000, lineEnds })
  const text = `a\r\n${'x'.repeat(95)}\r\n`
  const message = { content: bufferContent(Buffer.from(text)) }
  await box.put('new/1700000000.M1P1.host', 'a\nb\n')
  await box.put('new/1700000000.M2P1.host,S=5', 'a\nbc\n')
  const inbox = () => box.mailboxes.openMailbox('INBOX')
  const uids = async () => (await inbox()).entries.map(({ uid }) => uid)
  await box.deliver(text)
  expect(await textOf(box)).toMatch(/^100000S\n9 2\n(?:0 0\n)?100 1\n$/)
  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['flagged delivery', () => box.deliver(text, 'Work', { create: true, flags: ['\\Seen', 'Word'] })],
    ['append', () => box.mailboxes.append('INBOX', [message, message, message])],
    ['append of none', () => box.mailboxes.append('INBOX', [])],
    ['copy', async () => (await inbox()).copy(await uids(), 'Work')],
    ['copy within', async () => (await inbox()).copy((await uids()).slice(0, 2), 'INBOX')],
    ['move', async () => (await inbox()).move((await uids()).slice(0, 3), 'Work')],
    ['expunge', async () => (await inbox()).expunge((await uids()).slice(1))],
    ['renaming', () => box.mailboxes.renameMailbox('Work', 'Play')],
    ['renaming INBOX', () => box.mailboxes.renameMailbox('INBOX', 'Old')],
    ['deletion', () => box.mailboxes.deleteMailbox('Play')],
  ]
  for (const [what, change] of changes) {
    await change()
    await expectAgreement(box, what)
  }
  expect((await sizesIn(box))?.entries).toBeGreaterThan(changes.length - 4)
  await expungeAll(box.mailboxes, 'Old')
  expect((await sizesIn(box))?.sums).toEqual({ bytes: 0, messages: 0 })
})

it('makes no file where the account has no quota, but keeps another program’s right', async () => {
  const box = await maildir()
  await box.deliver('x'.repeat(10))
  expect(await box.names('.')).not.toContain('maildirsize')
  await writeFile(fileOf(box), '50S,1C\n10 1\n')
  await box.deliver('x'.repeat(60))
  await box.mailboxes.append('INBOX', [{ content: content(5) }])
  await expungeAll(box.mailboxes)
  expect(await textOf(box)).toBe('50S,1C\n10 1\n60 1\n5 1\n-75 -3\n')
})

it('reads no directory while the file can be believed', async () => {
  const reads: string[] = []
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), ({ name, path }) => {
    if (name === 'readdir') reads.push(path)
  })
  // Timers stand still, so that nothing is prepared meanwhile.
  const box = await maildir({ quotaBytes: 1e9, files, clock: fakeClock(Date.now()) })
  await box.deliver('x'.repeat(1000))
  expect(reads).not.toEqual([])
  reads.length = 0
  for (let count = 1; count < 100; count++) await box.deliver('x'.repeat(1000))
  await Promise.all(Array.from({ length: 100 }, () => box.deliver('x'.repeat(1000))))
  expect(reads).toEqual([])
  expect((await sizesIn(box))?.sums).toEqual({ bytes: 200_000, messages: 200 })
})

it('believes what others wrote, until it has grown too long or its limit is another', async () => {
  const box = await maildir({ quotaBytes: 1000 })
  await writeFile(fileOf(box), '1000S\n300 3\n600 1\n')
  await box.deliver('x'.repeat(100))
  expect(await textOf(box)).toBe('1000S\n300 3\n600 1\n100 1\n')
  for (const distrusted of [
    '2000S\n300 3\n',
    '1000S,7C\n300 3\n',
    `1000S\n300 3\n${'0 0\n'.repeat(1300)}`,
    '?',
  ]) {
    await writeFile(fileOf(box), distrusted)
    await box.deliver('x')
    expect(await textOf(box)).toMatch(/^1000S\n/)
    await expectAgreement(box, distrusted.slice(0, 20))
  }
})

it('counts anew before it refuses, but not again within 15 minutes', async () => {
  const box = await maildir({ quotaBytes: 1000 })
  await box.deliver('x'.repeat(900))
  const [name = ''] = await box.names('new')
  await rm(join(box.path, 'new', name))
  await box.deliver('x'.repeat(800))
  await expectAgreement(box)
  await writeFile(fileOf(box), '1000S\n999 9\n')
  await expect(box.deliver('x'.repeat(2))).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  const quarter = new Date(Date.now() - 15 * 60_000)
  await utimes(fileOf(box), quarter, quarter)
  await box.deliver('x'.repeat(200))
  expect(await box.mailboxes.usage()).toEqual({ bytes: 1000, messages: 2 })
})

it('refuses nothing by sums that others may have changed while they were counted', async () => {
  const box = await maildir({ quotaBytes: 1000 })
  for (const name of ['1.a.host,S=600', '2.a.host,S=300']) await box.put(`cur/${name}:2,`, '')
  let other = 0
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (name === 'readdir' && path.endsWith('cur') && other < 5)
      await box.put(`new/o${other++}.host,S=20`, '')
  })
  const quota = new AccountQuota(createContext({ ...box.options, files }), box.path)
  await expect(quota.reserve(200, 1000)).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  expect(await textOf(box)).toMatch(/^1000S\n(?:980 6|1000 7)\n0 0\n$/)
  await rm(join(box.path, 'cur/1.a.host,S=600:2,'))
  const reserving = quota.reserve(200, 1000)
  expect(quota.idle, 'it is asked').toBe(false)
  const reservation = await reserving
  expect((await sizesIn(box))?.sums).toEqual({ bytes: 400, messages: 6 })
  expect(quota.idle).toBe(false)
  reservation.release()
  expect(quota.idle).toBe(true)
})

it('is right after many changes at once, however often all is counted meanwhile', async () => {
  const box = await maildir({ quotaBytes: 20_000 })
  await box.mailboxes.createMailbox('Work')
  const refused = async (step: Promise<unknown>) =>
    step.catch((error: unknown) => expect(errorCode(error)).toBe('MAIL_E_OVER_QUOTA'))
  const lanes = Array.from({ length: 12 }, async (_, lane) => {
    for (let step = 0; step < 12; step++) {
      const octets = 100 + 10 * lane + step
      if (step % 4 === 0) await rm(fileOf(box), { force: true })
      if (lane % 4 === 0) {
        const opened = await box.mailboxes.openMailbox('INBOX')
        const uids = opened.entries.map(({ uid }) => uid)
        if (step % 3 === 0) await refused(opened.copy(uids.slice(0, 3), 'Work'))
        else if (step % 3 === 1) await opened.move(uids.slice(0, 2), 'Work')
        else await opened.expunge(uids.slice(0, 3))
        await opened.close()
      } else if (lane % 4 === 1) await refused(box.mailboxes.append('INBOX', [{ content: content(octets) }]))
      else await refused(box.deliver('x'.repeat(octets), lane % 4 === 2 ? 'INBOX' : 'Work'))
      expect((await box.mailboxes.usage()).bytes).toBeLessThanOrEqual(20_000)
    }
  })
  await Promise.all(lanes)
  await box.deliver('x')
  await expectAgreement(box)
})

it.each(['ENOSPC', 'EIO', 'EDQUOT', 'EACCES'])(
  'delivers, appends and expunges whatever fails with %s at the file, and is right after that',
  async (error) => {
    const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
    const box = await maildir({ quotaBytes: 10_000, files: fault.fileSystem })
    const steps: readonly (() => Promise<unknown>)[] = [
      () => box.deliver('x'.repeat(100)),
      () => box.mailboxes.append('INBOX', [{ content: content(50) }]),
      () => expungeAll(box.mailboxes),
    ]
    // A file that was opened all the same would be left open.
    const callsAfter = ['file.read', 'file.write', 'file.stat', 'file.close', 'rename', 'unlink']
    for (const step of steps) {
      for (const when of ['before', 'after'] as const) {
        for (let skip = 0, struck = true; struck; skip++) {
          const calls = when === 'after' ? { call: callsAfter } : {}
          const end = fault.fail({ path: /maildirsize$/, skip, error, when, ...calls })
          await step()
          struck = end()
          await box.deliver('x')
          await expectAgreement(box, `${String(step)}, ${when} call ${skip}`)
          expect(await box.names('tmp')).toEqual([])
        }
      }
    }
    expect(box.logged.some(({ event }) => event === 'unavailable')).toBe(true)
  },
)

it('counts anew where a line could neither be added nor the file be removed', async () => {
  let broken = false
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (broken && call.path.endsWith('maildirsize')) throw systemError('EIO', call)
  })
  const box = await maildir({ quotaBytes: 1000, files })
  await box.deliver('x'.repeat(300))
  broken = true
  await box.deliver('x'.repeat(400))
  await expect(box.deliver('x'.repeat(301))).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  await box.deliver('x'.repeat(100))
  broken = false
  await expect(box.deliver('x'.repeat(201))).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  await box.deliver('x'.repeat(200))
  await expectAgreement(box)
})

it('lets nothing in uncounted where directories cannot be read', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const box = await maildir({ quotaBytes: 1000, files: fault.fileSystem })
  fault.fail({ call: 'readdir' })
  await expect(box.deliver('x')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  await box.deliver('x')
  await expectAgreement(box)
})

it('is not stopped by something else with the file’s name', async () => {
  const box = await maildir({ quotaBytes: 1000 })
  await mkdir(join(fileOf(box), 'full'), { recursive: true })
  await box.deliver('x'.repeat(600))
  await expect(box.deliver('x'.repeat(401))).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  await box.deliver('x'.repeat(400))
  await expungeAll(box.mailboxes)
  await box.deliver('x'.repeat(1000))
})

it('sees what another process put in place', async () => {
  const box = await maildir({ quotaBytes: 10_000 })
  const both = [box.mailboxes, await box.again()]
  let there = 0
  for (let step = 0; step < 30; step++) {
    const account = both[step % 2] ?? box.mailboxes
    if (step % 10 === 9) {
      await expungeAll(account)
      there = 0
    } else if (there + 1500 > 10_000)
      await expect(account.stage('INBOX', content(1500))).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
    else {
      await (await account.stage('INBOX', content(1500))).commit()
      there += 1500
    }
    await expectAgreement(box, `step ${step}`)
    expect((await sizesIn(box))?.sums?.bytes).toBe(there)
  }
})

it('lets in little more than fits where another process is at work, and is right when all is counted', async () => {
  const quota = 5000
  const box = await maildir({ quotaBytes: quota })
  const [octets, atOnce] = [150, 2]
  const work = async (account: AccountStore): Promise<void> => {
    for (let step = 0; step < 40; step++) {
      await account
        .stage('INBOX', content(octets))
        .then((staged) => staged.commit())
        .catch((error: unknown) => expect(errorCode(error)).toBe('MAIL_E_OVER_QUOTA'))
      if (step % 15 === 14) await expungeAll(account)
    }
  }
  const other = await box.again()
  await Promise.all(
    [box.mailboxes, other].flatMap((account) => Array.from({ length: atOnce }, () => work(account))),
  )
  const { bytes } = await box.mailboxes.usage()
  // What the other one has under way is not seen, and a line that it adds while all is counted may get lost.
  expect(bytes).toBeLessThanOrEqual(quota + 4 * octets * atOnce)
  const sums = (await sizesIn(box))?.sums
  // What came or went while the other one counted may be missing or there twice, until all is counted again.
  expect(sums).toBeDefined()
  await rm(fileOf(box))
  const reservation = box.mailboxes.stage('INBOX', content(quota))
  await expect(reservation).rejects.toMatchObject({ code: 'MAIL_E_OVER_QUOTA' })
  await expectAgreement(box)
})
