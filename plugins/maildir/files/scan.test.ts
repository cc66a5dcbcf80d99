import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from './file-system.ts'
import { scanFor, scanMailbox } from './scan.ts'

let maildir: TestMaildir

beforeEach(async () => {
  maildir = await createTestMaildir()
})
afterEach(() => maildir.remove())

/** Directory listings that are wrong at first, as under a rename. */
function listings(...wrong: readonly (readonly [string, readonly string[]])[]) {
  const waiting = [...wrong]
  let readings = 0
  const files = {
    ...nodeFileSystem,
    readdir: async (path: string): Promise<string[]> => {
      readings += 1
      const next = waiting.findIndex(([directory]) => path.endsWith(`/${directory}`))
      if (next < 0) return nodeFileSystem.readdir(path)
      return [...(waiting.splice(next, 1)[0]?.[1] ?? [])]
    },
  }
  return { files, readings: () => readings }
}

it('sees what is in new and in cur, and nothing else', async () => {
  await maildir.put('new/1.a.h', '')
  await maildir.put('cur/2.a.h:2,S', '')
  await maildir.put('cur/.hidden', '')
  await maildir.put('tmp/3.a.h', '')
  const { messages, doubles } = await scanMailbox(nodeFileSystem, maildir.path)
  expect([...messages.keys()]).toEqual(['1.a.h', '2.a.h'])
  expect(messages.get('2.a.h')).toEqual({
    base: '2.a.h',
    letters: 'S',
    rest: '',
    directory: 'cur',
    fileName: '2.a.h:2,S',
  })
  expect(doubles).toEqual([])
})

it('counts a message once that is moved during the scan', async () => {
  await maildir.put('cur/1.a.h:2,S', '')
  const { files } = listings(['new', ['1.a.h']])
  const { messages, doubles } = await scanMailbox(files, maildir.path)
  expect(messages.get('1.a.h')).toMatchObject({ directory: 'cur', letters: 'S' })
  expect(doubles).toHaveLength(1)
})

it('looks again for a message that one listing has missed', async () => {
  await maildir.put('cur/1.a.h:2,S', '')
  const { files } = listings(['cur', []], ['cur', []])
  expect((await scanFor(files, maildir.path, ['1.a.h'])).messages.has('1.a.h')).toBe(true)
})

it('believes that a message is gone after several listings, and needs one where all are there', async () => {
  await maildir.put('cur/1.a.h:2,', '')
  const absent = listings()
  expect((await scanFor(absent.files, maildir.path, ['1.a.h', '2.a.h'])).messages.size).toBe(1)
  expect(absent.readings()).toBe(8)
  const present = listings()
  await scanFor(present.files, maildir.path, ['1.a.h'])
  expect(present.readings()).toBe(2)
})
