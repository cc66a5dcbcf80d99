import { describe, expect, test } from 'vitest'
import { HostTurns, type Waiting } from './host-turns.ts'

interface One extends Waiting {
  readonly name: string
}

function one(name: string, sender: string, host = 'mx.example'): One {
  return { name, sender, host }
}

function lineOf(...all: readonly One[]): HostTurns<One> {
  const line = new HostTurns<One>()
  for (const each of all) line.add(each)
  return line
}

const order = (line: HostTurns<One>, host = 'mx.example') => {
  const names: string[] = []
  for (let next = line.take(host); next !== undefined; next = line.take(host)) names.push(next.name)
  return names
}

describe('who waits for a host', () => {
  test('comes by turns of senders, and in order for each', () => {
    const line = lineOf(...['a', 'b', 'c'].map((name) => one(name, 'news')), one('letter', 'jo'))
    expect(order(line)).toEqual(['a', 'letter', 'b', 'c'])
    expect([...line.hosts()]).toEqual([])
  })

  test('comes where it fits', () => {
    const line = lineOf(one('a', 'news'), one('b', 'news'), one('c', 'jo'))
    expect(line.take('mx.example', ({ name }) => name !== 'a')?.name).toBe('b')
    expect(line.take('mx.example', () => false)).toBeUndefined()
    expect(order(line)).toEqual(['c', 'a'])
  })

  test('waits no longer when it says so', () => {
    const [a, b] = [one('a', 'news'), one('b', 'news')]
    const line = lineOf(a, b)
    for (const each of [a, a, one('x', 'news', 'other.example')]) line.delete(each)
    expect(order(line)).toEqual(['b'])
  })

  test('lets hosts take turns', () => {
    const line = lineOf(one('a', 'news', 'one'), one('b', 'news', 'one'), one('c', 'news', 'two'))
    const names: string[] = []
    for (const host of line.hosts()) names.push(line.take(host)?.name ?? '')
    expect(names).toEqual(['a', 'c', 'b'])
  })
})
