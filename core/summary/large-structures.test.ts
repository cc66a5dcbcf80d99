import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)

/** Runs a program of modules of the core with a heap of 64 MB. Fails where that is not enough. */
async function inSmallHeap(program: string): Promise<string> {
  const flags = ['--max-old-space-size=64', '--input-type=module', '--eval', program]
  return (await run(process.execPath, flags, { timeout: 120_000 })).stdout
}

const made = `
import { setImmediate } from 'node:timers/promises'
const { MessageFacts, bufferContent, imapBody, withUid } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url))})
const { summarise } = await import(${JSON.stringify(new URL('index.ts', import.meta.url))})
const text = 'Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n' + '--b\\r\\n\\r\\n'.repeat(20_000)
const summary = await summarise(0, bufferContent(Buffer.from(text)))
const uids = Array.from({ length: 60 }, (_, index) => index + 1)
const all = uids.map((uid) => withUid(uid, summary))
`

it('summaries of 10,000 parts are held without their trees', { timeout: 120_000 }, async () => {
  const program = `${made}
    let parts = 0
    for (const each of all) {
      parts += each.structure.children.length
      await setImmediate()
    }
    console.log(parts, all.length)`
  expect(await inSmallHeap(program)).toBe(`${60 * 9_999} 60\n`)
})

it('texts are made of them without holding their trees', { timeout: 120_000 }, async () => {
  const program = `${made}
    const mailbox = { id: 'i', uidValidity: 1, entries: all, async *summaries() { yield* all } }
    const body = { kind: 'text', of: (message) => imapBody(message) }
    const rows = await new MessageFacts({ bytes: 2 ** 20 }).of('ann', mailbox).load([body], uids)
    console.log(rows.uids.length, all.length)`
  expect(await inSmallHeap(program)).toBe('60 60\n')
})
