import { describe, expect, test } from 'vitest'
import type { Metadata } from '../services/store.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import { annotationsFor, checkOwnAnnotations, keptChanges, ownAnnotations } from './private-annotations.ts'

const value = Buffer.from('x')

/** What is kept after one account's changes. */
function changedBy(
  kept: Metadata,
  account: string,
  changes: Readonly<Record<string, Buffer | null>>,
): Metadata {
  const all = new Map(kept)
  for (const [name, changed] of keptChanges(account, kept, new Map(Object.entries(changes))))
    if (changed === null) all.delete(name)
    else all.set(name, changed)
  return all
}

const names = (values: Metadata): readonly string[] => [...values.keys()].sort()

describe('accounts', () => {
  test('never see the private annotations of each other, however their ids look', () => {
    const ids = [
      'a',
      'A',
      'a/b',
      'a=2fb',
      'a%2fb',
      'ä',
      'Ä',
      ' ',
      '.',
      '..',
      '__proto__',
      'a/',
      '/a',
      '*',
      '😀',
    ]
    let kept: Metadata = new Map([['/private/comment', value]])
    for (const id of ids) kept = changedBy(kept, id, { '/private/comment': Buffer.from(`of ${id}`) })
    expect(kept.size).toBe(ids.length + 1)
    for (const id of ids)
      expect([...annotationsFor(id, kept)]).toEqual([['/private/comment', Buffer.from(`of ${id}`)]])
    expect([...ownAnnotations(kept)]).toEqual([['/private/comment', value]])
    // RFC 5464 §3.2: what a name may hold.
    for (const name of kept.keys()) expect(name).toMatch(/^(\/[\x20-\x24\x26-\x29\x2b-\x2e\x30-\x7e]+)+$/)
  })

  test('reach nothing of others by the names under which it is kept', async () => {
    const kept = changedBy(new Map(), 'bob', { '/private/comment': value })
    const [name = ''] = names(kept)
    expect(names(annotationsFor('carol', kept))).toEqual([])
    const carols = changedBy(kept, 'carol', { [name]: null, [name.toUpperCase()]: value })
    expect(names(annotationsFor('bob', carols))).toEqual(['/private/comment'])
    for (const tried of [name, name.toUpperCase(), '/Private/Vendor/Mailwright/Of/x/y'])
      await expectCode((async () => checkOwnAnnotations([tried]))(), 'MAIL_E_INVALID')
    checkOwnAnnotations([
      '/private/comment',
      '/private/vendor/mailwright/other',
      '/shared/vendor/mailwright/of/x',
    ])
  })
})

test('names are compared without regard to case', () => {
  let kept = changedBy(new Map(), 'bob', { '/PRIVATE/Vendor/X/Y': value, '/Shared/Comment': value })
  expect(names(annotationsFor('bob', kept))).toEqual(['/private/vendor/x/y', '/shared/comment'])
  expect(names(annotationsFor('carol', kept))).toEqual(['/shared/comment'])
  kept = changedBy(kept, 'bob', { '/private/VENDOR/x/y': null })
  expect(names(annotationsFor('bob', kept))).toEqual(['/shared/comment'])
})

test('names that are neither private nor shared are none', async () => {
  for (const name of ['', '/', '/private', '/shared', '/public/x', 'private/x', '/privatex/y', 'comment'])
    await expectCode((async () => changedBy(new Map(), 'bob', { [name]: value }))(), 'MAIL_E_INVALID')
})

describe('bounds', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`/private/n${index}`, value]))

  test('50 private annotations of an account, however they come about', async () => {
    const full = changedBy(new Map(), 'bob', many(50))
    expect(full.size).toBe(50)
    expect(changedBy(full, 'bob', { '/private/n1': Buffer.from('other'), '/shared/x': value }).size).toBe(51)
    expect(changedBy(full, 'bob', { '/private/n1': null, '/private/new': value }).size).toBe(50)
    expect(changedBy(full, 'carol', many(50)).size).toBe(100)
    await expectCode((async () => changedBy(full, 'bob', { '/private/new': value }))(), 'MAIL_E_OVER_QUOTA')
    await expectCode((async () => changedBy(new Map(), 'bob', many(51)))(), 'MAIL_E_OVER_QUOTA')
  })

  test('4,096 octets of each', async () => {
    expect(
      changedBy(new Map(), 'bob', { '/private/x': Buffer.alloc(4096), '/shared/x': Buffer.alloc(5000) }).size,
    ).toBe(2)
    const large = async () => changedBy(new Map(), 'bob', { '/private/x': Buffer.alloc(4097) })
    await expectCode(large(), 'MAIL_E_OVER_QUOTA')
  })
})
