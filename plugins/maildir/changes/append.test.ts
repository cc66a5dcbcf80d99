import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferContent } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  type FileCall,
  interferedFiles,
  systemError,
  unsyncedFiles,
} from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'

let box: TestMaildir
let interfere: (call: FileCall) => void | Promise<void>

beforeEach(async () => {
  interfere = () => undefined
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => interfere(call))
  box = await createTestMaildir({ files })
})
afterEach(() => box.remove())

const texts = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, place) => `text ${place}`)
const messages = (count: number) =>
  texts(count).map((text) => ({ content: bufferContent(Buffer.from(text)) }))
const isInTmp = ({ path }: FileCall): boolean => path.startsWith(join(box.path, 'tmp/'))

it('writes several messages at a time and keeps their order, also in the names of their files', async () => {
  const writes: string[] = []
  let letGo: () => void = () => undefined
  const othersAreWritten = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let closed = 0
  interfere = async (call) => {
    if (!isInTmp(call)) return
    if (call.name === 'file.close' && ++closed === 4) letGo()
    if (call.name !== 'file.write' || writes.push(call.path) > 1) return
    await othersAreWritten
  }
  const { uids } = await box.mailboxes.append('INBOX', messages(5))
  expect(uids).toEqual([1, 2, 3, 4, 5])
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const told = await Promise.all(
    uids.map(async (uid) => String(await (await mailbox.content(uid)).read(0, 100))),
  )
  expect(told).toEqual(texts(5))
  const count = (name: string): number => Number(/Q(\d+)R/.exec(name)?.[1])
  const names = (await box.names('cur')).toSorted((a, b) => count(a) - count(b))
  const written = await Promise.all(names.map((name) => readFile(join(box.path, 'cur', name), 'utf8')))
  expect(written).toEqual(texts(5))
})

it.each(['open', 'file.write', 'file.utimes', 'file.sync'])(
  'leaves nothing of any message where one fails at %s',
  async (name) => {
    // Those with a date of their own are synced after they have it.
    const internalDate = new Date(1_700_000_000_000)
    const isDated = name === 'file.utimes' || name === 'file.sync'
    const many = messages(40).map((one) => (isDated ? { ...one, internalDate } : one))
    for (const failing of [0, 7, 15, 16, 39]) {
      let seen = 0
      interfere = (call) => {
        if (call.name === name && isInTmp(call) && seen++ === failing) throw systemError('ENOSPC', call)
      }
      await expect(box.mailboxes.append('INBOX', many), `${failing}`).rejects.toMatchObject({
        code: 'MAIL_E_UNAVAILABLE',
      })
      expect(await box.names('tmp'), `${failing}`).toEqual([])
      expect(await box.files(), `${failing}`).toEqual([])
    }
    expect((await box.mailboxes.append('INBOX', messages(40))).uids).toHaveLength(40)
    expect((await fileContents(box.path)).toSorted()).toEqual([...texts(40)].sort())
  },
)

it('renames in tmp only what has other sizes than were expected, and leaves nothing where that fails', async () => {
  const renamed: string[] = []
  let fails = false
  interfere = (call) => {
    if (call.name !== 'rename' || !isInTmp(call)) return
    renamed.push(call.path)
    if (fails) throw systemError('ENOSPC', call)
  }
  const large = 'a\nb\n'.repeat(100_000)
  const unix = [
    ...messages(2),
    ...['a\nb\n', large].map((text) => ({ content: bufferContent(Buffer.from(text)) })),
  ]
  const { uids } = await box.mailboxes.append('INBOX', unix)
  expect(uids).toEqual([1, 2, 3, 4])
  // The sizes of small ones are known before they are written.
  expect(renamed).toHaveLength(1)
  const sizes = (await box.names('cur')).map((name) => /S=\d+,W=\d+/.exec(name)?.[0])
  expect(sizes).toEqual(['S=6,W=6', 'S=6,W=6', 'S=4,W=6', 'S=400000,W=600000'])
  fails = true
  await expect(box.mailboxes.append('INBOX', unix)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(await box.names('tmp')).toEqual([])
  expect(await box.files()).toHaveLength(4)
})

it('refuses all messages where one has no flags', async () => {
  const wrong = [...messages(20), { content: bufferContent(Buffer.from('x')), flags: ['\\Recent'] }]
  await expect(box.mailboxes.append('INBOX', wrong)).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
  expect(await box.names('tmp')).toEqual([])
  expect((await box.mailboxes.append('INBOX', [])).uids).toEqual([])
})
