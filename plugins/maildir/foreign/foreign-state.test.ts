import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { defaultDovecotUidlFormat } from 'mailwright/formats'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { type ForeignMailbox, type ForeignStateOptions, readForeignState } from './foreign-state.ts'

let mailbox: string

/** Puts a file there that was written so many seconds after 2023. */
async function put(name: string, text: string, second = 0): Promise<void> {
  const path = join(mailbox, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await utimes(path, 0, 1_700_000_000 + second)
}

/** What is known, with objects in the place of maps. */
async function read(options: ForeignStateOptions = {}, files: FileSystem = nodeFileSystem) {
  const state: ForeignMailbox | undefined = await readForeignState(files, mailbox, options)
  if (state === undefined) return undefined
  const { uids, keywords, pop3Uidls, sizes, ...rest } = state
  return {
    ...rest,
    uids: Object.fromEntries(uids),
    ofLetter: Object.fromEntries(keywords.ofLetter),
    ofMessage: Object.fromEntries(keywords.ofMessage),
    pop3Uidls: Object.fromEntries(pop3Uidls),
    sizes: Object.fromEntries(sizes),
  }
}

const unknown = {
  uidValidity: undefined,
  uidNext: 1,
  uids: {},
  ofLetter: {},
  ofMessage: {},
  pop3Uidls: {},
  sizes: {},
}

beforeEach(async () => {
  mailbox = await mkdtemp(join(tmpdir(), 'mailwright-foreign-'))
})
afterEach(() => rm(mailbox, { recursive: true }))

it('knows nothing of a mailbox that only we, or nobody, had', async () => {
  expect(await read()).toBeUndefined()
  await mkdir(join(mailbox, 'courierimapkeywords'))
  expect(await read()).toBeUndefined()
  await rm(mailbox, { recursive: true })
  expect(await read()).toBeUndefined()
  await mkdir(mailbox)
})

it('reads what Dovecot left', async () => {
  await put('dovecot-uidlist', '3 V7 N1\n1 :a\n2 W42 P :b\n3 PUID3 :c\n4 P :ü\n')
  await put('dovecot-keywords', '0 $Forwarded\n1 Junk\n')
  const state = {
    ...unknown,
    source: 'dovecot',
    uidValidity: 7,
    lastUidValidity: 7,
    uidNext: 5,
    uids: { a: 1, b: 2, c: 3, ü: 4 },
    ofLetter: { a: '$Forwarded', b: 'Junk' },
    pop3Uidls: { b: 'b', c: 'UID3' },
    sizes: { b: 42 },
  }
  expect(await read()).toEqual(state)
  expect(await read({ pop3UidlFormat: defaultDovecotUidlFormat })).toEqual({
    ...state,
    pop3Uidls: { a: '0000000100000007', b: 'b', c: 'UID3' },
  })
  expect(await read({ pop3UidlFormat: '%m' })).toEqual(state)
})

it('reads what Courier left', async () => {
  await put('courierimapuiddb', '1 7 5\n1 a\n3 b\n')
  await put('courierimapkeywords/:list', 'Junk\n\na:0\n')
  await put('courierimapkeywords/b', 'Custom\n')
  await put('courierpop3dsizelist', '/3 3 9\na 42 1:9:0\nb:2,S 42 2:9:0\n')
  expect(await read({ pop3UidlFormat: defaultDovecotUidlFormat })).toEqual({
    ...unknown,
    source: 'courier',
    uidValidity: 7,
    lastUidValidity: 7,
    uidNext: 5,
    uids: { a: 1, b: 3 },
    ofMessage: { a: ['Junk'], b: ['Custom'] },
    pop3Uidls: { a: 'UID1-9', b: 'UID2-9' },
  })
})

it('believes the server whose list of UIDs was written later', async () => {
  await put('dovecot-uidlist', '3 V7 N1\n1 :a\n', 1)
  await put('dovecot-keywords', '0 Letter\n', 1)
  await put('courierimapuiddb', '1 6 5\n4 a\n', 0)
  await put('courierimapkeywords/a', 'Stale\n', 9)
  await put('courierpop3dsizelist', '/3 3 9\na 42 1:9:0\n', 9)
  const ofDovecot = {
    ...unknown,
    source: 'dovecot',
    uidValidity: 7,
    uidNext: 2,
    uids: { a: 1 },
    ofLetter: { a: 'Letter' },
  }
  expect(await read()).toEqual({ ...ofDovecot, lastUidValidity: 7 })
  await put('courierimapuiddb', '1 9 5\n4 a\n', 1)
  expect(await read()).toEqual({ ...ofDovecot, lastUidValidity: 9 })
  await put('courierimapuiddb', '1 6 5\n4 a\n', 2)
  expect(await read()).toEqual({
    ...unknown,
    source: 'courier',
    uidValidity: 6,
    lastUidValidity: 7,
    uidNext: 5,
    uids: { a: 4 },
    ofLetter: { a: 'Letter' },
    ofMessage: { a: ['Stale'] },
    pop3Uidls: { a: 'UID1-9' },
  })
})

it('gives no UIDs from a list that cannot be trusted, nor the other server’s instead', async () => {
  await put('courierimapuiddb', '1 6 5\n4 a\n', 0)
  await put('dovecot-uidlist', '3 V7 N1\n1 :a\n1 :b\n', 1)
  await put('dovecot-keywords', '0 Letter\n')
  expect(await read()).toEqual({
    ...unknown,
    source: 'dovecot',
    lastUidValidity: 7,
    ofLetter: { a: 'Letter' },
  })
  await put('courierimapuiddb', '1 8 5\n5 a\n', 2)
  expect(await read()).toMatchObject({
    ...unknown,
    source: 'courier',
    lastUidValidity: 8,
    ofLetter: { a: 'Letter' },
  })
  await put('courierimapuiddb', '', 3)
  await put('dovecot-uidlist', '', 3)
  expect(await read()).toMatchObject({
    ...unknown,
    source: 'dovecot',
    lastUidValidity: 0,
    ofLetter: { a: 'Letter' },
  })
})

it('keeps the rest where there is no list of UIDs', async () => {
  await put('courierimapkeywords/a', 'Junk\n', 5)
  expect(await read()).toEqual({
    ...unknown,
    source: 'courier',
    lastUidValidity: 0,
    ofMessage: { a: ['Junk'] },
  })
  await put('dovecot-keywords', '0 Letter\n', 1)
  expect(await read()).toEqual({
    ...unknown,
    source: 'dovecot',
    lastUidValidity: 0,
    ofLetter: { a: 'Letter' },
  })
  await put('courierpop3dsizelist', '/3 3 9\na 42 1:9:0\n', 2)
  expect(await read()).toEqual({
    ...unknown,
    source: 'courier',
    lastUidValidity: 0,
    ofLetter: { a: 'Letter' },
    ofMessage: { a: ['Junk'] },
    pop3Uidls: { a: 'UID1-9' },
  })
})

it('does not take trouble of the disk for a mailbox without UIDs', async () => {
  await put('dovecot-uidlist', '3 V7 N1\n1 :a\n', 1)
  await put('courierimapuiddb', '1 6 5\n4 a\n', 2)
  for (const call of ['open', 'file.stat', 'file.read', 'file.close', 'readdir'])
    for (let skip = 0; ; skip++) {
      const faulty = faultyFileSystem({ ...nodeFileSystem }, [{ call, error: 'EIO', skip }])
      const outcome = await read({}, faulty.fileSystem).catch((error: NodeJS.ErrnoException) => error.code)
      if (outcome !== 'EIO') {
        expect(skip, call).toBeGreaterThan(0)
        expect(outcome).toMatchObject({ uidValidity: 6, uids: { a: 4 } })
        break
      }
    }
})
