// Indexes that are damaged in every way that disks, crashes and people have. Seeds are fixed: a failure repeats itself.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mailbox, MailwrightError, readAll } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeChange } from '../../plugins/maildir/index/index-change.ts'
import { indexFileName } from '../../plugins/maildir/index/index-file.ts'
import { encodeFrame, frameOverhead, readFrames } from '../../plugins/maildir/index/index-frame.ts'
import { decodeSnapshot } from '../../plugins/maildir/index/index-snapshot.ts'
import { Random } from '../generator/random.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../support/stores/maildir.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-fuzz-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

type Damage = (octets: Buffer, random: Random) => Buffer

/** The frames of an index, each with its head. */
function framesOf(octets: Buffer): readonly Buffer[] {
  return readFrames(octets).frames.map(({ offset, content }) =>
    octets.subarray(offset, offset + frameOverhead + content.length),
  )
}
const anyOf = (frames: readonly Buffer[], random: Random): Buffer =>
  frames[random.below(frames.length)] ?? Buffer.alloc(0)

const damages: readonly (readonly [name: string, damage: Damage])[] = [
  [
    'flipped octets',
    (octets, random) => {
      const damaged = Buffer.from(octets)
      for (let count = random.between(1, 5); count > 0; count--) {
        const at = random.below(damaged.length)
        damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8))
      }
      return damaged
    },
  ],
  ['a cut', (octets, random) => octets.subarray(0, random.below(octets.length))],
  [
    'a hole of zeros',
    (octets, random) => {
      const start = random.below(octets.length)
      return Buffer.from(octets).fill(0, start, Math.min(octets.length, start + random.between(1, 600)))
    },
  ],
  ['octets behind it', (octets, random) => Buffer.concat([octets, random.octets(random.between(1, 500))])],
  [
    'octets in the middle',
    (octets, random) => {
      const at = random.below(octets.length)
      return Buffer.concat([
        octets.subarray(0, at),
        random.octets(random.between(1, 40)),
        octets.subarray(at),
      ])
    },
  ],
  [
    'a frame twice',
    (octets, random) => {
      const frames = framesOf(octets)
      const at = random.below(frames.length)
      return Buffer.concat([...frames.slice(0, at + 1), anyOf(frames, random), ...frames.slice(at + 1)])
    },
  ],
  [
    'frames in another order',
    (octets, random) => {
      const [first, ...frames] = framesOf(octets)
      const order = frames.map((frame) => [random.fraction(), frame] as const)
      return Buffer.concat([
        first ?? Buffer.alloc(0),
        ...order.sort(([a], [b]) => a - b).map(([, frame]) => frame),
      ])
    },
  ],
  [
    'a frame that is missing',
    (octets, random) => {
      const frames = framesOf(octets)
      const at = random.below(frames.length)
      return Buffer.concat(frames.filter((_, each) => each !== at))
    },
  ],
  ['itself behind it', (octets) => Buffer.concat([octets, octets])],
  [
    'another file behind it',
    (octets, random) =>
      Buffer.concat([octets, encodeFrame('S', random.octets(100)), encodeFrame('C', Buffer.from('{}'))]),
  ],
  [
    'a whole frame of another sense',
    (octets, random) => {
      const frames = framesOf(octets)
      const at = random.below(frames.length)
      return Buffer.concat(frames.map((frame, each) => (each === at ? otherSense(frame, random) : frame)))
    },
  ],
]

/** A frame with a right checksum whose content is not what it was. */
function otherSense(frame: Buffer, random: Random): Buffer {
  const content = Buffer.from(frame.subarray(frameOverhead))
  for (let count = random.between(1, 3); count > 0; count--) {
    const at = random.below(content.length)
    content[at] = random.chance(0.5) ? random.below(256) : 0x30 + random.below(10)
  }
  return encodeFrame(String.fromCharCode(frame[8] ?? 0), content)
}

/** What each UID stands for, for all that a process shows. */
class Messages {
  readonly #known = new Map<string, string>()

  async note(mailbox: Mailbox): Promise<void> {
    for (const { uid, size, flags, internalDate, modSequence } of mailbox.entries) {
      const text = (await readAll(await mailbox.content(uid))).toString()
      const key = `${mailbox.uidValidity} ${uid}`
      expect(this.#known.get(key) ?? text, key).toBe(text)
      this.#known.set(key, text)
      expect(size).toBeGreaterThanOrEqual(0)
      expect(flags.join(' ')).toBe([...flags].sort().join(' '))
      expect(internalDate.toISOString()).toMatch(/Z$/)
      expect(modSequence).toBeLessThanOrEqual(mailbox.highestModSequence)
    }
    for await (const { uid } of mailbox.summaries(mailbox.entries.map(({ uid }) => uid)))
      expect(uid).toBeGreaterThan(0)
  }
}

/** Does something; whatever fails must be an error of ours. */
async function attempt<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    expect(error).toBeInstanceOf(MailwrightError)
    return undefined
  }
}

/** A mailbox in which everything has happened that an index keeps. */
async function lived(random: Random): Promise<TestMaildir> {
  const box = await createTestMaildir({ root: await mkdtemp(join(root, 'box-')) })
  await box.mailboxes.createMailbox('Archive')
  for (let count = 0; count < 6; count++) await box.deliver(`one ${count}`)
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  await mailbox.changeFlags([1, 3], { add: ['Junk', '\\Seen'] })
  await mailbox.copy([2, 4], 'INBOX')
  await mailbox.move([1], 'Archive')
  await mailbox.expunge([random.between(2, 6)])
  await box.deliver('two', 'INBOX', { flags: ['$Forwarded'] })
  await mailbox.refresh()
  await mailbox.changeFlags(
    mailbox.entries.map(({ uid }) => uid).filter(() => random.chance(0.5)),
    { set: ['Last', '\\Flagged'] },
  )
  await box.store.close()
  await mailbox.close()
  return box
}

describe.each(damages)('an index with %s', (name, damage) => {
  it('is mended or made anew, and no UID ever stands for two messages', async () => {
    const random = new Random(damages.findIndex(([each]) => each === name) + 1)
    for (let round = 0; round < 4; round++) {
      const box = await lived(random)
      const path = join(box.path, indexFileName)
      const messages = new Messages()
      const open = await box.mailboxes.openMailbox('INBOX')
      await messages.note(open)
      const contents = (await fileContents(box.path)).toSorted()
      for (let again = 0; again < 4; again++) {
        await writeFile(path, damage(await readFile(path), random))
        await attempt(() => open.refresh())
        // Processes that come, one that was there, and one that repairs.
        const other = await box.again()
        const found = await attempt(() => other.openMailbox('INBOX'))
        if (found === undefined) continue
        await messages.note(found)
        expect((await fileContents(box.path)).toSorted(), 'no message is lost').toEqual(contents)
        if (again === 2) {
          await attempt(() => box.store.examine(box.account, { repair: true }))
          expect(await box.store.examine(box.account, { repair: false })).toEqual([])
        }
        await box.deliver(`later ${round} ${again}`)
        contents.push(`later ${round} ${again}`)
        contents.sort()
        await attempt(() => found.changeFlags([found.entries[0]?.uid ?? 0], { add: ['Later'] }))
        await attempt(() => found.refresh())
        await messages.note(await (await box.again()).openMailbox('INBOX'))
      }
      await box.remove()
    }
  })
})

describe('octets that are no index', () => {
  it('are never taken for one, nor thrown at', () => {
    const random = new Random(77)
    const snapshot = Buffer.from(
      '{"version":1,"id":"x","uidValidity":1,"uidNext":9,"modSequence":9,"vanishedFloor":0,"messages":1,"vanished":0,' +
        '"arriving":[],"leaving":[],"states":[["cur/:2,",[]]],"uidls":{}}\n',
    )
    for (let round = 0; round < 5000; round++) {
      const octets = random.octets(random.below(200))
      readFrames(octets)
      expect(decodeChange(octets)).toBeUndefined()
      const table = decodeSnapshot(Buffer.concat([snapshot, octets]))
      for (const { entry } of table?.records ?? []) {
        expect(entry.uid).toBeLessThan(9)
        expect(Number.isSafeInteger(entry.size)).toBe(true)
        expect(Number.isNaN(entry.internalDate.getTime())).toBe(false)
      }
    }
  })

  it('take time in proportion to their length, also where much of them looks like frames', () => {
    const octets = Buffer.alloc(8 * 1024 * 1024)
    for (let at = 0; at + 9 < octets.length; at += 9) {
      octets.writeUInt32LE(octets.length - at - 8, at)
      octets[at + 8] = 0x43
    }
    expect(readFrames(octets)).toMatchObject({ frames: [], end: 0, rest: octets.length, damaged: true })
  })
})
