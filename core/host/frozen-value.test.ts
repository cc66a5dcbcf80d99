import { expect, test } from 'vitest'
import { bufferContent } from '../model/content.ts'
import { frozenValue } from './frozen-value.ts'

class Named {
  name = 'x'
}

test('is a copy that nobody changes, however deep', () => {
  const part = { name: 'd' }
  const before = { list: [{ name: 'a' }], part, none: null, text: 'b', date: new Date(0) }
  const value = frozenValue(before) as typeof before
  expect(value).toEqual(before)
  for (const change of [
    () => Object.assign(value, { text: 'c' }),
    () => Object.assign(value.part, { name: 'c' }),
    () => value.list.push({ name: 'c' }),
    () => Object.assign(value.list[0] ?? {}, { name: 'c' }),
  ])
    expect(change).toThrow(TypeError)
  before.list.length = 0
  part.name = 'e'
  expect(value.part.name).toBe('d')
  expect(value.list).toHaveLength(1)
})

test('is itself the second time, and so are its parts', () => {
  const value = frozenValue({ parts: [{ name: 'a' }] }) as { parts: readonly unknown[] }
  expect(frozenValue(value)).toBe(value)
  const next = frozenValue({ ...value, more: 1 }) as typeof value
  expect(next.parts).toBe(value.parts)
})

test('has the very members of a list, which nobody changes any more', () => {
  const member: { name: string; self?: unknown } = { name: 'a' }
  member.self = member
  const list = [member]
  const value = frozenValue(list) as typeof list
  expect(value[0]).toBe(member)
  expect(Object.isFrozen(member)).toBe(true)
  expect(Object.isFrozen(list)).toBe(false)
})

test('has what is more than data as it was', () => {
  const parts = { content: bufferContent(Buffer.from('x')), octets: Buffer.from('x'), named: new Named() }
  const value = frozenValue(parts) as typeof parts
  for (const name of ['content', 'octets', 'named'] as const) expect(value[name]).toBe(parts[name])
  expect(Object.isFrozen(parts.named)).toBe(false)
})

test('is what it was where it is no object', () => {
  for (const value of [undefined, null, 'a', 1]) expect(frozenValue(value)).toBe(value)
})
