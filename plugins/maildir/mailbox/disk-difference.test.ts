import { parseMaildirFileName } from 'mailwright/formats'
import { describe, expect, it } from 'vitest'
import { addition, emptyTable } from '../../../test/support/stores/maildir-index.ts'
import type { Located } from '../files/scan.ts'
import type { IndexTable } from '../index/index-table.ts'
import { compareNew, compareWithDisk, isAsKnown, matters } from './disk-difference.ts'

const base = (uid: number): string => addition(uid)[1]

function tableOf(...locations: readonly string[]): IndexTable {
  const table = emptyTable()
  const added = locations.map((location, at) => {
    const [uid, name, , ...rest] = addition(at + 1, ['Junk'])
    return [uid, name, location, ...rest] as const
  })
  table.apply({ modSequence: 2, added })
  return table
}

/** Files, each given as `new/` or `cur/` with its name. */
function files(...paths: readonly string[]): ReadonlyMap<string, Located> {
  const found = new Map<string, Located>()
  for (const path of paths) {
    const fileName = path.slice(4)
    const name = parseMaildirFileName(fileName)
    if (name === undefined) throw new TypeError(path)
    found.set(name.base, { ...name, fileName, directory: path.startsWith('new') ? 'new' : 'cur' })
  }
  return found
}

const compare = (table: IndexTable, ...paths: readonly string[]) =>
  compareWithDisk(table, { messages: new Map(files(...paths)) })
const nothing = { newcomers: [], altered: [], moved: [], missing: [] }

describe('index and directories', () => {
  it('that agree differ in nothing', () => {
    const table = tableOf('cur/:2,', 'new/', 'cur/:2,FS')
    const difference = compare(table, `cur/${base(1)}:2,`, `new/${base(2)}`, `cur/${base(3)}:2,FS`)
    expect(difference).toMatchObject(nothing)
    expect(matters(difference)).toBe(false)
    expect(matters(compare(emptyTable()))).toBe(false)
  })

  it('differ in flags where the letters do, and keep the keywords', () => {
    const table = tableOf('cur/:2,', 'cur/:2,S', 'cur/:2,T')
    const difference = compare(table, `cur/${base(1)}:2,F`, `cur/${base(2)}:2,`, `new/${base(3)}`)
    expect(difference).toMatchObject({
      ...nothing,
      altered: [
        [1, 'cur/:2,F', ['Junk']],
        [2, 'cur/:2,', ['Junk']],
        [3, 'new/', ['Junk']],
      ],
    })
    expect(matters(difference)).toBe(true)
  })

  it('differ in nothing that matters where a name means the same', () => {
    const table = tableOf('new/', 'cur/:2,S', 'cur/:2,')
    const difference = compare(table, `cur/${base(1)}:2,`, `cur/${base(2)}:2,S,x=1`, `cur/${base(3)}:1,other`)
    expect(difference).toMatchObject({
      ...nothing,
      moved: [
        [1, 'cur/:2,'],
        [2, 'cur/:2,S,x=1'],
        [3, 'cur/:1,other'],
      ],
    })
    expect(matters(difference)).toBe(false)
  })

  it('differ in what came and what went; what is leaving is neither', () => {
    const table = tableOf('cur/:2,', 'cur/:2,', 'cur/:2,')
    table.apply({ modSequence: 3, removed: [3], leaving: [base(3)] })
    const difference = compare(
      table,
      'new/5.new.h',
      `cur/${base(2)}:2,`,
      `cur/${base(3)}:2,`,
      'cur/6.new.h:2,S',
    )
    expect(difference.newcomers.map(({ fileName }) => fileName)).toEqual(['5.new.h', '6.new.h:2,S'])
    expect(difference.missing).toEqual([1])
    expect(matters(difference)).toBe(true)
  })
})

describe('names', () => {
  const known = (table: IndexTable, fresh: readonly string[], cur: readonly string[]): boolean =>
    isAsKnown(table, { new: fresh, cur })
  const table = tableOf('cur/:2,S', 'new/', 'cur/')
  const [one, two, three] = [`${base(1)}:2,S`, base(2), base(3)]

  it('are known where each message has its own, and what is no message does not count', () => {
    expect(known(table, [two, '.hidden'], [one, three, ':2,', '\ufffd', '.x:2,'])).toBe(true)
    expect(known(emptyTable(), [], [])).toBe(true)
  })

  it('are not where one is missing, is more, is another one, or is where another one should be', () => {
    expect(known(table, [two], [one])).toBe(false)
    expect(known(table, [two], [one, three, '9.more.h'])).toBe(false)
    expect(known(table, [two], [`${base(1)}:2,`, three])).toBe(false)
    expect(known(table, [two], [base(1), three])).toBe(false)
    expect(known(table, [], [one, two, three])).toBe(false)
    expect(known(table, [two, three], [one])).toBe(false)
    expect(known(table, [two, one], [one, three])).toBe(false)
    expect(known(table, [two], [one, one])).toBe(false)
    expect(known(emptyTable(), [two], [])).toBe(false)
  })
})

describe('only what is in new', () => {
  it('is enough where nothing that is in cur can have come from there or gone there', () => {
    const table = tableOf('cur/:2,', 'new/')
    expect(compareNew(table, files(`new/${base(2)}`, 'new/9.more.h'))).toMatchObject({
      ...nothing,
      newcomers: [{ base: '9.more.h' }],
    })
    expect(compareNew(table, files(`new/${base(2)}:2,F`))).toMatchObject({
      ...nothing,
      altered: [[2, 'new/:2,F', ['Junk']]],
    })
  })

  it('is not enough where a message has left it, or come there, or is in both', () => {
    const table = tableOf('cur/:2,', 'new/')
    expect(compareNew(table, files())).toBeUndefined()
    expect(compareNew(table, files(`new/${base(1)}`, `new/${base(2)}`))).toBeUndefined()
  })
})
